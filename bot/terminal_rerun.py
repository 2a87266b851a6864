"""Two runs on the same evidence drawn for the terminal: then and now beside each other."""

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from bot.rerun_card import RerunCard, RerunCell, RerunLine
from bot.terminal_style import ballot, frame, grid, lines, room, say, table_of

_HEADS = ("", "then", "now")


def rerun(card: RerunCard, width: int) -> RenderableType:
    """Draw the card."""
    inside = room(width)
    parts: list[RenderableType] = [say(card.caveat, "yellow")] if card.caveat else []
    parts.append(_table([*card.lines, *card.members], len(card.lines), inside))
    parts.append(lines(card.facts))
    return frame(parts, title=card.title, after=card.subtitle, foot=card.footer, width=width)


def _table(rows: Sequence[RerunLine], own: int, width: int) -> RenderableType:
    """Return all rows as one table, the first `own` dim; or where there is no room, then and now set in."""
    styled = [
        (say(row.label, "dim" if at < own else "bold"), _cell(row.then), _cell(row.now))
        for at, row in enumerate(rows)
    ]
    table = table_of(_HEADS, styled, left=(0, 1, 2), width=width)
    if table is not None:
        return table
    stacked = grid(gap=0)
    for label, then, now in styled:
        stacked.add_row(label)
        for head, cell in zip(_HEADS[1:], (then, now), strict=True):
            said = Text(" ").join(cell.split("\n"))
            stacked.add_row(Padding(Group(Text.assemble((f"{head} ", "dim"), said)), (0, 0, 0, 2)))
    return stacked


def _cell(cell: RerunCell) -> Text:
    if cell.action is None:
        return say(cell.text)
    return Text.assemble(ballot(cell.action), f" {cell.text}" if cell.text else "")
