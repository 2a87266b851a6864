"""Every card drawn for the terminal with rich.

Text from outside is shown as it is, but for signs that could command the terminal. Each line of a card is
seen in full at any width: what does not fit wraps.
"""

from rich.console import Group, RenderableType
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from bot.cards import (
    Button,
    Card,
    HelpCard,
    LeaderboardCard,
    ModelsCard,
    Notice,
    PortfolioCard,
    ProgressCard,
    ProgressLine,
    ReasoningCard,
    VerdictCard,
)
from bot.terminal_style import COLOUR, NARROW, SIGN, WIDEST, frame, grid, lines, pairs, say
from bot.terminal_verdict import reasoning, verdict

_TONE = {"info": ("cyan", "›"), "warning": ("yellow", "!"), "error": ("red", "✗")}


def render(card: Card, *, width: int = WIDEST, numbered_from: int | None = None) -> RenderableType:
    """Return what rich prints for `card`; buttons get numbers from `numbered_from` on, or are left out."""
    width = min(width, WIDEST)
    match card:
        case Notice():
            return _notice(card)
        case ProgressCard():
            return _progress(card)
        case VerdictCard():
            return verdict(card, width, numbered_from)
        case ReasoningCard():
            return reasoning(card, width, numbered_from)
        case LeaderboardCard():
            return _leaderboard(card, width)
        case PortfolioCard():
            return _portfolio(card, width)
        case ModelsCard():
            table = pairs(card.lines, 1)
            return frame([table], title=_title(card.title), foot=card.footer, width=width)
        case HelpCard():
            parts = [say(card.intro), _commands(card.commands, width)]
            return frame(parts, title=_title(card.title), foot=card.footer, width=width)


def buttons_of(card: Card) -> tuple[Button, ...]:
    """Return the buttons of a card in the order in which they are numbered."""
    match card:
        case VerdictCard():
            return card.buttons
        case ReasoningCard():
            return card.page_buttons + card.stage_buttons
        case _:
            return ()


def _title(text: str, after: str = "") -> Text:
    return Text.assemble(" ", say(text, "bold"), " ", say(f" {after} " if after else "", "dim"))


def _notice(card: Notice) -> RenderableType:
    colour, sign = _TONE[card.tone]
    table = grid(gap=1)
    table.add_row(Text(sign, style=f"bold {colour}"), say(card.text))
    return table


def _progress(card: ProgressCard) -> RenderableType:
    head = Text.assemble(say(card.title, "bold"), "   ", say(card.subtitle, "dim"))
    table = grid(gap=2)
    table.add_column(width=1)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for line in card.lines:
        table.add_row(_state(line), say(line.member), _detail(line))
    parts: list[RenderableType] = [head]
    if card.caveat:
        parts.append(say(card.caveat, "yellow"))
    return Group(*parts, *([table] if card.lines else [Spinner("dots", style="cyan")]))


def _state(line: ProgressLine) -> RenderableType:
    match line.state:
        case "waiting":
            return Text("·", style="dim")
        case "working":
            return Spinner("dots", style="cyan")
        case "done":
            return Text(
                SIGN[line.action] if line.action else "✓",
                style=COLOUR.get(line.action, "green") if line.action else "green",
            )
        case "failed":
            return Text("○", style="yellow")


def _detail(line: ProgressLine) -> Text:
    if line.action:
        return say(line.detail, f"bold {COLOUR[line.action]}")
    return say(line.detail, {"waiting": "dim", "failed": "yellow"}.get(line.state, ""))


def _leaderboard(card: LeaderboardCard, width: int) -> RenderableType:
    narrow = width < NARROW
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    table.add_column("", no_wrap=True, justify="right")
    table.add_column("Member", overflow="fold")
    heads = ["Value", "Return"] if narrow else ["Value", "P&L", "Return", "Trades", "Wins", "Cash"]
    for head in heads:
        table.add_column(head, justify="right", no_wrap=True)
    for row in card.standings:
        name = say(row.member, "bold")
        if row.warning:
            name.append_text(say(f"\n{row.warning}", "yellow"))
        cells = [say(row.value), _change(row.return_)]
        if not narrow:
            cells = [
                say(row.value),
                _change(row.pnl),
                _change(row.return_),
                say(row.trades),
                say(row.win_rate),
                say(row.cash),
            ]
        table.add_row(say(row.medal or row.rank), name, *cells)
    parts: list[RenderableType] = [table]
    if card.caveat:
        parts.insert(0, say(card.caveat, "yellow"))
    return frame(parts, title=_title(card.title, card.subtitle), foot=card.footer, width=width)


def _change(text: str) -> Text:
    return say(text, "green" if text.startswith("+") else "red" if text.startswith("−") else "")


def _portfolio(card: PortfolioCard, width: int) -> RenderableType:
    parts: list[RenderableType] = [pairs(card.facts, 1 if width < NARROW else 2)]
    if card.caveat:
        parts.append(say(card.caveat, "yellow"))
    if card.holdings:
        table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
        table.add_column("Holding", no_wrap=True)
        for head in ("Shares", "Average cost", "Mark"):
            table.add_column(head, justify="right", overflow="fold")
        table.add_column("Value", justify="right", overflow="fold")
        for row in card.holdings:
            table.add_row(*(say(cell, "bold" if at == 0 else "") for at, cell in enumerate(row)))
        parts.append(table)
    for head, rows in (("Waiting for the open", card.pending), ("Last fills", card.fills)):
        if rows:
            parts.append(Group(say(head, "dim"), lines(rows)))
    return frame(parts, title=_title(card.title), foot=card.footer, width=width)


def _commands(commands: tuple[tuple[str, str], ...], width: int) -> RenderableType:
    table = grid(gap=2)
    if width < NARROW:
        for usage, summary in commands:
            table.add_row(Text.assemble(say(usage, "bold cyan"), "\n", say(summary)))
        return table
    for usage, summary in commands:
        table.add_row(say(usage, "bold cyan"), say(summary))
    return table
