"""What stands in a button, and what is made of it when it is pressed."""

import re

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from bot.buttons import LIMIT_BYTES, CastVote, OpenReasoning, OpenVerdict, TurnTo, Wish, decode, encode
from core.domain.ballot import Action
from core.domain.errors import Refused
from core.domain.ids import ALPHABET, new_id

RUN_IDS = st.text(ALPHABET, min_size=1, max_size=24)
NUMBERS = st.integers(1, 999_999_999)
OPENINGS = st.builds(OpenReasoning, RUN_IDS, NUMBERS)
TURNS = st.builds(TurnTo, RUN_IDS, NUMBERS, NUMBERS, NUMBERS)
VERDICTS = st.builds(OpenVerdict, RUN_IDS)
VOTES = st.builds(CastVote, RUN_IDS, st.sampled_from(list(Action)))
OURS = re.compile(
    r"[wp]\.[0-9a-z]{1,24}(\.[1-9][0-9]{0,8}){1,3}|r\.[0-9a-z]{1,24}|v\.[0-9a-z]{1,24}\.[bhs]", re.ASCII
)


@given(OPENINGS | TURNS | VERDICTS | VOTES)
def test_what_was_written_into_a_button_is_read_back(wish: Wish) -> None:
    assert decode(encode(wish)) == wish


@given(OPENINGS | TURNS | VERDICTS | VOTES)
def test_a_button_is_short_plain_and_fits_every_platform(wish: Wish) -> None:
    data = encode(wish)
    assert len(data.encode()) <= LIMIT_BYTES
    assert OURS.fullmatch(data)


def test_the_ids_that_the_arena_makes_fit_into_buttons() -> None:
    assert decode(encode(OpenReasoning(new_id(), 5))).member == 5


@given(st.text(max_size=80))
@example("w.4f7k2m9q.1\n")
@example("w.4f7k2m9q.01")
@example("w.4f7k2m9q.0")
@example("w.4f7k2m9q.-1")
@example("w.4f7k2m9q.١")
@example("w.4F7K2M9Q.1")
@example("p.4f7k2m9q.1.2")
@example("r.4f7k2m9q.1")
@example("r.")
@example("r.NVDA")
@example("r.4f7k2m9q\n")
@example("v.4f7k2m9q.BUY")
@example("v.4f7k2m9q.B")
@example("v.4f7k2m9q.")
@example("v.NVDA.b")
@example("v.4f7k2m9q.b\n")
@example("p.4f7k2m9q.1.2.3.4")
@example("w.NVDA claude.1")
@example("w.claude-sonnet-4.5.1")
def test_anything_else_is_refused_in_a_sentence(data: str) -> None:
    assume(not OURS.fullmatch(data))
    with pytest.raises(Refused, match="button is too old"):
        decode(data)


@pytest.mark.parametrize(
    "wish",
    [
        OpenReasoning("claude-sonnet", 1),
        OpenReasoning("", 1),
        OpenVerdict(""),
        OpenVerdict("NVDA claude"),
        OpenReasoning("x" * 25, 1),
        OpenReasoning("4f7k2m9q", 0),
        CastVote("NVDA", Action.BUY),
        TurnTo("4f7k2m9q", 1, 0, 1),
        TurnTo("4f7k2m9q", 1, 1, 1_000_000_000),
    ],
)
def test_no_button_is_made_that_could_not_be_read_back(wish: Wish) -> None:
    with pytest.raises(ValueError, match="no button can carry"):
        encode(wish)
