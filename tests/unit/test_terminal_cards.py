"""Every card in the terminal: nothing cut, nothing torn, readable without colour, and harmless."""

import io
import re
import unicodedata
from collections.abc import Callable
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from bot.cards import (
    AlertCard,
    Button,
    Card,
    DissentLine,
    MemberLine,
    PictureCard,
    ProgressCard,
    ReasoningCard,
    SummaryCard,
    SummaryLine,
    VerdictCard,
)
from bot.compare_card import CompareCard, ComparedLine
from bot.digest_cards import CallLine, DigestCard, JudgeLine, Lines, ReviewCard
from bot.present.calibration import calibration_card
from bot.present.leaderboard import leaderboard_card
from bot.present.portfolio import portfolio_card
from bot.present.reasoning import pages
from bot.present.verdict import verdict_card
from bot.terminal_checks import checks_table
from bot.terminal_render import buttons_of, render
from bot.window_cards import ReasoningWindow, VerdictWindow
from core.domain.ballot import Action
from core.domain.check import Check
from core.domain.stage import ModelChat, Stage
from core.domain.values import Frozen
from tests import arena_facts, standings_facts
from tests.card_samples import SAMPLES

WIDTHS = (40, 60, 80, 120)
ZONE = ZoneInfo("America/New_York")
TIE = "BUY and SELL share the first place with 40 % of the weight each: a tie is HOLD, whoever began it."
CARDS: dict[str, Card] = {
    **SAMPLES,
    "five members": verdict_card(arena_facts.record(), {m.name: m for m in arena_facts.MEMBERS}, ZONE),
    "tie": SAMPLES["verdict"].model_copy(update={"rule": TIE, "decision": Action.HOLD, "headline": "HOLD"}),
    "board": leaderboard_card(standings_facts.LEADERBOARD),
    "books": portfolio_card(standings_facts.STATEMENT, ZONE),
    "record": calibration_card(standings_facts.CALIBRATION, ZONE),
}


def drawn(card: Card, width: int, *, colour: bool = False) -> str:
    file = io.StringIO()
    console = Console(
        file=file, width=width, force_terminal=colour, color_system="truecolor" if colour else None
    )
    console.print(render(card, width=width, numbered_from=1))
    return file.getvalue()


def told(text: str) -> str:
    """The signs that a person reads, in order, without frames, bars and what separates them."""
    return re.sub(r"[\s╭╮╰╯─│·█░]", "", text)


def own(kind: type[Frozen]) -> set[str]:
    """The fields that a window has beyond those of its card, for which a terminal has no window."""
    return set(kind.model_fields) - set(getattr(kind.__base__, "model_fields", {}))


def words_of(value: object) -> list[str]:
    """Every word that a card holds, but for button data and what no terminal shows."""
    match value:
        case Button():
            return words_of(value.label)
        case str():
            return value.split()
        case tuple():
            return [word for item in value for word in words_of(item)]
        case _ if hasattr(value, "model_fields_set"):
            hidden = {"tone", "reference", "state", "rank", "decision", "action", "sign"}
            # What goes on is redrawn all the time, and no place to press anything: /vote is.
            hidden |= {"buttons", "stop"} if isinstance(value, ProgressCard) else set()
            # The name of a file, and what a picture shows to who cannot see it: the facts are in its caption.
            hidden |= {"name", "alt"} if isinstance(value, PictureCard) else set()
            hidden |= {name for kind in (ReasoningWindow, VerdictWindow) for name in own(kind)}
            return [
                word
                for name in type(value).model_fields
                if name not in hidden
                for word in words_of(getattr(value, name))
            ]
        case _:
            return []


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", CARDS)
def test_every_word_of_a_card_is_seen_at_any_width(name: str, width: int) -> None:
    text = drawn(CARDS[name], width)
    shown = told(text)
    # A word longer than its column goes on in the next line, maybe behind another column's end.
    for word in words_of(CARDS[name]):
        assert told(word) in shown or told(word)[:8] in shown, f"{word!r} is lost"
    assert max(cell_len(line) for line in text.splitlines()) <= width


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", CARDS)
def test_nothing_is_cut_with_an_ellipsis(name: str, width: int) -> None:
    assert drawn(CARDS[name], width).count("…") == " ".join(words_of(CARDS[name])).count("…")


@pytest.mark.parametrize("width", WIDTHS)
def test_vote_bars_have_their_length_even_beside_a_long_rule_and_without_colour(width: int) -> None:
    bars = re.findall(r"(BUY|HOLD|SELL) +([█░]+) +(\d+) %", drawn(CARDS["tie"], width))
    assert [action for action, _, _ in bars] == ["BUY", "HOLD", "SELL"]
    assert len({len(bar) for _, bar, _ in bars}) == 1
    for _, bar, share in bars:
        assert bar.count("█") == round(int(share) / 100 * len(bar))
    assert len(bars[0][1]) >= 10


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", ["verdict", "reasoning", "five members", "subscriptions", "dialogue"])
def test_each_number_stands_beside_its_choice(name: str, width: int) -> None:
    lines = [line for line in drawn(CARDS[name], width).splitlines() if line.startswith("│")]
    for number, button in enumerate(buttons_of(CARDS[name]), 1):
        choice = re.compile(rf"(?:^│|\s) +{number}  {re.escape(button.label)}(?:\s|$)")
        assert any(choice.search(line) for line in lines), f"{number} {button.label}"


@pytest.mark.parametrize("name", ["portfolio", "leaderboard", "books", "board"])
def test_no_figure_is_broken_in_two_on_a_narrow_screen(name: str) -> None:
    figures = re.findall(r"[+−]?\$[\d,.]+\d", " ".join(words_of(CARDS[name])))
    text = drawn(CARDS[name], 40)
    assert figures
    assert not [figure for figure in figures if figure not in text]


def test_the_failure_of_a_check_and_its_mend_are_seen_in_full() -> None:
    detail, mend = f"{'x' * 90} is not set.", "Set OPENROUTER_API_KEY, or remove the provider."
    check = Check(name="a-very-long-provider-name-indeed", state="failed", detail=detail, mend=mend)
    file = io.StringIO()
    Console(file=file, width=40).print(checks_table([check]))
    assert "…" not in file.getvalue()
    assert file.getvalue().count("x") == 90
    assert "failed" in file.getvalue()


PIECES = st.one_of(
    st.characters(),
    st.sampled_from("\x1b\x07\x9b\r\n\t\u202e\u2066\u200b\u2028\ufeff[]/\\│█m\u0301日"),
    st.sampled_from(["\x1b[2J", "\x1b]0;owned\x07", "[bold red]", "[/]", "a word "]),
)
HOSTILE = st.lists(PIECES, max_size=60).map("".join)


def verdict_of(text: str) -> VerdictCard:
    line = MemberLine(member=text, action=Action.BUY, rating=text, detail=text, note=text)
    return VerdictCard(
        ticker="NVDA",
        headline="BUY",
        decision=Action.BUY,
        rule=text,
        subtitle=text,
        facts=((text, text),),
        votes=((Action.BUY, 1, 2.5, "100 %"),),
        members=(line, line.model_copy(update={"action": None})),
        followers=(line,),
        dissent=(DissentLine(member=text, action=Action.SELL, reason=text),),
        trades=(text,),
        footer=text,
        caveat=text,
        buttons=(Button(label=text, data="x"),),
    )


def reasoning_of(text: str) -> ReasoningCard:
    return ReasoningCard(
        title=text,
        subtitle=text,
        stage=text,
        position=text,
        body=text,
        key_points=(text,),
        footer=text,
        stage_buttons=(Button(label=text, data="x"),),
    )


def digest_of(text: str) -> DigestCard:
    call = CallLine(subject=text, action=Action.BUY, detail=text, earned=text, good=True)
    return DigestCard(
        title=text,
        subtitle=text,
        story=text,
        verdicts=(call, call.model_copy(update={"good": None})),
        sections=(Lines(title=text, lines=(text, text), more=1),),
        footer=text,
        caveat=text,
        note=text,
    )


def review_of(text: str) -> ReviewCard:
    call = CallLine(subject=text, action=Action.SELL, detail=text, earned=text, good=False)
    return ReviewCard(
        title=text,
        subtitle=text,
        story=text,
        judges=(JudgeLine(member=text, verdict=text, figures=(text,)),),
        legend=text,
        calls=((text, (call,)),),
        footer=text,
    )


def summary_of(text: str) -> SummaryCard:
    line = SummaryLine(ticker=text, action=None, headline=text, detail=text, votes=text)
    return SummaryCard(
        title=text, subtitle=text, lines=(line,), footer=text, buttons=(Button(label=text, data="x"),)
    )


def alert_of(text: str) -> AlertCard:
    return AlertCard(
        sign="flip", headline=text, text=text, footer=text, buttons=(Button(label=text, data="x"),)
    )


def comparison_of(text: str) -> CompareCard:
    button = Button(label=text, data="x")
    return CompareCard(
        title=text,
        subtitle=text,
        stage=text,
        position=text,
        names=(text, text),
        lines=(ComparedLine(label=text, one=text, other=text),),
        points=((text,), (text,)),
        facts=(text,),
        footer=text,
        caveat=text,
        open_buttons=(button,),
        page_buttons=(button,),
    )


FULL: dict[str, tuple[Callable[[str], Card], int]] = {
    "verdict": (verdict_of, 21),
    "reasoning": (reasoning_of, 8),
    "digest": (digest_of, 15),
    "review": (review_of, 12),
    "summary": (summary_of, 8),
    "alert": (alert_of, 4),
    "comparison": (comparison_of, 17),
}
"""Cards full of one text, and how many times it stands in each."""


@settings(max_examples=80, deadline=None)
@given(HOSTILE, st.sampled_from(WIDTHS), st.sampled_from(sorted(FULL)))
def test_whatever_a_model_writes_stays_in_its_frame_and_commands_nothing(
    text: str, width: int, name: str
) -> None:
    shown = drawn(FULL[name][0](text), width, colour=True)
    without_style = re.sub(r"\x1b\[[0-9;]*m", "", shown)
    assert not [
        sign for sign in without_style if unicodedata.category(sign) in {"Cc", "Cf", "Cs"} and sign != "\n"
    ]
    assert all(cell_len(line) <= width for line in without_style.split("\n"))


@settings(max_examples=120, deadline=None)
@given(
    st.text("Ж日 -a\n", min_size=1, max_size=90),
    st.sampled_from((30, *WIDTHS)),
    st.sampled_from(sorted(FULL)),
)
def test_no_letter_of_any_field_is_lost_however_long_it_is(text: str, width: int, name: str) -> None:
    make, fields = FULL[name]
    shown = drawn(make(text), width)
    assert shown.count("Ж") == text.count("Ж") * fields
    assert shown.count("日") == text.count("日") * fields


def test_a_key_point_that_the_text_has_already_is_not_read_twice() -> None:
    point = "The close is 4.1% above its 20-day average."
    stage = arena_facts.stage(
        "momentum", Stage.MARKET, f"• {point}\n• More.", key_points=(point, "4.1% above", "A new one.", "1%")
    )
    chat = ModelChat(
        run_id=arena_facts.RUN_ID,
        ticker="NVDA",
        as_of=arena_facts.AS_OF,
        member="momentum",
        stages=(stage,),
        result=None,
    )
    assert pages(chat, 6000)[0].key_points == ("A new one.", "1%")
