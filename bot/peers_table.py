"""The terminal's table of figures by another project's definitions."""

from collections.abc import Sequence
from decimal import Decimal

from rich.table import Table

from bot.present import numbers
from bot.terminal_style import say
from core.domain.peer_figures import AiTraderFigures

_NOT_AVAILABLE = "n/a"
_COLUMNS = ("return", "a year", "Sharpe", "vol.", "max DD", "win days", "P/L")


def peers_table(figures: Sequence[tuple[str, AiTraderFigures]]) -> Table:
    """Return each member's figures by AI-Trader's definitions."""
    table = Table(title="By AI-Trader's definitions", title_justify="left", box=None)
    table.add_column("member", overflow="fold")
    for name in _COLUMNS:
        table.add_column(name, justify="right", no_wrap=True)
    for member, each in figures:
        table.add_row(
            say(member),
            _percent(each.cumulative_return),
            _percent(each.annualised_return),
            _plain(each.sharpe),
            _percent(each.volatility),
            _percent(each.max_drawdown),
            _percent(each.win_rate),
            _plain(each.profit_loss_ratio),
        )
    return table


def _percent(value: float | None) -> str:
    return _NOT_AVAILABLE if value is None else numbers.ratio_percent(Decimal(repr(value)))


def _plain(value: float | None) -> str:
    return _NOT_AVAILABLE if value is None else numbers.ratio(Decimal(repr(value)))
