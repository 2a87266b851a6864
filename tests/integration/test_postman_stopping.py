"""Processes that die while they post, stop in order, or work on one database at the same time."""

import asyncio
import logging
from collections import Counter

import pytest

from bot import postman as module
from bot.bot_pacer import Turn
from bot.cards import AlertCard, LeaderboardCard, Notice
from bot.door import DeliveryFailed, Flooded, Unsure
from core.app.agenda import LEASE
from core.domain.errors import StoreError
from core.domain.subscription import SlotState
from tests.postman_scene import (
    AFTER_LEASE,
    CHAT,
    Opening,
    PostClock,
    Process,
    due_of,
    missing_in,
    trouble,
    until,
)

pytest_plugins = ("tests.storage", "tests.postman_fixtures")

BOARD = "leaderboard daily 16:00"
REVIEW = "weekly review daily 16:00"


@pytest.fixture(autouse=True)
def _quick_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    async def drawn(draw: object) -> bytes:
        return b"png"

    monkeypatch.setattr("bot.pictures.off_loop.drawn", drawn)


async def dies_while_it_posts(process: Process, calls: int = 1) -> None:
    """Let the process be killed after so many calls, in the middle of the last."""
    process.door.trouble = trouble(*[None] * (calls - 1), asyncio.Event())
    await process.postman.tick()
    await until(lambda: len(process.door.calls) == calls)
    await process.dies()


async def test_who_takes_over_from_one_that_died_while_it_posted_sends_a_note_and_not_the_message(
    starting: Opening, post_clock: PostClock, url: str
) -> None:
    one, two = await starting(url=url), await starting(url=url)
    await one.alarms()
    await dies_while_it_posts(one)
    await two.works()
    assert two.shown == [], "the lease has not run out"
    post_clock.advance(AFTER_LEASE)
    await asyncio.gather(*(two.works() for _ in range(3)))
    await two.works()
    (note,) = two.shown
    assert missing_in([note])
    ((state, _),) = await two.ended()
    assert state == "delivered"


async def test_a_note_is_not_sent_twice_though_its_process_dies_as_well(
    starting: Opening, post_clock: PostClock
) -> None:
    one, two, three = [await starting() for _ in range(3)]
    await one.alarms()
    await dies_while_it_posts(one)
    post_clock.advance(AFTER_LEASE)
    await dies_while_it_posts(two)
    post_clock.advance(AFTER_LEASE)
    await three.works()
    assert (one.shown, two.shown, three.shown) == ([], [], [])
    assert len(two.door.calls) == 1


async def test_who_was_taken_over_while_it_posted_sends_nothing_more(
    starting: Opening, post_clock: PostClock
) -> None:
    one, two = await starting(), await starting()
    await one.subscribes(BOARD)
    gate = asyncio.Event()
    one.door.trouble = lambda kind, number: gate
    await one.postman.tick()
    await until(lambda: one.door.calls)
    post_clock.advance(AFTER_LEASE)
    await two.works()
    gate.set()
    await one.postman.until_idle()
    assert one.kinds == ["LeaderboardCard"]
    assert len(missing_in(two.shown)) == len(two.shown) == 1


async def test_one_that_died_between_two_messages_is_followed_by_the_second_only(
    starting: Opening, post_clock: PostClock
) -> None:
    one, two = await starting(), await starting()
    await one.subscribes(BOARD)
    reached = asyncio.Event()
    original = one.postman._send_and_note
    count = 0

    async def dying(due: object, mail: object, turn: Turn) -> bool:
        nonlocal count
        count += 1
        if count == 2:
            reached.set()
            await asyncio.Event().wait()
        return await original(due, mail, turn)  # type: ignore[arg-type]

    one.postman._send_and_note = dying  # type: ignore[method-assign]
    await one.postman.tick()
    await reached.wait()
    await one.dies()
    post_clock.advance(AFTER_LEASE)
    await two.works()
    (first,) = one.shown
    assert isinstance(first, LeaderboardCard)
    assert two.shown == ["equity-curves.png"]
    assert await two.ended() == [("delivered", None)]


async def test_one_that_died_before_it_posted_is_followed_by_the_whole_which_says_that_it_is_late(
    starting: Opening, post_clock: PostClock
) -> None:
    one, two = await starting(), await starting()
    await one.subscribes(BOARD)
    (due,) = await one.app.agenda.claim(("telegram",))
    assert due.slot.state is SlotState.CLAIMED
    post_clock.advance(1800)
    await two.works()
    card, picture = two.shown
    assert isinstance(card, LeaderboardCard)
    assert card.facts[0] == "Due at 16:00, delivered at 16:30."
    assert picture == "equity-curves.png"


async def test_what_a_dead_process_left_is_missed_once_the_grace_is_over(
    starting: Opening, post_clock: PostClock
) -> None:
    one, two = await starting(), await starting()
    await one.subscribes(BOARD)
    await one.app.agenda.claim(("telegram",))
    post_clock.advance(7 * 3600)
    await two.works()
    assert two.shown == []
    assert await two.ended() == [("failed", "not delivered within the grace")]
    assert (await two.next_slot()).missed == 1


async def test_the_rest_of_what_a_chat_has_a_part_of_comes_however_late(
    starting: Opening, post_clock: PostClock
) -> None:
    one, two = await starting(), await starting()
    await one.subscribes(BOARD)
    await dies_while_it_posts(one)
    post_clock.advance(7 * 3600)
    await two.works()
    assert len(missing_in(two.shown)) == len(two.shown) == 1


async def test_closing_lets_arrive_what_is_on_its_way_and_gives_back_the_rest(
    starting: Opening, url: str
) -> None:
    one, two = await starting(url=url), await starting(url=url)
    gate = asyncio.Event()
    await one.alarms("alert:1", *(f"-{number}" for number in range(1, 6)))
    one.door.trouble = lambda kind, number: gate
    await one.postman.tick()
    await until(lambda: len(one.door.calls) == 5)
    closing = asyncio.create_task(one.postman.close())
    await asyncio.sleep(0.01)
    assert not closing.done()
    gate.set()
    await closing
    assert one.kinds == ["AlertCard"] * 5
    assert await one.ended() == [("delivered", None)] * 5
    await one.alarms("alert:2", "-9")
    await one.works()
    assert one.kinds == ["AlertCard"] * 5
    await two.works()
    assert Counter(type(card) for card in two.shown) == {AlertCard: 6}


async def test_what_waits_when_the_process_is_told_to_stop_goes_on_in_the_next_at_once(
    starting: Opening, post_clock: PostClock
) -> None:
    one, two = await starting(), await starting()
    await one.alarms("alert:1", "-1", "-2", "-3")
    entered = asyncio.Event()

    async def endless(seconds: float) -> None:
        entered.set()
        await asyncio.Event().wait()

    sleep, post_clock.sleep = post_clock.sleep, endless  # type: ignore[method-assign]
    await one.postman.tick()
    await entered.wait()
    await one.postman.close()
    post_clock.sleep = sleep  # type: ignore[method-assign]
    await two.works()
    assert one.shown == []
    assert two.kinds == ["AlertCard"] * 3


async def test_closing_begins_no_second_message_which_the_next_process_sends(starting: Opening) -> None:
    one, two = await starting(), await starting()
    await one.subscribes(BOARD)
    gate = asyncio.Event()
    one.door.trouble = lambda kind, number: gate
    await one.postman.tick()
    await until(lambda: one.door.calls)
    closing = asyncio.create_task(one.postman.close())
    await asyncio.sleep(0.01)
    gate.set()
    await closing
    assert one.kinds == ["LeaderboardCard"]
    await two.works()
    assert two.shown == ["equity-curves.png"]
    assert await two.ended() == [("delivered", None)]


async def test_what_does_not_arrive_in_time_is_left_to_the_next_process_as_unknown(
    starting: Opening, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "FINISH_WITHIN_S", 0.05)
    one, two = await starting(), await starting()
    await one.alarms()
    one.door.trouble = trouble(asyncio.Event())
    await one.postman.tick()
    await until(lambda: one.door.calls)
    await one.postman.close()
    await two.works()
    assert len(missing_in(two.shown)) == len(two.shown) == 1


async def test_what_is_claimed_while_the_process_is_told_to_stop_is_given_back(
    starting: Opening, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = await starting(), await starting()
    await one.alarms()
    claim, claimed, gate = one.app.agenda.claim, asyncio.Event(), asyncio.Event()

    async def slowly(*arguments: object) -> object:
        found = await claim(*arguments)  # type: ignore[arg-type]
        claimed.set()
        await gate.wait()
        return found

    monkeypatch.setattr(one.app.agenda, "claim", slowly)
    ticking = asyncio.create_task(one.postman.tick())
    await claimed.wait()
    await one.postman.close()
    gate.set()
    await ticking
    await two.works()
    assert (one.shown, two.kinds) == ([], ["AlertCard"])


async def test_a_database_that_fails_once_delays_a_slot_and_loses_none(
    starting: Opening, post_clock: PostClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    process = await starting()
    await process.alarms()
    begin, failures = process.app.agenda.begin, [StoreError("The database is busy.")]

    async def failing(due: object) -> bool:
        if failures:
            raise failures.pop()
        return await begin(due)  # type: ignore[arg-type]

    monkeypatch.setattr(process.app.agenda, "begin", failing)
    await process.works()
    assert process.shown == []
    post_clock.advance(LEASE.total_seconds())
    await process.works()
    assert process.kinds == ["AlertCard"]


async def test_only_what_is_worked_on_keeps_its_lease(starting: Opening, post_clock: PostClock) -> None:
    one, two = await starting(), await starting()
    await one.alarms("alert:1", "-1", "-2")
    (let_fall,) = await one.app.agenda.claim(("telegram",), 1)
    gate = asyncio.Event()
    one.door.trouble = lambda kind, number: gate
    await one.postman.tick()
    await until(lambda: one.door.calls)
    post_clock.advance(50)
    await one.app.agenda.keep([due_of(one)])
    post_clock.advance(50)
    await two.works()
    (taken,) = two.door.messages.values()
    assert taken.address.chat == let_fall.subscription.chat
    gate.set()
    await one.postman.until_idle()
    assert one.kinds == ["AlertCard"]


async def test_two_processes_on_one_database_never_post_the_same_twice(starting: Opening, url: str) -> None:
    one, two = await starting(url=url), await starting(url=url)
    chats = [f"-{number}" for number in range(1, 31)]
    await one.alarms("alert:1", *chats)

    def rough(kind: str, number: int) -> Exception | None:
        return {3: Flooded(1), 5: DeliveryFailed("bad gateway"), 8: Unsure("?")}.get(number)

    one.door.trouble = two.door.trouble = rough
    await asyncio.gather(*(process.works() for process in (one, two) for _ in range(3)))
    await one.works()
    seen = [shown for process in (one, two) for shown in process.door.messages.values()]
    assert Counter(shown.address.chat for shown in seen) == Counter(chats)
    notes = [shown for shown in seen if isinstance(shown.now, Notice)]
    assert len(notes) <= 2
    assert len(await one.ended()) == 30


async def test_no_error_is_logged_by_an_ordinary_day(
    starting: Opening, caplog: pytest.LogCaptureFixture, post_clock: PostClock
) -> None:
    one = await starting()
    await one.alarms()
    await one.subscribes(REVIEW, CHAT)
    await one.works()
    post_clock.advance(86_400)
    await one.works()
    await one.postman.close()
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []
