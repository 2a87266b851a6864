"""News, moods, statements and identity from Alpha Vantage.

A free key may ask once a second and 25 times a day, so as little as possible is asked: identity and snapshot
share one question, news and moods of the same times another, filings take four (one where there is nothing),
and what the service surely does not know takes none. Its statements cover companies listed in the United
States; it names crypto currencies in its news only.
"""

import asyncio
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple, TypeVar
from weakref import WeakValueDictionary

from pydantic import BaseModel, Field

from core.clock import Clock
from core.config.market import AlphaVantageVendor as AlphaVantageSettings
from core.domain.errors import BadVendorData, VendorFailure
from core.domain.evidence_items import Filing, Identity, Mood, NewsItem, Snapshot, plain
from core.domain.instrument import parse_ticker
from core.market.alpha_vantage_http import NAME, connection
from core.market.alpha_vantage_news import (
    MARKET_TOPIC,
    Feed,
    Scored,
    feed_query,
    is_nothing,
    mood,
    name_in_feed,
    scored_items,
)
from core.market.alpha_vantage_statements import (
    BalanceReport,
    CashReport,
    Earnings,
    IncomeReport,
    Statement,
    filings_from,
)
from core.market.alpha_vantage_values import CurrencyOrNothing, OptionalNumber, OptionalText
from core.market.evidence_port import Missing, Partly
from core.market.exchanges import is_foreign
from core.market.figures import snapshot_figures

_KEPT_S = 120.0
"""So long an answer serves again: for all questions of one gathering, and for one that broke off halfway."""
_MOST_KEPT = 32
_MOST_BYTES = 4 * 1024 * 1024
_KINDS = {"common stock": "stock", "preferred stock": "stock", "mutual fund": "fund"}


class _Overview(BaseModel):
    symbol: str = Field(alias="Symbol")
    name: OptionalText = Field(None, alias="Name")
    kind: OptionalText = Field(None, alias="AssetType")
    exchange: OptionalText = Field(None, alias="Exchange")
    currency: CurrencyOrNothing = Field("", alias="Currency")
    sector: OptionalText = Field(None, alias="Sector")
    industry: OptionalText = Field(None, alias="Industry")
    market_cap: OptionalNumber = Field(None, alias="MarketCapitalization")
    trailing_pe: OptionalNumber = Field(None, alias="TrailingPE")
    forward_pe: OptionalNumber = Field(None, alias="ForwardPE")
    price_to_book: OptionalNumber = Field(None, alias="PriceToBookRatio")
    dividend_yield: OptionalNumber = Field(None, alias="DividendYield")
    beta: OptionalNumber = Field(None, alias="Beta")
    price_to_sales: OptionalNumber = Field(None, alias="PriceToSalesRatioTTM")
    ev_to_ebitda: OptionalNumber = Field(None, alias="EVToEBITDA")
    return_on_equity: OptionalNumber = Field(None, alias="ReturnOnEquityTTM")

    @property
    def figures(self) -> dict[str, Decimal]:
        """What is told, by the names of `core.market.figures`."""
        told = {
            "market cap": self.market_cap,
            "trailing PE": self.trailing_pe,
            "forward PE": self.forward_pe,
            "price to book": self.price_to_book,
            "dividend yield": self.dividend_yield,
            "beta": self.beta,
            "price to sales": self.price_to_sales,
            "EV to EBITDA": self.ev_to_ebitda,
            "return on equity": self.return_on_equity,
        }
        return {name: value for name, value in told.items() if value is not None}


class _Kept(NamedTuple):
    at: float
    told: BaseModel | None


A = TypeVar("A", bound=BaseModel)


class AlphaVantageEvidence:
    """All kinds of evidence but prices and figures of the economy; asks over the connection of the prices.

    Each question to the service has `timeout_s` seconds from the moment at which it is its turn. All
    questions here raise:
        BadTicker: the text is no ticker.
        VendorNotConfigured: there is no key, the service does not accept it, or wants a paid one.
        VendorRateLimited: the key's requests are used up. Once those of a day are, nothing more is asked
            before the next UTC day.
        VendorTimeout: no answer in time.
        VendorUnreachable: no connection, or an HTTP status other than 200.
        BadVendorData: the answer is not what the service documents, or is about another ticker.
    """

    name: str = NAME

    def __init__(self, settings: AlphaVantageSettings, clock: Clock) -> None:
        self._clock = clock
        self._http = connection(settings, clock)
        self._kept: dict[tuple[str, ...], _Kept] = {}
        self._asking: WeakValueDictionary[tuple[str, ...], asyncio.Lock] = WeakValueDictionary()

    async def identity(self, ticker: str) -> Identity | None:
        """Return what the instrument is; None for one that the service has no overview of."""
        overview = await self._overview(ticker)
        if overview is None or not plain(overview.name):
            return None
        kind = (overview.kind or "").lower()
        return Identity(
            vendor=NAME,
            name=overview.name or "",
            kind=_KINDS.get(kind, kind),
            exchange=overview.exchange or "",
            currency=overview.currency,
            sector=_calm(overview.sector),
            industry=_calm(overview.industry),
        )

    async def snapshot(self, ticker: str) -> Snapshot | None:
        """Return the ratios of the overview, as of now; None without any."""
        overview = await self._overview(ticker)
        figures = snapshot_figures(overview.figures, overview.currency) if overview else ()
        return Snapshot(vendor=NAME, at=self._clock.now(), figures=figures) if figures else None

    async def news(
        self, ticker: str, since: datetime, until: datetime
    ) -> tuple[NewsItem, ...] | Partly[NewsItem]:
        """Return news about the instrument, then of the markets; of these alone where it has no name here.

        The markets' news are asked for once for all tickers of a moment. Where they cannot be had, those of
        the instrument are an answer all the same.
        """
        symbol = parse_ticker(ticker)
        name = _in_feed(symbol)
        own = await self._feed(symbol, name, since, until) if name else ()
        try:
            market = await self._feed(MARKET_TOPIC, None, since, until)
        except VendorFailure as failure:
            if name is None:
                raise
            return Partly(tuple(item.news for item in own), (Missing("the news of the market", failure),))
        return tuple(item.news for item in (*own, *market))

    async def moods(self, ticker: str, since: datetime, until: datetime) -> tuple[Mood, ...]:
        """Return the score of each item of news that is about the instrument; none where it has no name."""
        symbol = parse_ticker(ticker)
        name = _in_feed(symbol)
        items = await self._feed(symbol, name, since, until) if name else ()
        return tuple(found for item in items if (found := mood(item)) is not None)

    async def filings(self, ticker: str) -> tuple[Filing, ...]:
        """Return the statements of all periods, annual ones first; none for what files none."""
        symbol = _company(parse_ticker(ticker))
        income = await self._about(symbol, "INCOME_STATEMENT", Statement[IncomeReport])
        if symbol is None or income is None or not (income.annual or income.quarterly):
            return ()
        balance = await self._about(symbol, "BALANCE_SHEET", Statement[BalanceReport])
        cash = await self._about(symbol, "CASH_FLOW", Statement[CashReport])
        earnings = await self._about(symbol, "EARNINGS", Earnings)
        statements = [told for told in (income, balance, cash) if told is not None]
        return filings_from(symbol, statements, earnings)

    async def close(self) -> None:
        """Close the connection, also for the prices; the next question opens it again."""
        await self._http.close()

    async def _overview(self, ticker: str) -> _Overview | None:
        return await self._about(_company(parse_ticker(ticker)), "OVERVIEW", _Overview)

    async def _about(self, symbol: str | None, function: str, shape: type[A]) -> A | None:
        if symbol is None:
            return None
        told = await self._told(symbol, {"function": function, "symbol": symbol}, shape)
        if told is not None and _dashed(str(getattr(told, "symbol", ""))) != symbol:
            raise BadVendorData(NAME, f"{symbol}: the answer is about another ticker")
        return told

    async def _feed(
        self, symbol: str, name: str | None, since: datetime, until: datetime
    ) -> tuple[Scored, ...]:
        feed = await self._told(symbol, feed_query(name, since, until), Feed)
        items = scored_items(feed, name) if feed else ()
        if items is None:
            raise BadVendorData(NAME, f"{symbol}: no item of the news is of the documented shape")
        return items

    async def _told(self, about: str, query: dict[str, str], shape: type[A]) -> A | None:
        """Ask, or return what was just answered to the same question, also while it is being asked."""
        question = tuple(query.values())
        asking = self._asking.setdefault(question, asyncio.Lock())
        async with asking:
            kept = self._kept.get(question)
            if kept and self._clock.monotonic() - kept.at < _KEPT_S:
                return kept.told if isinstance(kept.told, shape) else None
            body = await self._http.ask(about, query, _MOST_BYTES)
            told = None if not body or is_nothing(body) else self._http.read(about, body, shape)
            self._kept[question] = _Kept(self._clock.monotonic(), told)
            if len(self._kept) > _MOST_KEPT:
                del self._kept[next(iter(self._kept))]
            return told


def _company(ticker: str) -> str | None:
    """Return the symbol of what may be listed in the United States; None for indices, pairs and others."""
    listed = "^" not in ticker and "=" not in ticker and not is_foreign(ticker)
    return _dashed(ticker) if listed and name_in_feed(None, ticker) is None else None


def _in_feed(ticker: str) -> str | None:
    return name_in_feed(_company(ticker), ticker)


def _dashed(symbol: str) -> str:
    """Return a symbol as the service lists it: a class of shares after a dash, as in BRK-B."""
    return symbol.upper().replace(".", "-")


def _calm(words: str | None) -> str:
    """Return words that are all in capitals, as the service writes sectors, with capitals at their begins."""
    return words.title() if words and words.isupper() else words or ""
