"""Prices from Yahoo through yfinance: split-adjusted by Yahoo, not adjusted for dividends, in USD only.

Yahoo adjusts its history for splits that came later; with an `as_of` in the past, prices of before such a
split are therefore smaller than those that were traded. Yahoo's figures are 32-bit floats in long decimals;
they are read back as the short decimals that they stand for.
"""

import logging
import math
import time
import warnings
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from core.config.settings import YfinanceVendor as YfinanceSettings
from core.domain.bars import Bar
from core.domain.errors import (
    BadVendorData,
    VendorFailure,
    VendorRateLimited,
    VendorTimeout,
    VendorUnreachable,
)
from core.domain.instrument import parse_ticker
from core.domain.values import to_price
from core.market.blocking import off_loop

if TYPE_CHECKING:
    from core.market.yahoo_gate import YahooGate


class Row(NamedTuple):
    """One row of a history, as yfinance gives it: floats, any of which may be NaN."""

    day: date
    open: float
    high: float
    low: float
    close: float
    volume: float


class History(NamedTuple):
    """What yfinance gave: the currency, if it says one, and the rows."""

    currency: str | None
    rows: tuple[Row, ...]


class YfinanceVendor:
    """Yahoo's daily history, fetched in a thread."""

    name: str = "yfinance"
    caveat: str | None = None

    def __init__(self, settings: YfinanceSettings) -> None:
        self._limit_s = settings.timeout_s
        self._base_url = settings.base_url
        self._host = urlsplit(settings.base_url).netloc.rpartition("@")[2] or "Yahoo"
        self._gate: YahooGate | None = None

    async def daily_bars(self, ticker: str, start: date, end: date) -> tuple[Bar, ...]:
        """Return the bars of `ticker` from `start` to `end`; none if Yahoo says that it has no such ticker.

        A session of which a price is missing (Yahoo leaves gaps) is left out.

        Raises:
            BadTicker: the text is no ticker.
            VendorRateLimited: Yahoo asks to slow down.
            VendorTimeout: no answer within the vendor's `timeout_s`.
            VendorUnreachable: no connection, a failure inside yfinance, or an answer without any row, which
                is what yfinance gives when it is offline.
            BadVendorData: prices in another currency than USD, or a price that is not more than zero.
        """
        symbol = parse_ticker(ticker)
        history = await off_loop(self.name, self._limit_s, lambda: self._fetch(symbol, start))
        if history is None:
            return ()
        if not history.rows:
            raise VendorUnreachable(self.name, f"{self._host} gave an empty answer for {symbol}")
        if history.currency not in {None, "USD"}:
            fault = f"the prices are in {history.currency}, not in USD"
            raise BadVendorData(self.name, f"{symbol}: {fault}")
        return tuple(
            self._bar(symbol, row)
            for row in history.rows
            if start <= row.day <= end and not any(math.isnan(price) for price in row[1:5])
        )

    async def present(self, ticker: str) -> datetime | None:
        """Return None: the prices are current."""
        return None

    async def tickers(self) -> tuple[str, ...] | None:
        """Return None: Yahoo knows too many to list."""
        return None

    async def close(self) -> None:
        """Close the connections."""
        if self._gate is not None:
            self._gate.close()
            self._gate = None

    def _fetch(self, symbol: str, start: date) -> History | None:
        from core.market import yahoo_gate

        ends = time.monotonic() + self._limit_s
        yahoo_gate.deadline.set(lambda: ends - time.monotonic())
        if self._gate is None:
            self._gate = yahoo_gate.YahooGate(self._base_url)
        try:
            return _history(self._gate, symbol, start)
        except yahoo_gate.UnknownToYahoo:
            return None
        except Exception as error:  # noqa: BLE001 - yfinance lets through whatever its libraries raise
            raise self._failure(error) from None

    def _failure(self, error: Exception) -> VendorFailure:
        kind = type(error).__name__
        if "RateLimit" in kind:
            return VendorRateLimited(self.name, f"{self._host} asks to slow down")
        if "Timeout" in kind:
            return VendorTimeout(self.name, f"{self._host} gave no answer within {self._limit_s:g} seconds")
        if "Missing" in kind:
            return VendorUnreachable(self.name, f"{self._host} gave no prices in its answer")
        return VendorUnreachable(self.name, f"{self._host} could not be reached or read ({kind})")

    def _bar(self, symbol: str, row: Row) -> Bar:
        try:
            prices = [_price(value) for value in row[1:5]]
            volume = int(row.volume)
            return Bar(
                date=row.day, open=prices[0], high=prices[1], low=prices[2], close=prices[3], volume=volume
            )
        except (ArithmeticError, ValueError):
            raise BadVendorData(self.name, f"{symbol} {row.day}: a price or volume makes no sense") from None


def _history(gate: "YahooGate", symbol: str, start: date) -> History:
    import yfinance

    # Its failures are raised here, so that its log and its use of old pandas need trouble nobody.
    logging.getLogger("yfinance").setLevel(logging.CRITICAL + 1)
    warnings.filterwarnings("ignore", category=DeprecationWarning, module="yfinance")
    yfinance.config.debug.hide_exceptions = False
    ticker = yfinance.Ticker(symbol, session=gate)
    # Without an end: for a range in the past yfinance would keep the answer for the life of the process.
    frame = ticker.history(start=start.isoformat(), interval="1d", auto_adjust=False, actions=False)
    currency = ticker.get_history_metadata().get("currency")
    columns = (frame[name].tolist() for name in ("Open", "High", "Low", "Close", "Volume"))
    rows = zip((stamp.date() for stamp in frame.index), *columns, strict=True)
    return History(str(currency) if currency else None, tuple(Row(*row) for row in rows))


def _price(value: float) -> Decimal:
    import numpy

    single = numpy.float32(value)
    return to_price(str(single) if float(single) == value else value)
