"""Every field of every card holds hostile text: no platform refuses it, nothing is lost, nobody is mentioned.

Cards are built from the fields of their classes (`tests.filled_cards`), and what the renderers make of them is
held against the rules of the strict loopback servers.
"""

import html
import itertools
import re
import unicodedata
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from bot.cards import (
    DialogueCard,
    HelpCard,
    Notice,
    ProgressCard,
    SeasonCard,
    SubscriptionsCard,
)
from bot.commands import REGISTRY
from bot.home_page import HomePage
from bot.slack_home import home_view
from bot.slack_modals import card_modal
from bot.slack_plan import plan_message
from bot.slack_render import render as on_slack
from bot.telegram_render import render as on_telegram
from bot.telegram_render import toast
from bot.telegram_rich import rich
from core.domain.values import Frozen
from tests.drawn_cards import on_screen
from tests.filled_cards import KINDS, Filler
from tests.hostile_text import TEXTS
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

hostile = settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
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
    assert set(parsed.of(*LIVE)) <= allowed
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
    card = filled(kind, pool, seed)
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
