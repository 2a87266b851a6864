"""One open database: transactions to read in, transactions to write in."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Engine, text
from sqlalchemy.exc import OperationalError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from core.clock import Clock, SystemClock
from core.domain.errors import StoreError
from core.domain.measures import Measures, Relay
from core.store import schema, sqlite_file
from core.store.engine import (
    BEGIN,
    TO_READ,
    file_of,
    first_line,
    is_sqlite,
    make_engine,
    parse,
    plain_errors,
    shown,
)
from core.store.writer_turns import WriterTurns

_BUSY_ATTEMPTS = 4
_BUSY_PAUSE_S = 0.05
_QUEUE_S = 30.0
_CLOSE_S = 2.0


class Database:
    """A database at this program's revision. Made by `open`; every error is a StoreError."""

    def __init__(self, place: URL, engine: AsyncEngine, clock: Clock) -> None:
        self.clock = clock
        self.measures: Measures = Relay()
        self.is_sqlite = is_sqlite(place)
        self._place = place
        self._engine = engine
        self._one_writer = WriterTurns() if self.is_sqlite else None
        self._writing: set[asyncio.Task[Any] | None] = set()
        self._in_use = 0
        self._unused = asyncio.Event()
        self._unused.set()

    @classmethod
    async def open(cls, url: str, clock: Clock) -> "Database":
        """Connect, and bring the schema up to date first if it is behind.

        Raises:
            DatabaseTooNew: a newer Conclave has changed the schema.
            StoreError: the database cannot be opened.
        """
        place = parse(url)
        if is_sqlite(place):
            await sqlite_file.make_ready(file_of(place))
        database = cls(place, make_engine(place), clock)
        try:
            if await database.revision() != schema.HEAD:
                await schema.migrate(place)
        except BaseException:
            await database.close()
            raise
        return database

    @property
    def sync_engine(self) -> Engine:
        """The engine below, for whoever listens to its events."""
        return self._engine.sync_engine

    async def revision(self) -> str | None:
        """Return the revision that the schema is at, or None before the first migration."""
        async with self.read() as connection:
            return await connection.run_sync(schema.stored_revision)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """Give a connection on which every query sees the same moment of the database."""
        options: dict[str, Any] = {BEGIN: TO_READ}
        if not self.is_sqlite:
            options = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        with plain_errors(self._place), self._measured("read"):
            connection = await self._begin(options)
            try:
                yield connection
            finally:
                await self._give_back(connection)

    async def ping(self) -> None:
        """Let the database answer once.

        Raises:
            StoreError: it cannot.
        """
        with plain_errors(self._place):
            connection = await self._begin({BEGIN: TO_READ} if self.is_sqlite else {})
            try:
                await connection.execute(text("SELECT 1"))
            finally:
                await self._give_back(connection)

    @contextmanager
    def _measured(self, kind: str) -> Iterator[None]:
        """Tell how long something took, with what was waited for, unless it failed."""
        before = self.clock.monotonic()
        yield
        self.measures.transacted(kind, self.clock.monotonic() - before)

    @asynccontextmanager
    async def write(self, *, first: bool = False) -> AsyncIterator[AsyncConnection]:
        """Give a connection with one transaction: committed at the end, undone on any error.

        On SQLite nobody else writes meanwhile, and who is to go `first` goes before all others who wait. A
        task that is writing cannot ask for a second one.
        """
        options: dict[str, Any] = {BEGIN: "BEGIN IMMEDIATE"}
        if not self.is_sqlite:
            options = {"isolation_level": "READ COMMITTED"}
        task = asyncio.current_task()
        if task in self._writing:
            raise StoreError("A transaction is open already in this task; write through its connection.")
        async with self._turn(first=first):
            self._writing.add(task)
            try:
                with plain_errors(self._place):
                    connection = await self._begin(options)
                    try:
                        yield connection
                        await connection.commit()
                    finally:
                        await self._give_back(connection)
            finally:
                self._writing.discard(task)

    async def close(self) -> None:
        """Release every connection; those that somebody still uses are waited for, for a moment."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_CLOSE_S):
                await self._unused.wait()
        await self._engine.dispose()

    @asynccontextmanager
    async def _turn(self, *, first: bool) -> AsyncIterator[None]:
        with self._measured("write"):
            if self._one_writer is None:
                yield
                return
            try:
                async with asyncio.timeout(_QUEUE_S):
                    await self._one_writer.acquire(first=first)
            except TimeoutError:
                raise StoreError(f"Nothing could be written for {_QUEUE_S:.0f} seconds; try again.") from None
            try:
                yield
            finally:
                self._one_writer.release()

    async def _begin(self, options: dict[str, Any]) -> AsyncConnection:
        self._in_use += 1
        self._unused.clear()
        try:
            return await self._begun(options)
        except BaseException:
            self._no_longer()
            raise

    async def _give_back(self, connection: AsyncConnection) -> None:
        try:
            await _give_back(connection)
        finally:
            self._no_longer()

    def _no_longer(self) -> None:
        self._in_use -= 1
        if not self._in_use:
            self._unused.set()

    async def _begun(self, options: dict[str, Any]) -> AsyncConnection:
        connection = await self._connect()
        try:
            await connection.execution_options(**options)
            for attempt in range(1, _BUSY_ATTEMPTS + 1):
                try:
                    await connection.begin()
                    break
                except OperationalError as error:
                    if not self.is_sqlite or "locked" not in str(error.orig):
                        raise
                    if attempt == _BUSY_ATTEMPTS:
                        raise StoreError(
                            f"The database {shown(self._place)} is busy: another program keeps writing to it."
                        ) from error
                await self.clock.sleep(_BUSY_PAUSE_S)
        except BaseException:
            await _give_back(connection)
            raise
        return connection

    async def _connect(self) -> AsyncConnection:
        try:
            return await self._engine.connect()
        except SQLAlchemyError:
            raise
        except Exception as error:  # the drivers' own errors have no common root
            detail = first_line(error) if str(error) else f"{type(error).__name__}."
            raise StoreError(f"The database {shown(self._place)} cannot be reached: {detail}") from error


async def _give_back(connection: AsyncConnection) -> None:
    # Shielded: a cancelled task must still undo its transaction before the connection is used again.
    await asyncio.shield(asyncio.ensure_future(connection.close()))


async def upgrade(url: str) -> str:
    """Bring the schema up to date and return its revision.

    Raises:
        DatabaseTooNew: a newer Conclave has changed the schema.
        StoreError: the database cannot be opened, or a migration failed.
    """
    database = await Database.open(url, SystemClock())
    await database.close()
    return schema.HEAD


async def reachable(url: str) -> str:
    """Try the database without changing it, and return in one sentence what was found.

    Raises:
        DatabaseTooNew: a newer Conclave has changed the schema.
        StoreError: the database cannot be used.
    """
    place = parse(url)
    if is_sqlite(place):
        await asyncio.to_thread(sqlite_file.check_folder, file_of(place))
    if is_sqlite(place) and not file_of(place).exists():
        return f"{shown(place)} does not exist yet and will be created."
    database = Database(place, make_engine(place, pooled=False), SystemClock())
    try:
        revision = await database.revision()
    finally:
        await database.close()
    if revision == schema.HEAD:
        return f"{shown(place)} is reachable, at revision {revision}."
    schema.check_known(revision)
    return f"{shown(place)} is reachable and will be brought to revision {schema.HEAD} at the next start."


async def backup(url: str, file: Path) -> None:
    """Write a consistent copy of a SQLite database in use to `file`, whole or not at all.

    Raises:
        StoreError: `file` exists, cannot be written, or the database is no SQLite file.
    """
    place = parse(url)
    if not is_sqlite(place):
        raise StoreError(f"{shown(place)} is a PostgreSQL database; back it up with pg_dump.")
    await sqlite_file.copy(file_of(place), file)
