"""Calls that have ended, on their way into the store: many in one transaction, and nobody waits for it."""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import NamedTuple

from sqlalchemy.ext.asyncio import AsyncConnection

from core.domain.calls import Call
from core.domain.errors import StoreError
from core.store.database import Database
from core.store.engine import is_of_one_row

MOST_WAITING = 2_000
"""So many may wait; whoever makes more calls waits, before they are sent."""
_BATCH = 200
_CLOSE_S = 30.0
_PAUSES_S = (0.2, 0.5, 1.0, 2.0, 5.0)

log = logging.getLogger(__name__)


class Ended(NamedTuple):
    """A call that has ended; without `call` one that was never sent. `holds`: its id holds something."""

    id: str
    call: Call | None = None
    scopes: tuple[str, ...] = ()
    holds: bool = True

    def within(self, scopes: Sequence[str]) -> "Ended":
        """Return the same, counting in these scopes too."""
        return self._replace(scopes=tuple(dict.fromkeys((*self.scopes, *scopes))))


class CallQueue:
    """Writes what has ended, the oldest first. A store that is slow or away stops no call, until it is full.

    `settle` writes a batch within a transaction. `told` hears of each batch that is written.
    """

    def __init__(
        self,
        database: Database,
        settle: Callable[[AsyncConnection, Sequence[Ended]], Awaitable[None]],
    ) -> None:
        self._database = database
        self._settle = settle
        self._waiting: deque[Ended] = deque()
        self._room = asyncio.Event()
        self._room.set()
        self._empty = asyncio.Event()
        self._empty.set()
        self._writer: asyncio.Task[None] | None = None
        self._failing = False
        self._closing = False
        self.told: Callable[[Sequence[Ended]], None] = _nobody
        self.held: Collection[str] = frozenset()
        """The ids under which this process holds something."""

    async def room(self) -> None:
        """Wait while too many wait to be written."""
        await self._room.wait()

    def add(self, call: Call, scopes: Sequence[str]) -> None:
        """Take the record of a call that has ended, and of the scopes that it counts in; never waits."""
        self._put(Ended(call.id, call, tuple(scopes), call.id in self.held))

    def release(self, call_id: str) -> None:
        """Give back what was held for a call, unless its record has done so; never waits."""
        self._put(Ended(call_id))

    async def flush(self, within_s: float = 5.0) -> bool:
        """Wait until all is written, for so many seconds at most; say whether it is."""
        try:
            async with asyncio.timeout(within_s):
                await self._empty.wait()
        except TimeoutError:
            return False
        return True

    async def close(self) -> None:
        """Write what waits, for half a minute at most; what stays held is booked in full after its lease."""
        self._closing = True
        if not await self.flush(_CLOSE_S):
            log.warning("the records of %d calls could not be written", len(self._waiting))
        if self._writer and not self._writer.done():
            self._writer.cancel()
            await asyncio.wait({self._writer})

    def _put(self, ended: Ended) -> None:
        self._waiting.append(ended)
        self._empty.clear()
        if len(self._waiting) >= MOST_WAITING:
            self._room.clear()
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write_all(), name="call writer")

    async def _write_all(self) -> None:
        tries = 0
        while self._waiting:
            try:
                batch = await self._write_next()
            except StoreError as error:
                if not self._failing:
                    self._failing = True
                    log.warning("the records of calls wait, because the store does not take them: %s", error)
                if self._closing and tries >= len(_PAUSES_S):
                    return
                await self._database.clock.sleep(_PAUSES_S[min(tries, len(_PAUSES_S) - 1)])
                tries += 1
                continue
            self._failing, tries = False, 0
            for _ in batch:
                self._waiting.popleft()
            if len(self._waiting) < MOST_WAITING:
                self._room.set()
            self.told(batch)
        self._empty.set()

    async def _write_next(self) -> Sequence[Ended]:
        """Write the oldest ones together, and return them.

        Raises:
            StoreError: the database cannot be used.
        """
        batch: Sequence[Ended] = ()
        try:
            async with self._database.write() as connection:
                # Taken when the turn has come: all that ended while others wrote is in it.
                batch = self._oldest()
                await self._settle(connection, batch)
        except Exception as error:
            if _is_of_all(error):
                raise
            batch = batch or self._oldest()
            for one in batch:
                await self._write_alone(one)
        return batch

    async def _write_alone(self, one: Ended) -> None:
        """Write one; if the database does not take it by itself it is left out, which is logged.

        Raises:
            StoreError: the database cannot be used.
        """
        try:
            async with self._database.write() as connection:
                await self._settle(connection, [one])
        except Exception as error:
            if _is_of_all(error):
                raise
            log.exception("the record of the call %s was not written", one.id)

    def _oldest(self) -> Sequence[Ended]:
        return tuple(self._waiting[place] for place in range(min(_BATCH, len(self._waiting))))


def _is_of_all(error: Exception) -> bool:
    """Say whether the database is not to be had, as opposed to not taking what it was given."""
    return isinstance(error, StoreError) and not is_of_one_row(error)


def _nobody(ended: Sequence[Ended]) -> None:
    """Tell nobody."""
