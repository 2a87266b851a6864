"""Finished stages: each is on disk before anybody is told that it is done."""

import asyncio
from collections import deque
from dataclasses import dataclass

from sqlalchemy import select

from core.domain.errors import StoreError
from core.domain.stage import Stage, StageRecord
from core.store.costs import for_sums
from core.store.database import Database
from core.store.engine import is_of_one_row
from core.store.inserting import insert_new
from core.store.tables import stages

_READING_ORDER = {stage: place for place, stage in enumerate(Stage)}
_BATCH = 200
_MOST_WAITING = 2_000
_CLOSE_S = 30.0
_KEY = (stages.c.run_id, stages.c.member, stages.c.stage, stages.c.round)

Key = tuple[str, str, str, int]


@dataclass(frozen=True)
class _Waiting:
    record: StageRecord
    added: asyncio.Future[bool]

    @property
    def key(self) -> Key:
        record = self.record
        return record.run_id, record.member, str(record.stage), record.round

    def settle(self, outcome: bool | Exception) -> None:
        if self.added.done():  # its caller was cancelled; the stage is kept all the same
            return
        if isinstance(outcome, Exception):
            self.added.set_exception(outcome)
        else:
            self.added.set_result(outcome)


class Stages:
    """The stages of all runs. Stages that finish at the same time share one commit."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: deque[_Waiting] = deque()
        self._room = asyncio.Semaphore(_MOST_WAITING)
        self._writer: asyncio.Task[None] | None = None
        self._closed = False

    async def add(self, record: StageRecord) -> bool:
        """Store a finished stage and return after the commit; False when this step was stored before.

        A caller that is cancelled while it waits leaves its record to be written: it was paid for.

        Raises:
            StoreError: the member has no seat in the run, or the database cannot be written.
        """
        await self._room.acquire()
        if self._closed:
            self._room.release()
            raise StoreError("The store is closed; nothing more can be written.")
        waiting = _Waiting(record, asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write_all(), name="stage writer")
            self._writer.add_done_callback(self._writer_ended)
        return await waiting.added

    async def of_run(self, run_id: str, member: str | None = None) -> tuple[StageRecord, ...]:
        """Return the stages of a run, or of one member in it, in the order in which people read them."""
        query = select(stages).where(stages.c.run_id == run_id)
        if member is not None:
            query = query.where(stages.c.member == member)
        async with self._database.read() as connection:
            rows = (await connection.execute(query)).mappings().all()
        records = [
            StageRecord(**{name: value for name, value in row.items() if name != "cost_usd"}) for row in rows
        ]
        records.sort(key=lambda record: (_READING_ORDER[record.stage], record.round, record.member))
        return tuple(records)

    async def close(self) -> None:
        """Write what waits and refuse anything more."""
        self._closed = True
        if self._writer and not self._writer.done():
            await asyncio.wait({self._writer}, timeout=_CLOSE_S)
            self._writer.cancel()

    async def _write_all(self) -> None:
        while self._waiting:
            batch = [self._waiting.popleft() for _ in range(min(_BATCH, len(self._waiting)))]
            try:
                await self._write(batch)
            except asyncio.CancelledError:
                self._give_up(batch)
                raise
            for _ in batch:
                self._room.release()

    def _writer_ended(self, writer: asyncio.Task[None]) -> None:
        # Only a writer that is cancelled leaves somebody waiting; it may not even have begun.
        if writer.cancelled() and writer is self._writer:
            self._give_up(list(self._waiting))
            self._waiting.clear()

    def _give_up(self, batch: list[_Waiting]) -> None:
        for waiting in batch:
            waiting.settle(StoreError("The stage was not stored: the program is stopping."))
            self._room.release()

    async def _write(self, batch: list[_Waiting]) -> None:
        try:
            new = await self._insert(batch)
        except Exception as error:  # noqa: BLE001  # whatever it is belongs to the callers, who wait
            if len(batch) > 1 and is_of_one_row(error):
                for waiting in batch:
                    await self._write([waiting])
                return
            for waiting in batch:
                waiting.settle(error)
            return
        for waiting in batch:
            waiting.settle(waiting.key in new)
            new.discard(waiting.key)  # the same step twice in one batch: the first one wins

    async def _insert(self, batch: list[_Waiting]) -> set[Key]:
        rows: dict[Key, dict[str, object]] = {}
        for waiting in batch:
            rows.setdefault(waiting.key, stage_row(waiting.record))
        async with self._database.write() as connection:
            statement = insert_new(connection, stages).returning(*_KEY)
            stored = (await connection.execute(statement, list(rows.values()))).all()
        return {(run_id, member, stage, round_) for run_id, member, stage, round_ in stored}


def stage_row(record: StageRecord) -> dict[str, object]:
    """Return a stage as it is stored."""
    fields = {name: getattr(record, name) for name in StageRecord.model_fields}
    return fields | {"stage": str(record.stage), "cost_usd": for_sums(record.spend.cost_usd)}
