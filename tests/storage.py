"""Fixtures for tests that need a database: each such test runs on SQLite and on PostgreSQL.

Name this module in `pytest_plugins` of a test module to have them.
"""

import asyncio
import os
import secrets
from collections.abc import AsyncIterator, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import pytest_asyncio
from sqlalchemy import make_url

from core.clock import ManualClock
from core.store.database import upgrade
from core.store.store import Store
from core.store.tables import metadata
from tests.store_values import START
from tests.template import laid

POSTGRES = os.environ.get("CONCLAVE_TEST_POSTGRES", "postgresql+asyncpg://postgres@127.0.0.1:5432/test")


def _run(work: Coroutine[Any, Any, Any]) -> Any:
    # In a thread of its own: the test's event loop must not notice.
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


def _admin(statement: str, database: str | None = None) -> None:
    _run(_execute(statement, database))


# As a replica the session runs no triggers: neither those of foreign keys nor of the append-only ledger.
_DELETES = (f"DELETE FROM {table}" for table in metadata.tables)  # noqa: S608  # the tables are our own
_EMPTY = "; ".join(["SET session_replication_role = replica", *_DELETES])


async def _execute(statement: str, database: str | None) -> None:
    place = make_url(POSTGRES).set(drivername="postgresql")
    place = place.set(database=database) if database else place
    connection = await asyncpg.connect(place.render_as_string(hide_password=False), timeout=5)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


def _url_of(name: str) -> str:
    return make_url(POSTGRES).set(database=name).render_as_string(hide_password=False)


@pytest.fixture(scope="session")
def postgres_database() -> Iterator[str]:
    """The name of a PostgreSQL database with our tables, which the tests use one after another."""
    name = f"conclave_test_{secrets.token_hex(4)}"
    try:
        _admin(f"CREATE DATABASE {name}")
    except (OSError, TimeoutError, asyncpg.PostgresError) as error:
        reason = f"no PostgreSQL answers at CONCLAVE_TEST_POSTGRES: {error}"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    try:
        # What a test writes need not survive the loss of power.
        _admin(f"ALTER DATABASE {name} SET synchronous_commit = off")
        _run(upgrade(_url_of(name)))
        yield name
    finally:
        _admin(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a database without any table."""
    if request.param == "sqlite":
        yield f"sqlite+aiosqlite:///{tmp_path / 'conclave.db'}"
        return
    request.getfixturevalue("postgres_database")
    name = f"conclave_test_{secrets.token_hex(4)}"
    _admin(f"CREATE DATABASE {name}")
    yield _url_of(name)
    _admin(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a database with our tables and no rows."""
    if request.param == "sqlite":
        yield f"sqlite+aiosqlite:///{laid(tmp_path / 'conclave.db')}"
        return
    name = request.getfixturevalue("postgres_database")
    _admin(_EMPTY, name)
    yield _url_of(name)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(START)


@pytest_asyncio.fixture
async def store(url: str, clock: ManualClock) -> AsyncIterator[Store]:
    """An open store without rows."""
    opened = await Store.open(url, clock)
    yield opened
    await opened.close()
