"""A message that shows a run: drawn at the chat's pace, never in the way of the run, and always ended."""

import asyncio
import itertools
import logging

import pytest

from bot import live_message
from bot.cards import Notice, ProgressCard, VerdictCard
from bot.door import ChatGone, DeliveryFailed, Flooded
from bot.live_message import KEEP_TRYING
from bot.request import Address
from core.domain.chat import ChatState
from core.domain.errors import NoPrices
from tests.door_double import CHAT
from tests.live_scene import Scene
from tests.loopback.patience import PATIENCE_S


@pytest.fixture
def scene() -> Scene:
    return Scene()


async def test_a_run_is_one_message_that_begins_as_progress_and_ends_as_the_verdict(scene: Scene) -> None:
    work = scene.start()
    await scene.clock.passing(10)
    record = work.result()
    assert record == scene.arena.records["4f7k2m9q"]
    (message,) = scene.door.messages.values()
    assert isinstance(message.cards[0], ProgressCard)
    assert message.cards[0].subtitle == "Getting prices …"
    assert isinstance(message.now, VerdictCard)
    assert scene.arena.done_cards == [1]


async def test_events_between_two_edits_are_shown_by_one_edit_of_the_newest_state(scene: Scene) -> None:
    gates = [scene.gate(number) for number in (1, 41, 81)]
    work = scene.start()
    await scene.clock.passing(3)
    for gate in gates:
        gate.set()
        await scene.clock.passing(3)
    assert work.done()
    (message,) = scene.door.messages.values()
    # First card, then once for the start and each of two heaps of forty events, and the verdict.
    assert len(message.cards) == 5
    heap = message.cards[2]
    assert isinstance(heap, ProgressCard)
    assert {line.detail for line in heap.lines} == {"thinking · 5 of 12"}


async def test_edits_of_one_message_keep_the_pace_of_the_chat(scene: Scene) -> None:
    gates = [scene.gate(number) for number in range(1, 20)]
    work = scene.start()
    for gate in gates:
        await scene.clock.passing(0.5)
        gate.set()
    await scene.clock.passing(10)
    assert work.done()
    live = scene.door.times[:-1]
    assert all(later - earlier >= 3.0 for earlier, later in itertools.pairwise(live))


async def test_runs_in_one_chat_share_its_pace_and_all_end(scene: Scene) -> None:
    scene.door.a_minute = 18
    gates = [scene.gate(number) for number in range(1, 100)]
    runs = [scene.start(ticker) for ticker in ("GOOG", "AAPL", "MSFT", "IBM")]
    for gate in gates:
        await scene.clock.passing(0.5)
        gate.set()
    await scene.clock.passing(30)
    assert all(work.done() for work in runs)
    ends = [message.now for message in scene.door.messages.values()]
    assert len(ends) == 4
    assert all(isinstance(card, VerdictCard) for card in ends)
    times = scene.door.times
    assert all(later - earlier >= 1.0 for earlier, later in itertools.pairwise(times))
    edits = [
        (at, card)
        for at, card, kind in zip(times, scene.door.tried, scene.door.calls, strict=True)
        if kind == "edit" and isinstance(card, ProgressCard)
    ]
    assert all(b[0] - a[0] >= 3.0 for a, b in itertools.pairwise(edits))
    assert all(sum(first <= at < first + 60 for at in times) <= 18 for first in times)
    # Every message had its turns.
    assert min(len(message.cards) for message in scene.door.messages.values()) >= 3


async def test_a_flooded_chat_leaves_another_chat_alone(scene: Scene) -> None:
    elsewhere = Address("telegram", "-200")
    scene.door.trouble = lambda kind, number: Flooded(300) if number == 1 else None
    flooded = scene.start("GOOG")
    await scene.clock.passing(0)
    other = scene.start("IBM", elsewhere)
    await scene.clock.passing(5)
    assert other.done()
    assert not flooded.done()
    await scene.clock.passing(300)
    assert flooded.done()
    assert isinstance(scene.door.last.now, VerdictCard)


async def test_a_slow_door_never_delays_the_run(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_message, "FIRST_CARD_WITHIN_S", 0.05)
    stuck = asyncio.Event()
    scene.door.trouble = lambda kind, number: stuck if number == 1 else None
    ended = asyncio.Event()
    play = scene.arena._play

    async def played(ticker: str):  # type: ignore[no-untyped-def]
        async for event in play(ticker):
            yield event
        ended.set()

    monkeypatch.setattr(scene.arena, "_play", played)
    work = scene.start()
    await asyncio.wait_for(ended.wait(), PATIENCE_S)
    assert not work.done()
    assert scene.door.messages == {}
    stuck.set()
    await scene.clock.passing(5)
    assert isinstance(scene.door.last.now, VerdictCard)
    assert len(scene.door.messages) == 1
    assert work.done()


async def test_a_failing_door_neither_repeats_nor_cancels_the_run(scene: Scene) -> None:
    scene.door.trouble = lambda kind, number: DeliveryFailed("away") if number > 1 else None
    gates = [scene.gate(number) for number in (1, 40)]
    work = scene.start()
    for gate in gates:
        await scene.clock.passing(20)
        gate.set()
    await scene.clock.passing(600)
    assert work.result() is not None
    assert [request.ticker for request in scene.arena.requests] == ["NVDA"]
    assert scene.arena.cancelled == []
    # The store still has the message as open, so that its end comes later.
    assert scene.arena.done_cards == []
    assert await scene.arena.open_cards("telegram") != ()


async def test_an_edit_that_failed_is_drawn_again_without_news(scene: Scene) -> None:
    scene.gate(1)
    scene.door.trouble = lambda kind, number: DeliveryFailed("away") if number == 2 else None
    work = scene.start()
    await scene.clock.passing(10)
    assert scene.door.calls == ["send", "edit", "edit"]
    card = scene.door.last.now
    assert isinstance(card, ProgressCard)
    assert card.title == "Asking 5 members about NVDA"
    work.cancel()


async def test_a_run_is_not_started_where_the_chat_is_closed_to_us(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    scene.door.trouble = lambda kind, number: ChatGone("not in the channel")
    work = scene.start()
    await scene.clock.passing(10)
    assert work.result() is None
    assert scene.arena.requests == []
    assert scene.door.calls == ["send"]
    (line,) = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    assert line == "telegram:-100123 is closed to us; the run of NVDA is not started"


async def test_a_chat_that_closes_during_a_run_costs_one_line_and_not_the_run(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    gate = scene.gate(40)
    scene.door.trouble = lambda kind, number: ChatGone("kicked") if number > 1 else None
    work = scene.start()
    await scene.clock.passing(10)
    gate.set()
    await scene.clock.passing(10)
    assert work.result() is not None
    assert scene.door.calls == ["send", "edit", "edit"]
    lines = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert len(lines) == 1
    assert scene.arena.done_cards == []


async def test_an_end_for_a_chat_that_closed_without_a_word_is_tried_once_more(scene: Scene) -> None:
    gate = scene.gate(40)
    scene.door.trouble = lambda kind, number: ChatGone("kicked") if number > 1 else None
    work = scene.start()
    await scene.clock.passing(10)
    gate.set()
    await scene.clock.passing(10)
    await work
    for _ in range(3):
        again = asyncio.create_task(scene.live.finish_open(scene.door))
        await scene.clock.passing(10)
        await again
    assert scene.door.calls == ["send", "edit", "edit", "edit"]
    assert scene.arena.done_cards == [1]


@pytest.mark.parametrize("state", [ChatState.CLOSED, ChatState.RESTRICTED])
async def test_an_end_waits_untried_while_the_chat_is_shut_and_for_a_day_at_most(
    scene: Scene, state: ChatState
) -> None:
    gate = scene.gate(40)
    scene.door.trouble = lambda kind, number: ChatGone("kicked") if number > 1 else None
    work = scene.start()
    await scene.clock.passing(10)
    await scene.arena.known_chats.was_shut(CHAT.chat_id, state, "The bot is no longer in the group.")
    gate.set()
    await scene.clock.passing(10)
    await work
    for _ in range(3):
        await scene.live.finish_open(scene.door)
    assert scene.door.calls == ["send", "edit", "edit"]
    assert scene.arena.done_cards == []
    await scene.clock.passing(KEEP_TRYING.total_seconds())
    await scene.live.finish_open(scene.door)
    assert scene.arena.done_cards == [1]
    assert scene.door.calls == ["send", "edit", "edit"]


async def test_a_run_that_cannot_start_says_why_in_its_message(scene: Scene) -> None:
    scene.arena.failure = NoPrices("Prices for NVDA could not be had.")
    work = scene.start()
    await scene.clock.passing(10)
    assert work.result() is None
    assert scene.door.last.now == Notice(text="Prices for NVDA could not be had.", tone="error")
    assert len(scene.door.messages) == 1


async def test_a_restart_before_the_run_began_is_said_in_its_message(scene: Scene) -> None:
    scene.gate(0)
    work = scene.start("GOOG")
    await scene.clock.passing(2)
    work.cancel()
    await asyncio.wait({work})
    assert work.cancelled()
    card = scene.door.last.now
    assert isinstance(card, Notice)
    assert card.text == "Conclave was restarted before this run began. Send /run GOOG again."


async def test_a_stop_is_not_held_up_by_a_door_that_does_not_answer(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_message, "LEAVE_WITHIN_S", 0.05)
    scene.gate(0)
    scene.door.trouble = lambda kind, number: asyncio.Event() if number > 1 else None
    work = scene.start()
    await scene.clock.passing(2)
    work.cancel()
    await asyncio.wait_for(asyncio.wait({work}), PATIENCE_S)
    assert work.cancelled()


async def test_a_restart_during_a_run_leaves_its_message_to_the_next_start(scene: Scene) -> None:
    scene.gate(20)
    work = scene.start()
    await scene.clock.passing(2)
    work.cancel()
    await asyncio.wait({work})
    assert isinstance(scene.door.last.now, ProgressCard)
    assert await scene.arena.open_cards("telegram") == ((1, "4f7k2m9q", "-100123", None, "1"),)
