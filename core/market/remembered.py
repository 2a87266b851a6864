"""A vendor whose bars are asked for once and kept, for a replay that looks at them session after session."""

import asyncio
from bisect import bisect_left, bisect_right
from datetime import date, datetime
from decimal import Decimal

from core.domain.actions import CorporateAction
from core.domain.bars import Bar
from core.market.port import PriceVendor

_MOST_TICKERS = 2000


class RememberedVendor:
    """Another vendor's bars from `start` to `end`, asked for once a ticker; other ranges go to it directly.

    Bars come in order of date. All else is the other vendor's.
    """

    def __init__(self, vendor: PriceVendor, start: date, end: date) -> None:
        self.name = vendor.name
        self.caveat = vendor.caveat
        self._vendor = vendor
        self._start = start
        self._end = end
        self._kept: dict[str, tuple[list[date], tuple[Bar, ...]]] = {}
        self._asking: dict[str, asyncio.Lock] = {}

    async def daily_bars(self, ticker: str, start: date, end: date) -> tuple[Bar, ...]:
        """Return the bars of `ticker` from `start` to `end`, both included; raises what the vendor raises."""
        if start < self._start or end > self._end or len(self._kept) >= _MOST_TICKERS:
            return await self._vendor.daily_bars(ticker, start, end)
        async with self._asking.setdefault(ticker, asyncio.Lock()):
            if ticker not in self._kept:
                found = await self._vendor.daily_bars(ticker, self._start, self._end)
                bars = tuple(sorted(found, key=lambda bar: bar.date))
                self._kept[ticker] = [bar.date for bar in bars], bars
        days, bars = self._kept[ticker]
        return bars[bisect_left(days, start) : bisect_right(days, end)]

    async def actions(self, ticker: str, start: date, end: date) -> tuple[CorporateAction, ...]:
        """Return the vendor's splits and dividends."""
        return await self._vendor.actions(ticker, start, end)

    async def currency(self, ticker: str) -> str:
        """Return the vendor's currency of a ticker."""
        return await self._vendor.currency(ticker)

    async def usd_rates(self, currency: str, start: date, end: date) -> dict[date, Decimal]:
        """Return the vendor's rates."""
        return dict(await self._vendor.usd_rates(currency, start, end))

    async def present(self, ticker: str) -> datetime | None:
        """Return the vendor's present."""
        return await self._vendor.present(ticker)

    async def tickers(self) -> tuple[str, ...] | None:
        """Return what the vendor holds."""
        return await self._vendor.tickers()

    async def close(self) -> None:
        """Close the vendor."""
        await self._vendor.close()
