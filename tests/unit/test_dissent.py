"""An outlier's strongest reason, in one line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.consensus.dissent import LONGEST_REASON, dissent, strongest_reason
from core.domain.ballot import Action, Rating
from tests.ballots import ballot

WORDS = "the margin of every segment shrinks while inventories grow "


def reason(reasoning: str = "", *points: str) -> str:
    return strongest_reason(ballot("a", Rating.SELL, reasoning=reasoning, key_points=points))


def test_the_first_key_point_that_says_something_is_the_strongest_reason() -> None:
    assert reason("It is dear. Sell.", " \n", "Margins\n  shrink", "Debt grows") == "Margins shrink"


@pytest.mark.parametrize(
    ("reasoning", "first"),
    [
        ("It is dear. Sell it now.", "It is dear."),
        ("Is it dear? Yes.", "Is it dear?"),
        ("RSI is 71.3 and rising! Beware.", "RSI is 71.3 and rising!"),
        ("U.S. bonds pay 4.5 %, vs. peers at 3 %. So sell.", "U.S. bonds pay 4.5 %, vs. peers at 3 %."),
        ("Down 12% (a lot). 3 reasons follow.", "Down 12% (a lot)."),
        ("利益率が低下している。売り。", "利益率が低下している。"),
        ("one line\nand no stop at all", "one line and no stop at all"),
    ],
)
def test_without_a_key_point_it_is_the_first_sentence(reasoning: str, first: str) -> None:
    assert reason(reasoning) == first


def test_a_member_that_gives_no_reason_is_said_to_give_none() -> None:
    assert reason(" \n ", "", "\t") == "no reason given"


def test_a_long_reason_is_cut_between_two_words_and_one_that_just_fits_is_not() -> None:
    fits = f"{'x' * 79} {'y' * 80}"
    assert len(fits) == LONGEST_REASON
    assert reason("", fits) == fits
    assert reason("", f"{fits}y") == f"{'x' * 79}…"
    cut = reason("", WORDS * 4)
    assert cut.endswith("…")
    assert (WORDS * 4).startswith(f"{cut[:-1]} ")
    assert LONGEST_REASON - 15 < len(cut) <= LONGEST_REASON


def test_a_word_that_fills_the_line_is_cut_where_the_room_ends() -> None:
    assert reason("", "日" * 500) == "日" * (LONGEST_REASON - 1) + "…"


@given(st.text(max_size=600), st.lists(st.text(max_size=400), max_size=3))
def test_whatever_a_model_writes_is_one_line_that_fits_and_is_its_own(text: str, points: list[str]) -> None:
    line = reason(text, *points)
    assert 1 <= len(line) <= LONGEST_REASON
    assert line.splitlines() == [line]
    assert line == " ".join(line.split())
    written = [" ".join(one.split()) for one in (*points, text)]
    if any(written):
        assert any(one.startswith(line.removesuffix("…")) for one in written if one)


def test_dissent_is_of_those_who_differ_and_there_is_none_without_a_decision() -> None:
    cast = [ballot("a", Rating.BUY), ballot("b", Rating.HOLD), ballot("c", Rating.OVERWEIGHT)]
    assert [one.member for one in dissent(cast, Action.BUY)] == ["b"]
    assert [one.member for one in dissent(cast, Action.SELL)] == ["a", "b", "c"]
    assert dissent(cast, None) == ()
