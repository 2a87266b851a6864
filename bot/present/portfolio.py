"""One member's books as a card, and page by page where they are long."""

from collections.abc import Sequence
from typing import TypeVar
from zoneinfo import ZoneInfo

from bot.cards import Button, PortfolioCard
from bot.lookback_buttons import Part, TurnBooks, encode
from bot.present import numbers, words
from bot.present.history import happening_line
from bot.present.leaderboard import UNKNOWN
from bot.present.trades import fill_line, order_line
from core.domain.books import Holding, Position, Statement
from core.domain.season import Season

ROWS = 10
"""Rows of each part on a page."""
LOOKED_AT = 200
"""How many of the last fills and happenings can be turned to."""
Row = TypeVar("Row")


def portfolio_card(statement: Statement, zone: ZoneInfo, *, number: int | None = None) -> PortfolioCard:
    """Return the card of a statement; a holding without a usable price shows why, and no total is made up.

    With the `number` of the member, what is longer than a page is cut there, and buttons turn to the rest.
    """
    whole = _whole(statement, zone)
    if number is None:
        return whole
    lengths = _lengths(whole)
    buttons = tuple(
        Button(label=f"{part.capitalize()} ({length})", data=encode(TurnBooks(number, part)))
        for part, length in lengths.items()
        if length > ROWS
    )
    return whole.model_copy(
        update={
            "holdings": whole.holdings[:ROWS],
            "levels": whole.levels[:ROWS],
            "pending": whole.pending[:ROWS],
            "fills": whole.fills[:ROWS],
            "history": whole.history[:ROWS],
            "buttons": buttons,
        }
    )


def books_card(statement: Statement, part: Part, page: int, zone: ZoneInfo, *, number: int) -> PortfolioCard:
    """Return a page of one part of a member's books; one that is not there is the nearest."""
    whole = _whole(statement, zone)
    pages = max(-(-_lengths(whole)[part] // ROWS), 1)
    at = min(max(page, 1), pages)
    turns = [("◀ Back", at - 1)] if at > 1 else []
    turns += [("Next ▶", at + 1)] if at < pages else []
    nothing: dict[str, object] = dict.fromkeys(("holdings", "levels", "pending", "fills", "history"), ())
    return whole.model_copy(
        update=nothing
        | _part(whole, part, at)
        | {
            "position": f"{part.capitalize()}, page {at} of {pages}",
            "buttons": (
                *(Button(label=label, data=encode(TurnBooks(number, part, to))) for label, to in turns),
                Button(label="Overview", data=encode(TurnBooks(number))),
            ),
        }
    )


def _part(whole: PortfolioCard, part: Part, at: int) -> dict[str, object]:
    match part:
        case "holdings":
            held = _page(whole.holdings, at)
            names = {row[0] for row in held}
            levels = tuple(line for line in whole.levels if line.partition(":")[0] in names)
            return {"holdings": held, "levels": levels}
        case "trades":
            rows = [*((True, line) for line in whole.pending), *((False, line) for line in whole.fills)]
            both = _page(rows, at)
            waiting = tuple(line for is_waiting, line in both if is_waiting)
            return {"pending": waiting, "fills": tuple(line for is_waiting, line in both if not is_waiting)}
        case "history":
            return {"history": _page(whole.history, at)}


def _page(rows: Sequence[Row], at: int) -> tuple[Row, ...]:
    return tuple(rows[(at - 1) * ROWS : at * ROWS])


def _lengths(whole: PortfolioCard) -> dict[Part, int]:
    return {
        "holdings": len(whole.holdings),
        "trades": len(whole.pending) + len(whole.fills),
        "history": len(whole.history),
    }


def _whole(statement: Statement, zone: ZoneInfo) -> PortfolioCard:
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
