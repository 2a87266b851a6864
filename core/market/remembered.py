"""A vendor that is asked once for what it knows, for a replay that looks at it session after session."""

import asyncio
from bisect import bisect_left, bisect_right
from collections.abc import Awaitable, Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Generic, TypeVar

from core.domain.actions import CorporateAction
from core.domain.bars import Bar
from core.market.port import PriceVendor

_MOST_NAMES = 2000

T = TypeVar("T")


class RememberedVendor:
    """Another vendor's answers for all days from `start` to `end`, each asked for once.

    Other ranges, and what is beyond two thousand names, go to it directly. Failures are not kept. Bars come
    in order of date. For a replay alone: the present is never remembered.
    """

    def __init__(self, vendor: PriceVendor, start: date, end: date) -> None:
        self.name = vendor.name
        self.caveat = vendor.caveat
        self._vendor = vendor
        self._start = start
        self._end = end
        self._bars: _Kept[tuple[list[date], tuple[Bar, ...]]] = _Kept()
        self._actions: _Kept[tuple[CorporateAction, ...]] = _Kept()
        self._currencies: _Kept[str] = _Kept()
        self._rates: _Kept[dict[date, Decimal]] = _Kept()

    async def daily_bars(self, ticker: str, start: date, end: date) -> tuple[Bar, ...]:
        """Return the bars of `ticker` from `start` to `end`, both included; raises what the vendor raises."""
        if self._is_outside(start, end) or not self._bars.has_room_for(ticker):
            return await self._vendor.daily_bars(ticker, start, end)

        async def ask() -> tuple[list[date], tuple[Bar, ...]]:
            found = await self._vendor.daily_bars(ticker, self._start, self._end)
            bars = tuple(sorted(found, key=lambda bar: bar.date))
            return [bar.date for bar in bars], bars

        days, bars = await self._bars.of(ticker, ask)
        return bars[bisect_left(days, start) : bisect_right(days, end)]

    async def actions(self, ticker: str, start: date, end: date) -> tuple[CorporateAction, ...]:
        """Return the vendor's splits and dividends from `start` to `end`, both included."""
        if self._is_outside(start, end) or not self._actions.has_room_for(ticker):
            return await self._vendor.actions(ticker, start, end)
        known = await self._actions.of(ticker, lambda: self._vendor.actions(ticker, self._start, self._end))
        return tuple(action for action in known if start <= action.ex_date <= end)

    async def currency(self, ticker: str) -> str:
        """Return the vendor's currency of a ticker."""
        if not self._currencies.has_room_for(ticker):
            return await self._vendor.currency(ticker)
        return await self._currencies.of(ticker, lambda: self._vendor.currency(ticker))

    async def usd_rates(self, currency: str, start: date, end: date) -> dict[date, Decimal]:
        """Return the vendor's rates from `start` to `end`, both included."""
        if self._is_outside(start, end) or not self._rates.has_room_for(currency):
            return dict(await self._vendor.usd_rates(currency, start, end))

        async def ask() -> dict[date, Decimal]:
            return dict(await self._vendor.usd_rates(currency, self._start, self._end))

        known = await self._rates.of(currency, ask)
        return {day: usd for day, usd in known.items() if start <= day <= end}

    async def present(self, ticker: str) -> datetime | None:
        """Return the vendor's present."""
        return await self._vendor.present(ticker)

    async def tickers(self) -> tuple[str, ...] | None:
        """Return what the vendor holds."""
        return await self._vendor.tickers()

    async def close(self) -> None:
        """Close the vendor."""
        await self._vendor.close()

    def _is_outside(self, start: date, end: date) -> bool:
        return start < self._start or end > self._end


class _Kept(Generic[T]):
    """Answers by name, each asked for once however many ask at a time."""

    def __init__(self) -> None:
        self._answers: dict[str, T] = {}
        self._asking: dict[str, asyncio.Lock] = {}

    def has_room_for(self, name: str) -> bool:
        """Say whether the answer is kept, or can be."""
        return name in self._answers or len(self._answers) < _MOST_NAMES

    async def of(self, name: str, ask: Callable[[], Awaitable[T]]) -> T:
        """Return the answer that is kept, or the one that `ask` gives."""
        if name not in self._answers:
            async with self._asking.setdefault(name, asyncio.Lock()):
                if name not in self._answers:
                    self._answers[name] = await ask()
        return self._answers[name]
