"""Made-up wishes and times of subscriptions for tests of the store."""

from collections.abc import Callable, Sequence
from datetime import datetime, time, timedelta
from typing import Any

from sqlalchemy import func, select

from core.domain.alert import Alert, AlertKind
from core.domain.subscription import (
    WEEKDAYS,
    AtTime,
    Due,
    Planned,
    Slot,
    SlotState,
    Step,
    Subscription,
    Topic,
    Wanted,
)
from core.store.schedule_tables import slots, subscriptions
from core.store.store import Store
from tests.store_values import START

DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)
DIGEST = Wanted(topic=Topic.DIGEST, when=AtTime(days=WEEKDAYS, at=time(16, 30)))
VERDICTS = Wanted(topic=Topic.VERDICTS, when=AtTime(days=WEEKDAYS, at=time(9, 0)), tickers=("NVDA", "AAPL"))
ALERTS = Wanted(topic=Topic.ALERTS)
PLATFORMS = ("telegram", "slack")


def planned(at: datetime = START, **changes: Any) -> Planned:
    facts: dict[str, Any] = {"key": at.isoformat(), "at": at, "due_at": at}
    return Planned(**facts | changes)


def as_it_was(_: Subscription, slot: Slot | None) -> Planned | None:
    """Other terms that change nothing about when a subscription comes."""
    return slot and Planned(key=slot.key, at=slot.at, due_at=slot.due_at, tickers=slot.tickers)


def daily(due: Due) -> Step:
    """Work on it, and the next is a day later."""
    next_one = None if due.subscription.wanted.topic is Topic.ALERTS else planned(due.slot.at + DAY)
    return Step(slot=due.slot, next=next_one)


async def subscribed(
    store: Store, chat: str = "-100", wanted: Wanted = DIGEST, *, limit: int = 100, **changes: Any
) -> Subscription:
    """Store a subscription whose first time is START."""
    facts: dict[str, Any] = {
        "platform": "telegram",
        "thread": None,
        "created_by": "telegram:1001",
        "at": START,
        "first": None if wanted.topic is Topic.ALERTS else planned(),
    }
    return await store.subscriptions.add(chat=chat, wanted=wanted, limit=limit, **facts | changes)


async def claimed(
    store: Store,
    now: datetime = START,
    owner: str = "host-1",
    *,
    step: Callable[[Due], Step] = daily,
    limit: int = 100,
    platforms: Sequence[str] = PLATFORMS,
) -> tuple[Due, ...]:
    return await store.slots.claim(now, platforms, owner, now + MINUTE, limit, step)


async def taken_over(store: Store, now: datetime, owner: str = "host-2") -> tuple[Due, ...]:
    return await store.slots.take_over(now, PLATFORMS, owner, now + MINUTE, 100)


def alert_of(key: str = "stop:claude:NVDA:2025-10-29", **changes: Any) -> Alert:
    facts: dict[str, Any] = {"key": key, "kind": AlertKind.STOP, "at": START, "ticker": "NVDA"}
    return Alert(**facts | changes)


async def states(store: Store, number: int) -> list[tuple[str, str]]:
    """Every slot of a subscription: its key and its state."""
    query = select(slots.c.key, slots.c.state).where(slots.c.subscription == number)
    async with store.database.read() as connection:
        rows = await connection.execute(query.order_by(slots.c.at, slots.c.key))
        return [(key, state) for key, state in rows]


async def due_counts(store: Store) -> dict[int, tuple[str, int]]:
    """The state of each subscription, and how many due slots it has."""
    due = (slots.c.subscription == subscriptions.c.number) & (slots.c.state == SlotState.DUE)
    query = (
        select(subscriptions.c.number, subscriptions.c.state, func.count(slots.c.key))
        .outerjoin(slots, due)
        .group_by(subscriptions.c.number, subscriptions.c.state)
    )
    async with store.database.read() as connection:
        return {number: (state, count) for number, state, count in await connection.execute(query)}
