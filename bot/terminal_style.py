"""The few means from which all terminal cards are drawn: safe text, colours, frames and grids."""

import unicodedata
from collections.abc import Iterable, Sequence

from rich import box
from rich.console import Group, RenderableType
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


def plain(text: str) -> str:
    """Return `text` without signs that could command the terminal or turn the reading direction."""
    return "".join(sign for sign in text if sign in _KEPT or unicodedata.category(sign) not in _COMMANDING)


def say(text: str, style: str = "") -> Text:
    """Return safe text in a style; rich's own markup in it is not read."""
    return Text(plain(text), style=style)


def ballot(action: Action) -> Text:
    """Return an action as a coloured sign and word."""
    return Text(f"{SIGN[action]} {action}", style=f"bold {COLOUR[action]}")


def frame(
    parts: Iterable[RenderableType], *, title: Text, foot: str, colour: str = "bright_black", width: int
) -> Panel:
    """Return parts under one another in a frame, an empty line apart."""
    spaced: list[RenderableType] = []
    for part in parts:
        spaced += [part, Text()]
    return Panel(
        Group(*spaced[:-1]),
        title=title,
        title_align="left",
        subtitle=say(foot, "dim"),
        subtitle_align="right",
        border_style=colour,
        box=box.ROUNDED,
        padding=(1, 2),
        width=width,
    )


def grid(*, gap: int = 3, expand: bool = False) -> Table:
    """Return a table without lines or heads."""
    return Table.grid(padding=(0, gap, 0, 0), expand=expand)


def pairs(facts: Sequence[tuple[str, str]], columns: int) -> Table:
    """Return label and value pairs in as many columns, read downwards."""
    table = grid()
    for _ in range(columns):
        table.add_column(style="dim", no_wrap=True)
        table.add_column(overflow="fold")
    rows = -(-len(facts) // columns)
    for row in range(rows):
        cells: list[Text] = []
        for label, value in facts[row::rows]:
            cells += [say(label), say(value)]
        table.add_row(*cells)
    return table


def lines(texts: Iterable[str], style: str = "") -> Table:
    """Return lines that wrap under their own beginning."""
    table = grid(gap=1)
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for text in texts:
        table.add_row("·", say(text, style))
    return table


def choices(buttons: Sequence[Button], first: int) -> Text:
    """Return buttons as numbers to type."""
    text = Text()
    for number, button in enumerate(buttons, first):
        text.append(f" {number} ", style="reverse")
        # A break in the middle of a choice would tear its number off.
        text.append(f"\N{NO-BREAK SPACE}{plain(button.label).replace(' ', chr(0xA0))}   ")
    return text
