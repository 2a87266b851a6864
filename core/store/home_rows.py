"""Who has opened our page in Slack, where people have asked something, and which run a message shows."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Table, bindparam, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.domain.run import RunRecord, RunState
from core.store.database import Database
from core.store.inserting import insert_new
from core.store.people_tables import homes, visits
from core.store.run_record import OF_THE_ARENA, read_record
from core.store.tables import cards, runs
from core.store.together import Together

_FINISHED = (runs.c.state == RunState.FINISHED, *OF_THE_ARENA)


class _Seen(NamedTuple):
    table: Table
    key: tuple[str, str]
    at: datetime


class Homes:
    """The rows behind people's own pages."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._notes = Together(database.write, _note)

    async def opened(self, person: str, team: str, at: datetime) -> None:
        """Note that a person has opened their page in a workspace, and when last."""
        await self._notes.ask(_Seen(homes, (person, team), at))

    async def forget(self, person: str, team: str) -> None:
        """Bring a person's page up to date no more, until they open it again."""
        gone = delete(homes).where(homes.c.person == person, homes.c.team == team)
        async with self._database.write() as connection:
            await connection.execute(gone)

    async def opened_since(self, at: datetime, limit: int) -> tuple[tuple[str, str], ...]:
        """Return person and team of those who opened their page at or after `at`, who did so last first."""
        query = (
            select(homes.c.person, homes.c.team)
            .where(homes.c.opened_at >= at)
            .order_by(homes.c.opened_at.desc(), homes.c.person, homes.c.team)
            .limit(limit)
        )
        async with self._database.read() as connection:
            return tuple((person, team) for person, team in await connection.execute(query))

    async def visited(self, person: str, chat_id: str, at: datetime) -> None:
        """Note that a person has asked something in a chat."""
        await self._notes.ask(_Seen(visits, (person, chat_id), at))

    async def places(self, person: str, since: datetime, limit: int) -> tuple[str, ...]:
        """Return the chats in which a person has asked something since then, the newest first."""
        query = (
            select(visits.c.chat_id)
            .where(visits.c.person == person, visits.c.at >= since)
            .order_by(visits.c.at.desc(), visits.c.chat_id)
            .limit(limit)
        )
        async with self._database.read() as connection:
            return tuple((await connection.execute(query)).scalars())

    async def run_shown(self, platform: str, chat: str, message: str) -> str | None:
        """Return the id of the run that a message of ours shows, or None where it shows none."""
        query = (
            select(cards.c.run_id)
            .where(cards.c.platform == platform, cards.c.chat == chat, cards.c.message == message)
            .order_by(cards.c.number.desc())
            .limit(1)
        )
        async with self._database.read() as connection:
            run_id: str | None = (await connection.execute(query)).scalar()
            return run_id

    async def last_finished(self) -> datetime | None:
        """Return when a run has finished last, or None before the first; replays of the past do not count."""
        query = select(func.max(runs.c.finished_at)).where(*_FINISHED)
        async with self._database.read() as connection:
            at: datetime | None = (await connection.execute(query)).scalar()
            return at

    async def latest(self, limit: int) -> tuple[RunRecord, ...]:
        """Return the last finished run of each of the `limit` tickers run last, the newest first."""
        newest = (
            select(func.max(runs.c.number).label("number"))
            .where(*_FINISHED)
            .group_by(runs.c.ticker)
            .order_by(func.max(runs.c.number).desc())
            .limit(limit)
            .subquery()
        )
        query = (
            select(runs.c.run_id)
            .join(newest, newest.c.number == runs.c.number)
            .order_by(runs.c.number.desc())
        )
        async with self._database.read() as connection:
            ids = (await connection.execute(query)).scalars().all()
            found = [await read_record(connection, run_id) for run_id in ids]
        return tuple(record for record in found if record is not None)


async def _note(connection: AsyncConnection, seen: Sequence[_Seen]) -> Sequence[None]:
    for table in {one.table for one in seen}:
        first, second, at = table.c
        values = [(*one.key, one.at) for one in seen if one.table is table]
        rows = [dict(zip(("first", "second", "now"), row, strict=True)) for row in values]
        given: dict[Any, Any] = {first: bindparam("first"), second: bindparam("second"), at: bindparam("now")}
        await connection.execute(insert_new(connection, table).values(given), rows)
        # Of two notes that cross, the later moment stays.
        same = first == bindparam("first"), second == bindparam("second"), at < bindparam("now")
        await connection.execute(update(table).where(*same).values({at: bindparam("now")}), rows)
    return [None] * len(seen)
