"""Links to the bot: what stands in them, and what is made of what people send."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.commands import parse
from bot.deep_links import JOIN, LinkToBoard, LinkToReasoning, LinkToVerdict, decode, encode
from bot.start_arguments import StartArguments
from core.domain.stage import Stage

RUNS = st.text("0123456789abcdefghijkmnpqrstuvwxyz", min_size=1, max_size=24)
NUMBERS = st.integers(1, 999_999_999)
LINKS = st.one_of(
    st.just(LinkToBoard()),
    st.builds(LinkToVerdict, RUNS),
    st.builds(LinkToReasoning, RUNS, NUMBERS, st.none() | st.sampled_from(Stage)),
)


@given(LINKS)
def test_every_link_fits_telegrams_payload_and_is_read_back(link: LinkToBoard) -> None:
    payload = encode(link)
    assert re.fullmatch(r"[A-Za-z0-9_-]{1,64}", payload)
    assert decode(payload) == link
    assert parse(f"start {payload}")[1] == StartArguments(link)


@given(st.text(max_size=100) | st.text("whyrun-_0123456789abcdef", max_size=80))
def test_a_payload_written_by_hand_is_a_link_of_ours_or_none(payload: str) -> None:
    link = decode(payload)
    assert link is None or encode(link) == payload


@pytest.mark.parametrize("run_id", ["", "K3V9", "a-b", "a" * 25, "k3v9\n"])
def test_ids_of_another_shape_are_no_link(run_id: str) -> None:
    with pytest.raises(ValueError, match="no link can carry"):
        encode(LinkToVerdict(run_id))


@pytest.mark.parametrize(
    "payload",
    [JOIN, "", "why-", "why-k3v9x2ma", "why-k3v9x2ma-0", "why-k3v9x2ma-1-lunch", "run-k3v9x2ma-1", "x" * 65],
)
def test_what_opens_nothing_opens_the_first_screen(payload: str) -> None:
    assert decode(payload) is None
    assert parse(f"start {payload}")[1] == StartArguments()


def test_words_that_a_person_writes_behind_start_are_overlooked() -> None:
    assert parse("start run-k3v9x2ma please")[1] == StartArguments()
