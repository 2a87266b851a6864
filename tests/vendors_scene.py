"""Every real vendor before its loopback server, each with items from before and after one moment.

`AllVendors.tell` puts into the servers what they hold; without a future it is what they held at `AS_OF`.
Name `tests.yfinance_scene` in `pytest_plugins` of a test module, and take its `fresh_yfinance`.
"""

import random
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from core.config import Settings
from core.config.loading import settings_from
from core.market.calendar import MarketCalendar
from core.market.yahoo_evidence import MARKET
from tests.loopback import alpha_vantage_bodies as alpha
from tests.loopback.alpha_vantage_server import AlphaVantageServer, alpha_vantage_server
from tests.loopback.fred_server import FredServer, Version
from tests.loopback.json_vendor import served
from tests.loopback.reddit_server import RedditServer, post
from tests.loopback.stocktwits_server import StocktwitsServer, message
from tests.loopback.yahoo_evidence import article, points
from tests.loopback.yahoo_server import Row, YahooServer, chart, yahoo_server

TICKER = "IBM"
ABROAD = "SAP.DE"
AS_OF = datetime(2025, 10, 22, 20, 30, tzinfo=UTC)
"""Half an hour after the close, and some minutes after IBM's report of the quarter, on that very day."""
NOW = datetime(2025, 10, 31, 20, tzinfo=UTC)
KEYS = {"ALPHA_VANTAGE_API_KEY": "made-up-key", "FRED_API_KEY": "made-up-key"}
_SESSIONS_BEFORE, _SESSIONS_AFTER = 299, 6
_SPLIT, _DIVIDEND = "2025-10-27", "2025-08-08"
_LATER_DIVIDEND = "2025-10-28"

T = TypeVar("T")
Days = list[tuple[date, tuple[float, float, float, float, int]]]


@dataclass
class AllVendors:
    """The servers, and a folder of prices."""

    yahoo: YahooServer
    alpha_vantage: AlphaVantageServer
    stocktwits: StocktwitsServer
    reddit: RedditServer
    fred: FredServer
    folder: Path
    sessions: tuple[date, ...]

    def settings(self, **market: Any) -> Settings:
        """Settings with every vendor at its server; `market` names who is asked for what."""
        places = {
            name: {"base_url": getattr(self, name).base_url}
            for name in ("yahoo", "alpha_vantage", "stocktwits", "reddit", "fred")
        }
        places["fred"]["series"] = ["UNRATE", "GDP"]  # type: ignore[assignment]
        places["yfinance"] = places.pop("yahoo")
        places["csv"] = {"dir": str(self.folder)}
        return settings_from({"market": {**places, **market}}, {}, name="test")

    def tell(self, *, future: bool = True) -> None:
        """Let the servers hold all, or only what was known at `AS_OF`."""
        days = _prices(self.sessions)
        known = days if future else [one for one in days if one[0] <= AS_OF.date()]
        self._tell_prices(known, future=future)
        self._tell_yahoo(future=future)
        self._tell_alpha_vantage(future=future)
        self.stocktwits.held = {TICKER: _till(_STOCKTWITS, future=future)}
        self.reddit.held = _till(_REDDIT, future=future)
        self.fred.today = "2025-10-31" if future else AS_OF.date().isoformat()
        for name, versions in _FRED.items():
            self.fred.held[name] = [
                one for one in versions if future or one.released_on < AS_OF.date().isoformat()
            ]

    def _tell_prices(self, days: Days, *, future: bool) -> None:
        # Yahoo divides what was before a split by its ratio, as soon as it knows of the split.
        ratio = 4 if future else 1
        rows = [_row(day, figures, ratio if day.isoformat() < _SPLIT else 1) for day, figures in days]
        dividends = [(_DIVIDEND, 1.68 / ratio), *([(_LATER_DIVIDEND, 0.42)] if future else [])]
        splits = [(_SPLIT, 4.0, 1.0)] if future else []
        held = chart(TICKER, rows, splits=splits, dividends=dividends)
        berlin, london = ZoneInfo("Europe/Berlin"), ZoneInfo("Europe/London")
        abroad = chart(ABROAD, [_row(day, figures, 1) for day, figures in days], "EUR", zone=berlin)
        rate = chart("EURUSD=X", [_row(day, figures, 256) for day, figures in days], zone=london)
        self.yahoo.held = {TICKER: held, ABROAD: abroad, "EURUSD=X": rate}
        traded = [(day.isoformat(), *map(str, figures)) for day, figures in days]
        self.alpha_vantage.held = {TICKER: traded}  # type: ignore[dict-item]
        self.alpha_vantage.splits = {TICKER: [(_SPLIT, "4.0000")] if future else []}
        paid = [(_DIVIDEND, "1.68"), *([(_LATER_DIVIDEND, "0.42")] if future else [])]
        self.alpha_vantage.dividends = {TICKER: paid}
        text = "".join(f"{','.join(cells)}\n" for cells in traded)
        (self.folder / f"{TICKER}.csv").write_text(f"date,open,high,low,close,volume\n{text}")
        actions = [f"{day},dividend,{amount}\n" for day, amount in paid]
        actions += [f"{_SPLIT},split,4\n"] if future else []
        (self.folder / f"{TICKER}.actions.csv").write_text(f"date,kind,value\n{''.join(sorted(actions))}")

    def _tell_yahoo(self, *, future: bool) -> None:
        self.yahoo.profiles = {TICKER: _PROFILE}
        self.yahoo.news = {
            TICKER: _till(_YAHOO_NEWS, future=future),
            MARKET: _till(_MARKET_NEWS, future=future),
        }
        self.yahoo.series[TICKER] = {
            f"{often}{name}": points(*_known(told, lag, future=future), months=months)
            for often, months, lag, figures in (
                ("annual", "12M", 90, _YEARS),
                ("quarterly", "3M", 45, _QUARTERS),
            )
            for name, told in figures.items()
        }

    def _tell_alpha_vantage(self, *, future: bool) -> None:
        reports = [one for one in _REPORTED if future or one[1] < AS_OF.date().isoformat()]
        quarters = [(end, revenue) for end, revenue in _SALES.items() if end in dict(reports)]
        years = ["2024-12-31", "2023-12-31"]
        income = alpha.statement(
            TICKER,
            [alpha.income_report(end, revenue) for end, revenue in zip(years, _REVENUES, strict=True)],
            [alpha.income_report(end, revenue, **_EARNED) for end, revenue in quarters],
        )
        balance = alpha.statement(TICKER, [alpha.balance_report(end) for end in years])
        cash = alpha.statement(TICKER, [alpha.cash_report(end) for end in years])
        self.alpha_vantage.told = {
            ("OVERVIEW", TICKER): alpha.overview(TICKER),
            ("INCOME_STATEMENT", TICKER): income,
            ("BALANCE_SHEET", TICKER): balance,
            ("CASH_FLOW", TICKER): cash,
            ("EARNINGS", TICKER): alpha.earnings(TICKER, reports),
        }
        self.alpha_vantage.feed = _till(_FEED, future=future)


@asynccontextmanager
async def all_vendors(folder: Path) -> AsyncIterator[AllVendors]:
    """Serve them all; `folder` is for the files of prices."""
    sessions = MarketCalendar().of(TICKER)
    await sessions.load()
    day = sessions.back(AS_OF.date(), _SESSIONS_BEFORE).day
    days = []
    for _ in range(_SESSIONS_BEFORE + 1 + _SESSIONS_AFTER):
        days.append(day)
        day = sessions.after(day).day
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        world = AllVendors(
            await enter(yahoo_server()),
            await enter(alpha_vantage_server()),
            await enter(served(StocktwitsServer())),
            await enter(served(RedditServer())),
            await enter(served(FredServer())),
            folder,
            tuple(days),
        )
        world.fred.titles = {
            "UNRATE": [("1948-01-01", "Unemployment Rate", "Percent")],
            "GDP": [
                ("1947-01-01", "Gross Domestic Product", "Billions of Dollars"),
                (AS_OF.date().isoformat(), "Gross Domestic Product, a new base", "Billions of Dollars"),
            ],
        }
        world.tell()
        yield world


def _prices(sessions: Iterable[date]) -> Days:
    """A walk of prices in dollars and cents, as traded; the split of the future divides what follows."""
    chance, close, days = random.Random(22), 205.0, []
    for day in sessions:
        opened = round(close + chance.uniform(-1.5, 1.5), 2)
        close = round(opened * (1 + chance.gauss(0.0002, 0.012)), 2)
        high = round(max(opened, close) + chance.uniform(0, 2), 2)
        low = round(min(opened, close) - chance.uniform(0, 2), 2)
        if day.isoformat() < _SPLIT:
            days.append((day, (opened, high, low, close, chance.randrange(2_000_000, 9_000_000, 4))))
        else:
            figures = [round(one / 4, 2) for one in (opened, high, low, close)]
            days.append((day, (*figures, 14_000_000)))  # type: ignore[arg-type]
    return days


def _row(day: date, figures: tuple[float, float, float, float, int], ratio: int) -> Row:
    opened, high, low, close = (one / ratio for one in figures[:4])
    return day.isoformat(), opened, high, low, close, figures[4] * ratio


def _at(minutes: float) -> datetime:
    return AS_OF + timedelta(minutes=minutes)


def _till(items: Iterable[tuple[float, T]], *, future: bool) -> list[T]:
    """The items of so many minutes after `AS_OF`, the newest first as vendors order them."""
    newest = sorted(items, key=lambda one: one[0], reverse=True)
    return [item for minutes, item in newest if future or minutes <= 0]


def _known(told: list[tuple[str, float]], lag: int, *, future: bool) -> list[tuple[str, float]]:
    day = AS_OF.date() - timedelta(days=lag)
    return [one for one in told if future or one[0] < day.isoformat()]


def _each(make: Callable[[str, datetime], T], titles: dict[str, float]) -> list[tuple[float, T]]:
    return [(minutes, make(title, _at(minutes))) for title, minutes in titles.items()]


def _yahoo_article(title: str, at: datetime) -> Any:
    link = f"https://example.com/{title.partition(' ')[0].lower()}-{at:%d%H%M}"
    return article(
        title,
        f"{at:%Y-%m-%dT%H:%M:%SZ}",
        summary=f"{title}, as people who know the matter say.",
        canonicalUrl={"url": link, "site": "finance", "region": "US"},
    )


_HOURS = 60
_DAYS = 24 * _HOURS
_YAHOO_NEWS = _each(
    _yahoo_article,
    {
        "IBM opens a quantum centre in Chicago": -5 * _DAYS,
        "Analysts raise their targets for IBM before its report": -26 * _HOURS,
        "IBM beats on revenue, software grows slower": -18,
        "IBM shares fall as software disappoints": 31 / 60,
        "IBM splits its shares four for one": 2 * _DAYS,
    },
)
_MARKET_NEWS = _each(
    _yahoo_article,
    {"Stocks slip as trade worries return": -3 * _HOURS, "Fed cuts rates by a quarter point": 7 * _DAYS},
)
_FEED = _each(
    lambda title, at: alpha.news_item(title, f"{at:%Y%m%dT%H%M%S}", [(TICKER, "0.91", "0.281232")]),
    {
        "IBM wins a contract for a mainframe": -2 * _DAYS,
        "IBM reports growth in its third quarter": -12,
        # In the minute of the moment: the service is asked by minutes.
        "IBM falls after hours": 31 / 60,
        "IBM agrees to buy a maker of databases": 3 * _DAYS,
    },
)
_STOCKTWITS = _each(
    lambda text, at: message(f"$IBM {text}", f"{at:%Y-%m-%dT%H:%M:%SZ}", "Bullish"),
    {"looks strong into the report": -4 * _HOURS, "solid beat": -9, "I am out": 1 / 60, "splits!": 2 * _DAYS},
)
_REDDIT = [
    *_each(
        lambda title, at: post(f"{title} $IBM", at.timestamp(), "Some words more."),
        {"Who holds": -30 * _HOURS, "Report day for": -2 * _HOURS, "What happened to": 1 / 60},
    ),
    # Known as it reads only since it was changed.
    (90.0, post("I was right about $IBM", _at(-60).timestamp(), edited=_at(90).timestamp())),
]
_FRED = {
    "UNRATE": [
        Version("2025-07-01", "4.2", "2025-08-01"),
        Version("2025-08-01", "4.3", "2025-09-05"),
        # On the very day: nobody knows whether it was before the moment.
        Version("2025-09-01", "4.4", "2025-10-22"),
        Version("2025-08-01", "4.1", "2025-10-22"),
    ],
    "GDP": [
        Version("2025-01-01", "30042.1", "2025-09-25"),
        Version("2025-04-01", "30331.1", "2025-07-30"),
        Version("2025-04-01", "30485.7", "2025-09-25"),
        Version("2025-04-01", "30500.0", "2025-10-30"),
        Version("2025-07-01", "30900.0", "2025-10-30"),
    ],
}
_REPORTED = [("2025-09-30", "2025-10-22"), ("2025-06-30", "2025-07-23"), ("2024-12-31", "2025-01-29")]
_SALES = {"2025-09-30": "16331000000", "2025-06-30": "16977000000", "2024-12-31": "17554000000"}
_EARNED = {"grossProfit": "9977000000", "operatingIncome": "2996000000", "netIncome": "2194000000"}
_REVENUES = ["62753000000", "61860000000"]
_YEARS = {
    "TotalRevenue": [("2024-12-31", 62_753_000_000), ("2023-12-31", 61_860_000_000)],
    "NetIncome": [("2024-12-31", 6_023_000_000), ("2023-12-31", 7_502_000_000)],
}
_QUARTERS = {
    "TotalRevenue": [("2025-09-30", 16_331_000_000), ("2025-06-30", 16_977_000_000)],
    "NetIncome": [("2025-09-30", 1_744_000_000), ("2025-06-30", 2_194_000_000)],
}
_PROFILE: dict[str, dict[str, Any]] = {
    "price": {
        "maxAge": 1,
        "exchange": "NYQ",
        "exchangeName": "NYSE",
        "quoteType": "EQUITY",
        "shortName": "International Business Machines",
        "longName": "International Business Machines Corporation",
        "currency": "USD",
        "marketCap": 286_803_001_000,
    },
    "assetProfile": {"sector": "Technology", "industry": "Information Technology Services"},
    "summaryDetail": {"dividendYield": 0.0219, "beta": 0.701, "trailingPE": 36.52, "forwardPE": 24.94},
    "defaultKeyStatistics": {"priceToBook": 10.28},
}
