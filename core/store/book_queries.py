"""Questions to the books, asked on whatever connection the caller is in."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from core.domain.bars import Mark
from core.domain.books import MovementKind, Order, OrderState, Portfolio, Position, Side
from core.domain.season import Season
from core.store.replay import (
    Booked,
    CashMove,
    Entry,
    Held,
    Split,
    cash_change,
    in_order,
    position_of,
    replay,
)
from core.store.run_record import ORDER, order_of
from core.store.season_tables import balances, holdings, share_movements
from core.store.tables import cash_movements, fills, marks, orders

BOOKED = [fills.c[name] for name in Booked._fields]
"""The columns that make a Booked fill."""
BY_TIME = (fills.c.filled_at, fills.c.number)
_MARK = [marks.c[name] for name in Mark.model_fields]
_SPLIT = [share_movements.c[name] for name in Split._fields]
_WITH_FILLS = (MovementKind.TRADE, MovementKind.FEE)


def booked_of(row: Iterable[object]) -> Booked:
    """Return the fill that a row of the BOOKED columns holds."""
    fill = Booked(*row)  # type: ignore[arg-type]  # the columns are those fields, in that order
    return fill._replace(side=Side(fill.side))


async def history(
    connection: AsyncConnection, season: Season, member: str, as_of: datetime | None = None
) -> tuple[Decimal, list[Entry]]:
    """Return a member's deposit in USD, and all else of its ledger in the order of time, up to `as_of`.

    The deposit counts whenever it was made (see `Books.portfolio`).
    """
    own = (fills.c.season == season, fills.c.member == member)
    filled = select(*BOOKED).where(*own).order_by(*BY_TIME)
    moved = (
        select(cash_movements.c.kind, cash_movements.c.amount_usd, cash_movements.c.at)
        .where(cash_movements.c.season == season, cash_movements.c.member == member)
        .where(cash_movements.c.kind.not_in(_WITH_FILLS))
        .order_by(cash_movements.c.number)
    )
    split = (
        select(*_SPLIT)
        .where(share_movements.c.season == season, share_movements.c.member == member)
        .order_by(share_movements.c.number)
    )
    deposited, entries = Decimal("0.00"), list[Entry]()
    for kind, amount, at in await connection.execute(moved):
        if kind == MovementKind.DEPOSIT:
            deposited += amount
        else:
            entries.append(CashMove(amount, at))
    entries += [Split(*row) for row in await connection.execute(split)]
    entries += [booked_of(row) for row in await connection.execute(filled)]
    if as_of is not None:
        entries = [entry for entry in entries if _at(entry) <= as_of]
    return deposited, in_order(entries)


def _at(entry: Entry) -> datetime:
    return entry.filled_at if isinstance(entry, Booked) else entry.at


async def portfolio(
    connection: AsyncConnection, season: Season, member: str, as_of: datetime | None = None
) -> Portfolio:
    """Return a member's cash and holdings, now or as they were at `as_of`."""
    found = await portfolios(connection, season, as_of, member)
    return found.get(member) or Portfolio(member=member, cash_usd=Decimal("0.00"))


async def portfolios(
    connection: AsyncConnection, season: Season, as_of: datetime | None = None, member: str | None = None
) -> dict[str, Portfolio]:
    """Return the cash and holdings of one account, or of all, now or as they were at `as_of`."""
    columns = (balances.c.member, balances.c.cash_usd, balances.c.last_at)
    query = select(*columns).where(balances.c.season == season).order_by(balances.c.member)
    if member is not None:
        query = query.where(balances.c.member == member)
    rows = (await connection.execute(query)).all()
    held = await holdings_of(connection, season, member) if rows else {}
    found: dict[str, Portfolio] = {}
    for name, cash, last_at in rows:
        if as_of is None or last_at is None or last_at <= as_of:
            found[name] = Portfolio(member=name, cash_usd=cash, positions=held.get(name, ()))
        else:
            found[name] = await _portfolio_then(connection, season, name, as_of)
    return found


async def _portfolio_then(
    connection: AsyncConnection, season: Season, member: str, as_of: datetime
) -> Portfolio:
    """Work a portfolio out from the ledger, because the account has entries later than `as_of`."""
    deposited, entries = await history(connection, season, member, as_of)
    cash = sum((cash_change(entry) for entry in entries), deposited)
    return Portfolio(member=member, cash_usd=cash, positions=replay(entries).positions())


async def holdings_of(
    connection: AsyncConnection, season: Season, member: str | None = None
) -> dict[str, tuple[Position, ...]]:
    """Return the present holdings of one member, or of all, by ticker."""
    query = select(holdings).where(holdings.c.season == season).order_by(holdings.c.member, holdings.c.ticker)
    if member is not None:
        query = query.where(holdings.c.member == member)
    found: dict[str, list[Position]] = {}
    for row in (await connection.execute(query)).mappings():
        found.setdefault(row["member"], []).append(position_from(row))
    return {name: tuple(held) for name, held in found.items()}


def position_from(row: Mapping[Any, Any]) -> Position:
    """Return the holding that a row of `holdings` is."""
    held = Held(row["shares"], row["average"])
    return position_of(row["ticker"], held, row["stop_loss"], row["take_profit"])


async def pending(
    connection: AsyncConnection,
    season: Season,
    *,
    member: str | None = None,
    ticker: str | None = None,
    as_of: datetime | None = None,
) -> tuple[Order, ...]:
    """Return the orders that wait, oldest first; with `as_of` those that waited then, as they stood then."""
    query: Select[tuple[object, ...]] = select(*ORDER).where(orders.c.season == season)
    query = query.order_by(orders.c.created_at, orders.c.number)
    if member is not None:
        query = query.where(orders.c.member == member)
    if ticker is not None:
        query = query.where(orders.c.ticker == ticker)
    if as_of is None:
        query = query.where(orders.c.state == OrderState.PENDING)
    else:
        not_ended = or_(orders.c.ended_at.is_(None), orders.c.ended_at > as_of)
        query = query.where(orders.c.created_at <= as_of, not_ended)
    rows = (await connection.execute(query)).mappings()
    waiting = {"state": OrderState.PENDING, "reason": None}
    return tuple(order_of(row).model_copy(update=waiting) for row in rows)


async def latest_marks(
    connection: AsyncConnection, season: Season, as_of: datetime | None = None
) -> dict[str, Mark]:
    """Return the newest mark of each ticker, or the newest at or before `as_of`."""
    own = marks.c.season == season
    # Each ticker, and its newest mark, is one look into the index: nobody reads the marks in between.
    tickers = select(func.min(marks.c.ticker).label("ticker")).where(own).cte("tickers", recursive=True)
    following = select(func.min(marks.c.ticker)).where(own, marks.c.ticker > tickers.c.ticker)
    tickers = tickers.union_all(select(following.scalar_subquery()).where(tickers.c.ticker.is_not(None)))
    at = select(func.max(marks.c.at)).where(own, marks.c.ticker == tickers.c.ticker).correlate(tickers)
    if as_of is not None:
        at = at.where(marks.c.at <= as_of)
    newest = and_(marks.c.ticker == tickers.c.ticker, marks.c.at == at.scalar_subquery())
    query = select(*_MARK).join(tickers, newest).where(own).order_by(marks.c.ticker)
    rows = (await connection.execute(query)).mappings()
    return {mark.ticker: mark for mark in (Mark(**{str(k): v for k, v in row.items()}) for row in rows)}
