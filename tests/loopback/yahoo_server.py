"""Yahoo on a local socket, as yfinance asks it: cookie, crumb, consent, charts, news, statements, profiles.

As with the real one, profiles are for those only who bring the crumb that belongs to their cookie.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from aiohttp import web

from tests.loopback.free_port import on_a_free_port
from tests.loopback.yahoo_evidence import (
    INVALID_CRUMB,
    failed,
    news_answer,
    profile_answer,
    search_answer,
    series_answer,
)

NEW_YORK = ZoneInfo("America/New_York")
NOT_FOUND = {
    "chart": {
        "result": None,
        "error": {"code": "Not Found", "description": "No data found, symbol may be delisted"},
    }
}
Row = tuple[str, float | None, float | None, float | None, float | None, int | None]


def chart(
    symbol: str,
    rows: Sequence[Row],
    currency: str | None = "USD",
    *,
    splits: Sequence[tuple[str, float, float]] = (),
    dividends: Sequence[tuple[str, float]] = (),
    zone: ZoneInfo = NEW_YORK,
) -> dict[str, Any]:
    """A good answer; rows are date, open, high, low, close, volume, with None where Yahoo has a gap.

    Splits are date, new shares, old shares; dividends are date, amount. As with the real Yahoo, rows and
    dividends are expected to be divided by later splits already.
    """
    opens = [_opening(row[0], zone) for row in rows]
    columns = {
        name: [row[place] for row in rows]
        for place, name in enumerate(("open", "high", "low", "close", "volume"), start=1)
    }
    period = {"timezone": "EDT", "start": 1761831000, "end": 1761854400, "gmtoffset": -14400}
    meta = {
        "currency": currency,
        "symbol": symbol,
        "exchangeName": "NMS",
        "fullExchangeName": "NasdaqGS",
        "instrumentType": "EQUITY",
        "firstTradeDate": 345479400,
        "regularMarketTime": 1761854400,
        "hasPrePostMarketData": True,
        "gmtoffset": -14400,
        "timezone": "EDT",
        "exchangeTimezoneName": zone.key,
        "priceHint": 2,
        "currentTradingPeriod": {"pre": period, "regular": period, "post": period},
        "dataGranularity": "1d",
        "range": "",
        "validRanges": ["1d", "5d", "1mo", "3mo", "6mo", "1y", "2y", "5y", "10y", "ytd", "max"],
    }
    result: dict[str, Any] = {"meta": meta, "indicators": {"quote": [{}], "adjclose": [{}]}}
    if rows:
        result["timestamp"] = [int(moment.timestamp()) for moment in opens]
        result["indicators"] = {"quote": [columns], "adjclose": [{"adjclose": columns["close"]}]}
    events: dict[str, Any] = {}
    if dividends:
        paid = [(int(_opening(day, zone).timestamp()), amount) for day, amount in dividends]
        events["dividends"] = {str(at): {"amount": amount, "date": at} for at, amount in paid}
    if splits:
        cut = [(int(_opening(day, zone).timestamp()), new, old) for day, new, old in splits]
        events["splits"] = {
            str(at): {"date": at, "numerator": new, "denominator": old, "splitRatio": f"{new:g}:{old:g}"}
            for at, new, old in cut
        }
    if events:
        result["events"] = events
    return {"chart": {"result": [result], "error": None}}


def _opening(day: str, zone: ZoneInfo) -> datetime:
    return datetime.combine(datetime.fromisoformat(day), time(9, 30), zone)


def _with_events(answer: dict[str, Any], wanted: str) -> dict[str, Any]:
    """Leave out the kinds of events that the question does not ask for: `events=div,splits`."""
    result = dict(answer["chart"]["result"][0])
    asked = {"dividends": "div" in wanted, "splits": "split" in wanted}
    if events := {kind: told for kind, told in result.pop("events", {}).items() if asked[kind]}:
        result["events"] = events
    return {"chart": {**answer["chart"], "result": [result]}}


@dataclass
class YahooServer:
    """Answers charts from `held`; what lies in `next_charts` is given first, in order.

    `profiles`, `series` and `news` are what it knows by symbol, `quotes` by what is searched for. `instead`
    has, under one of these names, what makes an answer in place of the true one. `asked_evidence` has pairs
    of such a name and a symbol.
    """

    held: dict[str, dict[str, Any]] = field(default_factory=dict)
    next_charts: deque[web.Response] = field(default_factory=deque)
    asked: list[str] = field(default_factory=list)
    profiles: dict[str, dict[str, Any]] = field(default_factory=dict)
    series: dict[str, dict[str, Any]] = field(default_factory=dict)
    news: dict[str, list[Any]] = field(default_factory=dict)
    quotes: dict[str, list[Any]] = field(default_factory=dict)
    instead: dict[str, Callable[[], web.Response]] = field(default_factory=dict)
    asked_evidence: list[tuple[str, str]] = field(default_factory=list)
    cookie: str = "made-up-cookie"
    valid_crumb: str = "made.up.crumb"
    delay_s: float = 0.0
    base_url: str = ""

    async def chart(self, request: web.Request) -> web.Response:
        symbol = request.match_info["symbol"]
        self.asked.append(symbol)
        await asyncio.sleep(self.delay_s)
        if self.next_charts:
            return self.next_charts.popleft()
        if symbol not in self.held:
            return web.json_response(NOT_FOUND, status=404)
        return web.json_response(_with_events(self.held[symbol], request.query.get("events", "")))

    async def crumb(self, request: web.Request) -> web.Response:
        self.asked.append(request.path)
        if request.cookies.get("A3") != self.cookie:
            return web.Response(status=401, text="")
        return web.Response(text=self.valid_crumb)

    async def front(self, request: web.Request) -> web.Response:
        """The page that gives a cookie with its 404."""
        self.asked.append(request.path)
        response = web.Response(status=404, text="<html>nothing here</html>")
        response.set_cookie("A3", self.cookie)
        return response

    async def consent(self, request: web.Request) -> web.Response:
        form = '<input name="csrfToken" value="made-up"><input name="sessionId" value="1">'
        return web.Response(text=f"<html><form>{form}</form></html>", content_type="text/html")

    async def consented(self, request: web.Request) -> web.Response:
        response = web.Response(text="<html>thank you</html>")
        response.set_cookie("A3", self.cookie)
        return response

    async def profile(self, request: web.Request) -> web.Response:
        symbol = request.match_info["symbol"]
        if (made := await self._made("profiles", symbol)) is not None:
            return made
        brought = (request.cookies.get("A3"), request.query.get("crumb"))
        if brought != (self.cookie, self.valid_crumb):
            return web.json_response(INVALID_CRUMB, status=401)
        if symbol not in self.profiles:
            told = f"Quote not found for symbol: {symbol}"
            return web.json_response(failed("quoteSummary", "Not Found", told), status=404)
        return web.json_response(profile_answer(self.profiles[symbol], request.query["modules"]))

    async def statements(self, request: web.Request) -> web.Response:
        symbol = request.match_info["symbol"]
        if (made := await self._made("series", symbol)) is not None:
            return made
        return web.json_response(series_answer(symbol, self.series.get(symbol, {}), request.query["type"]))

    async def stream(self, request: web.Request) -> web.Response:
        wanted = (await request.json())["serviceConfig"]
        (symbol,) = wanted["s"]
        if (made := await self._made("news", symbol)) is not None:
            return made
        return web.json_response(news_answer(self.news.get(symbol, [])[: wanted["snippetCount"]]))

    async def search(self, request: web.Request) -> web.Response:
        words = request.query["q"]
        if (made := await self._made("quotes", words)) is not None:
            return made
        return web.json_response(
            search_answer(self.quotes.get(words, [])[: int(request.query["quotesCount"])])
        )

    async def _made(self, kind: str, symbol: str) -> web.Response | None:
        self.asked_evidence.append((kind, symbol))
        await asyncio.sleep(self.delay_s)
        return self.instead[kind]() if kind in self.instead else None

    async def other(self, request: web.Request) -> web.Response:
        self.asked.append(request.path)
        return web.Response(status=404, text="<html>nothing here</html>")


@asynccontextmanager
async def yahoo_server() -> AsyncIterator[YahooServer]:
    """Serve on a free port of 127.0.0.1 until left."""
    server = YahooServer()
    app = web.Application()
    app.router.add_get("/v8/finance/chart/{symbol}", server.chart)
    app.router.add_get("/v1/test/getcrumb", server.crumb)
    app.router.add_get("/", server.front)
    app.router.add_get("/consent", server.consent)
    app.router.add_post("/v2/collectConsent", server.consented)
    app.router.add_get("/copyConsent", server.consented)
    app.router.add_get("/v10/finance/quoteSummary/{symbol}", server.profile)
    app.router.add_get("/ws/fundamentals-timeseries/v1/finance/timeseries/{symbol}", server.statements)
    app.router.add_post("/xhr/ncp", server.stream)
    app.router.add_get("/v1/finance/search", server.search)
    app.router.add_route("*", "/{path:.*}", server.other)
    async with on_a_free_port(app) as server.base_url:
        yield server
