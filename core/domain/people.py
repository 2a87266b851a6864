"""Who may do what where, and who asked to be let in: values, and the rule that combines grants.

Ids of people and chats are those of `[access]`, such as `telegram:1001`.
"""

from collections.abc import Iterable
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Literal, NamedTuple

from pydantic import AwareDatetime

from core.domain.values import Frozen


class Role(IntEnum):
    """What a person may do; each role includes those before it."""

    VIEWER = 1
    RUNNER = 2
    ADMIN = 3

    @property
    def title(self) -> str:
        """The role as `[access]` spells it."""
        return self.name.lower()


GrantedRole = Literal["viewer", "runner", "admin", "nobody"]


class Grant(Frozen):
    """A role that an admin gave. An empty person is everybody, an empty chat everywhere, an empty thread all.

    `nobody` takes away what other grants give, see `granted_role`.
    """

    person: str = ""
    chat: str = ""
    thread: str = ""
    role: GrantedRole
    granted_by: str
    at: AwareDatetime

    def holds(self, person: str, chat: str, thread: str) -> bool:
        """Say whether it is about this person in this place."""
        return self.person in {"", person} and self.chat in {"", chat} and self.thread in {"", thread}

    def covers(self, other: "Grant") -> bool:
        """Say whether it is about all that `other` is about, or more."""
        return self.holds(other.person, other.chat, other.thread)


def granted_role(grants: Iterable[Grant], person: str, chat: str, thread: str = "") -> Role | None:
    """Return the role that grants give a person in a place, or None.

    Of the grants that hold there the greatest role counts. A `nobody` that holds there cancels every grant
    that is about as much as it or more: whoever is nobody in a chat has nothing there from a role everywhere
    or from what everybody in the chat may do. What is about less stands: a role in one topic of that chat.
    """
    here = [grant for grant in grants if grant.holds(person, chat, thread)]
    nobodies = [grant for grant in here if grant.role == "nobody"]
    left = (
        Role[grant.role.upper()]
        for grant in here
        if grant.role != "nobody" and not any(grant.covers(nobody) for nobody in nobodies)
    )
    return max(left, default=None)


class InvitationState(StrEnum):
    """Where an invitation stands; all but the first are final."""

    ASKED = "asked"
    APPROVED = "approved"
    DENIED = "denied"
    EXPIRED = "expired"


class Invitation(Frozen):
    """Somebody who asked to be let in. `told` has each admin with the place of the message to them.

    A place is empty from before the message is sent until it is known. `role` is what was approved.
    `answered` says that the person was told the outcome, `settled` that the admins' messages show it.
    """

    number: int
    person: str
    name: str
    chat: str
    thread: str = ""
    asked_at: AwareDatetime
    expires_at: AwareDatetime
    state: InvitationState = InvitationState.ASKED
    told: tuple[tuple[str, str], ...] = ()
    role: Literal["viewer", "runner"] | None = None
    decided_by: str | None = None
    decided_at: datetime | None = None
    answered: bool = False
    settled: bool = False


class Asked(StrEnum):
    """What came of somebody's asking to be let in."""

    NEW = "new"
    """A new invitation was made."""
    WAITING = "waiting"
    """There is one already that nobody has decided."""
    DENIED = "denied"
    """The person was denied before, and is not heard again."""
    FULL = "full"
    """There are as many open ones as there may be."""


class Decision(NamedTuple):
    """An invitation as it stands now, and whether this very call has decided it."""

    invitation: Invitation
    decided: bool


class Deed(Frozen):
    """Something that was refused to a person, or that a person did which only some may do.

    `what` is a command with harmless words of it, never a secret. `thread` is empty outside of threads.
    """

    number: int
    at: AwareDatetime
    person: str
    chat: str
    thread: str = ""
    what: str
    outcome: Literal["done", "refused"]
    note: str = ""
