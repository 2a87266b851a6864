"""Whatever Alpha Vantage answers, it is read or refused by name, and what is read has its promised limits."""

import copy
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.clock import ManualClock
from core.config.market import AlphaVantageVendor as AlphaVantageSettings
from core.domain.errors import VendorFailure
from core.market.alpha_vantage_http import AlphaVantageHttp
from core.market.alpha_vantage_news import LEAST_RELEVANCE, Feed, mood, scored_items
from core.market.alpha_vantage_statements import CashReport, Earnings, IncomeReport, Statement, filings_from
from tests.loopback.alpha_vantage_bodies import (
    cash_report,
    earnings,
    income_report,
    news_feed,
    news_item,
    statement,
)

LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.decimals()
    | st.floats()
    | st.text(max_size=40)
    | st.sampled_from(
        ["None", "-", "", "2024-12-31", "0001-01-01", "20251029T143000", "1e999999", "-1E-99999"]
    )
)
JSON = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=6,
)
INCOME = statement("IBM", [income_report("2024-12-31"), income_report("2023-12-31", "1")])
CASH = statement("IBM", [], [cash_report("2024-12-31"), cash_report("2023-12-31")])
EARNED = earnings("IBM", [("2024-12-31", "2025-01-29")])
FEED = news_feed([news_item("News", "20251029T143000", [("IBM", "0.5", "0.5")]), news_item("More", "x")])


def places(body: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    inner = body.items() if isinstance(body, dict) else enumerate(body) if isinstance(body, list) else ()
    for key, value in inner:
        yield (*way, key)
        yield from places(value, (*way, key))


@st.composite
def damaged(draw: st.DrawFn, good: dict[str, Any]) -> dict[str, Any]:
    body = copy.deepcopy(good)
    for _ in range(draw(st.integers(1, 3))):
        *way, last = draw(st.sampled_from(list(places(body)) or [("feed",)]))
        inside: Any = body
        for step in way:
            inside = inside[step]
        inside[last] = draw(JSON)
    return body


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALPHA_VANTAGE_API_KEY", "K3Y-0F-OURS")


def http() -> AlphaVantageHttp:
    return AlphaVantageHttp(AlphaVantageSettings(), ManualClock(datetime(2025, 10, 30, tzinfo=UTC)))


@settings(max_examples=60)
@given(damaged(INCOME), damaged(CASH), damaged(EARNED))
def test_statements_of_any_shape_are_read_or_refused(
    income: dict[str, Any], cash: dict[str, Any], earned: dict[str, Any]
) -> None:
    try:
        told = [
            http().read("IBM", income, Statement[IncomeReport]),
            http().read("IBM", cash, Statement[CashReport]),
        ]
        reports = http().read("IBM", earned, Earnings)
        filings = filings_from("IBM", [found for found in told if found], reports)
    except VendorFailure as failure:
        assert len(str(failure)) < 200
        return
    for filing in filings:
        assert filing.reported_on is None or filing.period_end < filing.reported_on < date(2202, 1, 1)
        assert all(len(str(figure.value)) < 60 for figure in filing.figures)


@given(damaged(FEED))
def test_a_feed_of_any_shape_is_read_or_refused(body: dict[str, Any]) -> None:
    try:
        feed = http().read("IBM", body, Feed)
    except VendorFailure as failure:
        assert len(str(failure)) < 200
        return
    for item in (scored_items(feed, "IBM") if feed else None) or ():
        found = mood(item)
        assert found is None or abs(found.score or Decimal(0)) <= 1


@given(st.decimals(), st.decimals())
def test_a_score_is_a_mood_only_if_the_item_is_about_the_ticker(relevance: Decimal, score: Decimal) -> None:
    feed = Feed.model_validate(news_feed([news_item("News", "x", [("IBM", str(relevance), str(score))])]))

    about = relevance.is_finite() and LEAST_RELEVANCE <= relevance <= 1
    counts = about and score.is_finite() and abs(score) <= 1
    items = scored_items(feed, "IBM") or ()
    assert [mood(item) is not None for item in items] in ([counts], [])
    assert items or not counts or max(len(str(relevance)), len(str(score))) > 60
