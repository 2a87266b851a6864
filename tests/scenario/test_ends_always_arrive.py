"""The end of a run reaches its chat whatever became of the message, and no chat waits for another."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import NamedTuple

import pytest

from core.app.app import App
from core.clock import SystemClock
from tests import arena
from tests.loopback.model_replies import filled, held
from tests.loopback.model_server import ModelServer
from tests.loopback.telegram_server import TelegramServer
from tests.loopback.telegram_world import Chat, Flood, Shown, User
from tests.service import served

ALICE, BOB = User(1001, "Alice"), User(1002, "Bob")
GROUP, SUPERGROUP = -1001234567890, -1009876543210
pytestmark = pytest.mark.timeout(90)


class World(NamedTuple):
    models: ModelServer
    telegram: TelegramServer
    app: App


@pytest.fixture
async def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    monkeypatch.delenv("SLACK_BOT_TOKEN", raising=False)
    monkeypatch.delenv("SLACK_APP_TOKEN", raising=False)
    async with ModelServer() as models, TelegramServer(flood=Flood(SystemClock())) as telegram:
        for name in arena.FIVE:
            models.opine(f"{name}/{name}-1", arena.opinion(name))
        monkeypatch.setenv("TELEGRAM_BOT_TOKEN", telegram.token)
        people = [{"id": f"telegram:{user.id}", "role": "runner"} for user in (ALICE, BOB)]
        app = await arena.opened(
            models.base_url, tmp_path, telegram={"base_url": telegram.base_url}, access={"people": people}
        )
        async with served(app):
            yield World(models, telegram, app)
        assert telegram.violations == []
        assert telegram.floods == []


async def going_on(world: World, chat: Chat, thread: int | None = None) -> tuple[Shown, asyncio.Event]:
    """Start a run in which claude waits for the event, and return its message."""
    gate = asyncio.Event()
    world.models.say_next("claude/claude-1", held(filled(arena.opinion("claude")), gate))
    world.telegram.say(chat, ALICE, "/run GOOG quick", thread)

    def found() -> Shown | None:
        return next((m for m in world.telegram.messages(chat) if "4 of" in m.text or m.edits), None)

    message = await world.telegram.until(found, "the run's message")
    assert isinstance(message, Shown)
    return message, gate


async def verdict(world: World, chat: Chat, within_s: float = 20.0) -> Shown:
    def found() -> Shown | None:
        return next((m for m in world.telegram.messages(chat) if "claude" in m.labels), None)

    message = await world.telegram.until(found, "the verdict", within_s)
    assert isinstance(message, Shown)
    return message


async def test_a_message_that_somebody_deleted_comes_back_as_a_fresh_one_with_the_verdict(
    world: World,
) -> None:
    group = world.telegram.group(GROUP)
    message, gate = await going_on(world, group)
    world.telegram.forget(message)
    gate.set()
    fresh = await verdict(world, group)
    assert fresh.id != message.id
    assert len(world.telegram.messages(group)) == 1


async def test_the_verdict_of_a_topic_that_was_deleted_comes_to_the_chat(world: World) -> None:
    forum = world.telegram.group(GROUP, topics={7})
    message, gate = await going_on(world, forum, 7)
    assert message.thread == 7
    world.telegram.forget(message)
    forum.topics.clear()
    gate.set()
    fresh = await verdict(world, forum)
    assert fresh.thread is None


async def test_the_verdict_follows_a_group_that_became_a_supergroup(world: World) -> None:
    group, after = world.telegram.group(GROUP, kind="group"), world.telegram.group(SUPERGROUP)
    _, gate = await going_on(world, group)
    group.moved_to = after.id
    gate.set()
    await verdict(world, after)
    assert len(world.telegram.messages(after)) == 1


async def test_a_flooded_chat_keeps_quiet_for_its_time_and_delays_no_other(world: World) -> None:
    slow, quick = world.telegram.private(ALICE), world.telegram.private(BOB)
    _, gate = await going_on(world, slow)
    world.telegram.flood_next(slow, 6)
    began = time.monotonic()
    gate.set()

    def flooded_at() -> float | None:
        return next((c.at for c in world.telegram.calls if c.status == 429), None)

    at = await world.telegram.until(flooded_at, "the flood")
    world.telegram.say(quick, BOB, "/whoami")
    await world.telegram.until(lambda: world.telegram.messages(quick), "the other chat's answer", 5)
    world.telegram.say(quick, BOB, "/run IBM quick")
    await verdict(world, quick)
    assert time.monotonic() - began < 6
    await verdict(world, slow)
    later = [
        c for c in world.telegram.calls if c.params.get("chat_id") in {slow.id, str(slow.id)} and c.at > at
    ]
    assert later[0].at - at >= 6
