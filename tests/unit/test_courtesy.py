"""Who goes first when many ask at once: people in the order in which they came, and runs after them."""

import asyncio

import pytest

from bot.arrival import only_waits, prepared, visit
from core.courtesy import Courtesy, Slices

LONG_S = 60.0
SOON_S = 0.01


def patient(few: int = 1, at_once: int = 1) -> Courtesy:
    """Return one in which no time runs out within a test."""
    return Courtesy(few, at_once, most_s=LONG_S, preparing_s=LONG_S)


async def settled() -> None:
    """Let everything go on that can."""
    for _ in range(10):
        await asyncio.sleep(0)


async def test_a_few_who_wait_hold_nothing_up() -> None:
    courtesy = patient(few=1)
    with_one = courtesy.came()
    giving = asyncio.create_task(courtesy.give_way())
    await settled()
    assert giving.done()
    with_one.over()


async def test_runs_give_way_to_many_until_they_are_answered() -> None:
    courtesy = patient(few=1)
    visits = [courtesy.came() for _ in range(3)]
    giving = [asyncio.create_task(courtesy.give_way()) for _ in range(4)]
    visits[0].over()
    await settled()
    assert not any(one.done() for one in giving)
    visits[1].over()
    await settled()
    assert all(one.done() for one in giving)
    visits[2].over()


async def test_of_many_who_have_given_way_together_one_goes_on_in_each_turn_of_the_loop() -> None:
    courtesy, turn, went_on = patient(few=0), 0, list[int]()
    somebody = courtesy.came()

    async def run() -> None:
        await courtesy.give_way()
        went_on.append(turn)

    running = asyncio.gather(*(run() for _ in range(20)))
    await settled()
    assert went_on == []
    somebody.over()
    while not running.done():
        await asyncio.sleep(0)
        turn += 1
    assert len(went_on) == len(set(went_on)) == 20


async def test_whoever_comes_while_others_leave_is_given_way_to_as_well() -> None:
    courtesy = patient(few=0)
    first = courtesy.came()
    giving = asyncio.create_task(courtesy.give_way())
    await settled()
    first.over()
    second = courtesy.came()
    await settled()
    assert not giving.done()
    second.over()
    await asyncio.wait_for(giving, LONG_S)


async def test_a_run_gives_way_for_a_moment_and_not_for_ever() -> None:
    courtesy = Courtesy(0, most_s=0.1)
    courtesy.came()
    giving = asyncio.create_task(courtesy.give_way())

    async def people_without_an_end() -> None:
        while True:
            courtesy.came()
            await asyncio.sleep(SOON_S)

    coming = asyncio.create_task(people_without_an_end())
    await asyncio.wait_for(giving, LONG_S)
    assert len(courtesy.visits) > 0
    # And then for a while not at all: where people come without an end, runs would stand still.
    assert not courtesy.many
    await courtesy.give_way()
    coming.cancel()


async def test_whoever_is_not_answered_in_a_moment_holds_up_nobody_longer() -> None:
    courtesy = Courtesy(0, most_s=SOON_S)
    courtesy.came()
    await asyncio.sleep(5 * SOON_S)
    assert not courtesy.visits


async def test_people_are_answered_in_the_order_in_which_they_came_some_at_a_time() -> None:
    courtesy, order, gates = patient(at_once=2), list[int](), [asyncio.Event() for _ in range(5)]

    async def answer(number: int) -> None:
        async with visit(courtesy):
            order.append(number)
            await gates[number].wait()

    asked = [asyncio.create_task(answer(number)) for number in range(5)]
    await settled()
    assert order == [0, 1]
    gates[1].set()
    await settled()
    assert order == [0, 1, 2]
    for gate in gates:
        gate.set()
    await asyncio.gather(*asked)
    assert order == [0, 1, 2, 3, 4]
    assert not courtesy.visits


@pytest.mark.parametrize("say", [prepared, only_waits])
async def test_an_answer_that_only_has_to_be_sent_lets_the_next_one_be_prepared(say: object) -> None:
    courtesy, order, sent = patient(at_once=1), list[str](), asyncio.Event()

    async def answer(name: str) -> None:
        async with visit(courtesy):
            order.append(name)
            assert callable(say)
            say()
            say()
            await sent.wait()

    asked = [asyncio.create_task(answer(name)) for name in "abc"]
    await settled()
    assert order == ["a", "b", "c"]
    # What is prepared is still waited for; what follows a run has had its answer.
    assert len(courtesy.visits) == (3 if say is prepared else 0)
    sent.set()
    await asyncio.gather(*asked)
    assert not courtesy.turns.locked()


async def test_a_slow_answer_keeps_others_waiting_only_for_a_moment() -> None:
    courtesy = Courtesy(at_once=1, most_s=LONG_S, preparing_s=SOON_S)
    slow, quick = courtesy.came(), courtesy.came()
    await slow.begin()
    await asyncio.wait_for(quick.begin(), LONG_S)
    slow.over()
    quick.over()
    assert not courtesy.turns.locked()


async def test_who_gives_up_while_waiting_takes_no_turn_from_anybody() -> None:
    courtesy = patient(at_once=1)
    first, last = courtesy.came(), courtesy.came()
    await first.begin()

    async def answer() -> None:
        async with visit(courtesy):
            raise AssertionError("its turn never came")

    given_up = asyncio.create_task(answer())
    waiting = asyncio.create_task(last.begin())
    await settled()
    given_up.cancel()
    await asyncio.gather(given_up, return_exceptions=True)
    first.over()
    await asyncio.wait_for(waiting, LONG_S)
    last.over()
    last.over()
    assert len(courtesy.visits) == 0 and not courtesy.turns.locked()


async def test_outside_the_work_for_somebody_there_is_nothing_to_say() -> None:
    prepared()
    only_waits()


async def test_so_many_begin_in_each_turn_of_the_loop_in_the_order_in_which_they_came() -> None:
    slices, turns, begun = Slices(2), [0], list[tuple[int, int]]()

    async def count() -> None:
        while True:
            await asyncio.sleep(0)
            turns[0] += 1

    async def work(number: int) -> None:
        await slices.begin()
        begun.append((number, turns[0]))

    counting = asyncio.create_task(count())
    await asyncio.gather(*(work(number) for number in range(7)))
    counting.cancel()
    assert [number for number, _ in begun] == list(range(7))
    at = [turn for _, turn in begun]
    assert [at.count(turn) for turn in sorted(set(at))] == [2, 2, 2, 1]


async def test_who_gives_up_before_beginning_keeps_nobody_waiting() -> None:
    slices, begun = Slices(1), list[int]()

    async def work(number: int) -> None:
        await slices.begin()
        begun.append(number)

    tasks = [asyncio.create_task(work(number)) for number in range(5)]
    await asyncio.sleep(0)
    tasks[2].cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert begun == [0, 1, 3, 4]
    await asyncio.wait_for(slices.begin(), LONG_S)
