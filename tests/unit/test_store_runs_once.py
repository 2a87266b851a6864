"""A run for several chats is made once, in all processes and for ever."""

import asyncio
from datetime import timedelta

import pytest

from core.clock import ManualClock
from core.domain.errors import StoreError
from core.domain.run import RunRequest, RunState
from core.domain.stage import Preset
from core.store import schema
from core.store.database import upgrade
from core.store.engine import make_engine, parse
from core.store.store import Store
from tests.schedule_values import claimed, subscribed
from tests.store_values import START, WANTED, begun, evidence_of, record_of

pytest_plugins = ("tests.storage",)

UNTIL = START + timedelta(minutes=1)
ONCE = "verdicts|NVDA|2025-10-29T20:30:00+00:00"


async def ready(store: Store) -> None:
    await store.members.seat(WANTED)
    await store.runs.save_evidence(evidence_of())


@pytest.mark.parametrize("state", [None, RunState.CANCELLED, RunState.FAILED])
async def test_the_same_occasion_is_the_same_run_in_whatever_state(
    store: Store, state: RunState | None
) -> None:
    await ready(store)
    assert await store.runs.run_of_once(ONCE) is None
    assert await store.runs.begin(record_of("run1", once=ONCE), "key 1", "host-1", UNTIL) is None
    if state:
        await store.runs.end("run1", state, "no reason", START)
    assert await store.runs.begin(record_of("run2", once=ONCE), "key 2", "host-2", UNTIL) == "run1"
    assert await store.runs.record("run2") is None
    assert await store.runs.run_of_once(ONCE) == "run1"
    record = await store.runs.record("run1")
    assert record is not None
    assert record.once == ONCE
    assert await store.runs.begin(record_of("run3", once="other"), "key 3", "host-2", UNTIL) is None


async def test_a_run_in_flight_with_the_same_key_is_joined_on_an_occasion_too(store: Store) -> None:
    await begun(store, "run1")
    assert await store.runs.begin(record_of("run2", once=ONCE), "run1", "host-2", UNTIL) == "run1"
    assert await store.runs.run_of_once(ONCE) is None


async def test_processes_that_begin_the_same_occasion_at_once_make_one_run(
    url: str, store: Store, clock: ManualClock
) -> None:
    await ready(store)
    other = await Store.open(url, clock)
    try:
        told = await asyncio.gather(
            *(
                own.runs.begin(record_of(f"run{number}", once=ONCE), f"key {number}", "host", UNTIL)
                for number, own in enumerate([store, other] * 4)
            )
        )
    finally:
        await other.close()
    assert told.count(None) == 1
    assert {each for each in told if each} == {await store.runs.run_of_once(ONCE)}


async def test_an_id_that_is_taken_is_an_error_on_an_occasion_too(store: Store) -> None:
    await begun(store, "run1")
    with pytest.raises(StoreError):
        await store.runs.begin(record_of("run1", once=ONCE), "other", "host-1", UNTIL)


def test_requests_for_other_occasions_are_other_runs_and_those_without_are_as_before() -> None:
    plain = RunRequest(ticker="NVDA", preset=Preset.STANDARD)
    assert plain.key == "NVDA|standard|now|"
    keys = {plain.model_copy(update={"once": once}).key for once in (None, "one", "two")}
    assert len(keys) == 3


async def test_a_database_of_the_second_schema_keeps_its_runs_and_receives_subscriptions(
    empty_url: str, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schema, "HEAD", "0002")
    await upgrade(empty_url)
    monkeypatch.undo()
    at = int(START.timestamp()) * 1_000_000
    columns = (
        "number, run_id, key, ticker, as_of, preset, season, state, reason, config_hash, evidence_sha256, "
        "source, caveat, requested_by, requested_in, started_at, finished_at, verdict, owner, lease_until"
    )
    rows = [
        f"(1001, 'old1', 'k', 'NVDA', {at}, 'quick', 'live', 'failed', 'why', 'c', 'e', 'csv', NULL, 't', "
        f"'t', {at}, {at}, NULL, NULL, NULL)",
        f"(1002, 'old2', 'k', 'NVDA', {at}, 'quick', 'live', 'running', NULL, 'c', 'e', 'csv', NULL, 't', "
        f"'t', {at}, NULL, NULL, 'host', {at})",
    ]
    engine = make_engine(parse(empty_url), pooled=False)
    async with engine.begin() as connection:
        await connection.exec_driver_sql(f"INSERT INTO evidence VALUES ('e', 'NVDA', {at}, '{{}}')")  # noqa: S608  # our own values
        await connection.exec_driver_sql(f"INSERT INTO runs ({columns}) VALUES {', '.join(rows)}")  # noqa: S608  # our own values
        before = (await connection.exec_driver_sql(f"SELECT {columns} FROM runs ORDER BY number")).all()  # noqa: S608  # our own names
    await engine.dispose()

    store = await Store.open(empty_url, clock)
    async with store.database.read() as connection:
        after = (await connection.exec_driver_sql(f"SELECT {columns} FROM runs ORDER BY number")).all()  # noqa: S608  # our own names
        assert (await connection.exec_driver_sql("SELECT DISTINCT once FROM runs")).all() == [(None,)]
    assert after == before
    assert await store.runs.running() == ("old2",)
    await ready(store)
    assert await store.runs.begin(record_of("new", once=ONCE), "k2", "host", UNTIL) is None
    assert (await subscribed(store)).number
    assert len(await claimed(store)) == 1
    await store.close()
