"""That an answer is being worked on is shown late, seldom, and only where nobody needs the room."""

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from heapq import heappop

import pytest

from bot.at_work import LATER_S, Signs
from bot.door import ChatGone, Flooded
from bot.pacer import Pacers
from bot.request import Address
from tests.door_double import DoorDouble
from tests.shared_clock import SharedClock, settled

PLACES = [Address("telegram", str(number)) for number in range(1, 41)]


class Typing(DoorDouble):
    """A door that types, and remembers where and when."""

    shows_work = True

    def __init__(self, clock: SharedClock, again_s: float | None = 4.0) -> None:
        super().__init__(pace_s=1.0)
        self.clock = clock
        self.again_s = again_s
        self.typed: list[tuple[str, float]] = []

    async def working(self, address: Address) -> float | None:
        self.typed.append((address.chat, self.clock.monotonic()))
        await self._meet("working")
        return self.again_s


class Scene:
    def __init__(self, again_s: float | None = 4.0) -> None:
        self.clock = SharedClock(alone=True)
        self.door = Typing(self.clock, again_s)
        self.pacers = Pacers(self.clock)
        self.signs = Signs(self.pacers, self.clock)

    @contextmanager
    def shown(self, *places: Address) -> Iterator[None]:
        with ExitStack() as work:
            for place in places:
                work.enter_context(self.signs.shown(self.door, place))
            yield


async def test_what_is_done_within_two_seconds_shows_nothing() -> None:
    scene = Scene()
    for _ in range(5):
        with scene.shown(*PLACES):
            await scene.clock.passing(1.9)
    await scene.clock.passing(60)
    assert scene.door.typed == []


async def test_longer_work_is_shown_as_often_as_the_door_wants_it_until_it_ends() -> None:
    scene = Scene()
    with scene.shown(PLACES[0]):
        await scene.clock.passing(11)
    await scene.clock.passing(60)
    assert scene.door.typed == [("1", 2.0), ("1", 6.0), ("1", 10.0)]


async def test_what_began_later_is_shown_in_its_own_time_whoever_waits_to_be_shown_again() -> None:
    scene = Scene()
    with scene.shown(PLACES[0]):
        await scene.clock.passing(3)
        with scene.shown(PLACES[1]):
            await scene.clock.passing(4)
    assert scene.door.typed == [("1", 2.0), ("2", 5.0), ("1", 6.0)]


async def test_a_door_that_wants_it_once_is_asked_once() -> None:
    scene = Scene(again_s=None)
    with scene.shown(PLACES[0]):
        await scene.clock.passing(60)
    assert scene.door.typed == [("1", 2.0)]


async def test_it_waits_while_something_else_needs_the_room() -> None:
    scene = Scene(again_s=None)
    with scene.shown(PLACES[0]):
        await scene.clock.passing(1.5)
        turn = await scene.pacers.at(scene.door, PLACES[0]).turn()
        assert turn is not None
        turn.over()
        await scene.clock.passing(60)
    assert scene.door.typed == [("1", 2.0 + LATER_S)]


@pytest.mark.parametrize("failure", [Flooded(30.0), ChatGone("It has left.")])
async def test_it_ends_where_the_platform_refuses_it(failure: Exception) -> None:
    scene = Scene()
    scene.door.trouble = lambda kind, number: failure
    with scene.shown(PLACES[0]):
        await scene.clock.passing(60)
    assert scene.door.typed == [("1", 2.0)]
    assert scene.pacers.at(scene.door, PLACES[0]).closed is False


async def test_a_flood_closes_the_chat_for_its_time() -> None:
    scene = Scene()
    scene.door.trouble = lambda kind, number: Flooded(30.0)
    with scene.shown(PLACES[0]):
        await scene.clock.passing(3)
        assert scene.pacers.at(scene.door, PLACES[0]).closed


async def test_a_door_that_shows_no_work_is_left_alone() -> None:
    scene = Scene()
    scene.door.shows_work = False
    with scene.shown(PLACES[0]):
        await scene.clock.passing(60)
    assert scene.door.typed == []


async def test_many_who_work_at_once_are_looked_after_by_one_task() -> None:
    scene = Scene()
    with scene.shown(*PLACES):
        await scene.clock.passing(1)
        assert len(scene.clock._sleepers) == 1
        await scene.clock.passing(2)
    assert len(scene.door.typed) == len(PLACES)


async def test_trouble_in_one_chat_keeps_nobody_else_from_being_shown(
    caplog: pytest.LogCaptureFixture,
) -> None:
    scene = Scene(again_s=None)
    pace = scene.door.pace

    def broken(address: Address) -> float:
        if address == PLACES[0]:
            raise KeyError("pace")
        return pace(address)

    scene.door.pace = broken  # type: ignore[method-assign]
    with scene.shown(*PLACES[:3]):
        await scene.clock.passing(3)
    assert scene.door.typed == [("2", 2.0), ("3", 2.0)]
    assert "telegram:1 is not shown that we work" in caplog.text


async def test_a_turn_that_comes_in_the_moment_in_which_the_work_ends_is_given_back() -> None:
    scene = Scene()
    scene.door.a_second = 30
    with scene.shown(PLACES[0]):
        await scene.clock.passing(1)
        scene.clock.advance(1)
        scene.signs._show(heappop(scene.signs._due)[2])
    await settled(alone=True)
    bot = scene.pacers.bot(scene.door)
    assert bot is not None
    assert scene.door.typed == []
    assert not bot._under_way


async def test_nothing_is_shown_after_the_end() -> None:
    scene, answered = Scene(), asyncio.Event()
    scene.door.trouble = lambda kind, number: answered
    with scene.shown(*PLACES):
        await scene.clock.passing(2.5)
        shown = list(scene.door.typed)
        await scene.signs.close()
        answered.set()
        with scene.shown(PLACES[0]):
            await scene.clock.passing(60)
    assert scene.door.typed == shown != []
