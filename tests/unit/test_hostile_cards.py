"""Every field of every card holds hostile text: nothing refused, nothing lost, nobody mentioned.

Cards are built from the fields of their classes (`tests.filled_cards`), and what the renderers make of them
is held against the rules of the strict loopback servers.
"""

import html
import itertools
import re
import unicodedata
from collections.abc import Callable, Iterator
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from bot.cards import (
    DialogueCard,
    HelpCard,
    LeaderboardCard,
    Notice,
    ProgressCard,
    SeasonCard,
    SubscriptionsCard,
)
from bot.commands import REGISTRY
from bot.evidence_card import EvidenceCard
from bot.home_page import HomePage
from bot.present.reasoning import pages, reasoning_card
from bot.slack_home import home_view
from bot.slack_modals import card_modal, modal
from bot.slack_plan import plan_message
from bot.slack_render import PAGE_SIZE as SLACK_PAGE
from bot.slack_render import render as on_slack
from bot.telegram_render import PAGE_SIZE as TELEGRAM_PAGE
from bot.telegram_render import render as on_telegram
from bot.telegram_render import toast
from bot.telegram_rich import rich
from core.domain.values import Frozen
from tests import arena_facts
from tests.drawn_cards import on_screen
from tests.filled_cards import KINDS, Filler
from tests.hostile_text import FRAGMENTS, LONG, TEXTS, seen
from tests.loopback.slack_rules import blocks_size, message_error, notified, strings, view_error
from tests.loopback.telegram_rich_rules import check_rich
from tests.loopback.telegram_rules import (
    CAPTION_UNITS,
    MESSAGE_UNITS,
    check_keyboard,
    check_text,
    check_toast,
)

LIVE = ("mention", "bot_command", "url", "email", "text_link", "text_mention")
OUR_COMMANDS = {f"/{command.name}" for command in REGISTRY}
SPEAKING = (HelpCard, Notice, DialogueCard, SubscriptionsCard, SeasonCard)
"""Cards with sentences of ours, in which a bare command of ours may be tapped."""
WIDTHS = (30, 44, 80, 120)

hostile = settings(max_examples=5, deadline=None, suppress_health_check=list(HealthCheck))
every_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
pools = st.lists(TEXTS, min_size=1, max_size=4)
seeds = st.integers(0, 2**16)


def filled(kind: type[Frozen], pool: list[str], seed: int, most: int = 30) -> Any:
    return Filler(itertools.cycle(pool), seed, most=most).fill(kind)


def telegram_text(card: Any) -> str:
    """What a person sees of the message, buttons included; raises what Telegram would refuse."""
    message = on_telegram(card)
    rows = [[{"text": label, "callback_data": data} for label, data in row] for row in message.keyboard]
    check_keyboard({"inline_keyboard": rows} if rows else None)
    limit = CAPTION_UNITS if type(card).__name__ == "PictureCard" else MESSAGE_UNITS
    parsed = check_text(message.text_html, "HTML", limit)
    allowed = OUR_COMMANDS if isinstance(card, SPEAKING) else set()
    allowed = allowed | ({usage for usage, _ in card.commands} if isinstance(card, HelpCard) else set())
    live = [kind for kind in LIVE if kind != "text_link" or not isinstance(card, EvidenceCard)]
    assert set(parsed.of(*live)) <= allowed
    return "\n".join([parsed.text, *(label for row in message.keyboard for label, _ in row)])


def rich_text(card: Any) -> str | None:
    made = rich(card)
    if made is None:
        return None
    parsed, _ = check_rich({"html": made, "skip_entity_detection": True})
    return parsed.text


def slack_text(blocks: Any) -> str:
    assert notified(blocks) == []
    texts = [html.unescape(text) if kind == "mrkdwn" else text for kind, text in strings(blocks)]
    return "\n".join(texts)


def slack_message(card: Any) -> str:
    message = on_slack(card)
    assert message_error({"text": message.text, "blocks": message.blocks}, update=True) is None
    assert blocks_size(message.blocks) <= 12_500
    assert notified(message.text) == []
    return slack_text(message.blocks)


@every_kind
@hostile
@given(pool=pools, seed=seeds)
def test_telegram_refuses_no_card_and_links_nothing_in_it(
    kind: type[Frozen], pool: list[str], seed: int
) -> None:
    card = filled(kind, pool, seed)
    telegram_text(card)
    rich_text(card)
    if isinstance(card, Notice):
        check_toast(toast(card))


@every_kind
@hostile
@given(pool=pools, seed=seeds)
def test_slack_refuses_no_card_as_message_or_window_and_calls_nobody(
    kind: type[Frozen], pool: list[str], seed: int
) -> None:
    card = filled(kind, pool, seed, most=12)
    slack_message(card)
    view = card_modal(card, "{}", note=pool[0], post=True)
    assert view_error(view) is None
    slack_text(view)
    if isinstance(card, ProgressCard) and (plan := plan_message(card)):
        assert message_error({"text": plan.text, "blocks": plan.blocks}, update=True) is None
        slack_text(plan.blocks)


@hostile
@given(pool=pools, seed=seeds)
def test_slack_refuses_no_page_of_a_person(pool: list[str], seed: int) -> None:
    view = home_view(filled(HomePage, pool, seed), "{}")
    assert view_error(view, "home") is None
    slack_text(view)


@every_kind
@hostile
@given(pool=pools, seed=seeds, width=st.sampled_from(WIDTHS))
def test_no_card_leaves_its_frame_or_commands_the_terminal(
    kind: type[Frozen], pool: list[str], seed: int, width: int
) -> None:
    # A terminal shows all of a text, so a few long ones are enough to look at.
    shown = on_screen(filled(kind, [text[:400] for text in pool], seed, most=4), width, colour=True)
    bare = re.sub(r"\x1b\[[0-9;]*m", "", shown)
    assert not [sign for sign in bare if unicodedata.category(sign) in {"Cc", "Cf", "Cs"} and sign != "\n"]
    assert all(cell_len(line) <= width for line in bare.split("\n"))


UNSEEN = {
    "PictureCard.name",
    "PictureCard.alt",
    "ReasoningWindow.member_buttons",
    "ReasoningWindow.member",
    "ReasoningWindow.verdict",
    "ReasoningWindow.post",
    "EvidenceWindow.verdict",
    "VerdictWindow.story",
    "VerdictWindow.member_buttons",
}
"""What is told elsewhere than in a message: beside a picture, or in a window alone."""


def marked(fragments: list[str]) -> Iterator[str]:
    """Texts that each begin and end with a word of their own."""
    letters = "БГДЖЗИЛПФЦЧШЩЭЮЯ"
    for number in itertools.count():
        word = "Ѫ" + letters[number // 256 % 16] + letters[number // 16 % 16] + letters[number % 16]
        yield f"{word} {fragments[number % len(fragments)]} {word}ы"


def texts_of(value: Any, at: str = "") -> Iterator[tuple[str, str]]:
    """Every text that a card holds, with the field that it stands in."""
    if isinstance(value, str):
        yield at, value
    elif isinstance(value, tuple):
        for item in value:
            yield from texts_of(item, at)
    elif isinstance(value, Frozen):
        for name in type(value).model_fields:
            here = f"{type(value).__name__}.{name}"
            if here not in UNSEEN and name != "data" and not (at and name in {"decision", "action"}):
                yield from texts_of(getattr(value, name), here)


def lost(card: Any, shown: str) -> list[str]:
    """The fields of which less is seen than there is, without a sign that something was left out."""
    missing = []
    whole = seen(shown)
    for field, text in texts_of(card):
        want = seen(text)
        place = whole.find(want[:4])
        here = whole[place:] if place >= 0 else ""
        same = next(
            (at for at, (one, other) in enumerate(zip(want, here, strict=False)) if one != other), len(want)
        )
        if want[:1] == "Ѫ" and not (here and (same >= len(want) or here[same] == "…")):
            missing.append(field)
    return missing


calm = st.lists(
    st.one_of(
        st.sampled_from([one for one in FRAGMENTS if "…" not in one and len(one) < 40]), st.sampled_from(LONG)
    ),
    min_size=1,
    max_size=4,
)


@every_kind
@hostile
@given(fragments=calm)
def test_nothing_is_lost_without_an_ellipsis(kind: type[Frozen], fragments: list[str]) -> None:
    # One long text in a card: it is shortened, and everything else stays.
    texts = marked([one if place == 0 else one[:40] for place, one in enumerate(fragments)] + [""] * 12)
    card = Filler(texts, full=True).fill(kind)
    if isinstance(card, LeaderboardCard):
        # Luck is told of the first alone, a medal stands for its rank, and a score in the place of cash.
        rows = [line.model_copy(update={"rank": "", "score": ""}) for line in card.standings]
        card = card.model_copy(update={"luck": card.luck[:1], "metric": "", "standings": tuple(rows)})
    assert lost(card, telegram_text(card)) == [], "Telegram"
    assert lost(card, slack_message(card)) == [], "Slack"
    if drawn := rich_text(card):
        assert [one for one in lost(card, drawn) if one != "Button.label"] == [], "Telegram, rich"


FIRST = ("headline", "title", "text")
"""What decides on a card: it stays whatever else there is."""


@every_kind
@hostile
@given(pool=pools, seed=seeds)
def test_what_decides_is_seen_however_much_else_there_is(
    kind: type[Frozen], pool: list[str], seed: int
) -> None:
    card = filled(kind, pool, seed, most=30)
    name = next(one for one in FIRST if one in kind.model_fields)
    card = card.model_copy(update={name: f"ѪЖЖ {pool[0]}"})
    assert "ѪЖЖ" in telegram_text(card)
    assert "ѪЖЖ" in slack_message(card)


@hostile
@given(output=TEXTS, points=st.lists(TEXTS, max_size=3).map(tuple))
def test_all_pages_together_hold_every_sign_of_a_stage(output: str, points: tuple[str, ...]) -> None:
    chat = arena_facts.chat()
    stage = chat.stages[0].model_copy(update={"output": output, "key_points": points})
    chat = chat.model_copy(update={"stages": (stage,)})
    record, member = arena_facts.record(), arena_facts.MEMBERS[0]
    for size, show in DOORS:
        book = pages(chat, size)
        cards = [
            reasoning_card(book, page, record=record, chat=chat, member=member, zone=UTC) for page in book
        ]
        whole = "".join(seen(show(card)) for card in cards)
        assert all(seen(card.body) in whole for card in cards)
        assert seen(output) == "".join(seen(card.body) for card in cards)[: len(seen(output))]


UTC = ZoneInfo("UTC")
DOORS: tuple[tuple[int, Callable[[Any], str]], ...] = (
    (TELEGRAM_PAGE, telegram_text),
    (TELEGRAM_PAGE, lambda card: rich_text(card) or ""),
    (SLACK_PAGE, slack_message),
    (SLACK_PAGE, lambda card: slack_text(modal(card, "{}"))),
)


@every_kind
@hostile
@given(
    text=st.text("Ж日 -a\n", min_size=1, max_size=90),
    width=st.sampled_from(WIDTHS),
)
def test_a_terminal_shows_every_letter_of_every_field(kind: type[Frozen], text: str, width: int) -> None:
    card = Filler(itertools.repeat(text), full=True).fill(kind)
    fields = [one for field, one in texts_of(card) if field not in NOT_ON_A_TERMINAL]
    if isinstance(card, ProgressCard):
        fields = fields[: -1 - len(card.buttons)]
    shown = on_screen(card, width)
    for letter in "Ж日":
        assert shown.count(letter) >= sum(one.count(letter) for one in fields)


NOT_ON_A_TERMINAL = {"Notice.reference", "StandingLine.rank"}
"""A reference is for who reads the log; a medal stands for the rank."""
