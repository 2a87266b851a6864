"""A database with a long season in it, on SQLite or PostgreSQL: filled once, and kept if wished."""

import asyncio
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path

import asyncpg
from sqlalchemy import make_url

from benchmarks._season_rows import COLUMNS, EVIDENCE, LAST, TICKERS, Row, Season, kind_of, moment, name_of
from core.clock import SystemClock
from core.store.store import Store


def rows(shapes: dict[str, int], sessions: int) -> Iterator[tuple[str, list[Row]]]:
    """Yield all rows: `shapes` has each season's name with its number of members."""
    most = max(shapes.values())
    yield (
        "members",
        [(name_of(number), number + 1, kind_of(number), "1", "[]", True, number) for number in range(most)],
    )
    yield "evidence", [(EVIDENCE, TICKERS[0], moment(LAST, 20), "{}")]
    for name, members in shapes.items():
        season = Season(name, members, sessions)
        yield from season.beginning()
        for at in range(sessions):
            yield from season.session(at)
        yield from season.end()


async def prepared(url: str) -> None:
    store = await Store.open(url, SystemClock())
    await store.close()


def fill_sqlite(file: Path, shapes: dict[str, int], sessions: int) -> None:
    """Make the file, whole or not at all."""
    if file.exists():
        return
    part = file.with_suffix(".part")
    for left in part.parent.glob(f"{part.name}*"):
        left.unlink()
    asyncio.run(prepared(f"sqlite+aiosqlite:///{part}"))
    database = sqlite3.connect(part, isolation_level=None)
    for pragma in ("journal_mode = OFF", "synchronous = OFF", "foreign_keys = OFF", "cache_size = -200000"):
        database.execute(f"PRAGMA {pragma}")
    # The triggers look for clashes at each row; there are none, and they come back before anyone looks.
    triggers = database.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
    database.execute("BEGIN")
    for name, _ in triggers:
        database.execute(f"DROP TRIGGER {name}")
    for table, found in rows(shapes, sessions):
        columns = COLUMNS[table].split()
        marks = ", ".join("?" * len(columns))
        told = [tuple(str(cell) if hasattr(cell, "year") else cell for cell in row) for row in found]
        database.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})", told)
    for _, sql in triggers:
        database.execute(sql)
    database.execute("COMMIT")
    broken = database.execute("PRAGMA foreign_key_check").fetchone()
    if broken:
        raise SystemExit(f"the rows of {broken[0]} refer to what is not there")
    database.execute("PRAGMA journal_mode = WAL")
    database.close()
    part.rename(file)


async def fill_postgres(admin: str, name: str, shapes: dict[str, int], sessions: int) -> None:
    """Make the database, unless a whole one is there; the same rows as on SQLite, where they are checked."""
    url = make_url(admin)
    plain = url.set(drivername="postgresql").render_as_string(hide_password=False)
    connection = await asyncpg.connect(plain, timeout=5)
    try:
        found = await connection.fetchval(
            "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = $1", name
        )
        if found == "whole":
            return
        await connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        await connection.execute(f"CREATE DATABASE {name}")
        await prepared(url.set(database=name).render_as_string(hide_password=False))
        place = url.set(drivername="postgresql", database=name).render_as_string(hide_password=False)
        filling = await asyncpg.connect(place, timeout=5)
        try:
            await filling.execute("SET session_replication_role = replica; SET synchronous_commit = off")
            for table, records in rows(shapes, sessions):
                if records:
                    columns = COLUMNS[table].split()
                    await filling.copy_records_to_table(table, records=records, columns=columns)
            await filling.execute("VACUUM ANALYZE")
        finally:
            await filling.close()
        await connection.execute(f"COMMENT ON DATABASE {name} IS 'whole'")
    finally:
        await connection.close()


async def drop_postgres(admin: str, name: str) -> None:
    """Remove the database."""
    plain = make_url(admin).set(drivername="postgresql").render_as_string(hide_password=False)
    connection = await asyncpg.connect(plain, timeout=5)
    try:
        await connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
    finally:
        await connection.close()


if __name__ == "__main__":
    sys.exit("This only helps benchmarks.leaderboard.")
