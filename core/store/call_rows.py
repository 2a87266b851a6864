"""The calls to models, each written once when it has ended and never changed."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from core.domain.calls import Call
from core.store.call_tables import calls
from core.store.costs import for_sums
from core.store.database import Database
from core.store.inserting import insert_new


class Calls:
    """All calls of all processes: the record of who saw which evidence, and what it cost."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, made: Sequence[Call]) -> None:
        """Keep calls; one that is kept already stays as it is."""
        if made:
            async with self._database.write() as connection:
                await add_calls(connection, made)


async def add_calls(connection: AsyncConnection, made: Sequence[Call]) -> None:
    """Write calls within a transaction."""
    await connection.execute(insert_new(connection, calls), [row_of(call) for call in made])


def row_of(call: Call) -> dict[str, Any]:
    """Return a call as its row, with its cost as sums count it."""
    caller, spend = call.caller, call.spend
    return {
        **caller.model_dump(),
        **call.model_dump(exclude={"caller", "spend"}),
        **spend.model_dump(exclude={"cost_usd"}),
        "cost_usd": for_sums(spend.cost_usd),
    }
