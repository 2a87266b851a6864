"""The end of a message: delivered through floods, lost messages and failures, but not for ever."""

import asyncio
import logging
from dataclasses import replace

import pytest

from bot.cards import Notice
from bot.delivery import PATIENCE_S, TRIES, Delivery, LiveMessage
from bot.door import ChatGone, DeliveryFailed, EditsScarce, Flooded, MessageGone, MessageRef, ThreadGone
from tests.door_double import CHAT
from tests.live_scene import Scene

END = Notice(text="The end.")
OLD = MessageRef(CHAT, "77")


@pytest.fixture
def scene() -> Scene:
    return Scene()


def ending(scene: Scene, ref: MessageRef | None = OLD) -> "asyncio.Task[Delivery]":
    message = LiveMessage(scene.door, CHAT, scene.clock, scene.live.pacers, ref)
    return asyncio.create_task(message.deliver(END))


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]


async def test_an_end_waits_as_long_as_the_platform_asks_and_no_longer(scene: Scene) -> None:
    scene.door.trouble = lambda kind, number: Flooded(47) if number == 1 else None
    work = ending(scene)
    await scene.clock.passing(60)
    assert work.result() == "delivered"
    assert scene.door.times == [0.0, 47.0]
    assert scene.door.messages["77"].now == END


async def test_an_end_whose_message_is_gone_comes_as_a_fresh_message(scene: Scene) -> None:
    scene.door.trouble = lambda kind, number: MessageGone("deleted") if kind == "edit" else None
    work = ending(scene)
    await scene.clock.passing(5)
    assert work.result() == "delivered"
    assert scene.door.calls == ["edit", "send"]
    assert scene.door.last.now == END


async def test_an_end_whose_thread_is_gone_comes_to_the_chat_itself(scene: Scene) -> None:
    thread = replace(CHAT, thread="7")

    def trouble(kind: str, number: int) -> Exception | None:
        return {1: MessageGone("deleted"), 2: ThreadGone("deleted too")}.get(number)

    scene.door.trouble = trouble
    message = LiveMessage(scene.door, thread, scene.clock, scene.live.pacers, MessageRef(thread, "77"))
    work = asyncio.create_task(message.deliver(END))
    await scene.clock.passing(10)
    assert work.result() == "delivered"
    assert scene.door.calls == ["edit", "send", "send"]
    assert (scene.door.last.address, scene.door.last.now) == (CHAT, END)


async def test_where_the_chat_itself_is_closed_too_the_tries_end(scene: Scene) -> None:
    scene.door.trouble = lambda kind, number: ThreadGone("closed")
    message = LiveMessage(scene.door, replace(CHAT, thread="7"), scene.clock, scene.live.pacers)
    work = asyncio.create_task(message.deliver(END))
    await scene.clock.passing(10)
    assert work.result() == "chat gone"
    assert scene.door.calls == ["send", "send"]


async def test_a_run_whose_thread_closes_goes_on_in_silence(scene: Scene) -> None:
    thread = replace(CHAT, thread="7")
    message = LiveMessage(scene.door, thread, scene.clock, scene.live.pacers, MessageRef(thread, "77"))
    scene.door.trouble = lambda kind, number: ThreadGone("closed")
    assert not await message.draw(END)
    assert (message.silent, message.gone) == (True, False)


async def test_a_closed_chat_ends_the_tries_with_one_line(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    scene.door.trouble = lambda kind, number: ChatGone("kicked")
    work = ending(scene)
    await scene.clock.passing(5)
    assert work.result() == "chat gone"
    assert scene.door.calls == ["edit"]
    assert warnings(caplog) == ["telegram:-100123 is closed to us; its message stays unfinished: kicked"]


async def test_failures_are_tried_again_later_and_later_and_not_for_ever(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    scene.door.trouble = lambda kind, number: DeliveryFailed("away")
    work = ending(scene)
    await scene.clock.passing(PATIENCE_S)
    assert work.result() == "not delivered"
    assert len(scene.door.times) == TRIES
    waits = [later - earlier for earlier, later in zip(scene.door.times, scene.door.times[1:], strict=False)]
    assert waits == sorted(waits)
    assert waits[-1] == 60.0
    assert warnings(caplog) == ["telegram:-100123 did not take the end of a message; giving up for now"]


async def test_one_failing_end_does_not_hold_up_another_in_its_chat(scene: Scene) -> None:
    scene.door.trouble = lambda kind, number: DeliveryFailed("away") if kind == "edit" else None
    failing = ending(scene)
    await scene.clock.passing(30)
    began = scene.clock.monotonic()
    other = ending(scene, ref=None)
    await scene.clock.passing(2)
    assert other.result() == "delivered"
    assert not failing.done()
    assert scene.clock.monotonic() == began + 2
    failing.cancel()


async def test_a_flood_longer_than_anybody_waits_is_given_up_at_once(scene: Scene) -> None:
    scene.door.trouble = lambda kind, number: Flooded(PATIENCE_S + 1)
    work = ending(scene)
    await scene.clock.passing(0)
    assert work.result() == "not delivered"
    assert scene.door.calls == ["edit"]


async def test_a_card_that_cannot_be_drawn_is_a_failed_delivery(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    scene.door.trouble = lambda kind, number: ValueError("a bug") if number == 1 else None
    work = ending(scene)
    await scene.clock.passing(5)
    assert work.result() == "delivered"
    assert warnings(caplog) == ["telegram:-100123 could not draw a card"]


async def test_drawing_says_whether_the_card_is_shown(scene: Scene) -> None:
    refusals = {1: Flooded(5), 2: DeliveryFailed("away"), 4: MessageGone("deleted")}
    scene.door.trouble = lambda kind, number: refusals.get(number)
    message = LiveMessage(scene.door, CHAT, scene.clock, scene.live.pacers, OLD)
    assert [await message.draw(END) for _ in range(4)] == [False, False, True, False]
    assert message.silent
    assert not message.gone


async def test_scarce_edits_do_not_hold_up_the_end(scene: Scene) -> None:
    scene.door.trouble = lambda kind, number: EditsScarce(30) if number == 1 else None
    message = LiveMessage(scene.door, CHAT, scene.clock, scene.live.pacers, OLD)
    assert not await message.draw(END)
    assert await message.deliver(END) == "delivered"
    assert scene.clock.monotonic() == 0.0
