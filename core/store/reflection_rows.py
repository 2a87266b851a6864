"""What members wrote about their settled ballots, and which ballots still wait for it."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import Text, and_, func, or_, select, type_coerce, update
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql import ColumnElement, Select

from core.domain.ballot import Ballot
from core.domain.memory import REFLECTED_AT, Reflection
from core.domain.outcomes import Outcome
from core.domain.season import Season
from core.domain.stage import SPOKEN, SPOKEN_BEFORE, Stage
from core.domain.usage import NOTHING_SPENT, Spend
from core.store.column_types import COST_PLACES, Exact
from core.store.costs import for_sums
from core.store.database import Database
from core.store.inserting import insert_new
from core.store.season_tables import outcomes, reflections
from core.store.tables import seats, stages

MOST_TRIES = 3
"""How often a member may fail on one ballot before that is left without a reflection."""

_OUTCOME = [outcomes.c[name] for name in Outcome.model_fields]
_REFLECTION = [reflections.c[name] for name in Reflection.model_fields]


class Settled(NamedTuple):
    """A ballot and what became of it."""

    outcome: Outcome
    ballot: Ballot


class Reflections:
    """The reflections of all members: one for each member and ballot, whoever asks for it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def claim(
        self,
        season: Season,
        members: Sequence[str],
        since: datetime,
        until: datetime,
        *,
        now: datetime,
        lease_until: datetime,
        most: int,
    ) -> tuple[Settled, ...]:
        """Take up to `most` ballots that wait for a reflection, the oldest first.

        They were settled from `since` until `until`. Nobody else gets them before `lease_until`, unless
        `failed` or `put_back` gives them back.
        """
        query = _waiting(season, members, since, until, now).limit(most)
        async with self._database.write() as connection:
            rows = (await connection.execute(query)).mappings().all()
            found = [Settled(_outcome(row), row["result"]) for row in rows]
            found = [one for one in found if isinstance(one.ballot, Ballot)]
            if not found:
                return ()
            new = [_new_row(one.outcome) for one in found]
            await connection.execute(insert_new(connection, reflections), new)
            return tuple([one for one in found if await _claimed(connection, one.outcome, now, lease_until)])

    async def write(self, reflection: Reflection) -> bool:
        """Keep a reflection and what this try has cost; the first one stays, and False says there was one."""
        values = {"text": reflection.text, "lesson": reflection.lesson, "served_by": reflection.served_by}
        key = _key(reflection.run_id, reflection.member)
        async with self._database.write() as connection:
            await _paid(connection, key, reflection.spend, reflection.written_at)
            change = update(reflections).where(*key, reflections.c.text.is_(None))
            change = change.values(**values, written_at=reflection.written_at, claimed_until=None)
            return (await connection.execute(change)).rowcount == 1

    async def failed(
        self, run_id: str, member: str, spend: Spend, at: datetime, again: datetime | None = None
    ) -> None:
        """Note a try without a result and what it has cost; after `MOST_TRIES` nobody is asked again.

        The next try is not before `again`.
        """
        key = _key(run_id, member)
        async with self._database.write() as connection:
            await _paid(connection, key, spend, at)
            change = update(reflections).where(*key)
            await connection.execute(change.values(claimed_until=again, tries=reflections.c.tries + 1))

    async def put_back(self, run_id: str, member: str, until: datetime) -> None:
        """Let a ballot be taken again from `until` on, without counting a try: nobody was asked."""
        change = update(reflections).where(*_key(run_id, member), reflections.c.text.is_(None))
        async with self._database.write() as connection:
            await connection.execute(change.values(claimed_until=until))

    async def of(self, run_id: str, member: str) -> Reflection | None:
        """Return what a member wrote about its ballot in a run, or None."""
        query = select(*_REFLECTION).where(*_key(run_id, member), reflections.c.text.is_not(None))
        async with self._database.read() as connection:
            row = (await connection.execute(query)).mappings().first()
        return Reflection(**{str(name): value for name, value in row.items()}) if row else None

    async def costs(self, season: Season, before: datetime | None = None) -> dict[str, Decimal]:
        """Return what the reflections of each member have cost in a season, in USD.

        With `before`, those alone whose ballots were settled before that moment.
        """
        async with self._database.read() as connection:
            return await reflection_costs(connection, season, before)


async def reflection_costs(
    connection: AsyncConnection, season: Season, before: datetime | None
) -> dict[str, Decimal]:
    """Return what `Reflections.costs` does, within a transaction."""
    total = func.sum(reflections.c.cost_usd, type_=Exact(COST_PLACES))
    query = select(reflections.c.member, total).where(reflections.c.season == season)
    if before is not None:
        query = query.where(reflections.c.settled_at < before)
    rows = await connection.execute(query.group_by(reflections.c.member))
    return {str(member): cost for member, cost in rows}


def _key(run_id: str, member: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return reflections.c.run_id == run_id, reflections.c.member == member


def _free(now: datetime) -> tuple[ColumnElement[bool], ...]:
    """The rows that may be claimed."""
    return (
        reflections.c.text.is_(None),
        reflections.c.tries < MOST_TRIES,
        or_(reflections.c.claimed_until.is_(None), reflections.c.claimed_until <= now),
    )


def _waiting(
    season: Season, members: Sequence[str], since: datetime, until: datetime, now: datetime
) -> Select[Any]:
    seated = and_(seats.c.run_id == outcomes.c.run_id, seats.c.member == outcomes.c.member)
    known = and_(reflections.c.run_id == outcomes.c.run_id, reflections.c.member == outcomes.c.member)
    return (
        select(*_OUTCOME, seats.c.result)
        .join(seats, seated)
        .join(reflections, known, isouter=True)
        .where(outcomes.c.season == season, outcomes.c.horizon == REFLECTED_AT)
        .where(outcomes.c.member.in_(members))
        .where(outcomes.c.settled_at >= since, outcomes.c.settled_at <= until)
        .where(or_(reflections.c.run_id.is_(None), and_(*_free(now))))
        .where(~_was_steered())
        .order_by(outcomes.c.settled_at, outcomes.c.decided_at, outcomes.c.ticker, outcomes.c.member)
    )


def _was_steered() -> ColumnElement[bool]:
    """A ballot that a text from outside may have steered: what it said is nothing to be learned from."""
    marks = type_coerce(stages.c.marks, Text)
    return (
        select(stages.c.run_id)
        .where(stages.c.run_id == outcomes.c.run_id, stages.c.member == outcomes.c.member)
        .where(stages.c.stage == Stage.DECISION.value)
        .where(or_(*(marks.contains(mark, autoescape=True) for mark in (SPOKEN, SPOKEN_BEFORE))))
        .exists()
    )


def _outcome(row: Any) -> Outcome:
    return Outcome(**{name: row[name] for name in Outcome.model_fields})


def _new_row(outcome: Outcome) -> dict[str, Any]:
    same = ("season", "run_id", "member", "ticker", "decided_at", "settled_at")
    row = {name: getattr(outcome, name) for name in (*same, "action", "confidence", "return_ratio", "alpha")}
    return row | {"tries": 0, "spend": NOTHING_SPENT, "cost_usd": Decimal(0)}


async def _claimed(connection: AsyncConnection, of: Outcome, now: datetime, lease_until: datetime) -> bool:
    change = update(reflections).where(*_key(of.run_id, of.member), *_free(now))
    return (await connection.execute(change.values(claimed_until=lease_until))).rowcount == 1


async def _paid(
    connection: AsyncConnection, key: Sequence[ColumnElement[bool]], spend: Spend, at: datetime
) -> None:
    """Add what a try has cost to what those before it have."""
    before = select(reflections.c.spend).where(*key).with_for_update()
    total = ((await connection.execute(before)).scalar() or NOTHING_SPENT) + spend
    change = update(reflections).where(*key)
    await connection.execute(change.values(spend=total, cost_usd=for_sums(total.cost_usd), tried_at=at))
