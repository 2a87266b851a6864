"""What a price vendor must do."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Protocol

from core.domain.actions import CorporateAction
from core.domain.bars import Bar


class PriceVendor(Protocol):
    """A source of daily bars.

    Empty means absent: the vendor does not know the ticker, or has nothing in the range. Anything else
    that keeps it from answering raises a `core.domain.errors.VendorFailure`. Bars come as traded, adjusted
    neither for splits nor for dividends, in the currency that `currency` tells, in whatever order the
    vendor has them: `core.market.checks` judges them.
    A vendor does not cut at `as_of`: the chain does, for all vendors alike.
    """

    name: str
    caveat: str | None
    """A sentence that must stand wherever a person sees these prices; None for real, current ones."""

    async def daily_bars(self, ticker: str, start: date, end: date) -> tuple[Bar, ...]:
        """Return the daily bars of `ticker` from `start` to `end`, both included."""
        ...

    async def actions(self, ticker: str, start: date, end: date) -> tuple[CorporateAction, ...]:
        """Return the splits and cash dividends whose ex-date lies from `start` to `end`, both included.

        A dividend is what one share of its ex-date was paid, after any split of that day and before any
        later one, in the currency that `currency` tells.
        """
        ...

    async def currency(self, ticker: str) -> str:
        """Return the currency of the ticker's prices: an ISO 4217 code, or GBp, ZAc or ILA for hundredths.

        Asked only after bars or actions of the ticker have been given.
        """
        ...

    async def usd_rates(self, currency: str, start: date, end: date) -> Mapping[date, Decimal]:
        """Return what one unit of an ISO 4217 currency cost in USD at the close of each day it traded.

        Never asked of a vendor whose prices are all in USD.
        """
        ...

    async def present(self, ticker: str) -> datetime | None:
        """Return the moment that is "now" for a fixed archive, or None for a vendor of current prices."""
        ...

    async def tickers(self) -> tuple[str, ...] | None:
        """Return every ticker that the vendor holds, or None when it cannot list them."""
        ...

    async def close(self) -> None:
        """Release connections."""
        ...
