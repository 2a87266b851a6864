"""Turns of a whole bot: what reaches the platform in a second, who goes first, and how long others wait."""

import asyncio
import itertools
from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.bot_pacer import LONG_WAIT_S, LONGEST_CALL_S, SLOW_FOR_S, BotPacer, Rank
from bot.pacer import Pacer, Pacers
from bot.request import Address
from tests.door_double import DoorDouble
from tests.shared_clock import SharedClock

PER_SECOND = 30
A_WINDOW = 0.9999
"""A hair less than a second, as sums of seconds are rounded."""


@dataclass(frozen=True)
class Ask:
    """Somebody comes `at`, for a chat, and its call takes so long; it arrives somewhere in between."""

    at: float
    chat: int
    rank: Rank
    takes_s: float
    arrives: float


@dataclass(frozen=True)
class Went:
    """When an ask got its turn, and when its call arrived at the platform."""

    ask: Ask
    began: float
    arrived: float


ASKS = st.lists(
    st.builds(
        Ask,
        at=st.floats(0, 3),
        chat=st.integers(1, 60),
        rank=st.sampled_from(Rank),
        takes_s=st.floats(0, 0.4),
        arrives=st.floats(0, 1),
    ),
    min_size=40,
    max_size=150,
)


async def play(asks: list[Ask], for_s: float = 400.0) -> list[Went]:
    """Let all come and go, each chat with a pacer of its own at a second's pace, and say how it went."""
    clock = SharedClock(alone=True)
    bot = BotPacer(clock, PER_SECOND)
    chats = {ask.chat: Pacer(clock, 1.0, bot=bot, chat=str(ask.chat)) for ask in asks}
    went: list[Went] = []

    async def come(ask: Ask) -> None:
        await clock.sleep(ask.at)
        turn = await chats[ask.chat].turn(ask.rank)
        assert turn is not None
        began = clock.monotonic()
        with turn:
            await clock.sleep(ask.takes_s * ask.arrives)
            went.append(Went(ask, began, clock.monotonic()))
            await clock.sleep(ask.takes_s * (1 - ask.arrives))

    tasks = [asyncio.create_task(come(ask)) for ask in asks]
    for _ in range(int(for_s)):
        await clock.passing(1.0)
        if all(task.done() for task in tasks):
            break
    await asyncio.gather(*tasks)
    return went


@settings(max_examples=25, deadline=None)
@given(ASKS)
def test_never_more_than_30_calls_arrive_in_any_second_and_everybody_comes_to_turn(asks: list[Ask]) -> None:
    went = asyncio.run(play(asks))
    assert len(went) == len(asks)
    arrived = sorted(one.arrived for one in went)
    for earlier, later in zip(arrived, arrived[PER_SECOND:], strict=False):
        assert later - earlier >= A_WINDOW
    for chat in {ask.chat for ask in asks}:
        began = sorted(one.began for one in went if one.ask.chat == chat)
        assert all(b - a >= A_WINDOW for a, b in itertools.pairwise(began))


@settings(max_examples=25, deadline=None)
@given(st.lists(st.sampled_from(Rank), min_size=35, max_size=120))
def test_whoever_waits_goes_by_rank_and_then_in_the_order_of_asking(ranks: list[Rank]) -> None:
    first = [Ask(0.0, number, Rank.ANSWER, 0.0, 0.0) for number in range(PER_SECOND)]
    asks = [Ask(0.1, 1000 + number, rank, 0.0, 0.0) for number, rank in enumerate(ranks)]
    went = [one.ask for one in asyncio.run(play(first + asks)) if one.ask.chat >= 1000]
    # In less than ten seconds nobody has waited so long that rank no longer counts.
    assert went == sorted(asks, key=lambda ask: (ask.rank, ask.chat))


async def test_edits_go_on_while_ten_thousand_posts_are_on_their_way() -> None:
    clock = SharedClock(alone=True)
    bot = BotPacer(clock, PER_SECOND)
    going = True

    async def posts() -> None:
        while going:
            turn = await bot.turn(Rank.POST, lambda: True)
            assert turn is not None
            turn.over()

    tasks = [asyncio.create_task(posts()) for _ in range(100)]
    await clock.passing(5)
    edit = asyncio.create_task(bot.turn(Rank.LIVE, lambda: True))
    await clock.passing(LONG_WAIT_S - 1)
    assert not edit.done()
    await clock.passing(1.5)
    assert edit.done()
    answer = asyncio.create_task(bot.turn(Rank.ANSWER, lambda: True))
    await clock.passing(0.1)
    assert answer.done()
    going = False
    await clock.passing(10)
    await asyncio.gather(*tasks)


class SleepyClock(SharedClock):
    """Wakes everybody a little late, as a busy machine does."""

    async def sleep(self, seconds: float) -> None:
        await super().sleep(seconds + 0.005)


async def test_posts_keep_the_platforms_pace_though_each_is_woken_a_little_late() -> None:
    clock = SleepyClock(alone=True)
    bot = BotPacer(clock, PER_SECOND)
    began: list[float] = []

    async def posts() -> None:
        for _ in range(20 * PER_SECOND):
            turn = await bot.turn(Rank.POST, lambda: True)
            assert turn is not None
            began.append(clock.monotonic())
            turn.over()

    posting = asyncio.create_task(posts())
    await clock.passing(40)
    await posting
    # Twenty seconds' worth; with each delay added up it would take 23.
    assert began[-1] - began[0] < 20 * 1.03
    # And never more than two close together, so that an answer in between waits for little.
    assert min(later - earlier for earlier, later in zip(began, began[2:], strict=False)) > 0.02


async def test_a_flooded_chat_holds_up_no_other_chat() -> None:
    clock = SharedClock(alone=True)
    pacers, door = Pacers(clock), DoorDouble()
    door.a_second = PER_SECOND
    flooded = pacers.at(door, Address("telegram", "1"))
    flooded.close_for(300)
    waits = [asyncio.create_task(flooded.turn(rank)) for rank in Rank]
    for number in range(2, 200):
        turn = asyncio.create_task(pacers.at(door, Address("telegram", str(number))).turn(Rank.LIVE))
        await clock.passing(0.05)
        assert turn.done()
        turn.result().over()  # type: ignore[union-attr]
    assert not any(wait.done() for wait in waits)
    await clock.passing(310)
    assert all(wait.done() for wait in waits)


async def test_a_chat_that_is_flooded_while_it_waits_for_the_bot_is_passed_over() -> None:
    clock = SharedClock(alone=True)
    bot = BotPacer(clock, PER_SECOND)
    one, two = (Pacer(clock, 1.0, bot=bot, chat=name) for name in ("one", "two"))
    for _ in range(PER_SECOND):
        (await bot.turn(Rank.ANSWER, lambda: True)).over()  # type: ignore[union-attr]
    waits = asyncio.create_task(one.turn())
    after = asyncio.create_task(two.turn())
    await clock.passing(0.5)
    one.close_for(60)
    await clock.passing(5)
    assert after.done()
    assert not waits.done()
    await clock.passing(60)
    assert waits.done()


async def test_several_chats_flooded_at_once_slow_the_whole_bot() -> None:
    clock = SharedClock(alone=True)
    bot = BotPacer(clock, PER_SECOND)
    bot.flooded("a", 20)
    bot.flooded("a", 20)
    bot.flooded("b", 7)
    turn = await bot.turn(Rank.ANSWER, lambda: True, within_s=0)
    assert turn is not None
    turn.over()
    bot.flooded("c", 9)
    waits = asyncio.create_task(bot.turn(Rank.ANSWER, lambda: True))
    await clock.passing(6.5)
    assert not waits.done()
    await clock.passing(1)
    assert waits.done()
    # And for a minute it stays at half its speed.
    at: list[float] = []

    async def answer() -> None:
        turn = await bot.turn(Rank.ANSWER, lambda: True)
        assert turn is not None
        at.append(clock.monotonic())
        turn.over()

    tasks = [asyncio.create_task(answer()) for _ in range(150)]
    began = clock.monotonic()
    await clock.passing(SLOW_FOR_S)
    assert all(task.done() for task in tasks)
    assert 8 <= at[-1] - began <= 10.5


async def test_a_flood_without_a_chat_closes_the_bot_at_once() -> None:
    clock = SharedClock(alone=True)
    bot = BotPacer(clock, PER_SECOND)
    bot.flooded(None, 5)
    waits = asyncio.create_task(bot.turn(Rank.ANSWER, lambda: True))
    await clock.passing(4.9)
    assert not waits.done()
    await clock.passing(0.3)
    assert waits.done()


async def test_who_leaves_the_line_holds_up_nobody_and_a_turn_that_came_too_late_is_given_back() -> None:
    clock = SharedClock(alone=True)
    bot = BotPacer(clock, PER_SECOND)
    for _ in range(PER_SECOND):
        (await bot.turn(Rank.ANSWER, lambda: True)).over()  # type: ignore[union-attr]
    waits = [asyncio.create_task(bot.turn(Rank.ANSWER, lambda: True)) for _ in range(40)]
    await clock.passing(0.5)
    for wait in waits[:39]:
        wait.cancel()
    await clock.passing(1)
    assert waits[39].done()
    assert bot.idle


async def test_who_cannot_wait_so_long_is_told_in_time() -> None:
    clock = SharedClock(alone=True)
    bot = BotPacer(clock, PER_SECOND)
    bot.flooded(None, 60)
    waits = asyncio.create_task(bot.turn(Rank.ANSWER, lambda: True, within_s=3))
    await clock.passing(4)
    assert waits.done()
    assert waits.result() is None


async def test_a_call_that_hangs_holds_its_place_for_a_while_only() -> None:
    clock = SharedClock(alone=True)
    bot = BotPacer(clock, PER_SECOND)
    for _ in range(PER_SECOND):
        await bot.turn(Rank.ANSWER, lambda: True)
    waits = asyncio.create_task(bot.turn(Rank.ANSWER, lambda: True))
    await clock.passing(LONGEST_CALL_S)
    assert not waits.done()
    await clock.passing(1.5)
    assert waits.done()


async def test_a_call_that_nobody_would_miss_leaves_most_of_the_second_to_others() -> None:
    clock = SharedClock(alone=True)
    bot = BotPacer(clock, PER_SECOND)
    spared = 0
    for _ in range(100):
        if turn := bot.spare():
            turn.over()
            spared += 1
        await clock.passing(0.01)
    assert 5 <= spared <= PER_SECOND / 4 + 1
