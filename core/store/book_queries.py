"""Questions to the books, asked on whatever connection the caller is in."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from core.domain.bars import Mark
from core.domain.books import MovementKind, Order, OrderState, Portfolio, Side
from core.domain.season import Season
from core.store.replay import Booked, replay
from core.store.run_record import ORDER, order_of
from core.store.tables import cash_movements, fills, marks, orders

BOOKED = [fills.c[name] for name in Booked._fields]
"""The columns that make a Booked fill."""
BY_TIME = (fills.c.filled_at, fills.c.number)
_MARK = [marks.c[name] for name in Mark.model_fields]


def booked_of(row: Iterable[object]) -> Booked:
    """Return the fill that a row of the BOOKED columns holds."""
    fill = Booked(*row)  # type: ignore[arg-type]  # the columns are those fields, in that order
    return fill._replace(side=Side(fill.side))


async def booked(
    connection: AsyncConnection, season: Season, member: str, as_of: datetime | None = None
) -> list[Booked]:
    """Return a member's fills in the order of time, up to and including `as_of`."""
    query = select(*BOOKED).where(fills.c.season == season, fills.c.member == member).order_by(*BY_TIME)
    if as_of is not None:
        query = query.where(fills.c.filled_at <= as_of)
    return [booked_of(row) for row in await connection.execute(query)]


async def cash(
    connection: AsyncConnection, season: Season, member: str, as_of: datetime | None = None
) -> Decimal:
    """Return a member's cash in USD; the deposit counts whenever it was made (see `Books.portfolio`)."""
    own = (cash_movements.c.season == season, cash_movements.c.member == member)
    query = select(func.sum(cash_movements.c.amount_usd)).where(*own)
    if as_of is not None:
        deposit = cash_movements.c.kind == MovementKind.DEPOSIT
        query = query.where(or_(cash_movements.c.at <= as_of, deposit))
    return (await connection.execute(query)).scalar() or Decimal("0.00")


async def portfolio(
    connection: AsyncConnection, season: Season, member: str, as_of: datetime | None = None
) -> Portfolio:
    """Return a member's cash and holdings, now or as they were at `as_of`."""
    tally = replay(await booked(connection, season, member, as_of))
    amount = await cash(connection, season, member, as_of)
    return Portfolio(member=member, cash_usd=amount, positions=tally.positions())


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
    known = select(marks.c.ticker, func.max(marks.c.at).label("at")).where(marks.c.season == season)
    if as_of is not None:
        known = known.where(marks.c.at <= as_of)
    newest = known.group_by(marks.c.ticker).subquery()
    same = and_(marks.c.ticker == newest.c.ticker, marks.c.at == newest.c.at)
    query = select(*_MARK).join(newest, same).where(marks.c.season == season).order_by(marks.c.ticker)
    rows = (await connection.execute(query)).mappings()
    return {mark.ticker: mark for mark in (Mark(**{str(k): v for k, v in row.items()}) for row in rows)}
