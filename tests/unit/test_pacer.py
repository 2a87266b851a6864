"""Turns in one chat: the pace, the minute, who goes first, and what a closed chat does to others."""

import asyncio
import itertools
from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.bot_pacer import Rank
from bot.pacer import FORGET_AFTER_S, MANY_CHATS, Pacer, Pacers
from bot.request import Address
from core.clock import ManualClock
from tests.door_double import DoorDouble
from tests.shared_clock import SharedClock

START = datetime(2026, 1, 5, tzinfo=UTC)


def group(clock: ManualClock) -> Pacer:
    return Pacer(clock, 3.0, 18)


def rank_of(live: bool) -> Rank:
    return Rank.LIVE if live else Rank.ANSWER


async def taken(pacer: Pacer, clock: ManualClock, *, live: bool = False) -> float:
    assert await pacer.turn(rank_of(live))
    return clock.monotonic()


async def test_edits_of_different_messages_share_the_pace_of_their_chat() -> None:
    clock = ManualClock(START)
    pacer = group(clock)
    at = [await taken(pacer, clock, live=True) for _ in range(3)]
    assert at == [0.0, 3.0, 6.0]


async def test_answers_do_not_wait_for_the_pace_of_edits() -> None:
    clock = ManualClock(START)
    pacer = group(clock)
    assert await taken(pacer, clock, live=True) == 0.0
    assert await taken(pacer, clock) == 1.0


async def test_edits_leave_a_part_of_the_minute_to_answers() -> None:
    clock = ManualClock(START)
    pacer = group(clock)
    while clock.monotonic() < 300:
        await taken(pacer, clock, live=True)
    began = clock.monotonic()
    at = [await taken(pacer, clock) - began for _ in range(3)]
    assert at == [1.0, 2.0, 3.0]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.floats(0, 20)), min_size=40, max_size=80))
def test_a_group_never_gets_more_than_18_calls_in_a_minute(asked: list[tuple[bool, float]]) -> None:
    async def play() -> list[float]:
        clock = ManualClock(START)
        pacer = group(clock)
        at = []
        for live, pause in asked:
            clock.advance(pause if pause > 15 else 0.0)
            at.append(await taken(pacer, clock, live=live))
        return at

    at = asyncio.run(play())
    for first in at:
        # A hair less than a minute, as sums of seconds are rounded.
        assert sum(first <= other < first + 59.999 for other in at) <= 18
    assert all(later - earlier >= 0.999 for earlier, later in itertools.pairwise(at))


async def test_who_waits_with_an_answer_goes_before_any_edit() -> None:
    clock = SharedClock(alone=True)
    pacer = group(clock)
    pacer.close_for(30)
    order: list[tuple[str, float]] = []

    async def ask(name: str, *, live: bool) -> None:
        await pacer.turn(rank_of(live))
        order.append((name, clock.monotonic()))

    asked = [
        asyncio.create_task(ask(name, live="edit" in name)) for name in ("edit", "answer", "end", "edit 2")
    ]
    await clock.passing(60)
    assert all(task.done() for task in asked)
    assert order == [("answer", 30.0), ("end", 31.0), ("edit", 34.0), ("edit 2", 37.0)]


async def test_a_closed_chat_takes_nothing_until_its_time_is_over() -> None:
    clock = ManualClock(START)
    pacer = group(clock)
    pacer.close_for(40)
    assert pacer.closed
    assert not await pacer.turn(within_s=39)
    assert clock.monotonic() == 0.0
    assert await taken(pacer, clock) == 40.0
    assert not pacer.closed


async def test_scarce_edits_hold_back_edits_alone() -> None:
    clock = ManualClock(START)
    pacer = group(clock)
    pacer.close_for(20, live_only=True)
    assert await taken(pacer, clock) == 0.0
    assert await taken(pacer, clock, live=True) == 20.0


async def test_no_more_answers_wait_than_can_be_given_in_time() -> None:
    clock = SharedClock(alone=True)
    pacer = group(clock)
    pacer.close_for(50)
    asked = [asyncio.create_task(pacer.turn(within_s=60)) for _ in range(200)]
    await clock.passing(0)
    refused = [task for task in asked if task.done()]
    assert len(refused) >= 180
    await clock.passing(60)
    turns = [task.result() for task in asked]
    assert 6 <= sum(turn is not None for turn in turns) <= 18


async def test_who_leaves_the_line_holds_up_nobody() -> None:
    clock = SharedClock(alone=True)
    pacer = group(clock)
    pacer.close_for(5)
    leaver = asyncio.create_task(pacer.turn(Rank.LIVE))
    other = asyncio.create_task(pacer.turn(Rank.LIVE))
    await clock.passing(1)
    leaver.cancel()
    await clock.passing(4)
    assert other.done()
    assert other.result()


async def test_pressed_buttons_slow_down_edits_and_never_answers() -> None:
    clock = ManualClock(START)
    pacer = group(clock)
    for _ in range(100):
        pacer.count()
    assert await taken(pacer, clock) == 0.0
    assert await taken(pacer, clock, live=True) >= 5.0


async def test_a_chat_without_a_limit_keeps_its_pace_alone() -> None:
    clock = ManualClock(START)
    pacer = Pacer(clock, 0.5)
    at = [await taken(pacer, clock, live=True) for _ in range(100)]
    assert at[-1] == 49.5


async def test_a_flooded_chat_never_delays_another() -> None:
    clock = ManualClock(START)
    pacers, door = Pacers(clock), DoorDouble()
    pacers.at(door, Address("telegram", "-1")).close_for(900)
    assert await pacers.at(door, Address("telegram", "-2")).turn(within_s=0)
    assert not await pacers.at(door, Address("telegram", "-1", thread="7")).turn(within_s=0)


async def test_chats_in_which_nothing_happens_are_forgotten() -> None:
    clock = ManualClock(START)
    pacers, door = Pacers(clock), DoorDouble()
    busy = Address("telegram", "-1")
    pacers.at(door, busy).close_for(10 * FORGET_AFTER_S)
    for chat in range(3 * MANY_CHATS):
        await pacers.at(door, Address("telegram", str(chat))).turn()
        clock.advance(FORGET_AFTER_S / MANY_CHATS)
    assert len(pacers) <= 2 * MANY_CHATS
    assert pacers.at(door, busy).closed
