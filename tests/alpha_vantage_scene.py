"""Evidence asked of an Alpha Vantage on a local socket: the questions, and what a refusal must not say."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from core.clock import ManualClock
from core.config.market import AlphaVantageVendor as AlphaVantageSettings
from core.domain.errors import (
    VendorFailure,
)
from core.market.alpha_vantage_evidence import AlphaVantageEvidence
from tests.loopback.alpha_vantage_server import (
    AlphaVantageServer,
)

KEY = "K3Y-0F-OURS"
NOW = datetime(2025, 10, 30, 12, tzinfo=UTC)
SINCE, UNTIL = NOW - timedelta(days=7), NOW
FUNCTIONS = ["INCOME_STATEMENT", "BALANCE_SHEET", "CASH_FLOW", "EARNINGS"]
QUESTIONS: dict[str, Callable[[AlphaVantageEvidence], Awaitable[Any]]] = {
    "identity": lambda vendor: vendor.identity("IBM"),
    "snapshot": lambda vendor: vendor.snapshot("IBM"),
    "filings": lambda vendor: vendor.filings("IBM"),
    "news": lambda vendor: vendor.news("IBM", SINCE, UNTIL),
    "moods": lambda vendor: vendor.moods("IBM", SINCE, UNTIL),
}
all_questions = pytest.mark.parametrize("question", QUESTIONS.values(), ids=QUESTIONS)


def made(server: AlphaVantageServer, clock: ManualClock, timeout_s: float = 5) -> AlphaVantageEvidence:
    return AlphaVantageEvidence(AlphaVantageSettings(base_url=server.base_url, timeout_s=timeout_s), clock)


async def refusal(question: Awaitable[Any]) -> VendorFailure:
    with pytest.raises(VendorFailure) as caught:
        await question
    assert KEY not in str(caught.value) + repr(caught.value)
    assert caught.value.vendor == "alpha_vantage"
    assert len(str(caught.value)) < 200
    return caught.value


def asked(server: AlphaVantageServer) -> list[str]:
    return [query["function"] for query in server.asked]
