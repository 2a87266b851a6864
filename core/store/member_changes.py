"""What admins do to members: one that is removed takes no part any more, and its waiting orders go."""

from datetime import datetime

from sqlalchemy import func, select

from core.domain.books import OrderCause, OrderState
from core.domain.season import Season
from core.store.book_rows import Books
from core.store.database import Database
from core.store.member_rows import take_out
from core.store.season_tables import seasons
from core.store.tables import accounts, orders


class MemberChanges:
    """Removes members, in one transaction with all that follows from it."""

    def __init__(self, database: Database, books: Books) -> None:
        self._database = database
        self._books = books

    async def remove(self, name: str, reason: str, at: datetime, by: str) -> int | None:
        """Remove a member, and cancel the orders of its ballots that wait in open books.

        Replays and imports go their own way. What closes a holding because of a margin call goes on.
        Return how many orders were cancelled; None where the member takes no part already.

        Raises:
            Refused: it is the last member that is heard.
        """
        where = await self._open_books(name)
        if not where:
            async with self._database.write() as connection:
                return 0 if await take_out(connection, name, at, by) else None
        cancelled = 0
        async with self._books.all_locked(where) as all_books:
            if not await all_books[0].take_out(name, at, by):
                return None
            for books in all_books:
                for order in await books.pending():
                    if order.member == name and order.cause is OrderCause.BALLOT:
                        await books.cancel_order(order.id, reason, at)
                        cancelled += 1
        return cancelled

    async def waiting(self, name: str) -> int:
        """Return how many orders `remove` would cancel."""
        waits = (orders.c.state == OrderState.PENDING, orders.c.cause == OrderCause.BALLOT)
        own = (orders.c.member == name, orders.c.season.in_(await self._open_books(name)))
        async with self._database.read() as connection:
            query = select(func.count()).select_from(orders).where(*own, *waits)
            return int((await connection.execute(query)).scalar() or 0)

    async def _open_books(self, name: str) -> tuple[Season, ...]:
        going_on = (seasons.c.kind.in_(["live", "sample"]), seasons.c.state == "open")
        query = (
            select(seasons.c.name)
            .join(accounts, accounts.c.season == seasons.c.name)
            .where(accounts.c.member == name, *going_on)
        )
        async with self._database.read() as connection:
            return tuple(Season(found) for found in (await connection.execute(query)).scalars())
