"""Which updates of platforms have arrived."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncConnection

from core.store.database import Database
from core.store.inserting import insert_new
from core.store.tables import deliveries
from core.store.together import Together

_KEEP = timedelta(days=7)
_PRUNE_EVERY = timedelta(hours=1)


class _Claim(NamedTuple):
    platform: str
    delivery: str
    at: datetime


class Deliveries:
    """What was delivered to us; remembered for seven days at least."""

    def __init__(self, database: Database) -> None:
        self._database = database
        # First, because somebody waits for an answer.
        self._claims = Together(partial(database.write, first=True), self._note)
        self._prune_from: datetime | None = None

    async def claim(self, platform: str, delivery: str, at: datetime) -> bool:
        """Say True exactly once for each update of a platform, after the commit that notes it.

        Raises:
            StoreError: the database cannot be written.
        """
        return await self._claims.ask(_Claim(platform, delivery, at))

    async def release(self, platform: str, delivery: str) -> None:
        """Forget an update that was claimed, so that it can be claimed again."""
        known = (deliveries.c.platform == platform, deliveries.c.delivery == delivery)
        async with self._database.write() as connection:
            await connection.execute(delete(deliveries).where(*known))

    async def _note(self, connection: AsyncConnection, claims: Sequence[_Claim]) -> Sequence[bool]:
        rows = {(one.platform, one.delivery): one for one in reversed(claims)}
        values = [one._asdict() for one in rows.values()]
        told = insert_new(connection, deliveries).returning(deliveries.c.platform, deliveries.c.delivery)
        new = {(platform, delivery) for platform, delivery in await connection.execute(told, values)}
        await self._prune(connection, max(one.at for one in claims))
        firsts = {id(one) for key, one in rows.items() if key in new}
        return [id(one) in firsts for one in claims]

    async def _prune(self, connection: AsyncConnection, at: datetime) -> None:
        if self._prune_from is None or at >= self._prune_from:
            await connection.execute(delete(deliveries).where(deliveries.c.at < at - _KEEP))
            self._prune_from = at + _PRUNE_EVERY
