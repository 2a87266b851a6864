"""What a price vendor must do."""

from datetime import date, datetime
from typing import Protocol

from core.domain.bars import Bar


class PriceVendor(Protocol):
    """A source of daily bars.

    Empty means absent: the vendor does not know the ticker, or has no bar in the range. Anything else
    that keeps it from answering raises a `core.domain.errors.VendorFailure`. Bars come unadjusted for
    dividends, in USD, in whatever order the vendor has them: `core.market.checks` judges them.
    A vendor does not cut at `as_of`: the chain does, for all vendors alike.
    """

    name: str
    caveat: str | None
    """A sentence that must stand wherever a person sees these prices; None for real, current ones."""

    async def daily_bars(self, ticker: str, start: date, end: date) -> tuple[Bar, ...]:
        """Return the daily bars of `ticker` from `start` to `end`, both included."""
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
