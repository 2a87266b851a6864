"""Names under which transactions wait for each other, where a row to hold is not there yet."""

from collections.abc import Iterable

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection


async def hold(connection: AsyncConnection, names: Iterable[str]) -> None:
    """Let no other transaction go on that holds one of these names, until this one ends.

    Always in the same order, so that two never wait for each other. On SQLite only one transaction writes at
    a time anyway.
    """
    if connection.dialect.name == "sqlite":
        return
    for name in sorted(set(names)):
        await connection.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(name, 0))))
