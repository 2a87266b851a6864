"""Which known words a misspelt one may have meant."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.near import did_you_mean, near

TICKERS = ("NVDA", "AAPL", "GOOG", "IBM", "MSFT", "BRK-B", "BTC-USD", "F")
MEMBERS = ("claude-sonnet-4.5", "gpt5", "gemini", "deepseek", "qwen")
WORDS = st.text(st.sampled_from("ABCdefgh12-."), max_size=12)


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("NVDAA", "NVDA"),
        ("NVD", "NVDA"),
        ("NVAD", "NVDA"),
        ("nvdq", "NVDA"),
        ("APPL", "AAPL"),
        ("MSTF", "MSFT"),
        ("IBN", "IBM"),
        ("BRKB", "BRK-B"),
        ("BTCUSD", "BTC-USD"),
    ],
)
def test_one_slip_of_the_hand_is_understood(word: str, meant: str) -> None:
    assert near(word, TICKERS) == (meant,)


@pytest.mark.parametrize("word", ["", "F", "FX", "TSLA", "QQQQQ", "A" * 5000, "NVDA", "nvda", " "])
def test_what_is_far_away_too_short_or_known_suggests_nothing(word: str) -> None:
    assert near(word, TICKERS) == ()


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("cluade", "claude-sonnet-4.5"),
        ("sonet", "claude-sonnet-4.5"),
        ("gtp5", "gpt5"),
        ("gemni", "gemini"),
        ("depseek", "deepseek"),
        ("deapsek", "deepseek"),
    ],
)
def test_a_name_is_understood_by_any_of_its_parts(word: str, meant: str) -> None:
    assert near(word, MEMBERS) == (meant,)


def test_the_closest_come_first_and_never_more_than_three() -> None:
    assert near("GEMINY", ["GEMIMI", "GEMINI"]) == ("GEMINI", "GEMIMI")
    assert near("AAAB", ["AAAC", "AAAD", "AAAE", "AAAF"]) == ("AAAC", "AAAD", "AAAE")


def test_the_question_names_all_that_may_be_meant() -> None:
    assert did_you_mean(["NVDA"]) == "Did you mean NVDA?"
    assert did_you_mean(["A", "B", "C"]) == "Did you mean A, B or C?"


@given(WORDS, st.lists(WORDS, max_size=6))
def test_suggestions_are_known_words_and_never_the_word_itself(word: str, known: list[str]) -> None:
    found = near(word, known)
    assert set(found) <= set(known)
    assert len(set(found)) == len(found) <= 3
    assert word.casefold() not in {name.casefold() for name in found}


@given(st.text(st.sampled_from("ABCDEFG"), min_size=4, max_size=8), st.data())
def test_two_letters_that_changed_places_are_always_understood(word: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(word) - 2))
    swapped = word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    assert near(swapped, [word]) == (() if swapped == word else (word,))
