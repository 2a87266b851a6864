"""What Yahoo answers about news, statements and instruments, in its own shapes, for the loopback Yahoo."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

NOW = datetime(2025, 10, 31, 20, tzinfo=UTC)
"""Where the clock of the tests stands."""

Point = tuple[str, Any]
"""The end of a period as a day, and the figure: a number, or whatever else stands under `raw`."""

APPLE: dict[str, dict[str, Any]] = {
    "price": {
        "maxAge": 1,
        "exchange": "NMS",
        "exchangeName": "NasdaqGS",
        "marketState": "CLOSED",
        "quoteType": "EQUITY",
        "shortName": "Apple Inc.",
        "longName": "Apple Inc.",
        "currency": "USD",
        "quoteSourceName": "Nasdaq Real Time Price",
        "currencySymbol": "$",
        "fromCurrency": None,
        "marketCap": 4012345655296,
    },
    "assetProfile": {
        "address1": "One Apple Park Way",
        "sector": "Technology",
        "sectorKey": "technology",
        "industry": "Consumer Electronics",
        "companyOfficers": [],
        "maxAge": 86400,
    },
    "summaryDetail": {
        "maxAge": 1,
        "dividendYield": 0.0038,
        "beta": 1.107,
        "trailingPE": 36.39879,
        "forwardPE": 32.517,
        "marketCap": 4012345655296,
        "priceToSalesTrailing12Months": 9.6417,
        "currency": "USD",
        "fromCurrency": None,
    },
    "defaultKeyStatistics": {
        "maxAge": 1,
        "forwardPE": 32.517,
        "beta": 1.107,
        "priceToBook": 61.237,
        "enterpriseToEbitda": 28.13512,
        "enterpriseToRevenue": 9.767,
    },
    "financialData": {
        "maxAge": 86400,
        "currentPrice": 271.4,
        "returnOnEquity": 1.49814,
        "returnOnAssets": 0.24546,
        "financialCurrency": "USD",
    },
}
"""The parts of an answer about an instrument, by their names."""

NEWS_FAILED = {"data": None, "status": "ERROR", "errors": [{"message": "upstream failure"}]}


def failed(part: str, code: str, description: str = "made up") -> dict[str, Any]:
    """An error as Yahoo tells it in a body."""
    return {part: {"result": None, "error": {"code": code, "description": description}}}


INVALID_CRUMB = failed("finance", "Unauthorized", "Invalid Crumb")


def profile_answer(held: Mapping[str, Any], asked: str) -> dict[str, Any]:
    """The parts of `held` that the question asks for."""
    modules = {name: held[name] for name in asked.split(",") if name in held}
    return {"quoteSummary": {"result": [modules], "error": None}}


def series_answer(symbol: str, held: Mapping[str, Sequence[Any]], asked: str) -> dict[str, Any]:
    """A series for each type that is asked for; one without points has only its description."""
    result: list[dict[str, Any]] = []
    for name in asked.split(","):
        one: dict[str, Any] = {"meta": {"symbol": [symbol], "type": [name]}}
        if name in held:
            one["timestamp"] = [1_700_000_000 for _ in held[name]]
            one[name] = held[name]
        result.append(one)
    return {"timeseries": {"result": result, "error": None}}


def points(*told: Point, months: str = "12M", currency: str = "USD") -> list[Any]:
    """The points of one series."""
    return [
        {
            "dataId": 20100,
            "asOfDate": day,
            "periodType": months,
            "currencyCode": currency,
            "reportedValue": {"raw": raw, "fmt": "made up"},
        }
        for day, raw in told
    ]


def article(title: Any, published: Any = "2025-10-30T12:34:56Z", **more: Any) -> dict[str, Any]:
    """An item of news in the shape of today; `more` replaces fields of its content."""
    content = {
        "id": "5c3e1f7a",
        "contentType": "STORY",
        "title": title,
        "description": "",
        "summary": "A summary.",
        "pubDate": published,
        "displayTime": published,
        "isHosted": True,
        "thumbnail": None,
        "provider": {"displayName": "Reuters", "url": "https://www.reuters.com/"},
        "canonicalUrl": {"url": "https://example.com/story", "site": "finance", "region": "US"},
        "clickThroughUrl": {"url": "https://finance.yahoo.com/news/story.html", "site": "finance"},
        **more,
    }
    return {"id": "5c3e1f7a", "content": content}


def flat_article(title: Any, published: Any = None, **more: Any) -> dict[str, Any]:
    """An item of news in the shape of before 2024."""
    moment = datetime(2025, 10, 30, 12, 34, 56, tzinfo=UTC)
    return {
        "uuid": "5c3e1f7a",
        "title": title,
        "publisher": "Reuters",
        "link": "https://example.com/story",
        "providerPublishTime": int(moment.timestamp()) if published is None else published,
        "type": "STORY",
        "relatedTickers": ["AAPL"],
        **more,
    }


def news_answer(stream: Sequence[Any]) -> dict[str, Any]:
    """A stream of news."""
    inside = {"pagination": {"uuids": ""}, "nextPage": False, "stream": list(stream)}
    return {"data": {"tickerStream": inside}, "status": "OK"}


def quote(symbol: Any, name: Any, kind: str = "EQUITY", **more: Any) -> dict[str, Any]:
    """One instrument among the answers of a search."""
    return {
        "exchange": "NYQ",
        "shortname": name,
        "quoteType": kind,
        "symbol": symbol,
        "index": "quotes",
        "score": 31290.0,
        "typeDisp": kind.title(),
        "longname": name,
        "exchDisp": "NYSE",
        "isYahooFinance": True,
        **more,
    }


def search_answer(quotes: Sequence[Any]) -> dict[str, Any]:
    """What a search finds; beside instruments it may also have news and lists."""
    return {
        "explains": [],
        "count": len(quotes),
        "quotes": list(quotes),
        "news": [],
        "nav": [],
        "lists": [],
        "researchReports": [],
        "totalTime": 21,
        "timeTakenForQuotes": 410,
    }
