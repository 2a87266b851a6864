"""The few means from which all terminal cards are drawn: safe text, colours, frames and grids."""

import unicodedata
from collections.abc import Iterable, Sequence
from typing import Literal

from rich import box
from rich.cells import cell_len
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from bot.cards import Button
from core.domain.ballot import Action

WIDEST = 104
NARROW = 76
COLOUR = {Action.BUY: "green", Action.HOLD: "yellow", Action.SELL: "red"}
SIGN = {Action.BUY: "▲", Action.HOLD: "■", Action.SELL: "▼"}
_KEPT = {"\n", "\t"}
_COMMANDING = {"Cc", "Cf", "Cs", "Co"}
_BREAKS = {"Zl", "Zp"}
_CROWDED = 60
_READABLE = 28
_DOT = " · "


def plain(text: str) -> str:
    """Return `text` without signs that could command the terminal or turn the reading direction."""
    kept = []
    for sign in text:
        kind = unicodedata.category(sign)
        if kind in _BREAKS:
            kept.append("\n")
        elif sign in _KEPT or kind not in _COMMANDING:
            kept.append(sign)
    return "".join(kept)


def say(text: str, style: str = "") -> Text:
    """Return safe text in a style; rich's own markup in it is not read."""
    return Text(plain(text), style=style)


def ballot(action: Action) -> Text:
    """Return an action as a coloured sign and word."""
    return Text(f"{SIGN[action]} {action}", style=f"bold {COLOUR[action]}")


def room(width: int) -> int:
    """Return how many cells a line has inside a frame of this width."""
    return max(width - 2 - 2 * _padding(width), 1)


def _padding(width: int) -> int:
    return 1 if width < _CROWDED else 2


def frame(
    parts: Iterable[RenderableType],
    *,
    title: str,
    after: str = "",
    foot: str,
    colour: str = "bright_black",
    width: int,
) -> Panel:
    """Return parts under one another in a frame, an empty line apart.

    Title and foot stand on the frame where they fit whole, and else within it, where they wrap.
    """
    inner = room(width)
    # The frame itself keeps a corner, a line and a space at each end.
    edge = width - 6
    inside = list(parts)
    heads = [say(title, "bold"), say(after, "dim")] if after else [say(title, "bold")]
    on_edge = Text("  ").join(heads)
    while heads and not _fits(on_edge, edge):
        inside.insert(0, flow(heads.pop(), inner))
        on_edge = Text("  ").join(heads)
    below = say(foot, "dim")
    foot_fits = _fits(below, edge)
    if not foot_fits:
        inside.append(flow(below, inner))
    spaced: list[RenderableType] = []
    for part in inside:
        spaced += [part, Text()]
    return Panel(
        Group(*spaced[:-1]),
        title=on_edge if heads else None,
        title_align="left",
        subtitle=below if foot_fits else None,
        subtitle_align="right",
        border_style=colour,
        box=box.ROUNDED,
        padding=(1, _padding(width)),
        width=width,
    )


def _fits(text: Text, cells: int) -> bool:
    return "\n" not in text.plain and "\t" not in text.plain and cell_len(text.plain) <= cells


def grid(columns: int = 1, *, gap: int = 3) -> Table:
    """Return a table without lines or heads, whose cells wrap and never lose anything."""
    table = Table.grid(padding=(0, gap, 0, 0))
    for _ in range(columns):
        table.add_column(overflow="fold")
    return table


def table_of(
    heads: Sequence[str],
    rows: Sequence[Sequence[Text]],
    *,
    left: Sequence[int],
    width: int,
    last_wraps_at: int | None = None,
) -> Table | None:
    """Return rows under heads, the columns of `left` ranged left; None where they need more than `width`.

    The last column is content with `last_wraps_at` cells, where that is given, and wraps.
    """
    gap = 2
    needs = []
    for at, head in enumerate(heads):
        in_column = [head, *(line for row in rows for line in row[at].plain.split("\n"))]
        needs.append(max(cell_len(text) for text in in_column))
    rest = width - sum(needs[:-1]) - (len(heads) - 1) * gap
    if rest < min(needs[-1], needs[-1] if last_wraps_at is None else last_wraps_at):
        return None
    needs[-1] = min(needs[-1], rest)
    table = Table(
        box=None, padding=(0, gap, 0, 0), pad_edge=False, header_style="dim", show_header=any(heads)
    )
    for at, (head, need) in enumerate(zip(heads, needs, strict=True)):
        justify: Literal["left", "right"] = "left" if at in left else "right"
        # All widths are set, because rich crops what minimal widths push over the edge.
        table.add_column(Text(head), justify=justify, overflow="fold", width=max(need, 1))
    for row in rows:
        table.add_row(*row)
    return table


def told(rows: Sequence[tuple[Text, Text]], width: int) -> Table:
    """Return texts beside what they are called, or where there is no room, set in under it."""
    beside = table_of(("", ""), rows, left=(0, 1), width=width, last_wraps_at=_READABLE)
    if beside is not None:
        return beside
    stacked = grid(gap=0)
    for name, text in rows:
        stacked.add_row(name)
        stacked.add_row(Padding(text, (0, 0, 0, 2)))
    return stacked


def flow(text: Text, width: int) -> Text:
    """Return `text` with breaks at its middle dots, so that no figure is torn off what it counts."""
    lines_: list[Text] = []
    for line in text.split("\n"):
        parts = line.split(_DOT)
        current = parts[0]
        for part in parts[1:]:
            longer = Text.assemble(current, (_DOT, "dim"), part)
            if cell_len(longer.plain) <= width:
                current = longer
            else:
                lines_.append(current)
                current = part
        lines_.append(current)
    return Text("\n").join(lines_)


def pairs(facts: Sequence[tuple[str, str]], columns: int) -> Table:
    """Return label and value pairs in as many columns, read downwards."""
    table = grid(columns * 2)
    rows = -(-len(facts) // columns)
    for row in range(rows):
        cells: list[Text] = []
        for label, value in facts[row::rows]:
            cells += [say(label, "dim"), say(value)]
        table.add_row(*cells)
    return table


def lines(texts: Iterable[str], style: str = "") -> Table:
    """Return lines that wrap under their own beginning."""
    table = grid(2, gap=1)
    for text in texts:
        table.add_row(Text("·", style="dim"), say(text, style))
    return table


def choices(buttons: Sequence[Button], first: int, width: int) -> Table:
    """Return buttons as numbers to type, in columns, so that each stays beside its number."""
    labels = [say(button.label) for button in buttons]
    figures = len(str(first + len(buttons) - 1)) + 2
    each = figures + max((cell_len(label.plain) for label in labels), default=0) + 4
    columns = min(max(1, (width + 3) // each), max(len(labels), 1))
    table = Table.grid()
    for _ in range(columns):
        table.add_column(no_wrap=True, width=figures)
        table.add_column(overflow="fold")
    cells: list[Text | Padding] = []
    for number, label in enumerate(labels, first):
        last = (number - first + 1) % columns == 0
        cells += [
            Text(f" {number:>{figures - 2}} ", style="reverse"),
            Padding(label, (0, 0 if last else 3, 0, 1)),
        ]
    for at in range(0, len(cells), columns * 2):
        table.add_row(*cells[at : at + columns * 2])
    return table
