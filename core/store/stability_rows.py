"""What members decided on the same evidence in another order."""

from collections.abc import Sequence

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
    func,
    insert,
    or_,
    select,
    type_coerce,
)

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
_STORED = [name for name in Stability.model_fields if name in stabilities.c]
_FIELDS = [stabilities.c[name] for name in _STORED]
_SPOKE = type_coerce(stabilities.c.actions, Text).like('%"%')
"""An action is a word, and what kept a member from a ballot is null."""


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
            {name: getattr(one, name) for name in _STORED} | {"cost_usd": one.spend.cost_usd} for one in found
        ]
        if rows:
            async with self._database.write() as connection:
                await connection.execute(insert(stabilities), rows)

    async def latest(self) -> dict[str, Stability]:
        """Return the newest finding with a ballot on each member, with when it was asked since and cast none.

        Of a member that has never cast a ballot in a check it is the newest finding.
        """
        number, member = stabilities.c.number, stabilities.c.member
        newest = select(func.max(number)).group_by(member)
        spoken = select(func.max(number)).where(_SPOKE).group_by(member)
        query = select(*_FIELDS).where(or_(number.in_(newest), number.in_(spoken))).order_by(number)
        async with self._database.read() as connection:
            rows = (await connection.execute(query)).mappings().all()
        found: dict[str, Stability] = {}
        for row in rows:  # at most two of a member, the older one first
            one = Stability(**{str(name): value for name, value in row.items()})
            older = found.get(one.member)
            silent = older is not None and older.cast and not one.cast
            found[one.member] = older.model_copy(update={"silent_at": one.at}) if older and silent else one
        return found
