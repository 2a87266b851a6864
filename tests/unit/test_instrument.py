"""Tickers that people type."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.errors import BadTicker
from core.domain.instrument import parse_ticker


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("nvda", "NVDA"),
        (" $AAPL ", "AAPL"),
        ("brk-b", "BRK-B"),
        ("BTC-USD", "BTC-USD"),
        ("^GSPC", "^GSPC"),
        ("7203.T", "7203.T"),
    ],
)
def test_a_ticker_is_read_in_any_case(typed: str, meant: str) -> None:
    assert parse_ticker(typed) == meant


@pytest.mark.parametrize(
    "typed", ["", "../etc/passwd", "A B", "NVDA;DROP", "A" * 16, "ＮＶＤＡ", "-A", "A..B", "<b>"]
)
def test_anything_else_is_refused_in_one_sentence(typed: str) -> None:
    with pytest.raises(BadTicker, match="is not a ticker"):
        parse_ticker(typed)


@given(st.text(max_size=40))
def test_arbitrary_text_gives_a_safe_ticker_or_a_refusal(typed: str) -> None:
    try:
        ticker = parse_ticker(typed)
    except BadTicker as refusal:
        assert "\n" not in str(refusal)
        return
    assert ticker.isascii()
    assert "/" not in ticker
    assert 1 <= len(ticker) <= 16
