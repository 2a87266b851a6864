"""Every time is worked on once, by one process at a time, and none is lost."""

import asyncio
from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import event

from core.clock import ManualClock
from core.domain.subscription import Due, SlotState, Step, SubscriptionState
from core.store.store import Store
from tests.schedule_values import (
    ALERTS,
    DAY,
    MINUTE,
    VERDICTS,
    claimed,
    daily,
    due_counts,
    planned,
    states,
    subscribed,
    taken_over,
)
from tests.store_values import START

pytest_plugins = ("tests.storage",)


class PowerCut(Exception):
    """The process is no more."""


async def test_what_is_due_is_claimed_and_its_next_time_is_there(store: Store) -> None:
    number = (await subscribed(store, wanted=VERDICTS)).number
    assert await claimed(store, START - timedelta(microseconds=1)) == ()
    (due,) = await claimed(store)
    assert due.subscription == await store.subscriptions.get(number)
    assert (due.slot.key, due.slot.state, due.slot.missed, due.slot.late) == (
        planned().key,
        SlotState.CLAIMED,
        0,
        False,
    )
    assert await states(store, number) == [(planned().key, "claimed"), (planned(START + DAY).key, "due")]
    assert await claimed(store) == ()
    (next_one,) = await claimed(store, START + DAY)
    assert next_one.slot.at == START + DAY


async def test_the_value_that_a_claim_returns_is_a_whole_and_valid_one(store: Store) -> None:
    await subscribed(store, thread="5", first=planned(tickers=("NVDA", "AAPL")))
    (due,) = await claimed(store)
    for made in (due.subscription, due.terms, due.slot):
        assert type(made).model_validate(made.model_dump()) == made
        assert type(made).model_validate_json(made.model_dump_json()) == made
        assert made.model_copy() == made
    await store.slots.end(due, "host-1", SlotState.DELIVERED, None, START)
    (ended,) = await store.slots.ended(1)
    assert (ended.subscription, ended.terms) == (due.subscription, due.terms)
    assert ended.slot == due.slot.model_copy(update={"state": SlotState.DELIVERED, "ended_at": START})


async def test_those_due_first_come_first_and_no_more_than_were_asked_for(store: Store) -> None:
    late = [START + minutes * MINUTE for minutes in (3, 1, 2)]
    for hour, at in enumerate(late):
        await subscribed(store, f"-{hour}", first=planned(START, due_at=at))
    first = await claimed(store, START + 3 * MINUTE, limit=2)
    assert [due.slot.due_at for due in first] == [START + MINUTE, START + 2 * MINUTE]
    assert len(await claimed(store, START + 3 * MINUTE, limit=2)) == 1


async def test_a_process_claims_for_the_platforms_that_it_serves(store: Store) -> None:
    await subscribed(store)
    await subscribed(store, "C0TRADING", platform="slack")
    assert await claimed(store, platforms=()) == ()
    assert [due.subscription.platform for due in await claimed(store, platforms=("slack",))] == ["slack"]
    assert [due.subscription.platform for due in await claimed(store)] == ["telegram"]


async def test_many_that_claim_at_once_never_get_the_same(url: str, store: Store, clock: ManualClock) -> None:
    for chat in range(60):
        await subscribed(store, f"-{chat}")
    other = await Store.open(url, clock)
    got: list[Due] = []

    async def worker(own: Store, name: str) -> None:
        while some := await claimed(own, owner=name, limit=7):
            got.extend(some)
            await asyncio.sleep(0)

    try:
        await asyncio.gather(*(worker(own, f"host-{n}") for n, own in enumerate([store, other] * 3)))
    finally:
        await other.close()
    assert set(Counter((due.slot.subscription, due.slot.key) for due in got).values()) == {1}
    assert len(got) == 60
    assert set((await due_counts(store)).values()) == {("active", 1)}


@pytest.mark.parametrize("at", range(12))
async def test_a_crash_anywhere_in_a_claim_leaves_every_subscription_its_next_time(
    store: Store, at: int
) -> None:
    for chat in range(5):
        await subscribed(store, f"-{chat}")
    before = [await states(store, number) for number in await due_counts(store)]
    statements = 0

    def cut(*_: object) -> None:
        nonlocal statements
        statements += 1
        if statements > at:
            raise PowerCut

    def step(due: Due) -> Step:
        if at >= 7 and due.subscription.chat == f"-{at - 7}":
            raise PowerCut
        moved = planned(START + timedelta(hours=1))
        newer = due.slot.model_copy(update={"key": moved.key, "at": moved.at, "missed": 1})
        return daily(due)._replace(slot=newer if due.subscription.chat == "-3" else due.slot)

    engine = store.database.sync_engine
    if at < 7:
        event.listen(engine, "before_cursor_execute", cut)
    try:
        with pytest.raises(PowerCut):
            await claimed(store, step=step)
    finally:
        if at < 7:
            event.remove(engine, "before_cursor_execute", cut)
    assert [await states(store, number) for number in await due_counts(store)] == before
    assert len(await claimed(store)) == 5


async def test_a_claim_that_is_cancelled_has_claimed_nothing(store: Store) -> None:
    for chat in range(5):
        await subscribed(store, f"-{chat}")
    for turns in range(1, 40):
        task = asyncio.create_task(claimed(store))
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        done = (await asyncio.gather(task, return_exceptions=True))[0]
        assert set((await due_counts(store)).values()) == {("active", 1)}
        if isinstance(done, tuple):
            break
    taken = await taken_over(store, START + MINUTE)
    assert len(taken) + len(await claimed(store)) == 5


async def test_several_missed_times_become_the_newest(store: Store) -> None:
    number = (await subscribed(store)).number
    newest = planned(START + 2 * DAY, tickers=("NVDA",))

    def step(due: Due) -> Step:
        slot = due.slot.model_copy(
            update={"key": newest.key, "at": newest.at, "due_at": newest.due_at, "tickers": newest.tickers}
            | {"missed": 2, "late": True}
        )
        return Step(slot=slot, next=planned(START + 3 * DAY))

    (due,) = await claimed(store, START + 2 * DAY + MINUTE, step=step)
    assert (due.slot.key, due.slot.missed, due.slot.late, due.slot.state) == (
        newest.key,
        2,
        True,
        SlotState.CLAIMED,
    )
    assert await states(store, number) == [
        (planned().key, "failed"),
        (newest.key, "claimed"),
        (planned(START + 3 * DAY).key, "due"),
    ]
    (missed,) = await store.slots.ended(5)
    assert missed.slot.note == f"missed; {newest.key} stands for it"
    (again,) = await taken_over(store, START + 3 * DAY)
    assert again.slot == due.slot


async def test_one_that_is_too_old_ends_and_the_next_says_how_many_were_missed(store: Store) -> None:
    await subscribed(store)

    def step(due: Due) -> Step:
        slot = due.slot.model_copy(update={"note": "too late: nobody was there"})
        return Step(slot=slot, dropped=True, next=planned(START + DAY), carried=1)

    assert await claimed(store, START + 7 * timedelta(hours=1), step=step) == ()
    (dropped,) = await store.slots.ended(5)
    assert (dropped.slot.state, dropped.slot.note) == (SlotState.FAILED, "too late: nobody was there")
    (due,) = await claimed(store, START + DAY)
    assert due.slot.missed == 1


async def test_a_newest_missed_time_that_is_too_old_ends_as_well(store: Store) -> None:
    number = (await subscribed(store)).number

    def step(due: Due) -> Step:
        newest = planned(START + DAY)
        slot = due.slot.model_copy(update={"key": newest.key, "at": newest.at, "note": "too late"})
        return Step(slot=slot, dropped=True, next=planned(START + 2 * DAY), carried=2)

    assert await claimed(store, START + DAY + timedelta(hours=7), step=step) == ()
    assert [state for _, state in await states(store, number)] == ["failed", "failed", "due"]


async def test_a_time_that_was_worked_on_is_not_worked_on_again_when_the_clock_goes_back(
    store: Store,
) -> None:
    number = (await subscribed(store)).number
    (first,) = await claimed(store)
    await store.slots.end(first, "host-1", SlotState.DELIVERED, None, START)
    again = Step(slot=first.slot, next=planned(START + DAY))
    assert await claimed(store, START + DAY, step=lambda due: again) == ()
    assert await states(store, number) == [(planned().key, "delivered"), (planned(START + DAY).key, "failed")]
    assert [one.number for one, _ in await store.subscriptions.unplanned()] == [number]
    assert await store.slots.plan([(number, planned(START + 2 * DAY))]) == 1
    assert await due_counts(store) == {number: ("active", 1)}


async def test_a_next_time_that_is_there_already_spoils_no_one_elses(store: Store) -> None:
    for chat in range(3):
        await subscribed(store, f"-{chat}")

    def step(due: Due) -> Step:
        back = due.subscription.chat == "-1"
        return Step(slot=due.slot, next=planned(due.slot.at if back else due.slot.at + DAY))

    assert len(await claimed(store, step=step)) == 3
    assert sorted(count for _, count in (await due_counts(store)).values()) == [0, 1, 1]


async def test_alerts_wait_side_by_side(store: Store) -> None:
    number = (await subscribed(store, wanted=ALERTS)).number
    pairs = [(number, planned(key=key)) for key in ("one", "two")]
    assert await store.slots.plan(pairs) == 2
    assert await store.slots.plan(pairs) == 0
    assert sorted(due.slot.key for due in await claimed(store)) == ["one", "two"]
    assert await store.slots.plan(pairs) == 0
    assert await claimed(store) == ()


async def test_only_active_subscriptions_are_planned_and_only_once(store: Store) -> None:
    active = await subscribed(store, first=None)
    paused = await subscribed(store, "-200", first=None)
    await store.subscriptions.pause(paused.number, None)
    pairs = [(number, planned()) for number in (active.number, paused.number, 99)]
    assert await store.slots.plan(pairs) == 1
    assert await store.slots.plan([(active.number, planned(START + DAY))]) == 0
    assert await due_counts(store) == {active.number: ("active", 1), paused.number: ("paused", 0)}


async def test_the_state_of_things_can_be_asked(store: Store) -> None:
    assert await store.slots.oldest_due(START) is None
    for chat in range(3):
        await subscribed(store, f"-{chat}", first=planned(START + chat * MINUTE))
    assert [due.subscription.chat for due in await store.slots.upcoming(2)] == ["-0", "-1"]
    assert await store.slots.oldest_due(START - MINUTE) is None
    assert await store.slots.oldest_due(START + DAY) == START
    for due in await claimed(store, START + DAY):
        at = START + int(due.subscription.chat[1:]) * DAY
        await store.slots.end(due, "host-1", SlotState.FAILED, "no reason", at)
    assert [due.subscription.chat for due in await store.slots.ended(2)] == ["-2", "-1"]
    assert [due.slot.note for due in await store.slots.ended(1)] == ["no reason"]


async def test_a_subscription_may_be_paused_while_it_is_being_claimed(
    url: str, store: Store, clock: ManualClock
) -> None:
    numbers = [(await subscribed(store, f"-{chat}")).number for chat in range(20)]
    other = await Store.open(url, clock)
    try:
        for turn in range(3):
            now = START + turn * DAY
            work = [claimed(store, now, limit=3) for _ in range(4)]
            work += [other.subscriptions.pause(number, None) for number in numbers[turn::4]]  # type: ignore[misc]
            work += [other.subscriptions.resume(number, planned(now + DAY)) for number in numbers[::4]]  # type: ignore[misc]
            await asyncio.gather(*work)
            for state, count in (await due_counts(store)).values():
                assert count == (1 if state == SubscriptionState.ACTIVE else 0)
    finally:
        await other.close()
