"""The kinds of buttons: each is known once, has somebody who answers it, and a place for what it opens."""

import pytest

from bot.handlers import PRESSED
from bot.presses import SHOWN, Shown, kind_of, shown_of


def test_every_kind_of_button_is_answered_by_somebody() -> None:
    assert set(PRESSED) == set(SHOWN)


def test_the_words_of_buttons_are_short_for_there_are_64_bytes() -> None:
    assert all(len(kind) <= 2 and kind.isascii() and kind.isalnum() for kind in SHOWN)


@pytest.mark.parametrize("data", ["", "w", ".", "zz.1", "W.run.1", "https://example.org", "w\u0000.x"])
def test_data_that_are_not_ours_are_of_no_kind_and_open_beside(data: str) -> None:
    assert kind_of(data) == ""
    assert shown_of(data) is Shown.BESIDE


def test_a_page_turns_in_place_and_a_reasoning_opens() -> None:
    assert shown_of("p.k3xq9d2m.1.1.2") is Shown.IN_PLACE
    assert shown_of("w.k3xq9d2m.1") is Shown.OPENED
