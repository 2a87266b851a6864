"""Buttons that send a command: what they carry, and what is made of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.command_buttons import CANCEL, command_of, encode, fits
from bot.commands import REGISTRY, parse
from bot.missing import Missing
from bot.offers import alternatives
from bot.present.asking import ask_notice
from core.domain.errors import NotFound, Refused, Unknown, UnknownTicker


@pytest.mark.parametrize(
    "command",
    [
        "run NVDA",
        "run ^GSPC BRK.B EURUSD=X quick",
        "run NVDA 2025-10-29T15:30:00-04:00 --members=claude,#3",
        "why NVDA #3 risk_aggressive",
        "vote NVDA buy 70%",
        "leaderboard 7d",
        "help",
    ],
)
@pytest.mark.parametrize("beside", [True, False])
def test_a_command_comes_back_as_it_was_put_in(command: str, beside: bool) -> None:
    assert command_of(encode(command, beside=beside)) == command


def test_cancel_sends_nothing() -> None:
    assert command_of(CANCEL.data) is None


@pytest.mark.parametrize(
    "command", ["", "run NVDA\n/help", "run <b>", "run “NVDA”", "run  NVDA", "x" * 63, "-"]
)
def test_what_no_command_needs_is_not_put_into_a_button(command: str) -> None:
    assert not fits(command)
    with pytest.raises(ValueError, match="no button can carry"):
        encode(command)


@pytest.mark.parametrize(
    "data", ["m.", "m", "mn.", "m.run NVDA\n", "m.\x00", "m." + "a" * 63, "m.;DROP", "w.1.2"]
)
def test_data_that_are_not_ours_are_refused_in_one_sentence(data: str) -> None:
    with pytest.raises(Refused, match="too old"):
        command_of(data)


@given(st.one_of(st.text(max_size=80), st.text("m.nrun NVDA#$/-\n", max_size=80).map("m.".__add__)))
def test_whatever_is_written_by_hand_is_a_short_command_or_refused(data: str) -> None:
    try:
        command = command_of(data)
    except Refused:
        return
    assert command is None or (command.isascii() and command.isprintable() and len(command) < 64)


def missing(text: str) -> Missing:
    with pytest.raises(Missing) as caught:
        parse(text)
    return caught.value


@pytest.mark.parametrize(
    ("text", "word", "sent"),
    [
        ("run", "NVDA", "run NVDA"),
        ("run quick", "NVDA", "run NVDA quick"),
        ("run --members claude,gpt5 deep", "BRK-B", "run BRK-B --members claude,gpt5 deep"),
        ("analyse", "NVDA", "run NVDA"),
        ("why", "NVDA", "why NVDA"),
        ("why NVDA bear", "#3", "why NVDA #3 bear"),
        ("why $NVDA risk aggressive", "#3", "why NVDA #3 risk_aggressive"),
        ("vote", "NVDA", "vote NVDA"),
        ("vote nvda", "buy", "vote nvda buy"),
    ],
)
def test_a_missing_word_is_asked_for_by_buttons_that_complete_the_command(
    text: str, word: str, sent: str
) -> None:
    card = ask_notice(missing(text), [(word, word)])
    assert [button.data for button in card.buttons] == [f"m.{sent}", "m.-"]
    assert card.text.endswith((".", "?"))


def test_every_command_that_is_asked_to_the_end_can_be_read() -> None:
    for text in ("run quick", "why", "vote NVDA", "why NVDA bear"):
        word = {"vote NVDA": "buy", "why NVDA bear": "#3"}.get(text, "NVDA")
        sent = command_of(ask_notice(missing(text), [(word, word)]).buttons[0].data)
        assert sent is not None
        assert parse(sent)[0] in REGISTRY


def test_a_choice_that_no_button_can_carry_is_left_out_and_nothing_is_left_to_cancel() -> None:
    assert ask_notice(missing("run"), [("long", "x" * 80), ("evil", "a\nb")]).buttons == ()


def sent(error: Exception, text: str) -> list[str | None]:
    return [command_of(button.data) for button in alternatives(error, text)]


def unknown(wrong: str, *near: str) -> Unknown:
    return Unknown("no", wrong=wrong, near=tuple((word, word) for word in near))


@pytest.mark.parametrize(
    ("wrong", "text", "again"),
    [
        ("NVDAA", "run nvdaa quick", "run NVDA quick"),
        ("NVDAA", "why $NVDAA claude", "why NVDA claude"),
        ("NVDAA", "run AAPL,NVDAA,IBM", "run AAPL,NVDA,IBM"),
        ("NVDAA", "run --members=NVDAA AAPL", "run --members=NVDA AAPL"),
    ],
)
def test_the_command_is_offered_again_with_the_right_word_in_its_place(
    wrong: str, text: str, again: str
) -> None:
    assert sent(unknown(wrong, "NVDA"), text) == [again]


def test_several_words_may_be_meant() -> None:
    assert sent(unknown("cluade", "#1", "#2"), "why NVDA cluade bear") == [
        "why NVDA #1 bear",
        "why NVDA #2 bear",
    ]


@pytest.mark.parametrize("text", ["", "run AAPL", "why why", "run XNVDAA", "run NVDAA.X"])
def test_nothing_is_offered_where_the_wrong_word_does_not_stand_once(text: str) -> None:
    assert sent(unknown("why" if "why" in text else "NVDAA", "NVDA"), text) == []


def test_other_errors_offer_nothing() -> None:
    assert sent(NotFound("no"), "run NVDAA") == []
    assert sent(unknown("NVDAA"), "run NVDAA") == []
    assert sent(unknown("NVDAA", "x" * 70), "run NVDAA") == []


def test_a_ticker_without_prices_is_offered_better() -> None:
    error = UnknownTicker("no", wrong="NVDAA", near=(("NVDA", "NVDA"),))
    assert sent(error, "run NVDAA deep") == ["run NVDA deep"]


@given(st.text(max_size=100), st.text(max_size=60), st.text(max_size=60))
def test_whatever_was_typed_what_is_offered_can_be_sent(text: str, wrong: str, word: str) -> None:
    for command in sent(unknown(wrong, word), text):
        assert command is not None
        assert fits(command)
