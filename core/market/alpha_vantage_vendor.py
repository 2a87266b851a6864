"""Prices from Alpha Vantage, as traded (not adjusted for splits), with splits and dividends.

The service answers almost everything with status 200 and says in the body what is wrong, sometimes with
our key in the sentence: nothing that it says is repeated. A free key gets the newest 100 bars only. It does
not say in which currency a daily series is, so listings outside the United States are refused.
"""

import asyncio
import json
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal, TypeVar
from urllib.parse import urlsplit

import aiohttp
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from core.clock import Clock
from core.config.market import AlphaVantageVendor as AlphaVantageSettings
from core.domain.actions import ActionKind, CorporateAction
from core.domain.bars import Bar
from core.domain.errors import (
    BadVendorData,
    ConfigError,
    VendorFailure,
    VendorNotConfigured,
    VendorRateLimited,
    VendorTimeout,
    VendorUnreachable,
)
from core.domain.instrument import parse_ticker
from core.domain.values import PRICE_STEP, to_price
from core.market.dollars import InDollars
from core.market.exchanges import is_foreign
from core.market.splits import split_ratio

_COMPACT_DAYS = 140
"""Calendar days back within which the newest 100 bars surely reach (holidays and weekends counted)."""
_PAUSE_S = 1.2
"""Free keys may ask once a second."""
_BODY_LIMIT = 32 * 1024 * 1024
_OK = 200
_TOO_MANY_REQUESTS = 429


def _text_or_number(value: object) -> object:
    if isinstance(value, bool):
        raise ValueError("must be a number")  # noqa: TRY004 - Pydantic wants ValueError
    return value


_Number = Annotated[
    Decimal, BeforeValidator(_text_or_number), Field(ge=PRICE_STEP, le=10**12, allow_inf_nan=False)
]
_Volume = Annotated[int, BeforeValidator(_text_or_number), Field(ge=0, le=10**18)]


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


_Amount = Annotated[Decimal, BeforeValidator(_text_or_number), Field(ge=0, le=10**9, allow_inf_nan=False)]


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


A = TypeVar("A", bound=BaseModel)


class AlphaVantageVendor(InDollars):
    """Daily bars over HTTP; the connection is opened at the first question."""

    name: str = "alpha_vantage"
    caveat: str | None = None

    def __init__(self, settings: AlphaVantageSettings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._host = urlsplit(settings.base_url).netloc.rpartition("@")[2]
        self._session: aiohttp.ClientSession | None = None
        self._full_is_refused = False
        self._asked_at: datetime | None = None

    async def daily_bars(self, ticker: str, start: date, end: date) -> tuple[Bar, ...]:
        """Return the bars of `ticker` from `start` to `end`, oldest first; none for an unknown ticker.

        Asks for the whole history when the newest 100 bars may not reach back to `start`, and contents
        itself with those when the key does not pay for more.

        Raises:
            BadTicker: the text is no ticker.
            VendorNotConfigured: there is no key, or the service does not accept it.
            VendorRateLimited: the key's requests are used up for now.
            VendorTimeout: no answer within the vendor's `timeout_s`, retries included.
            VendorUnreachable: no connection, or an HTTP status other than 200.
            BadVendorData: the answer is not what the service documents.
        """
        symbol = parse_ticker(ticker)
        key = self._key()
        recent = (self._clock.now().date() - start).days <= _COMPACT_DAYS
        try:
            async with asyncio.timeout(self._settings.timeout_s):
                body = await self._series(symbol, key, full=not recent and not self._full_is_refused)
                if _full_is_paid(body):
                    self._full_is_refused = True
                    await self._clock.sleep(_PAUSE_S)
                    body = await self._series(symbol, key, full=False)
        except TimeoutError:
            raise self._too_slow() from None
        return self._bars(symbol, body, start, end)

    async def actions(self, ticker: str, start: date, end: date) -> tuple[CorporateAction, ...]:
        """Return the splits and dividends of `ticker` from `start` to `end`; none for an unknown ticker.

        Two questions, with a pause that a free key needs. Dividends of zero, which the service files for some
        declarations, are left out.

        Raises:
            As `daily_bars`.
        """
        symbol = parse_ticker(ticker)
        key = self._key()
        try:
            async with asyncio.timeout(self._settings.timeout_s):
                splits = await self._paced(symbol, key, "SPLITS")
                dividends = await self._paced(symbol, key, "DIVIDENDS")
        except TimeoutError:
            raise self._too_slow() from None
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
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _key(self) -> str:
        try:
            return self._settings.key.reveal()
        except ConfigError as error:
            raise VendorNotConfigured(self.name, f"no key, {str(error).rstrip('.')}") from None

    def _too_slow(self) -> VendorTimeout:
        limit = f"{self._settings.timeout_s:g}"
        return VendorTimeout(self.name, f"{self._host} gave no answer within {limit} seconds")

    async def _series(self, symbol: str, key: str, *, full: bool) -> dict[str, Any]:
        size = "full" if full else "compact"
        return await self._ask(
            {"function": "TIME_SERIES_DAILY", "symbol": symbol, "outputsize": size, "apikey": key}
        )

    async def _paced(self, symbol: str, key: str, function: Literal["SPLITS", "DIVIDENDS"]) -> dict[str, Any]:
        """Ask, but not within a second of the question before."""
        now = self._clock.now()
        since = (now - self._asked_at).total_seconds() if self._asked_at else _PAUSE_S
        if since < _PAUSE_S:
            await self._clock.sleep(_PAUSE_S - since)
        return await self._ask({"function": function, "symbol": symbol, "apikey": key})

    async def _ask(self, query: dict[str, str]) -> dict[str, Any]:
        self._asked_at = self._clock.now()
        if self._session is None or self._session.closed:
            self._session = aiohttp.ClientSession()
        address = f"{self._settings.base_url.rstrip('/')}/query"
        # What aiohttp raises may hold the address with the key, so it is neither repeated nor chained.
        try:
            async with self._session.get(address, params=query, allow_redirects=False) as response:
                status = response.status
                text = await _text(response)
        except aiohttp.ClientError as error:
            kind = type(error).__name__
            raise VendorUnreachable(self.name, f"{self._host} could not be reached ({kind})") from None
        if status == _TOO_MANY_REQUESTS:
            raise VendorRateLimited(self.name, f"{self._host} asks to slow down (HTTP {status})")
        if status != _OK:
            raise VendorUnreachable(self.name, f"{self._host} answered HTTP {status}")
        try:
            body = json.loads(text or "", parse_float=Decimal)
        except (ValueError, RecursionError):
            body = None
        if not isinstance(body, dict):
            fault = f"{query['symbol']}: {self._host} did not answer with a JSON object"
            raise BadVendorData(self.name, fault)
        return body

    def _bars(self, symbol: str, body: dict[str, Any], start: date, end: date) -> tuple[Bar, ...]:
        answer = self._read(symbol, body, _Answer)
        if answer is None:
            return ()
        self._check_symbol(symbol, answer.meta.symbol)
        return tuple(_bar(day, row) for day, row in sorted(answer.series.items()) if start <= day <= end)

    def _actions(
        self, symbol: str, body: dict[str, Any], kind: ActionKind, start: date, end: date
    ) -> tuple[CorporateAction, ...]:
        answer: _Splits | _Dividends | None
        if kind is ActionKind.SPLIT:
            answer = self._read(symbol, body, _Splits)
        else:
            answer = self._read(symbol, body, _Dividends)
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

    def _read(self, symbol: str, body: dict[str, Any], shape: type[A]) -> A | None:
        """Return the body as `shape`, or None when the service does not know the symbol."""
        error = str(body.get("Error Message", "")).lower()
        notes = f"{body.get('Note', '')} {body.get('Information', '')}".strip().lower()
        if notes or "apikey" in error:
            raise self._refusal(notes or error)
        if error:
            return None  # the same sentence for an unknown ticker as for any call that it cannot serve
        try:
            return shape.model_validate(body)
        except ValidationError as mismatch:
            place = ".".join(str(part) for part in mismatch.errors(include_input=False)[0]["loc"])
            fault = f"the answer is not of the documented shape (at {place[:80]})"
            raise BadVendorData(self.name, f"{symbol}: {fault}") from None

    def _check_symbol(self, symbol: str, told: str) -> None:
        if told.upper() != symbol:
            raise BadVendorData(self.name, f"{symbol}: the answer is about another ticker")

    def _refusal(self, said: str) -> VendorFailure:
        if "apikey" in said or "demo" in said:
            return VendorNotConfigured(self.name, f"{self._host} does not accept the key")
        if "premium feature" in said or "premium endpoint" in said:
            return VendorNotConfigured(self.name, f"{self._host} wants a paid key for this")
        return VendorRateLimited(self.name, f"{self._host} says that the key's requests are used up for now")


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


async def _text(response: aiohttp.ClientResponse) -> str | None:
    """Return the body, or None if it is longer than any series of bars could be."""
    parts, length = [], 0
    async for part in response.content.iter_any():
        length += len(part)
        if length > _BODY_LIMIT:
            return None
        parts.append(part)
    return b"".join(parts).decode("utf-8", "replace")
