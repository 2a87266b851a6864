"""Prices from Yahoo through yfinance, made as traded again, with splits and dividends.

Yahoo divides its whole history, dividends included, by every split up to the moment of the question. Each
figure is multiplied again by the splits after its day. Yahoo's prices are 32-bit floats in long decimals, and
its dividends are cut to six places: both are read back as the short decimals that they stand for.
"""

import math
from collections.abc import Mapping
from datetime import date, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from typing import TYPE_CHECKING, NamedTuple

from core.config.market import YfinanceVendor as YfinanceSettings
from core.domain.actions import ActionKind, CorporateAction
from core.domain.bars import Bar
from core.domain.errors import BadVendorData, VendorUnreachable
from core.domain.instrument import parse_ticker
from core.domain.values import to_price
from core.market.exchanges import ARENA_CURRENCY, is_foreign
from core.market.splits import growth, split_ratio
from core.market.yahoo_asking import YahooAsking

if TYPE_CHECKING:
    from core.market.yahoo_gate import YahooGate

_SINGLE = Decimal(2) ** -23
"""The relative precision of a 32-bit float."""
_DIVIDEND_SLACK = Decimal("0.0000005")
_SHORT_PLACES = range(2, 6)
_PER_USD = ("EUR", "GBP", "AUD", "NZD")
"""Currencies that are quoted in USD a unit; the others are quoted the other way round, with more digits."""


class Row(NamedTuple):
    """One row of a history, as yfinance gives it: floats, any of which may be NaN.

    `dividend` and `split` are 0 on a day that has none.
    """

    day: date
    open: float
    high: float
    low: float
    close: float
    volume: float
    dividend: float
    split: float

    @property
    def has_prices(self) -> bool:
        """Whether none of the four prices is missing."""
        return not any(math.isnan(price) for price in (self.open, self.high, self.low, self.close))


class History(NamedTuple):
    """What yfinance gave: the currency, if it says one, and the rows."""

    currency: str | None
    rows: tuple[Row, ...]


class YfinanceVendor:
    """Yahoo's daily history, fetched in a thread."""

    name: str = "yfinance"
    caveat: str | None = None

    def __init__(self, settings: YfinanceSettings) -> None:
        # What cannot be read must not make a ticker look unknown: it counts as a failure of Yahoo's.
        self._yahoo = YahooAsking(self.name, settings, unreadable=VendorUnreachable)
        self._currencies: dict[str, str] = {}

    async def daily_bars(self, ticker: str, start: date, end: date) -> tuple[Bar, ...]:
        """Return the bars of `ticker` from `start` to `end`; none if Yahoo says that it has no such ticker.

        A session of which a price is missing (Yahoo leaves gaps) is left out.

        Raises:
            BadTicker: the text is no ticker.
            VendorRateLimited: Yahoo asks to slow down.
            VendorTimeout: no answer within the vendor's `timeout_s`.
            VendorUnreachable: no connection, a failure inside yfinance, or an answer without any row, which
                is what yfinance gives when it is offline.
            BadVendorData: a price or a split that is not more than zero.
        """
        symbol = parse_ticker(ticker)
        rows = await self._rows(symbol, start)
        splits = self._splits(symbol, rows)
        return tuple(
            self._bar(symbol, row, growth(row.day, splits))
            for row in rows
            if start <= row.day <= end and row.has_prices
        )

    async def actions(self, ticker: str, start: date, end: date) -> tuple[CorporateAction, ...]:
        """Return the splits and dividends of `ticker` from `start` to `end`; none if Yahoo does not know it.

        Yahoo's word is taken for the currency of a dividend: that of the price.

        Raises:
            As `daily_bars`.
        """
        symbol = parse_ticker(ticker)
        rows = await self._rows(symbol, start)
        splits = self._splits(symbol, rows)
        paid = [self._dividend(symbol, row, growth(row.day, splits)) for row in rows if _told(row.dividend)]
        return tuple(action for action in (*splits, *paid) if start <= action.ex_date <= end)

    async def currency(self, ticker: str) -> str:
        """Return the currency that Yahoo told with the ticker's last bars or actions.

        Raises:
            BadVendorData: it told none, and the ticker is a listing outside the United States.
        """
        symbol = parse_ticker(ticker)
        told = self._currencies.get(symbol)
        if told is None:
            raise BadVendorData(
                self.name, f"{symbol}: {self._yahoo.host} does not say the currency of its prices"
            )
        return told

    async def usd_rates(self, currency: str, start: date, end: date) -> Mapping[date, Decimal]:
        """Return the daily closes of the currency's pair with the dollar, in USD a unit.

        Raises:
            As `daily_bars`.
        """
        direct = currency in _PER_USD
        pair = f"{currency}USD=X" if direct else f"{currency}=X"
        rows = await self._rows(pair, start)
        bars = (self._bar(pair, row, Decimal(1)) for row in rows if row.has_prices)
        return {bar.date: bar.close if direct else 1 / bar.close for bar in bars if start <= bar.date <= end}

    async def present(self, ticker: str) -> datetime | None:
        """Return None: the prices are current."""
        return None

    async def tickers(self) -> tuple[str, ...] | None:
        """Return None: Yahoo knows too many to list."""
        return None

    async def close(self) -> None:
        """Close the connections."""
        self._yahoo.close()

    async def _rows(self, symbol: str, start: date) -> tuple[Row, ...]:
        """Return Yahoo's rows from `start` to now, and remember the currency; none for an unknown ticker."""
        history = await self._yahoo.ask(lambda gate: self._fetch(gate, symbol, start))
        if history is None:
            return ()
        if not history.rows:
            raise VendorUnreachable(self.name, f"{self._yahoo.host} gave an empty answer for {symbol}")
        told = history.currency or (None if is_foreign(symbol) else ARENA_CURRENCY)
        if told:
            self._currencies[symbol] = told
        return history.rows

    def _fetch(self, gate: "YahooGate", symbol: str, start: date) -> History:
        from yfinance.exceptions import YFTickerMissingError

        try:
            return _history(gate, symbol, start)
        except YFTickerMissingError:
            fault = f"{self._yahoo.host} gave no prices in its answer"
            raise VendorUnreachable(self.name, fault) from None

    def _splits(self, symbol: str, rows: tuple[Row, ...]) -> tuple[CorporateAction, ...]:
        return tuple(
            self._action(symbol, ActionKind.SPLIT, row, split_ratio(_plain(row.split)))
            for row in rows
            if _told(row.split)
        )

    def _dividend(self, symbol: str, row: Row, ratio: Decimal) -> CorporateAction:
        paid = _plain(row.dividend) * ratio
        try:
            amount = _shortest(paid, _DIVIDEND_SLACK * ratio + abs(paid) * _SINGLE)
        except ArithmeticError:
            amount = paid
        return self._action(symbol, ActionKind.DIVIDEND, row, amount)

    def _action(self, symbol: str, kind: ActionKind, row: Row, value: Decimal) -> CorporateAction:
        try:
            return CorporateAction(ticker=symbol, kind=kind, ex_date=row.day, value=value, source=self.name)
        except ValueError:
            raise BadVendorData(self.name, f"{symbol} {row.day}: the {kind} makes no sense") from None

    def _bar(self, symbol: str, row: Row, ratio: Decimal) -> Bar:
        """Return the bar as traded; each of its shares has since become `ratio` shares."""
        try:
            prices = [as_traded(value, ratio) for value in (row.open, row.high, row.low, row.close)]
            volume = int((_plain(row.volume) / ratio).quantize(Decimal(1), ROUND_HALF_EVEN))
            return Bar(
                date=row.day, open=prices[0], high=prices[1], low=prices[2], close=prices[3], volume=volume
            )
        except (ArithmeticError, ValueError):
            raise BadVendorData(self.name, f"{symbol} {row.day}: a price or volume makes no sense") from None


def _history(gate: "YahooGate", symbol: str, start: date) -> History:
    import yfinance

    ticker = yfinance.Ticker(symbol, session=gate)
    # Without an end: for a range in the past yfinance would keep the answer for the life of the process.
    frame = ticker.history(start=start.isoformat(), interval="1d", auto_adjust=False, actions=True)
    currency = ticker.get_history_metadata().get("currency")
    names = ("Open", "High", "Low", "Close", "Volume", "Dividends", "Stock Splits")
    columns = (frame[name].tolist() for name in names)
    rows = zip((stamp.date() for stamp in frame.index), *columns, strict=True)
    return History(str(currency) if currency else None, tuple(Row(*row) for row in rows))


def _told(value: float) -> bool:
    """Say whether a day has an event: yfinance fills the others with zeros."""
    return value != 0 and not math.isnan(value)


def _plain(value: float) -> Decimal:
    """Return the float's shortest text as a number, NaN and infinity included."""
    return Decimal(str(value))


def as_traded(value: float, ratio: Decimal) -> Decimal:
    """Return `ratio` times a price, as the shortest decimal for which Yahoo's float may stand."""
    import numpy

    with numpy.errstate(over="ignore"):
        single = numpy.float32(value)
    if float(single) != value:
        return to_price(_plain(value) * ratio)
    if ratio == 1:
        return to_price(str(single))
    exact = Decimal(value) * ratio
    return _shortest(exact, abs(exact) * _SINGLE)


def _shortest(exact: Decimal, slack: Decimal) -> Decimal:
    """Return the number of the fewest decimals, two to six, that lies within `slack` of `exact`."""
    for places in _SHORT_PLACES:
        short = exact.quantize(Decimal(1).scaleb(-places), ROUND_HALF_EVEN)
        if abs(short - exact) <= slack:
            return to_price(short)
    return to_price(exact)
