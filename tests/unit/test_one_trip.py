import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiosqlite.core
import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from core.clock import SystemClock
from core.domain.errors import StoreError
from core.store.database import Database
from core.store.one_trip import AT_ONCE

MANY = 3 * AT_ONCE + 7


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    found = await Database.open(f"sqlite+aiosqlite:///{tmp_path}/trips.db", SystemClock())
    async with found.write() as connection:
        await connection.execute(text("CREATE TABLE numbers (n INTEGER PRIMARY KEY, word TEXT)"))
    yield found
    await found.close()


@pytest.fixture
def trips(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    made: list[Any] = []
    real = aiosqlite.core.Connection._execute

    async def counted(self: Any, work: Any, *values: Any, **more: Any) -> Any:
        made.append(work)
        return await real(self, work, *values, **more)

    monkeypatch.setattr(aiosqlite.core.Connection, "_execute", counted)
    return made


async def put(database: Database, count: int) -> None:
    if not count:
        return
    async with database.write() as connection:
        await connection.execute(
            text("INSERT INTO numbers (n) VALUES (:n)"), [{"n": n} for n in range(count)]
        )


async def test_a_question_takes_two_trips_one_for_its_rows_and_one_for_the_end(
    database: Database, trips: list[Any]
) -> None:
    async with database.read() as connection:
        await connection.execute(text("SELECT 1"))
    trips.clear()

    async with database.read() as connection:
        assert (await connection.execute(text("SELECT count(*) FROM numbers"))).scalar() == 0

    assert len(trips) == 2


async def test_who_asks_nothing_makes_no_trip(database: Database, trips: list[Any]) -> None:
    async with database.read():
        pass
    trips.clear()

    async with database.read():
        pass

    assert trips == []


@pytest.mark.parametrize("count", [0, 1, AT_ONCE - 1, AT_ONCE, AT_ONCE + 1, MANY])
async def test_all_rows_arrive_whether_they_come_at_once_or_in_parts(database: Database, count: int) -> None:
    await put(database, count)
    query = text("SELECT n FROM numbers ORDER BY n")

    async with database.read() as connection:
        at_once = (await connection.execute(query)).scalars().all()
        async with connection.stream(query) as result:
            in_parts = [row.n async for part in result.partitions(200) for row in part]
        async with connection.stream(query) as result:
            one_by_one = [row.n async for row in result]

    assert list(at_once) == in_parts == one_by_one == list(range(count))


async def test_a_stream_that_is_left_early_lets_the_connection_go(database: Database) -> None:
    await put(database, MANY)

    async with database.read() as connection, connection.stream(text("SELECT n FROM numbers")) as result:
        assert len(await result.fetchmany(10)) == 10

    async with database.write() as connection:
        await connection.execute(text("DROP TABLE numbers"))


async def test_every_question_of_a_transaction_sees_the_moment_of_the_first(database: Database) -> None:
    query = text("SELECT count(*) FROM numbers")

    async with database.read() as connection:
        before = (await connection.execute(query)).scalar()
        await put(database, 3)
        after = (await connection.execute(query)).scalar()

    assert (before, after) == (0, 0)
    async with database.read() as connection:
        assert (await connection.execute(query)).scalar() == 3


async def test_what_was_changed_is_counted_and_returned(database: Database) -> None:
    await put(database, MANY)

    async with database.write() as connection:
        changed = await connection.execute(text("UPDATE numbers SET word = 'x' WHERE n < 5"))
        told = await connection.execute(text("UPDATE numbers SET word = 'y' WHERE n < 3 RETURNING n"))
        all_told = await connection.execute(text("UPDATE numbers SET word = 'z' RETURNING n"))

        assert changed.rowcount == 5
        assert sorted(told.scalars()) == [0, 1, 2]
        assert len(all_told.all()) == MANY

    async with database.read() as connection:
        assert (await connection.execute(text("SELECT DISTINCT word FROM numbers"))).scalars().all() == ["z"]


async def test_what_fails_is_undone_and_the_next_one_works(database: Database) -> None:
    await put(database, 1)

    with pytest.raises((StoreError, IntegrityError)):
        async with database.write() as connection:
            await connection.execute(text("INSERT INTO numbers (n) VALUES (9)"))
            await connection.execute(text("INSERT INTO numbers (n) VALUES (0)"))

    async with database.read() as connection:
        assert (await connection.execute(text("SELECT n FROM numbers"))).scalars().all() == [0]


async def test_a_reader_that_fails_at_its_first_question_leaves_no_transaction_open(
    database: Database,
) -> None:
    with pytest.raises(StoreError):
        async with database.read() as connection:
            await connection.execute(text("SELECT nothing FROM nowhere"))

    await put(database, 2)
    async with database.read() as connection:
        assert (await connection.execute(text("SELECT count(*) FROM numbers"))).scalar() == 2


async def test_whoever_is_cancelled_in_the_middle_holds_up_nobody(database: Database) -> None:
    async def write() -> None:
        async with database.write() as connection:
            for n in range(100_000):
                await connection.execute(text("INSERT INTO numbers (n) VALUES (:n)"), {"n": n})

    task = asyncio.create_task(write())
    await asyncio.sleep(0.05)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)

    await put(database, 4)
    async with database.read() as connection:
        assert (await connection.execute(text("SELECT count(*) FROM numbers"))).scalar() == 4
