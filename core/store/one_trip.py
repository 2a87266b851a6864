"""Statements of SQLite that go to the connection's thread and back once, and not four times.

The driver keeps a thread for each connection, and every small step is a trip there: a cursor is made, runs,
is read and closed, and the transaction begins and ends. At a busy moment these trips cost more than all
queries. So one trip makes the cursor, runs it, and brings back the rows; and a transaction to read in begins
on the trip of its first statement, where SQLite itself begins to look.
"""

import sqlite3
from collections import deque
from collections.abc import AsyncIterator, Callable
from typing import Any, Self

AT_ONCE = 500
"""So many rows are fetched on the first trip; of more, the rest comes as it is asked for."""


def shorten_trips(driver: Any) -> None:
    """Let the cursors of an `aiosqlite` connection make one trip for each statement."""
    trips = _Trips(driver)
    driver.cursor = lambda: OneTripCursor(trips)
    driver.rollback, driver.commit = trips.ending(driver.rollback), trips.ending(driver.commit)
    driver.begin_later = trips.begin_later


class _Trips:
    def __init__(self, driver: Any) -> None:
        self._driver = driver
        self._to_begin = False

    def begin_later(self) -> None:
        """Begin a transaction with the first statement to come."""
        self._to_begin = True

    def ending(self, end: Callable[[], Any]) -> Callable[[], Any]:
        """Return what ends a transaction, and needs no trip for one that has not begun."""

        async def ended() -> None:
            if self._to_begin:
                self._to_begin = False
            else:
                await end()

        return ended

    async def make(self, work: Callable[[sqlite3.Connection], Any]) -> Any:
        """Do something on the connection's thread, in the transaction that was to begin."""
        begin, self._to_begin = self._to_begin, False

        def on_its_thread(connection: sqlite3.Connection) -> Any:
            if begin:
                connection.execute("BEGIN")
            return work(connection)

        return await self._driver._execute(on_its_thread, self._driver._conn)


class OneTripCursor:
    """A cursor as SQLAlchemy wants it of an asynchronous driver."""

    def __init__(self, trips: _Trips) -> None:
        self._trips = trips
        self._open: sqlite3.Cursor | None = None
        self._rows: deque[Any] = deque()
        self.description: Any = None
        self.rowcount = -1
        self.lastrowid: int | None = None
        self.arraysize = 1

    async def __aenter__(self) -> Self:
        return self

    async def execute(self, words: str, values: Any = ()) -> Self:
        """Run a statement and bring back its rows, or the first ones of many."""
        await self._trips.make(lambda connection: self._run(connection.cursor(), words, values))
        return self

    async def executemany(self, words: str, values: Any) -> Self:
        """Run a statement once for each of the values."""
        await self._trips.make(lambda connection: self._keep(connection.executemany(words, values)))
        return self

    def _run(self, cursor: sqlite3.Cursor, words: str, values: Any) -> None:
        self._keep(cursor.execute(words, values))

    def _keep(self, cursor: sqlite3.Cursor) -> None:
        rows = cursor.fetchmany(AT_ONCE) if cursor.description else []
        # Only now: a statement that returns rows has counted what it changed when they are fetched.
        self.description, self.rowcount, self.lastrowid = (
            cursor.description,
            cursor.rowcount,
            cursor.lastrowid,
        )
        self._rows = deque(rows)
        if len(rows) < AT_ONCE:
            cursor.close()
        else:
            self._open = cursor

    async def fetchone(self) -> Any:
        """Return the next row, or None."""
        return next(iter(await self.fetchmany(1)), None)

    async def fetchmany(self, size: int | None = None) -> list[Any]:
        """Return the next rows, at most so many."""
        size = self.arraysize if size is None else size
        if (cursor := self._open) is not None and len(self._rows) < size:
            missing = size - len(self._rows)
            self._rows.extend(await self._trips.make(lambda _: cursor.fetchmany(missing)))
        return [self._rows.popleft() for _ in range(min(size, len(self._rows)))]

    async def fetchall(self) -> list[Any]:
        """Return all the rows that are left."""
        rows, self._rows = list(self._rows), deque()
        if (cursor := self._open) is not None:
            rows += await self._trips.make(lambda _: cursor.fetchall())
            await self.close()
        return rows

    async def close(self) -> None:
        """Let go of the statement; nothing where all rows are there."""
        cursor, self._open = self._open, None
        if cursor is not None:
            await self._trips.make(lambda _: cursor.close())

    async def __aiter__(self) -> AsyncIterator[Any]:
        while rows := await self.fetchmany(AT_ONCE):
            for row in rows:
                yield row
