"""The cards of subscriptions as blocks of Telegram messages, with the groups of their buttons."""

from collections.abc import Sequence

from bot.cards import Button, DialogueCard, SubscriptionsCard
from bot.telegram_spans import MAX_ROWS, Block, bold, fixed, more, ours, title
from bot.telegram_text import Span, one_line, typed

Drawn = tuple[list[Block], Sequence[Sequence[Button]]]


def subscriptions(card: SubscriptionsCard) -> Drawn:
    """Draw a list: the line of each to copy by a tap, its times, and its buttons in a row of their own."""
    entries: list[Block] = []
    for line in card.lines[:MAX_ROWS]:
        comes = " · ".join(text for text in (line.next, line.place) if text)
        entries.append(
            [
                [bold(line.number), fixed(" · "), Span(typed(line.line), "code")],
                [Span(one_line(line.when))],
                [Span(one_line(comes))],
            ]
        )
    blocks: list[Block] = [
        [[title(card.title)], [Span(one_line(card.done or ""))]],
        *entries,
        more(len(card.lines) - MAX_ROWS),
        [[ours(card.footer, "i")]],
    ]
    return blocks, [*(line.buttons for line in card.lines[:MAX_ROWS]), card.page_buttons]


def dialogue(card: DialogueCard) -> Drawn:
    """Draw one step; its examples are copied by a tap."""
    facts = [
        [fixed("• "), bold(label), *([fixed(": "), Span(one_line(value))] if value.strip() else [])]
        for label, value in card.facts[:MAX_ROWS]
    ]
    blocks: list[Block] = [
        [[title(card.title)]],
        [[Span(one_line(card.text))]],
        facts,
        [[Span(typed(example), "code")] for example in card.examples[:MAX_ROWS]],
        [[ours(card.footer, "i")]],
    ]
    return blocks, [card.buttons]
