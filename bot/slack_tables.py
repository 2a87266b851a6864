"""Tables and bars in a fixed pitch."""

import unicodedata
from collections.abc import Sequence

from bot.crossed_bar import full_cells
from bot.slack_text import ELLIPSIS, one_line

MAX_CELL = 20
PHONE = 40
BAR_CELLS = 12


def bar(fraction: float, cells: int = BAR_CELLS) -> str:
    """Return a bar for a fraction 0..1; what is outside, or no number, is brought inside."""
    filled = full_cells(fraction, cells)
    return "█" * filled + "░" * (cells - filled)


def columns(rows: Sequence[Sequence[str]], *, left: int) -> list[str]:
    """Return the rows with aligned columns: the first `left` of them to the left, the others to the right.

    A cell takes one line of at most 20 places; signs of East Asian scripts and emoji count two. Columns lie
    closer together where a phone would otherwise break the lines.
    """
    cells = [[_cell(text) for text in row] for row in rows]
    widths = [max((width(cell) for cell in column), default=0) for column in zip(*cells, strict=True)]
    shown = [room for room in widths if room]
    gap = "  " if sum(shown) + 2 * (len(shown) - 1) <= PHONE else " "
    lines = []
    for row in cells:
        padded = [
            cell + " " * (room - width(cell)) if place < left else " " * (room - width(cell)) + cell
            for place, (cell, room) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append(gap.join(cell for cell, room in zip(padded, widths, strict=True) if room).rstrip())
    return lines


def width(text: str) -> int:
    """Return how many places the text takes in a fixed pitch."""
    return sum(_places(sign) for sign in text)


def _places(sign: str) -> int:
    if unicodedata.category(sign) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if unicodedata.east_asian_width(sign) in {"W", "F"} else 1


def _cell(text: str) -> str:
    shown = one_line(text)
    if width(shown) <= MAX_CELL:
        return shown
    kept = ""
    for sign in shown:
        if width(kept + sign) > MAX_CELL - 1:
            break
        kept += sign
    return kept + ELLIPSIS
