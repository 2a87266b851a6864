"""The due rows of subscriptions whose wish, state or terms change: taken away, or put in place of the old."""

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.domain.subscription import Planned
from core.store.due_rows import ACTIVE, IS_DUE
from core.store.schedule_tables import slots, subscriptions
from core.store.slot_writing import DueRows, put_due, timed

_AT_ONCE = 5_000
"""How many numbers one statement names: databases bound how many parameters it may have."""
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


async def move_due(connection: AsyncConnection, pairs: Sequence[tuple[int, Planned | None]]) -> None:
    """Put other due slots in place of those that active subscriptions have; None leaves none.

    Alerts that wait have happened already: the one with that key only becomes due at another time.
    """
    topics = await _active(connection, (number for number, _ in pairs))
    known = [(number, planned) for number, planned in pairs if number in topics]
    missed = await drop_due(connection, [number for number, _ in known if timed(topics[number])])
    told = [(number, planned) for number, planned in known if planned is not None]
    await put_planned(connection, [pair for pair in told if timed(topics[pair[0]])], missed)
    for number, planned in told:
        if not timed(topics[number]):
            waiting = (slots.c.subscription == number, slots.c.key == planned.key, IS_DUE)
            await connection.execute(update(slots).where(*waiting).values(due_at=planned.due_at))


async def drop_due(connection: AsyncConnection, numbers: Sequence[int]) -> dict[int, int]:
    """Take away the due slots of subscriptions, and return how many missed times each stood for."""
    missed: dict[int, int] = {}
    for part in _parts(numbers):
        change = delete(slots).where(slots.c.subscription.in_(part), IS_DUE)
        rows = await connection.execute(change.returning(slots.c.subscription, slots.c.missed))
        missed.update((number, count) for number, count in rows)
    return missed


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
