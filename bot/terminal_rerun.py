"""Two runs on the same evidence drawn for the terminal: then and now beside each other."""

from collections.abc import Sequence

from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from bot.rerun_card import RerunCard, RerunCell, RerunLine
from bot.terminal_style import ballot, frame, grid, lines, room, say, table_of

_HEADS = ("", "then", "now")
_Row = tuple[Text, Text, Text]


def rerun(card: RerunCard, width: int) -> RenderableType:
    """Draw the card."""
    inside = room(width)
    parts: list[RenderableType] = [say(card.caveat, "yellow")] if card.caveat else []
    own, members = _styled(card.lines, "dim"), _styled(card.members, "bold")
    whole = _beside([*own, *members], inside)
    parts += [whole] if whole else [_table(own, inside), _table(members, inside)]
    parts.append(lines(card.facts))
    return frame(parts, title=card.title, after=card.subtitle, foot=card.footer, width=width)


def _styled(rows: Sequence[RerunLine], style: str) -> list[_Row]:
    return [(say(row.label, style), _cell(row.then), _cell(row.now)) for row in rows]


def _beside(rows: Sequence[_Row], width: int) -> Table | None:
    return table_of(_HEADS, rows, left=(0, 1, 2), width=width)


def _table(rows: Sequence[_Row], width: int) -> RenderableType:
    """Return then and now beside each other, or where there is no room, set in under what they are of."""
    if beside := _beside(rows, width):
        return beside
    stacked = grid(gap=0)
    for label, *cells in rows:
        stacked.add_row(label)
        for head, cell in zip(_HEADS[1:], cells, strict=True):
            said = Text(" ").join(cell.split("\n"))
            stacked.add_row(Padding(Text.assemble((f"{head} ", "dim"), said), (0, 0, 0, 2)))
    return stacked


def _cell(cell: RerunCell) -> Text:
    if cell.action is None:
        return say(cell.text)
    return Text.assemble(ballot(cell.action), f" {cell.text}" if cell.text else "")
