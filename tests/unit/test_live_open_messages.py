"""Messages that an earlier process or an outage left open: finished, each by one task at a time."""

import asyncio

import pytest

from bot.cards import ProgressCard, VerdictCard
from bot.door import ChatGone, DeliveryFailed, Flooded
from bot.live_message import KEEP_TRYING, LiveMessages
from bot.pacer import Pacers
from tests import arena_facts
from tests.door_double import CHAT
from tests.live_scene import Scene

RUN = arena_facts.RUN_ID


@pytest.fixture
def scene() -> Scene:
    return Scene()


def leave_open(scene: Scene, message: str = "77", run_id: str = RUN) -> None:
    number = len(scene.arena.cards) + 1
    scene.arena.cards[number] = ("telegram", run_id, CHAT.chat, None, message)


async def finish(scene: Scene, seconds: float = 10) -> None:
    work = asyncio.create_task(scene.live.finish_open(scene.door))
    await scene.clock.passing(seconds)
    assert work.done()
    work.result()


async def test_the_verdict_of_a_run_that_is_over_takes_the_place_of_its_progress(scene: Scene) -> None:
    leave_open(scene)
    await finish(scene)
    assert isinstance(scene.door.messages["77"].now, VerdictCard)
    assert list(scene.door.messages) == ["77"]
    assert scene.arena.done_cards == [1]


async def test_a_run_that_goes_on_again_is_followed_in_its_message_to_its_end(scene: Scene) -> None:
    leave_open(scene)
    scene.arena.records[RUN] = arena_facts.running()
    scene.gate(30)
    work = asyncio.create_task(scene.live.finish_open(scene.door))
    await scene.clock.passing(10)
    assert isinstance(scene.door.messages["77"].now, ProgressCard)
    scene.gate(30).set()
    await scene.clock.passing(10)
    assert work.done()
    assert isinstance(scene.door.messages["77"].now, VerdictCard)
    assert scene.arena.watched == [RUN]
    assert scene.arena.done_cards == [1]
    assert len(scene.arena.cards) == 1


async def test_a_message_is_left_alone_while_its_run_is_still_shown_here(scene: Scene) -> None:
    scene.gate(30)
    work = scene.start()
    await scene.clock.passing(10)
    calls = len(scene.door.calls)
    assert await scene.arena.open_cards("telegram") != ()
    await finish(scene)
    assert len(scene.door.calls) == calls
    assert scene.arena.watched == []
    scene.gate(30).set()
    await scene.clock.passing(10)
    assert work.done()
    assert scene.arena.done_cards == [1]


async def test_two_rounds_at_once_deliver_an_end_once(scene: Scene) -> None:
    leave_open(scene)
    scene.door.trouble = lambda kind, number: DeliveryFailed("away") if number == 1 else None
    rounds = [asyncio.create_task(scene.live.finish_open(scene.door)) for _ in range(2)]
    await scene.clock.passing(10)
    assert all(work.done() for work in rounds)
    assert scene.door.calls == ["edit", "edit"]
    assert scene.arena.done_cards == [1]


async def test_an_end_that_an_outage_kept_away_comes_with_a_later_round(scene: Scene) -> None:
    away = True
    scene.door.trouble = lambda kind, number: DeliveryFailed("away") if away and number > 1 else None
    work = scene.start()
    await scene.clock.passing(600)
    assert work.result() is not None
    assert scene.arena.done_cards == []
    away = False
    await finish(scene)
    assert isinstance(scene.door.messages["1"].now, VerdictCard)
    assert scene.arena.done_cards == [1]


async def test_a_verdict_whose_message_could_never_be_sent_comes_with_a_later_round(scene: Scene) -> None:
    away = True
    scene.door.trouble = lambda kind, number: DeliveryFailed("away") if away else None
    work = scene.start()
    await scene.clock.passing(600)
    assert work.result() is not None
    assert scene.door.messages == {}
    away = False
    await finish(scene)
    assert isinstance(scene.door.last.now, VerdictCard)
    assert await scene.arena.open_cards("telegram") == ()


async def test_a_message_that_could_be_sent_only_late_is_the_one_that_is_finished(scene: Scene) -> None:
    scene.gate(30)
    scene.door.trouble = lambda kind, number: DeliveryFailed("away") if number <= 2 else None
    work = scene.start()
    await scene.clock.passing(20)
    assert await scene.arena.open_cards("telegram") == ((2, RUN, CHAT.chat, None, "1"),)
    work.cancel()
    await asyncio.wait({work})
    scene.live = LiveMessages(scene.arena, Pacers(scene.clock))
    await finish(scene)
    assert list(scene.door.messages) == ["1"]
    assert isinstance(scene.door.messages["1"].now, VerdictCard)


async def test_a_chat_that_asked_us_to_wait_is_left_for_the_next_round(scene: Scene) -> None:
    leave_open(scene)
    scene.door.trouble = lambda kind, number: Flooded(2000) if number == 1 else None
    await finish(scene)
    await finish(scene, 60)
    assert scene.door.calls == ["edit"]
    await scene.clock.passing(2000)
    await finish(scene)
    assert scene.door.calls == ["edit", "edit"]
    assert scene.arena.done_cards == [1]


async def test_a_closed_chat_is_not_tried_again(scene: Scene) -> None:
    leave_open(scene)
    scene.door.trouble = lambda kind, number: ChatGone("kicked")
    await finish(scene)
    await finish(scene)
    assert scene.door.calls == ["edit"]
    assert scene.arena.done_cards == [1]


async def test_an_end_is_given_up_for_good_when_it_is_a_day_old(scene: Scene) -> None:
    leave_open(scene)
    scene.door.trouble = lambda kind, number: DeliveryFailed("never")
    await finish(scene, 600)
    assert scene.arena.done_cards == []
    await scene.clock.passing(KEEP_TRYING.total_seconds())
    await finish(scene, 600)
    assert scene.arena.done_cards == [1]


async def test_a_message_of_a_run_that_is_not_there_any_more_is_closed(scene: Scene) -> None:
    leave_open(scene, run_id="gone2345")
    await finish(scene)
    assert scene.door.calls == []
    assert scene.arena.done_cards == [1]
