"""Votes of people: taken while a run goes on, and counted once at its close."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import BindParameter, bindparam, insert, select, update
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
from core.store.together import Together

Decide = Callable[[tuple[Vote, ...]], MemberResult]
"""What the crowd's result is, given the votes that stand."""

_RUNS: BindParameter[Any] = bindparam("run_ids", expanding=True)
_STANDING = (
    select(votes.c.run_id, *(votes.c[name] for name in Vote.model_fields))
    .where(votes.c.run_id.in_(_RUNS))
    .order_by(votes.c.person)
)


class Votes:
    """The newest vote of each person in each run.

    Votes of a run are open until the crowd's result is stored. Both taking a vote and storing that result
    hold the crowd's seat, so that every vote that was taken is counted, and none is taken after the count.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        # Every run that goes on here looks every few seconds, and those that began together do so together.
        self._standing = Together(database.read, _of_runs)

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
        return await self._standing.ask(run_id)

    async def close(self, run_id: str, decide: Decide) -> bool:
        """Store what `decide` makes of the votes as the crowd's result; from then on no vote is taken.

        The first result wins: False says that there was one, or that the run has no crowd or is over.
        """
        async with self._database.write() as connection:
            if not await _held_open(connection, run_id):
                return False
            return await put_result(connection, run_id, decide((await _of_runs(connection, [run_id]))[0]))

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


async def _of_runs(connection: AsyncConnection, run_ids: Sequence[str]) -> Sequence[tuple[Vote, ...]]:
    found: dict[str, list[Vote]] = defaultdict(list)
    for run_id, *row in await connection.execute(_STANDING, {"run_ids": list(set(run_ids))}):
        found[run_id].append(Vote(**dict(zip(Vote.model_fields, row, strict=True))))
    return [tuple(found[run_id]) for run_id in run_ids]
