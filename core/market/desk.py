"""One question to one vendor, within a time limit, answered in USD."""

import asyncio
from collections.abc import Awaitable, Mapping, Sequence
from datetime import date, timedelta
from types import MappingProxyType
from typing import NamedTuple, TypeVar

from core.clock import Clock
from core.domain.actions import ActionKind, CorporateAction
from core.domain.bars import Bar
from core.domain.errors import VendorTimeout
from core.market.calendar import MarketCalendar
from core.market.checks import check_actions
from core.market.currencies import RATE_DAYS, Currency, Rate, Rates, currency_from, in_usd
from core.market.memory import RangeMemory
from core.market.port import PriceVendor
from core.market.splits import positive_price

T = TypeVar("T")
NOBODY_WAITS: Mapping[str, float] = MappingProxyType({})


class Priced(NamedTuple):
    """Bars in USD, and the ISO 4217 code of the currency that the vendor quotes them in."""

    bars: tuple[Bar, ...]
    currency: str


class VendorDesk:
    """Asks vendors, and turns into USD what they quote in another currency.

    Splits, dividends and rates are remembered for an hour. `timeout_s` limits each question, in seconds;
    `waits_s` has, by its name, how much more a vendor needs that lets questions wait for their turn.
    """

    def __init__(
        self,
        calendar: MarketCalendar,
        clock: Clock,
        timeout_s: float,
        waits_s: Mapping[str, float] = NOBODY_WAITS,
    ) -> None:
        self._calendar = calendar
        self._timeout_s = timeout_s
        self._waits_s = waits_s
        self._actions: RangeMemory[CorporateAction] = RangeMemory(clock)
        self._rates: RangeMemory[Rate] = RangeMemory(clock)

    async def within(self, vendor: PriceVendor, question: Awaitable[T]) -> T:
        """Return the answer.

        Raises:
            VendorTimeout: it did not come within the limit.
        """
        limit_s = self._timeout_s + self._waits_s.get(vendor.name, 0.0)
        try:
            async with asyncio.timeout(limit_s):
                return await question
        except TimeoutError:
            raise VendorTimeout(vendor.name, f"no answer within {limit_s:g} seconds") from None

    async def bars(self, vendor: PriceVendor, ticker: str, start: date, end: date) -> Priced:
        """Return the vendor's bars as traded, in USD, in whatever order it has them."""
        bars = await self.within(vendor, vendor.daily_bars(ticker, start, end))
        currency = await self._currency(vendor, ticker) if bars else Currency("USD")
        if currency.is_arena:
            return Priced(bars, currency.code)
        days = [bar.date for bar in bars]
        rates = await self._rates_of(vendor, currency, min(days), max(days))
        opening = self._calendar.of(ticker).opening
        return Priced(tuple(in_usd(bar, rates.usd(ticker, opening(bar.date))) for bar in bars), currency.code)

    async def actions(
        self, vendor: PriceVendor, ticker: str, start: date, end: date
    ) -> tuple[CorporateAction, ...]:
        """Return the checked splits and dividends from `start` to `end`, in order of date, splits first.

        Dividends are in USD, at the rate that was known when their session opened.
        """

        async def ask(first: date, last: date) -> Sequence[CorporateAction]:
            return await self.within(vendor, vendor.actions(ticker, first, last))

        said = await self._actions.recall(vendor.name, ticker, start, end, ask)
        found = sorted(
            (action for action in said if start <= action.ex_date <= end),
            key=lambda action: (action.ex_date, action.kind is ActionKind.DIVIDEND),
        )
        check_actions(vendor.name, ticker, found)
        return await self._in_usd(vendor, ticker, found)

    async def _in_usd(
        self, vendor: PriceVendor, ticker: str, actions: Sequence[CorporateAction]
    ) -> tuple[CorporateAction, ...]:
        paid = [action.ex_date for action in actions if action.kind is ActionKind.DIVIDEND]
        currency = await self._currency(vendor, ticker) if paid else Currency("USD")
        if currency.is_arena:
            return tuple(actions)
        rates = await self._rates_of(vendor, currency, paid[0], paid[-1])
        opening = self._calendar.of(ticker).opening
        return tuple(
            action.model_copy(
                update={"value": positive_price(action.value * rates.usd(ticker, opening(action.ex_date)))}
            )
            if action.kind is ActionKind.DIVIDEND
            else action
            for action in actions
        )

    async def _currency(self, vendor: PriceVendor, ticker: str) -> Currency:
        told = await self.within(vendor, vendor.currency(ticker))
        return currency_from(vendor.name, ticker, told)

    async def _rates_of(self, vendor: PriceVendor, currency: Currency, start: date, end: date) -> Rates:
        async def ask(first: date, last: date) -> Sequence[Rate]:
            found = await self.within(vendor, vendor.usd_rates(currency.code, first, last))
            return [Rate(day, usd) for day, usd in found.items() if usd > 0]

        early = start - timedelta(days=RATE_DAYS + 2)
        said = await self._rates.recall(vendor.name, currency.code, early, end, ask)
        return Rates(vendor.name, currency, said)
