"""Posts from StockTwits: the newest 30 about a symbol, some marked Bullish or Bearish by who wrote them.

The service cannot be asked by time, so for the past it mostly has nothing. It needs no key; it serves some
200 requests an hour to one address.
"""

import html
import re
from datetime import datetime
from decimal import Decimal
from typing import Any

from pydantic import BaseModel

from core.clock import Clock
from core.config.market import StocktwitsVendor as StocktwitsSettings
from core.domain.evidence_items import Mood
from core.domain.instrument import parse_ticker
from core.market.exchanges import is_foreign
from core.market.json_http import ENOUGH, JsonHttp, Moment, Status
from core.market.ticker_words import coin_of

_OK = 200
_NOT_FOUND = 404
_SCORES = {"Bullish": Decimal(1), "Bearish": Decimal(-1)}
_USERNAME = re.compile(r"[A-Za-z0-9_.-]{1,60}", re.ASCII)


class _Feeling(BaseModel):
    basic: str | None = None


class _Entities(BaseModel):
    sentiment: _Feeling | None = None


class _User(BaseModel):
    username: str = ""


class _Message(BaseModel):
    id: int
    body: str
    created_at: Moment | None = None
    entities: _Entities | None = None
    user: _User | None = None


class _Symbol(BaseModel):
    symbol: str


class _Stream(BaseModel):
    symbol: _Symbol
    messages: list[Any]


class _Status(BaseModel):
    status: Status = _OK


class _Said(BaseModel):
    response: _Status = _Status()


class StocktwitsVendor:
    """Posts over HTTP; the connection is opened at the first question."""

    name: str = "stocktwits"

    def __init__(self, settings: StocktwitsSettings, clock: Clock) -> None:
        self._http = JsonHttp(self.name, settings.base_url, settings.timeout_s)

    async def moods(self, ticker: str, since: datetime, until: datetime) -> tuple[Mood, ...]:
        """Return the newest posts about the instrument; those marked Bullish score 1, Bearish -1.

        The times are not used: the service cannot be asked by time. Nobody is asked about what has no symbol
        there that surely means the same: listings outside the United States, indices, futures, currencies.

        Raises:
            BadTicker: the text is no ticker.
            VendorRateLimited: the address has asked too often.
            VendorTimeout: no answer within the vendor's `timeout_s`.
            VendorUnreachable: no connection, or a refusal.
            BadVendorData: the answer is not what the service documents.
        """
        symbol = stocktwits_symbol(parse_ticker(ticker))
        if symbol is None:
            return ()
        async with self._http.in_time():
            reply = await self._http.get(f"/api/2/streams/symbol/{symbol}.json", {}, also={_NOT_FOUND})
        if reply.body is None and reply.status != _OK:
            raise self._http.refused(reply.status)  # these are not the service's own words
        # The service names its status in the body, too.
        status = self._http.read(reply.body, _Said, symbol).response.status
        if _NOT_FOUND in {status, reply.status}:
            return ()
        if status != _OK:
            raise self._http.refused(status)
        stream = self._http.read(reply.body, _Stream, symbol)
        if stream.symbol.symbol.upper() != symbol:
            raise self._http.bad(symbol, "the answer is about another symbol")
        messages = self._http.each(stream.messages, _Message, symbol)
        moods = (self._mood(message) for message in messages)
        return tuple(mood for mood in moods if mood.text or mood.score is not None)

    async def close(self) -> None:
        """Close the connection."""
        await self._http.close()

    def _mood(self, message: _Message) -> Mood:
        marked = message.entities.sentiment if message.entities else None
        return Mood(
            vendor=self.name,
            at=message.created_at,
            text=html.unescape(message.body[:ENOUGH]),
            score=_SCORES.get(marked.basic or "") if marked else None,
            url=_link(message),
        )


def stocktwits_symbol(ticker: str) -> str | None:
    """Return what StockTwits calls a ticker, BTC.X for BTC-USD, BRK.B for BRK-B; None where nobody knows."""
    if coin := coin_of(ticker):
        return f"{coin}.X"
    if is_foreign(ticker) or "^" in ticker or "=" in ticker:
        return None
    return ticker.replace("-", ".")


def _link(message: _Message) -> str | None:
    name = message.user.username if message.user else ""
    known = _USERNAME.fullmatch(name) and 0 < message.id < 10**18
    return f"https://stocktwits.com/{name}/message/{message.id}" if known else None
