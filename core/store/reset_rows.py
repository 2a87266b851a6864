"""When portfolios have begun again, asked on whatever connection the caller is in."""

from datetime import datetime
from typing import Any

from sqlalchemy import func, literal_column, select
from sqlalchemy.ext.asyncio import AsyncConnection

from core.domain.books import MovementKind, Reset
from core.domain.season import Season
from core.store.column_types import Words
from core.store.season_tables import balances
from core.store.tables import cash_movements

# Spelt out, because only so the databases see that the index of resets has them all.
_IS_RESET = cash_movements.c.kind == literal_column(f"'{MovementKind.RESET}'", Words)


async def resets(
    connection: AsyncConnection, season: Season, until: datetime | None = None
) -> dict[str, Reset]:
    """Return the last reset of each member of a season that had one, or the last one up to `until` (UTC)."""
    table = cash_movements
    own = (table.c.season == season, _IS_RESET)
    # The cash came to what was deposited: before, it was less or more by the amount that was moved.
    query = (
        select(table.c.member, table.c.at, balances.c.deposits_usd, table.c.amount_usd)
        .join(balances, (balances.c.season == table.c.season) & (balances.c.member == table.c.member))
        .where(*own)
        .order_by(table.c.at, table.c.number)
    )
    if until is not None:
        query = query.where(table.c.at <= until)
    rows = await connection.execute(query)
    return {member: Reset(at=at, was_usd=deposited - moved) for member, at, deposited, moved in rows}


def count_of(season: Season) -> Any:
    """Return the query, as a column, for how many resets there were in a season."""
    query = select(func.count()).select_from(cash_movements)
    return query.where(cash_movements.c.season == season, _IS_RESET).scalar_subquery()
