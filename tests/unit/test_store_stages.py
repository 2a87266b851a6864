"""A finished stage is on disk before its caller goes on, and many share one commit."""

import asyncio

import pytest
from sqlalchemy import event

from core.clock import ManualClock
from core.domain.errors import StoreError
from core.domain.stage import Stage
from core.store.stage_rows import Stages
from core.store.store import Store
from tests.store_values import NAMES, START, begun, stage_of

pytest_plugins = ("tests.storage",)


async def test_a_stage_comes_back_equal(store: Store) -> None:
    await begun(store)
    record = stage_of()
    bare = stage_of(stage=Stage.NEWS, sentiment=None, served_by=None, key_points=(), answer={})
    assert await store.stages.add(record)
    assert await store.stages.add(bare)
    assert await store.stages.of_run("run00001", "alpha") == (record, bare)


async def test_hostile_text_is_stored(store: Store) -> None:
    await begun(store)
    await store.stages.add(stage_of(output="'; DROP TABLE runs; --\0", answer={"text": "a\0b"}))
    (record,) = await store.stages.of_run("run00001")
    assert record.output == "'; DROP TABLE runs; --\ufffd"
    assert record.answer == {"text": "a\0b"}


async def test_the_first_record_of_a_step_wins(store: Store) -> None:
    await begun(store)
    assert await store.stages.add(stage_of(output="first"))
    assert not await store.stages.add(stage_of(output="second"))
    added = await asyncio.gather(*(store.stages.add(stage_of(stage=Stage.BULL)) for _ in range(10)))
    assert sorted(added) == [False] * 9 + [True]
    assert [record.output for record in await store.stages.of_run("run00001")] == ["first", "It rises."]


async def test_stages_come_in_reading_order(store: Store) -> None:
    await begun(store)
    steps = [(Stage.DECISION, 1), (Stage.BULL, 2), (Stage.BEAR, 1), (Stage.BULL, 1), (Stage.MARKET, 1)]
    await asyncio.gather(*(store.stages.add(stage_of(stage=stage, round=number)) for stage, number in steps))
    read = [record.step for record in await store.stages.of_run("run00001", "alpha")]
    assert read == [(Stage.MARKET, 1), (Stage.BULL, 1), (Stage.BULL, 2), (Stage.BEAR, 1), (Stage.DECISION, 1)]
    assert await store.stages.of_run("run00001", "beta") == ()


async def test_an_error_reaches_the_caller_whose_stage_it_is(store: Store) -> None:
    await begun(store)
    records = [stage_of(stage=stage) for stage in Stage] + [stage_of(member="stranger")]
    outcomes = await asyncio.gather(*(store.stages.add(each) for each in records), return_exceptions=True)
    assert outcomes[:-1] == [True] * len(Stage)
    assert isinstance(outcomes[-1], StoreError)
    assert len(await store.stages.of_run("run00001")) == len(Stage)


async def test_stages_that_finish_together_share_commits(store: Store) -> None:
    await begun(store)
    commits: list[object] = []
    event.listen(store.database.sync_engine, "commit", commits.append)
    records = [
        stage_of(member=name, stage=stage, round=number)
        for name in NAMES
        for stage in Stage
        for number in range(1, 11)
    ]
    assert all(await asyncio.gather(*(store.stages.add(record) for record in records)))
    assert len(await store.stages.of_run("run00001")) == 360
    assert len(commits) <= 5


async def test_a_cancelled_caller_loses_no_stage_and_holds_up_nobody(store: Store) -> None:
    await begun(store)
    tasks = [
        asyncio.create_task(store.stages.add(stage_of(stage=stage, round=number)))
        for stage in Stage
        for number in (1, 2)
    ]
    await asyncio.sleep(0)
    for task in tasks[::2]:
        task.cancel()
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    assert all(isinstance(outcome, asyncio.CancelledError) for outcome in outcomes[::2])
    assert outcomes[1::2] == [True] * len(Stage)
    await store.stages.close()
    assert len(await store.stages.of_run("run00001")) == 24


async def test_cancelling_at_any_moment_leaves_the_writer_working(store: Store) -> None:
    await begun(store)
    for number in range(1, 21):
        task = asyncio.create_task(store.stages.add(stage_of(round=number)))
        for _ in range(number):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert await store.stages.add(stage_of(stage=Stage.NEWS))


async def test_closing_writes_what_waits_and_refuses_more(url: str, clock: ManualClock) -> None:
    store = await Store.open(url, clock)
    await begun(store)
    waiting = [asyncio.create_task(store.stages.add(stage_of(stage=stage))) for stage in Stage]
    await asyncio.sleep(0)
    await store.close()
    assert await asyncio.gather(*waiting) == [True] * len(Stage)
    with pytest.raises(StoreError, match="closed"):
        await store.stages.add(stage_of(stage=Stage.NEWS))
    again = await Store.open(url, clock)
    assert len(await again.stages.of_run("run00001")) == len(Stage)
    await again.close()


async def test_more_stages_than_may_wait_are_all_written(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    await begun(store)
    monkeypatch.setattr("core.store.stage_rows._MOST_WAITING", 3)
    monkeypatch.setattr("core.store.stage_rows._BATCH", 2)
    stages = Stages(store.database)
    records = [stage_of(stage=stage, round=number) for stage in Stage for number in (1, 2)]
    assert await asyncio.gather(*(stages.add(record) for record in records)) == [True] * 24
    await stages.close()


async def test_a_writer_that_is_stopped_tells_everybody_who_waits(store: Store) -> None:
    await begun(store)
    waiting = [asyncio.create_task(store.stages.add(stage_of(stage=stage))) for stage in Stage]
    await asyncio.sleep(0)
    (writer,) = [task for task in asyncio.all_tasks() if task.get_name() == "stage writer"]
    writer.cancel()
    outcomes = await asyncio.gather(*waiting, return_exceptions=True)
    assert all(isinstance(outcome, StoreError) for outcome in outcomes)
    assert await store.stages.add(stage_of(started_at=START, round=2))
