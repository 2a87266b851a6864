"""What may stand behind each command's name."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.arguments import (
    Arguments,
    HelpArguments,
    ModelsArguments,
    NoArguments,
    PortfolioArguments,
    RunArguments,
    VoteArguments,
    WhyArguments,
    shown,
)
from bot.commands import REGISTRY, parse
from core.domain.ballot import Action
from core.domain.errors import Refused
from core.domain.stage import Preset, Stage

CLOSE_29 = datetime(2025, 10, 29, 20, tzinfo=UTC)


def read(text: str) -> Arguments:
    return parse(text)[1]


def run_of(text: str) -> RunArguments:
    arguments = read(text)
    assert isinstance(arguments, RunArguments)
    return arguments


def refusal(text: str) -> str:
    with pytest.raises(Refused) as caught:
        parse(text)
    return str(caught.value)


def test_a_ticker_is_all_that_a_run_needs() -> None:
    assert read("run NVDA") == RunArguments(("NVDA",))


@pytest.mark.parametrize(
    "text", ["run nvda", "run $NVDA", "run NVDA,", "RUN nvda", "/run NVDA", "run NVDA nvda"]
)
def test_a_ticker_is_read_however_people_write_it(text: str) -> None:
    assert run_of(text).tickers == ("NVDA",)


@pytest.mark.parametrize("text", ["run NVDA AAPL", "run NVDA,AAPL", "run NVDA, AAPL", "run NVDA AAPL NVDA"])
def test_several_tickers_stand_with_spaces_or_commas_and_fold_where_they_repeat(text: str) -> None:
    assert run_of(text).tickers == ("NVDA", "AAPL")


def test_up_to_five_tickers_run_at_once() -> None:
    assert len(run_of("run A B C D E").tickers) == 5
    assert refusal("run A B C D E F") == "That is 6 tickers; /run takes up to 5 at once."


@pytest.mark.parametrize(
    "text", ["run NVDA quick", "run quick NVDA", "run NVDA --preset quick", "run NVDA QUICK"]
)
def test_a_preset_stands_anywhere_by_itself_or_behind_its_option(text: str) -> None:
    assert read(text) == RunArguments(("NVDA",), Preset.QUICK)


@pytest.mark.parametrize(
    "text",
    [
        "run NVDA 2025-10-29",
        "run 2025-10-29 NVDA",
        "run NVDA --as-of 2025-10-29",
        "run NVDA --as-of=2025-10-29",
        "run NVDA 2025-10-29T20:00:00Z",
        "run NVDA 2025-10-29T16:00:00-04:00",
    ],
)
def test_a_date_means_after_that_days_close_and_a_time_means_itself(text: str) -> None:
    assert run_of(text).as_of == CLOSE_29


@pytest.mark.parametrize("dash", ["--", "-", "—", "–", "―"])
def test_the_dash_that_phones_make_of_two_hyphens_begins_an_option_too(dash: str) -> None:
    wanted = RunArguments(("NVDA",), as_of=CLOSE_29, members=("claude", "gpt-5"))
    assert read(f"run NVDA {dash}as-of 2025-10-29 {dash}members claude,gpt-5") == wanted


def test_members_are_parts_of_names_in_one_list_with_or_without_spaces() -> None:
    for text in (
        "run NVDA --members claude,gpt-5",
        "run NVDA --members claude, gpt-5",
        "run NVDA --members=claude,gpt-5,claude",
    ):
        assert run_of(text) == RunArguments(("NVDA",), members=("claude", "gpt-5"))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("run", "Which ticker? Write for instance /run NVDA."),
        ("run quick", "Which ticker? Write for instance /run NVDA."),
        ("run NVDA quick deep", "Choose one preset, quick or deep, not several."),
        ("run NVDA 2025-10-28 2025-10-29", "Choose one moment for the evidence, not several."),
        ("run NVDA qick", "“qick” is not a preset. Did you mean quick?"),
        ("run NVDA --preset sloow", "“sloow” is not a preset. Presets are quick, standard, deep."),
        ("run NVDA --as-off 2025-10-29", "I don't know the option “--as-off”. Did you mean --as-of?"),
        (
            "run NVDA --zzz",
            "I don't know the option “--zzz”. /run takes --as-of, --members, --preset, --yes.",
        ),
        ("run NVDA --members", "--members needs a value: write for instance --members claude,gpt-5."),
        ("run NVDA --as-of --preset quick", "--as-of needs a value: write for instance --as-of 2025-10-29."),
        ("run NVDA 2025-10-29 15:30", "Write “15:30” in one word with its date: 2025-10-29T15:30:00-04:00."),
        ("run NV/DA", "“NV/DA” is not a ticker. Write one like NVDA, BRK-B or BTC-USD."),
        ("run NVDA --members a/b", "“a/b” is no model's name. Send /models for the list."),
    ],
)
def test_a_run_that_cannot_be_read_says_what_to_write_instead(text: str, sentence: str) -> None:
    assert refusal(text) == sentence


@pytest.mark.parametrize(
    "text", ["run NVDA 2025-13-45", "run NVDA --as-of yesterday", "run NVDA 2025-10-29Tnoon"]
)
def test_a_moment_that_is_none_shows_how_to_write_one(text: str) -> None:
    assert "2025-10-29" in refusal(text).replace(text, "")


def test_why_takes_a_ticker_or_run_then_a_model_then_a_stage() -> None:
    assert read("why NVDA") == WhyArguments("NVDA")
    assert read("why 4f7k2m9q claude") == WhyArguments("4f7k2m9q", "claude")
    assert read("why $NVDA claude bear") == WhyArguments("NVDA", "claude", Stage.BEAR)


@pytest.mark.parametrize(
    "word", ["risk_aggressive", "risk-aggressive", "RISK_AGGRESSIVE", "aggressive", "risk aggressive"]
)
def test_a_stage_is_read_however_people_write_it(word: str) -> None:
    assert read(f"why NVDA claude {word}") == WhyArguments("NVDA", "claude", Stage.RISK_AGGRESSIVE)


@pytest.mark.parametrize("stage", list(Stage))
def test_every_stage_can_be_asked_for_by_its_name(stage: Stage) -> None:
    assert read(f"why NVDA claude {stage}") == WhyArguments("NVDA", "claude", stage)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("why", "Which run? Write for instance /why NVDA or /why NVDA claude bear."),
        ("why NVDA bear", "Whose bear stage? Write /why NVDA MODEL bear."),
        ("why NVDA claude baer", "“baer” is not a stage. Did you mean bear?"),
        ("why NVDA cl@ude", "“cl@ude” is no model's name. Send /models for the list."),
        ("why NV/DA", "“NV/DA” is not a ticker. Write one like NVDA, BRK-B or BTC-USD."),
        ("portfolio a b", "One model at a time: write for instance /portfolio claude."),
        ("models a b", "One model at a time: write for instance /models claude."),
        ("models a:b", "“a:b” is no model's name. Send /models for the list."),
        ("portfolio a:b", "“a:b” is no model's name. Send /models for the list."),
    ],
)
def test_a_question_that_cannot_be_read_says_what_to_write_instead(text: str, sentence: str) -> None:
    assert refusal(text) == sentence


def test_an_unknown_stage_without_a_near_one_lists_them_all() -> None:
    said = refusal("why NVDA claude xyzzy")
    assert all(stage in said for stage in Stage)


@pytest.mark.parametrize(
    ("text", "arguments"),
    [
        ("vote NVDA buy", VoteArguments("NVDA", Action.BUY)),
        ("vote $nvda SELL", VoteArguments("nvda", Action.SELL)),
        ("vote 4f7k2m9q Hold", VoteArguments("4f7k2m9q", Action.HOLD)),
        ("vote NVDA buy 70", VoteArguments("NVDA", Action.BUY, Decimal("0.7"))),
        ("vote NVDA buy 70%", VoteArguments("NVDA", Action.BUY, Decimal("0.7"))),
        ("vote NVDA buy 70 %", VoteArguments("NVDA", Action.BUY, Decimal("0.7"))),
        ("vote NVDA buy 0", VoteArguments("NVDA", Action.BUY, Decimal(0))),
        ("vote NVDA buy 100", VoteArguments("NVDA", Action.BUY, Decimal(1))),
    ],
)
def test_a_vote_is_a_ticker_or_run_an_action_and_perhaps_a_confidence(
    text: str, arguments: VoteArguments
) -> None:
    assert read(text) == arguments


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("vote", "Vote on which run? Write for instance /vote NVDA buy 70."),
        ("vote NVDA", "What is your vote? Write /vote NVDA buy, sell or hold."),
        ("vote NV/DA buy", "“NV/DA” is not a ticker. Write one like NVDA, BRK-B or BTC-USD."),
        ("vote NVDA long", "“long” is no vote. Write /vote NVDA buy, sell or hold."),
        ("vote NVDA \u202ebuy\x00", "“buy” is no vote. Write /vote NVDA buy, sell or hold."),
    ],
)
def test_a_vote_that_cannot_be_read_says_what_to_write_instead(text: str, sentence: str) -> None:
    assert refusal(text) == sentence


@pytest.mark.parametrize(
    "confidence",
    ["101", "-1", "0.7", "7e1", "70%%", "%", "seventy", "٧٠", "70 80", "9" * 500, "NaN", "70\x00"],
)
def test_a_confidence_is_a_whole_number_of_percent_and_nothing_is_guessed(confidence: str) -> None:
    said = refusal(f"vote NVDA buy {confidence}")
    assert said.endswith("is no confidence. Write a whole number from 0 to 100: /vote NVDA buy 70.")
    assert said.isprintable()
    assert len(said) < 130


def test_the_other_commands_take_little_or_nothing() -> None:
    assert read("portfolio") == PortfolioArguments()
    assert read("portfolio claude") == PortfolioArguments("claude")
    assert read("models") == ModelsArguments()
    assert read("models claude") == ModelsArguments("claude")
    assert read("help") == HelpArguments()
    assert read("help /Run") == HelpArguments("run")
    assert read("whoami please") == NoArguments()


ODD_WORDS = (
    *("run", "why", "portfolio", "help", "NVDA", "quick", "bear", "2025-10-29"),
    *("buy", "SELL", "70", "70%", "%", "101"),
    *("--as-of", "--as-of=", "--members", "—preset", "$", ",", "-", "--", "="),
    *("\x00", "\u202e", "0000-00-00", "99999999999-1-1", "٣٣٣٣-٠١-٠١"),
)
WORDS = st.text(max_size=40) | st.sampled_from(ODD_WORDS)


@given(st.lists(WORDS, max_size=8).map(" ".join), st.sampled_from(["", *(c.name for c in REGISTRY)]))
def test_hostile_text_gives_arguments_or_a_refusal_and_nothing_else(text: str, command: str) -> None:
    try:
        read(f"{command} {text}")
    except Refused as refused:
        said = str(refused)
        assert said.isprintable()
        assert len(said) < 300


@given(st.text(max_size=200))
def test_what_is_repeated_of_a_person_is_printable_and_short(text: str) -> None:
    assert shown(text).isprintable()
    assert len(shown(text)) <= 30
