"""Answers of vendors of evidence, each for as long as it may be used again."""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, delete, select, update

from core.domain.vendor_answers import AnswerKey
from core.store.database import Database
from core.store.inserting import add_new
from core.store.vendor_answer_tables import vendor_answers

_PRUNE_EVERY = timedelta(minutes=10)


class VendorAnswers:
    """One answer a key; a newer one takes its place. Those that have expired are removed now and then."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._prune_from: datetime | None = None

    async def find(self, key: AnswerKey, now: datetime) -> str | None:
        """Return the answer, as JSON, if there is one that has not expired at `now`."""
        query = select(vendor_answers.c.answer).where(_of(key), vendor_answers.c.expires > now)
        async with self._database.read() as connection:
            found: str | None = (await connection.execute(query)).scalar_one_or_none()
        return found

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
