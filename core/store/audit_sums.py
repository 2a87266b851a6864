"""What the database itself sums up of the ledger, beside the running totals that are kept."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Select, Table, and_, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from core.domain.audit import Extent, SumsRow, TotalsRow
from core.store.audit_values import raw, totals_of, usd, whole
from core.store.season_tables import balances, closed_trades
from core.store.tables import accounts, cash_movements, fills

_NOTHING: dict[str, Any] = {
    **dict.fromkeys(("fills", "closed"), 0),
    **dict.fromkeys(("cash_usd", "gains_usd", "losses_usd"), Decimal(0)),
    **dict.fromkeys(("best_usd", "worst_usd")),
}


async def size(connection: AsyncConnection) -> int:
    """Return about how many cash movements there are, without counting them."""
    newest: int | None = (await connection.execute(select(func.max(cash_movements.c.number)))).scalar()
    return newest or 0


async def extent(connection: AsyncConnection) -> Extent:
    """Return how many seasons and members have books, and how many fills there are."""
    query = select(func.count(accounts.c.season.distinct()), func.count(accounts.c.member.distinct()))
    seasons, members = (await connection.execute(query)).one()
    filled: int = (await connection.execute(select(func.count()).select_from(fills))).scalar_one()
    return Extent(seasons, members, filled)


async def sums(connection: AsyncConnection) -> list[SumsRow]:
    """Return each account's kept totals beside the sums.

    Raises:
        ValueError: a row holds what no such row can hold.
    """
    earned = closed_trades.c.pnl_usd
    queries = (
        _per_account(cash_movements, cash_usd=func.sum(cash_movements.c.amount_usd)),
        _per_account(fills, fills=func.count()),
        _per_account(
            closed_trades,
            closed=func.count(),
            gains_usd=func.sum(earned).filter(earned > 0),
            losses_usd=func.sum(-raw(earned)).filter(earned < 0),
            best_usd=func.max(earned),
            worst_usd=func.min(earned),
        ),
    )
    summed: dict[tuple[str, str], dict[str, Any]] = {}
    for query in queries:
        for row in (await connection.execute(query)).mappings():
            figures = {str(name): value for name, value in row.items()}
            account = (figures.pop("season"), figures.pop("member"))
            summed.setdefault(account, {}).update(figures)
    same = and_(balances.c.season == accounts.c.season, balances.c.member == accounts.c.member)
    kept = select(
        accounts.c.season, accounts.c.member, *(raw(balances.c[name]) for name in TotalsRow._fields)
    ).outerjoin_from(accounts, balances, same)
    rows = (await connection.execute(kept)).all()
    return [_beside(row[0], row[1], row[2:], summed.get((row[0], row[1]), {})) for row in rows]


def _per_account(table: Table, **figures: ColumnElement[Any]) -> Select[Any]:
    columns = (raw(figure).label(name) for name, figure in figures.items())
    return select(table.c.season, table.c.member, *columns).group_by(table.c.season, table.c.member)


def _beside(season: str, member: str, totals: Sequence[Any], summed: dict[str, Any]) -> SumsRow:
    figures = {
        name: none
        if (value := summed.get(name)) is None
        else usd(value)
        if name.endswith("_usd")
        else whole(value)
        for name, none in _NOTHING.items()
    }
    kept = totals_of(totals)._asdict() if totals[0] is not None else {}
    return SumsRow(season, member, {name: kept.get(name) for name in figures}, figures)
