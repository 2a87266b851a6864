"""What is known of keys and routes, for all processes on one database: `core.llm.states.KeyStates`."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Table, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from core.clock import SystemClock
from core.domain.provider_health import DialectState, KeyState, RouteState
from core.store.call_tables import calls
from core.store.database import Database
from core.store.engine import file_of, is_sqlite, make_engine, parse
from core.store.provider_tables import provider_dialects, provider_keys, provider_routes
from core.store.schema import HEAD


class ProviderStates:
    """The newest note on each key and route; of two, the one that was noted later stays."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def read(self) -> tuple[tuple[KeyState, ...], tuple[RouteState, ...]]:
        """Return all notes."""
        async with self._database.read() as connection:
            keys = (await connection.execute(select(provider_keys))).mappings().all()
            routes = (await connection.execute(select(provider_routes))).mappings().all()
        return (
            tuple(KeyState.model_validate(dict(row)) for row in keys),
            tuple(RouteState.model_validate(dict(row)) for row in routes),
        )

    async def keep_key(self, state: KeyState) -> None:
        """Keep a note on a key, unless a newer one is there."""
        async with self._database.write() as connection:
            await _put(connection, provider_keys, state.model_dump())

    async def keep_route(self, state: RouteState) -> None:
        """Keep a note on a route, unless a newer one is there."""
        async with self._database.write() as connection:
            await _put(connection, provider_routes, state.model_dump())

    async def dialects(self) -> tuple[DialectState, ...]:
        """Return how each model wants to be asked."""
        async with self._database.read() as connection:
            rows = (await connection.execute(select(provider_dialects))).mappings().all()
        return tuple(DialectState.model_validate(dict(row)) for row in rows)

    async def keep_dialect(self, state: DialectState) -> None:
        """Keep how a model wants to be asked, unless something newer is there."""
        async with self._database.write() as connection:
            await _put(connection, provider_dialects, state.model_dump())

    async def used(self, since: datetime) -> Mapping[tuple[str, str], int]:
        """Return how many calls each key has served since a moment, by the record of all calls."""
        query = (
            select(calls.c.provider, calls.c.key, func.count())
            .where(calls.c.at >= since, calls.c.key != "")
            .group_by(calls.c.provider, calls.c.key)
        )
        async with self._database.read() as connection:
            return {(row[0], row[1]): int(row[2]) for row in await connection.execute(query)}


async def database_at(url: str) -> Database | None:
    """Open a database without changing its schema; None where it is not there or not up to date.

    Raises:
        StoreError: the database cannot be used.
    """
    place = parse(url)
    if is_sqlite(place) and not file_of(place).exists():
        return None
    database = Database(place, make_engine(place, pooled=False), SystemClock())
    try:
        if await database.revision() == HEAD:
            return database
    except BaseException:
        await database.close()
        raise
    await database.close()
    return None


async def _put(connection: AsyncConnection, table: Table, row: dict[str, Any]) -> None:
    """Insert a note, or let it take the place of one that is not newer."""
    dialect: Any = sqlite if connection.dialect.name == "sqlite" else postgresql
    put = dialect.insert(table).values(row)
    own = [column.name for column in table.primary_key.columns]
    changed = {name: put.excluded[name] for name in row if name not in own}
    newer = table.c.at <= put.excluded.at
    await connection.execute(put.on_conflict_do_update(index_elements=own, set_=changed, where=newer))
