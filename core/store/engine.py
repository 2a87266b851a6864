"""Addresses of databases, engines for them, and driver errors in plain sentences."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError, SQLAlchemyError, StatementError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from core.domain.errors import ConclaveError, StoreError
from core.store.one_trip import shorten_trips

SQLITE = "sqlite"
BUSY_TIMEOUT_S = 5
CONNECT_TIMEOUT_S = 10
COMMAND_TIMEOUT_S = 60
CONNECTIONS = 15
"""How many a process has to one SQLite file. The one used last is used next; a quiet process has few."""
BEGIN = "conclave_begin"
"""The execution option that names the statement which opens a transaction on SQLite."""
TO_READ = "BEGIN"
"""One that looks at the database from its first query on, and cannot fail before."""


def parse(url: str) -> URL:
    """Return the parts of a database address.

    Raises:
        StoreError: it is no address of a SQLite file or of a PostgreSQL database.
    """
    try:
        place = make_url(url)
    except (ArgumentError, ValueError):
        raise StoreError("The database address cannot be read; see [store] url.") from None
    if place.drivername == "sqlite+aiosqlite":
        if not place.database or place.database == ":memory:" or place.database.startswith("file:"):
            raise StoreError("SQLite needs the path of a file, such as sqlite+aiosqlite:///conclave.db.")
    elif place.drivername != "postgresql+asyncpg":
        raise StoreError(
            "The database address must start with sqlite+aiosqlite:/// or postgresql+asyncpg://."
        )
    return place


def is_sqlite(place: URL) -> bool:
    """Say whether the address is a SQLite file."""
    return place.get_backend_name() == SQLITE


def file_of(place: URL) -> Path:
    """Return the file of a SQLite address."""
    return Path(str(place.database))


def shown(place: URL) -> str:
    """Return the address without its password."""
    return str(file_of(place)) if is_sqlite(place) else place.render_as_string(hide_password=True)


def make_engine(
    place: URL, *, pooled: bool = True, foreign_keys: bool = True, busy_timeout_s: int | None = None
) -> AsyncEngine:
    """Return an engine that has not connected yet. Its errors carry no parameters, so no prompt either."""
    options: dict[str, Any] = {"hide_parameters": True}
    if not pooled:
        options["poolclass"] = NullPool
    if not is_sqlite(place):
        return create_async_engine(
            place,
            connect_args={
                "timeout": CONNECT_TIMEOUT_S,
                "command_timeout": COMMAND_TIMEOUT_S,
                "server_settings": {
                    "application_name": "conclave",
                    "lock_timeout": "30s",
                    "idle_in_transaction_session_timeout": "120s",
                },
            },
            pool_pre_ping=pooled,
            **options,
        )
    if pooled:
        # As many as by default, but kept: in a crowd to open one, a thread and all, costs more than to query.
        options |= {"pool_size": CONNECTIONS, "max_overflow": 0, "pool_use_lifo": True}
    engine = create_async_engine(place, **options)
    patience_s = BUSY_TIMEOUT_S if busy_timeout_s is None else busy_timeout_s

    @event.listens_for(engine.sync_engine, "connect")
    def prepare(connection: Any, record: Any) -> None:
        # The driver must not open transactions by itself: which kind of BEGIN is ours to choose.
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {patience_s * 1000}")
        cursor.execute(f"PRAGMA foreign_keys = {'ON' if foreign_keys else 'OFF'}")
        # FULL: with NORMAL a power cut may undo commits, and a finished stage that was paid for or a
        # fill that was shown would be gone. A commit costs a fraction of a millisecond more.
        cursor.execute("PRAGMA synchronous = FULL")
        cursor.close()
        shorten_trips(connection.driver_connection)

    @event.listens_for(engine.sync_engine, "invalidate")
    def undo(connection: Any, record: Any, error: BaseException | None) -> None:
        # A cancelled statement costs the connection. Closing it leaves its transaction, and so the lock on
        # the file, to whenever its cursors are collected.
        with suppress(Exception):
            connection.rollback()

    @event.listens_for(engine.sync_engine, "begin")
    def begin(connection: Connection) -> None:
        words = connection.get_execution_options().get(BEGIN, TO_READ)
        if words == TO_READ:
            driver: Any = connection.connection.driver_connection
            driver.begin_later()
        else:
            connection.exec_driver_sql(words)

    return engine


@contextmanager
def plain_errors(place: URL) -> Iterator[None]:
    """Turn what a database raises inside into a StoreError of one sentence; leave everything else alone."""
    try:
        yield
    except SQLAlchemyError as error:
        cause = error.orig if isinstance(error, StatementError) else None
        if isinstance(cause, ConclaveError):
            raise cause from error
        if isinstance(error, DBAPIError) and not error.connection_invalidated:
            raise StoreError(f"The database {shown(place)} refused: {first_line(cause)}") from error
        raise StoreError(f"The database {shown(place)} failed: {first_line(cause or error)}") from error
    except (TimeoutError, ConnectionError) as error:
        # asyncpg's own time limit and a broken socket come through as they are.
        raise StoreError(f"The database {shown(place)} did not answer in time.") from error


def is_of_one_row(error: Exception) -> bool:
    """Say whether the database refused a row, as opposed to not being there at all."""
    cause = error.__cause__
    lost = isinstance(cause, DBAPIError) and cause.connection_invalidated
    return isinstance(cause, StatementError) and not isinstance(cause, OperationalError) and not lost


def first_line(error: BaseException | None) -> str:
    """Return the first line of what a driver says, without the name of its exception class."""
    line = str(error).strip().partition("\n")[0]
    if line.startswith("<class "):
        line = line.partition(">: ")[2]
    return line.rstrip(".") + "."
