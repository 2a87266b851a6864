"""The use cases about what model calls cost, and who was shown what."""

import re
from abc import ABC
from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from core.clock import Clock
from core.config import Settings
from core.domain.cost_period import TODAY, USUAL, begins
from core.domain.costs import (
    EVERYTHING,
    FORECAST_DAYS,
    CostGroup,
    CostReport,
    CostScope,
    Forecast,
    LimitLeft,
    WhoSaw,
    forecast,
)
from core.domain.errors import NotFound, Refused
from core.store.call_sums import MOST_GROUPS
from core.store.store import Store

_MOMENT = timedelta(microseconds=1)
_HASH = re.compile(r"[0-9a-f]{12,64}", re.ASCII)
_WHOLE = 64
_RUN = re.compile(r"[0-9a-z]{1,24}", re.ASCII)
_NOTHING = Decimal(0)


class Costwork(ABC):
    """A part of `App`."""

    settings: Settings
    clock: Clock
    _store: Store

    async def costs(
        self,
        by: CostGroup = CostGroup.MODEL,
        period: str = USUAL,
        scope: CostScope = EVERYTHING,
        *,
        most: int = MOST_GROUPS,
    ) -> CostReport:
        """Return what calls of a period have cost, by day, model, key or what else there is.

        `period` is `today`, `all`, or so many days with today such as `7d`; days are those of the arena's
        time zone. Of the groups there are `most` at the most.

        Raises:
            Refused: it is no period.
        """
        now = self.clock.now()
        since = begins(period, now, self._costs_zone)
        # A call that began at this very moment is one of the past.
        found = await self._costs(by, period, (since, now + _MOMENT), scope, most)
        return found.model_copy(update={"until": now})

    async def costs_scope(self, chat: str, person: str | None) -> CostScope:
        """Return the scope of a chat, under the ids that it had before too, and of a person beside it."""
        return CostScope(chats=(chat, *await self._store.known_chats.earlier(chat)), person=person)

    async def costs_between(self, since: datetime, until: datetime) -> CostReport:
        """Return what all calls have cost by model from `since` on, without those at `until`, both UTC."""
        return await self._costs(CostGroup.MODEL, "", (since, until), EVERYTHING, MOST_GROUPS)

    async def who_saw(self, reference: str) -> WhoSaw:
        """Return who was shown a pack, by its SHA-256 or the first twelve digits of it, or by a run's id.

        Raises:
            NotFound: no call has shown it, or there were none for this run.
            Refused: it is neither, or several packs begin with these digits.
        """
        text = reference.strip().lower()
        if _HASH.fullmatch(text):
            found = await self._store.sightings.of_evidence(await self._whole_hash(text))
        elif _RUN.fullmatch(text):
            found = await self._store.sightings.of_run(text)
        else:
            raise Refused("Name the SHA-256 of evidence, or a run by its id: --who-saw 4f7k2m9q.")
        if not found.seen:
            raise NotFound(f"No model was asked about {reference.strip()[:_WHOLE]}.")
        return found

    async def _whole_hash(self, text: str) -> str:
        if len(text) == _WHOLE:
            return text
        found = await self._store.sightings.hashes(text, 2)
        if len(found) > 1:
            raise Refused(f"Several packs of evidence begin with {text}; write more digits.")
        return found[0] if found else text

    @property
    def _costs_zone(self) -> ZoneInfo:
        return ZoneInfo(self.settings.arena.timezone)

    async def _costs(
        self,
        by: CostGroup,
        period: str,
        span: tuple[datetime | None, datetime],
        scope: CostScope,
        most: int,
    ) -> CostReport:
        since, until = span
        zone = self._costs_zone
        sums = await self._store.call_sums.by(by, span, zone, scope, most=most)
        return CostReport(
            by=by,
            period=period,
            zone=zone.key,
            since=since,
            until=until,
            scope=scope,
            total=sums.total,
            lines=sums.lines,
            more=sums.more,
            forecast=await self._forecast(until, scope),
            limits=await self._limits(until, scope),
            minimum=self.settings.scores.min_settled,
        )

    async def _forecast(self, until: datetime, scope: CostScope) -> Forecast:
        zone = self._costs_zone
        here = until.astimezone(zone)
        days = max(FORECAST_DAYS, here.day - 1) + 1
        since = begins(f"{days}d", until, zone)
        hours = await self._store.call_sums.hours((since, until), zone, scope)
        first = await self._store.call_sums.first(scope)
        return forecast(hours, here, first.astimezone(zone).date() if first else None)

    async def _limits(self, until: datetime, scope: CostScope) -> tuple[LimitLeft, ...]:
        """Return the limits of today that the scope may know: of the arena all, of one chat its own."""
        today, sums = (begins(TODAY, until, self._costs_zone), until), self._store.call_sums
        budget = self.settings.budget
        if not scope.everything:
            limit = budget.per_chat_daily_usd
            if limit is None or not scope.chats:
                return ()
            here = await sums.spent(CostGroup.CHAT, today, CostScope(chats=scope.chats))
            return (LimitLeft(what="chat", limit_usd=limit, spent_usd=sum(here.values(), _NOTHING)),)
        found: list[LimitLeft] = []
        providers = await sums.spent(CostGroup.PROVIDER, today, scope) if budget.daily_usd is not None else {}
        if budget.daily_usd is not None:
            spent = sum(providers.values(), _NOTHING)
            found.append(LimitLeft(what="day", limit_usd=budget.daily_usd, spent_usd=spent))
        if budget.tiers:
            tiers = await sums.spent(CostGroup.TIER, today, scope)
            found += _left("tier", {str(tier): limit for tier, limit in budget.tiers.items()}, tiers)
        keys = {
            f"{provider.name}:{key.name}": key.daily_usd
            for provider in self.settings.providers
            for key in provider.keys
            if key.daily_usd is not None
        }
        if keys:
            found += _left("key", keys, await sums.spent(CostGroup.KEY, today, scope))
        return tuple(found)


def _left(what: str, limits: Mapping[str, Decimal], spent: Mapping[str, Decimal]) -> list[LimitLeft]:
    return [
        LimitLeft(what=f"{what} {name}", limit_usd=limit, spent_usd=spent.get(name, _NOTHING))
        for name, limit in limits.items()
    ]
