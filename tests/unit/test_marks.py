"""The mark that a run leaves: the evidence's price, dated by when it was made."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from core.clock import ManualClock
from core.config import Settings
from core.domain.bars import BarSeries
from core.market.calendar import MarketCalendar
from core.market.chain import PriceChain
from core.pipeline.bookkeeping import Bookkeeper
from core.pipeline.evidence import build_evidence
from tests.vendor_double import bar, bars_to

CLOSE_29 = datetime(2025, 10, 29, 20, tzinfo=UTC)
CALENDAR = MarketCalendar()


@pytest.fixture
def keeper() -> Bookkeeper:
    clock = ManualClock(CLOSE_29)
    prices = PriceChain([], CALENDAR, clock, max_age_sessions=3, timeout_s=1)
    unused: Any = None
    return Bookkeeper(Settings(), unused, prices, CALENDAR, clock)


def series(as_of: datetime, **more: Any) -> BarSeries:
    return BarSeries(ticker="NVDA", source="one", as_of=as_of, bars=bars_to(date(2025, 10, 29), 30), **more)


def test_a_close_is_marked_when_its_session_closed_however_late_the_run(keeper: Bookkeeper) -> None:
    evidence = build_evidence(series(CLOSE_29 + timedelta(hours=3)), session_open=False)

    mark = keeper.mark(evidence)

    assert (mark.ticker, mark.price, mark.at, mark.source) == ("NVDA", Decimal(10), CLOSE_29, "one")


def test_the_price_of_a_running_session_is_marked_at_the_moment_of_the_run(keeper: Bookkeeper) -> None:
    noon = datetime(2025, 10, 30, 16, tzinfo=UTC)
    running = bar(date(2025, 10, 30), "12")

    mark = keeper.mark(build_evidence(series(noon, running=running), session_open=True))

    assert (mark.price, mark.at) == (Decimal(12), noon)
