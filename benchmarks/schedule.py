"""Claiming what is due in one minute among 50,000 subscriptions, on SQLite and on PostgreSQL.

First a fifth of them is due, which is what one popular minute brings; then, the worst that there is, all.

    python -m benchmarks.schedule [--subscriptions 50000] [--rounds 5] [--batch 2500] [--step MODULE:NAME]

A claim finds what is due, makes a value of each, asks a step what becomes of it, and stores both the claim
and the next time of each subscription. Here the step is trivial: the next time is a day later, one value for
all that share it; `--step` names another function of a Due. The figure is the median of claiming batch after
batch until nothing is due, in a process of its own; on PostgreSQL two tasks claim side by side, as its server
works beside us. The references are the limits that we have set ourselves, and what the drivers need to insert
as many rows and do nothing else: `executemany` and COPY. Then two processes share twice as many slots on
PostgreSQL, which is asked at CONCLAVE_TEST_POSTGRES; what both have claimed is compared one by one.
"""

import argparse
import asyncio
import contextlib
import gc
import importlib
import json
import os
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
from sqlalchemy import make_url

from core.clock import SystemClock
from core.domain.subscription import WEEKDAYS, AtTime, ChatTerms, Due, Planned, Step, Topic, Wanted
from core.store.store import Store

POSTGRES = os.environ.get("CONCLAVE_TEST_POSTGRES", "postgresql+asyncpg://postgres@127.0.0.1:5432/test")
NAME = "conclave_bench_schedule"
FIRST = datetime(2026, 3, 2, 21, 30, tzinfo=UTC)
DAY = timedelta(days=1)
PART = 5
LIMIT_S, LIMIT_MB = 1.0, 200.0
PLATFORMS = ("telegram", "slack")
COLUMNS = {
    "subscriptions": "number platform chat topic wanted state created_by created_at",
    "chat_terms": "chat_id terms changed_at",
    "slots": "subscription key timed at due_at tickers state missed late posted posting messages",
}
ENDED = f"{COLUMNS['slots']} ended_at"
_NEXT: dict[str, Planned] = {}

StepOf = Callable[[Due], Step]


def a_day_later(due: Due) -> Step:
    """Work on it, and on the next a day later."""
    slot = due.slot
    following = _NEXT.get(slot.key)
    if following is None:
        at = slot.at + DAY
        following = _NEXT[slot.key] = Planned(key=at.isoformat(), at=at, due_at=slot.due_at + DAY)
    return Step(slot=slot, next=following)


def moment(at: datetime) -> int:
    return int(at.timestamp()) * 1_000_000


def subscriptions(count: int) -> list[tuple[Any, ...]]:
    times = [FIRST.time().replace(minute=minute) for minute in range(60)]
    wishes = [Wanted(topic=Topic.DIGEST, when=AtTime(days=WEEKDAYS, at=at)).model_dump_json() for at in times]
    born = moment(FIRST)
    return [
        (n, PLATFORMS[n % 2], f"-{n}", "digest", wishes[n % 60], "active", "telegram:1", born)
        for n in range(1, count + 1)
    ]


def due_rows(count: int, key: str, at: datetime, state: str = "due") -> list[tuple[Any, ...]]:
    when = moment(at)
    return [(n, key, True, when, when, "[]", state, 0, False, 0, False, "[]") for n in range(1, count + 1)]


def tables(count: int, due: int) -> dict[str, list[tuple[Any, ...]]]:
    """Return the rows of so many subscriptions: `due` of them are due at once, the others a month later."""
    terms, born = ChatTerms().model_dump_json(), moment(FIRST)
    chats = [(f"{PLATFORMS[n % 2]}:-{n}", terms, born) for n in range(1, count + 1)]
    later = FIRST + 30 * DAY
    slots = due_rows(due, FIRST.isoformat(), FIRST) + due_rows(count, later.isoformat(), later)[due:]
    return {"subscriptions": subscriptions(count), "chat_terms": chats, "slots": slots}


def bare_rows(count: int, turn: int) -> list[tuple[Any, ...]]:
    """Return as many rows as a claim adds, which nobody will claim: their keys are their own."""
    rows = due_rows(count, f"bare {turn}", FIRST, "delivered")
    return [(*row, moment(FIRST)) for row in rows]


async def claimed(store: Store, now: datetime, batch: int, step: StepOf, owner: str) -> list[tuple[int, str]]:
    """Claim until nothing is due; return what was claimed, without keeping more of it."""
    got: list[tuple[int, str]] = []
    until = now + timedelta(minutes=1)
    while some := await store.slots.claim(now, PLATFORMS, owner, until, batch, step):
        got += [(due.slot.subscription, due.slot.key) for due in some]
    return got


async def measure(url: str, count: int, rounds: int, batch: int, step: StepOf) -> dict[str, float]:
    """Return the median in seconds, and in MB the most memory and how much of it claiming added."""
    store = await Store.open(url, SystemClock())
    tasks = 1 if store.database.is_sqlite else 2
    took = []
    try:
        await store.slots.oldest_due(FIRST)
        before = memory("VmRSS")
        gc.collect()
        gc.freeze()  # what was loaded at the start stays: no collection need look through it again
        for turn in range(rounds):
            now, began = FIRST + turn * DAY, time.perf_counter()
            work = (claimed(store, now, batch, step, f"task {n}") for n in range(tasks))
            got = [one for each in await asyncio.gather(*work) for one in each]
            took.append(time.perf_counter() - began)
            if len(got) != count or len(set(got)) != count:
                raise SystemExit(f"{len(got)} slots were claimed, {len(set(got))} different ones, of {count}")
    finally:
        await store.close()
    peak = memory("VmHWM")
    return {"seconds": statistics.median(took), "peak": peak, "growth": peak - before}


def memory(name: str) -> float:
    """Return what Linux says of this process, in MB; 0 where there is no Linux."""
    with contextlib.suppress(OSError):
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith(f"{name}:"):
                return int(line.split()[1]) / 1024
    return 0.0


def insert(table: str, columns: str) -> str:
    names = columns.split()
    return f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"


def fill_sqlite(file: Path, count: int, due: int) -> None:
    asyncio.run(prepared(f"sqlite+aiosqlite:///{file}"))
    with contextlib.closing(sqlite3.connect(file, isolation_level=None)) as database:
        database.execute("BEGIN")
        for table, rows in tables(count, due).items():
            database.executemany(insert(table, COLUMNS[table]), rows)
        database.execute("COMMIT")
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def bare_sqlite(file: Path, count: int, rounds: int) -> float:
    took = []
    with contextlib.closing(sqlite3.connect(file, isolation_level=None)) as database:
        database.execute("PRAGMA synchronous = FULL")
        for turn in range(rounds):
            rows, began = bare_rows(count, turn), time.perf_counter()
            database.execute("BEGIN IMMEDIATE")
            database.executemany(insert("slots", ENDED), rows)
            database.execute("COMMIT")
            took.append(time.perf_counter() - began)
    return statistics.median(took)


async def prepared(url: str) -> None:
    store = await Store.open(url, SystemClock())
    await store.close()


def plain(name: str | None = None) -> str:
    url = make_url(POSTGRES).set(drivername="postgresql")
    return (url.set(database=name) if name else url).render_as_string(hide_password=False)


async def fill_postgres(count: int, due: int) -> str:
    admin = await asyncpg.connect(plain(), timeout=5)
    try:
        await admin.execute(f"DROP DATABASE IF EXISTS {NAME} WITH (FORCE)")
        await admin.execute(f"CREATE DATABASE {NAME}")
    finally:
        await admin.close()
    url = make_url(POSTGRES).set(database=NAME).render_as_string(hide_password=False)
    await prepared(url)
    filling = await asyncpg.connect(plain(NAME), timeout=5)
    try:
        for table, rows in tables(count, due).items():
            await filling.copy_records_to_table(table, records=rows, columns=COLUMNS[table].split())
        await filling.execute("VACUUM ANALYZE")
        await filling.execute("CHECKPOINT")
    finally:
        await filling.close()
    return url


async def bare_postgres(count: int, rounds: int) -> float:
    took = []
    connection = await asyncpg.connect(plain(NAME), timeout=5)
    try:
        for turn in range(rounds):
            rows, began = bare_rows(count, turn), time.perf_counter()
            await connection.copy_records_to_table("slots", records=rows, columns=ENDED.split())
            took.append(time.perf_counter() - began)
    finally:
        await connection.close()
    return statistics.median(took)


async def drop_postgres() -> None:
    admin = await asyncpg.connect(plain(), timeout=5)
    try:
        await admin.execute(f"DROP DATABASE IF EXISTS {NAME} WITH (FORCE)")
    finally:
        await admin.close()


async def share(url: str, batch: int, step: StepOf, owner: str) -> list[tuple[int, str]]:
    """Claim beside another process: both begin when they are told to."""
    store = await Store.open(url, SystemClock())
    try:
        await store.slots.oldest_due(FIRST)
        print("ready", flush=True)
        sys.stdin.readline()
        return await claimed(store, FIRST, batch, step, owner)
    finally:
        await store.close()


def command(*arguments: str, chosen: argparse.Namespace) -> list[str]:
    options = ["--batch", str(chosen.batch), "--rounds", str(chosen.rounds), "--step", chosen.step]
    counted = ["--subscriptions", str(chosen.subscriptions)]
    return [sys.executable, "-m", "benchmarks.schedule", *arguments, *options, *counted]


def in_own_process(url: str, chosen: argparse.Namespace, due: int) -> dict[str, float]:
    asked = argparse.Namespace(**{**vars(chosen), "subscriptions": due})
    done = subprocess.run(
        command("--measure", url, chosen=asked), stdout=subprocess.PIPE, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"measuring failed with {done.returncode}")
    return {str(name): float(figure) for name, figure in json.loads(done.stdout).items()}


def in_two_processes(url: str, chosen: argparse.Namespace) -> tuple[float, list[int], int]:
    """Return how long both took, how many each has claimed, and how many were claimed by both."""
    pipe = subprocess.PIPE
    both = [
        subprocess.Popen(
            command("--share", url, "--owner", f"process {n}", chosen=chosen),
            stdin=pipe,
            stdout=pipe,
            text=True,
        )
        for n in range(2)
    ]
    for process in both:
        if process.stdout is None or process.stdout.readline().strip() != "ready":
            raise SystemExit("a process did not start")
    began = time.perf_counter()
    for process in both:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    told = [process.communicate()[0] for process in both]
    took = time.perf_counter() - began
    claims = [{(number, key) for number, key in json.loads(each)} for each in told]
    return took, [len(each) for each in claims], len(claims[0] & claims[1])


def shown(database: str, label: str, figure: float, limit: float, unit: str) -> None:
    met = "met" if figure <= limit else "MISSED"
    print(
        f"{database:<11} {label:<42} {figure:>8.2f} {unit:<2} {limit:>8.2f} {unit:<2} "
        f"{figure / limit if limit else 0:>6.2f}  {met}"
    )


def all_shown(database: str, found: dict[str, float], bare: float, driver: str, count: int) -> None:
    shown(database, f"finding and claiming all {count:,}", found["seconds"], LIMIT_S, "s")
    ratio = found["seconds"] / bare
    print(
        f"{database:<11} {f'the same beside {driver} of the rows':<42} {found['seconds']:>8.2f} s  "
        f"{bare:>8.2f} s  {ratio:>6.2f}"
    )
    shown(database, "peak memory", found["peak"], LIMIT_MB, "MB")
    print(f"{database:<11} {'of which claiming added':<42} {found['growth']:>8.2f} MB")


def on_sqlite(folder: Path, chosen: argparse.Namespace) -> None:
    count, part = chosen.subscriptions, chosen.subscriptions // PART
    few = folder / "part.db"
    fill_sqlite(few, count, part)
    found = in_own_process(f"sqlite+aiosqlite:///{few}", chosen, part)
    shown("SQLite", f"finding and claiming {part:,} of {count:,}", found["seconds"], LIMIT_S, "s")
    file = folder / "schedule.db"
    fill_sqlite(file, count, count)
    found = in_own_process(f"sqlite+aiosqlite:///{file}", chosen, count)
    all_shown("SQLite", found, bare_sqlite(file, count, chosen.rounds), "executemany", count)


def on_postgres(chosen: argparse.Namespace) -> None:
    count, part = chosen.subscriptions, chosen.subscriptions // PART
    try:
        url = asyncio.run(fill_postgres(count, part))
    except (OSError, TimeoutError, asyncpg.PostgresError) as error:
        print(f"PostgreSQL  skipped: none answers at CONCLAVE_TEST_POSTGRES ({error})")
        return
    try:
        found = in_own_process(url, chosen, part)
        shown("PostgreSQL", f"finding and claiming {part:,} of {count:,}", found["seconds"], LIMIT_S, "s")
        url = asyncio.run(fill_postgres(count, count))
        found = in_own_process(url, chosen, count)
        bare = asyncio.run(bare_postgres(count, chosen.rounds))
        all_shown("PostgreSQL", found, bare, "COPY", count)
        url = asyncio.run(fill_postgres(2 * count, 2 * count))
        took, shares, twice = in_two_processes(url, chosen)
        parted = " + ".join(f"{each:,}" for each in shares)
        print(f"{'PostgreSQL':<11} {f'two processes share {2 * count:,}: {parted}':<42} {took:>8.2f} s")
        lost = 2 * count - sum(shares) + twice
        for label, figure in (("claimed twice", twice), ("claimed by neither", lost)):
            met = "MISSED" if figure else "met"
            print(f"{'PostgreSQL':<11} {label:<42} {figure:>8}    {0:>8}            {met}")
    finally:
        asyncio.run(drop_postgres())


def step_named(name: str) -> StepOf:
    module, _, function = name.partition(":")
    found: StepOf = getattr(importlib.import_module(module), function)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--subscriptions", type=int, default=50_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--batch", type=int, default=2_500, help="how many slots one claim takes")
    parser.add_argument("--step", default="benchmarks.schedule:a_day_later", metavar="MODULE:NAME")
    parser.add_argument("--measure", metavar="URL", help="measure one filled database, and print JSON")
    parser.add_argument("--share", metavar="URL", help="claim beside another process, and print JSON")
    parser.add_argument("--owner", default="me")
    chosen = parser.parse_args()
    step = step_named(chosen.step)
    if chosen.measure:
        measured = measure(chosen.measure, chosen.subscriptions, chosen.rounds, chosen.batch, step)
        print(json.dumps(asyncio.run(measured)))
        return
    if chosen.share:
        print(json.dumps(asyncio.run(share(chosen.share, chosen.batch, step, chosen.owner))))
        return
    print(f"{'':<54} {'figure':>8}    {'reference':>9}   {'ratio':>6}")
    with tempfile.TemporaryDirectory() as folder:
        on_sqlite(Path(folder), chosen)
    on_postgres(chosen)


if __name__ == "__main__":
    main()
