"""What was claimed is kept for a while and ends once; what is damaged is set aside and holds up nobody."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select, text

from core.clock import ManualClock
from core.domain.errors import StoreError
from core.domain.subscription import Due, SlotState
from core.store.schedule_tables import slots
from core.store.store import Store
from tests.schedule_values import DAY, MINUTE, claimed, due_counts, planned, states, subscribed, taken_over
from tests.store_values import START

pytest_plugins = ("tests.storage",)


async def test_a_lease_that_ran_out_is_taken_over_once(url: str, store: Store, clock: ManualClock) -> None:
    await subscribed(store)
    (due,) = await claimed(store)
    assert await taken_over(store, START + MINUTE - timedelta(microseconds=1)) == ()
    other = await Store.open(url, clock)
    try:
        taken = await asyncio.gather(
            *(taken_over(own, START + MINUTE, f"host-{n}") for n, own in enumerate([store, other] * 3))
        )
    finally:
        await other.close()
    assert sorted(len(one) for one in taken) == [0] * 5 + [1]
    assert next(one for one in taken if one)[0].slot == due.slot


async def test_who_lost_a_slot_learns_it_and_changes_nothing(store: Store) -> None:
    number = (await subscribed(store)).number
    (due,) = await claimed(store)
    assert await store.slots.running(due, "host-1")
    assert await store.slots.posting(due, "host-1")
    (taken,) = await taken_over(store, START + MINUTE)
    assert (taken.slot.state, taken.slot.posting, taken.slot.posted) == (SlotState.RUNNING, True, 0)
    for word in (
        store.slots.running(due, "host-1"),
        store.slots.posting(due, "host-1"),
        store.slots.posted(due, "host-1", "77"),
        store.slots.end(due, "host-1", SlotState.FAILED, "gone", START),
    ):
        assert not await word
    assert await states(store, number) == [(due.slot.key, "running"), (planned(START + DAY).key, "due")]
    assert await messages(store, due) == ()
    assert await store.slots.end(taken, "host-2", SlotState.DELIVERED, None, START + MINUTE)
    assert not await store.slots.end(taken, "host-2", SlotState.FAILED, "twice", START + MINUTE)


async def messages(store: Store, due: Due) -> tuple[str, ...]:
    here = (slots.c.subscription == due.slot.subscription, slots.c.key == due.slot.key)
    async with store.database.read() as connection:
        found: tuple[str, ...] = (
            await connection.execute(select(slots.c.messages).where(*here))
        ).scalar_one()
        return found


async def test_messages_are_counted_as_they_are_posted(store: Store) -> None:
    await subscribed(store)
    (due,) = await claimed(store)
    for message in ("77", "78"):
        assert await store.slots.posting(due, "host-1")
        assert await store.slots.posted(due, "host-1", message)
    (taken,) = await taken_over(store, START + MINUTE)
    assert (taken.slot.posted, taken.slot.posting) == (2, False)
    assert await messages(store, due) == ("77", "78")


async def test_leases_are_kept_and_given_back(store: Store) -> None:
    for chat in range(3):
        await subscribed(store, f"-{chat}")
    due, *_ = await claimed(store, limit=2)
    await claimed(store, owner="host-3")
    assert await store.slots.renew("host-1", START + 2 * MINUTE) == 2
    assert len(await taken_over(store, START + MINUTE)) == 1
    await store.slots.release("host-1", START + MINUTE)
    assert not await store.slots.running(due, "host-1")
    assert await store.slots.renew("host-1", START + DAY) == 0
    assert len(await taken_over(store, START + MINUTE)) == 2


async def test_what_is_no_longer_wanted_is_not_taken_over(store: Store) -> None:
    paused, deleted = await subscribed(store, "-1"), await subscribed(store, "-2")
    await claimed(store)
    await store.subscriptions.pause(paused.number, None)
    await store.subscriptions.delete(deleted.number)
    assert await taken_over(store, START + MINUTE) == ()
    notes = {due.slot.note for due in await store.slots.ended(5)}
    assert notes == {"the subscription was paused meanwhile", "the subscription was deleted meanwhile"}


async def test_a_slot_ends_as_delivered_or_failed(store: Store) -> None:
    await subscribed(store)
    (due,) = await claimed(store)
    with pytest.raises(StoreError, match="it ends as delivered or failed"):
        await store.slots.end(due, "host-1", SlotState.DUE, None, START)


@pytest.mark.parametrize(
    ("table", "column", "value"),
    [
        ("subscriptions", "wanted", "'{'"),
        ("subscriptions", "created_at", "9223372036854775807"),
        ("slots", "tickers", "'5'"),
        ("chat_terms", "terms", "'null'"),
    ],
)
async def test_a_damaged_row_is_set_aside_and_holds_up_nobody(
    store: Store, table: str, column: str, value: str
) -> None:
    damaged = await subscribed(store)
    other = await subscribed(store, "-200")
    where = {
        "subscriptions": f"number = {damaged.number}",
        "slots": f"subscription = {damaged.number}",
        "chat_terms": "chat_id = 'telegram:-100'",
    }[table]
    async with store.database.write() as connection:
        await connection.execute(text(f"UPDATE {table} SET {column} = {value} WHERE {where}"))  # noqa: S608  # our own names
    (due,) = await claimed(store)
    assert due.subscription.number == other.number
    assert await states(store, damaged.number) == [(planned().key, "failed")]
    assert await due_counts(store) == {damaged.number: ("paused", 0), other.number: ("active", 1)}
    assert await claimed(store) == ()


async def test_a_damaged_row_that_was_claimed_is_not_taken_over(store: Store) -> None:
    await subscribed(store)
    await claimed(store)
    async with store.database.write() as connection:
        await connection.execute(text("UPDATE subscriptions SET wanted = '{'"))
        await connection.execute(text("UPDATE slots SET messages = '{' WHERE state = 'claimed'"))
    assert await taken_over(store, START + MINUTE) == ()
    assert await taken_over(store, START + DAY) == ()


async def test_damaged_ids_of_messages_are_one_sentence(store: Store) -> None:
    await subscribed(store)
    (due,) = await claimed(store)
    async with store.database.write() as connection:
        await connection.execute(text("UPDATE slots SET messages = '{' WHERE state = 'claimed'"))
    with pytest.raises(StoreError, match=r"^What was posted for a subscription is damaged"):
        await store.slots.posted(due, "host-1", "77")


@pytest.mark.parametrize(
    "change",
    [
        "state = 'due'",
        "state = 'delivered'",
        "ended_at = 5",
        "lease_until = NULL",
        "state = 'lost'",
        "missed = -1",
    ],
)
async def test_the_database_itself_refuses_what_makes_no_sense(store: Store, change: str) -> None:
    await subscribed(store)
    await claimed(store)
    with pytest.raises(StoreError, match="refused"):
        async with store.database.write() as connection:
            await connection.execute(text(f"UPDATE slots SET {change} WHERE state = 'claimed'"))  # noqa: S608  # our own text


async def test_a_second_due_time_is_refused_by_the_database_itself(store: Store) -> None:
    await subscribed(store)
    (due,) = await claimed(store)
    with pytest.raises(StoreError, match="refused"):
        async with store.database.write() as connection:
            back = "UPDATE slots SET state = 'due', owner = NULL, lease_until = NULL WHERE subscription = :n"
            await connection.execute(text(back), {"n": due.slot.subscription})
