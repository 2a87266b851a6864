import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.llm.redact import plain_words


@pytest.mark.parametrize(
    "text",
    [
        "Incorrect API key provided: sk-proj-abcdefgh12345678.",
        "Incorrect API key provided: sk-or-v1-0123456789abcdef",
        "Incorrect key sk-abc*************wxyz",
        "Authorization: Bearer eyJhbGciOi.abc.def",
        "xai-0123456789abcdef is wrong",
        "gsk_0123456789abcdef is wrong",
        "AIzaSyA0123456789abcdef is wrong",
        "key abcd********wxyz is wrong",
    ],
)
def test_what_looks_like_a_key_is_hidden(text: str) -> None:
    shown = plain_words(text)

    assert "[hidden]" in shown
    for part in ("abcdef", "wxyz", "eyJ"):
        assert part not in shown


def test_ordinary_words_are_left_alone() -> None:
    text = "max_tokens is too large: 9000. This model supports at most 4096 risk-adjusted key-points."

    assert plain_words(text) == text


@given(
    st.text(max_size=400),
    st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=12, max_size=40),
)
def test_the_key_itself_never_shows_and_the_line_is_short_and_printable(text: str, key: str) -> None:
    shown = plain_words(f"{text} {key} {text}{key}", key)

    assert key not in shown
    assert len(shown) <= 240
    assert shown.isprintable()
