"""Prices for the books, and the books' way through time."""

import asyncio
import logging
from collections import defaultdict
from datetime import date, datetime, timedelta
from typing import NamedTuple

from core.clock import Clock
from core.config import Settings
from core.domain.actions import CorporateAction
from core.domain.bars import Mark
from core.domain.errors import NoPrices, VendorFailure
from core.domain.evidence import Evidence
from core.domain.season import Season
from core.market.calendar import MarketCalendar, Session
from core.market.chain import PriceChain
from core.pipeline.history import History, fetch
from core.pipeline.settling import settle_ballots
from core.pipeline.walking import MarketPrice, close_session, open_sessions
from core.store.season_rows import SeasonState
from core.store.store import Store

_PATIENCE_SESSIONS = 3
_LOOK_BACK = timedelta(days=10)

log = logging.getLogger(__name__)


class Decided(NamedTuple):
    """When ballots were cast: the last session that had opened, and when the next one opens (UTC)."""

    session: date
    next_open: datetime


class Opening(NamedTuple):
    """The open at which a run's orders fill, and the splits and dividends in force from it."""

    market: MarketPrice
    actions: tuple[CorporateAction, ...] = ()


class Bookkeeper:
    """Carries the books of seasons through sessions. A price that cannot be had is never invented.

    `clock` says up to when the market is known: the present, or the moment that a replay has reached.
    """

    def __init__(
        self, settings: Settings, store: Store, prices: PriceChain, calendar: MarketCalendar, clock: Clock
    ) -> None:
        self._store = store
        self._prices = prices
        self._calendar = calendar
        self._settings = settings
        self._terms = settings.trading
        self._clock = clock
        self._turns: defaultdict[Season, asyncio.Lock] = defaultdict(asyncio.Lock)

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
        if self._terms.fill == "last" and quote.session_open and quote.session == decided:
            return Opening(MarketPrice(quote.price, quote.at, quote.session))
        ticker, source = evidence.ticker, evidence.source
        try:
            bar = await self._prices.bar_after(ticker, decided, source, self._clock.now())
            if bar is None:
                return None
            actions = await self._prices.actions(ticker, decided + timedelta(days=1), bar.date, source)
        except (VendorFailure, NoPrices) as failure:
            log.warning("orders of %s wait: %s", ticker, failure)
            return None
        return Opening(MarketPrice(bar.open, self._calendar.of(ticker).opening(bar.date), bar.date), actions)

    async def advance(self, season: Season, until: datetime | None = None) -> None:
        """Carry the books through every session that has closed at `until` (now), and fill at opens since.

        What has been done before is not done again. Books that lack the prices of a session wait for them; a
        ticker whose vendor fails for long is left without a price.
        """
        moment = min(until or self._clock.now(), self._clock.now())
        async with self._turns[season]:
            state = await self._store.seasons.state(season)
            if state is None:
                return
            steps = await asyncio.to_thread(self._steps, state, moment)
            if not steps and not state.waiting:
                return
            history = await self._history(state, steps, moment)
            for number, step in enumerate(steps):
                if self._must_wait(state, history, len(steps) - number):
                    return
                await self._step(state, history, step)
            async with self._store.books.locked(season) as books:
                last = await books.sessions.last()
                after = last.closed_at if last else state.opened_at - timedelta(days=1)
                await open_sessions(books, history, after, moment, self._terms)

    def _steps(self, state: SeasonState, moment: datetime) -> list[Session]:
        """Return the sessions of the arena's exchange to go through."""
        exchange, newest = self._calendar.exchange, self._calendar.exchange.last_closed(moment)
        if state.last is not None:
            first = state.last.session + timedelta(days=1)
        else:
            opened = exchange.last_closed(state.opened_at)
            first = opened.day if opened.closes == state.opened_at else opened.day + timedelta(days=1)
        return list(exchange.between(first, newest.day))

    def _must_wait(self, state: SeasonState, history: History, behind: int) -> bool:
        """Say whether a price that matters is missing and may still come."""
        missing = (state.held | state.waiting) & history.failed
        return bool(missing) and behind <= _PATIENCE_SESSIONS

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

    async def _step(self, state: SeasonState, history: History, step: Session) -> None:
        costs = await self._store.runs.token_costs(state.season, step.closes)
        async with self._store.books.locked(state.season) as books:
            before = await books.sessions.last()
            members = await books.members(step.closes)
            done = await close_session(
                books,
                history,
                step,
                before,
                self._terms,
                benchmark=state.benchmark,
                token_costs=costs,
                members=members,
            )
            if done:
                await settle_ballots(books, history, step, state.benchmark)
