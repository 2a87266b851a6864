"""The statements that move many slots at once: new due rows, and what became of those that were due.

They go to the drivers as they are, one for all rows, because 50,000 pass through here in a second: SQLite
reads the rows from one JSON text, PostgreSQL from one array a column. Long arrays go there as text, which its
driver passes on many times as quickly.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from core.domain.subscription import Planned, Slot, SlotState, Topic
from core.store.column_types import to_microseconds, to_words
from core.store.due_rows import tickers_text


class Time(NamedTuple):
    """A time to come as it is stored, which many subscriptions may share; `timed` is false for alerts."""

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


class DueRows:
    """Due slots to be stored, collected by the time that they share."""

    def __init__(self) -> None:
        self._times: dict[Any, Time] = {}
        self._last: tuple[Any, str, int, list[int]] | None = None
        self.numbers: dict[Time, list[int]] = {}

    def add(self, subscription: int, planned: Planned | Slot, topic: str, missed: int = 0) -> None:
        """Add the next time of a subscription to `topic`; `missed` is how many it stands for besides."""
        last = self._last
        if last and planned is last[0] and (topic, missed) == last[1:3]:  # thousands share one time
            last[3].append(subscription)
            return
        known = (planned.key, planned.at, planned.due_at, planned.tickers, topic, missed)
        found = self._times.get(known)
        if found is None:
            found = self._times[known] = Time(
                to_words(planned.key),
                timed(topic),
                to_microseconds(planned.at),
                to_microseconds(planned.due_at),
                tickers_text(planned.tickers),
                missed,
            )
        numbers = self.numbers.setdefault(found, [])
        numbers.append(subscription)
        self._last = planned, topic, missed, numbers


# A subquery with a limit is worked out once and not for every number, which would parse its text each time.
_PLAN = """
INSERT INTO slots
  (subscription, key, timed, at, due_at, tickers, missed, state, late, posted, posting, messages)
"""
_PLAN_SQLITE = """
SELECT number.value, time.key, time.timed, time.at, time.due_at, time.tickers, time.missed,
  'due', false, 0, false, '[]'
FROM (
  SELECT json_extract(value, '$[0]') AS key, json_extract(value, '$[1]') AS timed,
    json_extract(value, '$[2]') AS at, json_extract(value, '$[3]') AS due_at,
    json_extract(value, '$[4]') AS tickers, json_extract(value, '$[5]') AS missed,
    json_extract(value, '$[6]') AS numbers
  FROM json_each(?) LIMIT -1 OFFSET 0
) AS time, json_each(time.numbers) AS number WHERE true
"""
_PLAN_POSTGRESQL = """
SELECT number, key, timed, at, due_at, tickers, missed, 'due', false, 0, false, '[]'
FROM unnest($1::text::int[], $2::text::int[]) AS planned (number, place)
JOIN unnest($3::text[], $4::bool[], $5::bigint[], $6::bigint[], $7::text[], $8::int[])
  WITH ORDINALITY AS time (key, timed, at, due_at, tickers, missed, place) USING (place)
"""
_TAKE_SQLITE = """
UPDATE slots SET state = 'claimed', owner = ?, lease_until = ?
WHERE rowid IN (SELECT value FROM json_each(?))
"""
_TAKE_POSTGRESQL = """
UPDATE slots SET state = 'claimed', owner = $1, lease_until = $2 WHERE ctid = ANY($3::text::tid[])
"""
_BECOME = """
UPDATE slots SET state = became.state, owner = became.owner, lease_until = became.lease_until,
  ended_at = became.ended_at, missed = became.missed, late = became.late, note = became.note
"""
_BECOME_SQLITE = """
FROM (
  SELECT json_extract(value, '$[0]') AS state, json_extract(value, '$[1]') AS owner,
    json_extract(value, '$[2]') AS lease_until, json_extract(value, '$[3]') AS ended_at,
    json_extract(value, '$[4]') AS missed, json_extract(value, '$[5]') AS late,
    json_extract(value, '$[6]') AS note, json_extract(value, '$[7]') AS subscription,
    json_extract(value, '$[8]') AS key
  FROM json_each(?)
) AS became
WHERE slots.subscription = became.subscription AND slots.key = became.key
"""
_BECOME_POSTGRESQL = """
FROM unnest(
  $1::text[], $2::text[], $3::bigint[], $4::bigint[], $5::int[], $6::bool[], $7::text[], $8::int[], $9::text[]
) AS became (state, owner, lease_until, ended_at, missed, late, note, subscription, key)
WHERE slots.subscription = became.subscription AND slots.key = became.key
"""


def timed(topic: str) -> bool:
    """Say whether what a subscription is about comes at times, and not when it happens."""
    return topic != Topic.ALERTS


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


async def put_due(connection: AsyncConnection, rows: DueRows) -> int:
    """Store due slots and return how many; one that is there already, in whatever state, is left alone.

    So is a second time of a subscription that has a due one.
    """
    return await _put_due(connection, rows.numbers, "ON CONFLICT DO NOTHING")


async def put_next(connection: AsyncConnection, rows: DueRows) -> None:
    """Store due slots as `put_due` does, quicker where none of them is there yet, as it should be."""
    if connection.dialect.name == "sqlite" or not rows.numbers:
        await put_due(connection, rows)
        return
    try:  # PostgreSQL looks into every index twice where it must not fail
        async with connection.begin_nested():
            await _put_due(connection, rows.numbers, "")
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
        told = '{"' + '","'.join(places) + '"}'
        await connection.exec_driver_sql(_TAKE_POSTGRESQL, (owner, lease_until, told))


async def put_became(connection: AsyncConnection, rows: Sequence[Became]) -> None:
    """Store what became of slots whose rows this transaction has locked."""
    if not rows:
        return
    if connection.dialect.name == "sqlite":
        await connection.exec_driver_sql(_BECOME + _BECOME_SQLITE, (json.dumps(rows),))
    else:
        columns = tuple(map(list, zip(*rows, strict=True)))
        await connection.exec_driver_sql(_BECOME + _BECOME_POSTGRESQL, columns)


async def _put_due(connection: AsyncConnection, numbers: Mapping[Time, list[int]], unless: str) -> int:
    if not numbers:
        return 0
    if connection.dialect.name == "sqlite":
        rows = json.dumps([(*time, who) for time, who in numbers.items()])
        return (await connection.exec_driver_sql(_PLAN + _PLAN_SQLITE + unless, (rows,))).rowcount
    everyone = ",".join(str(number) for who in numbers.values() for number in who)
    places = ",".join(
        ",".join([str(place)] * len(who)) for place, who in enumerate(numbers.values(), start=1)
    )
    times = map(list, zip(*numbers, strict=True))
    told = (f"{{{everyone}}}", f"{{{places}}}", *times)
    return (await connection.exec_driver_sql(_PLAN + _PLAN_POSTGRESQL + unless, told)).rowcount
