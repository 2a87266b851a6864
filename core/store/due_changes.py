"""The due rows of subscriptions whose wish, state or terms change: taken away, or put in place of the old."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.domain.subscription import Planned, Slot, Subscription
from core.store.due_rows import ACTIVE, IS_DUE, SLOT, readable, slot_of
from core.store.schedule_tables import slots, subscriptions
from core.store.slot_writing import DueRows, put_due, timed

_AT_ONCE = 5_000
"""How many numbers one statement names: databases bound how many parameters it may have."""
Replan = Callable[[Subscription, Slot | None], Planned | None]
"""When the due slot of a subscription comes on other terms: quick, for it is asked within a transaction.

It gets None where there is no due slot, and returns None to leave none.
"""
NONE_MISSED: Mapping[int, int] = MappingProxyType({})


async def put_planned(
    connection: AsyncConnection, pairs: Sequence[tuple[int, Planned]], missed: Mapping[int, int] = NONE_MISSED
) -> int:
    """Store due slots of those subscriptions that are active, and return how many are new.

    `missed` is how many times the one of each subscription stands for besides its own.
    """
    topics = await _active(connection, (number for number, _ in pairs))
    rows = DueRows()
    for number, planned in pairs:
        if number in topics:
            rows.add(number, planned, topics[number], missed.get(number, 0))
    return await put_due(connection, rows)


async def replace_due(connection: AsyncConnection, number: int, planned: Planned | None) -> None:
    """Put a due slot in place of all that a subscription has; none if there is none, or if it is not active.

    Nor has one to alerts, which come when they happen. How many times were missed is told with the new one.
    """
    missed = await drop_due(connection, [number])
    topics = await _active(connection, [number])
    if planned is not None and number in topics and timed(topics[number]):
        await put_planned(connection, [(number, planned)], missed)


async def move_due(connection: AsyncConnection, held: Sequence[Subscription], replan: Replan) -> None:
    """Put other due slots in place of those that these have, which are active and locked by the transaction.

    Alerts that wait have happened already: each only becomes due at another time.
    """
    waiting = await _waiting(connection, [one.number for one in held])
    moved: list[tuple[int, Planned | None]] = []
    for one in held:
        if timed(one.wanted.topic):
            moved.append((one.number, replan(one, next(iter(waiting[one.number]), None))))
            continue
        for slot in waiting[one.number]:
            if planned := replan(one, slot):
                here = (slots.c.subscription == one.number, slots.c.key == slot.key, IS_DUE)
                await connection.execute(update(slots).where(*here).values(due_at=planned.due_at))
    missed = await drop_due(connection, [number for number, _ in moved])
    await put_planned(connection, [(number, planned) for number, planned in moved if planned], missed)


async def drop_due(connection: AsyncConnection, numbers: Sequence[int]) -> dict[int, int]:
    """Take away the due slots of subscriptions, and return how many missed times each stood for."""
    missed: dict[int, int] = {}
    for part in _parts(numbers):
        change = delete(slots).where(slots.c.subscription.in_(part), IS_DUE)
        rows = await connection.execute(change.returning(slots.c.subscription, slots.c.missed))
        missed.update((number, count) for number, count in rows)
    return missed


async def _waiting(connection: AsyncConnection, numbers: Sequence[int]) -> Mapping[int, list[Slot]]:
    """Return the due slots of subscriptions; damaged ones are left out."""
    found: defaultdict[int, list[Slot]] = defaultdict(list)
    for part in _parts(numbers):
        query = select(*SLOT).where(slots.c.subscription.in_(part), IS_DUE)
        for slot in readable((await connection.execute(query)).all(), slot_of):
            found[slot.subscription].append(slot)
    return found


async def _active(connection: AsyncConnection, numbers: Iterable[int]) -> dict[int, str]:
    """Return the topics of those that are active, and let nobody change them until the transaction ends."""
    found: dict[int, str] = {}
    for part in _parts(sorted(set(numbers))):
        query = select(subscriptions.c.number, subscriptions.c.topic)
        query = query.where(subscriptions.c.number.in_(part), ACTIVE).order_by(subscriptions.c.number)
        rows = await connection.execute(query.with_for_update(key_share=True))
        found.update((number, topic) for number, topic in rows)
    return found


def _parts(numbers: Sequence[int]) -> Iterable[Sequence[int]]:
    return (numbers[start : start + _AT_ONCE] for start in range(0, len(numbers), _AT_ONCE))
