"""The two statements that move many slots at once: new due rows, and what became of those that were due."""

import json
from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from core.domain.subscription import Planned, Slot, SlotState, Topic
from core.store.column_types import to_microseconds, to_words
from core.store.due_rows import tickers_text

# Both by the driver's own means: 50,000 rows pass through here, and PostgreSQL takes whole columns at a time.
_PLAN_SQLITE = """
INSERT INTO slots
  (subscription, key, timed, at, due_at, tickers, missed, state, late, posted, posting, messages)
VALUES (?, ?, ?, ?, ?, ?, ?, 'due', false, 0, false, '[]')
"""
_PLAN_POSTGRESQL = """
INSERT INTO slots
  (subscription, key, timed, at, due_at, tickers, missed, state, late, posted, posting, messages)
SELECT planned.*, 'due', false, 0, false, '[]'
FROM unnest($1::int[], $2::text[], $3::bool[], $4::bigint[], $5::bigint[], $6::text[], $7::int[]) AS planned
"""
_TAKE_SQLITE = """
UPDATE slots SET state = 'claimed', owner = ?, lease_until = ?
WHERE rowid IN (SELECT value FROM json_each(?))
"""
_TAKE_POSTGRESQL = """
UPDATE slots SET state = 'claimed', owner = $1, lease_until = $2 WHERE ctid = ANY($3::tid[])
"""
_CLAIM_SQLITE = """
UPDATE slots SET state = ?, owner = ?, lease_until = ?, ended_at = ?, missed = ?, late = ?, note = ?
WHERE subscription = ? AND key = ?
"""
_CLAIM_POSTGRESQL = """
UPDATE slots SET state = became.state, owner = became.owner, lease_until = became.lease_until,
  ended_at = became.ended_at, missed = became.missed, late = became.late, note = became.note
FROM unnest(
  $1::text[], $2::text[], $3::bigint[], $4::bigint[], $5::int[], $6::bool[], $7::text[], $8::int[], $9::text[]
) AS became (state, owner, lease_until, ended_at, missed, late, note, subscription, key)
WHERE slots.subscription = became.subscription AND slots.key = became.key
"""


class DueRow(NamedTuple):
    """A due slot to be stored, in the order of the statement's columns."""

    subscription: int
    key: str
    timed: bool
    at: int
    due_at: int
    tickers: str
    missed: int


class Became(NamedTuple):
    """What becomes of a due slot, in the order of the statement's columns."""

    state: SlotState
    owner: str | None
    lease_until: int | None
    ended_at: int | None
    missed: int
    late: bool
    note: str | None
    subscription: int
    key: str


def held(slot: Slot, owner: str, lease_until: int) -> Became:
    """Return what becomes of a slot that a process works on, in the state that it is in."""
    note = None if slot.note is None else to_words(slot.note)
    facts = (slot.missed, slot.late, note, slot.subscription, to_words(slot.key))
    return Became(slot.state, owner, lease_until, None, *facts)


def failed(slot: Slot, note: str | None, ended_at: int) -> Became:
    """Return what becomes of a slot that ends without having been delivered."""
    note = None if note is None else to_words(note)
    facts = (slot.missed, slot.late, note, slot.subscription, to_words(slot.key))
    return Became(SlotState.FAILED, None, None, ended_at, *facts)


def unreadable(subscription: int, key: str, ended_at: int) -> Became:
    """Return what becomes of a slot whose row is damaged."""
    note = "what is stored of it is damaged"
    return Became(SlotState.FAILED, None, None, ended_at, 0, False, note, subscription, key)


def due_row(subscription: int, planned: Planned | Slot, *, timed: bool, missed: int = 0) -> DueRow:
    """Return the row of a time to come; `timed` is false for alerts."""
    return DueRow(
        subscription,
        to_words(planned.key),
        timed,
        to_microseconds(planned.at),
        to_microseconds(planned.due_at),
        tickers_text(planned.tickers),
        missed,
    )


def timed(topic: str) -> bool:
    """Say whether what a subscription is about comes at times, and not when it happens."""
    return topic != Topic.ALERTS


async def put_due(connection: AsyncConnection, rows: Sequence[DueRow]) -> int:
    """Store due slots and return how many; one that is there already, in whatever state, is left alone.

    So is a second time of a subscription that has a due one.
    """
    unless_there = "ON CONFLICT DO NOTHING"
    return await _write(connection, _PLAN_SQLITE + unless_there, _PLAN_POSTGRESQL + unless_there, rows)


async def put_next(connection: AsyncConnection, rows: Sequence[DueRow]) -> None:
    """Store due slots as `put_due` does, quicker where none of them is there yet, as it should be."""
    try:
        async with connection.begin_nested():
            await _write(connection, _PLAN_SQLITE, _PLAN_POSTGRESQL, rows)
    except IntegrityError:
        await put_due(connection, rows)


async def put_claimed(
    connection: AsyncConnection, places: Sequence[Any], owner: str, lease_until: int
) -> None:
    """Store that `owner` has claimed the slots at these places, whose rows this transaction has locked."""
    if not places:
        return
    if connection.dialect.name == "sqlite":
        await connection.exec_driver_sql(_TAKE_SQLITE, (owner, lease_until, json.dumps(places)))
    else:
        await connection.exec_driver_sql(_TAKE_POSTGRESQL, (owner, lease_until, list(places)))


async def put_became(connection: AsyncConnection, rows: Sequence[Became]) -> None:
    """Store what became of slots whose rows this transaction has locked."""
    await _write(connection, _CLAIM_SQLITE, _CLAIM_POSTGRESQL, rows)


async def _write(
    connection: AsyncConnection, sqlite: str, postgresql: str, rows: Sequence[tuple[Any, ...]]
) -> int:
    if not rows:
        return 0
    if connection.dialect.name == "sqlite":
        return (await connection.exec_driver_sql(sqlite, [tuple(row) for row in rows])).rowcount
    columns = tuple(map(list, zip(*rows, strict=True)))
    return (await connection.exec_driver_sql(postgresql, columns)).rowcount
