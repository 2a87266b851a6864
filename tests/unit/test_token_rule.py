"""How many tokens a text takes, by the stated rule, beside what two tokenizers have counted."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.tokens import all_tokens, tokens
from core.pipeline.fences import spaced, without_links

COUNTED = {
    # Text: what o200k and cl100k make of it, the larger of the two.
    "hello world": 2,
    "revenue 46.743 billion USD; net income 26.422 billion USD": 17,
    "2025-10-29 229.50 230.10 228.40 229.50 1000259": 26,
    "Chip makers fall after new export rules; analysts see a limited effect on this year's revenue": 18,
}


@pytest.mark.parametrize(("text", "counted"), COUNTED.items())
def test_the_rule_counts_rather_too_many_than_too_few(text: str, counted: int) -> None:
    assert counted <= tokens(text) <= counted * 1.5


@given(st.text(), st.text())
def test_more_text_never_takes_fewer_tokens(one: str, two: str) -> None:
    assert 0 <= tokens(one) <= tokens(one + "\n" + two)
    assert all_tokens([one, two]) == tokens(one) + tokens(two) + 2


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("see https://evil.example/x?y=1 now", "see (link) now"),
        ("[click](https://evil.example)", "[click]((link))"),
        ("www.evil.example and t.me/joinchat/abc", "(link) and (link)"),
        ("tg://user?id=1 mailto:a@b.c", "(link) (link)"),
        ("evil.example/pump", "(link)"),
        ("U.S./China trade, 24/7, P/E of 32.5/30, buy and/or sell", None),
        ("NVDA.US rose 3.5 % to $199.80 in Q3/2025.", None),
    ],
)
def test_links_are_left_out_and_nothing_else(text: str, left: str | None) -> None:
    assert without_links(text) == (text if left is None else left)


@given(st.text("[]<>|/a "))
def test_no_mark_of_a_fence_or_a_turn_is_left(text: str) -> None:
    assert not any(mark in spaced(text) for mark in ("[[", "]]", "<|", "|>"))
    assert spaced(text).replace(" ", "") == text.replace(" ", "")
