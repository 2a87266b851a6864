"""What became of ballots."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.sql import ColumnElement

from core.domain.outcomes import Outcome
from core.domain.season import Season
from core.store.database import Database
from core.store.inserting import insert_new
from core.store.season_tables import outcomes

_OUTCOME = [outcomes.c[name] for name in Outcome.model_fields]


def outcome_row(outcome: Outcome) -> dict[str, Any]:
    """Return an outcome as it is stored: `correct` is `right`, for sums in SQL."""
    return {name: getattr(outcome, name) for name in Outcome.model_fields} | {"correct": outcome.right}


class Outcomes:
    """The settled ballots. An outcome is written once: the first word on a ballot at a horizon stands."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, found: Sequence[Outcome]) -> None:
        """Keep outcomes, all or none; those that are there already stay as they are.

        Raises:
            StoreError: a ballot's seat is not stored, or a price cannot be stored exactly.
        """
        rows = [outcome_row(each) for each in found]
        if not rows:
            return
        async with self._database.write() as connection:
            await connection.execute(insert_new(connection, outcomes), rows)

    async def of_member(
        self, season: Season, member: str, until: datetime | None = None, horizon: int | None = None
    ) -> tuple[Outcome, ...]:
        """Return one member's outcomes in the order in which they were settled, up to and with `until`."""
        return await self._read(season, until, horizon, outcomes.c.member == member)

    async def of_season(
        self, season: Season, until: datetime | None = None, horizon: int | None = None
    ) -> tuple[Outcome, ...]:
        """Return everybody's outcomes in the order in which they were settled, up to and with `until`."""
        return await self._read(season, until, horizon)

    async def _read(
        self, season: Season, until: datetime | None, horizon: int | None, *conditions: ColumnElement[bool]
    ) -> tuple[Outcome, ...]:
        query = select(*_OUTCOME).where(outcomes.c.season == season, *conditions)
        if until is not None:
            query = query.where(outcomes.c.settled_at <= until)
        if horizon is not None:
            query = query.where(outcomes.c.horizon == horizon)
        order = (outcomes.c.settled_at, outcomes.c.run_id, outcomes.c.member, outcomes.c.horizon)
        async with self._database.read() as connection:
            rows = (await connection.execute(query.order_by(*order))).mappings().all()
        return tuple(Outcome(**{str(name): value for name, value in row.items()}) for row in rows)
