"""Prices from Alpha Vantage, as traded (not adjusted for splits).

The service answers almost everything with status 200 and says in the body what is wrong, sometimes with
our key in the sentence: nothing that it says is repeated. A free key gets the newest 100 bars only.
"""

import asyncio
import json
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any
from urllib.parse import urlsplit

import aiohttp
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from core.clock import Clock
from core.config.settings import AlphaVantageVendor as AlphaVantageSettings
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

COMPACT_BARS = 100
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


class AlphaVantageVendor:
    """Daily bars over HTTP; the connection is opened at the first question."""

    name: str = "alpha_vantage"
    caveat: str | None = None

    def __init__(self, settings: AlphaVantageSettings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._host = urlsplit(settings.base_url).netloc.rpartition("@")[2]
        self._session: aiohttp.ClientSession | None = None
        self._full_is_refused = False

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
        try:
            key = self._settings.key.reveal()
        except ConfigError as error:
            raise VendorNotConfigured(self.name, f"no key, {str(error).rstrip('.')}") from None
        recent = (self._clock.now().date() - start).days <= _COMPACT_DAYS
        try:
            async with asyncio.timeout(self._settings.timeout_s):
                body = await self._ask(symbol, key, full=not recent and not self._full_is_refused)
                if _full_is_paid(body):
                    self._full_is_refused = True
                    await self._clock.sleep(_PAUSE_S)
                    body = await self._ask(symbol, key, full=False)
        except TimeoutError:
            limit = f"{self._settings.timeout_s:g}"
            raise VendorTimeout(self.name, f"{self._host} gave no answer within {limit} seconds") from None
        return self._bars(symbol, body, start, end)

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

    async def _ask(self, symbol: str, key: str, *, full: bool) -> dict[str, Any]:
        query = {
            "function": "TIME_SERIES_DAILY",
            "symbol": symbol,
            "outputsize": "full" if full else "compact",
            "apikey": key,
        }
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
            raise BadVendorData(self.name, f"{symbol}: {self._host} did not answer with a JSON object")
        return body

    def _bars(self, symbol: str, body: dict[str, Any], start: date, end: date) -> tuple[Bar, ...]:
        error = str(body.get("Error Message", "")).lower()
        notes = f"{body.get('Note', '')} {body.get('Information', '')}".strip().lower()
        if notes or "apikey" in error:
            raise self._refusal(notes or error)
        if error:
            return ()  # the same sentence for an unknown ticker as for any call that it cannot serve
        try:
            answer = _Answer.model_validate(body)
        except ValidationError as mismatch:
            place = ".".join(str(part) for part in mismatch.errors(include_input=False)[0]["loc"])
            fault = f"the answer is not of the documented shape (at {place[:80]})"
            raise BadVendorData(self.name, f"{symbol}: {fault}") from None
        if answer.meta.symbol.upper() != symbol:
            raise BadVendorData(self.name, f"{symbol}: the answer is about another ticker")
        return tuple(_bar(day, row) for day, row in sorted(answer.series.items()) if start <= day <= end)

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
