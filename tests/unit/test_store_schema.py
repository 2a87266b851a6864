"""Migrations are the only way that the schema changes, and they run once."""

import asyncio
import logging
import shutil
import sys
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import ClauseElement, Connection, create_engine, inspect, text

from core.clock import ManualClock
from core.domain.errors import DatabaseTooNew, StoreError
from core.store import people_tables, schema, slack_tables
from core.store.database import Database, reachable, upgrade
from core.store.schema import HEAD, migrations_folder
from core.store.store import Store
from core.store.tables import metadata

pytest_plugins = ("tests.storage",)

ROOT = Path(__file__).parents[2]


def in_words(value: object) -> object:
    """Spell out the SQL of conditions, which otherwise compare by identity."""
    if isinstance(value, dict):
        return {name: in_words(each) for name, each in value.items()}
    return str(value) if isinstance(value, ClauseElement) else value


def shape(connection: Connection) -> dict[str, object]:
    """Everything that can be asked of a schema, in one value that can be compared."""
    inspector = inspect(connection)
    tables: dict[str, object] = {}
    for table in inspector.get_table_names():
        if table == "alembic_version":
            continue
        columns = [
            (each["name"], str(each["type"]), each["nullable"]) for each in inspector.get_columns(table)
        ]
        rules = [
            inspector.get_foreign_keys(table),
            inspector.get_indexes(table),
            inspector.get_unique_constraints(table),
            inspector.get_check_constraints(table),
        ]
        found = [sorted(repr(in_words(rule)) for rule in each) for each in rules]
        tables[table] = (columns, inspector.get_pk_constraint(table), found)
    return tables


async def test_migrations_make_what_queries_expect(
    empty_url: str, clock: ManualClock, tmp_path: Path
) -> None:
    database = await Database.open(empty_url, clock)
    async with database.read() as connection:
        migrated = await connection.run_sync(shape)
    async with database.write() as connection:
        if not database.is_sqlite:
            await connection.execute(text("CREATE SCHEMA declared"))
            await connection.execute(text("SET LOCAL search_path TO declared"))
            await connection.run_sync(metadata.create_all)
            declared = await connection.run_sync(shape)
    await database.close()
    if empty_url.startswith("sqlite"):
        engine = create_engine(f"sqlite:///{tmp_path / 'declared.db'}")
        with engine.begin() as plain:
            metadata.create_all(plain)
            declared = shape(plain)
        engine.dispose()
    assert migrated == declared
    assert set(migrated) == set(metadata.tables)
    assert {people_tables.deeds.name, slack_tables.bots.name} <= set(migrated)


def test_the_program_knows_its_newest_revision() -> None:
    assert ScriptDirectory(str(migrations_folder())).get_heads() == [HEAD]


def test_migrations_lie_at_the_root_of_a_checkout() -> None:
    assert migrations_folder() == ROOT / "migrations"


async def test_migrations_are_found_inside_an_installed_package(tmp_path: Path) -> None:
    nothing_compiled = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "core", tmp_path / "core", ignore=nothing_compiled)
    shutil.copytree(ROOT / "migrations", tmp_path / "core/store/_migrations", ignore=nothing_compiled)
    code = "import asyncio; from core.store.database import upgrade as u; print(asyncio.run(u('{}')))"
    program = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        code.format(f"sqlite+aiosqlite:///{tmp_path / 'conclave.db'}"),
        cwd=tmp_path,
        stdout=asyncio.subprocess.PIPE,
    )
    said, _ = await program.communicate()
    assert said.decode().strip() == HEAD


async def test_a_database_of_a_newer_program_is_refused(empty_url: str, clock: ManualClock) -> None:
    await upgrade(empty_url)
    database = await Database.open(empty_url, clock)
    async with database.write() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    await database.close()
    for use in (
        lambda: Store.open(empty_url, clock),
        lambda: upgrade(empty_url),
        lambda: reachable(empty_url),
    ):
        with pytest.raises(DatabaseTooNew, match=r"revision 9999, .* Install a newer Conclave"):
            await use()


async def test_programs_that_start_at_the_same_time_migrate_once(empty_url: str) -> None:
    code = "import asyncio, sys; from core.store.database import upgrade; asyncio.run(upgrade(sys.argv[1]))"
    programs = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-c", code, empty_url, cwd=ROOT, stderr=asyncio.subprocess.PIPE
        )
        for _ in range(3)
    ]
    said = [(await program.communicate())[1].decode() for program in programs]
    assert [program.returncode for program in programs] == [0, 0, 0], said
    assert "is reachable, at revision" in await reachable(empty_url)


async def test_a_normal_start_needs_no_migration_library(empty_url: str) -> None:
    await upgrade(empty_url)
    code = """
import asyncio, sys
from core.clock import SystemClock
from core.store.store import Store

async def main():
    store = await Store.open(sys.argv[1], SystemClock())
    await store.close()

asyncio.run(main())
print("alembic" in sys.modules)
"""
    program = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, empty_url, cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    said, _ = await program.communicate()
    assert said.decode().strip() == "False"


async def test_a_migration_that_fails_changes_nothing(
    empty_url: str, clock: ManualClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await upgrade(empty_url)
    broken, following = tmp_path / "migrations", f"{int(HEAD) + 1:04d}"
    shutil.copytree(migrations_folder(), broken)
    lines = [
        "from alembic import op",
        f"revision, down_revision = '{following}', '{HEAD}'",
        "def upgrade():",
        "    op.execute('CREATE TABLE half (x INTEGER)')",
        "    op.execute('INSERT INTO nowhere VALUES (1)')",
    ]
    (broken / "versions" / f"{following}_broken.py").write_text("\n".join(lines))
    monkeypatch.setattr(schema, "migrations_folder", lambda: broken)
    monkeypatch.setattr(schema, "HEAD", following)
    with pytest.raises(StoreError, match="nowhere"):
        await upgrade(empty_url)
    monkeypatch.undo()
    database = await Database.open(empty_url, clock)
    async with database.read() as connection:
        assert not await connection.run_sync(lambda sync: inspect(sync).has_table("half"))
    await database.close()


async def test_migrating_leaves_logging_alone(empty_url: str) -> None:
    before = (logging.root.level, list(logging.root.handlers), logging.getLogger("alembic").level)
    await upgrade(empty_url)
    assert (logging.root.level, list(logging.root.handlers), logging.getLogger("alembic").level) == before
