"""Claiming due slots: one transaction that also writes the next time of each subscription.

A process that dies in it has claimed nothing; one that dies after it leaves claimed slots, which another
takes over, and the next times, which come due as ever.
"""

import asyncio
from collections.abc import Callable, Collection, Coroutine, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, literal_column, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql import ColumnElement

from core.domain.errors import StoreError
from core.domain.subscription import Due, Slot, SlotState, Step, SubscriptionState
from core.store.column_types import from_microseconds, to_microseconds
from core.store.due_rows import ACTIVE, DAMAGED, IS_DUE, due_of, on_platforms, place_of, select_due
from core.store.fresh_rows import fresh_due_of, fresh_place_of, select_fresh
from core.store.schedule_tables import slots, subscriptions
from core.store.slot_writing import (
    Became,
    DueRows,
    failed,
    held,
    put_became,
    put_claimed,
    put_due,
    put_next,
    unreadable,
)

StepOf = Callable[[Due], Step]
"""What a claim makes of a due slot: pure, quick, and it never raises."""

_PART = 1_000
# Written as in the index over alerts that are due.
_ALERT: ColumnElement[bool] = literal_column("NOT slots.timed", Boolean)
_TIMED: ColumnElement[bool] = literal_column("slots.timed", Boolean)


@dataclass
class _Part:
    """What some of the steps have led to. `moved` are newer times that stand for a missed, due one."""

    became: list[Became] = field(default_factory=list)
    moved: list[tuple[Due, Slot, Became]] = field(default_factory=list)
    nexts: DueRows = field(default_factory=DueRows)


class Claim:
    """One claim, and who it is for.

    All rows are claimed at once, as most stay as they were planned. What the steps lead to is written part by
    part, each while the steps of the next are taken.
    """

    def __init__(self, now: datetime, owner: str, lease_until: datetime) -> None:
        self._now, self._lease_until = to_microseconds(now), to_microseconds(lease_until)
        self._owner = owner
        self._claimed: list[Due] = []
        self._damaged: list[int] = []
        self._known: set[tuple[int, str]] = set()

    async def make(
        self, connection: AsyncConnection, platforms: Collection[str], limit: int, step: StepOf
    ) -> tuple[Due, ...]:
        """Claim within a transaction, as `Slots.claim` promises it."""
        rows = await self._due(connection, platforms, limit, _ALERT)
        if len(rows) < limit:
            rows += await self._due(connection, platforms, limit - len(rows), _TIMED)
        behind = _Behind()
        try:
            places = [row[0] for row in rows]
            await behind.start(put_claimed(connection, places, self._owner, self._lease_until))
            for start in range(0, len(rows), _PART):
                part = self._taken(rows[start : start + _PART], step)
                await behind.start(self._put(connection, part))
            await behind.finish()
        finally:
            await behind.stop()
        await self._pause_damaged(connection)
        if not self._known:
            return tuple(self._claimed)
        # Whoever planned them has moved the clock back: what was worked on is not worked on again.
        return tuple(one for one in self._claimed if (one.slot.subscription, one.slot.key) not in self._known)

    async def _due(
        self, connection: AsyncConnection, platforms: Collection[str], limit: int, kind: ColumnElement[bool]
    ) -> list[Any]:
        """Lock and return up to `limit` rows of a kind that are due, those due first."""
        query = (
            select_fresh(connection)
            .where(IS_DUE, kind, slots.c.due_at <= from_microseconds(self._now), ACTIVE)
            .where(on_platforms(connection, platforms))
            .order_by(slots.c.due_at)
            .limit(limit)
            # A subscription that is being changed is left to the next claim, and none is changed meanwhile.
            .with_for_update(of=[slots, subscriptions], skip_locked=True, key_share=True)
        )
        return list((await connection.execute(query)).all())

    def _taken(self, rows: Sequence[Any], step: StepOf) -> _Part:
        part = _Part()
        for row in rows:
            try:
                due = fresh_due_of(row)
            except StoreError:
                number, key = fresh_place_of(row)
                self._damaged.append(number)
                part.became.append(unreadable(number, key, self._now))
            else:
                self._take(part, due, step(due))
        return part

    def _take(self, part: _Part, due: Due, step: Step) -> None:
        """Add what a step makes of a due slot."""
        subscription, slot = due.subscription, step.slot
        if step.next is not None:
            part.nexts.add(subscription.number, step.next, subscription.wanted.topic, step.carried)
        if slot is due.slot and not step.dropped:
            self._claimed.append(due)
            return
        taken = slot.model_copy(update={"state": SlotState.CLAIMED})
        became = held(taken, self._owner, self._lease_until)
        if step.dropped:
            became = failed(slot, slot.note, self._now)
        else:
            self._claimed.append(due._replace(slot=taken))
        if slot.key == due.slot.key:
            part.became.append(became)
        else:
            part.became.append(failed(due.slot, f"missed; {slot.key} stands for it", self._now))
            part.moved.append((due, slot, became))

    async def _put(self, connection: AsyncConnection, part: _Part) -> None:
        await put_became(connection, part.became)
        if part.moved:
            self._known |= await _known(connection, [slot for _, slot, _ in part.moved])
            new = [one for one in part.moved if (one[1].subscription, one[1].key) not in self._known]
            newer = DueRows()
            for due, slot, _ in new:
                newer.add(slot.subscription, slot, due.subscription.wanted.topic)
            await put_due(connection, newer)
            await put_became(connection, [became for *_, became in new])
        await put_next(connection, part.nexts)

    async def _pause_damaged(self, connection: AsyncConnection) -> None:
        """Pause subscriptions that cannot be read: the others must not wait for them."""
        for start in range(0, len(self._damaged), _PART):
            some = subscriptions.c.number.in_(self._damaged[start : start + _PART])
            pause = update(subscriptions).where(some)
            await connection.execute(pause.values(state=SubscriptionState.PAUSED, reason=DAMAGED))


class _Behind:
    """Statements that the database works on while we compute, one after another."""

    def __init__(self) -> None:
        self._task: asyncio.Task[None] | None = None

    async def start(self, work: Coroutine[None, None, None]) -> None:
        """Begin with some work, after what was begun before."""
        try:
            await self.finish()
        except BaseException:
            work.close()
            raise
        self._task = asyncio.create_task(work)
        await asyncio.sleep(0)  # so that the statement is on its way before we compute

    async def finish(self) -> None:
        """Wait for what was begun.

        Raises:
            whatever the work raises.
        """
        if self._task is not None:
            await self._task

    async def stop(self) -> None:
        """Let nothing go on: the connection is about to be given back."""
        if self._task is not None and not self._task.done():
            self._task.cancel()
            await asyncio.wait([self._task])


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
        .where(slots.c.lease_until <= now, on_platforms(connection, platforms))
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


async def _known(connection: AsyncConnection, some: list[Slot]) -> set[tuple[int, str]]:
    """Return which of the slots, a part's at most, have a row already."""
    wanted = tuple_(slots.c.subscription, slots.c.key).in_([(one.subscription, one.key) for one in some])
    rows = await connection.execute(select(slots.c.subscription, slots.c.key).where(wanted))
    return {(number, key) for number, key in rows}
