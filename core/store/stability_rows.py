"""What members decided on the same evidence in another order."""

from collections.abc import Sequence

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Integer, Table, func, insert, select

from core.domain.ballot import Action
from core.domain.stability import Stability
from core.domain.usage import Spend
from core.store.column_types import COST_PLACES, AsJson, Exact, Moment, Words
from core.store.database import Database
from core.store.tables import metadata

stabilities = Table(
    "stabilities",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("member", Words, ForeignKey("members.name"), nullable=False),
    Column("ticker", Words, nullable=False),
    Column("as_of", Moment, nullable=False),
    Column("at", Moment, nullable=False),
    Column("preset", Words, nullable=False),
    Column("seed", Integer, nullable=False),
    Column("evidence_sha256", Words, ForeignKey("evidence.sha256"), nullable=False),
    Column("actions", AsJson(tuple[Action | None, ...]), nullable=False),
    Column("spend", AsJson(Spend), nullable=False),
    Column("cost_usd", Exact(COST_PLACES), nullable=False),
    CheckConstraint("seed >= 0", name="seed"),
    Index("ix_stabilities_member_number", "member", "number"),
    Index("ix_stabilities_at", "at"),
)
_FIELDS = [stabilities.c[name] for name in Stability.model_fields]


class Stabilities:
    """What checks of stability have found. Each is written once and never changed."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, found: Sequence[Stability]) -> None:
        """Keep what one check has found, all or none.

        Raises:
            StoreError: the evidence or a member is not stored.
        """
        rows = [
            {name: getattr(one, name) for name in Stability.model_fields} | {"cost_usd": one.spend.cost_usd}
            for one in found
        ]
        if rows:
            async with self._database.write() as connection:
                await connection.execute(insert(stabilities), rows)

    async def latest(self) -> dict[str, Stability]:
        """Return the newest finding on each member that has one."""
        newest = select(func.max(stabilities.c.number)).group_by(stabilities.c.member)
        query = select(*_FIELDS).where(stabilities.c.number.in_(newest))
        async with self._database.read() as connection:
            rows = (await connection.execute(query)).mappings().all()
        found = [Stability(**{str(name): value for name, value in row.items()}) for row in rows]
        return {one.member: one for one in found}
