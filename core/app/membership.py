"""Who sits on the committee, as far as admins decide it while the arena is open."""

from collections.abc import Sequence
from typing import NamedTuple
from zoneinfo import ZoneInfo

from core.clock import Clock
from core.config import Settings
from core.domain.books import Account
from core.domain.errors import Refused
from core.domain.member import REMOVED, Member
from core.store.store import Store


class Left(NamedTuple):
    """A member that takes no part any more, and how many of its orders were cancelled."""

    member: Member
    cancelled: int


class Membership:
    """Removes members and brings them back; the configuration stays as it is.

    Whoever is removed stays so over restarts. Its holdings stay and are marked, its stops still guard them,
    and its history stays readable. Runs under way go on with it, but its ballots do not trade any more.
    """

    def __init__(self, settings: Settings, store: Store, clock: Clock) -> None:
        self._settings = settings
        self._store = store
        self._clock = clock

    async def check(self, member: Member) -> int:
        """Check that a member can be removed, and return how many waiting orders it has in open books.

        Raises:
            Refused: it takes no part already, or is the last one that is heard.
        """
        if member.removed_at is not None:
            raise Refused(f"{member.name} was removed already. /restore {member.name} brings it back.")
        if not member.enabled:
            raise Refused(f"{member.name} takes no part in runs, so there is nothing to remove.")
        everybody = await self._store.members.all()
        heard = [one.name for one in everybody if one.enabled and not one.kind.follows]
        if heard == [member.name]:
            raise Refused(f"{member.name} is the last member that takes part; a committee needs one.")
        return await self._store.member_changes.waiting(member.name)

    async def remove(self, member: Member, person: str) -> Left:
        """Let a member take no part from now on, and cancel its waiting orders; `person` is a platform id.

        Raises:
            Refused: it takes no part already, or is the last one that is heard.
        """
        await self.check(member)
        changes, now = self._store.member_changes, self._clock.now()
        cancelled = await changes.remove(member.name, REMOVED, now, person)
        if cancelled is None:
            raise Refused(f"{member.name} takes no part any more; somebody was quicker.")
        return Left(await self._again(member), cancelled)

    async def restore(self, member: Member) -> Member:
        """Let a member that was removed take part again, as the configuration says, and return it.

        Raises:
            Refused: it was not removed.
        """
        if not await self._store.members.bring_back(member.name):
            raise Refused(f"{member.name} was not removed, so there is nothing to bring back.")
        return await self._again(member)

    async def _again(self, member: Member) -> Member:
        everybody = await self._store.members.all()
        return next(one for one in everybody if one.number == member.number)


def told_of(
    members: Sequence[Member], accounts: Sequence[Account], settings: Settings
) -> dict[str, dict[str, object]]:
    """Return what must be said beside each member's figures, as fields of `Standing` and `Statement`.

    Days are those of the arena's time zone.
    """
    zone = ZoneInfo(settings.arena.timezone)
    told: dict[str, dict[str, object]] = {
        one.name: {"left_on": one.removed_at.astimezone(zone).date()} for one in members if one.removed_at
    }
    for account in accounts:
        if (reset := account.reset) is not None:
            on = reset.at.astimezone(zone).date()
            told.setdefault(account.member, {}).update(reset_on=on, reset_was_usd=reset.was_usd)
    return told
