"""Evidence from Yahoo beside prices, through yfinance: identity, news, statements, ratios of the moment."""

import asyncio
import logging
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from core.clock import Clock
from core.config.market import YfinanceVendor as YfinanceSettings
from core.domain.errors import VendorFailure
from core.domain.evidence_items import Filing, Identity, NewsItem, Snapshot
from core.domain.instrument import parse_ticker
from core.market.evidence_port import Missing, Partly
from core.market.yahoo_asking import YahooAsking, json_answer, newest_news
from core.market.yahoo_news import news_items
from core.market.yahoo_profile import (
    IDENTITY_MODULES,
    SNAPSHOT_MODULES,
    read_identity,
    read_snapshot,
)
from core.market.yahoo_statements import FIGURE_TYPES, read_statements

if TYPE_CHECKING:
    from core.market.yahoo_gate import YahooGate

log = logging.getLogger(__name__)

MARKET = "^GSPC"
"""The index whose news are those of the market: the S&P 500."""
_NEWS_COUNT = 50
_MARKET_KEPT_S = 60.0
"""So long the market's news serve for all tickers of a run."""
_BACK = timedelta(days=3653)
"""How far back statements are asked for; Yahoo has four years and five quarters of most."""


class YahooEvidence:
    """Yahoo as a vendor of identity, news and fundamentals (`core.market.evidence_port`).

    All of them raise:
        BadTicker: the text is no ticker.
        VendorRateLimited: Yahoo asks to slow down.
        VendorTimeout: no answer within the vendor's `timeout_s`.
        VendorUnreachable: no connection, or a failure inside Yahoo, also one told with a good status.
        BadVendorData: an answer that cannot be read.
    """

    name: str = "yfinance"

    def __init__(self, settings: YfinanceSettings, clock: Clock) -> None:
        self._clock = clock
        self._yahoo = YahooAsking(self.name, settings)
        self._market: asyncio.Task[tuple[NewsItem, ...] | Missing] | None = None
        self._market_until = 0.0

    async def identity(self, ticker: str) -> Identity | None:
        """Return what the instrument is, or None for one that Yahoo does not know."""
        symbol = parse_ticker(ticker)
        return await self._yahoo.ask(
            lambda gate: read_identity(self.name, symbol, _modules(gate, symbol, IDENTITY_MODULES))
        )

    async def news(
        self, ticker: str, since: datetime, until: datetime
    ) -> tuple[NewsItem, ...] | Partly[NewsItem]:
        """Return the newest items about the instrument, then the newest of the market.

        Yahoo cannot be asked by time, and has the newest only. Where the market's news cannot be had, those
        of the instrument are given without them, and they are named as missing.
        """
        symbol = parse_ticker(ticker)
        if symbol == MARKET:
            return await self._news_of(symbol)
        own, market = await asyncio.gather(self._news_of(symbol), self._market_news())
        return Partly(own, (market,)) if isinstance(market, Missing) else own + market

    async def filings(self, ticker: str) -> tuple[Filing, ...]:
        """Return the statements of all years and quarters that Yahoo has, with their ratios, newest first.

        Yahoo does not tell when they were filed: they have none of the days.
        """
        symbol = parse_ticker(ticker)
        now = self._clock.now()
        found = await self._yahoo.ask(
            lambda gate: read_statements(self.name, _statements(gate, symbol, now), now.date())
        )
        return found or ()

    async def snapshot(self, ticker: str) -> Snapshot | None:
        """Return the ratios of this moment, or None where Yahoo has none."""
        symbol = parse_ticker(ticker)
        now = self._clock.now()
        return await self._yahoo.ask(
            lambda gate: read_snapshot(self.name, symbol, _modules(gate, symbol, SNAPSHOT_MODULES), now)
        )

    async def close(self) -> None:
        """Close the connections."""
        if self._market is not None:
            self._market.cancel()
            await asyncio.gather(self._market, return_exceptions=True)
            self._market = None
        self._yahoo.close()

    async def _market_news(self) -> tuple[NewsItem, ...] | Missing:
        """Ask, or return what was just answered, also while it is asked; what is missing is not kept."""
        if self._market is None or self._clock.monotonic() >= self._market_until:
            self._market = asyncio.create_task(self._asked_of_market())
            self._market_until = self._clock.monotonic() + _MARKET_KEPT_S
        # Shielded: a ticker that is not waited for any more takes nothing from the others.
        return await asyncio.shield(self._market)

    async def _asked_of_market(self) -> tuple[NewsItem, ...] | Missing:
        try:
            return await self._news_of(MARKET, market_wide=True)
        except VendorFailure as failure:
            log.warning("no news of the market: %s", failure)
            self._market_until = 0.0
            return Missing("the news of the market", failure)
        except BaseException:
            self._market_until = 0.0
            raise

    async def _news_of(self, symbol: str, *, market_wide: bool = False) -> tuple[NewsItem, ...]:
        found = await self._yahoo.ask(
            lambda gate: news_items(
                self.name, newest_news(gate, symbol, _NEWS_COUNT), market_wide=market_wide
            )
        )
        return tuple(found or ())


def _modules(gate: "YahooGate", symbol: str, names: tuple[str, ...]) -> Any:
    query = {"modules": ",".join(names), "formatted": "false", "symbol": symbol}
    return json_answer(gate, f"/v10/finance/quoteSummary/{symbol}", query)


def _statements(gate: "YahooGate", symbol: str, now: datetime) -> Any:
    query = {
        "symbol": symbol,
        "type": ",".join(FIGURE_TYPES),
        "period1": str(int((now - _BACK).timestamp())),
        "period2": str(int((now + timedelta(days=1)).timestamp())),
    }
    return json_answer(gate, f"/ws/fundamentals-timeseries/v1/finance/timeseries/{symbol}", query)
