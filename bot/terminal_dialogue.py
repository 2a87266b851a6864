"""The cards of subscriptions drawn for the terminal."""

from rich.console import Group, RenderableType
from rich.text import Text

from bot.cards import Button, DialogueCard, SubscriptionsCard
from bot.terminal_style import choices, frame, room, say, told


def buttons_of(card: SubscriptionsCard) -> tuple[Button, ...]:
    """Return the buttons of a list in the order in which they are numbered."""
    return tuple(one for line in card.lines for one in line.buttons) + card.page_buttons


def subscriptions(card: SubscriptionsCard, width: int, numbered_from: int | None) -> RenderableType:
    """Draw a list, each subscription beside its number."""
    rows = []
    for line in card.lines:
        comes = " · ".join(text for text in (line.when, line.next, line.place) if text)
        rows.append((say(line.number, "bold"), Text.assemble(say(line.line, "bold cyan"), "\n", say(comes))))
    parts: list[RenderableType] = [say(card.done, "green")] if card.done else []
    parts.append(told(rows, room(width)))
    if numbered_from is not None and (offered := buttons_of(card)):
        parts.append(choices(offered, numbered_from, room(width)))
    return frame(parts, title=card.title, foot=card.footer, width=width)


def dialogue(card: DialogueCard, width: int, numbered_from: int | None) -> RenderableType:
    """Draw one step of a dialogue."""
    parts: list[RenderableType] = [say(card.text)] if card.text else []
    if card.facts:
        parts.append(told([(say(label, "dim"), say(value)) for label, value in card.facts], room(width)))
    if card.examples:
        parts.append(Group(*(say(example, "bold cyan") for example in card.examples)))
    if numbered_from is not None and card.buttons:
        parts.append(choices(card.buttons, numbered_from, room(width)))
    return frame(parts, title=card.title, foot=card.footer, width=width)
