"""What a chat asked for is kept with its next time, and only once."""

import asyncio
from datetime import time, timedelta

import pytest
from sqlalchemy import text

from core.clock import ManualClock
from core.domain.errors import Refused, StoreError
from core.domain.subscription import ChatTerms, Planned, Slot, Subscription, SubscriptionState, Topic
from core.store.store import Store
from tests.schedule_values import (
    ALERTS,
    DAY,
    DIGEST,
    VERDICTS,
    as_it_was,
    claimed,
    daily,
    due_counts,
    planned,
    states,
    subscribed,
)
from tests.store_values import START

pytest_plugins = ("tests.storage",)

TERMS = ChatTerms(zone="Europe/London", quiet_from=time(22), quiet_until=time(7), cheaper=True)


async def test_a_subscription_comes_back_as_it_was_kept_with_its_next_time(store: Store) -> None:
    first = planned(START + DAY, due_at=START + DAY + timedelta(hours=3), tickers=("NVDA",))
    added = await subscribed(store, wanted=VERDICTS, thread="5", first=first)
    assert added.wanted == VERDICTS
    assert (added.platform, added.chat, added.thread, added.created_at) == ("telegram", "-100", "5", START)
    assert await store.subscriptions.get(added.number) == added
    ((kept, slot),) = await store.subscriptions.of_chat("telegram", "-100")
    assert kept == added
    assert slot is not None
    assert (slot.key, slot.at, slot.due_at, slot.tickers) == (
        first.key,
        first.at,
        first.due_at,
        ("NVDA",),
    )
    assert await store.subscriptions.get(added.number + 1) is None


async def test_a_chat_may_have_so_many_and_no_more(store: Store) -> None:
    first = await subscribed(store, limit=2)
    await subscribed(store, wanted=VERDICTS, limit=2)
    with pytest.raises(Refused, match=r"has 2 subscriptions, and 2 is the most .* /unsubscribe"):
        await subscribed(store, wanted=ALERTS, limit=2)
    await subscribed(store, "-200", limit=2)
    await store.subscriptions.pause(first.number, None)
    with pytest.raises(Refused):
        await subscribed(store, wanted=ALERTS, limit=2)
    await store.subscriptions.delete(first.number)
    await subscribed(store, wanted=ALERTS, limit=2)


async def test_the_same_wish_twice_is_refused_with_the_number_of_the_first(store: Store) -> None:
    first = await subscribed(store)
    with pytest.raises(Refused, match=f"it is subscription {first.number}\\."):
        await subscribed(store)
    await subscribed(store, thread="5")
    await store.subscriptions.pause(first.number, None)
    with pytest.raises(Refused, match="which is paused"):
        await subscribed(store)
    await store.subscriptions.delete(first.number)
    assert (await subscribed(store)).number != first.number


async def test_two_people_who_subscribe_at_once_do_not_pass_the_limit(url: str, store: Store) -> None:
    other = await Store.open(url, store.database.clock)
    wishes = [DIGEST, VERDICTS, DIGEST, VERDICTS, ALERTS, ALERTS]
    try:
        tries = [
            subscribed(store if turn % 2 else other, wanted=wish, limit=2) for turn, wish in enumerate(wishes)
        ]
        done = await asyncio.gather(*tries, return_exceptions=True)
    finally:
        await other.close()
    assert sorted(isinstance(one, Refused) for one in done) == [False] * 2 + [True] * 4
    assert len(await store.subscriptions.of_chat("telegram", "-100")) == 2


async def test_a_paused_one_has_no_next_time_until_it_goes_on(store: Store) -> None:
    number = (await subscribed(store)).number
    assert await store.subscriptions.pause(number, "The chat is gone.")
    assert not await store.subscriptions.pause(number, None)
    ((paused, slot),) = await store.subscriptions.of_chat("telegram", "-100")
    assert (paused.state, paused.reason, slot) == (SubscriptionState.PAUSED, "The chat is gone.", None)
    assert await claimed(store, START + DAY) == ()
    assert await store.subscriptions.resume(number, planned(START + 3 * DAY))
    assert not await store.subscriptions.resume(number, planned(START + 4 * DAY))
    ((resumed, slot),) = await store.subscriptions.of_chat("telegram", "-100")
    assert (resumed.state, resumed.reason) == (SubscriptionState.ACTIVE, None)
    assert slot is not None
    assert slot.at == START + 3 * DAY


async def test_a_deleted_one_is_never_claimed_and_what_it_posted_stays_known(store: Store) -> None:
    number = (await subscribed(store)).number
    (due,) = await claimed(store)
    assert await store.subscriptions.delete(number)
    assert not await store.subscriptions.delete(number)
    assert await store.subscriptions.of_chat("telegram", "-100") == ()
    assert await states(store, number) == [(due.slot.key, "claimed")]
    for change in (
        store.subscriptions.resume(number, planned()),
        store.subscriptions.pause(number, None),
        store.subscriptions.change(number, VERDICTS, planned()),
    ):
        assert not await change
    kept = await store.subscriptions.get(number)
    assert kept is not None
    assert kept.state is SubscriptionState.DELETED


async def test_another_wish_has_another_next_time(store: Store) -> None:
    number = (await subscribed(store)).number
    later = planned(START + DAY, tickers=("NVDA",))
    assert await store.subscriptions.change(number, VERDICTS, later)
    ((changed, slot),) = await store.subscriptions.of_chat("telegram", "-100")
    assert (changed.wanted, changed.number) == (VERDICTS, number)
    assert slot is not None
    assert slot.key == later.key
    assert await states(store, number) == [(later.key, "due")]
    assert [one.number for one, _ in await store.subscriptions.active(Topic.VERDICTS)] == [number]
    assert await store.subscriptions.active(Topic.DIGEST) == ()


async def test_a_paused_one_may_be_changed_and_stays_paused(store: Store) -> None:
    number = (await subscribed(store)).number
    await store.subscriptions.pause(number, None)
    assert await store.subscriptions.change(number, VERDICTS, planned())
    assert await due_counts(store) == {number: ("paused", 0)}


async def test_a_change_to_a_wish_that_the_chat_has_is_refused(store: Store) -> None:
    first = await subscribed(store)
    second = await subscribed(store, wanted=VERDICTS)
    with pytest.raises(Refused, match=f"subscription {first.number}"):
        await store.subscriptions.change(second.number, DIGEST, planned(START + DAY))
    assert await store.subscriptions.change(second.number, VERDICTS, planned(START + DAY))
    assert not await store.subscriptions.change(99, VERDICTS, planned())


async def test_missed_times_are_told_with_the_next_one_though_the_wish_has_changed(store: Store) -> None:
    number = (await subscribed(store)).number
    await claimed(store, step=lambda due: daily(due)._replace(carried=3))
    await store.subscriptions.change(number, VERDICTS, planned(START + 2 * DAY))
    ((_, slot),) = await store.subscriptions.of_chat("telegram", "-100")
    assert slot is not None
    assert slot.missed == 3


async def test_a_chat_that_is_gone_is_paused_whole(store: Store) -> None:
    numbers = [(await subscribed(store, wanted=wish)).number for wish in (DIGEST, VERDICTS, ALERTS)]
    await store.subscriptions.pause(numbers[1], None)
    other = await subscribed(store, "-200")
    paused = await store.subscriptions.pause_chat("telegram", "-100", "The chat is gone.")
    assert paused == (numbers[0], numbers[2])
    found = [await store.subscriptions.get(number) for number in paused]
    assert {(one.state, one.reason) for one in found if one} == {
        (SubscriptionState.PAUSED, "The chat is gone.")
    }
    assert await store.subscriptions.pause_chat("telegram", "-100", "The chat is gone.") == ()
    assert [one.number for one, _ in await store.subscriptions.active()] == [other.number]
    assert (await due_counts(store))[numbers[0]] == ("paused", 0)


@pytest.mark.parametrize("closed", ["7", None], ids=["a thread", "the chat outside of threads"])
async def test_of_a_chat_only_the_place_that_is_closed_is_paused(store: Store, closed: str | None) -> None:
    places = {(await subscribed(store, thread=thread)).number: thread for thread in ("7", "8", None)}
    (paused,) = await store.subscriptions.pause_chat(
        "telegram", "-100", "It is closed.", closed, only_thread=True
    )
    assert places[paused] == closed
    assert len(await store.subscriptions.active()) == 2


async def test_terms_and_the_times_that_follow_from_them_change_together(store: Store) -> None:
    assert await store.subscriptions.terms("telegram:-100") == ChatTerms()
    digest = await subscribed(store)
    verdicts = await subscribed(store, wanted=VERDICTS)
    paused = await subscribed(store, wanted=VERDICTS, thread="5")
    await store.subscriptions.pause(paused.number, None)
    other = await subscribed(store, "-200")
    later = planned(START + 5 * timedelta(hours=1))
    asked = []

    def replan(one: Subscription, slot: Slot | None) -> Planned | None:
        asked.append((one.number, slot and slot.key))
        return later if one.number == digest.number else None

    await store.subscriptions.set_terms("telegram:-100", TERMS, START, replan)
    assert asked == [(digest.number, planned().key), (verdicts.number, planned().key)]
    assert await store.subscriptions.terms("telegram:-100") == TERMS
    assert await states(store, digest.number) == [(later.key, "due")]
    assert await states(store, verdicts.number) == await states(store, paused.number) == []
    assert await states(store, other.number) == [(planned().key, "due")]
    assert [terms for _, terms in await store.subscriptions.active(platform="telegram", chat="-100")] == [
        TERMS,
        TERMS,
    ]
    assert [one.number for one, _ in await store.subscriptions.unplanned()] == [verdicts.number]
    assert await store.slots.plan([(verdicts.number, later)]) == 1
    assert await store.subscriptions.unplanned() == ()


async def test_an_alert_that_waits_for_the_end_of_quiet_hours_is_moved_with_them(store: Store) -> None:
    number = (await subscribed(store, wanted=ALERTS)).number
    keys = ("stop:claude:AAPL:2025-10-29", "stop:claude:NVDA:2025-10-29")
    waits = [(number, planned(key=key, due_at=START + timedelta(hours=8))) for key in keys]
    assert await store.slots.plan(waits) == 2
    sooner = START + timedelta(hours=1)

    def replan(_: Subscription, slot: Slot | None) -> Planned | None:
        return slot and planned(key=slot.key, due_at=sooner)

    await store.subscriptions.set_terms("telegram:-100", TERMS, START, replan)
    found = {due.slot.key: (due.slot.at, due.slot.due_at) for due in await store.slots.upcoming(10)}
    assert found == dict.fromkeys(keys, (START, sooner))


async def test_terms_that_are_set_as_a_slot_is_claimed_leave_a_next_one(store: Store) -> None:
    number = (await subscribed(store)).number
    changed = store.subscriptions.set_terms("telegram:-100", TERMS, START, as_it_was)
    await asyncio.gather(claimed(store), changed)
    await claimed(store)
    assert await states(store, number) == [(planned().key, "claimed"), (planned(START + DAY).key, "due")]


async def test_of_two_who_change_the_same_terms_at_once_none_undoes_what_the_other_did(
    store: Store, url: str
) -> None:
    other = await Store.open(url, ManualClock(START))
    try:
        seen = await store.subscriptions.terms("telegram:-100")
        wanted = [seen.model_copy(update={"runs_by": "admin"}), seen.model_copy(update={"language": "de"})]
        took = await asyncio.gather(
            *(
                one.subscriptions.set_terms("telegram:-100", terms, START, as_it_was, before=seen)
                for one, terms in zip((store, other), wanted, strict=True)
            )
        )
        assert sorted(took) == [False, True]
        assert await store.subscriptions.terms("telegram:-100") == wanted[took.index(True)]
    finally:
        await other.close()


async def test_a_group_that_became_another_keeps_all(store: Store) -> None:
    number = (await subscribed(store)).number
    await store.subscriptions.set_terms("telegram:-100", TERMS, START, as_it_was)
    await subscribed(store, "-100", platform="slack")
    await store.known_chats.move("telegram:-100", "telegram:-1002", START)
    ((moved, slot),) = await store.subscriptions.of_chat("telegram", "-1002")
    assert (moved.number, moved.chat_id) == (number, "telegram:-1002")
    assert slot is not None
    assert await store.subscriptions.terms("telegram:-1002") == TERMS
    assert await store.subscriptions.terms("telegram:-100") == ChatTerms()
    assert await store.subscriptions.of_chat("telegram", "-100") == ()
    assert len(await store.subscriptions.of_chat("slack", "-100")) == 1
    (due,) = await claimed(store, platforms=("telegram",))
    assert (due.subscription.chat, due.terms) == ("-1002", TERMS)


async def test_terms_that_were_set_in_the_new_group_stay(store: Store) -> None:
    await store.subscriptions.set_terms("telegram:-100", TERMS, START, as_it_was)
    await store.subscriptions.set_terms("telegram:-1002", ChatTerms(zone="Asia/Tokyo"), START, as_it_was)
    await store.known_chats.move("telegram:-100", "telegram:-1002", START)
    assert (await store.subscriptions.terms("telegram:-1002")).zone == "Asia/Tokyo"


@pytest.mark.parametrize("wish", ["no json", '{"topic": "horoscope"}', "[]", '{"topic":"digest","when":{}}'])
async def test_a_damaged_wish_is_one_sentence_and_hides_nobody_elses(store: Store, wish: str) -> None:
    number = (await subscribed(store)).number
    other = await subscribed(store, "-200")
    async with store.database.write() as connection:
        await connection.execute(
            text("UPDATE subscriptions SET wanted = :wish WHERE number = :number"),
            {"wish": wish, "number": number},
        )
    sentence = f"^Subscription {number} is damaged in the database; delete it and subscribe again.$"
    with pytest.raises(StoreError, match=sentence):
        await store.subscriptions.get(number)
    with pytest.raises(StoreError, match=sentence):
        await store.subscriptions.of_chat("telegram", "-100")
    assert [one.number for one, _ in await store.subscriptions.active()] == [other.number]
    assert [one.subscription.number for one in await store.slots.upcoming(10)] == [other.number]
    added = await subscribed(store)
    assert await store.subscriptions.delete(number)
    ((kept, _),) = await store.subscriptions.of_chat("telegram", "-100")
    assert kept == added


async def test_damaged_terms_are_one_sentence_and_can_be_set_again(store: Store) -> None:
    await subscribed(store)
    async with store.database.write() as connection:
        await connection.execute(text("""UPDATE chat_terms SET terms = '{"zone": 5}'"""))
    with pytest.raises(StoreError, match=r"^The settings of telegram:-100 are damaged .* set them again\.$"):
        await store.subscriptions.terms("telegram:-100")
    await store.subscriptions.set_terms("telegram:-100", TERMS, START, as_it_was)
    assert await store.subscriptions.terms("telegram:-100") == TERMS


async def test_text_that_no_database_can_hold_is_kept_as_far_as_it_can_be(store: Store) -> None:
    added = await subscribed(store, "-1\0", thread="\ud800")
    assert (added.chat, added.thread) == ("-1\ufffd", "\ufffd")
    assert await store.subscriptions.pause(added.number, "gone\0")
    kept = await store.subscriptions.get(added.number)
    assert kept is not None
    assert kept.reason == "gone\ufffd"
