"""Who has a page of their own, which chats are theirs, and which run a message shows."""

import asyncio
from datetime import timedelta

import pytest

from core.app.homes import Homes
from core.clock import ManualClock
from core.domain.run import RunState
from core.store.store import Store
from tests.store_values import START, begun

pytest_plugins = ("tests.storage",)

DAY = timedelta(days=1)
ALICE, BOB = "slack:U0ALICE", "slack:U0BOB"


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(START)


@pytest.fixture
def homes(store: Store, clock: ManualClock) -> Homes:
    return Homes(store, clock)


async def test_who_opened_a_page_last_comes_first_and_after_seven_days_nobody(
    homes: Homes, clock: ManualClock
) -> None:
    await homes.opened(ALICE, "T1")
    await clock.sleep(60)
    await homes.opened(BOB, "T1")
    assert await homes.readers(10) == ((BOB, "T1"), (ALICE, "T1"))
    await clock.sleep(60)
    await homes.opened(ALICE, "T1")
    assert await homes.readers(10) == ((ALICE, "T1"), (BOB, "T1"))
    assert await homes.readers(1) == ((ALICE, "T1"),)
    await clock.sleep(7 * 86_400 + 1)
    assert await homes.readers(10) == ()


async def test_a_page_that_is_forgotten_comes_back_when_it_is_opened_again(homes: Homes) -> None:
    await homes.opened(ALICE, "T1")
    await homes.forget(ALICE, "T1")
    assert await homes.readers(10) == ()
    await homes.opened(ALICE, "T1")
    assert await homes.readers(10) == ((ALICE, "T1"),)


async def test_the_later_of_two_openings_that_cross_counts(store: Store) -> None:
    await asyncio.gather(*(store.homes.opened(ALICE, "T1", START + n * DAY) for n in (3, 1, 2)))
    assert await store.homes.opened_since(START + 3 * DAY, 10) == ((ALICE, "T1"),)


async def test_a_chat_is_a_persons_own_for_thirty_days_after_they_asked_there(
    homes: Homes, clock: ManualClock
) -> None:
    await homes.visited(ALICE, "slack:C1")
    await clock.sleep(60)
    await homes.visited(ALICE, "slack:C2")
    await homes.visited(BOB, "slack:C3")
    assert await homes.places(ALICE) == ("slack:C2", "slack:C1")
    await clock.sleep(20 * 86_400)
    await homes.visited(ALICE, "slack:C1")
    await clock.sleep(11 * 86_400)
    assert await homes.places(ALICE) == ("slack:C1",)


async def test_a_message_shows_the_run_that_was_kept_with_it(store: Store, homes: Homes) -> None:
    await begun(store)
    await store.chats.remember_card("run00001", "slack", "C1", None, "1.5", START)
    assert await homes.run_shown("slack", "C1", "1.5") == "run00001"
    assert await homes.run_shown("slack", "C2", "1.5") is None
    assert await homes.run_shown("telegram", "C1", "1.5") is None


async def test_a_run_that_failed_is_no_news_for_pages(store: Store, homes: Homes) -> None:
    assert await homes.last_finished() is None
    await begun(store)
    await store.runs.end("run00001", RunState.FAILED, "no prices", START)
    assert await homes.last_finished() is None
    assert await homes.latest(5) == ()
