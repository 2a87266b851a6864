"""Answers of the desk in a chat where runs are shown: before any edit, and never into a closed chat."""

import asyncio
import logging

import pytest

from bot.bot_pacer import Rank
from bot.buttons import OpenReasoning, encode
from bot.cards import LeaderboardCard, ReasoningCard
from bot.desk import Desk
from bot.door import DeliveryFailed, Flooded
from core.config.loading import settings_from
from tests import arena_facts
from tests.door_double import ALICE, press, request
from tests.live_scene import Scene


@pytest.fixture
def scene() -> Scene:
    scene = Scene()
    scene.arena.configure(settings_from({"access": {"admins": [ALICE.id]}}, {}, name="test"))
    return scene


def ask(scene: Scene, desk: Desk, text: str, delivery: str = "1") -> "asyncio.Task[None]":
    return asyncio.create_task(desk.handle(request(text, delivery=delivery), scene.door))


async def answered(scene: Scene, work: "asyncio.Task[None]", seconds: float) -> None:
    """Let the command be read, which takes a thread, and then time pass."""
    for _ in range(20):
        await asyncio.sleep(0.005)
    await scene.clock.passing(seconds)
    assert work.done()


async def test_an_answer_goes_before_the_edits_of_a_run(scene: Scene) -> None:
    desk = Desk(scene.arena)
    scene.gate(1)
    run = ask(scene, desk, "run NVDA")
    for _ in range(20):
        await asyncio.sleep(0.005)
    await answered(scene, ask(scene, desk, "leaderboard", "2"), 1)
    assert scene.door.calls == ["send", "send"]
    assert isinstance(scene.door.last.now, LeaderboardCard)
    assert scene.door.times == [0.0, 1.0]
    await scene.clock.passing(5)
    assert scene.door.times == [0.0, 1.0, 4.0]
    run.cancel()


async def test_an_answer_waits_as_long_as_the_platform_asks(scene: Scene) -> None:
    desk = Desk(scene.arena)
    scene.door.trouble = lambda kind, number: Flooded(20) if number == 1 else None
    await answered(scene, ask(scene, desk, "leaderboard"), 30)
    assert scene.door.times == [0.0, 20.0]
    assert isinstance(scene.door.last.now, LeaderboardCard)


async def test_an_answer_that_would_come_far_too_late_is_not_given(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    desk = Desk(scene.arena)
    scene.door.trouble = lambda kind, number: Flooded(300)
    await answered(scene, ask(scene, desk, "leaderboard"), 0)
    await answered(scene, ask(scene, desk, "leaderboard", "2"), 0)
    assert scene.door.calls == ["send"]
    lines = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    assert lines == ["telegram:-100123 did not take an answer; giving up"] * 2


async def test_an_answer_that_fails_is_tried_four_times(scene: Scene) -> None:
    desk = Desk(scene.arena)
    scene.door.trouble = lambda kind, number: DeliveryFailed("away")
    await answered(scene, ask(scene, desk, "leaderboard"), 60)
    assert scene.door.times == [0.0, 1.0, 3.0, 7.0]


async def test_what_a_button_opens_counts_in_its_chat(scene: Scene) -> None:
    scene.door.a_minute = 18
    desk = Desk(scene.arena)
    data = encode(OpenReasoning(run_id=arena_facts.RUN_ID, member=1))
    for number in range(20):
        card = await desk.press(press(data, delivery=f"p{number}"), scene.door)
        assert isinstance(card, ReasoningCard)
    pacer = desk.pacers.at(scene.door, press(data).address)
    assert not await pacer.turn(Rank.LIVE, within_s=3)
    assert await pacer.turn(within_s=0)
