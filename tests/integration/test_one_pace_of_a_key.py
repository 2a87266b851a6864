"""Several tickers with one free key: prices and all other evidence wait for one and the same pace."""

import asyncio
from collections.abc import Awaitable
from datetime import UTC, datetime
from typing import TypeVar

import pytest

from core.config import Settings
from core.config.loading import settings_from
from core.domain.bars import BarSeries
from core.domain.evidence_items import Gathered
from core.market.calendar import MarketCalendar
from core.market.chain import build_chain
from core.market.evidence_vendors import build_gatherer
from tests.evidence_double import Remembered
from tests.loopback import alpha_vantage_bodies as alpha
from tests.loopback.alpha_vantage_server import AlphaVantageServer, alpha_vantage_server
from tests.shared_clock import SharedClock

NOW = datetime(2025, 10, 30, 12, tzinfo=UTC)
TICKERS = ("IBM", "AAPL", "MSFT")
KEY = "K3Y-0F-OURS"
QUESTIONS = 9
"""Of one ticker: bars, splits, dividends, overview, news with their scores, three statements, earnings."""

T = TypeVar("T")


class CountedClock(SharedClock):
    """Counts those whose wait is over."""

    woken = 0

    async def sleep(self, seconds: float) -> None:
        await super().sleep(seconds)
        self.woken += seconds > 0


def hold(server: AlphaVantageServer) -> None:
    for ticker in TICKERS:
        server.held[ticker] = [
            (f"2025-10-{day}", "100", "103", "99", "101", "1000000") for day in (24, 27, 28, 29)
        ]
        server.told[("OVERVIEW", ticker)] = alpha.overview(ticker)
        income = [alpha.income_report("2024-12-31")]
        server.told[("INCOME_STATEMENT", ticker)] = alpha.statement(ticker, income)
        server.told[("BALANCE_SHEET", ticker)] = alpha.statement(ticker, [alpha.balance_report("2024-12-31")])
        server.told[("CASH_FLOW", ticker)] = alpha.statement(ticker, [alpha.cash_report("2024-12-31")])
        server.told[("EARNINGS", ticker)] = alpha.earnings(ticker, [("2024-12-31", "2025-01-29")])
    scores = [(ticker, "0.9", "0.2") for ticker in TICKERS]
    server.feed = [alpha.news_item("Three rise", "20251029T143000", scores)]


def settings(server: AlphaVantageServer) -> Settings:
    everything = {name: ["alpha_vantage"] for name in ("prices", "news", "fundamentals", "sentiment")}
    market = {**everything, "alpha_vantage": {"base_url": server.base_url}}
    return settings_from({"market": market}, {}, name="test")


async def in_turn(work: Awaitable[T], clock: CountedClock, server: AlphaVantageServer) -> T:
    """Let time pass until the work is done; it stands while a question is on its way."""
    task = asyncio.ensure_future(work)
    while not task.done():
        async with asyncio.timeout(10):
            while len(server.asked) < 1 + clock.woken and not task.done():  # noqa: ASYNC110 - it has no event
                await asyncio.sleep(0.002)
        await clock.passing(0.3)
    return await task


async def gathered(server: AlphaVantageServer, clock: CountedClock) -> list[tuple[BarSeries, Gathered]]:
    """What a run of each ticker has, all of them at the same time."""
    wanted = settings(server)
    chain = build_chain(wanted, MarketCalendar(), clock)
    gatherer = build_gatherer(wanted, clock, Remembered())

    async def one(ticker: str) -> tuple[BarSeries, Gathered]:
        series = await chain.bars(ticker, None, present=NOW)
        return series, await gatherer.gather(ticker, series.as_of, live=True)

    try:
        return await in_turn(asyncio.gather(*map(one, TICKERS)), clock, server)
    finally:
        await chain.close()
        await gatherer.close()


async def test_three_tickers_get_prices_and_all_evidence_though_the_key_may_ask_once_a_second(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ALPHA_VANTAGE_API_KEY", KEY)
    async with alpha_vantage_server() as server:
        server.key, clock = KEY, CountedClock(NOW)
        server.clock = clock
        hold(server)

        found = await gathered(server, clock)

    assert [series.ticker for series, _ in found] == list(TICKERS)
    for series, pack in found:
        assert series.caveat is None
        assert pack.absences == ()
        assert pack.identity and pack.snapshot and pack.news and pack.sentiment and pack.fundamentals
    apart = [after - before for before, after in zip(server.asked_at, server.asked_at[1:], strict=False)]
    assert min(apart) >= 1
    # The news of the markets are asked for once for all tickers.
    assert len(server.asked) == len(TICKERS) * QUESTIONS + 1


async def test_each_question_has_the_vendors_time_from_its_own_turn(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ALPHA_VANTAGE_API_KEY", KEY)
    async with alpha_vantage_server() as server:
        server.key, clock = KEY, CountedClock(NOW)
        hold(server)
        wanted = settings(server)
        alone = wanted.market.alpha_vantage.model_copy(update={"timeout_s": 1.5})
        market = wanted.market.model_copy(update={"alpha_vantage": alone})
        gatherer = build_gatherer(wanted.model_copy(update={"market": market}), clock, Remembered())
        server.delay_s = 0.75  # the four questions of filings take longer together than one may

        pack = await in_turn(gatherer.gather("IBM", NOW, live=True), clock, server)
        await gatherer.close()

    assert pack.absences == ()
    assert pack.fundamentals
