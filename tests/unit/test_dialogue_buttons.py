"""What the buttons of the dialogues carry, and what is made of it when they are pressed."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot import buttons
from bot.dialogue_buttons import (
    LIMIT_BYTES,
    Change,
    Choose,
    Deed,
    DialogueWish,
    Leave,
    SetTerms,
    ShowList,
    decode,
    encode,
    fits,
    mark_of,
)
from bot.present.dialogue import OFFERED, OTHER, TIMES
from bot.request import Address, Person
from bot.subscription_arguments import subscribe
from core.domain.errors import Refused
from core.domain.subscription import Topic

MARKS = st.text("0123456789abcdef", min_size=8, max_size=8)
NUMBERS = st.integers(1, 999_999_999)
TICKERS = st.lists(st.sampled_from(["NVDA", "BRK.B", "BTC-USD", "^GSPC", "EURUSD=X"]), max_size=5).map(tuple)
CHOICES = st.one_of(
    st.builds(Choose, MARKS),
    st.builds(
        Choose, MARKS, st.sampled_from(Topic), st.none() | st.sampled_from("abcdo"), st.none() | TICKERS
    ),
)
WISHES = st.one_of(
    CHOICES,
    st.builds(Leave, MARKS),
    st.builds(Change, MARKS, st.sampled_from(Deed), NUMBERS),
    st.builds(ShowList, MARKS, NUMBERS),
    st.builds(SetTerms, MARKS, st.sampled_from(["d", "z", "q.on", "q.off", "h.on", "z.Europe/London"])),
)


@given(WISHES.filter(fits))
def test_what_was_written_into_a_button_is_read_back(wish: DialogueWish) -> None:
    data = buttons.encode(wish)
    assert len(data.encode()) <= LIMIT_BYTES
    assert buttons.decode(data) == wish


@given(st.text(max_size=80).map(lambda text: f"s.{text}"))
@example("s.")
@example("s.0123abcd.a.v._.*\n")
@example("s.0123abcd.a.v._.nvda")
@example("s.0123abcd.a.x")
@example("s.0123ABCD.c")
@example("s.0123abcd.d.0")
@example("s.0123abcd.d.-1")
@example("s.0123abcd.d.١")
@example("s.0123abcd.t.z.../../etc/passwd" + "x" * 60)
@example("s.0123abcd.x.0123abcd.1764000000")
def test_what_is_not_ours_is_refused_and_what_is_ours_is_read(data: str) -> None:
    try:
        wish = decode(data)
    except Refused as refused:
        assert "button is too old" in str(refused)
    else:
        assert encode(wish) == data


def test_no_button_is_made_that_is_too_long_or_could_not_be_read_back() -> None:
    many = Choose("0123abcd", Topic.VERDICTS, "a", ("ABCDEFGHIJKLMNO",) * 4)
    assert not fits(many)
    for wish in (many, Choose("chat"), ShowList("0123abcd", 0), SetTerms("0123abcd", "x")):
        with pytest.raises(ValueError, match="no button can carry"):
            encode(wish)


def test_chats_and_people_have_marks_of_their_own_and_topics_of_a_chat_the_same() -> None:
    here, there = Address("telegram", "-100123"), Address("slack", "-100123")
    assert mark_of(here) != mark_of(there)
    assert mark_of(here) == mark_of(Address("telegram", "-100123", "7"))
    assert mark_of(Person("telegram:1", "Alice")) == mark_of(Person("telegram:1", "Mallory"))


@pytest.mark.parametrize("topic", OFFERED)
def test_each_time_that_is_offered_reads_as_if_a_person_had_typed_it(topic: Topic) -> None:
    for letter in OFFERED[topic]:
        about = ["watchlist"] if topic is Topic.VERDICTS else []
        wanted = subscribe([topic.value, *about, *TIMES[letter][1].split()]).wanted
        assert wanted is not None
        assert (wanted.topic, wanted.when is not None) == (topic, True)


def test_the_letter_of_another_time_is_none_of_the_times() -> None:
    assert OTHER not in TIMES
    assert "_" not in TIMES
