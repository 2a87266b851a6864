"""The use cases about quotas: what a person and a chat may start yet today.

A quota counts the runs that people ask for, from their start on, whatever becomes of them; joining a run that
goes on is free. Runs of subscriptions count for nobody, and the terminal has no quota. The day is that of the
arena's time zone. `budget.per_chat_daily_usd` is another thing: it holds for every model call that a chat
causes, those of its subscriptions too, and stops a run in its middle, where a quota refuses one beforehand.
"""

from collections.abc import Iterable
from datetime import datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from core.app.estimates import Estimates
from core.clock import Clock
from core.config import Settings
from core.config.access import AccessChat, AccessPerson
from core.domain.quota import Allowance, Left, Quota
from core.domain.run import RunRequest
from core.domain.stage import Preset
from core.store.store import Store


class Quotas:
    """The quotas that `[access]` sets."""

    def __init__(self, store: Store, settings: Settings, estimates: Estimates, clock: Clock) -> None:
        self._store = store
        self._access = settings.access
        quotas = (
            entry for entry in settings.access.chats if (entry.runs_daily, entry.usd_daily) != (None, None)
        )
        self._named = tuple(entry.id for entry in quotas)
        self._zone = ZoneInfo(settings.arena.timezone)
        self._estimates = estimates
        self._clock = clock

    def applies_to(self, request: RunRequest) -> bool:
        """Say whether a run may count for a person or a chat that has a quota; `allowance` knows it."""
        if not request.is_asked_for:
            return False
        both = self._of(request.requested_by, (request.requested_in, *self._named))
        return any(quota.is_set for quota in both)

    async def allowance(self, request: RunRequest) -> Allowance | None:
        """Return what a run must fit into, or None where it needs not."""
        if not self.applies_to(request):
            return None
        both = await self._both(request.requested_by, request.requested_in)
        if not any(quota.is_set for quota in both):
            return None
        return await self._allowance(request.requested_by, request.requested_in, both, request)

    async def left(self, person: str, chat: str) -> tuple[Left, ...]:
        """Return what is left today of the quotas of a person and of a chat, as far as they have any."""
        both = await self._both(person, chat)
        if not any(quota.is_set for quota in both):
            return ()
        allowance = await self._allowance(person, chat, both)
        mine, here = await self._store.runs.used_of(allowance)
        found = (Left("your", allowance.of_person, mine), Left("this chat's", allowance.of_chat, here))
        return tuple(one for one in found if one.quota.is_set)

    async def _allowance(
        self, person: str, chat: str, both: tuple[Quota, Quota], request: RunRequest | None = None
    ) -> Allowance:
        of_person, of_chat = both
        now = self._clock.now().astimezone(self._zone)
        midnight = datetime.combine(now.date(), time(), self._zone)
        new_day = datetime.combine(now.date() + timedelta(days=1), time(), self._zone)
        allowance = Allowance(
            person, chat, of_person, of_chat, midnight, f"{new_day:%H:%M} ({_city(self._zone)})"
        )
        if of_person.usd is None and of_chat.usd is None:
            return allowance
        shares = await self._estimates.shares(Preset)
        if request is None:
            return allowance._replace(shares=shares)
        parts = [
            shares.get((request.preset, name))
            for name in self._estimates.names()
            if not request.members or name in request.members
        ]
        cost = None if any(part is None for part in parts) else sum((p for p in parts if p), Decimal(0))
        return allowance._replace(shares=shares, cost=cost)

    async def _both(self, person: str, chat: str) -> tuple[Quota, Quota]:
        """Return the quotas of a person and a chat, which `[access]` may name by an id of before."""
        if not self._named or _is_terminal(chat):
            return self._of(person, (chat,))
        return self._of(person, (chat, *await self._store.known_chats.earlier(chat)))

    def _of(self, person: str, chats: tuple[str, ...]) -> tuple[Quota, Quota]:
        access = self._access
        own = _overridden(
            (entry for entry in access.people if entry.id == person),
            access.runs_per_person_daily,
            access.usd_per_person_daily,
        )
        here = _overridden(
            (entry for entry in access.chats if entry.id in chats),
            access.runs_per_chat_daily,
            access.usd_per_chat_daily,
        )
        nothing = Quota()
        return (
            nothing if _is_terminal(person) else own,
            nothing if _is_terminal(chats[0]) else here,
        )


def _overridden(entries: Iterable[AccessPerson | AccessChat], runs: int, money: Decimal) -> Quota:
    """Return the quota of whoever has these entries; of several the last that names one counts."""
    for entry in entries:
        runs = runs if entry.runs_daily is None else entry.runs_daily
        money = money if entry.usd_daily is None else entry.usd_daily
    return Quota(runs or None, money or None)


def _is_terminal(who: str) -> bool:
    return who.partition(":")[0] == "terminal"


def _city(zone: ZoneInfo) -> str:
    return zone.key.rpartition("/")[2].replace("_", " ")
