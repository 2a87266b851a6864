"""Opening, sharing, copying and losing a database."""

import asyncio
import itertools
import signal
import sqlite3
import sys
from contextlib import closing
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import event, text

from core.clock import ManualClock, SystemClock
from core.domain.bars import Mark
from core.domain.errors import StoreError
from core.domain.season import Season
from core.domain.stage import Stage
from core.store.database import Database, backup, reachable
from core.store.store import Store
from tests.rights import as_somebody, open_folder
from tests.store_values import START, begun, stage_of

pytest_plugins = ("tests.storage",)

ROOT = Path(__file__).parents[2]
DEAD = "postgresql+asyncpg://somebody:hush-hush@127.0.0.1:1/nothing"


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    return f"sqlite+aiosqlite:///{tmp_path / 'conclave.db'}"


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("sqlite+aiosqlite:///:memory:", "needs the path of a file"),
        ("sqlite+aiosqlite://", "needs the path of a file"),
        ("sqlite:///x.db", "must start with"),
        ("mysql://x/y", "must start with"),
        ("nonsense", "cannot be read"),
        ("sqlite+aiosqlite:////no/such/folder/x.db", "folder /no/such/folder .* does not exist"),
        ("sqlite+aiosqlite:////usr", "unable to open"),
        (DEAD, "cannot be reached"),
    ],
)
async def test_an_address_that_cannot_be_used_is_refused_in_a_sentence(url: str, sentence: str) -> None:
    for use in (lambda: Store.open(url, ManualClock(START)), lambda: reachable(url)):
        with pytest.raises(StoreError, match=sentence) as refused:
            await use()
        assert "hush" not in str(refused.value)
        assert "\n" not in str(refused.value)


async def test_a_file_that_is_no_database_is_refused(tmp_path: Path, sqlite_url: str) -> None:
    (tmp_path / "conclave.db").write_text("This is a letter, and a long one. " * 50)
    for use in (lambda: Store.open(sqlite_url, ManualClock(START)), lambda: reachable(sqlite_url)):
        with pytest.raises(StoreError, match="not a database"):
            await use()


async def test_looking_whether_a_database_is_reachable_changes_nothing(
    tmp_path: Path, sqlite_url: str
) -> None:
    assert "will be created" in await reachable(sqlite_url)
    assert list(tmp_path.iterdir()) == []


async def test_sqlite_runs_with_the_settings_that_make_it_safe(sqlite_url: str) -> None:
    database = await Database.open(sqlite_url, ManualClock(START))
    found = {}
    async with database.read() as connection:
        for name in ("journal_mode", "foreign_keys", "synchronous", "busy_timeout"):
            found[name] = (await connection.execute(text(f"PRAGMA {name}"))).scalar()
    await database.close()
    assert found == {"journal_mode": "wal", "foreign_keys": 1, "synchronous": 2, "busy_timeout": 5000}


async def test_a_reader_sees_one_moment_while_others_write(store: Store) -> None:
    await begun(store)
    async with store.database.read() as connection:
        count = text("SELECT count(*) FROM stages")
        before = (await connection.execute(count)).scalar()
        assert await store.stages.add(stage_of())
        assert (await connection.execute(count)).scalar() == before == 0
    assert len(await store.stages.of_run("run00001")) == 1


async def test_a_reader_cannot_write_by_mistake_for_good(store: Store) -> None:
    try:
        async with store.database.read() as connection:
            await connection.execute(text("INSERT INTO greetings (place, at) VALUES ('x', 1)"))
    except StoreError as error:
        assert "read-only" in str(error)
    assert await store.chats.greet_once("x", START)


async def test_a_database_that_another_program_keeps_busy_is_named(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.store.engine.BUSY_TIMEOUT_S", 0)
    clock = ManualClock(START)
    store = await Store.open(sqlite_url, clock)
    with closing(sqlite3.connect(tmp_path / "conclave.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="busy: another program"):
            await store.chats.greet_once("telegram:1", START)
        other.execute("ROLLBACK")
    assert len(clock.slept) == 3
    assert await store.chats.greet_once("telegram:1", START)
    await store.close()


@pytest.mark.parametrize("place", range(1, 6))
async def test_a_write_that_is_cancelled_at_any_statement_leaves_the_database_free(
    store: Store, place: int
) -> None:
    async def write() -> None:
        async with store.books.locked(Season.LIVE) as books:
            for day in (1, 2):
                at = START + timedelta(days=day)
                await books.add_mark(Mark(ticker="NVDA", price=Decimal(100), at=at, source="csv"))
                await books.marks()

    task, count = asyncio.create_task(write()), itertools.count(1)

    def cancel(*_: object) -> None:
        if next(count) == place:
            task.cancel()

    event.listen(store.database.sync_engine, "before_cursor_execute", cancel)
    with pytest.raises(asyncio.CancelledError) as kept:  # with all that the interrupted statement holds
        await task
    event.remove(store.database.sync_engine, "before_cursor_execute", cancel)
    assert await store.chats.greet_once("telegram:1", START)
    assert await store.books.marks(Season.LIVE) == {}
    del kept


_CRASH = """
import asyncio, sys
from core.clock import SystemClock
from core.domain.season import Season
from core.store.store import Store
from tests.store_values import begun, fill_of, order_of, stage_of
from decimal import Decimal
from tests.store_values import START

async def main():
    store = await Store.open(sys.argv[1], SystemClock())
    await begun(store)
    await store.stages.add(stage_of())
    async with store.books.locked(Season.LIVE) as books:
        await books.open_accounts(["alpha"], Decimal(10000), START)
        order = order_of("order1")
        await books.add_order(order)
        await books.fill_order(fill_of(order))
        print("inside", flush=True)
        await asyncio.sleep(60)

asyncio.run(main())
"""


async def test_a_killed_program_leaves_all_that_was_committed_and_nothing_else(
    url: str, clock: ManualClock
) -> None:
    program = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _CRASH, url, cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    assert program.stdout is not None
    assert await program.stdout.readline() == b"inside\n"
    program.send_signal(signal.SIGKILL)
    await program.wait()
    store = await Store.open(url, clock)
    assert len(await store.stages.of_run("run00001")) == 1
    assert await store.books.accounts(Season.LIVE) == ()
    assert await store.books.fills(Season.LIVE, "alpha", 1) == ()
    record = await store.runs.record("run00001")
    assert record is not None
    assert record.orders == ()
    async with store.books.locked(Season.LIVE) as books:
        assert await books.pending() == ()
    await store.close()


# SQLite has no server that could drop a connection.
@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
async def test_a_lost_connection_undoes_the_block_and_the_next_one_works(store: Store) -> None:
    await begun(store)
    with pytest.raises(StoreError, match=r"The database .* (failed|refused)"):
        async with store.database.write() as connection:
            await connection.execute(text("INSERT INTO greetings (place, at) VALUES ('x', 1)"))
            process = (await connection.execute(text("SELECT pg_backend_pid()"))).scalar()
            async with store.database.read() as other:
                await other.execute(text(f"SELECT pg_terminate_backend({process})"))
            await connection.execute(text("INSERT INTO greetings (place, at) VALUES ('y', 1)"))
    assert await store.chats.greet_once("x", START)
    assert await store.stages.add(stage_of())


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
async def test_a_server_that_does_not_answer_is_given_up(
    url: str, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.store.engine.COMMAND_TIMEOUT_S", 0.2)
    store = await Store.open(url, clock)
    with pytest.raises(StoreError, match="did not answer in time"):
        async with store.database.write() as connection:
            await connection.execute(text("INSERT INTO greetings (place, at) VALUES ('x', 1)"))
            await connection.execute(text("SELECT pg_sleep(30)"))
    assert await store.chats.greet_once("x", START)
    await store.close()


async def test_a_backup_of_a_live_database_is_consistent(sqlite_url: str, tmp_path: Path) -> None:
    store = await Store.open(sqlite_url, SystemClock())
    await begun(store)
    busy = True

    async def keep_writing() -> int:
        number = 0
        while busy:
            number += 1
            # Both stages of a round in one transaction each way: a torn copy would show one alone.
            pair = [stage_of(stage=stage, round=number) for stage in (Stage.BULL, Stage.BEAR)]
            assert await asyncio.gather(*map(store.stages.add, pair)) == [True, True]
        return number

    writer = asyncio.create_task(keep_writing())
    copies = [tmp_path / f"copy{number}.db" for number in range(3)]
    for copy in copies:
        await asyncio.sleep(0.05)
        await backup(sqlite_url, copy)
    busy = False
    rounds = await writer
    await store.close()
    counts = []
    for copy in copies:
        with closing(sqlite3.connect(copy)) as opened:
            assert opened.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            assert opened.execute("PRAGMA journal_mode").fetchone() == ("delete",)
            per_stage = opened.execute("SELECT count(*) FROM stages GROUP BY stage").fetchall()
        assert len(set(per_stage)) == 1
        counts.append(per_stage[0][0])
    assert 0 < counts[0] <= counts[1] <= counts[2] <= rounds
    assert sorted(path.name for path in tmp_path.iterdir() if "copy" in path.name) == [
        "copy0.db",
        "copy1.db",
        "copy2.db",
    ]


async def test_a_backup_can_be_used_in_place_of_the_database(sqlite_url: str, tmp_path: Path) -> None:
    store = await Store.open(sqlite_url, ManualClock(START))
    record = await begun(store)
    await backup(sqlite_url, tmp_path / "copy.db")
    await store.close()
    restored = await Store.open(f"sqlite+aiosqlite:///{tmp_path / 'copy.db'}", ManualClock(START))
    assert await restored.runs.record(record.run_id) == record
    await restored.close()


async def test_a_backup_never_overwrites_a_file(sqlite_url: str, tmp_path: Path) -> None:
    database = await Database.open(sqlite_url, ManualClock(START))
    await database.close()
    (tmp_path / "copy.db").write_text("precious")
    with pytest.raises(StoreError, match="never overwrites"):
        await backup(sqlite_url, tmp_path / "copy.db")
    assert (tmp_path / "copy.db").read_text() == "precious"


async def test_a_backup_says_what_it_cannot_do(sqlite_url: str, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"There is no database"):
        await backup(sqlite_url, tmp_path / "copy.db")
    with pytest.raises(StoreError, match="pg_dump") as refused:
        await backup(DEAD, tmp_path / "copy.db")
    assert "hush" not in str(refused.value)
    database = await Database.open(sqlite_url, ManualClock(START))
    await database.close()
    with pytest.raises(StoreError, match=r"folder .* does not exist"):
        await backup(sqlite_url, tmp_path / "nowhere" / "copy.db")


async def test_files_in_a_closed_folder_are_refused_in_a_sentence() -> None:
    with open_folder() as folder:
        (folder / "open").mkdir()
        (folder / "open").chmod(0o777)
        url = f"sqlite+aiosqlite:///{folder}/open/conclave.db"
        with as_somebody():
            await (await Database.open(url, ManualClock(START))).close()
            with pytest.raises(StoreError, match=r"copy\.db failed: Permission denied\.$"):
                await backup(url, folder / "closed" / "copy.db")
            closed = f"sqlite+aiosqlite:///{folder}/closed"
            for place, sentence in (("x.db", "cannot be written to"), ("below/x.db", "Permission denied")):
                with pytest.raises(StoreError, match=sentence):
                    await Store.open(f"{closed}/{place}", ManualClock(START))
                with pytest.raises(StoreError, match=sentence):
                    await reachable(f"{closed}/{place}")
