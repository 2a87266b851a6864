"""What the postman does when all is well, and when a platform does not take what it brings."""

import asyncio
from typing import Any

import pytest

from bot import postman as module
from bot.cards import AlertCard, Card, LeaderboardCard, Notice, ReviewCard
from bot.door import ChatGone, DeliveryFailed, Flooded, MessageRef, ThreadGone, Unsure
from bot.present.notices import NO_ROLE
from bot.request import Address
from core.domain.subscription import SubscriptionState
from tests.door_double import DoorDouble
from tests.postman_scene import ADMIN, CHAT, Opening, PostClock, Process, missing_in, trouble, until

pytest_plugins = ("tests.postman_fixtures",)

DAILY = "weekly review daily 16:00"
DAY_S, MINUTE_S = 86_400.0, 60.0
GRACE_S = 60 * MINUTE_S


async def test_a_slot_is_posted_once_however_often_it_is_looked_for(starting: Opening) -> None:
    process = await starting()
    await process.subscribes("leaderboard daily 16:00")
    await asyncio.gather(*(process.works() for _ in range(5)))
    await process.works()
    first, second = process.shown
    assert isinstance(first, LeaderboardCard)
    assert second == "equity-curves.png"
    assert await process.ended() == [("delivered", None)]


async def test_a_flood_is_waited_out_and_the_message_comes_once(
    starting: Opening, post_clock: PostClock
) -> None:
    process = await starting()
    await process.alarms()
    process.door.trouble = trouble(Flooded(40), Flooded(7))
    began = post_clock.monotonic()
    await process.works()
    assert process.door.calls == ["send"] * 3
    assert post_clock.monotonic() - began >= 47
    assert process.kinds == ["AlertCard"]
    assert await process.ended() == [("delivered", None)]


async def test_what_the_platform_surely_did_not_take_is_tried_again(starting: Opening) -> None:
    process = await starting()
    await process.alarms()
    process.door.trouble = trouble(*[DeliveryFailed("bad gateway")] * 6)
    await process.works()
    assert process.kinds == ["AlertCard"]
    assert len(process.door.calls) == 7


async def test_an_outage_puts_off_until_the_grace_is_over_and_the_next_time_says_so(
    starting: Opening, post_clock: PostClock
) -> None:
    process = await starting(schedule={"grace_minutes": 60})
    await process.subscribes(DAILY)
    began = post_clock.monotonic()
    process.door.trouble = lambda kind, number: DeliveryFailed("bad gateway")
    await process.works()
    assert module.PATIENCE_S <= post_clock.monotonic() - began <= module.PATIENCE_S + MINUTE_S
    assert await process.ended() == []
    tried = len(process.door.calls)
    await process.works()
    assert len(process.door.calls) == tried, "it rests for a while"
    while not await process.ended():
        post_clock.advance(5 * MINUTE_S)
        await process.works()
    assert GRACE_S <= post_clock.monotonic() - began <= GRACE_S + 1800
    ((state, _),) = await process.ended()
    assert state == "failed"
    assert (await process.next_slot()).missed == 1
    process.door.trouble = trouble()
    post_clock.advance(DAY_S - (post_clock.monotonic() - began))
    await process.works()
    (card,) = process.shown
    assert isinstance(card, ReviewCard)
    assert card.note is not None
    assert "One earlier one was missed" in card.note


async def test_an_alert_comes_after_an_outage_longer_than_the_grace(
    starting: Opening, post_clock: PostClock
) -> None:
    process = await starting(schedule={"grace_minutes": 60})
    await process.alarms()
    process.door.trouble = lambda kind, number: DeliveryFailed("bad gateway")
    for _ in range(6):
        await process.works()
        post_clock.advance(30 * MINUTE_S)
    assert await process.ended() == []
    process.door.trouble = trouble()
    await process.works()
    assert process.kinds == ["AlertCard"]
    assert await process.ended() == [("delivered", None)]


async def test_several_times_that_fell_into_an_outage_come_as_the_newest(
    starting: Opening, post_clock: PostClock
) -> None:
    process = await starting()
    await process.subscribes("weekly review cron 0 * * * *")
    process.door.trouble = lambda kind, number: DeliveryFailed("bad gateway")
    began = post_clock.monotonic()
    while post_clock.monotonic() - began < 3.5 * 3600:
        await process.works()
        post_clock.advance(5 * MINUTE_S)
    process.door.trouble = trouble()
    for _ in range(3):
        post_clock.advance(5 * MINUTE_S + 1)
        await process.works()
    (card,) = process.shown
    assert isinstance(card, ReviewCard)
    assert card.subtitle.endswith("2025-10-29 19:00 EDT")
    states = [state for state, _ in await process.ended()]
    assert states == ["failed"] * 3 + ["delivered"]
    # Each is told of once: the newest was on its way already when the last one before it was given up.
    assert card.note is not None
    assert "One earlier one was missed" in card.note
    assert (await process.next_slot()).missed == 2


async def test_what_comes_after_an_outage_says_so(starting: Opening, post_clock: PostClock) -> None:
    process = await starting()
    await process.subscribes(DAILY)
    process.door.trouble = lambda kind, number: DeliveryFailed("bad gateway")
    await process.works()
    process.door.trouble = trouble()
    post_clock.advance(5 * MINUTE_S + 1)
    await process.works()
    (card,) = process.shown
    assert isinstance(card, ReviewCard)
    assert card.note is not None
    assert card.note.startswith("Due at ")
    (due,) = await process.app._store.slots.ended(5)
    assert due.slot.late


async def test_what_may_have_arrived_is_never_sent_again_and_a_note_follows(starting: Opening) -> None:
    process = await starting()
    await process.alarms()
    process.door.trouble = trouble(Unsure("the connection broke"))
    await process.works()
    await process.works()
    (note,) = process.shown
    assert isinstance(note, Notice)
    assert note.text.startswith("Conclave was interrupted while it posted the alert due")
    ((state, told),) = await process.ended()
    assert (state, told) == ("delivered", "whether it arrived is not known; a note says so")


async def test_a_note_that_the_platform_did_not_take_is_tried_again(starting: Opening) -> None:
    process = await starting()
    await process.alarms()
    process.door.trouble = trouble(Unsure("?"), DeliveryFailed("bad gateway"), Flooded(3))
    await process.works()
    assert len(missing_in(process.shown)) == len(process.shown) == 1


async def test_a_note_that_may_have_arrived_is_not_sent_again_either(starting: Opening) -> None:
    process = await starting()
    await process.alarms()
    process.door.trouble = trouble(Unsure("?"), Unsure("?"))
    await process.works()
    await process.works()
    assert process.shown == []
    assert process.door.calls == ["send", "send"]


async def test_a_platform_that_does_not_answer_counts_as_unsure(
    starting: Opening, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CALL_TIMEOUT_S", 0.05)
    process = await starting()
    await process.alarms()
    process.door.trouble = trouble(asyncio.Event())
    await process.works()
    assert len(missing_in(process.shown)) == len(process.shown) == 1


class Closed(DoorDouble):
    """A platform on which one chat is closed."""

    async def send(self, address: Address, card: Card, **more: Any) -> MessageRef:
        if address.chat == CHAT:
            self.calls.append("closed")
            raise ChatGone("The bot was kicked.")
        return await super().send(address, card, **more)


async def test_a_chat_that_is_closed_is_paused_as_a_whole_and_the_admins_hear_it_once(
    starting: Opening,
) -> None:
    process = await starting()
    await process.alarms("alert:1", CHAT, "-100999")
    await process.subscribes(DAILY)
    await process.subscribes("leaderboard daily 16:00")
    process.door = Closed(pace_s=0.1)
    process.postman.open(process.door)
    await process.works()
    rows = await process.app._store.subscriptions.of_chat("telegram", CHAT)
    facts = [(one.state, one.reason, due) for one, due in rows]
    assert facts == [(SubscriptionState.PAUSED, "The bot was kicked.", None)] * 3
    told = [seen.now for seen in process.door.messages.values() if seen.address.chat == "1001"]
    assert [one.text for one in told if isinstance(one, Notice)] == [
        f"The chat telegram:{CHAT} is closed to Conclave, so its subscriptions 1, 3, 4 are paused. "
        "The bot was kicked. They go on when the chat is open again, at the latest after the next "
        "command there."
    ]
    others = [seen.now for seen in process.door.messages.values() if seen.address.chat == "-100999"]
    assert [type(one) for one in others] == [AlertCard]
    calls = len(process.door.calls)
    await process.works()
    assert len(process.door.calls) == calls


async def test_a_chat_whose_subscriber_lost_the_role_gets_nothing_more_and_the_admins_hear_it(
    starting: Opening,
) -> None:
    process = await starting()
    one = await process.subscribes(DAILY, by="telegram:777")
    await process.works()
    await process.works()
    ((state, note),) = await process.ended()
    assert (state, note) == ("failed", NO_ROLE)
    (seen,) = process.door.messages.values()
    assert seen.address.chat == "1001"
    assert f"Subscription {one.number} of the chat telegram:{CHAT} is paused." in seen.now.text
    ((kept, due),) = await process.app._store.subscriptions.of_chat("telegram", CHAT)
    assert (kept.state, kept.reason, due) == (SubscriptionState.PAUSED, NO_ROLE, None)


async def test_who_became_a_viewer_still_gets_reviews_but_causes_no_runs(starting: Opening) -> None:
    process = await starting(access={"admins": [ADMIN], "people": [{"id": "telegram:777", "role": "viewer"}]})
    await process.subscribes(DAILY, by="telegram:777")
    await process.subscribes("verdicts NVDA daily 16:00", by="telegram:777")
    await process.works()
    assert sorted(await process.ended()) == [("delivered", None), ("failed", NO_ROLE)]


async def test_of_a_chat_with_a_closed_thread_only_what_goes_there_is_paused(starting: Opening) -> None:
    process = await starting()
    await process.subscribes(DAILY, thread="7")
    await process.subscribes("alerts on")
    process.door.trouble = trouble(ThreadGone("It is closed."))
    await process.works()
    rows = await process.app._store.subscriptions.of_chat("telegram", CHAT)
    assert [(one.thread, one.state, one.reason) for one, _ in rows] == [
        ("7", SubscriptionState.PAUSED, "It is closed."),
        (None, SubscriptionState.ACTIVE, None),
    ]
    (told,) = process.shown
    assert isinstance(told, Notice)
    assert told.text.startswith(f"A thread of the chat telegram:{CHAT} is closed to Conclave, so its")


async def test_an_admin_whose_own_chat_is_closed_hears_nothing_there(starting: Opening) -> None:
    process = await starting()
    await process.alarms("alert:1", "1001")
    process.door.trouble = trouble(ChatGone("Blocked by the user."))
    await process.works()
    assert process.door.calls == ["send"]
    ((state, note),) = await process.ended()
    assert (state, note) == ("failed", "Blocked by the user.")


async def test_a_group_that_became_another_chat_gets_its_posts_there_from_then_on(
    starting: Opening, post_clock: PostClock
) -> None:
    class Moving(DoorDouble):
        async def send(self, address: Address, card: Card, **more: Any) -> MessageRef:
            ref = await super().send(address, card, **more)
            return MessageRef(Address("telegram", "-100777"), ref.message)

    process = await starting()
    await process.subscribes(DAILY)
    process.postman.open(Moving(pace_s=0.1))
    await process.works()
    assert await process.ended() == [("delivered", None)]
    process.postman.open(process.door)
    post_clock.advance(DAY_S)
    await process.works()
    assert [seen.address.chat for seen in process.door.messages.values()] == ["-100777"]


async def test_what_cannot_be_made_becomes_one_sentence(
    starting: Opening, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object) -> object:
        raise ZeroDivisionError("secret inner thing")

    process = await starting()
    await process.subscribes(DAILY)
    await process.alarms()
    monkeypatch.setattr(process.app, "review", broken)
    await process.works()
    notices = [one for one in process.shown if isinstance(one, Notice)]
    assert len(notices) == 1
    assert notices[0].text.startswith("Something went wrong here.")
    assert "inner" not in notices[0].text
    assert sorted(process.kinds) == ["AlertCard", "Notice"]
    assert [state for state, _ in await process.ended()] == ["delivered", "delivered"]


async def test_a_bug_in_one_delivery_stops_no_other(starting: Opening) -> None:
    process = await starting()
    await process.alarms("alert:1", "-1", "-2", "-3")
    process.door.trouble = trouble(ZeroDivisionError("a bug"))
    await process.works()
    assert process.kinds == ["AlertCard", "AlertCard"]
    states = sorted(await process.ended(), key=str)
    assert states == [
        ("delivered", None),
        ("delivered", None),
        ("failed", "an internal error; see the log"),
    ]


async def test_only_open_platforms_are_served(starting: Opening) -> None:
    process = await starting()
    await process.subscribes(DAILY, "C0TRADING", platform="slack")
    await process.alarms()
    process.postman.shut(process.door)
    await process.works()
    assert process.shown == []
    slack = DoorDouble("slack", pace_s=0.1)
    process.postman.open(slack)
    await process.works()
    assert (len(slack.messages), process.shown) == (1, [])
    process.postman.open(process.door)
    await process.works()
    (card,) = process.shown
    assert isinstance(card, AlertCard)


async def test_a_platform_shut_meanwhile_is_no_failure(starting: Opening, post_clock: PostClock) -> None:
    process = await starting()
    await process.alarms()
    await process.postman.tick()
    process.postman.shut(process.door)
    await process.postman.until_idle()
    assert await process.ended() == []
    process.postman.open(process.door)
    post_clock.advance(5 * MINUTE_S + 1)
    await process.works()
    assert process.kinds == ["AlertCard"]


async def test_no_more_are_worked_on_at_once_than_there_is_room_for(
    starting: Opening, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "AT_ONCE", 3)
    process, gate = await starting(), asyncio.Event()
    await process.alarms("alert:1", *(f"-{number}" for number in range(1, 8)))
    process.door.trouble = lambda kind, number: gate
    await process.postman.tick()
    await until(lambda: len(process.door.calls) == 3)
    await process.postman.tick()
    assert await waiting(process) == 4
    gate.set()
    await process.postman.until_idle()
    await process.works()
    await process.works()
    assert process.kinds == ["AlertCard"] * 7


async def waiting(process: Process) -> int:
    return len(await process.app._store.slots.upcoming(100))
