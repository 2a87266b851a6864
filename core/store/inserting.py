"""The one statement that SQLite and PostgreSQL share but SQLAlchemy spells twice."""

from typing import Any

from sqlalchemy import Table, TextClause
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection


def insert_new(
    connection: AsyncConnection,
    table: Table,
    columns: list[str] | None = None,
    where: TextClause | None = None,
) -> sqlite.Insert | postgresql.Insert:
    """Return an INSERT that does nothing where a row is there already: the first write wins.

    With `columns` only a clash in the unique index over these (and with this `where`) is meant; any
    other clash stays an error.
    """
    if connection.dialect.name == "sqlite":
        return sqlite.insert(table).on_conflict_do_nothing(columns, where)
    return postgresql.insert(table).on_conflict_do_nothing(index_elements=columns, index_where=where)


async def add_new(connection: AsyncConnection, table: Table, row: dict[str, Any]) -> bool:
    """Insert the row unless its key is there already; say whether it is new."""
    return (await connection.execute(insert_new(connection, table).values(row))).rowcount == 1
