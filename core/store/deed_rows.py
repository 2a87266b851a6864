"""What was refused to people, and what they did that only some may do: written once, never changed."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql import ColumnElement

from core.domain.people import Deed
from core.store.database import Database
from core.store.locking import hold
from core.store.people_tables import deeds

KEEP = timedelta(days=90)
KEEP_ROWS = 10_000
ONCE_IN = timedelta(minutes=1)
MOST_REFUSED_A_MINUTE = 120
_PRUNE_EVERY = timedelta(hours=1)
_PRUNE_AFTER = 500


class Deeds:
    """The audit trail of chats: of the last 90 days, the last 10,000 refusals and the last 10,000 others.

    A few hundred more may be there until the next pruning. The same refusal of the same person in the same
    chat is kept once a minute, and of all refusals together 120 a minute, so that nobody can flood it. As
    refusals have room of their own, they never push out what was done.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._prune_from: datetime | None = None
        self._since_pruned = 0

    async def add(self, deed: Deed) -> bool:
        """Keep a deed, whose number does not matter; False where it is one refusal too many."""
        row = deed.model_dump(exclude={"number", "chat"}) | {"chat_id": deed.chat}
        async with self._database.write() as connection:
            if deed.outcome == "refused":
                await hold(connection, ["refusals"])
                recent = (deeds.c.outcome == "refused", deeds.c.at > deed.at - ONCE_IN)
                own = {"person": deed.person, "chat_id": deed.chat, "what": deed.what}
                same = (deeds.c[name] == value for name, value in own.items())
                if (await connection.execute(select(deeds.c.number).where(*recent, *same).limit(1))).first():
                    return False
                count = select(func.count()).select_from(deeds).where(*recent)
                if (await connection.execute(count)).scalar_one() >= MOST_REFUSED_A_MINUTE:
                    return False
            await connection.execute(insert(deeds).values(row))
            self._since_pruned += 1
            due = self._prune_from is None or deed.at >= self._prune_from
            if due or self._since_pruned >= _PRUNE_AFTER:
                await _prune(connection, deed.at)
                self._prune_from, self._since_pruned = deed.at + _PRUNE_EVERY, 0
            return True

    async def last(self, limit: int, chat: str | None = None, skip: int = 0) -> tuple[Deed, ...]:
        """Return the newest deeds, newest first, of all chats or of one, without the first `skip`."""
        query = select(deeds).where(*_of(chat)).order_by(deeds.c.number.desc()).offset(skip).limit(limit)
        async with self._database.read() as connection:
            return tuple(_deed(row) for row in (await connection.execute(query)).mappings())

    async def count(self, chat: str | None = None) -> int:
        """Return how many deeds are kept, of all chats or of one."""
        query = select(func.count()).select_from(deeds).where(*_of(chat))
        async with self._database.read() as connection:
            return int((await connection.execute(query)).scalar_one())


async def _prune(connection: AsyncConnection, now: datetime) -> None:
    await connection.execute(delete(deeds).where(deeds.c.at < now - KEEP))
    for outcome in ("done", "refused"):
        alike = deeds.c.outcome == outcome
        newest = select(deeds.c.number).where(alike).order_by(deeds.c.number.desc())
        last_kept = newest.offset(KEEP_ROWS - 1).limit(1).scalar_subquery()
        await connection.execute(delete(deeds).where(alike, deeds.c.number < last_kept))


def _of(chat: str | None) -> list[ColumnElement[bool]]:
    return [] if chat is None else [deeds.c.chat_id == chat]


def _deed(row: Any) -> Deed:
    values = dict(row)
    return Deed(chat=values.pop("chat_id"), **values)
