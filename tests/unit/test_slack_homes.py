"""Pages after runs: newest openers first, each once a minute, all of them slower than Slack's rate."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest

from bot import slack_homes
from bot.door import ChatGone, DeliveryFailed, Flooded
from bot.front import Front
from bot.home_page import HomePage
from bot.present.leaderboard import leaderboard_card
from bot.request import Address, Person
from bot.slack_adapter import SlackDoor
from bot.slack_homes import BATCH, HomeKeeper
from bot.slack_workspaces import SlackTeams
from core.clock import ManualClock
from core.domain.errors import StoreError
from tests.arena_facts import AS_OF
from tests.standings_facts import LEADERBOARD

BOARD = leaderboard_card(LEADERBOARD)
ALICE, BOB = ("slack:U0ALICE", "T1"), ("slack:U0BOB", "T1")


class World:
    """A front, a door and a clock that a test looks into."""

    def __init__(self) -> None:
        self.clock = ManualClock(AS_OF)
        self.readers: list[tuple[str, str]] = []
        self.finished: datetime | None = None
        self.forgotten: list[tuple[str, str]] = []
        self.kept: list[tuple[str, str]] = []
        self.published: list[tuple[str, float]] = []
        self.failures: dict[str, Exception] = {}
        self.store_fails = 0
        self.strangers: set[str] = set()
        self.refused: list[tuple[str, str, str]] = []
        self.gone: set[str] = set()

    def run_ends(self) -> None:
        self.finished = (self.finished or AS_OF) + timedelta(seconds=1)

    # What the keeper asks.

    async def home(
        self, person: Person, common: object = None, own: object = None
    ) -> tuple[HomePage, Address]:
        board = None if person.id in self.strangers else BOARD
        return HomePage(title="Conclave", intro="x", leaderboard=board), Address("slack", "C0TRADING")

    async def common(self) -> object:
        return object()

    async def last_finished(self) -> datetime | None:
        if self.store_fails:
            self.store_fails -= 1
            raise StoreError("the database is away")
        return self.finished

    async def newest(self, limit: int) -> tuple[tuple[str, str], ...]:
        return tuple(self.readers[:limit])

    async def opened(self, person: str, team: str) -> None:
        self.kept.append((person, team))

    async def refuse(self, person: Person, address: Address, what: str) -> None:
        self.refused.append((person.id, address.chat_id, what))

    async def forget(self, person: str, team: str) -> None:
        self.forgotten.append((person, team))

    async def publish(self, user: str, view: dict[str, Any]) -> None:
        if failure := self.failures.pop(user, None):
            raise failure
        self.published.append((user, self.clock.monotonic()))

    def keeper(self) -> HomeKeeper:
        homes = SimpleNamespace(
            readers=self.newest, last_finished=self.last_finished, opened=self.opened, forget=self.forget
        )
        front = SimpleNamespace(
            app=SimpleNamespace(homes=homes), home=self.home, common=self.common, refused=self.refuse
        )
        door = cast("SlackDoor", SimpleNamespace(publish=self.publish))

        async def door_of(body: dict[str, str]) -> SlackDoor | None:
            return None if body["team_id"] in self.gone else door

        async def own(team: str, chats: Sequence[str]) -> Sequence[str]:
            return chats

        teams = cast("SlackTeams", SimpleNamespace(door_of=door_of, own=own))
        return HomeKeeper(cast("Front", front), teams, self.clock)

    def users(self) -> list[str]:
        return [user for user, _ in self.published]


@asynccontextmanager
async def keeping(keeper: HomeKeeper) -> AsyncIterator[None]:
    task = asyncio.create_task(keeper.keep())
    await asyncio.sleep(0)
    yield
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def until(condition: Callable[[], object]) -> None:
    for _ in range(20_000):
        if condition():
            return
        await asyncio.sleep(0)
    raise AssertionError("it never came true")


async def rounds(world: World, seconds: float) -> None:
    """Let the keeper look again and again until so much of its time is over."""
    end = world.clock.monotonic() + seconds
    await until(lambda: world.clock.monotonic() >= end)


@pytest.fixture
def world() -> World:
    return World()


async def test_an_opened_page_is_published_at_once_and_remembered(world: World) -> None:
    await world.keeper().opened(Person(ALICE[0], ""), "T1")
    assert world.users() == ["U0ALICE"]
    assert world.kept == [ALICE]


async def test_a_strangers_page_is_published_and_not_remembered(world: World) -> None:
    world.strangers.add(ALICE[0])
    await world.keeper().opened(Person(ALICE[0], ""), "T1")
    assert world.users() == ["U0ALICE"]
    assert world.kept == []
    assert world.refused == [("slack:U0ALICE", "slack:U0ALICE", "stranger: the Home tab")]


async def test_the_start_is_no_news_and_a_run_is(world: World) -> None:
    world.readers = [BOB, ALICE]
    world.finished = AS_OF
    async with keeping(world.keeper()):
        await rounds(world, 300)
        assert world.published == []
        world.run_ends()
        await until(lambda: len(world.published) == 2)
        await rounds(world, 300)
    assert world.users() == ["U0BOB", "U0ALICE"]


async def test_many_runs_within_a_minute_are_one_refresh_and_the_last_is_not_lost(world: World) -> None:
    world.readers = [ALICE]
    async with keeping(world.keeper()):
        world.run_ends()
        await until(lambda: world.published)
        first = world.published[0][1]
        for _ in range(5):
            world.run_ends()
            await rounds(world, 6)
        assert len(world.published) == 1
        await until(lambda: len(world.published) == 2)
        assert world.published[1][1] - first >= 60
        await rounds(world, 300)
    assert len(world.published) == 2


async def test_all_pages_together_stay_below_slacks_rate(world: World) -> None:
    world.readers = [(f"slack:U{number:05d}", "T1") for number in range(600)]
    async with keeping(world.keeper()):
        world.run_ends()
        await until(lambda: len(world.published) == slack_homes.MOST_PAGES)
    times = [at for _, at in world.published]
    assert max(sum(1 for at in times if at - 60 < end <= at) for end in times) <= 60
    assert world.users()[:3] == ["U00000", "U00001", "U00002"]
    assert len(world.published) > BATCH


async def test_slacks_word_to_wait_is_kept_and_nobody_is_left_out(world: World) -> None:
    world.readers = [ALICE, BOB]
    world.failures["U0ALICE"] = Flooded(90)
    async with keeping(world.keeper()):
        world.run_ends()
        begun = world.clock.monotonic()
        await until(lambda: len(world.published) == 2)
    assert all(at - begun >= 90 for _, at in world.published)
    assert sorted(world.users()) == ["U0ALICE", "U0BOB"]


async def test_who_is_gone_is_forgotten_and_the_others_are_not(world: World) -> None:
    world.readers = [ALICE, BOB, ("slack:U0CAROL", "T9")]
    world.failures["U0ALICE"] = ChatGone("user_not_found")
    world.gone.add("T9")
    async with keeping(world.keeper()):
        world.run_ends()
        await until(lambda: len(world.forgotten) == 2)
    assert world.forgotten == [ALICE, ("slack:U0CAROL", "T9")]
    assert world.users() == ["U0BOB"]


async def test_trouble_with_one_page_or_with_the_store_ends_nothing(world: World) -> None:
    world.readers = [ALICE, BOB]
    world.failures["U0ALICE"] = DeliveryFailed("no connection")
    world.store_fails = 3
    async with keeping(world.keeper()):
        await rounds(world, 30)
        world.run_ends()
        await until(lambda: world.users() == ["U0BOB"])
        await rounds(world, 60)
        world.run_ends()
        await until(lambda: len(world.published) >= 3)
    assert set(world.users()) == {"U0ALICE", "U0BOB"}
