"""What a subscription to verdicts will cost, before its first run.

A model's share of a run is the mean of what it spent in the last runs with the same preset. One that took no
part in any is taken by its configured price and the tokens that such a run usually needs. A price that nobody
knows makes the whole estimate unknown: a number that leaves it out would be a promise too low.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from core.config import Settings
from core.config.members import MemberSettings
from core.domain.listed import ListedModel
from core.domain.member import MemberKind
from core.domain.stage import Preset
from core.domain.subscribed import Estimate
from core.domain.subscription import ChatTerms, Topic, Wanted
from core.domain.usage import Spend
from core.llm.prices import prices_of
from core.market.calendar import MarketCalendar
from core.schedule.slots import upcoming
from core.store.store import Store

PAST_RUNS = 10
DAYS = 28
MOST_SLOTS = 300
"""Times that are looked at; those after them are taken to come as often."""
USUAL_TOKENS: Mapping[Preset, tuple[int, int]] = {
    Preset.QUICK: (2_000, 600),
    Preset.STANDARD: (40_000, 7_000),
    Preset.DEEP: (70_000, 11_000),
}
"""Prompt and completion tokens of one model in one run."""
_DAY_S = 86_400


Listed = Mapping[tuple[str, str], ListedModel]


class Estimates:
    """Estimates of costs for the members that `settings` name."""

    def __init__(self, store: Store, settings: Settings, calendar: MarketCalendar) -> None:
        self._store = store
        self._settings = settings
        self._calendar = calendar

    async def of(
        self, wanted: Wanted, terms: ChatTerms, after: datetime, watchlist: Sequence[str]
    ) -> Estimate | None:
        """Return what `wanted` will cost from `after` on; None for what runs no committee.

        `watchlist` is that of the chat, or else the arena's.
        """
        if wanted.topic is not Topic.VERDICTS:
            return None
        models = await self._asked()
        if not models:
            return Estimate(models=0, usd_a_day=Decimal(0))
        preset = wanted.preset or terms.preset or self._settings.pipeline.preset
        cost, has_run = await self._of_run(models, preset)
        if cost is None:
            return Estimate(models=len(models), has_run=has_run)
        runs = await asyncio.to_thread(self._runs_a_day, wanted, terms, after, watchlist)
        return Estimate(models=len(models), usd_a_day=cost * runs, has_run=has_run)

    async def of_run(self, preset: Preset) -> Decimal | None:
        """Return what one run of the whole committee costs, in USD, or None where that is not known."""
        return (await self._of_run(await self._asked(), preset))[0]

    def names(self) -> tuple[str, ...]:
        """Return the members whose calls cost money or might, in the order of the configuration."""
        return tuple(model.name for model in self._models())

    async def shares(self, presets: Iterable[Preset]) -> dict[tuple[str, str], Decimal]:
        """Return by preset and member what its part of a run costs, in USD, as far as that is known."""
        found, listed = {}, await self._store.listed.all()
        for preset in presets:
            spent = await self._store.history.spent(preset, PAST_RUNS)
            for model in await self._asked():
                share = self._share(model, spent.get(model.name, ()), preset, listed)
                if share is not None:
                    found[preset.value, model.name] = share
        return found

    async def _of_run(self, models: Sequence[MemberSettings], preset: Preset) -> tuple[Decimal | None, bool]:
        """Return what a run costs, and whether runs with this preset tell of it."""
        spent, listed = await self._store.history.spent(preset, PAST_RUNS), await self._store.listed.all()
        shares = [self._share(model, spent.get(model.name, ()), preset, listed) for model in models]
        known = [share for share in shares if share is not None]
        return (sum(known, Decimal(0)) if len(known) == len(shares) else None), bool(spent)

    async def _asked(self) -> list[MemberSettings]:
        """Return the models that are asked in every run; those that an admin has removed are not."""
        removed = {member.name for member in await self._store.members.all() if member.removed_at}
        return [model for model in self._models() if model.name not in removed]

    def _models(self) -> list[MemberSettings]:
        return [one for one in self._settings.members if one.enabled and one.kind is MemberKind.LLM]

    def _share(
        self, model: MemberSettings, spent: Sequence[Spend], preset: Preset, listed: Listed
    ) -> Decimal | None:
        """Return what one model costs in one run, in USD, or None where that is not known."""
        priced = [one.cost_usd for one in spent if one.calls and not one.unpriced_calls]
        if priced:
            return sum(priced, Decimal(0)) / len(priced)
        prompt, completion = USUAL_TOKENS[preset]
        providers = {provider.name: provider for provider in self._settings.providers}
        hops = [hop.partition(":") for hop in model.hops]
        prices = [prices_of(model, providers[name], id_, listed.get((name, id_))) for name, _, id_ in hops]
        if prices[0].known:
            return prices[0].cost(prompt, completion)
        return Decimal(0) if all(one.free for one in prices) else None

    def _runs_a_day(
        self, wanted: Wanted, terms: ChatTerms, after: datetime, watchlist: Sequence[str]
    ) -> Decimal:
        """Return how many tickers are run on a mean day; loads a calendar, so not on the event loop."""
        arena, until = self._settings.arena, after + timedelta(days=DAYS)
        slots = upcoming(wanted, terms, self._calendar, arena.timezone, watchlist, after, until, MOST_SLOTS)
        if len(slots) == MOST_SLOTS:
            until = slots[-1].at
        seconds = max((until - after) // timedelta(seconds=1), 60)
        return Decimal(sum(len(slot.tickers) for slot in slots) * _DAY_S) / seconds
