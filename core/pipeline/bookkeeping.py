"""Prices for the books: at what orders fill, what holdings are worth, and orders that waited."""

import asyncio
import logging
from collections.abc import Mapping
from datetime import date

from core.clock import Clock
from core.config.settings import Trading
from core.domain.bars import Mark
from core.domain.books import Order
from core.domain.errors import NoPrices, VendorFailure
from core.domain.evidence import Evidence
from core.domain.season import Season
from core.market.calendar import MarketCalendar
from core.market.chain import PriceChain
from core.pipeline.settlement import Decided, MarketPrice, fill_order
from core.store.store import Store

Where = tuple[str, date]
"""A ticker and the session in which an order for it was decided."""

_MARKING_LIMIT_S = 20.0
_OPENS_LIMIT_S = 5.0
_ASKED_AT_ONCE = 8

log = logging.getLogger(__name__)


class Bookkeeper:
    """Brings prices to the books. A price that cannot be had is logged and left out, never invented."""

    def __init__(
        self, store: Store, prices: PriceChain, calendar: MarketCalendar, terms: Trading, clock: Clock
    ) -> None:
        self._store = store
        self._prices = prices
        self._calendar = calendar
        self._terms = terms
        self._clock = clock

    def mark(self, evidence: Evidence) -> Mark:
        """Return the evidence's price as a mark, dated by the close of its session."""
        made = self._calendar.of(evidence.ticker).closing(evidence.quote.session)
        return Mark(
            ticker=evidence.ticker,
            price=evidence.price,
            at=min(made, evidence.as_of),
            source=evidence.source,
        )

    async def market_price(self, evidence: Evidence) -> MarketPrice | None:
        """Return the price at which this run's orders fill, or None while it is not known."""
        quote, decided = evidence.quote, self.decided(evidence).session
        if self._terms.fill == "last" and quote.session_open and quote.session == decided:
            return MarketPrice(quote.price, quote.at, quote.session)
        return await self._open_after(evidence.ticker, decided, evidence.source)

    def decided(self, evidence: Evidence) -> Decided:
        """Return the last session that had opened at the evidence's time, and the next open after it."""
        sessions, day = self._calendar.of(evidence.ticker), evidence.quote.session
        while (following := sessions.after(day)).opens <= evidence.as_of:
            day = following.day
        return Decided(day, following.opens)

    async def _open_after(self, ticker: str, session: date, source: str) -> MarketPrice | None:
        try:
            bar = await self._prices.bar_after(ticker, session, source, self._clock.now())
        except (VendorFailure, NoPrices) as failure:
            log.warning("orders of %s wait: %s", ticker, failure)
            return None
        if bar is None:
            return None
        return MarketPrice(bar.open, self._calendar.of(ticker).opening(bar.date), bar.date)

    async def fresh_marks(self, season: Season, evidence: Evidence) -> list[Mark]:
        """Return the evidence's mark and one of everything else that members hold, where it can be had."""
        accounts = await self._store.books.accounts(season)
        held = {p.ticker for account in accounts for p in account.portfolio.positions} - {evidence.ticker}
        gate = asyncio.Semaphore(_ASKED_AT_ONCE)

        marks = [self.mark(evidence)]

        async def mark(ticker: str) -> None:
            async with gate:
                try:
                    marks.append(await self._prices.latest_mark(ticker, evidence.as_of, evidence.source))
                except (NoPrices, VendorFailure) as failure:
                    log.warning("%s has no fresh mark: %s", ticker, failure)

        try:
            async with asyncio.timeout(_MARKING_LIMIT_S):
                await asyncio.gather(*(mark(ticker) for ticker in sorted(held)))
        except TimeoutError:
            log.warning("not all of %d holdings were marked within %g s", len(held), _MARKING_LIMIT_S)
        return list(marks)

    async def _opens_of(self, orders: Mapping[Where, Order]) -> dict[Where, MarketPrice]:
        """Return the opens at which orders fill, as far as they can be had in a short time."""
        gate, found = asyncio.Semaphore(_ASKED_AT_ONCE), dict[Where, MarketPrice]()

        async def ask(where: Where, order: Order) -> None:
            async with gate:
                origin = await self._store.runs.record(order.run_id) if order.run_id else None
                price = await self._open_after(*where, origin.source if origin else "")
                if price is not None:
                    found[where] = price

        try:
            async with asyncio.timeout(_OPENS_LIMIT_S):
                await asyncio.gather(*(ask(where, order) for where, order in orders.items()))
        except TimeoutError:
            log.warning("%d orders wait on: no open was had within %g s", len(orders), _OPENS_LIMIT_S)
        return found

    async def fill_pending(self, season: Season) -> None:
        """Fill every order of the season whose next open is known by now, oldest price first."""
        waiting = await self._store.books.pending(season)
        opens = await self._opens_of({_where(order): order for order in waiting})
        due = [(price, order) for order in waiting if (price := opens.get(_where(order)))]
        if not due:
            return
        async with self._store.books.locked(season) as books:
            still = {order.id for order in await books.pending()}
            for price, order in sorted(due, key=lambda pair: (pair[0].at, pair[1].id)):
                if order.id in still:
                    await fill_order(books, order, price, self._terms)


def _where(order: Order) -> Where:
    return order.ticker, order.decided_session
