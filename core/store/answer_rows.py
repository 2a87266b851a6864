"""Answers of models that replays may use again."""

from datetime import datetime
from typing import Any

from sqlalchemy import select

from core.store.database import Database
from core.store.inserting import add_new
from core.store.season_tables import answers


class Answers:
    """Answers by the hash of the question. The first answer to a question stays."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, key: str) -> dict[str, Any] | None:
        """Return the answer to the question with this hash, or None."""
        query = select(answers.c.draft).where(answers.c.key == key)
        async with self._database.read() as connection:
            found: dict[str, Any] | None = (await connection.execute(query)).scalar()
        return found

    async def keep(self, key: str, member: str, draft: dict[str, Any], at: datetime) -> None:
        """Keep an answer; one that is there already stays as it is."""
        async with self._database.write() as connection:
            await add_new(connection, answers, {"key": key, "member": member, "draft": draft, "at": at})
