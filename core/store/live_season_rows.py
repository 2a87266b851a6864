"""Live seasons: which one is open, when they end, and the final tables of those that have ended."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.domain.errors import Refused
from core.domain.live_season import FinalTable, LiveSeason, SeasonLine
from core.domain.run import RunState
from core.domain.season import Season
from core.store.database import Database
from core.store.inserting import add_new
from core.store.season_tables import season_finals, seasons
from core.store.tables import runs
from core.store.together import Together

_IS_LIVE = seasons.c.kind == "live"
_IS_OPEN = seasons.c.state == "open"
LIVE = (
    seasons.c.name,
    seasons.c.created_at,
    seasons.c.first_day,
    seasons.c.last_day,
    seasons.c.ended_at,
)
"""The columns that make a LiveSeason."""


class LiveSeasons:
    """The live seasons of the arena, of which one at most is open."""

    def __init__(self, database: Database) -> None:
        self._database = database
        # Asked for with every run; at a busy moment that is many who want the same.
        self._asked = Together(database.read, _current)

    async def current(self) -> LiveSeason | None:
        """Return the season that is open, else the one that ended last, else None."""
        return await self._asked.ask(None)

    async def get(self, season: Season) -> LiveSeason | None:
        """Return a live season, or None where there is none of this name."""
        async with self._database.read() as connection:
            return await _read(connection, season)

    async def taken(self, season: Season) -> bool:
        """Say whether there is a season of this name, of whatever kind."""
        query = select(seasons.c.name).where(seasons.c.name == season)
        async with self._database.read() as connection:
            return (await connection.execute(query)).first() is not None

    async def end_on(self, season: Season, day: date | None) -> bool:
        """Set the last day of an open live season; False when there is no such one."""
        change = update(seasons).where(seasons.c.name == season, _IS_LIVE, _IS_OPEN)
        async with self._database.write() as connection:
            return (await connection.execute(change.values(last_day=day))).rowcount == 1

    async def final(self, season: Season) -> FinalTable | None:
        """Return what is kept of a live season that has ended, or None."""
        query = select(season_finals.c.final).where(season_finals.c.season == season)
        async with self._database.read() as connection:
            found: FinalTable | None = (await connection.execute(query)).scalar()
            return found

    async def finals(self) -> tuple[FinalTable, ...]:
        """Return the tables of all seasons that have ended, the newest first."""
        query = select(season_finals.c.final).order_by(season_finals.c.at.desc(), season_finals.c.season)
        async with self._database.read() as connection:
            return tuple((await connection.execute(query)).scalars())

    async def lines(self) -> tuple[SeasonLine, ...]:
        """Return every season, whatever its kind, the oldest first."""
        columns = (seasons.c.kind, seasons.c.state, season_finals.c.final, *LIVE)
        joined = seasons.outerjoin(season_finals, season_finals.c.season == seasons.c.name)
        query = select(*columns).select_from(joined).order_by(seasons.c.created_at, seasons.c.name)
        async with self._database.read() as connection:
            return tuple(_line(*row) for row in await connection.execute(query))

    async def finished_runs(self, season: Season) -> int:
        """Return how many runs of a season have finished."""
        query = select(func.count()).where(runs.c.season == season, runs.c.state == RunState.FINISHED)
        async with self._database.read() as connection:
            return int((await connection.execute(query)).scalar() or 0)


class LockedSeason:
    """What a season is, inside the transaction that holds its books. Made by `LockedBooks`."""

    def __init__(self, connection: AsyncConnection, season: Season) -> None:
        self._connection = connection
        self._season = season

    async def read(self) -> LiveSeason | None:
        """Return the live season that these books are, or None where they are of another kind."""
        return await _read(self._connection, self._season)

    async def check_open(self) -> None:
        """Check that whoever wants to trade here still may.

        Raises:
            Refused: it is a live season that has ended, or no season at all.
        """
        query = select(seasons.c.kind, seasons.c.state).where(seasons.c.name == self._season)
        row = (await self._connection.execute(query)).first()
        if row is None or tuple(row) == ("live", "ended"):
            raise Refused(f"The season {self._season} has ended just now. Try again in the one that follows.")

    async def start(self, first: date, last: date | None, benchmark: str, begins_at: datetime) -> None:
        """Open this live season.

        Raises:
            Refused: there is a season of this name, or another live one is open.
        """
        row: dict[str, Any] = {"name": self._season, "kind": "live", "state": "open", "benchmark": benchmark}
        days = {"created_at": begins_at, "first_day": first, "last_day": last}
        if not await add_new(self._connection, seasons, row | days):
            raise Refused(f"Season {self._season} cannot begin: it is there already, or another one is open.")

    async def end(self, final: FinalTable, at: datetime) -> bool:
        """Freeze this live season with its final table; False when that was done before.

        `at` (UTC) is when that is done, for the order of the tables.
        """
        change = update(seasons).where(seasons.c.name == self._season, _IS_LIVE, _IS_OPEN)
        values = {"state": "ended", "ended_at": final.ended_at}
        if (await self._connection.execute(change.values(values))).rowcount != 1:
            return False
        row = {"season": self._season, "final": final, "at": at}
        await self._connection.execute(insert(season_finals).values(row))
        return True


async def _read(connection: AsyncConnection, season: Season) -> LiveSeason | None:
    query = select(*LIVE).where(seasons.c.name == season, _IS_LIVE)
    row = (await connection.execute(query)).first()
    return live_of(row) if row else None


def live_of(row: Sequence[Any]) -> LiveSeason:
    """Return the live season that a row of the LIVE columns holds."""
    name, begins_at, first, last, ended_at = row
    return LiveSeason(
        season=Season(name), begins_at=begins_at, first_day=first, last_day=last, ended_at=ended_at
    )


def _line(
    kind: str,
    state: str,
    final: FinalTable | None,
    name: str,
    created_at: datetime,
    first: date | None,
    last: date | None,
    ended_at: datetime | None,
) -> SeasonLine:
    winner = final.winner if final else None
    return SeasonLine(
        season=Season(name),
        kind=kind,
        ended=state == "ended",
        first=first or created_at.date(),
        last=ended_at.date() if ended_at else last,
        winner=winner.member if winner else None,
        winner_return=winner.return_ratio if winner else None,
    )


async def _current(connection: AsyncConnection, asked: Sequence[None]) -> Sequence[LiveSeason | None]:
    newest = (_IS_OPEN.desc(), seasons.c.ended_at.desc(), seasons.c.created_at.desc())
    query = select(*LIVE).where(_IS_LIVE).order_by(*newest).limit(1)
    row = (await connection.execute(query)).first()
    return [live_of(row) if row else None] * len(asked)
