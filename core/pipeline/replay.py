"""A replay of the past: the same evidence, runs, orders and closes as live, one session after the other.

The market's clock stands at the close of the session that the replay has reached, so nothing later can be
asked for. In each session all runs begin before any is finished, and they are finished in the order of the
plan: who answers first changes nothing. Everything is stored as it happens; a replay that was interrupted
goes on where it stopped.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from core.clock import Clock, MarketClock
from core.config import Settings
from core.domain.errors import NotFound, Refused, StoreError
from core.domain.ids import new_id
from core.domain.member import Member, MemberKind
from core.domain.replay import Every, ReplayPlan, ReplayProgress
from core.domain.run import RunRequest
from core.domain.season import Season
from core.llm.gateway import Gateway
from core.llm.scopes import season_scope
from core.market.calendar import MarketCalendar, Session
from core.pipeline.committee import Committee
from core.pipeline.sitting import Convened, Sitting
from core.store.store import Store

_LEASE = timedelta(seconds=30)
_RENEW_EVERY_S = 8.0

log = logging.getLogger(__name__)


@dataclass
class _Pace:
    """How fast the replay is, for the time that is left."""

    started: float
    done_before: int

    def left(self, now: float, done: int, of: int) -> float | None:
        made = done - self.done_before
        return (now - self.started) / made * (of - done) if made > 0 else None


class Replay:
    """Carries one plan through. `market` is the clock that `committee` and its prices live by."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        committee: Committee,
        calendar: MarketCalendar,
        gateway: Gateway,
        market: MarketClock,
        clock: Clock,
    ) -> None:
        self._settings = settings
        self._store = store
        self._committee = committee
        self._calendar = calendar
        self._gateway = gateway
        self._market = market
        self._clock = clock
        self._owner = new_id(12)

    async def go(
        self, plan: ReplayPlan, season: Season, members: Sequence[Member], budget_usd: Decimal | None
    ) -> AsyncGenerator[ReplayProgress]:
        """Go through the plan from where it stands, and tell after each session how far it is.

        Raises:
            Refused: the season holds another plan, or another process works on it or has taken it over.
            BudgetSpent: `budget_usd` leaves no room for the next call; all that was paid for is kept.
        """
        now = self._clock.now()
        plan_row = plan.model_dump(mode="json")
        benchmark = self._settings.arena.benchmark
        claim = self._store.seasons.claim
        if not await claim(season, plan_row, benchmark, self._owner, now, now + _LEASE):
            raise Refused(
                f"Another process is working on the replay {season}; if that was killed, try again in "
                f"{_LEASE.seconds} seconds."
            )
        keeping = asyncio.create_task(self._keep_claim(season))
        ended = False
        try:
            if budget_usd is not None:
                self._gateway.budget.limit(season_scope(season), budget_usd)
            steps = self._sessions(plan, season, members)
            async with contextlib.aclosing(steps):
                async for progress in steps:
                    yield progress
            ended = True
        finally:
            keeping.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await keeping
            with contextlib.suppress(StoreError):
                await asyncio.shield(self._store.seasons.release(season, self._owner, ended=ended))

    async def _keep_claim(self, season: Season) -> None:
        """Keep the season until another has taken it: then the next runs are refused where they begin."""
        held = True
        while held:
            await self._clock.sleep(_RENEW_EVERY_S)
            with contextlib.suppress(StoreError):
                held = await self._store.seasons.renew(season, self._owner, self._clock.now() + _LEASE)

    async def _sessions(
        self, plan: ReplayPlan, season: Season, members: Sequence[Member]
    ) -> AsyncGenerator[ReplayProgress]:
        sessions = await asyncio.to_thread(self._calendar.exchange.between, plan.first, plan.last)
        asked = _asked(sessions, plan.every)
        known = {(ticker, as_of): (run_id, done) for run_id, ticker, as_of, done in await self._runs(season)}
        runs = len(asked) * len(plan.tickers)
        before = sum(1 for _, done in known.values() if done)
        pace = _Pace(self._clock.monotonic(), before)
        models = any(member.kind is MemberKind.LLM for member in members)
        cost = await self._cost(season)
        sitting = Sitting(self._settings, self._store, self._committee, season, self._clock)
        for number, session in enumerate(sessions, start=1):
            self._market.set(session.closes)
            await self._committee.keeper.advance(season, session.closes)
            if models:
                await self._committee.reflecting.after_session(season, session.closes)
            if session in asked:
                await self._session(sitting, plan, season, session, members, known)
            finished = sum(1 for _, done in known.values() if done)
            # Rules cost nothing, and the sum over a long season takes its time.
            cost = await self._cost(season) if models else cost
            yield ReplayProgress(
                season=season,
                session=session.day,
                sessions_done=number,
                sessions=len(sessions),
                runs_done=finished,
                runs=runs,
                cost_usd=cost,
                seconds_left=pace.left(self._clock.monotonic(), finished, runs),
            )
        async with self._store.books.locked(season) as books:
            for order in await books.pending():
                await books.cancel_order(
                    order.id, "the replay ended before the next open", self._market.now()
                )

    async def _runs(self, season: Season) -> tuple[tuple[str, str, datetime, bool], ...]:
        return await self._store.seasons.runs_of(season)

    async def _session(
        self,
        sitting: Sitting,
        plan: ReplayPlan,
        season: Season,
        session: Session,
        members: Sequence[Member],
        known: dict[tuple[str, datetime], tuple[str, bool]],
    ) -> None:
        """Ask about every ticker at one close: begin all runs, hear them, then finish them in order."""
        left: list[Convened] = []
        fresh: list[str] = []
        for ticker in plan.tickers:
            run_id, done = known.get((ticker, session.closes), ("", False))
            if not run_id:
                fresh.append(ticker)
            elif not done and (taken_up := await self._taken_up(run_id)):
                left.append(taken_up)
        requests = [_request(plan, season, session, ticker) for ticker in fresh]
        until = self._clock.now() + _LEASE
        begun = await sitting.begin(requests, members, self._owner, until)
        for record, _ in begun:
            known[record.ticker, session.closes] = (record.run_id, False)
        place = {ticker: number for number, ticker in enumerate(plan.tickers)}
        heard = sorted(await sitting.hear([*left, *begun]), key=lambda one: place[one[0].ticker])
        if heard:
            await sitting.finish(heard)
        for record, _ in heard:
            known[record.ticker, session.closes] = (record.run_id, True)

    async def _taken_up(self, run_id: str) -> Convened | None:
        record = await self._store.runs.record(run_id)
        if record is None:
            return None
        with contextlib.suppress(NotFound):
            return record, await self._store.runs.evidence(record.evidence_sha256)
        return None

    async def _cost(self, season: Season) -> Decimal:
        return sum((await self._store.runs.token_costs(season)).values(), Decimal(0))


def _request(plan: ReplayPlan, season: Season, session: Session, ticker: str) -> RunRequest:
    return RunRequest(
        ticker=ticker,
        preset=plan.preset,
        as_of=session.closes,
        requested_by="replay",
        requested_in="replay",
        season=season,
    )


def _asked(sessions: Sequence[Session], every: Every) -> frozenset[Session]:
    """Return the sessions at whose close the committee is asked."""
    if every is Every.SESSION:
        return frozenset(sessions)
    weeks = {session.day.isocalendar()[:2]: session for session in sessions}
    return frozenset(weeks.values())
