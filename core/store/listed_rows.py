"""What providers list of their models, as it was last read."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import BigInteger, Column, Table, delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from core.domain.listed import ListedModel
from core.store.column_types import Moment, PlainDecimal, Words
from core.store.database import Database
from core.store.tables import metadata
from core.store.together import Together

listed_models = Table(
    "listed_models",
    metadata,
    Column("provider", Words, primary_key=True),
    Column("model", Words, primary_key=True),
    Column("price_in_usd_per_mtok", PlainDecimal),
    Column("price_out_usd_per_mtok", PlainDecimal),
    Column("price_cached_usd_per_mtok", PlainDecimal),
    Column("context_tokens", BigInteger),
    Column("at", Moment, nullable=False),
)


class ListedModels:
    """The newest list of each provider."""

    def __init__(self, database: Database) -> None:
        self._database = database
        # Each run that begins is told what it will cost, and a provider may list hundreds.
        self._asked = Together(database.read, _for_each)

    async def replace(self, provider: str, models: Sequence[ListedModel]) -> None:
        """Put a provider's list in place of the one before, whole."""
        async with self._database.write() as connection:
            await connection.execute(delete(listed_models).where(listed_models.c.provider == provider))
            if models:
                await connection.execute(insert(listed_models), [one.model_dump() for one in models])

    async def all(self) -> Mapping[tuple[str, str], ListedModel]:
        """Return every listed model by provider and id."""
        return await self._asked.ask(None)

    async def read_at(self) -> dict[str, datetime]:
        """Return when each provider's list was last read."""
        at = func.max(listed_models.c.at, type_=Moment)
        query = select(listed_models.c.provider, at).group_by(listed_models.c.provider)
        async with self._database.read() as connection:
            return {row[0]: row[1] for row in (await connection.execute(query)).all()}


async def _for_each(
    connection: AsyncConnection, asked: Sequence[None]
) -> Sequence[Mapping[tuple[str, str], ListedModel]]:
    rows = (await connection.execute(select(listed_models))).mappings()
    found = (ListedModel(**{str(name): value for name, value in row.items()}) for row in rows)
    return [{(one.provider, one.model): one for one in found}] * len(asked)
