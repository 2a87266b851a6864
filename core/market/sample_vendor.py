"""The bundled sample: real daily bars of a few shares, so that the product works with no key and no network.

Where the files come from stands beside them, in `sample/PROVENANCE.md`.
"""

from datetime import date, datetime
from pathlib import Path

from core.domain.actions import CorporateAction
from core.domain.bars import Bar
from core.domain.instrument import parse_ticker
from core.market.actions_csv import read_actions
from core.market.blocking import off_loop
from core.market.calendar import MarketCalendar
from core.market.daily_csv import read_bars
from core.market.dollars import InDollars

SAMPLE_TICKERS = ("AAPL", "GOOG", "IBM", "MSFT")
SAMPLE_CAVEAT = "Sample prices: real daily bars that end in March 2013, not today's market."
_FOLDER = Path(__file__).parent / "sample"
_READ_LIMIT_S = 10.0


class SampleVendor(InDollars):
    """A fixed archive, in which "now" is the close of the last session but one: the next open is known."""

    name: str = "sample"
    caveat: str | None = SAMPLE_CAVEAT

    def __init__(self, calendar: MarketCalendar) -> None:
        self._calendar = calendar

    async def daily_bars(self, ticker: str, start: date, end: date) -> tuple[Bar, ...]:
        """Return the archive's bars from `start` to `end`; none for a ticker that it does not hold.

        Raises:
            BadTicker: the text is no ticker.
            VendorTimeout: the disk did not answer in time.
        """
        ticker = parse_ticker(ticker)
        if ticker not in SAMPLE_TICKERS:
            return ()
        path = _FOLDER / f"{ticker}.csv"
        return await off_loop(self.name, _READ_LIMIT_S, lambda: read_bars(self.name, path, start, end))

    async def actions(self, ticker: str, start: date, end: date) -> tuple[CorporateAction, ...]:
        """Return the dividends of the archive's sessions from `start` to `end`; it holds no split.

        Raises:
            BadTicker: the text is no ticker.
            VendorTimeout: the disk did not answer in time.
        """
        ticker = parse_ticker(ticker)
        if ticker not in SAMPLE_TICKERS:
            return ()
        path = _FOLDER / f"{ticker}.actions.csv"

        def read() -> tuple[CorporateAction, ...]:
            return read_actions(self.name, path, ticker, start, end)

        return await off_loop(self.name, _READ_LIMIT_S, read)

    async def present(self, ticker: str) -> datetime | None:
        """Return the close of the last session but one, or None for a ticker that the archive lacks."""
        bars = await self.daily_bars(ticker, date.min, date.max)
        return self._calendar.of(ticker).closing(bars[-2].date) if bars else None

    async def tickers(self) -> tuple[str, ...] | None:
        """Return the tickers of the archive."""
        return SAMPLE_TICKERS

    async def close(self) -> None:
        """Do nothing: no file stays open."""
