"""Prices for the books, and the books' way through time."""

import asyncio
import logging
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from typing import NamedTuple

from core.clock import Clock
from core.config import Settings
from core.domain.bars import Mark
from core.domain.errors import NoPrices, VendorFailure
from core.domain.evidence import Evidence
from core.domain.season import Season
from core.market.calendar import MarketCalendar, Session
from core.market.chain import PriceChain
from core.pipeline.history import Acted, History, fetch
from core.pipeline.lateness import PATIENCE_SESSIONS, failed_lately, late_tickers
from core.pipeline.season_days import last_close
from core.pipeline.settling import settle_ballots
from core.pipeline.walking import MarketPrice, close_session, open_sessions
from core.store.locked_books import LockedBooks
from core.store.season_rows import SeasonState
from core.store.store import Store

_LOOK_BACK = timedelta(days=10)
_LONG_AGO = datetime.min.replace(tzinfo=UTC)
_TRIES = 5

log = logging.getLogger(__name__)


class Gone(Enum):
    """How far books went: to the moment wished for, not all the way yet, or they have changed meanwhile."""

    ALL_THE_WAY = 1
    AS_FAR_AS_IT_GOES = 2
    ANEW = 3


class Decided(NamedTuple):
    """When ballots were cast: the last session that had opened, and when the next one opens (UTC)."""

    session: date
    next_open: datetime


class Opening(NamedTuple):
    """The price at which a run's orders fill, and the splits and dividends in force since the ballots."""

    market: MarketPrice
    actions: tuple[Acted, ...] = ()


class Bookkeeper:
    """Carries the books of seasons through sessions. A price that cannot be had is never invented.

    `clock` says up to when the market is known: the present, or the moment that a replay has reached.
    `models` is False where no member of the books has ever asked a model, so that nothing was paid.
    """

    def __init__(
        self,
        settings: Settings,
        store: Store,
        prices: PriceChain,
        calendar: MarketCalendar,
        clock: Clock,
        *,
        models: bool = True,
    ) -> None:
        self._store = store
        self._prices = prices
        self._calendar = calendar
        self._settings = settings
        self._terms = settings.trading
        self._clock = clock
        self._models = models
        self._turns: defaultdict[Season, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._reached: dict[Season, datetime] = {}

    def mark(self, evidence: Evidence) -> Mark:
        """Return the evidence's price as a mark, dated by the close of its session."""
        made = self._calendar.of(evidence.ticker).closing(evidence.quote.session)
        return Mark(
            ticker=evidence.ticker,
            price=evidence.price,
            at=min(made, evidence.as_of),
            source=evidence.source,
        )

    def decided(self, evidence: Evidence) -> Decided:
        """Return the last session that had opened at the evidence's time, and the next open after it."""
        return self._decided(evidence.ticker, evidence.quote.session, evidence.as_of)

    def _decided(self, ticker: str, day: date, as_of: datetime) -> Decided:
        sessions = self._calendar.of(ticker)
        while (following := sessions.after(day)).opens <= as_of:
            day = following.day
        return Decided(day, following.opens)

    def sessions_between(self, ticker: str, after: date, until: date) -> int:
        """Return how many of a ticker's sessions are later than `after`, up to and including `until`."""
        return len(self._calendar.of(ticker).between(after + timedelta(days=1), until))

    async def opening(self, evidence: Evidence) -> Opening | None:
        """Return the price at which this run's orders fill, or None while it is not known."""
        quote, decided = evidence.quote, self.decided(evidence).session
        ticker, source = evidence.ticker, evidence.source
        sessions = self._calendar.of(ticker)
        try:
            if self._terms.fill == "last" and quote.session_open and quote.session == decided:
                first, market = decided, MarketPrice(quote.price, quote.at, quote.session)
            else:
                bar = await self._prices.bar_after(ticker, decided, source, self._clock.now())
                if bar is None:
                    return None
                first = decided + timedelta(days=1)
                market = MarketPrice(bar.open, sessions.opening(bar.date), bar.date)
            actions = await self._prices.actions(ticker, first, market.session, source)
        except (VendorFailure, NoPrices) as failure:
            log.warning("orders of %s wait: %s", ticker, failure)
            return None
        return Opening(market, tuple(Acted(sessions.opening(act.ex_date), act) for act in actions))

    async def advance(self, season: Season, until: datetime | None = None) -> None:
        """Carry the books through every session that has closed at `until` (now), and fill at opens since.

        What has been done before is not done again. Books that lack the prices of a session wait for them; a
        ticker whose vendor fails for long is left without a price.
        """
        moment = min(until or self._clock.now(), self._clock.now())
        async with self._turns[season]:
            if moment <= self._reached.get(season, _LONG_AGO):
                return
            for _ in range(_TRIES):
                gone = await self._walk(season, moment)
                if gone is Gone.ALL_THE_WAY:
                    self._reached[season] = moment
                if gone is not Gone.ANEW:
                    return

    async def behind(self, season: Season) -> bool:
        """Say whether books wait for the prices of a session that has closed already."""
        state = await self._store.seasons.state(season)
        return state is not None and bool(await asyncio.to_thread(self._steps, state, self._clock.now()))

    async def _walk(self, season: Season, moment: datetime) -> Gone:
        state = await self._store.seasons.state(season)
        if state is None:
            return Gone.AS_FAR_AS_IT_GOES
        after = state.last.closed_at if state.last else state.opened_at
        end = await self._end(state)
        if end is not None and after >= end:
            return Gone.ALL_THE_WAY
        steps = await asyncio.to_thread(self._steps, state, moment)
        if not steps and not self._anything_since(state, after, moment):
            return Gone.ALL_THE_WAY
        history = await self._history(state, steps, moment)
        gone = await self._go(state, history, steps, end)
        if gone is not None:
            return gone
        if end is not None and moment >= end:
            return Gone.ALL_THE_WAY
        if failed_lately(state, history, moment):
            return Gone.AS_FAR_AS_IT_GOES
        async with self._store.books.locked(season) as books:
            if await _changed(books, state):
                return Gone.ANEW
            last = await books.sessions.last()
            await open_sessions(books, history, last.closed_at if last else after, moment, self._terms)
            left = await books.pending()
        due = any(self._opened_since(order.ticker, order.decided_session, moment) for order in left)
        return Gone.AS_FAR_AS_IT_GOES if due or history.failed else Gone.ALL_THE_WAY

    async def _end(self, state: SeasonState) -> datetime | None:
        """Return the moment beyond which the books do not go; frozen ones go nowhere at all."""
        if state.live is None:
            return None
        if state.live.ended:
            return _LONG_AGO
        return await asyncio.to_thread(last_close, state.live, self._calendar)

    async def _go(
        self, state: SeasonState, history: History, steps: list[Session], end: datetime | None
    ) -> Gone | None:
        """Go through sessions, to `end` at most; None when all of them were gone through."""
        for number, step in enumerate(steps):
            if end is not None and step.closes > end:
                break  # the sessions after the end count for patience alone
            if len(steps) - number <= PATIENCE_SESSIONS and late_tickers(state, history, step):
                return Gone.AS_FAR_AS_IT_GOES
            if not await self._step(state, history, step):
                return Gone.ANEW
        return None

    def _anything_since(self, state: SeasonState, after: datetime, moment: datetime) -> bool:
        """Say whether anything has opened or closed since the last step that the books care for."""
        for ticker in state.held | state.waiting:
            sessions = self._calendar.of(ticker)
            if sessions.last_opened(moment).opens > after or sessions.last_closed(moment).closes > after:
                return True
        return any(self._opened_since(ticker, day, moment) for ticker, day in state.decided.items())

    def _opened_since(self, ticker: str, session: date, moment: datetime) -> bool:
        return self._calendar.of(ticker).after(session).opens <= moment

    def _steps(self, state: SeasonState, moment: datetime) -> list[Session]:
        """Return the sessions of the arena's exchange to go through."""
        exchange, newest = self._calendar.exchange, self._calendar.exchange.last_closed(moment)
        if state.last is not None:
            first = state.last.session + timedelta(days=1)
        else:
            opened = exchange.last_closed(state.opened_at)
            first = opened.day if opened.closes == state.opened_at else opened.day + timedelta(days=1)
        return list(exchange.between(first, newest.day))

    async def _history(self, state: SeasonState, steps: list[Session], moment: datetime) -> History:
        """Ask for what the steps need: of holdings and orders little, of unsettled ballots further back."""
        first = steps[0].day if steps else (state.last.session if state.last else state.opened_at.date())
        back = min([first, *state.unsettled.values(), *state.decided.values()]) - _LOOK_BACK
        tickers = state.held | state.waiting | set(state.unsettled if steps else ())
        sources = {ticker: state.sources[ticker] for ticker in tickers if ticker in state.sources}
        if steps and state.sources:
            sources.setdefault(state.benchmark, state.newest_source)
        end = self._calendar.exchange.after(moment.date()).day
        return await fetch(self._prices, self._calendar, sources, back, end, moment)

    async def _step(self, state: SeasonState, history: History, step: Session) -> bool:
        """Go through one session; False when the books hold or want something that was not asked for."""
        costs = await self._store.runs.token_costs(state.season, step.closes) if self._models else {}
        async with self._store.books.locked(state.season) as books:
            if await _changed(books, state):
                return False
            before = await books.sessions.last()
            after = before.closed_at if before else state.opened_at
            done = await close_session(
                books, history, step, after, self._terms, benchmark=state.benchmark, token_costs=costs
            )
            if done:
                await settle_ballots(books, history, step, state.benchmark)
        return True


async def _changed(books: LockedBooks, state: SeasonState) -> bool:
    """Say whether books hold or want something that was not asked for, or are frozen meanwhile."""
    if not await books.sessions.tickers() <= state.held | state.waiting:
        return True
    return state.live is not None and await books.live.read() != state.live
