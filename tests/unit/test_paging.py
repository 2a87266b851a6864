"""Long text in pages."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.present.paging import split

TEXTS = st.text(max_size=400) | st.lists(
    st.sampled_from(["word", "a", "Sentence.", "\n", "\n\n", " ", "👩‍👩‍👧", "é", "🤷🏽", "x" * 30]),
    max_size=80,
).map("".join)


def visible(text: str) -> str:
    return "".join(text.split())


@given(TEXTS, st.integers(1, 60), st.none() | st.integers(1, 60))
def test_no_visible_sign_is_lost_and_every_page_keeps_to_its_size(
    text: str, size: int, first: int | None
) -> None:
    pages = split(text, size, first=first)
    assert visible("".join(pages)) == visible(text)
    assert len(pages[0]) <= (first or size)
    assert all(len(page) <= size for page in pages[1:])


@given(TEXTS, st.integers(1, 60))
def test_no_page_but_the_only_one_is_empty(text: str, size: int) -> None:
    pages = split(text, size)
    assert pages == ("",) or all(page.strip() for page in pages)


def test_text_that_fits_is_one_page_without_white_space_around_it() -> None:
    assert split("\n A case. \n", 20) == ("A case.",)
    assert split("", 20) == ("",)


def test_a_page_ends_behind_a_paragraph_before_a_line_before_a_sentence_before_a_word() -> None:
    assert split("One two. Three\n\nfour five six", 22) == ("One two. Three", "four five six")
    assert split("One two. Three\nfour five six", 22) == ("One two. Three", "four five six")
    assert split("One two three. Four five six", 22) == ("One two three.", "Four five six")
    assert split("One two three four five", 14) == ("One two three", "four five")


def test_a_word_is_cut_only_where_it_is_longer_than_a_page() -> None:
    assert split("a " + "x" * 25, 10) == ("a xxxxxxxx", "x" * 10, "x" * 7)


def test_a_border_early_in_the_page_does_not_leave_it_nearly_empty() -> None:
    assert split("a\n\n" + "word " * 10, 20)[0] == "a\n\nword word word"


def test_an_accent_and_a_joined_emoji_stay_whole_at_a_cut() -> None:
    assert split("abce\u0301f", 4) == ("abc", "e\u0301f")
    family = "👩\u200d👩\u200d👧"
    assert split("abcd" + family, 6) == ("abcd", family)
    assert split("abc🤷🏽", 4) == ("abc", "🤷🏽")


@pytest.mark.parametrize(("size", "first"), [(0, None), (5, 0)])
def test_a_page_without_room_is_a_mistake_of_the_caller(size: int, first: int | None) -> None:
    with pytest.raises(ValueError, match="at least one sign"):
        split("text", size, first=first)
