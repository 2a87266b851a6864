"""What has happened to a member's books beside the fills that its ballots asked for."""

from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from core.domain.books import CLOSING, Happening, HappeningKind, MovementKind, OrderState
from core.domain.season import Season
from core.store.season_tables import share_movements
from core.store.tables import cash_movements, fills, orders

_ONCE = (MovementKind.DIVIDEND, MovementKind.CASH_IN_LIEU, MovementKind.RESET)
_SUMMED = (MovementKind.INTEREST, MovementKind.BORROW)


async def happenings(
    connection: AsyncConnection, season: Season, member: str, limit: int
) -> tuple[Happening, ...]:
    """Return the last of them, newest first, `limit` at most; interest and borrow fees as one sum each."""
    found = [
        *await _splits(connection, season, member, limit),
        *await _paid(connection, season, member, limit),
        *await _sums(connection, season, member),
        *await _closings(connection, season, member, limit),
    ]
    found.sort(key=lambda one: (one.at, one.kind, one.ticker or ""), reverse=True)
    return tuple(found[:limit])


async def _splits(connection: AsyncConnection, season: Season, member: str, limit: int) -> list[Happening]:
    table = share_movements
    query = select(table).where(table.c.season == season, table.c.member == member)
    rows = await connection.execute(query.order_by(table.c.at.desc(), table.c.number.desc()).limit(limit))
    return [
        Happening(
            kind=HappeningKind.SPLIT,
            session=row["ex_date"],
            at=row["at"],
            ticker=row["ticker"],
            ratio=row["ratio"],
            shares_before=row["shares_before"],
            shares=row["shares_after"],
        )
        for row in rows.mappings()
    ]


async def _paid(connection: AsyncConnection, season: Season, member: str, limit: int) -> list[Happening]:
    table = cash_movements
    own = (table.c.season == season, table.c.member == member, table.c.kind.in_(_ONCE))
    query = select(table).where(*own).order_by(table.c.at.desc(), table.c.number.desc()).limit(limit)
    return [_cash(row) for row in (await connection.execute(query)).mappings()]


async def _sums(connection: AsyncConnection, season: Season, member: str) -> list[Happening]:
    table = cash_movements
    own = (table.c.season == season, table.c.member == member, table.c.kind.in_(_SUMMED))
    query = select(
        table.c.kind,
        table.c.ticker,
        func.max(table.c.session).label("session"),
        func.max(table.c.at, type_=table.c.at.type).label("at"),
        func.sum(table.c.amount_usd, type_=table.c.amount_usd.type).label("amount_usd"),
    )
    rows = await connection.execute(query.where(*own).group_by(table.c.kind, table.c.ticker))
    return [_cash(row) for row in rows.mappings()]


def _cash(row: Any) -> Happening:
    return Happening(
        kind=HappeningKind(row["kind"]),
        session=row["session"] or row["at"].date(),
        at=row["at"],
        ticker=row["ticker"] or None,
        amount_usd=row["amount_usd"],
    )


async def _closings(connection: AsyncConnection, season: Season, member: str, limit: int) -> list[Happening]:
    """Return stops, take-profits and margin calls that are over; one that waits stands among the orders."""
    own = (orders.c.season == season, orders.c.member == member, orders.c.state != OrderState.PENDING)
    query = (
        select(orders, fills.c.shares.label("filled"), fills.c.session.label("day"))
        .outerjoin(fills, fills.c.order_id == orders.c.id)
        .where(*own, orders.c.cause.in_(CLOSING))
        .order_by(orders.c.created_at.desc(), orders.c.number.desc())
    )
    return [
        Happening(
            kind=HappeningKind(row["cause"]),
            session=row["day"] or row["decided_session"],
            at=row["ended_at"],
            ticker=row["ticker"],
            side=row["side"],
            shares=row["filled"] or row["shares"],
            reason=row["reason"],
        )
        for row in (await connection.execute(query.limit(limit))).mappings()
    ]
