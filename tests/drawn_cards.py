"""What every sample looks like on every platform, and the files in `tests/unit` that hold how it was agreed.

`python -m tests.drawn_cards` writes these files anew, so that a change of looks is a change to read.
"""

import io
import json
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from rich.console import Console

from bot.access import Role
from bot.cards import Card, Notice, ProgressCard
from bot.request import Address
from bot.slack_forms import RunForm, run_form, settings_form, subscribe_form
from bot.slack_home import home_view
from bot.slack_modals import card_modal, loading_modal, modal, notice_modal
from bot.slack_picture import comment, image
from bot.slack_plan import plan_message
from bot.slack_render import render as on_slack
from bot.telegram_render import render as on_telegram
from bot.telegram_render import toast
from bot.telegram_rich import rich
from bot.terminal_render import render as on_terminal
from bot.window_cards import ReasoningWindow
from core.domain.stage import Preset
from tests.card_samples import SAMPLES, SUBSCRIPTIONS
from tests.presented_samples import HOMES, PICTURE, TERMS

UNIT = Path(__file__).with_name("unit")
WIDE, NARROW = 80, 44
_CHANNEL, _DIRECT = Address("slack", "C0TRADING"), Address("slack", "D0ALICE")


@cache
def telegram_cards() -> dict[str, Any]:
    """Return text and keyboard of each card, and the rich message of those that have one."""
    return {name: _telegram(card) for name, card in SAMPLES.items()}


def _telegram(card: Card) -> dict[str, Any]:
    message = on_telegram(card)
    drawn: dict[str, Any] = {"text": message.text_html.split("\n")}
    if message.keyboard:
        drawn["keyboard"] = [[f"{label} → {data}" for label, data in row] for row in message.keyboard]
    if html := rich(card):
        drawn["rich"] = html.replace("><", ">\n<").split("\n")
    if isinstance(card, Notice):
        drawn["toast"] = toast(card)
    return drawn


@cache
def slack_cards() -> dict[str, Any]:
    """Return text and blocks of each card."""
    drawn = {name: on_slack(card) for name, card in SAMPLES.items()}
    plans = {name: plan_message(card) for name, card in SAMPLES.items() if isinstance(card, ProgressCard)}
    drawn |= {f"{name} as a plan": plan for name, plan in plans.items() if plan}
    messages: dict[str, Any] = {name: {"text": one.text, "blocks": one.blocks} for name, one in drawn.items()}
    return messages | {"an uploaded picture": [image(PICTURE, "F0123ABCD"), comment(PICTURE)]}


@cache
def slack_views() -> dict[str, Any]:
    """Return every page, window and form."""
    lines = SUBSCRIPTIONS.lines
    window = SAMPLES["reasoning window"]
    assert isinstance(window, ReasoningWindow)
    views = {f"home of a {name}": home_view(page, "{}") for name, page in HOMES.items()}
    views |= {f"window: {name}": card_modal(card, "{}") for name, card in WINDOWS.items()}
    return views | {
        "window: reasoning that was posted before": modal(
            window, "{}", note="Posted to the thread.", link="https://acme.slack.com/archives/C1/p1"
        ),
        "window: reasoning to post": modal(window, "{}", note="Posted to the thread.", post=True),
        "window: notice": notice_modal(Notice(text="There is nothing to show here."), "{}"),
        "window: loading": loading_modal("{}"),
        "form: run": run_form(RunForm(Preset.QUICK, "NVDA", "C0TRADING", ("NVDA", "AAPL"))),
        "form: run, without anything": run_form(RunForm()),
        "form: subscribe": subscribe_form(_CHANNEL, lines, "UTC", may_change=True, done="1 is paused."),
        "form: subscribe, to look at": subscribe_form(_CHANNEL, lines, "UTC", may_change=False),
        "form: subscribe, nothing yet": subscribe_form(_DIRECT, (), "UTC", may_change=True),
        "form: settings of an admin": settings_form(_CHANNEL, TERMS, Role.ADMIN, done="Saved."),
        "form: settings of a runner": settings_form(_CHANNEL, TERMS, Role.RUNNER),
        "form: settings of a viewer": settings_form(_CHANNEL, TERMS, Role.VIEWER),
    }


WINDOWS = {
    name: SAMPLES[name]
    for name in ("verdict", "verdict window", "reasoning", "reasoning window", "evidence window")
}
WINDOWS |= {name: SAMPLES[name] for name in ("stage of two", "leaderboard", "notice")}


@cache
def terminal_cards(width: int) -> dict[str, str]:
    """Return what a terminal of this width shows of each card."""
    return {name: on_screen(card, width) for name, card in SAMPLES.items()}


def on_screen(card: Card, width: int, *, colour: bool = False) -> str:
    """Return what a terminal of this width shows of a card with its buttons numbered, spinners at rest."""
    file = io.StringIO()
    console = Console(
        file=file, width=width, force_terminal=colour, color_system="truecolor" if colour else None
    )
    console.print(on_terminal(card, width=width, numbered_from=1))
    shown = re.sub("[\u2801-\u28ff]", "⠋", file.getvalue())
    return "".join(f"{line.rstrip()}\n" for line in shown.split("\n")[:-1])


DRAWN: dict[str, Callable[[], dict[str, Any]]] = {
    "telegram_cards.json": telegram_cards,
    "slack_cards.json": slack_cards,
    "slack_views.json": slack_views,
    "terminal_cards.txt": lambda: terminal_cards(WIDE),
    "terminal_cards_narrow.txt": lambda: terminal_cards(NARROW),
}
"""Each file in `tests/unit`, and what it is to hold."""


def written(file: str, cards: dict[str, Any]) -> str:
    """Return the text of a file: JSON, or in a text file each drawing under its name."""
    if file.endswith(".json"):
        return json.dumps(cards, indent=1, ensure_ascii=False) + "\n"
    return "\n".join(f"=== {name}\n{drawing}" for name, drawing in cards.items())


@cache
def agreed(file: str) -> dict[str, Any]:
    """Return the drawings that a file holds, by their names."""
    text = (UNIT / file).read_text(encoding="utf-8")
    if file.endswith(".json"):
        return dict(json.loads(text))
    return dict(part.split("\n", 1) for part in f"\n{text}".split("\n=== ")[1:])


if __name__ == "__main__":
    for file_name, drawn in DRAWN.items():
        (UNIT / file_name).write_text(written(file_name, drawn()), encoding="utf-8")
