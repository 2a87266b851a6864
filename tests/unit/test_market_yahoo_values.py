from contextlib import suppress
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.errors import BadVendorData
from core.market.yahoo_news import news_items
from core.market.yahoo_profile import read_identity, read_snapshot
from core.market.yahoo_statements import FIGURE_TYPES, read_statements
from core.market.yahoo_values import number
from tests.hostile_text import TEXTS

NOW = datetime(2025, 10, 31, 20, tzinfo=UTC)
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    TEXTS,
    st.sampled_from(["2024-09-28", "12M", "3M", "USD", "EQUITY", "NONE", "https://a.b/c", 10**400]),
)
KEYS = st.one_of(
    st.sampled_from(
        [
            *("asOfDate", "reportedValue", "raw", "periodType", "currencyCode", *FIGURE_TYPES[:3]),
            *("title", "content", "pubDate", "providerPublishTime", "canonicalUrl", "url", "provider"),
            *("price", "quoteType", "longName", "currency", "marketCap", "summaryDetail", "trailingPE"),
        ]
    ),
    st.text(max_size=5),
)
ANY = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=6),
    max_leaves=12,
)
OBJECTS = st.dictionaries(KEYS, ANY, max_size=6)
POINTS = st.lists(st.one_of(ANY, st.fixed_dictionaries({"asOfDate": ANY, "reportedValue": ANY})), max_size=4)
SERIES = st.dictionaries(st.sampled_from(FIGURE_TYPES), st.one_of(ANY, POINTS), max_size=6)


@given(ANY | st.lists(SERIES).map(lambda told: {"timeseries": {"result": told}}))
def test_any_answer_with_statements_is_read_or_refused(body: Any) -> None:
    try:
        filings = read_statements("yfinance", body, NOW.date())
    except BadVendorData:
        return
    assert all(filing.figures and filing.period_end <= NOW.date() for filing in filings)
    assert len({(filing.period_end, filing.annual) for filing in filings}) == len(filings)


@given(st.lists(st.one_of(ANY, OBJECTS, OBJECTS.map(lambda content: {"content": content})), max_size=5))
def test_any_stream_of_news_is_read_or_refused(stream: list[Any]) -> None:
    try:
        items = news_items("yfinance", stream, market_wide=False)
    except BadVendorData:
        return
    assert all(item.title and len(item.title) <= 2_000 for item in items)


@given(ANY | OBJECTS.map(lambda modules: {"quoteSummary": {"result": [modules]}}))
def test_any_answer_about_an_instrument_is_read_or_refused(body: Any) -> None:
    for read in (
        lambda: read_identity("yfinance", "NVDA", body),
        lambda: read_snapshot("yfinance", "NVDA", body, NOW),
    ):
        with suppress(BadVendorData):
            read()


@given(st.floats() | st.integers())
def test_a_number_is_near_what_was_told_and_has_one_text(told: float) -> None:
    value = number(told)

    if value is None:
        assert not -(10**18) <= told <= 10**18
    else:
        assert abs(value - Decimal(told)) <= max(Decimal("0.000001"), abs(Decimal(told)) * Decimal("1e-15"))
        assert str(value) == f"{value:f}"
        assert "." not in str(value) or not str(value).endswith("0")


@pytest.mark.parametrize(
    ("told", "text"),
    [(98767000000.0, "98767000000"), (1e17, "100000000000000000"), (-0.0, "0"), (1e-9, "0"), (7.46, "7.46")],
)
def test_equal_numbers_have_equal_texts(told: float, text: str) -> None:
    assert str(number(told)) == text


def test_statements_come_newest_first() -> None:
    told = [{"asOfDate": f"{year}-12-31", "reportedValue": {"raw": year}} for year in (2022, 2024, 2023)]
    body = {"timeseries": {"result": [{"annualTotalRevenue": told}]}}

    ends = [filing.period_end for filing in read_statements("yfinance", body, NOW.date())]

    assert ends == [date(2024, 12, 31), date(2023, 12, 31), date(2022, 12, 31)]
