"""Which updates of platforms have arrived; those that arrive at the same time share one commit."""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncConnection

from core.domain.errors import StoreError
from core.store.database import Database
from core.store.inserting import insert_new
from core.store.tables import deliveries

_KEEP = timedelta(days=7)
_PRUNE_EVERY = timedelta(hours=1)
_BATCH = 200


def _future() -> "asyncio.Future[bool]":
    return asyncio.get_running_loop().create_future()


@dataclass(frozen=True)
class _Claim:
    platform: str
    delivery: str
    at: datetime
    new: "asyncio.Future[bool]" = field(default_factory=_future)

    def settle(self, outcome: bool | Exception) -> None:
        if self.new.done():  # its caller was cancelled
            return
        if isinstance(outcome, Exception):
            self.new.set_exception(outcome)
        else:
            self.new.set_result(outcome)


class Deliveries:
    """What was delivered to us; remembered for seven days at least."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: list[_Claim] = []
        self._writer: asyncio.Task[None] | None = None
        self._prune_from: datetime | None = None

    async def claim(self, platform: str, delivery: str, at: datetime) -> bool:
        """Say True exactly once for each update of a platform, after the commit that notes it.

        Raises:
            StoreError: the database cannot be written.
        """
        claim = _Claim(platform, delivery, at)
        self._waiting.append(claim)
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write_all(), name="delivery writer")
        return await claim.new

    async def release(self, platform: str, delivery: str) -> None:
        """Forget an update that was claimed, so that it can be claimed again."""
        known = (deliveries.c.platform == platform, deliveries.c.delivery == delivery)
        async with self._database.write() as connection:
            await connection.execute(delete(deliveries).where(*known))

    async def _write_all(self) -> None:
        while self._waiting:
            batch: list[_Claim] = []
            try:
                async with self._database.write() as connection:
                    # Taken when the turn has come, so that all who came meanwhile are in it.
                    batch, self._waiting = self._waiting[:_BATCH], self._waiting[_BATCH:]
                    rows = {(one.platform, one.delivery): one for one in reversed(batch)}
                    values = [{"platform": p, "delivery": d, "at": one.at} for (p, d), one in rows.items()]
                    statement = insert_new(connection, deliveries).values(values)
                    told = statement.returning(deliveries.c.platform, deliveries.c.delivery)
                    new = {(p, d) for p, d in await connection.execute(told)}
                    await self._prune(connection, max(one.at for one in batch))
            except Exception as error:  # noqa: BLE001 - whoever waits must hear of it, whatever it is
                failed = (
                    error if isinstance(error, StoreError) else StoreError("It was not noted; try again.")
                )
                for one in batch or self._waiting:
                    one.settle(failed)
                self._waiting = [one for one in self._waiting if not one.new.done()]
            except BaseException:
                for one in [*batch, *self._waiting]:
                    one.new.cancel()
                self._waiting = []
                raise
            else:
                for one in batch:
                    key = (one.platform, one.delivery)
                    one.settle(key in new and rows[key] is one)

    async def _prune(self, connection: AsyncConnection, at: datetime) -> None:
        if self._prune_from is None or at >= self._prune_from:
            await connection.execute(delete(deliveries).where(deliveries.c.at < at - _KEEP))
            self._prune_from = at + _PRUNE_EVERY
