"""What members remember as of a moment: nothing that came to be known later is read here.

In a live season everything counts from when it was there: a decision from the end of its run, an outcome from
the close that settled it, a reflection from when it was written. In a replay of the past the wall clock says
nothing, so a decision counts from its own moment, and outcome and reflection from the close that settled the
ballot: a reflection is written from the ballot and its outcome alone, both known at that close.

Live seasons follow one another, and what was learned in one is remembered in the next. Replays, which may
cover the same days with other settings, and the sample's season remember their own runs alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, func, or_, select, true
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql import ColumnElement

from core.domain.ballot import Ballot
from core.domain.memory import REFLECTED_AT, Lesson, Memory, PastDecision
from core.domain.outcomes import Outcome
from core.domain.run import RunState
from core.domain.season import Season
from core.store.database import Database
from core.store.season_tables import outcomes, reflections, seasons
from core.store.tables import runs, seats

_DECISIONS = 5
_LESSONS = 3
_LOOKED_THROUGH = 20
"""Runs of a ticker in which a member's last decisions are looked for; in others it may have abstained."""


@dataclass(frozen=True)
class _Moment:
    """As of when, in which season, and whether the wall clock says when something was known."""

    season: Season
    as_of: datetime
    replay: bool

    def own(self, column: ColumnElement[Any]) -> ColumnElement[bool]:
        """Rows of the seasons that are remembered."""
        if self.replay:
            return column == self.season
        of_live = select(seasons.c.name).where(seasons.c.kind == "live")
        is_live = select(seasons.c.name).where(seasons.c.name == self.season, seasons.c.kind == "live")
        return or_(column == self.season, and_(is_live.exists(), column.in_(of_live)))

    def known(self, written_at: ColumnElement[Any]) -> ColumnElement[bool]:
        """Rows that were there at the moment, by the wall clock where that counts."""
        return true() if self.replay else written_at <= self.as_of


class Memories:
    """What each member remembers."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of_members(
        self, season: Season, members: Sequence[str], ticker: str, as_of: datetime, *, replay: bool
    ) -> dict[str, Memory]:
        """Return what each of these members remembers when it decides on a ticker at `as_of`.

        Who remembers nothing is left out. `replay` says that the season is a replay of the past.
        """
        moment = _Moment(season, as_of, replay)
        async with self._database.read() as connection:
            decisions = await _decisions(connection, moment, members, ticker)
            lessons = await _lessons(connection, moment, members, ticker)
        return {
            member: Memory(decisions=decisions.get(member, ()), lessons=lessons.get(member, ()))
            for member in members
            if member in decisions or member in lessons
        }


async def _decisions(
    connection: AsyncConnection, moment: _Moment, members: Sequence[str], ticker: str
) -> dict[str, tuple[PastDecision, ...]]:
    place = func.row_number().over(
        partition_by=seats.c.member, order_by=(runs.c.as_of.desc(), runs.c.number.desc())
    )
    last = (
        select(seats.c.run_id, seats.c.member, place.label("place"))
        .join(runs, runs.c.run_id == seats.c.run_id)
        .where(seats.c.member.in_(members), runs.c.ticker == ticker, moment.own(runs.c.season))
        .where(runs.c.state == RunState.FINISHED, runs.c.as_of < moment.as_of)
        .where(moment.known(runs.c.finished_at))
        .subquery()
    )
    settled = and_(
        outcomes.c.run_id == last.c.run_id,
        outcomes.c.member == last.c.member,
        outcomes.c.horizon == REFLECTED_AT,
        outcomes.c.settled_at <= moment.as_of,
    )
    written = and_(
        reflections.c.run_id == last.c.run_id,
        reflections.c.member == last.c.member,
        reflections.c.settled_at <= moment.as_of,
        moment.known(reflections.c.written_at),
    )
    query = (
        select(runs.c.as_of, seats.c.result, reflections.c.text, *(outcomes.c[name] for name in _OF_OUTCOME))
        .select_from(last)
        .join(runs, runs.c.run_id == last.c.run_id)
        .join(seats, and_(seats.c.run_id == last.c.run_id, seats.c.member == last.c.member))
        .join(outcomes, settled, isouter=True)
        .join(reflections, written, isouter=True)
        .where(last.c.place <= _LOOKED_THROUGH)
        .order_by(last.c.member, last.c.place)
    )
    found: dict[str, tuple[PastDecision, ...]] = {}
    for row in (await connection.execute(query)).mappings():
        ballot = row["result"]
        if isinstance(ballot, Ballot) and len(found.get(ballot.member, ())) < _DECISIONS:
            found[ballot.member] = (*found.get(ballot.member, ()), _decision(row, ballot))
    return found


_OF_OUTCOME = tuple(Outcome.model_fields)


def _decision(row: Any, ballot: Ballot) -> PastDecision:
    known = row["settled_at"] is not None
    outcome = Outcome(**{name: row[name] for name in _OF_OUTCOME}) if known else None
    return PastDecision(
        decided_at=row["as_of"],
        action=ballot.action,
        confidence=ballot.confidence,
        return_ratio=outcome and outcome.return_ratio,
        earned=outcome and outcome.earned,
        alpha=outcome and outcome.alpha,
        reflection=row["text"] if known else None,
    )


async def _lessons(
    connection: AsyncConnection, moment: _Moment, members: Sequence[str], ticker: str
) -> dict[str, tuple[Lesson, ...]]:
    newest = (
        reflections.c.settled_at.desc(),
        reflections.c.decided_at.desc(),
        reflections.c.ticker,
        reflections.c.run_id,
    )
    place = func.row_number().over(partition_by=reflections.c.member, order_by=newest).label("place")
    named = ("member", "ticker", "decided_at", "action", "alpha", "lesson")
    last = (
        select(*(reflections.c[name] for name in named), place)
        .where(reflections.c.member.in_(members), reflections.c.ticker != ticker)
        .where(reflections.c.lesson.is_not(None), moment.own(reflections.c.season))
        .where(reflections.c.decided_at < moment.as_of, reflections.c.settled_at <= moment.as_of)
        .where(moment.known(reflections.c.written_at))
        .subquery()
    )
    query = select(last).where(last.c.place <= _LESSONS).order_by(last.c.member, last.c.place)
    found: dict[str, tuple[Lesson, ...]] = {}
    for row in (await connection.execute(query)).mappings():
        lesson = Lesson(
            ticker=row["ticker"],
            decided_at=row["decided_at"],
            action=row["action"],
            alpha=row["alpha"],
            text=row["lesson"],
        )
        found[row["member"]] = (*found.get(row["member"], ()), lesson)
    return found
