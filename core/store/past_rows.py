"""Finished runs in short, page by page, and the run that two members share."""

from sqlalchemy import func, select
from sqlalchemy.sql import ColumnElement

from core.domain.past import PastRun
from core.domain.run import RunState
from core.store.database import Database
from core.store.run_record import OF_THE_ARENA
from core.store.season_tables import outcomes
from core.store.tables import runs, seats

_FINISHED = (runs.c.state == RunState.FINISHED, *OF_THE_ARENA)
_NEWEST = (runs.c.finished_at.desc(), runs.c.number.desc())


class Past:
    """Runs of the arena that have ended; replays of the past, and old evidence asked again, are left out."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def count(self, ticker: str | None) -> int:
        """Return how many runs of a ticker, or of all, have finished."""
        query = select(func.count()).select_from(runs).where(*_FINISHED, *_of(ticker))
        async with self._database.read() as connection:
            return (await connection.execute(query)).scalar_one()

    async def page(self, ticker: str | None, offset: int, limit: int) -> tuple[PastRun, ...]:
        """Return `limit` finished runs of a ticker, or of all, from `offset` on, the newest first."""
        query = select(runs.c.run_id, runs.c.ticker, runs.c.as_of, runs.c.verdict)
        query = query.where(*_FINISHED, *_of(ticker)).order_by(*_NEWEST).offset(offset).limit(limit)
        async with self._database.read() as connection:
            rows = (await connection.execute(query)).all()
            settled = select(outcomes.c.run_id, outcomes.c.horizon, outcomes.c.return_ratio)
            settled = settled.where(outcomes.c.run_id.in_([row.run_id for row in rows]))
            # All ballots of a run have the return of the same instrument: the last word is the longest one.
            known = {
                run_id: (horizon, ratio)
                for run_id, horizon, ratio in await connection.execute(settled.order_by(outcomes.c.horizon))
            }
        nothing = (None, None)
        return tuple(
            PastRun(
                run_id=row.run_id,
                ticker=row.ticker,
                as_of=row.as_of,
                verdict=row.verdict,
                horizon=known.get(row.run_id, nothing)[0],
                return_ratio=known.get(row.run_id, nothing)[1],
            )
            for row in rows
        )

    async def shared(self, one: str, other: str, ticker: str | None) -> str | None:
        """Return the id of the last finished run, of a ticker or of all, in which both members sat."""
        seated = [
            select(seats.c.run_id).where(seats.c.run_id == runs.c.run_id, seats.c.member == name).exists()
            for name in (one, other)
        ]
        query = select(runs.c.run_id).where(*_FINISHED, *_of(ticker), *seated).order_by(*_NEWEST).limit(1)
        async with self._database.read() as connection:
            run_id: str | None = (await connection.execute(query)).scalar()
            return run_id


def _of(ticker: str | None) -> tuple[ColumnElement[bool], ...]:
    return () if ticker is None else (runs.c.ticker == ticker,)
