"""The cards of subscriptions as parts of Slack messages."""

from bot.cards import DialogueCard, SubscriptionLine, SubscriptionsCard
from bot.slack_blocks import (
    ACTION_PREFIX,
    Block,
    Element,
    Part,
    buttons,
    context,
    header,
    rich,
    run,
    sections,
)
from bot.slack_text import clamp, one_line

_MAX_LINE = 300
_MAX_TEXT = 2_000


def subscriptions(card: SubscriptionsCard) -> list[Part]:
    """Draw a list: each subscription with its buttons below it."""
    entries: list[Part] = []
    for place, line in enumerate(card.lines):
        entries += _parts(rich(_subscription(line)), 2)
        entries += _parts(buttons(line.buttons, f"{ACTION_PREFIX}.entry.{place}"), 1)
    if not any(line.buttons for line in card.lines):
        entries = _parts(rich(told for line in card.lines for told in _subscription(line)), 2)
    return [
        Part(header(card.title)),
        *_parts(context(card.done)),
        *entries,
        *_parts(context(card.footer), 3),
        *_parts(buttons(card.page_buttons, f"{ACTION_PREFIX}.list")),
    ]


def _subscription(line: SubscriptionLine) -> list[list[Element]]:
    told = " · ".join(_line(text) for text in (line.when, line.next, line.place) if text)
    head = [run(f"{_line(line.number)}  ", bold=True), run(_line(line.line), code=True)]
    return [head, [run(told, italic=True)]]


def dialogue(card: DialogueCard) -> list[Part]:
    """Draw one step of a dialogue."""
    told = [[run(_line(label), bold=True), run(f"  {_line(value)}")] for label, value in card.facts]
    examples = [[run(_line(example), code=True)] for example in card.examples]
    return [
        Part(header(card.title)),
        *_parts(sections(clamp(card.text, _MAX_TEXT)), 1),
        *_parts(rich(told), 1),
        *_parts(rich(examples), 2),
        *_parts(context(card.footer), 3),
        *_parts(buttons(card.buttons, f"{ACTION_PREFIX}.step")),
    ]


def _parts(blocks: list[Block], rank: int = 0) -> list[Part]:
    return [Part(block, rank) for block in blocks]


def _line(text: str) -> str:
    return clamp(one_line(text), _MAX_LINE)
