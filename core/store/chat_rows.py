"""What chats must not see twice, and which of their messages still wait for an end."""

from datetime import datetime

from sqlalchemy import insert, select, update

from core.store.database import Database
from core.store.delivery_rows import Deliveries
from core.store.inserting import add_new
from core.store.tables import cards, greetings

Card = tuple[int, str, str, str | None, str]
"""Number, run id, chat, thread and message of a run's live message."""


class Chats:
    """What was delivered to us and what we posted."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._deliveries = Deliveries(database)

    async def claim_delivery(self, platform: str, delivery: str, at: datetime) -> bool:
        """Say True exactly once for each update of a platform; remembered for seven days at least."""
        return await self._deliveries.claim(platform, delivery, at)

    async def release_delivery(self, platform: str, delivery: str) -> None:
        """Forget an update that was claimed, so that it can be claimed again."""
        await self._deliveries.release(platform, delivery)

    async def greet_once(self, place: str, at: datetime) -> bool:
        """Say True the first time that somebody turns up at a place, False ever after."""
        async with self._database.write() as connection:
            return await add_new(connection, greetings, {"place": place, "at": at})

    async def remember_card(  # the use case's own arguments, and the time
        self, run_id: str, platform: str, chat: str, thread: str | None, message: str, at: datetime
    ) -> int:
        """Keep where the live message of a run is, and return the card's number.

        Raises:
            StoreError: there is no such run.
        """
        row = {"run_id": run_id, "platform": platform, "chat": chat, "thread": thread, "message": message}
        statement = insert(cards).values(row | {"at": at}).returning(cards.c.number)
        async with self._database.write() as connection:
            number: int = (await connection.execute(statement)).scalar_one()
            return number

    async def card_done(self, number: int, at: datetime) -> None:
        """Note that the end of a run was delivered to this card, or never can be."""
        change = update(cards).where(cards.c.number == number, cards.c.done_at.is_(None)).values(done_at=at)
        async with self._database.write() as connection:
            await connection.execute(change)

    async def thread_of(self, run_id: str, platform: str, chat: str) -> str | None:
        """Return the thread of a chat in which a run was shown first; None outside of threads, or nowhere."""
        query = (
            select(cards.c.thread)
            .where(cards.c.run_id == run_id, cards.c.platform == platform, cards.c.chat == chat)
            .order_by(cards.c.number)
            .limit(1)
        )
        async with self._database.read() as connection:
            thread: str | None = (await connection.execute(query)).scalar()
            return thread

    async def open_cards(self, platform: str) -> tuple[Card, ...]:
        """Return the cards of a platform without a delivered end, oldest first."""
        query = (
            select(cards.c.number, cards.c.run_id, cards.c.chat, cards.c.thread, cards.c.message)
            .where(cards.c.platform == platform, cards.c.done_at.is_(None))
            .order_by(cards.c.number)
        )
        async with self._database.read() as connection:
            return tuple(tuple(row) for row in await connection.execute(query))
