"""Prices from Alpha Vantage, as traded (not adjusted for splits), with splits and dividends.

A free key gets the newest 100 bars only, and may ask once a second: all questions of a key wait for one and
the same turn, those for other evidence among them (`core.market.alpha_vantage_http`). The service does not
say in which currency a daily series is, so listings outside the United States are refused.
"""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from core.clock import Clock
from core.config.market import AlphaVantageVendor as AlphaVantageSettings
from core.domain.actions import ActionKind, CorporateAction
from core.domain.bars import Bar
from core.domain.errors import BadVendorData
from core.domain.instrument import parse_ticker
from core.domain.values import PRICE_STEP, to_price
from core.market.alpha_vantage_http import NAME, connection
from core.market.dollars import InDollars
from core.market.exchanges import is_foreign
from core.market.splits import split_ratio
from core.market.vendor_edge import no_flag

_COMPACT_DAYS = 140
"""Calendar days back within which the newest 100 bars surely reach (holidays and weekends counted)."""


_Number = Annotated[Decimal, BeforeValidator(no_flag), Field(ge=PRICE_STEP, le=10**12, allow_inf_nan=False)]
_Volume = Annotated[int, BeforeValidator(no_flag), Field(ge=0, le=10**18)]


class _Row(BaseModel):
    open: _Number = Field(alias="1. open")
    high: _Number = Field(alias="2. high")
    low: _Number = Field(alias="3. low")
    close: _Number = Field(alias="4. close")
    volume: _Volume = Field(alias="5. volume")


class _Meta(BaseModel):
    symbol: str = Field(alias="2. Symbol")


class _Answer(BaseModel):
    model_config = ConfigDict(extra="ignore")

    meta: _Meta = Field(alias="Meta Data")
    series: dict[date, _Row] = Field(alias="Time Series (Daily)")


_Amount = Annotated[Decimal, BeforeValidator(no_flag), Field(ge=0, le=10**9, allow_inf_nan=False)]


class _SplitRow(BaseModel):
    day: date = Field(alias="effective_date")
    value: _Amount = Field(alias="split_factor", gt=0)


class _DividendRow(BaseModel):
    day: date = Field(alias="ex_dividend_date")
    value: _Amount = Field(alias="amount")


class _Splits(BaseModel):
    symbol: str
    data: tuple[_SplitRow, ...]


class _Dividends(BaseModel):
    symbol: str
    data: tuple[_DividendRow, ...]


class AlphaVantageVendor(InDollars):
    """Daily bars over HTTP; the connection is opened at the first question."""

    name: str = NAME
    caveat: str | None = None

    def __init__(self, settings: AlphaVantageSettings, clock: Clock) -> None:
        self._clock = clock
        self._http = connection(settings, clock)
        self._full_is_refused = False

    async def daily_bars(self, ticker: str, start: date, end: date) -> tuple[Bar, ...]:
        """Return the bars of `ticker` from `start` to `end`, oldest first; none for an unknown ticker.

        Asks for the whole history when the newest 100 bars may not reach back to `start`, and contents
        itself with those when the key does not pay for more.

        Raises:
            BadTicker: the text is no ticker.
            VendorNotConfigured: there is no key, or the service does not accept it.
            VendorRateLimited: the key's requests are used up for now, or too many questions wait.
            VendorTimeout: no answer within the vendor's `timeout_s` from the turn of the question.
            VendorUnreachable: no connection, or an HTTP status other than 200.
            BadVendorData: the answer is not what the service documents.
        """
        symbol = parse_ticker(ticker)
        recent = (self._clock.now().date() - start).days <= _COMPACT_DAYS
        body = await self._series(symbol, full=not recent and not self._full_is_refused)
        if _full_is_paid(body):
            self._full_is_refused = True
            body = await self._series(symbol, full=False)
        return self._bars(symbol, body, start, end)

    async def actions(self, ticker: str, start: date, end: date) -> tuple[CorporateAction, ...]:
        """Return the splits and dividends of `ticker` from `start` to `end`; none for an unknown ticker.

        Two questions. Dividends of zero, which the service files for some declarations, are left out.

        Raises:
            As `daily_bars`.
        """
        symbol = parse_ticker(ticker)
        splits = await self._http.ask(symbol, {"function": "SPLITS", "symbol": symbol})
        dividends = await self._http.ask(symbol, {"function": "DIVIDENDS", "symbol": symbol})
        return (
            *self._actions(symbol, splits, ActionKind.SPLIT, start, end),
            *self._actions(symbol, dividends, ActionKind.DIVIDEND, start, end),
        )

    async def currency(self, ticker: str) -> str:
        """Return USD.

        Raises:
            BadVendorData: the ticker is a listing outside the United States.
        """
        if is_foreign(ticker):
            raise BadVendorData(self.name, f"{ticker}: the service does not say the currency of its prices")
        return await super().currency(ticker)

    async def present(self, ticker: str) -> datetime | None:
        """Return None: the prices are current."""
        return None

    async def tickers(self) -> tuple[str, ...] | None:
        """Return None: the service knows too many to list."""
        return None

    async def close(self) -> None:
        """Close the connection."""
        await self._http.close()

    async def _series(self, symbol: str, *, full: bool) -> dict[str, Any]:
        size = "full" if full else "compact"
        query = {"function": "TIME_SERIES_DAILY", "symbol": symbol, "outputsize": size}
        return await self._http.ask(symbol, query)

    def _bars(self, symbol: str, body: dict[str, Any], start: date, end: date) -> tuple[Bar, ...]:
        answer = self._http.read(symbol, body, _Answer)
        if answer is None:
            return ()
        self._check_symbol(symbol, answer.meta.symbol)
        return tuple(_bar(day, row) for day, row in sorted(answer.series.items()) if start <= day <= end)

    def _actions(
        self, symbol: str, body: dict[str, Any], kind: ActionKind, start: date, end: date
    ) -> tuple[CorporateAction, ...]:
        answer: _Splits | _Dividends | None
        if kind is ActionKind.SPLIT:
            answer = self._http.read(symbol, body, _Splits)
        else:
            answer = self._http.read(symbol, body, _Dividends)
        if answer is None:
            return ()
        self._check_symbol(symbol, answer.symbol)
        return tuple(
            CorporateAction(
                ticker=symbol,
                kind=kind,
                ex_date=row.day,
                value=split_ratio(row.value) if kind is ActionKind.SPLIT else row.value,
                source=self.name,
            )
            for row in answer.data
            if start <= row.day <= end and row.value
        )

    def _check_symbol(self, symbol: str, told: str) -> None:
        if told.upper() != symbol:
            raise BadVendorData(self.name, f"{symbol}: the answer is about another ticker")


def _full_is_paid(body: dict[str, Any]) -> bool:
    said = str(body.get("Information", "")).lower()
    return "outputsize=full" in said and "premium" in said


def _bar(day: date, row: _Row) -> Bar:
    return Bar(
        date=day,
        open=to_price(row.open),
        high=to_price(row.high),
        low=to_price(row.low),
        close=to_price(row.close),
        volume=row.volume,
    )
