"""One member's books as a card."""

from zoneinfo import ZoneInfo

from bot.cards import PortfolioCard
from bot.present import numbers, words
from bot.present.history import happening_line
from bot.present.leaderboard import UNKNOWN
from bot.present.trades import fill_line, order_line
from core.domain.books import Holding, Position, Statement
from core.domain.season import Season


def portfolio_card(statement: Statement, zone: ZoneInfo) -> PortfolioCard:
    """Return the card of a statement; a holding without a usable price shows why, and no total is made up."""
    value, pnl, change = statement.value_usd, statement.pnl_usd, statement.return_ratio
    gained = UNKNOWN
    if pnl is not None and change is not None:
        gained = f"{numbers.usd_change(pnl)} · {numbers.percent_change(change)}"
    return PortfolioCard(
        title=f"Portfolio of {statement.member}",
        facts=(
            ("Value", UNKNOWN if value is None else numbers.usd(value)),
            ("P&L", gained),
            ("Cash", numbers.usd(statement.cash_usd)),
            ("Started with", numbers.usd(statement.initial_cash_usd)),
            *([("Left on", numbers.day(statement.left_on))] if statement.left_on else []),
            *_reset(statement),
        ),
        holdings=tuple(_row(holding) for holding in statement.holdings),
        pending=tuple(order_line(order) for order in statement.pending),
        fills=tuple(f"{numbers.day(fill.session)} {fill_line(fill)}" for fill in statement.fills),
        levels=tuple(line for holding in statement.holdings if (line := _levels(holding.position))),
        history=tuple(happening_line(happening) for happening in statement.history),
        footer=f"{_marked(statement, zone)} · {words.PAPER}",
        caveat=statement.caveat,
    )


def _reset(statement: Statement) -> list[tuple[str, str]]:
    on, was = statement.reset_on, statement.reset_was_usd
    return [("Reset on", f"{numbers.day(on)}, was {numbers.usd(was)}")] if on and was is not None else []


def _row(holding: Holding) -> tuple[str, str, str, str, str]:
    held, mark = holding.position, holding.mark
    if holding.value_usd is not None:
        value = numbers.usd(holding.value_usd)
    else:
        value = holding.unpriced or "no usable price"
    return (
        held.ticker,
        f"{numbers.shares(-held.shares)} short" if held.shares < 0 else numbers.shares(held.shares),
        numbers.price(held.average_cost) if held.average_cost > 0 else UNKNOWN,
        numbers.price(mark.price) if mark else UNKNOWN,
        value,
    )


def _levels(held: Position) -> str:
    """Say at which prices a holding is closed, or nothing."""
    levels = (("stop", held.stop_loss), ("take-profit", held.take_profit))
    known = [f"{name} {numbers.price(level)}" for name, level in levels if level is not None]
    return f"{held.ticker}: {', '.join(known)}" if known else ""


def _marked(statement: Statement, zone: ZoneInfo) -> str:
    times = sorted(holding.mark.at for holding in statement.holdings if holding.mark)
    named = {Season.LIVE: "Live books", Season.SAMPLE: "Sample books"}
    books = named.get(statement.season, f"Books of {statement.season}")
    return f"{books}, marked {numbers.moment(times[0], zone)}" if times else books
