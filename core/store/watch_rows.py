"""The watchlists of chats that have their own."""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from core.domain.errors import Refused
from core.domain.subscription import ChatTerms, Topic
from core.store.database import Database
from core.store.due_changes import Replan, move_due
from core.store.due_rows import ACTIVE, SUBSCRIPTION, readable, subscription_of
from core.store.people_tables import watched
from core.store.schedule_tables import subscriptions
from core.store.subscription_rows import hold_chat, in_chat, terms_within

_AT_ONCE = 5_000
"""How many chats one statement names: databases bound how many parameters it may have."""
Planning = Callable[[tuple[str, ...], ChatTerms], Replan]
"""What plans the due slots of a chat with this watchlist and these terms."""


class Watched:
    """The tickers that chats watch, in the order in which they were added; most chats have none."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of_chat(self, chat_id: str) -> tuple[str, ...]:
        """Return what one chat watches, such as `telegram:-100123`."""
        return (await self.of_chats([chat_id])).get(chat_id, ())

    async def of_chats(self, chat_ids: Collection[str]) -> Mapping[str, tuple[str, ...]]:
        """Return what each of these chats watches; those that watch nothing are left out."""
        async with self._database.read() as connection:
            return await watchlists(connection, chat_ids)

    async def change(
        self,
        chat_id: str,
        *,
        add: Sequence[str] = (),
        remove: Collection[str] = (),
        by: str,
        at: datetime,
        limit: int,
        planning: Planning,
    ) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Change what a chat watches, and plan its verdicts on the watchlist anew, all at once.

        `by` is who asks, as a platform id. Returns the list before and after.

        Raises:
            Refused: it would be longer than `limit`.
        """
        async with self._database.write() as connection:
            await hold_chat(connection, chat_id, at)
            before = (await watchlists(connection, [chat_id])).get(chat_id, ())
            new = [ticker for ticker in dict.fromkeys(add) if ticker not in before]
            after = (*(ticker for ticker in before if ticker not in remove), *new)
            if new and len(after) > limit:
                raise Refused(
                    f"A watchlist has {limit} tickers at most, and this would be {len(after)}. "
                    "Remove some first: /watch remove NVDA."
                )
            if after == before:
                return before, after
            gone = watched.c.chat_id == chat_id, watched.c.ticker.in_(remove)
            await connection.execute(delete(watched).where(*gone))
            # One after another, so that they come back in the order in which they were named.
            moments = [at + timedelta(microseconds=place) for place in range(len(new))]
            rows = [
                {"chat_id": chat_id, "ticker": ticker, "added_by": by, "at": moment}
                for ticker, moment in zip(new, moments, strict=True)
            ]
            if rows:
                await connection.execute(insert(watched), rows)
            await _replan(connection, chat_id, planning(after, await terms_within(connection, chat_id)))
            return before, after


async def watchlists(connection: AsyncConnection, chat_ids: Collection[str]) -> dict[str, tuple[str, ...]]:
    """Return what each of these chats watches, within a transaction; the others are left out."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    wanted = sorted(set(chat_ids))
    for start in range(0, len(wanted), _AT_ONCE):
        query = select(watched.c.chat_id, watched.c.ticker)
        query = query.where(watched.c.chat_id.in_(wanted[start : start + _AT_ONCE]))
        for chat_id, ticker in await connection.execute(query.order_by(watched.c.at, watched.c.ticker)):
            found[chat_id].append(ticker)
    return {chat_id: tuple(tickers) for chat_id, tickers in found.items()}


async def _replan(connection: AsyncConnection, chat_id: str, replan: Replan) -> None:
    """Plan what a chat has subscribed to about its watchlist anew; damaged rows are left alone."""
    platform, _, chat = chat_id.partition(":")
    own = select(*SUBSCRIPTION).where(in_chat(platform, chat), ACTIVE)
    own = own.where(subscriptions.c.topic == Topic.VERDICTS).order_by(subscriptions.c.number)
    rows = (await connection.execute(own.with_for_update(key_share=True))).all()
    on_list = [one for one in readable(rows, subscription_of) if one.wanted.on_watchlist]
    await move_due(connection, on_list, replan)
