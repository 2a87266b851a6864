"""Nothing from a chat is taken twice, and no live message is forgotten."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from core.domain.errors import StoreError
from core.store.store import Store
from core.store.tables import deliveries
from tests.store_values import START, begun

pytest_plugins = ("tests.storage",)

DAY = timedelta(days=1)


async def test_a_delivery_is_claimed_once(store: Store) -> None:
    claims = await asyncio.gather(*(store.chats.claim_delivery("telegram", "42", START) for _ in range(5)))
    assert sorted(claims) == [False] * 4 + [True]
    assert await store.chats.claim_delivery("slack", "42", START)
    assert not await store.chats.claim_delivery("telegram", "42", START + 6 * DAY)


async def test_deliveries_of_last_week_are_forgotten(store: Store) -> None:
    for day in range(10):
        await store.chats.claim_delivery("telegram", f"update {day}", START + day * DAY)
    async with store.database.read() as connection:
        kept = (await connection.execute(select(func.count()).select_from(deliveries))).scalar()
    assert kept == 8


async def test_a_stranger_is_greeted_once(store: Store) -> None:
    greeted = [await store.chats.greet_once("telegram:1:2", START + day * DAY) for day in (0, 1, 400)]
    assert greeted == [True, False, False]
    assert await store.chats.greet_once("telegram:1:3", START)


async def test_a_card_stays_open_until_its_end_was_delivered(store: Store) -> None:
    await begun(store)
    first = await store.chats.remember_card("run00001", "telegram", "-100", None, "77", START)
    second = await store.chats.remember_card("run00001", "telegram", "-100", "5", "78", START)
    await store.chats.remember_card("run00001", "slack", "C0TRADING", "1.2", "1.3", START)
    assert first != second
    assert await store.chats.open_cards("telegram") == (
        (first, "run00001", "-100", None, "77"),
        (second, "run00001", "-100", "5", "78"),
    )
    await store.chats.card_done(first, START)
    await store.chats.card_done(first, START + DAY)
    assert [number for number, *_ in await store.chats.open_cards("telegram")] == [second]


async def test_a_card_needs_a_run(store: Store) -> None:
    with pytest.raises(StoreError, match="refused"):
        await store.chats.remember_card("unknown", "telegram", "-100", None, "77", START)
