"""Runs that are interrupted, joined, cancelled, left behind, and what becomes of them."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from core.app.app import App
from core.domain.errors import ConclaveError, NotFound, Refused, StoreError
from core.domain.events import MemberFinished, RunEnded, RunEvent, RunStarted, StageFinished
from core.domain.run import RunState
from core.domain.stage import StageRecord
from core.store.tables import runs
from tests import arena
from tests.loopback.model_replies import filled, hangs
from tests.loopback.model_server import ModelServer
from tests.loopback.patience import PATIENCE_S

pytest_plugins = ["tests.storage", "tests.arena_fixtures"]

Opening = Callable[..., Awaitable[App]]


async def test_a_killed_run_resumes_at_the_first_missing_stage_and_pays_for_nothing_twice(
    models: ModelServer, url: str, tmp_path: Path, opening: Opening
) -> None:
    models.say_next("qwen/qwen-1", *[filled(arena.opinion("qwen"))] * 7, hangs())
    first = await opening(models.base_url, tmp_path, url=url)
    run_id = ""
    stream = first.run(arena.request())
    done = 0
    async for event in stream:
        if isinstance(event, RunStarted):
            run_id = event.record.run_id
        done += isinstance(event, StageFinished)
        if done == 12 * 4 + 7:
            break
    await first.close()
    before = len(models.requests)
    second = await opening(models.base_url, tmp_path, url=url)
    assert await second.resume_interrupted() == (run_id,)
    events = [event async for event in second.watch(run_id)]
    record = arena.ended(events)
    assert len(record.ballots) == 5
    # Seven of qwen's twelve stages were stored; the one that hung is asked again.
    assert len(models.requests) - before == 5
    assert len((await second.model_chat(run_id, "qwen")).stages) == 12
    trades = Counter(fill.member for fill in record.fills)
    assert trades == {"claude": 1, "gpt5": 1, "gemini": 1, "committee": 1}


async def test_a_run_that_nobody_interrupted_cannot_be_resumed(
    models: ModelServer, tmp_path: Path, opening: Opening
) -> None:
    app = await opening(models.base_url, tmp_path)
    record = await arena.finished(app, arena.request())
    with pytest.raises(Refused, match="nothing to resume"):
        _ = [event async for event in app.resume(record.run_id)]
    with pytest.raises(NotFound):
        _ = [event async for event in app.resume("zzzzzzzz")]


async def test_a_second_process_follows_the_run_of_the_first(
    models: ModelServer, url: str, tmp_path: Path, opening: Opening
) -> None:
    models.latency_s = 0.05
    one = await opening(models.base_url, tmp_path, url=url)
    two = await opening(models.base_url, tmp_path, url=url)
    first = asyncio.create_task(arena.finished(one, arena.request()))
    await models.until_asked(1)
    followed = [event async for event in two.run(arena.request())]
    assert arena.ended(followed).run_id == (await first).run_id
    assert Counter(type(event) for event in followed)[MemberFinished] == 5
    assert len(models.requests) == 60
    await one.close()


async def test_a_follower_takes_over_when_the_first_process_stops(
    models: ModelServer, url: str, tmp_path: Path, opening: Opening
) -> None:
    for name in arena.FIVE:
        model = f"{name}/{name}-1"
        models.say_next(model, *[filled(arena.opinion(name))] * 4, hangs(), hangs())
    one = await opening(models.base_url, tmp_path, url=url)
    two = await opening(models.base_url, tmp_path, url=url)
    first = asyncio.create_task(arena.finished(one, arena.request()))
    await models.until_asked(30)
    follower = asyncio.create_task(arena.finished(two, arena.request()))
    await asyncio.sleep(0)
    await one.close()
    record = await follower
    assert len(record.ballots) == 5
    assert record.state is RunState.FINISHED
    # Four stages a member were stored by the first process and not paid for again.
    assert len(models.requests) == 60 + 10
    await asyncio.gather(first, return_exceptions=True)


async def test_a_cancelled_run_stops_its_requests_and_keeps_what_is_done(
    models: ModelServer, tmp_path: Path, opening: Opening
) -> None:
    for name in arena.FIVE:
        models.say_next(f"{name}/{name}-1", *[filled(arena.opinion(name))] * 4, hangs(), hangs())
    app = await opening(models.base_url, tmp_path)
    events = []
    async for event in app.run(arena.request()):
        events.append(event)
        stored = sum(isinstance(told, StageFinished) for told in events)
        if stored == 20 and isinstance(event, StageFinished):
            await models.until_asked(30)
            assert await app.cancel(event.run_id)
    record = arena.ended(events)
    assert record.state is RunState.CANCELLED
    assert record.fills == ()
    await asyncio.wait_for(models.until_closed_early(10), PATIENCE_S)
    assert len((await app.model_chat(record.run_id, "claude")).stages) == 4
    assert not await app.cancel(record.run_id)
    resumed = arena.ended([event async for event in app.resume(record.run_id)])
    assert resumed.state is RunState.FINISHED
    assert len(models.requests) == 70


async def test_a_stream_left_early_does_not_stop_the_run(
    models: ModelServer, tmp_path: Path, opening: Opening
) -> None:
    app = await opening(models.base_url, tmp_path)
    stream = app.run(arena.request())
    async for event in stream:
        assert isinstance(event, RunStarted)
        run_id = event.record.run_id
        break
    last = [event async for event in app.watch(run_id)][-1]
    assert isinstance(last, RunEnded)
    assert len(last.record.ballots) == 5


async def left_behind(models: ModelServer, opening: Opening, tmp_path: Path, **more: Any) -> str:
    """A run whose process went away in the middle; returns its id."""
    for name in arena.FIVE:
        models.say_next(f"{name}/{name}-1", *[filled(arena.opinion(name))] * 4, hangs(), hangs())
    app = await opening(models.base_url, tmp_path, **more)
    told: list[RunEvent] = []

    async def listen() -> None:
        async for event in app.run(arena.request()):
            told.append(event)  # noqa: PERF401 - what was told before the end is what is looked at

    listening = asyncio.create_task(listen())
    await models.until_asked(30)
    await app.close()
    await asyncio.gather(listening, return_exceptions=True)
    assert isinstance(told[0], RunStarted)
    return told[0].record.run_id


async def test_a_run_left_behind_is_continued_by_the_next_that_asks_the_same(
    models: ModelServer, tmp_path: Path, opening: Opening
) -> None:
    left = await left_behind(models, opening, tmp_path)
    record = await arena.finished(await opening(models.base_url, tmp_path), arena.request())
    assert record.run_id == left
    assert len(models.requests) == 70


async def test_a_killed_run_goes_on_where_what_it_held_cannot_be_settled_at_once(
    models: ModelServer, tmp_path: Path, opening: Opening, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = await left_behind(models, opening, tmp_path)
    app = await opening(models.base_url, tmp_path)
    async with app._store.database.write() as connection:
        ran_out = datetime.now(UTC) - timedelta(seconds=1)
        await connection.execute(update(runs).where(runs.c.run_id == left).values(lease_until=ran_out))
    tried: list[str] = []

    async def failing(run_id: str, died_by: datetime) -> None:
        tried.append(run_id)
        raise StoreError("The database does not answer.")

    monkeypatch.setattr(app._store.budgets, "settle_left", failing)
    record = arena.ended([event async for event in app.resume(left)])
    assert (tried, len(record.ballots)) == ([left], 5)


async def test_a_run_left_behind_under_another_configuration_is_given_up_for_a_new_one(
    models: ModelServer, tmp_path: Path, opening: Opening
) -> None:
    left = await left_behind(models, opening, tmp_path)
    app = await opening(models.base_url, tmp_path, pipeline={"max_steps": 29})
    record = await arena.finished(app, arena.request())
    assert record.run_id != left
    assert len(record.ballots) == 5
    given_up = await app.record(left)
    assert given_up.state is RunState.FAILED
    assert given_up.reason is not None
    assert "newer run" in given_up.reason


async def test_a_store_out_of_reach_stops_the_run_and_leaves_it_resumable(
    models: ModelServer, tmp_path: Path, opening: Opening, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = await opening(models.base_url, tmp_path)
    stages = app._store.stages
    add, kept = stages.add, 0

    async def breaking(record: StageRecord) -> bool:
        nonlocal kept
        kept += 1
        if kept > 9:
            raise StoreError("The database does not answer.")
        return await add(record)

    monkeypatch.setattr(stages, "add", breaking)
    monkeypatch.setattr("core.pipeline.hearing._WAITS_S", (0.01, 0.01))
    run_id = ""
    with pytest.raises(StoreError, match=r"does not answer.*--resume"):
        async for event in app.run(arena.request()):
            run_id = event.record.run_id if isinstance(event, RunStarted) else run_id
    monkeypatch.undo()
    assert (await app.record(run_id)).ballots == ()
    asked = len(models.requests)
    record = arena.ended([event async for event in app.resume(run_id)])
    assert len(record.ballots) == 5
    assert len(models.requests) - asked == 60 - 9


async def test_a_lease_that_could_not_be_renewed_once_is_not_lost(
    models: ModelServer, tmp_path: Path, opening: Opening, monkeypatch: pytest.MonkeyPatch
) -> None:
    models.latency_s = 0.05
    monkeypatch.setattr("core.app.runs._RENEW_EVERY_S", 0.02)
    app = await opening(models.base_url, tmp_path)
    kept = app._store.runs
    renew, failures = kept.renew, 0

    async def failing_first(*arguments: Any) -> bool:
        nonlocal failures
        failures += 1
        if failures <= 2:
            raise StoreError("The database does not answer.")
        return await renew(*arguments)

    monkeypatch.setattr(kept, "renew", failing_first)
    record = await arena.finished(app, arena.request())
    assert failures > 2
    assert len(record.ballots) == 5


async def test_a_file_that_a_crash_left_out_is_written_by_the_next_process(
    models: ModelServer, tmp_path: Path, opening: Opening
) -> None:
    models.say_next("qwen/qwen-1", *[filled(arena.opinion("qwen"))] * 7, hangs())
    app = await opening(models.base_url, tmp_path)
    run_id, results = "", 0
    async for event in app.run(arena.request()):
        run_id = event.record.run_id if isinstance(event, RunStarted) else run_id
        results += isinstance(event, MemberFinished)
        if results == 4 and len(models.asked("qwen/qwen-1")) == 8:
            break
    folder = tmp_path / "modelchats" / run_id
    async with asyncio.timeout(PATIENCE_S):
        # A ModelChat is filed a moment after its end is told.
        while len(list(folder.glob("*"))) < 4:  # noqa: ASYNC110 - nothing tells of a file
            await asyncio.sleep(0.01)
    await app.close()
    for file in folder.iterdir():
        file.unlink()
    again = await opening(models.base_url, tmp_path)
    arena.ended([event async for event in again.resume(run_id)])
    assert len(list(folder.iterdir())) == 5


async def test_whoever_asks_for_a_run_that_is_being_resumed_here_hears_it_and_closing_stops_it(
    models: ModelServer, tmp_path: Path, opening: Opening
) -> None:
    left = await left_behind(models, opening, tmp_path)
    for name in arena.FIVE:
        models.say_next(f"{name}/{name}-1", hangs(), hangs())
    app = await opening(models.base_url, tmp_path)
    assert await app.resume_interrupted() == (left,)
    asking = app.run(arena.request())
    first = await anext(asking)
    assert isinstance(first, RunStarted)
    assert first.record.run_id == left
    await models.until_asked(40)
    await app.close()
    with pytest.raises(ConclaveError, match=f"--resume {left}"):
        _ = [event async for event in asking]
    again = await opening(models.base_url, tmp_path)
    record = arena.ended([event async for event in again.resume(left)])
    assert record.run_id == left
    assert len(record.ballots) == 5


async def test_a_listener_hears_an_end_even_if_the_store_fails_while_a_run_is_stopped(
    models: ModelServer, tmp_path: Path, opening: Opening, monkeypatch: pytest.MonkeyPatch
) -> None:
    models.always("claude/claude-1", hangs())
    app = await opening(models.base_url, tmp_path)
    listening = asyncio.create_task(arena.finished(app, arena.request(preset="quick")))
    await models.until_asked(5)
    (run_id,) = await app._store.runs.running()

    async def broken(*arguments: Any) -> bool:
        raise StoreError("The database does not answer.")

    monkeypatch.setattr(app._store.runs, "end", broken)
    assert await app.cancel(run_id)
    (outcome,) = await asyncio.gather(listening, return_exceptions=True)
    assert "did not take note" in str(outcome)


async def test_a_run_on_the_sample_never_joins_one_on_other_prices(
    models: ModelServer, tmp_path: Path, opening: Opening
) -> None:
    one = await opening(models.base_url, tmp_path)
    two = await opening(models.base_url, tmp_path, market={"prices": ["csv", "sample"]})
    first = asyncio.create_task(arena.finished(one, arena.request()))
    await models.until_asked(1)
    other = two._runs.start(arena.request(), await two.members())
    assert other.run_id != (await first).run_id
    await two.close()
