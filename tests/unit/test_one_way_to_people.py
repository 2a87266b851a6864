"""Whatever a person sees is a card that a renderer drew: no handler, presenter or door goes past them."""

import ast
import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import get_args, get_type_hints

import pytest

from bot import window_cards
from bot.cards import Card
from bot.door import Door
from bot.handlers import HANDLERS, PRESSED
from bot.home_page import HomePage

BOT = Path(__file__).parents[2] / "bot"
MODULES = {
    path.relative_to(BOT).as_posix(): ast.parse(path.read_text(encoding="utf-8"))
    for path in BOT.rglob("*.py")
}
CARDS = {kind.__name__ for kind in get_args(Card)} | {HomePage.__name__, "ReasoningWindow", "VerdictWindow"}
SENDERS = {
    # Each way to a person, and the only modules that may take it.
    "send_message": {"telegram_adapter.py"},
    "edit_message_text": {"telegram_adapter.py"},
    "edit_message_caption": {"telegram_adapter.py"},
    "edit_message_media": {"telegram_adapter.py"},
    "send_photo": {"telegram_adapter.py"},
    "send_document": {"telegram_adapter.py"},
    "answer_callback_query": {"telegram_presses.py"},
    "answer_inline_query": {"telegram_inline.py"},
    "chat_postMessage": {"slack_adapter.py"},
    "chat_postEphemeral": {"slack_adapter.py"},
    "chat_update": {"slack_adapter.py"},
    "views_open": {"slack_adapter.py"},
    "views_push": {"slack_adapter.py"},
    "views_update": {"slack_adapter.py"},
    "views_publish": {"slack_adapter.py"},
}
ELSEWHERE = {
    "reply_text",
    "reply_html",
    "reply_markdown",
    "copy_message",
    "forward_message",
    "chat_meMessage",
    "chat_scheduleMessage",
}
"""Shorter ways, which nobody takes."""
SHOWN = {"text", "caption", "blocks", "view", "title", "description"}
"""Arguments that a person gets to see."""


def calls(tree: ast.AST) -> Iterator[ast.Call]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


@pytest.mark.parametrize("name", [*HANDLERS, *PRESSED])
def test_a_handler_returns_a_card_or_nothing(name: str) -> None:
    handler = HANDLERS[name] if name in HANDLERS else PRESSED[name]
    hints = get_type_hints(handler)
    returned = set(get_args(hints["return"])) or {hints["return"]}
    windows = {kind for kind in vars(window_cards).values() if inspect.isclass(kind)}
    assert returned <= {*get_args(Card), type(None)} | windows


def test_a_door_takes_cards_alone() -> None:
    for method in (Door.send, Door.edit):
        assert get_type_hints(method)["card"] == Card


@pytest.mark.parametrize("module", MODULES)
def test_only_a_door_knows_how_to_reach_people(module: str) -> None:
    used = {node.attr for node in ast.walk(MODULES[module]) if isinstance(node, ast.Attribute)}
    assert [name for name, allowed in SENDERS.items() if name in used and module not in allowed] == []
    assert used & ELSEWHERE == set()


@pytest.mark.parametrize("module", sorted({one for allowed in SENDERS.values() for one in allowed}))
def test_a_door_writes_no_words_of_its_own_into_a_message(module: str) -> None:
    senders = [
        call
        for call in calls(MODULES[module])
        if isinstance(call.func, ast.Attribute) and call.func.attr in SENDERS
    ]
    assert senders or module == "slack_adapter.py"
    for call in senders:
        given = [*call.args, *(word.value for word in call.keywords if word.arg in SHOWN)]
        words = [
            one
            for one in given
            if isinstance(one, ast.JoinedStr | ast.BinOp)
            or (isinstance(one, ast.Constant) and isinstance(one.value, str))
        ]
        assert words == [], ast.dump(call)


@pytest.mark.parametrize("module", [one for one in MODULES if not one.startswith("present/")])
def test_only_presenters_make_cards_of_facts(module: str) -> None:
    """A notice is one sentence of whoever refuses; every other card is made in `bot.present`."""
    made = {call.func.id for call in calls(MODULES[module]) if isinstance(call.func, ast.Name)}
    assert made & (CARDS - {"Notice"}) == set()
