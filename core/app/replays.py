"""Replays: from what a person asks for to a plan, and the parts that carry it out."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from datetime import date, timedelta
from decimal import Decimal

from core.clock import Clock, MarketClock
from core.config import Settings
from core.config.fingerprint import config_hash
from core.domain.errors import Refused
from core.domain.instrument import parse_ticker
from core.domain.member import Member, MemberKind
from core.domain.replay import Every, ReplayPlan, ReplayProgress
from core.domain.season import Season
from core.domain.stage import Preset
from core.llm.gateway import Gateway
from core.market.calendar import MarketCalendar
from core.market.chain import build_chain
from core.market.gathering import Gatherer
from core.pipeline.bookkeeping import Bookkeeper
from core.pipeline.committee import Committee
from core.pipeline.replay import Replay
from core.store.store import Store

_BEFORE = timedelta(days=500)
_AFTER = timedelta(days=10)


class Replays:
    """Makes and carries out replays. They share all but prices, of which they have their own."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        calendar: MarketCalendar,
        gateway: Gateway,
        clock: Clock,
        gatherer: Gatherer | None = None,
    ) -> None:
        self._settings = settings
        self._store = store
        self._calendar = calendar
        self._gateway = gateway
        self._clock = clock
        self._gatherer = gatherer

    def plan(
        self,
        first: date,
        last: date,
        tickers: Sequence[str],
        every: Every,
        members: Sequence[Member],
        preset: Preset,
    ) -> ReplayPlan:
        """Return the plan for what is asked.

        Raises:
            Refused: no ticker, a broken one, days in the wrong order or not over yet, or no session between.
        """
        names = tuple(dict.fromkeys(parse_ticker(ticker) for ticker in tickers))
        if not names:
            raise Refused("Name the tickers to replay, such as --tickers NVDA,AAPL.")
        if last < first:
            raise Refused(f"The last day, {last}, lies before the first, {first}.")
        sessions = self._calendar.exchange.between(first, last)
        if not sessions:
            raise Refused(f"The exchange was closed from {first} to {last}.")
        if sessions[-1].closes > self._clock.now():
            raise Refused(f"The session of {sessions[-1].day} has not closed yet; replay the past.")
        return ReplayPlan(
            first=sessions[0].day,
            last=sessions[-1].day,
            tickers=names,
            every=every,
            members=tuple(member.name for member in members),
            preset=preset,
            config_hash=config_hash(self._settings),
        )

    async def go(
        self,
        plan: ReplayPlan,
        season: Season,
        members: Sequence[Member],
        budget_usd: Decimal | None,
    ) -> AsyncGenerator[ReplayProgress]:
        """Carry out a plan, or what is left of it; see `core.pipeline.replay.Replay.go`."""
        market = MarketClock(self._calendar.exchange.between(plan.first, plan.first)[0].closes)
        kept = plan.first - _BEFORE, plan.last + _AFTER
        prices = build_chain(self._settings, self._calendar, market, kept)
        try:
            # The plan names the configuration, so that nobody in this season has been of another kind.
            models = any(member.kind is MemberKind.LLM for member in members)
            keeper = Bookkeeper(self._settings, self._store, prices, self._calendar, market, models=models)
            parts = (self._settings, self._store, prices, self._calendar, self._gateway, self._clock)
            committee = Committee(*parts, keeper, self._gatherer)
            replay = Replay(
                self._settings, self._store, committee, self._calendar, self._gateway, market, self._clock
            )
            steps = replay.go(plan, season, members, budget_usd)
            async with aclosing(steps):
                async for progress in steps:
                    yield progress
        finally:
            await prices.close()
