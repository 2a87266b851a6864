"""The use cases about people: who has which role where, who is let in, and who are the admins.

A role comes from `[access]` of the configuration or from a grant, which an admin gives in a chat:

* Nobody has a role unless one of the two gives it: deny by default.
* What `[access]` gives stands: no grant takes any of it away.
* Where several apply, the greatest counts: viewer < runner < admin.
* A grant `nobody` cancels grants alone, as `core.domain.people.granted_role` says.
* Who is admin everywhere by a grant is one like those of `[access]`: asked about strangers, told of troubles.
"""

from collections.abc import Collection
from datetime import timedelta
from typing import Literal

from core.app.deeds import Deeds
from core.app.quotas import Quotas
from core.clock import Clock
from core.config import Settings
from core.config.access import Access
from core.domain.errors import NotFound, Refused
from core.domain.people import (
    Asked,
    Decision,
    Grant,
    GrantedRole,
    Invitation,
    Role,
    granted_role,
)
from core.store.store import Store

MOST_OPEN = 50
MOST_OPEN_IN_CHAT = 5
_LONGEST_NAME = 80


class People:
    """Roles, invitations and, in `deeds` and `quotas`, what people did and may do yet."""

    def __init__(self, store: Store, settings: Settings, clock: Clock, quotas: Quotas) -> None:
        self._rows = store.people
        self._access = settings.access
        self._clock = clock
        self.deeds = Deeds(store, clock)
        self.quotas = quotas

    async def role(
        self,
        person: str,
        chat: str,
        thread: str | None = None,
        *,
        earlier: Collection[str] = (),
        grants: Collection[Grant] | None = None,
    ) -> Role | None:
        """Return the role of a person in a place as of now, or None for a stranger.

        `earlier` are the ids that the chat had before, which `[access]` may still name; `grants` those that
        may hold there, where they have just been read.
        """
        named = [configured_role(self._access, person, known, thread or "") for known in (chat, *earlier)]
        configured = max((role for role in named if role is not None), default=None)
        if configured is Role.ADMIN:
            return configured
        if grants is None:
            grants = await self._rows.grants_at(person, chat)
        granted = granted_role(grants, person, chat, thread or "")
        return max((role for role in (configured, granted) if role is not None), default=None)

    async def is_admin_everywhere(self, person: str) -> bool:
        """Say whether a person is admin in every chat, by the configuration or by a grant."""
        return await self.role(person, "") is Role.ADMIN

    async def admins(self) -> tuple[str, ...]:
        """Return who is admin everywhere: those of the configuration first, then those by a grant."""
        people = [entry.id for entry in self._access.people if entry.role == "admin" and entry.chat is None]
        grants = await self._rows.grants_of("")
        granted = [g.person for g in grants if g.person and granted_role(grants, g.person, "") is Role.ADMIN]
        return tuple(dict.fromkeys((*self._access.admins, *people, *granted)))

    async def grant(
        self, person: str, role: GrantedRole, *, by: str, chat: str = "", thread: str = ""
    ) -> Grant:
        """Give a person a role, in place of the grant that there was for the same place.

        An empty person is everybody, an empty chat everywhere, an empty thread all of the chat. `admin` with
        an empty chat is an admin everywhere.

        Raises:
            Refused: everybody would be admin, or have a role everywhere.
        """
        if not person and (role == "admin" or not chat):
            raise Refused("Everybody can only be viewer or runner, and only in one chat.")
        given = Grant(person=person, chat=chat, thread=thread, role=role, granted_by=by, at=self._clock.now())
        await self._rows.grant(given)
        return given

    async def remove(self, person: str, *, by: str, chat: str = "", thread: str = "") -> int:
        """Take all grants from a person, everywhere, in a chat or in a thread; return how many there were.

        The person has nothing there from then on, not even what is granted everywhere or to everybody.

        Raises:
            Refused: the configuration gives the person a role there, which only the configuration can take.
        """
        if person and configured_role(self._access, person, chat, thread) is not None:
            raise Refused(f"{person} has a role by [access] of the configuration, and only that can take it.")
        nobody = None
        if person and chat:
            nobody = Grant(
                person=person, chat=chat, thread=thread, role="nobody", granted_by=by, at=self._clock.now()
            )
        return await self._rows.revoke(person, chat or None, nobody, thread=thread)

    async def listing(self, chat: str | None) -> tuple[Grant, ...]:
        """Return the grants that may hold in a chat, or for None all of them, by person and place."""
        return await self._rows.grants_of(chat)

    async def ask(
        self, person: str, name: str, chat: str, thread: str | None
    ) -> tuple[Asked, Invitation | None]:
        """Let a stranger ask to be let into a chat; returns the invitation where it is a new one.

        A person has one open invitation for a chat, a chat five and the arena fifty, so that strangers
        cannot flood the admins. Who was denied is not heard again, wherever they ask. An expired one may be
        repeated.
        """
        now = self._clock.now()
        asking = Invitation(
            number=0,
            person=person,
            name=" ".join(name.split())[:_LONGEST_NAME],
            chat=chat,
            thread=thread or "",
            asked_at=now,
            expires_at=now + timedelta(hours=self._access.invitation_hours),
        )
        return await self._rows.ask(asking, most=MOST_OPEN, most_in_chat=MOST_OPEN_IN_CHAT)

    async def invitation(self, number: int) -> Invitation:
        """Return an invitation.

        Raises:
            NotFound: there is none with this number (any more).
        """
        found = await self._rows.invitation(number)
        if found is None:
            raise NotFound("This request is not known any more.")
        return found

    async def decide(self, number: int, role: Literal["viewer", "runner"] | None, *, by: str) -> Decision:
        """Let somebody in with a role in the chat where they asked, or deny it; the first decision stands.

        Nothing can be decided of one that has expired.

        Raises:
            NotFound: there is no invitation with this number (any more).
        """
        decision = await self._rows.decide(number, role, by, self._clock.now())
        if decision is None:
            raise NotFound("This request is not known any more.")
        return decision

    async def waiting(self, chat: str | None = None) -> tuple[Invitation, ...]:
        """Return the invitations that wait for a decision, of all chats or of one, the oldest first."""
        return await self._rows.open_invitations(self._clock.now(), chat)

    async def unsettled(self) -> tuple[Invitation, ...]:
        """Return the invitations of which somebody is still to be told, expired ones as such."""
        return await self._rows.unsettled(self._clock.now())

    async def claim_telling(self, number: int, admin: str) -> bool:
        """Say True to exactly one who is about to tell this admin of an open invitation."""
        return await self._rows.claim_telling(number, admin)

    async def told(self, number: int, admin: str, place: str | None) -> None:
        """Keep where the message is that told an admin; None says that there surely is none."""
        await self._rows.note_told(number, admin, place)

    async def claim_answer(self, number: int) -> bool:
        """Say True to exactly one who is about to tell the person the outcome."""
        return await self._rows.claim_answer(number)

    async def not_answered(self, number: int) -> None:
        """Let the outcome be told later, for it was surely not told."""
        await self._rows.give_back_answer(number)

    async def settle(self, number: int) -> None:
        """Note that nobody is to be told anything more of an invitation."""
        await self._rows.settle(number)


def configured_role(access: Access, person: str, chat: str, thread: str) -> Role | None:
    """Return the role that `[access]` alone gives a person in a place; an empty chat means everywhere."""
    if person in access.admins:
        return Role.ADMIN
    given = [
        entry.role
        for entry in access.people
        if entry.id == person and entry.chat in {None, chat} and entry.thread in {None, thread}
    ]
    given += [entry.role for entry in access.chats if entry.id == chat and entry.thread in {None, thread}]
    return max((Role[name.upper()] for name in given), default=None)
