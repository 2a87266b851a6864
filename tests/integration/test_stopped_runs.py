"""Runs that somebody stops: here, in another process, where nobody works on them, and when they are over."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from core.app.app import App
from core.domain.errors import BadTicker, NotFound
from core.domain.events import RunEnded, RunStarted
from core.domain.run import RunRecord, RunState
from tests import arena
from tests.loopback.model_replies import filled, hangs
from tests.loopback.model_server import ModelServer
from tests.loopback.patience import PATIENCE_S

pytest_plugins = ["tests.storage", "tests.arena_fixtures"]

Opening = Callable[..., Awaitable[App]]
REASON = "Stopped by Alice; what was done is kept."
pytestmark = pytest.mark.timeout(60)


def hold(models: ModelServer) -> None:
    """Let every model answer four stages and then think for ever."""
    for name in arena.FIVE:
        models.say_next(f"{name}/{name}-1", *[filled(arena.opinion(name))] * 4, hangs(), hangs())


async def begun(app: App, models: ModelServer) -> tuple[str, "asyncio.Task[RunRecord]"]:
    """Start a run that hangs, and return its id and its end."""
    told: asyncio.Queue[str] = asyncio.Queue()

    async def follow() -> RunRecord:
        events = []
        async for event in app.run(arena.request()):
            events.append(event)
            if isinstance(event, RunStarted):
                told.put_nowait(event.record.run_id)
        return arena.ended(events)

    task = asyncio.create_task(follow())
    run_id = await told.get()
    await models.until_asked(25)
    return run_id, task


async def test_a_stopped_run_names_who_stopped_it_and_keeps_what_is_done(
    models: ModelServer, url: str, tmp_path: Path, opening: Opening
) -> None:
    hold(models)
    app = await opening(models.base_url, tmp_path, url=url)
    run_id, task = await begun(app, models)
    assert await app.stop(run_id, "Alice")
    record = await task
    assert (record.state, record.reason) == (RunState.CANCELLED, REASON)
    assert len((await app.model_chat(run_id, "qwen")).stages) == 4
    assert not await app.stop(run_id, "Bob")
    assert (await app.run_record(run_id)).reason == REASON


async def test_a_run_of_another_process_is_stopped_there_within_seconds(
    models: ModelServer, url: str, tmp_path: Path, opening: Opening, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.app.runs._RENEW_EVERY_S", 0.2)
    hold(models)
    one = await opening(models.base_url, tmp_path, url=url)
    two = await opening(models.base_url, tmp_path, url=url)
    run_id, task = await begun(one, models)

    async def followed() -> RunRecord:
        return arena.ended([event async for event in two.watch(run_id)])

    follower = asyncio.create_task(followed())
    await asyncio.sleep(0.1)
    asked = len(models.requests)
    assert await two.stop(run_id, "Alice")
    record = await asyncio.wait_for(task, PATIENCE_S)
    assert (record.state, record.reason) == (RunState.CANCELLED, REASON)
    assert (await asyncio.wait_for(follower, PATIENCE_S)).reason == REASON
    assert len(models.requests) == asked


async def test_a_run_that_nobody_works_on_is_stopped_at_once(
    models: ModelServer, url: str, tmp_path: Path, opening: Opening
) -> None:
    hold(models)
    one = await opening(models.base_url, tmp_path, url=url)
    run_id, task = await begun(one, models)
    await one.close()
    await asyncio.gather(task, return_exceptions=True)
    two = await opening(models.base_url, tmp_path, url=url)
    assert await two.stop(run_id, "Alice")
    record = await two.run_record(run_id)
    assert (record.state, record.reason) == (RunState.CANCELLED, REASON)
    assert await two.resume_interrupted() == ()


async def test_a_wish_that_the_owner_did_not_live_to_see_is_fulfilled_by_whoever_takes_over(
    models: ModelServer, url: str, tmp_path: Path, opening: Opening
) -> None:
    hold(models)
    one = await opening(models.base_url, tmp_path, url=url)
    run_id, task = await begun(one, models)
    assert await one._store.runs.wish_stop(run_id, "Alice")
    await one.close()
    await asyncio.gather(task, return_exceptions=True)
    two = await opening(models.base_url, tmp_path, url=url)
    asked = len(models.requests)
    assert await two.resume_interrupted() == (run_id,)
    events = [event async for event in two.watch(run_id)]
    assert isinstance(events[0], RunStarted)
    assert isinstance(events[-1], RunEnded)
    assert events[-1].record.reason == REASON
    assert len(models.requests) == asked


async def test_a_stopped_run_that_is_resumed_goes_on_to_its_end(
    models: ModelServer, url: str, tmp_path: Path, opening: Opening
) -> None:
    hold(models)
    app = await opening(models.base_url, tmp_path, url=url)
    run_id, task = await begun(app, models)
    assert await app.stop(run_id, "Alice")
    await task
    for name in arena.FIVE:
        models.say_next(f"{name}/{name}-1", *[filled(arena.opinion(name))] * 8)
    record = arena.ended([event async for event in app.resume(run_id)])
    assert (record.state, record.reason) == (RunState.FINISHED, None)


async def test_the_runs_of_a_chat_and_of_a_ticker_are_found_while_they_go_on(
    models: ModelServer, url: str, tmp_path: Path, opening: Opening
) -> None:
    hold(models)
    app = await opening(models.base_url, tmp_path, url=url)
    with pytest.raises(NotFound, match="No run goes on in this chat"):
        await app.going_on(None, "telegram", "-100")
    run_id, task = await begun(app, models)
    await app.remember_card(run_id, "telegram", "-100", None, "7")
    for asked in ((None, "telegram", "-100"), ("AAPL", "slack", "C0"), (run_id, "slack", "C0")):
        assert [one.run_id for one in await app.going_on(*asked)] == [run_id]
    with pytest.raises(NotFound, match="No run goes on in this chat"):
        await app.going_on(None, "slack", "C0")
    with pytest.raises(NotFound, match="No run of IBM goes on"):
        await app.going_on("IBM", "telegram", "-100")
    with pytest.raises(BadTicker):
        await app.going_on("no ticker", "telegram", "-100")
    await app.stop(run_id, "Alice")
    await task
    with pytest.raises(NotFound, match="is over"):
        await app.going_on(run_id, "telegram", "-100")
