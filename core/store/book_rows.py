"""The books of every season: read at any time, changed only under a lock."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select, text

from core.domain.bars import Mark
from core.domain.books import Account, Fill, Happening, Order, Portfolio, Reset
from core.domain.season import Season
from core.store import book_queries
from core.store.database import Database
from core.store.happenings import happenings
from core.store.locked_books import LockedBooks
from core.store.reset_rows import resets
from core.store.run_record import FILL, fill_of
from core.store.season_tables import balances
from core.store.tables import fills, members

_LOCK_CLASS = 0x424F4F4B  # "BOOK": the first of the two numbers of these advisory locks on PostgreSQL


class Snapshot(NamedTuple):
    """The books of a season at one moment: portfolios and waiting orders by member, marks by ticker."""

    portfolios: Mapping[str, Portfolio]
    pending: Mapping[str, tuple[Order, ...]]
    marks: Mapping[str, Mark]


class Books:
    """The ledgers of all members, per season."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._turns: defaultdict[Season, asyncio.Lock] = defaultdict(asyncio.Lock)

    @asynccontextmanager
    async def locked(self, season: Season) -> AsyncIterator[LockedBooks]:
        """Hold the books of a season in one transaction: all of it happens, or nothing.

        No other task or process can change them, or decide anything by them, meanwhile. Nothing else may
        be written to the store inside the block.

        Raises:
            StoreError: the books could not be had in time.
        """
        async with self.all_locked([season]) as (books,):
            yield books

    @asynccontextmanager
    async def all_locked(self, seasons: Collection[Season]) -> AsyncIterator[tuple[LockedBooks, ...]]:
        """Hold the books of several seasons in one transaction, as `locked` does those of one.

        Raises:
            StoreError: the books could not be had in time.
        """
        wanted = sorted(set(seasons))  # in one order for all, so that nobody waits for each other
        async with AsyncExitStack() as stack:
            # Tasks of this process queue here, so that they do not use up the pool's connections by waiting.
            for season in wanted:
                await stack.enter_async_context(self._turns[season])
            connection = await stack.enter_async_context(self._database.write())
            if not self._database.is_sqlite:
                lock = text(
                    "SELECT pg_advisory_xact_lock(:class, hashtext(current_schema() || '/' || :season))"
                )
                for season in wanted:
                    await connection.execute(lock, {"class": _LOCK_CLASS, "season": str(season)})
            yield tuple(LockedBooks(connection, season, self._database.clock) for season in wanted)

    async def portfolio(self, season: Season, member: str, as_of: datetime | None = None) -> Portfolio:
        """Return a member's cash and holdings, now or after the fills at or before `as_of`.

        The deposit counts whatever `as_of` is: the cash with which a member starts is there before the
        first moment that it may trade at, also when a run looks further back than any before.
        """
        async with self._database.read() as connection:
            return await book_queries.portfolio(connection, season, member, as_of)

    async def snapshot(self, season: Season, as_of: datetime) -> Snapshot:
        """Return the books of all members of a season as they were at `as_of` (see `portfolio`)."""
        async with self._database.read() as connection:
            waiting: dict[str, tuple[Order, ...]] = {}
            for order in await book_queries.pending(connection, season, as_of=as_of):
                waiting[order.member] = (*waiting.get(order.member, ()), order)
            return Snapshot(
                await book_queries.portfolios(connection, season, as_of),
                waiting,
                await book_queries.latest_marks(connection, season, as_of),
            )

    async def pending(
        self, season: Season, member: str | None = None, as_of: datetime | None = None
    ) -> tuple[Order, ...]:
        """Return the orders that wait, or waited at `as_of`, oldest first."""
        async with self._database.read() as connection:
            return await book_queries.pending(connection, season, member=member, as_of=as_of)

    async def marks(self, season: Season, as_of: datetime | None = None) -> dict[str, Mark]:
        """Return the newest mark of each ticker, or the newest at or before `as_of`."""
        async with self._database.read() as connection:
            return await book_queries.latest_marks(connection, season, as_of)

    async def fills(self, season: Season, member: str, limit: int) -> tuple[Fill, ...]:
        """Return a member's last fills, newest first, `limit` at most."""
        own = (fills.c.season == season, fills.c.member == member)
        newest = (fills.c.filled_at.desc(), fills.c.number.desc())
        query = select(*FILL).where(*own).order_by(*newest).limit(limit)
        async with self._database.read() as connection:
            return tuple(fill_of(row) for row in (await connection.execute(query)).mappings())

    async def happenings(self, season: Season, member: str, limit: int) -> tuple[Happening, ...]:
        """Return what else happened to a member's books lately (see `core.store.happenings`)."""
        async with self._database.read() as connection:
            return await happenings(connection, season, member, limit)

    async def resets(self, season: Season, until: datetime | None = None) -> dict[str, Reset]:
        """Return the last reset of each member's portfolio, up to `until` if given, where there was one."""
        async with self._database.read() as connection:
            return await resets(connection, season, until)

    async def accounts(self, season: Season) -> tuple[Account, ...]:
        """Return every member that has books in a season, by number."""
        query = (
            select(members.c.name, members.c.kind, balances)
            .join(members, members.c.name == balances.c.member)
            .where(balances.c.season == season)
            .order_by(members.c.number)
        )
        async with self._database.read() as connection:
            rows = (await connection.execute(query)).mappings().all()
            held = await book_queries.holdings_of(connection, season)
            again = await resets(connection, season)
        return tuple(
            Account(
                season=season,
                member=row["name"],
                kind=row["kind"],
                deposits_usd=row["deposits_usd"],
                portfolio=Portfolio(
                    member=row["name"], cash_usd=row["cash_usd"], positions=held.get(row["name"], ())
                ),
                trades=row["fills"],
                closed_trades=row["closed"],
                wins=row["wins"],
                gains_usd=row["gains_usd"],
                losses_usd=row["losses_usd"],
                best_usd=row["best_usd"],
                worst_usd=row["worst_usd"],
                reset=again.get(row["name"]),
            )
            for row in rows
        )
