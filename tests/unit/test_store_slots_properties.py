"""Whatever chats and processes do in whatever order, every active subscription has exactly one next time."""

from collections import Counter
from datetime import datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import case, delete, func, select

from core.domain.errors import Refused
from core.domain.subscription import (
    EVERY_DAY,
    AtTime,
    ChatTerms,
    Due,
    SlotState,
    Step,
    SubscriptionState,
    Topic,
    Wanted,
)
from core.store.schedule_tables import chat_terms, slots, subscriptions
from core.store.store import Store
from tests.schedule_values import ALERTS, MINUTE, PLATFORMS, claimed, planned, subscribed
from tests.store_values import START

pytest_plugins = ("tests.storage",)

EVERY = timedelta(minutes=10)
LIMIT = 4
_WISHES = (
    ALERTS,
    *(Wanted(topic=Topic.DIGEST, when=AtTime(days=EVERY_DAY, at=time(hour))) for hour in (9, 12, 16)),
)
_CHANGES = ("add", "pause", "resume", "change", "delete", "terms", "gone", "move", "alert")
_WORK = ("claim", "claim", "claim", "crash", "take over", "work", "end", "end", "release")
_ACTIONS = st.lists(
    st.tuples(
        st.sampled_from((*_CHANGES, *_WORK)),
        st.integers(0, 5),
        st.integers(0, len(_WISHES) - 1),
        st.integers(0, 25),
    ),
    max_size=20,
)


class World:
    """Chats, and two processes that work for them; how often each slot was claimed and came to its end."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.now: datetime = START
        self.numbers: list[int] = []
        self.hands: dict[str, list[Due]] = {"host-0": [], "host-1": []}
        self.given: Counter[tuple[int, str]] = Counter()
        self.ended: Counter[tuple[int, str]] = Counter()

    def next_after(self, moment: datetime) -> datetime:
        return START + ((moment - START) // EVERY + 1) * EVERY

    def step(self, due: Due) -> Step:
        """Collapse what was missed into the newest, and drop what is half an hour old."""
        if due.subscription.wanted.topic is Topic.ALERTS:
            return Step(slot=due.slot)
        slot, newest = due.slot, self.next_after(self.now) - EVERY
        if newest > slot.at:
            key, missed = planned(newest).key, slot.missed + (newest - slot.at) // EVERY
            slot = slot.model_copy(update={"key": key, "at": newest, "due_at": newest, "missed": missed})
        next_one = planned(self.next_after(self.now))
        if self.now - slot.at > timedelta(minutes=8):
            return Step(slot=slot, dropped=True, next=next_one, carried=slot.missed + 1)
        return Step(slot=slot, next=next_one)

    async def add(self, chat: str, wish: Wanted) -> None:
        first = planned(self.next_after(self.now))
        try:
            added = await subscribed(self.store, chat, wish, limit=LIMIT, first=first)
        except Refused:
            return
        self.numbers.append(added.number)

    async def do(self, action: str, which: int, wish: int, minutes: int) -> None:
        self.now += minutes * MINUTE
        if action in _CHANGES:
            await self.change(action, which, wish)
        else:
            await self.work(action, f"host-{which % 2}", wish)

    async def change(self, action: str, which: int, wish: int) -> None:
        known, chat = self.store.subscriptions, f"-{which % 2}"
        number = self.numbers[which % len(self.numbers)] if self.numbers else 0
        first = planned(self.next_after(self.now))
        if action == "add":
            await self.add(chat, _WISHES[wish])
        elif action == "pause":
            await known.pause(number, None)
        elif action == "resume":
            await known.resume(number, first)
        elif action == "change":
            try:
                await known.change(number, _WISHES[wish], first)
            except Refused:
                return
        elif action == "delete":
            await known.delete(number)
        elif action == "terms":
            terms = ChatTerms(cheaper=True)
            await known.set_terms(f"telegram:{chat}", terms, self.now, lambda _, slot: slot and first)
        elif action == "gone":
            await known.pause_chat("telegram", chat, "The chat is gone.")
        elif action == "move":
            await self.store.known_chats.move(f"telegram:{chat}", f"telegram:-{1 - which % 2}", self.now)
        else:
            told = await known.active(Topic.ALERTS)
            alert = planned(self.now, key=f"alert-{wish}")
            await self.store.slots.plan([(one.number, alert) for one, _ in told])

    async def work(self, action: str, owner: str, wish: int) -> None:
        hand, kept = self.hands[owner], self.store.slots
        if action == "claim":
            fresh = await claimed(self.store, self.now, owner, step=self.step, limit=wish + 1)
            self.given.update((due.slot.subscription, due.slot.key) for due in fresh)
            hand.extend(fresh)
        elif action == "crash":
            hand.clear()
        elif action == "take over":
            until = self.now + 5 * MINUTE
            hand.extend(await kept.take_over(self.now, PLATFORMS, owner, until, 10))
        elif action == "work" and hand:
            await kept.running(hand[0], owner)
            await kept.posting(hand[0], owner)
        elif action == "end" and hand:
            due = hand.pop()
            if await kept.end(due, owner, SlotState.DELIVERED, None, self.now):
                self.ended[due.slot.subscription, due.slot.key] += 1
        elif action == "release":
            await kept.release(owner, self.now)

    async def check(self) -> None:
        waits = (slots.c.subscription == subscriptions.c.number) & (slots.c.state == SlotState.DUE)
        regular = func.sum(case((slots.c.timed, 1), else_=0))
        query = (
            select(subscriptions.c.topic, subscriptions.c.state, regular, func.count(slots.c.key))
            .outerjoin(slots, waits)
            .group_by(subscriptions.c.number, subscriptions.c.topic, subscriptions.c.state)
        )
        async with self.store.database.read() as connection:
            found = (await connection.execute(query)).all()
        for topic, state, regular_ones, all_due in found:
            if state != SubscriptionState.ACTIVE:
                assert all_due == 0
            elif topic == Topic.ALERTS:
                assert regular_ones == 0
            else:
                assert regular_ones == all_due == 1
        assert set(self.given.values()) | set(self.ended.values()) <= {1}


async def _cleared(store: Store) -> World:
    async with store.database.write() as connection:
        for table in (slots, subscriptions, chat_terms):
            await connection.execute(delete(table))
    return World(store)


_SETTINGS: dict[str, Any] = {
    "max_examples": 25,
    "suppress_health_check": [HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
}


@pytest.mark.timeout(120)
@settings(**_SETTINGS)
@given(actions=_ACTIONS)
async def test_every_active_subscription_has_one_next_time_whatever_happens(
    store: Store, actions: list[tuple[str, int, int, int]]
) -> None:
    world = await _cleared(store)
    for wish in _WISHES[:3]:
        await world.add("-0", wish)
    for action in actions:
        await world.do(*action)
        await world.check()
