"""Chats that close, open and move, for processes on one database: told twice, in any order, by anybody."""

import asyncio
import logging
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from core.app.app import App
from core.clock import ManualClock
from core.domain.chat import ChatOpened, ChatState
from core.domain.subscription import SubscriptionState
from core.schedule.reading import read_wanted
from tests import arena
from tests.store_values import START

pytest_plugins = ("tests.storage",)

OLD, NEW, PERSON = "telegram:-300", "telegram:-100300", "telegram:1001"
CLOSED, ACTIVE, PAUSED = ChatState.CLOSED, SubscriptionState.ACTIVE, SubscriptionState.PAUSED
pytestmark = pytest.mark.timeout(60)


@pytest.fixture
async def processes(url: str, tmp_path: Path) -> AsyncIterator[tuple[App, App]]:
    access = {"admins": [PERSON], "chats": [{"id": OLD, "role": "viewer"}]}
    clock = ManualClock(START)
    nowhere = "http://127.0.0.1:9"
    one = await arena.opened(nowhere, tmp_path, url=url, clock=clock, access=access)
    two = await arena.opened(nowhere, tmp_path, url=url, clock=clock, access=access)
    yield one, two
    await one.close()
    await two.close()


async def subscribes(app: App, chat_id: str, line: str) -> int:
    platform, _, chat = chat_id.partition(":")
    made = await app.subscriptions.subscribe(
        platform, chat, None, person=PERSON, wanted=read_wanted(line.split())
    )
    return made.listed.subscription.number


async def states(app: App, chat_id: str) -> list[tuple[SubscriptionState, bool]]:
    """Of each subscription its state, and whether a next time is planned."""
    platform, _, chat = chat_id.partition(":")
    listed = await app.subscriptions.of_chat(platform, chat)
    return [(one.subscription.state, one.slot is not None) for one in listed]


async def test_what_rests_while_a_chat_is_closed_goes_on_with_its_next_time(
    processes: tuple[App, App],
) -> None:
    one, two = processes
    numbers = [await subscribes(one, OLD, line) for line in ("digest weekdays 09:00", "alerts on")]
    by_hand = await subscribes(one, OLD, "review saturdays 10:00")
    await one.subscriptions.pause("telegram", "-300", by_hand)
    shut = await asyncio.gather(
        *(app.known_chats.was_shut(OLD, CLOSED, f"Told by {app is one}.") for app in (one, two, one))
    )
    assert sorted(number for each in shut for number in each.paused) == numbers
    assert [each.new for each in shut].count(True) == 1
    assert len({each.reason for each in shut}) == 1
    assert await states(two, OLD) == [(PAUSED, False)] * 3
    opened = await asyncio.gather(*(app.known_chats.was_opened(OLD) for app in (one, two, one)))
    assert await states(two, OLD) == [(ACTIVE, True), (ACTIVE, False), (PAUSED, False)]
    assert sorted(each.was is CLOSED for each in opened) == [False, False, True]


async def test_a_process_that_dies_while_it_opens_a_chat_leaves_the_rest_to_the_next(
    processes: tuple[App, App], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = processes
    numbers = tuple([await subscribes(one, OLD, line) for line in ("digest weekdays 09:00", "alerts on")])
    await one.known_chats.was_shut(OLD, CLOSED, "Removed.")
    original = one.subscriptions.resume

    async def dies(platform: str, chat: str, number: int) -> bool:
        if number == numbers[1]:
            raise asyncio.CancelledError
        return await original(platform, chat, number)

    monkeypatch.setattr(one.subscriptions, "resume", dies)
    with pytest.raises(asyncio.CancelledError):
        await one.known_chats.was_opened(OLD)
    assert await two.known_chats.was_opened(OLD) == ChatOpened(CLOSED, (numbers[1],))
    assert [state for state, _ in await states(two, OLD)] == [ACTIVE, ACTIVE]


async def test_a_chat_that_nobody_has_heard_of_or_that_is_open_opens_without_a_word(
    processes: tuple[App, App],
) -> None:
    one, _ = processes
    assert await one.known_chats.was_opened(NEW) == ChatOpened(None, ())
    await one.known_chats.described(NEW, "group", "Traders")
    assert await one.known_chats.was_opened(NEW) == ChatOpened(ChatState.OPEN, ())


async def test_a_move_that_everybody_tells_happens_once_and_is_written_down_once(
    processes: tuple[App, App], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    one, two = processes
    await subscribes(one, OLD, "digest weekdays 09:00")
    told = await asyncio.gather(*(app.known_chats.was_moved(OLD, NEW) for app in (one, two, one, two)))
    assert sorted(told) == [False, False, False, True]
    assert (await states(two, NEW), await states(two, OLD)) == ([(ACTIVE, True)], [])
    assert len([line for line in caplog.messages if "[[access.chats]] names" in line]) == 1
    mover, other = (one, two) if told.index(True) % 2 == 0 else (two, one)
    for app, lines in ((mover, 0), (other, 1), (other, 0)):
        caplog.clear()
        await app.known_chats.warn_of_old_ids()  # as it begins
        assert len(caplog.messages) == lines


async def test_a_group_that_seemed_to_throw_us_out_as_it_moved_goes_on_in_the_new_one(
    processes: tuple[App, App],
) -> None:
    one, two = processes
    await subscribes(one, OLD, "digest weekdays 09:00")
    await one.known_chats.was_shut(OLD, CLOSED, "The bot is no longer in the group.")
    await two.known_chats.was_moved(OLD, NEW)
    assert await states(one, NEW) == [(ACTIVE, True)]
    assert await one.known_chats.shut() == ()
    shut = await one.known_chats.was_shut(OLD, CLOSED, "Told late.")
    assert (shut.new, shut.paused) == (False, ())
