"""Alpha Vantage on a local socket: its documented JSON, and the sentences it sends with status 200."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from core.clock import Clock
from tests.loopback.alpha_vantage_bodies import NO_ARTICLES, news_feed
from tests.loopback.free_port import on_a_free_port

_ABOUT_COMPANIES = {"OVERVIEW", "INCOME_STATEMENT", "BALANCE_SHEET", "CASH_FLOW", "EARNINGS"}
_PREMIUM = "https://www.alphavantage.co/premium/"
UNKNOWN_SYMBOL = {
    "Error Message": "Invalid API call. Please retry or visit the documentation for TIME_SERIES_DAILY."
}
NO_KEY = {"Error Message": "the parameter apikey is invalid or missing. Please claim your free API key."}
FULL_IS_PAID = {
    "Information": "The outputsize=full parameter value is a premium feature for the TIME_SERIES_DAILY "
    f"endpoint. You may subscribe to any of the premium plans at {_PREMIUM}"
}
OLD_RATE_NOTE = {
    "Note": "Our standard API call frequency is 5 calls per minute and 500 calls per day. Please visit "
    f"{_PREMIUM} if you would like to target a higher API call frequency."
}
BURST_NOTE = {
    "Information": "Please consider spreading out your free API requests more sparingly (1 request per "
    f"second). You may subscribe to any of the premium plans at {_PREMIUM}"
}
DEMO_KEY = {"Information": "The **demo** API key is for demo purposes only. Please claim your free API key."}


def daily_limit(key: str) -> dict[str, str]:
    """The note of a used-up day, in which the vendor repeats the key."""
    return {
        "Information": f"We have detected your API key as {key} and our standard API rate limit is 25 "
        f"requests per day. Please subscribe to any of the premium plans at {_PREMIUM}"
    }


def daily(symbol: str, rows: Sequence[tuple[str, str, str, str, str, str]]) -> dict[str, Any]:
    """A good answer, newest first as the vendor orders it; rows are date, open, high, low, close, volume."""
    names = ("1. open", "2. high", "3. low", "4. close", "5. volume")
    return {
        "Meta Data": {
            "1. Information": "Daily Prices (open, high, low, close) and Volumes",
            "2. Symbol": symbol,
            "3. Last Refreshed": rows[-1][0],
            "4. Output Size": "Compact",
            "5. Time Zone": "US/Eastern",
        },
        "Time Series (Daily)": {
            day: dict(zip(names, figures, strict=True)) for day, *figures in reversed(rows)
        },
    }


def splits(symbol: str, rows: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """A good answer of function=SPLITS, newest first; rows are effective date, factor."""
    return {
        "symbol": symbol,
        "data": [{"effective_date": day, "split_factor": factor} for day, factor in reversed(rows)],
    }


def dividends(symbol: str, rows: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """A good answer of function=DIVIDENDS, newest first; rows are ex-date, amount."""
    return {
        "symbol": symbol,
        "data": [
            {
                "ex_dividend_date": day,
                "declaration_date": "None",
                "record_date": day,
                "payment_date": "None",
                "amount": amount,
            }
            for day, amount in reversed(rows)
        ],
    }


@dataclass
class AlphaVantageServer:
    """Answers from `held`; what lies in `next_answers` is given first, in order.

    With a `clock` it refuses, as to a free key, a question within a second of the one before.
    """

    key: str = "made-up-key"
    paid: bool = True
    held: dict[str, list[tuple[str, str, str, str, str, str]]] = field(default_factory=dict)
    splits: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    dividends: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    told: dict[tuple[str, str], Any] = field(default_factory=dict)
    """Bodies by function and symbol: OVERVIEW, INCOME_STATEMENT, BALANCE_SHEET, CASH_FLOW, EARNINGS."""
    feed: list[dict[str, Any]] = field(default_factory=list)
    market_feed: list[dict[str, Any]] = field(default_factory=list)
    """What is told of companies, and of the markets."""
    next_answers: deque[Any] = field(default_factory=deque)
    asked: list[dict[str, str]] = field(default_factory=list)
    delay_s: float = 0.0
    base_url: str = ""
    clock: Clock | None = None
    asked_at: list[float] = field(default_factory=list)
    """When each question came, in seconds of `clock`."""

    async def answer(self, request: web.Request) -> web.StreamResponse:
        query = dict(request.query)
        self.asked.append(query)
        too_soon = self._is_too_soon()
        await asyncio.sleep(self.delay_s)
        if self.next_answers:
            prepared = self.next_answers.popleft()
            return prepared if isinstance(prepared, web.StreamResponse) else web.json_response(prepared)
        if query.get("apikey") != self.key:
            return web.json_response(NO_KEY)
        return web.json_response(BURST_NOTE) if too_soon else self._good(query)

    def _is_too_soon(self) -> bool:
        if self.clock is None:
            return False
        self.asked_at.append(self.clock.monotonic())
        return len(self.asked_at) > 1 and self.asked_at[-1] - self.asked_at[-2] < 1

    def _good(self, query: dict[str, str]) -> web.StreamResponse:
        symbol = query.get("symbol", "")
        if query.get("function") == "NEWS_SENTIMENT":
            return web.json_response(self._news(query))
        if query.get("function") in _ABOUT_COMPANIES:
            return web.json_response(self.told.get((query["function"], symbol), {}))
        if query.get("function") == "SPLITS":
            return web.json_response(splits(symbol, self.splits.get(symbol, ())))
        if query.get("function") == "DIVIDENDS":
            return web.json_response(dividends(symbol, self.dividends.get(symbol, ())))
        rows = self.held.get(symbol)
        if query.get("function") != "TIME_SERIES_DAILY" or rows is None:
            return web.json_response(UNKNOWN_SYMBOL)
        if query.get("outputsize") == "full":
            return web.json_response(daily(query["symbol"], rows) if self.paid else FULL_IS_PAID)
        return web.json_response(daily(query["symbol"], rows[-100:]))

    def _news(self, query: dict[str, str]) -> dict[str, Any]:
        """Items of the asked ticker (or of the markets where a topic is asked) and time, the newest first."""
        about = query.get("tickers")
        begin, end = query["time_from"], query["time_to"]
        found = [
            item
            for item in (self.market_feed if about is None else self.feed)
            if begin <= item["time_published"][: len(begin)] <= end
            and (about is None or any(told["ticker"] == about for told in item["ticker_sentiment"]))
        ]
        found.sort(key=lambda item: str(item["time_published"]), reverse=True)
        return news_feed(found[: int(query["limit"])]) if found else NO_ARTICLES


@asynccontextmanager
async def alpha_vantage_server() -> AsyncIterator[AlphaVantageServer]:
    """Serve on a free port of 127.0.0.1 until left."""
    server = AlphaVantageServer()
    app = web.Application()
    app.router.add_get("/query", server.answer)
    async with on_a_free_port(app) as server.base_url:
        yield server
