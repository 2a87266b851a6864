"""Monospaced tables that fit a narrow phone: 34 columns, and a second line rather than a wider one."""

from collections.abc import Iterable, Sequence

from bot.cards import BinLine, StandingLine
from bot.cost_cards import CostRow, details_of
from bot.crossed_bar import crossed, full_cells
from bot.telegram_text import TABLE_WIDTH, cut, one_line, pad, sides, width, wrap
from core.domain.ballot import Action

BAR_SIGNS = 10
_DIAGRAM_SIGNS = 9
CELL_UNITS = 200
MAX_FACTS = 16
LABEL_COLUMNS = 18


def cell(text: str) -> str:
    """Return hostile text as one table cell."""
    return cut(one_line(text), CELL_UNITS)


def pairs(facts: Sequence[tuple[str, str]]) -> list[str]:
    """Return labels with their values in one column behind them."""
    cells = [(cell(label), cell(value)) for label, value in facts[:MAX_FACTS]]
    column = min(max((width(label) for label, _ in cells), default=0), LABEL_COLUMNS) + 2
    lines: list[str] = []
    for label, value in cells:
        first, *rest = wrap(value, TABLE_WIDTH - column) or [""]
        if width(label) < column:
            lines.append(f"{pad(label, column)}{first}".rstrip())
        else:
            lines += [*wrap(label), " " * column + first]
        lines += [" " * column + line for line in rest]
    return lines


def bars(votes: Sequence[tuple[Action, int, float, str]]) -> list[str]:
    """Return one bar of block signs for each action, its count and its weighted share."""
    lines = []
    for action, count, fraction, share in votes:
        full = full_cells(fraction, BAR_SIGNS)
        bar = "█" * full + "░" * (BAR_SIGNS - full)
        lines.append(f"{action.value:<5}{bar} {count:>2}  {cell(share)}".rstrip())
    return lines


def balances(standings: Iterable[StandingLine]) -> list[str]:
    """Return the ranking: name, value and return on one line, and the other figures on the next.

    Where they are ranked by something else, that stands beside the name, and value and return below it.
    """
    lines: list[str] = []
    for line in standings:
        place = [part for part in (cell(line.rank), cell(line.moved), cell(line.member)) if part]
        worth = (line.value, line.return_)
        figures = cell(line.score) or f"{cell(line.value)} {cell(line.return_):>8}"
        lines += sides(" ".join(place), figures)
        details = [
            *(cell(figure) if line.score and _known(figure) else "" for figure in worth),
            _labelled("P&L", line.pnl),
            _counted(line.trades, "trade"),
            _labelled("won", line.win_rate),
            _labelled("cash", line.cash),
        ]
        lines += [f"  {detail}" for detail in _packed([detail for detail in details if detail])]
    return lines


def positions(holdings: Iterable[tuple[str, str, str, str, str]]) -> list[str]:
    """Return holdings: ticker and value (or why there is none), then shares, average cost and mark."""
    lines: list[str] = []
    for ticker, shares, cost, mark, value in holdings:
        lines += sides(cell(ticker), cell(value))
        now = f" → {cell(mark)}" if _known(mark) else ""
        lines += [f"  {part}" for part in wrap(f"{cell(shares)} at {cell(cost)}{now}", TABLE_WIDTH - 2)]
    return lines


def costs(rows: Iterable[CostRow]) -> list[str]:
    """Return groups of costs: name and cost on one line, and what else is known of them below."""
    lines: list[str] = []
    for row in rows:
        lines += sides(cell(row.name), cell(row.cost))
        shown = row.model_copy(update={name: cell(text) for name, text in row})
        lines += [f"  {detail}" for detail in _packed(details_of(shown))]
    return lines


def diagram(bins: Sequence[BinLine]) -> list[str]:
    """Return the bins of a reliability diagram, the bar of each crossed by what was said."""
    heads = f"{'said':<9}{'':{_DIAGRAM_SIGNS}} {'right':>5} {'n':>3} {'worth':>5}"
    lines = [heads] if bins else []
    for one in bins:
        bar = crossed(one.fraction, one.mark, _DIAGRAM_SIGNS)
        figures = f"{cell(one.right):>5} {cell(one.ballots):>3} {cell(one.worth):>5}"
        line = f"{pad(cell(one.said), 9)}{bar} {figures}".rstrip()
        lines += [line] if width(line) <= TABLE_WIDTH else wrap(line)
    return lines


def _known(value: str) -> bool:
    """Say whether a figure is more than the dash that stands for an unknown one."""
    return any(sign.isalnum() for sign in value)


def _labelled(label: str, value: str) -> str:
    return f"{label} {cell(value)}" if _known(value) else ""


def _counted(value: str, noun: str) -> str:
    text = cell(value)
    return f"{text} {noun}" + ("" if text == "1" else "s") if _known(value) else ""


def _packed(parts: Sequence[str]) -> list[str]:
    """Put parts behind each other, as many as fit on a line below a name."""
    lines: list[str] = []
    line = ""
    for part in parts:
        joined = f"{line} · {part}" if line else part
        if line and width(joined) > TABLE_WIDTH - 2:
            lines.append(line)
            joined = part
        line = joined
    return [part for whole in [*lines, line] for part in wrap(whole, TABLE_WIDTH - 2)]
