"""Answers of models, each for as long as it may be used again."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.store.database import Database
from core.store.inserting import insert_new
from core.store.model_answer_tables import model_answers
from core.store.together import Together

_PRUNE_EVERY = timedelta(minutes=10)
_BY_KEY = select(model_answers.c.key, model_answers.c.expires, model_answers.c.answer).where(
    model_answers.c.key.in_(bindparam("keys", expanding=True))
)
_FIELDS = ("member", "answer", "made_at", "expires")
_REPLACE = (
    update(model_answers)
    .where(model_answers.c.key == bindparam("of_key"), model_answers.c.made_at <= bindparam("new_made_at"))
    .values({name: bindparam(f"new_{name}") for name in _FIELDS})
)


class Kept(Protocol):
    """An answer to be kept; its answer is JSON of any content, and both moments are aware."""

    @property
    def key(self) -> str:
        """The hash of all that was asked."""
        ...

    @property
    def member(self) -> str:
        """Who was asked."""
        ...

    @property
    def answer(self) -> Mapping[str, Any]:
        """What was answered."""
        ...

    @property
    def made_at(self) -> datetime:
        """When it was answered."""
        ...

    @property
    def expires(self) -> datetime:
        """From when on it is too old."""
        ...


class ModelAnswers:
    """One answer a key; a newer one takes its place. Those that have expired are removed now and then.

    Stages of one run look for their answers at the same time, and end at about the same time: they are read
    and written together.
    """

    def __init__(self, database: Database) -> None:
        self._finding = Together(database.read, self._found)
        self._keeping = Together(database.write, self._written)
        self._prune_from: datetime | None = None

    async def find(self, key: str, now: datetime) -> Mapping[str, Any] | None:
        """Return the answer under a key if it has not expired at `now`.

        Raises:
            StoreError: it cannot be read.
        """
        return await self._finding.ask((key, now))

    async def keep(self, kept: Kept) -> None:
        """Keep an answer in place of the one before; one that was made later stays.

        Raises:
            StoreError: it cannot be written.
        """
        await self._keeping.ask(kept)

    async def _found(
        self, connection: AsyncConnection, asked: Sequence[tuple[str, datetime]]
    ) -> list[Mapping[str, Any] | None]:
        rows = (await connection.execute(_BY_KEY, {"keys": list({key for key, _ in asked})})).all()
        known = {row.key: (row.expires, row.answer) for row in rows}
        return [known[key][1] if key in known and known[key][0] > now else None for key, now in asked]

    async def _written(self, connection: AsyncConnection, kept: Sequence[Kept]) -> list[None]:
        rows = [{name: getattr(one, name) for name in ("key", *_FIELDS)} for one in kept]
        await connection.execute(insert_new(connection, model_answers), rows)
        changes = [{"of_key": row["key"]} | {f"new_{name}": row[name] for name in _FIELDS} for row in rows]
        await connection.execute(_REPLACE, changes)
        newest = max(one.made_at for one in kept)
        if self._prune_from is None or newest >= self._prune_from:
            await connection.execute(delete(model_answers).where(model_answers.c.expires <= newest))
            self._prune_from = newest + _PRUNE_EVERY
        return [None] * len(kept)
