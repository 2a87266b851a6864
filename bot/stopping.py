"""Who may stop a run, and the wish to stop one that has not begun yet."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from bot.request import Address, Person
from core.domain.run import RunRecord

EVERYWHERE = ""


def may_stop(record: RunRecord, person: Person, *, admin_of: str | None) -> bool:
    """Say whether a person may stop a run: who asked for it, and admins; a subscription's only admins.

    `admin_of` is the chat of which the person is admin, `EVERYWHERE`, or None. The admin of one chat may stop
    what was asked for in that chat, for a run ends for all the others too.
    """
    if admin_of == EVERYWHERE or (admin_of is not None and admin_of == record.requested_in):
        return True
    return record.once is None and record.requested_by == person.id


def called(person: Person) -> str:
    """Return the name under which a person is said to have stopped a run."""
    return person.name or person.id


@dataclass(frozen=True)
class StopWish:
    """Somebody wants a run stopped as soon as it has begun, if `may` then says that they may stop that one.

    It need not be theirs: who asks for what goes on already joins the run of another.
    """

    person: Person
    may: Callable[[RunRecord], Awaitable[bool]]


class Starting(Protocol):
    """A run that somebody asked for here, from before it has an id until its message has its end."""

    @property
    def ticker(self) -> str:
        """What it is about."""
        ...

    @property
    def asked_by(self) -> str | None:
        """The id of the person who asked."""
        ...

    @property
    def run_id(self) -> str | None:
        """The run's id, once it has begun."""
        ...

    @property
    def address(self) -> Address:
        """Where its message is."""
        ...

    def stop_first(self, wish: StopWish) -> None:
        """Stop the run as soon as it has begun, if the run is then one that this person may stop."""
        ...
