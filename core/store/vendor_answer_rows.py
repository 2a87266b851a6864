"""Answers of vendors of evidence, each for as long as it may be used again."""

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import ColumnElement, and_, bindparam, delete, select, tuple_, update

from core.domain.vendor_answers import AnswerKey, Question
from core.store.database import Database
from core.store.inserting import add_new
from core.store.vendor_answer_tables import vendor_answers

_PRUNE_EVERY = timedelta(minutes=10)
_KEY = [vendor_answers.c[name] for name in AnswerKey._fields]
_TOGETHER = select(*_KEY, vendor_answers.c.expires, vendor_answers.c.answer).where(
    tuple_(*_KEY).in_(bindparam("keys", expanding=True)), vendor_answers.c.expires > bindparam("now")
)
_MOST_TOGETHER = 200
"""So many answers are read at once: databases limit the parameters of a question."""


class _Kept(NamedTuple):
    expires: datetime
    answer: str


class _Batch:
    """Answers that are looked for at the same time, the earliest moment, and the task that reads them."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.keys: set[AnswerKey] = set()
        self.task: asyncio.Task[Mapping[AnswerKey, _Kept]] | None = None


class VendorAnswers:
    """One answer a key; a newer one takes its place. Those that have expired are removed now and then.

    A run looks for an answer of each kind at the same time. They are read together, as a question to the
    database costs more than its answer.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._prune_from: datetime | None = None
        self._next: _Batch | None = None

    async def find(self, key: AnswerKey, now: datetime) -> str | None:
        """Return the answer, as JSON, if there is one that has not expired at `now`."""
        batch = self._next
        if batch is None or len(batch.keys) >= _MOST_TOGETHER:
            batch = self._next = _Batch(now)
        batch.keys.add(key)
        batch.now = min(batch.now, now)
        if batch.task is None:
            # It begins after those who are about to look for theirs.
            batch.task = asyncio.create_task(self._read(batch))
            batch.task.add_done_callback(lambda done: done.cancelled() or done.exception())
        # Shielded: who leaves must not take the answers away from the others who wait for theirs.
        found = (await asyncio.shield(batch.task)).get(key)
        return found.answer if found is not None and found.expires > now else None

    async def _read(self, batch: _Batch) -> Mapping[AnswerKey, _Kept]:
        if self._next is batch:
            self._next = None
        asked = {"keys": [tuple(map(str, key)) for key in batch.keys], "now": batch.now}
        async with self._database.read() as connection:
            rows = (await connection.execute(_TOGETHER, asked)).all()
        return {
            AnswerKey(Question(row.question), row.vendor, row.subject, row.span): _Kept(
                row.expires, row.answer
            )
            for row in rows
        }

    async def keep(self, key: AnswerKey, answer: str, asked_at: datetime, expires: datetime) -> None:
        """Keep an answer in place of the one before; one that was asked for later stays."""
        row = {**key._asdict(), "answer": answer, "asked_at": asked_at, "expires": expires}
        async with self._database.write() as connection:
            if not await add_new(connection, vendor_answers, row):
                older = update(vendor_answers).where(_of(key), vendor_answers.c.asked_at <= asked_at)
                await connection.execute(older.values(answer=answer, asked_at=asked_at, expires=expires))
            if self._prune_from is None or asked_at >= self._prune_from:
                await connection.execute(delete(vendor_answers).where(vendor_answers.c.expires <= asked_at))
                self._prune_from = asked_at + _PRUNE_EVERY


def _of(key: AnswerKey) -> ColumnElement[bool]:
    return and_(*(vendor_answers.c[name] == value for name, value in key._asdict().items()))
