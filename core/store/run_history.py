"""What runs of the past tell about coming ones: which tickers people ask about, and what runs cost."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from core.domain.ballot import MemberResult
from core.domain.member import FOLLOWERS
from core.domain.run import RunRecord, RunState
from core.domain.season import Season
from core.domain.stage import Preset
from core.domain.usage import Spend
from core.store.database import Database
from core.store.run_record import NOT_REPLAYED, read_record
from core.store.tables import runs, seats
from core.store.together import Together

_COUNTS = (runs.c.state == RunState.FINISHED, NOT_REPLAYED)


class RunHistory:
    """Finished runs looked at together; replays of the past are left out."""

    def __init__(self, database: Database) -> None:
        self._database = database
        # Each run that begins is told what it will cost; at a busy moment that is many of few presets.
        self._spending = Together(database.read, _spent_for_each)

    async def spent(self, preset: Preset, limit: int) -> Mapping[str, Sequence[Spend]]:
        """Return what each member has spent in each of the last `limit` runs of `preset` that it sat in.

        A member without a seat in any of them is not among the keys.
        """
        return await self._spending.ask((preset, limit))

    async def tickers(self, limit: int) -> tuple[str, ...]:
        """Return the tickers of the last runs, the one that was run last first."""
        query = (
            select(runs.c.ticker)
            .where(*_COUNTS)
            .group_by(runs.c.ticker)
            .order_by(func.max(runs.c.number).desc())
            .limit(limit)
        )
        async with self._database.read() as connection:
            return tuple((await connection.execute(query)).scalars())

    async def results(self, season: Season, limit: int) -> Mapping[str, Sequence[tuple[str, MemberResult]]]:
        """Return run and result of each member in the last `limit` runs of a season that ended, oldest first.

        Those that follow verdicts and votes are left out.
        """
        last = (
            select(runs.c.run_id)
            .where(runs.c.season == season, runs.c.state == RunState.FINISHED)
            .order_by(runs.c.number.desc())
            .limit(limit)
        )
        query = (
            select(seats.c.member, runs.c.run_id, seats.c.result)
            .join(runs, runs.c.run_id == seats.c.run_id)
            .where(runs.c.run_id.in_(last), seats.c.result.is_not(None), seats.c.kind.not_in(FOLLOWERS))
            .order_by(runs.c.number)
        )
        found: defaultdict[str, list[tuple[str, MemberResult]]] = defaultdict(list)
        async with self._database.read() as connection:
            for member, run_id, result in await connection.execute(query):
                found[member].append((run_id, result))
        return dict(found)

    async def before(self, record: RunRecord) -> RunRecord | None:
        """Return the finished run of the same ticker and season that was begun before this one, or None."""
        number = select(runs.c.number).where(runs.c.run_id == record.run_id).scalar_subquery()
        query = (
            select(runs.c.run_id)
            .where(runs.c.ticker == record.ticker, runs.c.season == record.season)
            .where(runs.c.state == RunState.FINISHED, runs.c.number < number)
            .order_by(runs.c.number.desc())
            .limit(1)
        )
        async with self._database.read() as connection:
            run_id = (await connection.execute(query)).scalar()
            return await read_record(connection, run_id) if run_id else None


async def _spent_for_each(
    connection: AsyncConnection, asked: Sequence[tuple[Preset, int]]
) -> Sequence[Mapping[str, Sequence[Spend]]]:
    found = {wanted: await _spent(connection, *wanted) for wanted in set(asked)}
    return [found[wanted] for wanted in asked]


async def _spent(connection: AsyncConnection, preset: Preset, limit: int) -> Mapping[str, Sequence[Spend]]:
    last = (
        select(runs.c.run_id)
        .where(runs.c.preset == preset, *_COUNTS)
        .order_by(runs.c.finished_at.desc(), runs.c.number.desc())
        .limit(limit)
    )
    query = select(seats.c.member, seats.c.result).where(
        seats.c.run_id.in_(last), seats.c.result.is_not(None)
    )
    spent: defaultdict[str, list[Spend]] = defaultdict(list)
    for member, result in await connection.execute(query):
        spent[member].append(result.spend)
    return dict(spent)
