"""The live seasons of the arena: started by people, frozen once, and remembered for ever."""

import asyncio
import logging
from collections.abc import Iterable
from datetime import date, datetime, time
from decimal import Decimal
from zoneinfo import ZoneInfo

from core.app.scoreboard import Scoreboard
from core.clock import Clock
from core.config import Settings
from core.domain.ballot import Action
from core.domain.books import Standing
from core.domain.errors import NotFound, Refused
from core.domain.live_season import (
    SEASON_ENDED,
    Call,
    FinalLine,
    FinalTable,
    LiveSeason,
    SeasonLine,
    SeasonStarted,
    SeasonStatus,
)
from core.domain.outcomes import Outcome
from core.domain.period import ALL
from core.domain.scores import Metric
from core.domain.season import Season
from core.market.calendar import MarketCalendar
from core.pipeline.bookkeeping import Bookkeeper
from core.pipeline.season_days import NEXT, days_of, last_close
from core.store.store import Store

_CALLED_AFTER = 5
"""Sessions after which a call is judged for the final table."""

log = logging.getLogger(__name__)


class LiveSeasons:
    """Begins, ends and tells of live seasons. Any number of processes may do so at the same time."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        calendar: MarketCalendar,
        keeper: Bookkeeper,
        scoreboard: Scoreboard,
        clock: Clock,
    ) -> None:
        self._settings = settings
        self._store = store
        self._calendar = calendar
        self._keeper = keeper
        self._scoreboard = scoreboard
        self._clock = clock
        self._zone = ZoneInfo(settings.arena.timezone)

    async def keep(self) -> None:
        """Carry the books of the live season to the present, or to its end."""
        live = await self._store.live.current()
        await self._keeper.advance(live.season if live else Season.LIVE)

    async def status(self) -> SeasonStatus:
        """Say where the live season stands, and how those before it ended."""
        live = await self._store.live.current()
        past = await self.finals()
        if live is None:
            return SeasonStatus(live=None, past=past)
        day, days = await asyncio.to_thread(days_of, live, self._calendar, self._clock.now(), self._zone)
        board = await self._scoreboard.leaderboard(live.season, ALL, Metric.VALUE)
        first = next((one for one in board.standings if one.rank == 1), None)
        return SeasonStatus(
            live=live,
            day=day,
            days=days,
            leader=first.member if first else None,
            leader_return=first.return_ratio if first else None,
            past=past,
        )

    async def finals(self) -> tuple[FinalTable, ...]:
        """Return the tables of all seasons that have ended, the newest first."""
        return await self._store.live.finals()

    async def lines(self) -> tuple[SeasonLine, ...]:
        """Return every season, the oldest first."""
        return await self._store.live.lines()

    async def final(self, season: Season) -> FinalTable:
        """Return the table of a live season that has ended.

        Raises:
            NotFound: there is none.
        """
        found = await self._store.live.final(season)
        if found is None:
            raise NotFound(f"There is no final table of {season}: it is no live season that has ended.")
        return found

    async def start(self, season: Season, first: date | None, last: date | None) -> SeasonStarted:
        """Open a fresh live season, and end the one that is open. What was done before an interruption stays.

        Raises:
            Refused: the name is taken, or the days lie in the past or hold no session.
        """
        if season.is_of_a_rerun:
            raise Refused(f"The name {season} is that of a run which asks again; give the season another.")
        if season.is_reserved or await self._store.live.taken(season):
            raise Refused(f"There is a season called {season} already; give the new one another name.")
        now = self._clock.now()
        begin = first or self._today()
        await asyncio.to_thread(self._check_days, begin, last)
        before = await self.end()
        begins_at = max(now, datetime.combine(begin, time(), self._zone).astimezone(now.tzinfo))
        arena = self._settings.arena
        members = [member.name for member in await self._store.members.all() if member.enabled]
        async with self._store.books.locked(season) as books:
            await books.live.start(begin, last, arena.benchmark, begins_at)
            await books.open_accounts(members, arena.initial_cash, begins_at)
        return SeasonStarted(
            live=LiveSeason(season=season, begins_at=begins_at, first_day=begin, last_day=last), before=before
        )

    async def end(self) -> FinalTable | None:
        """Freeze the open live season as its books stand; None when none is open."""
        live = await self._store.live.current()
        if live is None or live.ended:
            return None
        await self._keeper.advance(live.season)
        return await self._freeze(live, self._clock.now())

    async def end_on(self, day: date) -> LiveSeason:
        """Let the open live season end with a day to come.

        Raises:
            Refused: none is open, or the day lies in the past or before the first session.
        """
        live = await self._open()
        first = live.first_day or live.begins_at.astimezone(self._zone).date()
        await asyncio.to_thread(self._check_days, max(first, self._today()), day)
        if not await self._store.live.end_on(live.season, day):
            raise Refused(f"The season {live.season} has ended just now.")
        return live.model_copy(update={"last_day": day})

    async def freeze_if_due(self, now: datetime) -> FinalTable | None:
        """Freeze the open live season once its books have gone through its last close, and return its table.

        The table is returned once, to whoever froze it. None while there is nothing to freeze.
        """
        live = await self._store.live.current()
        if live is None or live.ended or live.last_day is None:
            return None
        closes = await asyncio.to_thread(last_close, live, self._calendar)
        if closes is None or closes > now:
            return None
        await self._keeper.advance(live.season)
        state = await self._store.seasons.state(live.season)
        gone = state.last.closed_at if state and state.last else None
        if state is not None and (gone is None or gone < closes):
            return None  # the books wait for prices
        return await self._freeze(live, closes)

    async def _open(self) -> LiveSeason:
        live = await self._store.live.current()
        if live is None:
            raise Refused("No season has begun yet; the first begins with the first run.")
        if live.ended:
            raise Refused(f"The season {live.season} has ended already. {NEXT}")
        return live

    def _today(self) -> date:
        return self._clock.now().astimezone(self._zone).date()

    def _check_days(self, first: date, last: date | None) -> None:
        if first < self._today():
            raise Refused(f"A season cannot begin in the past, on {first}; replays are for that.")
        if last is None:
            return
        if last < first:
            raise Refused(f"The last day, {last}, lies before the first, {first}.")
        sessions = self._calendar.exchange.between(first, last)
        if not sessions:
            raise Refused(f"The exchange is closed from {first} to {last}.")
        if sessions[-1].closes <= self._clock.now():
            raise Refused(f"The last session until {last} has closed already; choose a later day.")

    async def _freeze(self, live: LiveSeason, at: datetime) -> FinalTable | None:
        """End a season in one transaction; None when somebody else did so before.

        While its books are held nobody can change them: the table is read from what others see.
        """
        async with self._store.books.locked(live.season) as books:
            known = await books.live.read()
            if known is None or known.ended:
                return None
            table = await self._table(live.season, at)
            for order in await books.pending():
                await books.cancel_order(order.id, SEASON_ENDED, at)
            await books.live.end(table, self._clock.now())
        winner = table.winner.member if table.winner else "nobody"
        log.info("the season %s is frozen at %s, won by %s", live.season, at, winner)
        return table

    async def _table(self, season: Season, at: datetime) -> FinalTable:
        board = await self._scoreboard.leaderboard(season, ALL, Metric.VALUE)
        settled = await self._store.outcomes.of_season(season, horizon=_CALLED_AFTER)
        best, worst = _calls(settled)
        return FinalTable(
            season=season,
            first=board.first,
            last=board.last,
            ended_at=at,
            initial_cash_usd=board.initial_cash_usd,
            benchmark=board.benchmark,
            benchmark_return=board.benchmark_return,
            lines=tuple(_line(standing) for standing in board.standings),
            best=best,
            worst=worst,
            runs=await self._store.live.finished_runs(season),
            cost_usd=sum((one.token_cost_usd for one in board.standings), Decimal(0)),
            caveat=board.caveat,
        )


def _line(standing: Standing) -> FinalLine:
    fall = standing.figures.get(Metric.MAX_DRAWDOWN)
    return FinalLine(
        rank=standing.rank,
        medal=standing.medal,
        member=standing.member,
        kind=standing.kind,
        value_usd=standing.value_usd,
        return_ratio=standing.return_ratio,
        max_drawdown=float(fall.value) if fall and fall.value is not None else None,
        trades=standing.trades,
        token_cost_usd=standing.token_cost_usd,
        reset_on=standing.reset_on,
        reset_was_usd=standing.reset_was_usd,
    )


def _calls(settled: Iterable[Outcome]) -> tuple[Call | None, Call | None]:
    """Return the calls that have earned and lost most, the earlier of two that did alike."""
    calls = [outcome for outcome in settled if outcome.action is not Action.HOLD]
    best = max(calls, key=lambda one: one.earned, default=None)
    worst = min(calls, key=lambda one: one.earned, default=None)
    return (
        _call(best) if best and best.earned > 0 else None,
        _call(worst) if worst and worst.earned < 0 else None,
    )


def _call(outcome: Outcome) -> Call:
    return Call(
        member=outcome.member,
        ticker=outcome.ticker,
        action=outcome.action,
        session=outcome.entry_session,
        earned=outcome.earned,
    )
