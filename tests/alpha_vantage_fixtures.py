"""Server, clock and vendor of `tests.alpha_vantage_scene`, for modules that name this in `pytest_plugins`."""

from collections.abc import AsyncIterator

import pytest

from core.clock import ManualClock
from core.market.alpha_vantage_evidence import AlphaVantageEvidence
from tests.alpha_vantage_scene import KEY, NOW, made
from tests.loopback.alpha_vantage_bodies import (
    balance_report,
    cash_report,
    earnings,
    income_report,
    news_item,
    overview,
    statement,
)
from tests.loopback.alpha_vantage_server import (
    AlphaVantageServer,
    alpha_vantage_server,
)


@pytest.fixture
async def alpha_vantage() -> AsyncIterator[AlphaVantageServer]:
    async with alpha_vantage_server() as running:
        running.key = KEY
        years, quarters = ["2024-12-31", "2023-12-31"], ["2025-06-30", "2024-06-30"]
        running.told = {
            ("OVERVIEW", "IBM"): overview("IBM"),
            ("INCOME_STATEMENT", "IBM"): statement(
                "IBM",
                [income_report(years[0]), income_report(years[1], revenue="61860000000")],
                [income_report(end, revenue="16977000000") for end in quarters],
            ),
            ("BALANCE_SHEET", "IBM"): statement("IBM", [balance_report(end) for end in years]),
            ("CASH_FLOW", "IBM"): statement("IBM", [cash_report(end) for end in years]),
            ("EARNINGS", "IBM"): earnings(
                "IBM", [("2025-06-30", "2025-07-23"), ("2024-12-31", "2025-01-29")]
            ),
        }
        running.feed = [
            news_item(
                "Big Blue rises", "20251029T143000", [("IBM", "0.9", "0.281232"), ("AAPL", "0.1", "-1")]
            ),
            news_item("A long list", "20251028T090000", [("IBM", "0.29", "0.9"), ("AAPL", "0.5", "0.1")]),
            news_item("Markets wait", "20251027T090000"),
            news_item("Bitcoin falls", "20251027T100000", [("CRYPTO:BTC", "0.8", "-0.4")]),
        ]
        yield running


@pytest.fixture
def alpha_vantage_clock() -> ManualClock:
    return ManualClock(NOW)


@pytest.fixture
async def alpha_vantage_evidence(
    alpha_vantage: AlphaVantageServer, alpha_vantage_clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[AlphaVantageEvidence]:
    monkeypatch.setenv("ALPHA_VANTAGE_API_KEY", KEY)
    vendor = made(alpha_vantage, alpha_vantage_clock)
    yield vendor
    await vendor.close()
