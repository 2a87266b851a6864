"""Which pages of reasoning were shared in which threads, so that each is posted once."""

from datetime import datetime

from sqlalchemy import delete, select, update

from core.domain.shared import Shared
from core.store.database import Database
from core.store.inserting import add_new
from core.store.people_tables import shared


class SharedPages:
    """The pages that people have shared."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def claim(
        self, place: str, page: str, person: str, at: datetime, *, unfinished: datetime, gone: str | None
    ) -> Shared | None:
        """Let a person post a page in a place, and return None; or return who has posted it before.

        Taken over is what was begun at `unfinished` or before and never came to an end, and what was posted
        as the message `gone`.
        """
        here = shared.c.place == place, shared.c.page == page
        lost = shared.c.message.is_(None) & (shared.c.at <= unfinished)
        if gone is not None:
            lost |= shared.c.message == gone
        anew = {"person": person, "at": at, "message": None}
        async with self._database.write() as connection:
            if await add_new(connection, shared, {"place": place, "page": page, **anew}):
                return None
            if (await connection.execute(update(shared).where(*here, lost).values(anew))).rowcount == 1:
                return None
            query = select(shared.c.person, shared.c.message).where(*here)
            return Shared(*(await connection.execute(query)).one())

    async def posted(self, place: str, page: str, message: str) -> None:
        """Keep in which message a page stands."""
        here = shared.c.place == place, shared.c.page == page
        async with self._database.write() as connection:
            await connection.execute(update(shared).where(*here).values(message=message))

    async def release(self, place: str, page: str) -> None:
        """Forget a page that was surely not posted."""
        here = shared.c.place == place, shared.c.page == page, shared.c.message.is_(None)
        async with self._database.write() as connection:
            await connection.execute(delete(shared).where(*here))
