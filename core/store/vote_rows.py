"""Votes of people: taken while a run goes on, and counted once at its close."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.domain.ballot import Action, MemberResult
from core.domain.member import MemberKind
from core.domain.run import RunState
from core.domain.vote import Vote
from core.store.database import Database
from core.store.run_record import OF_THE_ARENA
from core.store.run_rows import put_result
from core.store.season_tables import votes
from core.store.tables import runs, seats

Decide = Callable[[tuple[Vote, ...]], MemberResult]
"""What the crowd's result is, given the votes that stand."""

_VOTE = [votes.c[name] for name in Vote.model_fields]


class Votes:
    """The newest vote of each person in each run.

    Votes of a run are open until the crowd's result is stored. Both taking a vote and storing that result
    hold the crowd's seat, so that every vote that was taken is counted, and none is taken after the count.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def cast(
        self,
        run_id: str,
        person: str,
        action: Action,
        confidence: Decimal | None,
        chat: str,
        at: datetime,
    ) -> bool:
        """Store a vote in place of the person's earlier one; False when the run takes no votes (any more)."""
        whose = {"run_id": run_id, "person": person}
        vote = {"action": str(action), "confidence": confidence, "chat": chat, "at": at}
        earlier = update(votes).where(votes.c.run_id == run_id, votes.c.person == person)
        async with self._database.write() as connection:
            if not await _held_open(connection, run_id):
                return False
            if (await connection.execute(earlier.values(vote))).rowcount == 0:
                await connection.execute(insert(votes).values(whose | vote))
        return True

    async def of_run(self, run_id: str) -> tuple[Vote, ...]:
        """Return the votes of a run as they stand, in the order of the persons' ids."""
        async with self._database.read() as connection:
            return await _of_run(connection, run_id)

    async def close(self, run_id: str, decide: Decide) -> bool:
        """Store what `decide` makes of the votes as the crowd's result; from then on no vote is taken.

        The first result wins: False says that there was one, or that the run has no crowd or is over.
        """
        async with self._database.write() as connection:
            if not await _held_open(connection, run_id):
                return False
            return await put_result(connection, run_id, decide(await _of_run(connection, run_id)))

    async def run_of(self, ticker: str, chat: str) -> str | None:
        """Return the run of this ticker that is going on, or None; the newest that was asked for in `chat`.

        Where nobody asked for one there, it is the newest of all. Replays are no runs to vote in.
        """
        here = runs.c.requested_in == chat
        query = (
            select(runs.c.run_id)
            .where(
                runs.c.state == RunState.RUNNING,
                runs.c.ticker == ticker,
                *OF_THE_ARENA,
            )
            .order_by(here.desc(), runs.c.number.desc())
            .limit(1)
        )
        async with self._database.read() as connection:
            run_id: str | None = (await connection.execute(query)).scalar()
            return run_id


async def _held_open(connection: AsyncConnection, run_id: str) -> bool:
    """Say whether the run takes votes, and keep that so until the transaction ends."""
    query = (
        select(seats.c.member)
        .join(runs, runs.c.run_id == seats.c.run_id)
        .where(
            seats.c.run_id == run_id,
            seats.c.kind == MemberKind.CROWD,
            seats.c.result.is_(None),
            runs.c.state == RunState.RUNNING,
        )
        .with_for_update(of=seats)
    )
    return (await connection.execute(query)).first() is not None


async def _of_run(connection: AsyncConnection, run_id: str) -> tuple[Vote, ...]:
    query = select(*_VOTE).where(votes.c.run_id == run_id).order_by(votes.c.person)
    rows = (await connection.execute(query)).mappings()
    return tuple(Vote(**{str(name): value for name, value in row.items()}) for row in rows)
