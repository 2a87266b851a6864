"""There is room for so much work at a time, and what only waits for a run takes none of it."""

import asyncio

import pytest

from bot.arrival import Room, accepted, only_waits, start


async def test_who_comes_when_it_is_full_waits_until_somebody_has_left() -> None:
    room = Room(1)
    stay = await room.enter()
    assert room.full and room.enter_now() is None
    coming = asyncio.create_task(room.enter())
    await asyncio.sleep(0)
    assert not coming.done()
    stay.leave()
    (await coming).leave()
    assert not room.full


async def test_leaving_twice_frees_one_place() -> None:
    room = Room(1)
    stay = await room.enter()
    stay.leave()
    stay.leave()
    await room.enter()
    assert room.full


async def test_what_only_waits_lets_others_in_and_comes_back_to_nothing() -> None:
    room, ended = Room(1), asyncio.Event()

    async def follow_a_run() -> None:
        only_waits()
        only_waits()
        await ended.wait()

    task, _ = start(follow_a_run(), room.enter_now())
    await asyncio.sleep(0)
    stay = room.enter_now()
    assert stay is not None and room.full
    ended.set()
    await task
    await asyncio.sleep(0)
    assert room.full  # the place of who waited was given away before
    stay.leave()
    assert not room.full


async def test_of_those_that_wait_only_so_many_give_their_place_away() -> None:
    room, ended = Room(2, most_waiting=1), asyncio.Event()

    async def follow_a_run() -> None:
        only_waits()
        await ended.wait()

    tasks = [start(follow_a_run(), room.enter_now())[0] for _ in range(2)]
    await asyncio.sleep(0)
    assert room.enter_now() is not None and room.full
    ended.set()
    await asyncio.gather(*tasks)
    await asyncio.sleep(0)
    assert not room.full


async def test_a_task_within_the_work_may_say_that_it_waits() -> None:
    room, ended = Room(1), asyncio.Event()

    async def follow_in_a_task() -> None:
        await asyncio.create_task(tell())
        await ended.wait()

    async def tell() -> None:
        only_waits()

    task, _ = start(follow_in_a_task(), room.enter_now())
    await asyncio.sleep(0.01)
    assert not room.full
    ended.set()
    await task


@pytest.mark.parametrize("cancel", [False, True])
async def test_work_that_fails_or_is_cancelled_before_it_began_gives_its_place_back(cancel: bool) -> None:
    room = Room(1)

    async def fail() -> None:
        raise ValueError

    task, kept = start(fail(), room.enter_now())
    if cancel:
        task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await asyncio.sleep(0)
    assert not room.full
    assert kept.is_set()


async def test_outside_of_any_work_nothing_is_said() -> None:
    accepted()
    only_waits()
