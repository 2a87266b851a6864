"""Two members of a run drawn for the terminal: two columns, or where it is narrow one under the other."""

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table

from bot.cards import Button
from bot.compare_card import CompareCard
from bot.terminal_style import NARROW, choices, frame, grid, lines, room, say, told

_GAP = 3


def buttons_of(card: CompareCard) -> tuple[Button, ...]:
    """Return the buttons of a comparison in the order in which they are numbered."""
    return card.open_buttons + card.page_buttons


def compare(card: CompareCard, width: int, numbered_from: int | None) -> RenderableType:
    """Draw a page of a comparison."""
    inside = room(width)
    parts: list[RenderableType] = [say(card.caveat, "yellow")] if card.caveat else []
    parts.append(Group(say(card.stage, "bold"), say(card.position, "dim")))
    sides = [_side(card, place, inside if width < NARROW else inside // 2 - _GAP) for place in range(2)]
    if width < NARROW:
        parts += sides
    else:
        table = Table.grid(padding=(0, _GAP, 0, 0))
        for _ in sides:
            table.add_column(overflow="fold", width=inside // 2 - _GAP)
        table.add_row(*sides)
        parts.append(table)
    if card.facts:
        parts.append(lines(card.facts))
    if numbered_from is not None and (offered := buttons_of(card)):
        parts.append(choices(offered, numbered_from, inside))
    return frame(parts, title=card.title, after=card.subtitle, foot=card.footer, width=width)


def _side(card: CompareCard, place: int, width: int) -> RenderableType:
    figures = [(say(line.label, "dim"), say(line.other if place else line.one)) for line in card.lines]
    side = grid(gap=0)
    side.add_row(say(card.names[place], "bold cyan"))
    if figures:
        side.add_row(told(figures, width))
    if card.points[place]:
        side.add_row(Padding(lines(card.points[place]), (1, 0, 0, 0)))
    return side
