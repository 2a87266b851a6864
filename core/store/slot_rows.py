"""Slots: every time of every subscription, who works on it, and what became of it."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, case, delete, func, select, tuple_, update
from sqlalchemy.sql import ColumnElement

from core.domain.errors import StoreError
from core.domain.subscription import Due, Planned, Slot, SlotState
from core.store.database import Database
from core.store.due_changes import put_planned
from core.store.due_rows import (
    ACTIVE,
    IS_DUE,
    MESSAGES,
    WITH_SLOTS,
    due_of,
    messages_of,
    readable,
    select_due,
)
from core.store.schedule_tables import slots, subscriptions
from core.store.slot_claims import Claim, StepOf, take_over

_FINAL = {SlotState.DELIVERED, SlotState.FAILED}


class Slots:
    """All slots.

    A process that works on a slot holds a lease on it: `owner` names the process, and once `lease_until` has
    passed without being renewed, another may take the slot over. Whoever says that it did something to a slot
    learns with False that it has lost it; nothing is changed then.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def claim(
        self,
        now: datetime,
        platforms: Collection[str],
        owner: str,
        lease_until: datetime,
        limit: int,
        step: StepOf,
    ) -> tuple[Due, ...]:
        """Claim up to `limit` slots of active subscriptions that are due: alerts first, then those due first.

        In the same transaction `step` says for each what becomes of it (it sees the slot as claimed already),
        and the next time of its subscription is stored. Two processes never get the same slot. A subscription
        whose row is damaged is paused, with a reason, and its slot ends as failed. A next time that was
        worked on already is not stored again: see `Subscriptions.unplanned`.
        """
        claim = Claim(now, owner, lease_until)
        async with self._database.write() as connection:
            return await claim.make(connection, platforms, limit, step)

    async def take_over(
        self, now: datetime, platforms: Collection[str], owner: str, lease_until: datetime, limit: int
    ) -> tuple[Due, ...]:
        """Take slots that somebody worked on whose lease has run out or was given back, as they stand.

        Those of subscriptions that are no longer active end as failed instead.
        """
        async with self._database.write() as connection:
            return await take_over(connection, now, platforms, owner, lease_until, limit)

    async def running(self, due: Due, owner: str) -> bool:
        """Note that work on a claimed slot has begun, or that no message is on its way any more."""
        values = {"state": SlotState.RUNNING, "posting": False, "late": due.slot.late}
        return await self._change(due, owner, values)

    async def posting(self, due: Due, owner: str) -> bool:
        """Note that a message is about to be sent."""
        return await self._change(due, owner, {"posting": True})

    async def posted(self, due: Due, owner: str, message: str) -> bool:
        """Note that the message was sent; `message` is the platform's id of it."""
        query = select(slots.c.posted, MESSAGES).where(*_held(due, owner)).with_for_update()
        async with self._database.write() as connection:
            row = (await connection.execute(query)).first()
            if row is None:
                return False
            count, sent = row
            values = {"posted": count + 1, "posting": False, "messages": (*messages_of(sent), message)}
            await connection.execute(update(slots).where(*_held(due, owner)).values(values))
            return True

    async def end(self, due: Due, owner: str, state: SlotState, note: str | None, at: datetime) -> bool:
        """End a slot as delivered or failed.

        Raises:
            StoreError: `state` is another one.
        """
        if state not in _FINAL:
            raise StoreError(f"A slot cannot end as {state}; it ends as delivered or failed.")
        free = {"owner": None, "lease_until": None}
        return await self._change(due, owner, {"state": state, "note": note, "ended_at": at} | free)

    async def put_off(self, due: Due, owner: str, until: datetime) -> bool:
        """Give a slot back, to be taken over from `until` on."""
        return await self._change(due, owner, {"owner": None, "lease_until": until})

    async def miss(self, subscription: int, count: int = 1) -> None:
        """Let the next slot of a subscription say that so many more were missed."""
        change = update(slots).where(slots.c.subscription == subscription, IS_DUE, slots.c.timed)
        async with self._database.write() as connection:
            await connection.execute(change.values(missed=slots.c.missed + count))

    async def passed_over(self, due: Due) -> bool:
        """Say whether a later slot of the same subscription is worked on, or was delivered."""
        later = (slots.c.subscription == due.slot.subscription, slots.c.timed, slots.c.at > due.slot.at)
        taken = slots.c.state.in_((SlotState.CLAIMED, SlotState.RUNNING, SlotState.DELIVERED))
        async with self._database.read() as connection:
            found = await connection.execute(select(slots.c.key).where(*later, taken).limit(1))
            return found.first() is not None

    async def last_delivered(self, subscription: int) -> Slot | None:
        """Return the slot of a subscription that was delivered last, or None."""
        mine = (slots.c.subscription == subscription, slots.c.state == SlotState.DELIVERED)
        query = select_due().where(*mine).order_by(slots.c.at.desc()).limit(1)
        found = await self._read(query)
        return found[0].slot if found else None

    async def forget(self, before: datetime) -> None:
        """Delete the slots that ended earlier than that."""
        async with self._database.write() as connection:
            await connection.execute(delete(slots).where(slots.c.ended_at < before))

    async def renew(self, owner: str, until: datetime, at_work: Collection[Due] | None = None) -> int:
        """Keep slots of a process for longer, all or those that it is at work on; return how many it has."""
        change = update(slots).where(slots.c.lease_until.is_not(None), slots.c.owner == owner)
        if at_work is not None:
            places = [(due.slot.subscription, due.slot.key) for due in at_work]
            change = change.where(tuple_(slots.c.subscription, slots.c.key).in_(places))
        async with self._database.write() as connection:
            return (await connection.execute(change.values(lease_until=until))).rowcount

    async def release(self, owner: str, at: datetime) -> None:
        """Give all slots of a process back, so that others may take them over from `at` on."""
        change = update(slots).where(slots.c.lease_until.is_not(None), slots.c.owner == owner)
        async with self._database.write() as connection:
            await connection.execute(change.values(owner=None, lease_until=at))

    async def plan(self, pairs: Sequence[tuple[int, Planned]]) -> int:
        """Store due slots of active subscriptions, and return how many are new.

        One that is there already, in whatever state, is left alone, as is a second one of a subscription
        that has a due slot; alerts may have several.
        """
        async with self._database.write() as connection:
            return await put_planned(connection, pairs)

    async def upcoming(self, limit: int, platforms: Collection[str] | None = None) -> tuple[Due, ...]:
        """Return the slots that become due next, of active subscriptions; damaged rows are left out.

        With `platforms` only those of these.
        """
        query = select_due().where(IS_DUE, ACTIVE, *_on(platforms))
        return await self._read(query.order_by(slots.c.due_at).limit(limit))

    async def ended(self, limit: int) -> tuple[Due, ...]:
        """Return the slots that ended last, the newest first; damaged rows are left out."""
        over = slots.c.ended_at.is_not(None)
        return await self._read(select_due().where(over).order_by(slots.c.ended_at.desc()).limit(limit))

    async def oldest_due(self, now: datetime, platforms: Collection[str] | None = None) -> datetime | None:
        """Return since when the slot has been due that nobody has claimed for longest, or None (UTC).

        With `platforms` only of these.
        """
        query = (
            select(slots.c.due_at)
            .select_from(WITH_SLOTS)
            .where(IS_DUE, ACTIVE, slots.c.due_at <= now, *_on(platforms))
        )
        async with self._database.read() as connection:
            oldest: datetime | None = (
                await connection.execute(query.order_by(slots.c.due_at).limit(1))
            ).scalar()
            return oldest

    async def waiting(
        self, now: datetime, late_since: datetime, platforms: Collection[str]
    ) -> tuple[int, int]:
        """Return how many slots of these platforms are due that nobody has claimed.

        The second number is how many of them were due by `late_since`.
        """
        late = case((slots.c.due_at <= late_since, 1), else_=0)
        query = (
            select(func.count(), func.coalesce(func.sum(late), 0))
            .select_from(WITH_SLOTS)
            .where(IS_DUE, ACTIVE, slots.c.due_at <= now, *_on(platforms))
        )
        async with self._database.read() as connection:
            due, behind = (await connection.execute(query)).one()
            return int(due), int(behind)

    async def _read(self, query: Select[Any]) -> tuple[Due, ...]:
        async with self._database.read() as connection:
            rows = (await connection.execute(query)).all()
        return tuple(readable(rows, due_of))

    async def _change(self, due: Due, owner: str, values: dict[str, Any]) -> bool:
        change = update(slots).where(*_held(due, owner)).values(values)
        async with self._database.write() as connection:
            return (await connection.execute(change)).rowcount == 1


def _on(platforms: Collection[str] | None) -> tuple[ColumnElement[bool], ...]:
    return () if platforms is None else (subscriptions.c.platform.in_(platforms),)


def _held(due: Due, owner: str) -> tuple[ColumnElement[bool], ...]:
    place = (slots.c.subscription == due.slot.subscription, slots.c.key == due.slot.key)
    return *place, slots.c.owner == owner
