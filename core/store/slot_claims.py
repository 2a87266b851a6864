"""Claiming due slots: one transaction that also writes the next time of each subscription.

A process that dies in it has claimed nothing; one that dies after it leaves claimed slots, which another
takes over, and the next times, which come due as ever.
"""

from collections.abc import Callable, Collection
from datetime import datetime
from typing import Any

from sqlalchemy import select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.domain.errors import StoreError
from core.domain.subscription import Due, SlotState, Step, SubscriptionState
from core.store.column_types import from_microseconds, to_microseconds
from core.store.due_rows import ACTIVE, DAMAGED, due_of, place_of, select_due
from core.store.fresh_rows import fresh_due_of, fresh_place_of, select_fresh
from core.store.schedule_tables import slots, subscriptions
from core.store.slot_writing import (
    Became,
    DueRow,
    due_row,
    failed,
    held,
    put_became,
    put_claimed,
    put_due,
    put_next,
    timed,
    unreadable,
)

StepOf = Callable[[Due], Step]
"""What a claim makes of a due slot: pure, quick, and it never raises."""


class Claim:
    """One claim: who it is for, and what it is going to write."""

    def __init__(self, now: datetime, owner: str, lease_until: datetime) -> None:
        self._now, self._lease_until = to_microseconds(now), to_microseconds(lease_until)
        self._owner = owner
        self._claimed: list[Due] = []
        self._as_planned: list[Any] = []
        self._became: list[Became] = []
        self._moved: list[tuple[DueRow, Became]] = []
        self._next: list[DueRow] = []
        self._damaged: list[int] = []

    async def make(
        self, connection: AsyncConnection, platforms: Collection[str], limit: int, step: StepOf
    ) -> tuple[Due, ...]:
        """Claim within a transaction, as `Slots.claim` promises it."""
        query = (
            select_fresh(connection)
            .where(slots.c.state == SlotState.DUE, slots.c.due_at <= from_microseconds(self._now), ACTIVE)
            .where(subscriptions.c.platform.in_(platforms))
            .order_by(slots.c.due_at)
            .limit(limit)
            # A subscription that is being changed is left to the next claim, and none is changed meanwhile.
            .with_for_update(of=[slots, subscriptions], skip_locked=True, key_share=True)
        )
        for place, *row in (await connection.execute(query)).all():
            try:
                due = fresh_due_of(row)
            except StoreError:
                number, key = fresh_place_of(row)
                self._damaged.append(number)
                self._became.append(unreadable(number, key, self._now))
            else:
                self._take(place, due, step(due))
        return await self._written(connection)

    def _take(self, place: Any, due: Due, step: Step) -> None:
        """Add what a step makes of a due slot."""
        number, slot = due.subscription.number, step.slot
        comes_again = timed(due.subscription.wanted.topic)
        if step.next is not None:
            self._next.append(due_row(number, step.next, timed=comes_again, missed=step.carried))
        if slot is due.slot and not step.dropped:
            self._as_planned.append(place)
            self._claimed.append(due)
            return
        taken = slot.model_copy(update={"state": SlotState.CLAIMED})
        became = held(taken, self._owner, self._lease_until)
        if step.dropped:
            became = failed(slot, slot.note, self._now)
        else:
            self._claimed.append(due.model_copy(update={"slot": taken}))
        if slot.key == due.slot.key:
            self._became.append(became)
        else:
            self._became.append(failed(due.slot, f"missed; {slot.key} stands for it", self._now))
            self._moved.append((due_row(number, slot, timed=comes_again), became))

    async def _written(self, connection: AsyncConnection) -> tuple[Due, ...]:
        await put_claimed(connection, self._as_planned, self._owner, self._lease_until)
        await put_became(connection, self._became)
        known: set[tuple[int, str]] = set()
        if self._moved:
            known = await _known(connection, [(row.subscription, row.key) for row, _ in self._moved])
            new = [pair for pair in self._moved if (pair[0].subscription, pair[0].key) not in known]
            await put_due(connection, [row for row, _ in new])
            await put_became(connection, [became for _, became in new])
        await put_next(connection, self._next)
        if self._damaged:
            pause = update(subscriptions).where(subscriptions.c.number.in_(self._damaged))
            await connection.execute(pause.values(state=SubscriptionState.PAUSED, reason=DAMAGED))
        if not known:
            return tuple(self._claimed)
        # Whoever planned them moved the clock back: what was worked on is not worked on again.
        return tuple(one for one in self._claimed if (one.slot.subscription, one.slot.key) not in known)


async def take_over(
    connection: AsyncConnection,
    now: datetime,
    platforms: Collection[str],
    owner: str,
    lease_until: datetime,
    limit: int,
) -> tuple[Due, ...]:
    """Take over within a transaction, as `Slots.take_over` promises it."""
    query = (
        select_due()
        .where(slots.c.lease_until <= now, subscriptions.c.platform.in_(platforms))
        .order_by(slots.c.lease_until)
        .limit(limit)
        .with_for_update(of=slots, skip_locked=True, key_share=True)
    )
    ended_at, until = to_microseconds(now), to_microseconds(lease_until)
    taken: list[Due] = []
    became: list[Became] = []
    for row in (await connection.execute(query)).all():
        try:
            due = due_of(row)
        except StoreError:
            became.append(unreadable(*place_of(row), ended_at))
            continue
        state = due.subscription.state
        if state is SubscriptionState.ACTIVE:
            taken.append(due)
            became.append(held(due.slot, owner, until))
        else:
            became.append(failed(due.slot, f"the subscription was {state} meanwhile", ended_at))
    await put_became(connection, became)
    return tuple(taken)


async def _known(connection: AsyncConnection, keys: list[tuple[int, str]]) -> set[tuple[int, str]]:
    """Return which of the slots have a row already."""
    found: set[tuple[int, str]] = set()
    for start in range(0, len(keys), 5_000):
        wanted = tuple_(slots.c.subscription, slots.c.key).in_(keys[start : start + 5_000])
        rows = await connection.execute(select(slots.c.subscription, slots.c.key).where(wanted))
        found |= {(number, key) for number, key in rows}
    return found
