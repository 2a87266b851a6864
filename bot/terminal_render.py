"""Every card drawn for the terminal with rich.

Text from outside is shown as it is, but for signs that could command the terminal. Each line of a card is
seen in full at any width: what does not fit wraps.
"""

from rich.cells import cell_len
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.spinner import Spinner
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
    StandingLine,
    VerdictCard,
)
from bot.terminal_style import (
    COLOUR,
    NARROW,
    SIGN,
    WIDEST,
    flow,
    frame,
    grid,
    lines,
    pairs,
    room,
    say,
    table_of,
    told,
)
from bot.terminal_verdict import reasoning, verdict

_PLACE = 3
_TONE = {"info": ("cyan", "›"), "warning": ("yellow", "!"), "error": ("red", "✗")}


def render(card: Card, *, width: int = WIDEST, numbered_from: int | None = None) -> RenderableType:
    """Return what rich prints for `card`; buttons get numbers from `numbered_from` on, or are left out."""
    width = min(width, WIDEST)
    match card:
        case Notice():
            return _notice(card)
        case ProgressCard():
            return _progress(card, width)
        case VerdictCard():
            return verdict(card, width, numbered_from)
        case ReasoningCard():
            return reasoning(card, width, numbered_from)
        case LeaderboardCard():
            return _leaderboard(card, width)
        case PortfolioCard():
            return _portfolio(card, width)
        case ModelsCard():
            named = [(say(name, "bold"), say(about)) for name, about in card.lines]
            return frame([told(named, room(width))], title=card.title, foot=card.footer, width=width)
        case HelpCard():
            usages = [(say(usage, "bold cyan"), say(summary)) for usage, summary in card.commands]
            return frame(
                [say(card.intro), told(usages, room(width))], title=card.title, foot=card.footer, width=width
            )


def buttons_of(card: Card) -> tuple[Button, ...]:
    """Return the buttons of a card in the order in which they are numbered."""
    match card:
        case VerdictCard():
            return card.buttons
        case ReasoningCard():
            return card.page_buttons + card.stage_buttons
        case _:
            return ()


def _notice(card: Notice) -> RenderableType:
    colour, sign = _TONE[card.tone]
    table = grid(2, gap=1)
    table.add_row(Text(sign, style=f"bold {colour}"), say(card.text))
    return table


def _progress(card: ProgressCard, width: int) -> RenderableType:
    title, subtitle = say(card.title, "bold"), say(card.subtitle, "dim")
    between = "   " if cell_len(title.plain) + 3 + cell_len(subtitle.plain) <= width else "\n"
    head = Text.assemble(title, between, subtitle)
    table = grid(3, gap=2)
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
    parts: list[RenderableType] = [_standings(card.standings, room(width))]
    if card.caveat:
        parts.insert(0, say(card.caveat, "yellow"))
    return frame(parts, title=card.title, after=card.subtitle, foot=card.footer, width=width)


def _standings(standings: tuple[StandingLine, ...], inside: int) -> RenderableType:
    """Return one row a member, or where there is no room, each with its figures under its name."""
    rows = [
        (
            say(row.medal or row.rank),
            _named(row),
            say(row.value),
            _change(row.pnl),
            _change(row.return_),
            say(row.trades),
            say(row.win_rate),
            say(row.cash),
        )
        for row in standings
    ]
    heads = ("", "Member", "Value", "P&L", "Return", "Trades", "Wins", "Cash")
    full = table_of(heads, rows, left=(1,), width=inside)
    if full is not None:
        return full
    stacked = grid(2, gap=1)
    for place, name, value, pnl, change, trades, wins, cash in rows:
        figures = Text.assemble(
            *(value, " · ", change, " · ", pnl, " · "),
            *("trades ", trades, " · wins ", wins, " · cash ", cash),
        )
        stacked.add_row(place, Text.assemble(name, "\n", flow(figures, inside - _PLACE)))
    return stacked


def _named(row: StandingLine) -> Text:
    name = say(row.member, "bold")
    if row.warning:
        name.append_text(say(f"\n{row.warning}", "not bold yellow"))
    return name


def _change(text: str) -> Text:
    return say(text, "green" if text.startswith("+") else "red" if text.startswith("−") else "")


def _portfolio(card: PortfolioCard, width: int) -> RenderableType:
    parts: list[RenderableType] = [pairs(card.facts, 1 if width < NARROW else 2)]
    if card.caveat:
        parts.append(say(card.caveat, "yellow"))
    if card.holdings:
        parts.append(_holdings(card.holdings, room(width)))
    for head, rows in (
        ("Levels", card.levels),
        ("Waiting for the open", card.pending),
        ("Last fills", card.fills),
        ("History", card.history),
    ):
        if rows:
            parts.append(Group(say(head, "dim"), lines(rows)))
    return frame(parts, title=card.title, foot=card.footer, width=width)


def _holdings(holdings: tuple[tuple[str, str, str, str, str], ...], inside: int) -> RenderableType:
    """Return one row a holding, or where there is no room, its figures under its ticker."""
    rows = [(say(ticker, "bold"), *map(say, figures)) for ticker, *figures in holdings]
    full = table_of(("Holding", "Shares", "Average cost", "Mark", "Value"), rows, left=(0,), width=inside)
    if full is not None:
        return full
    stacked = grid(gap=0)
    for ticker, shares, cost, mark, value in rows:
        figures = Text.assemble(
            *(value, " · ", shares, " shares · cost ", cost, " · mark ", mark),
        )
        stacked.add_row(ticker)
        stacked.add_row(Padding(flow(figures, inside - 2), (0, 0, 0, 2)))
    return stacked
