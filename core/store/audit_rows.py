"""The rows that an audit looks at, as they lie there, at one moment of the database.

Whole numbers are taken as they are stored, so that a million fills are read in seconds; a value of another
kind, which only SQLite can hold, raises a ValueError. The sums are the database's own, and exact.
"""

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

from sqlalchemy import Select, Text, and_, func, select, text, type_coerce, union
from sqlalchemy.ext.asyncio import AsyncConnection

from core.domain.actions import ActionKind
from core.domain.audit import (
    ActionRow,
    BookRows,
    Extent,
    FillRow,
    HoldingRow,
    MoveRow,
    OrderRow,
    Pair,
    ResetRow,
    SessionRow,
    SplitRow,
    SumsRow,
    TotalsRow,
    ValueRow,
)
from core.domain.books import MovementKind, OrderCause
from core.store import audit_sums
from core.store.audit_pairs import Belonging
from core.store.audit_values import raw, totals_of, usd, usd_or_none, whole
from core.store.database import Database
from core.store.season_tables import (
    balances,
    closed_trades,
    corporate_actions,
    daily_values,
    holdings,
    sessions,
    share_movements,
)
from core.store.tables import accounts, cash_movements, fills, orders, runs, seats

_BATCH = 2_000
_GUARDED = (
    "accounts",
    "fills",
    "cash_movements",
    "share_movements",
    "closed_trades",
    "corporate_actions",
    "season_finals",
)
_OF_ACCOUNTS = (
    accounts,
    balances,
    cash_movements,
    closed_trades,
    daily_values,
    fills,
    holdings,
    orders,
    share_movements,
)
_WITH_FILLS = (MovementKind.TRADE, MovementKind.FEE)


class Audits:
    """Looks at everything at the same moment, while others go on writing."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator["AuditRows"]:
        """Give the rows of this moment."""
        async with self._database.read() as connection:
            yield AuditRows(connection)

    async def sums(self, most: int) -> list[SumsRow] | None:
        """Return each account's kept totals beside what the database itself sums up.

        None where there are more than `most` cash movements, which would take long.

        Raises:
            ValueError: a row holds what no such row can hold.
        """
        async with self._database.read() as connection:
            return await audit_sums.sums(connection) if await audit_sums.size(connection) <= most else None

    async def extent(self) -> Extent:
        """Return how much there is."""
        async with self._database.read() as connection:
            return await audit_sums.extent(connection)


class AuditRows:
    """The rows of one moment. Made by `Audits.snapshot`; of no use after its `async with` block.

    Every method raises a ValueError where a row holds what no such row can hold.
    """

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def accounts(self) -> list[tuple[str, str]]:
        """Return season and member of all that is kept of anybody's books, also where the account is gone."""
        kept = union(*(select(table.c.season, table.c.member) for table in _OF_ACCOUNTS)).subquery()
        rows = await self._connection.execute(select(kept).order_by(kept.c.season, kept.c.member))
        return [(season, member) for season, member in rows]

    async def actions(self, season: str) -> tuple[ActionRow, ...]:
        """Return what was applied to a season's books, in the order of time."""
        table = corporate_actions
        columns = (table.c.ticker, table.c.kind, table.c.ex_date, table.c.value, raw(table.c.at))
        rows = await self._connection.execute(
            select(*columns).where(table.c.season == season).order_by(table.c.at, table.c.kind.desc())
        )
        return tuple(
            ActionRow(ticker, ActionKind(kind), ex_date, value, whole(at))
            for ticker, kind, ex_date, value, at in rows
        )

    async def books(self, season: str, member: str) -> BookRows:
        """Return what is kept of one member's books, its fills apart."""
        splits = await self._splits(season, member)
        deposits, moves = await self._moves(season, member)
        total = select(raw(func.coalesce(func.sum(cash_movements.c.amount_usd), 0)))
        query = total.where(cash_movements.c.season == season, cash_movements.c.member == member)
        cash = (await self._connection.execute(query)).scalar()
        own = (accounts.c.season == season, accounts.c.member == member)
        opened = (await self._connection.execute(select(accounts.c.member).where(*own))).first()
        return BookRows(
            season=season,
            member=member,
            opened=opened is not None,
            deposits=deposits,
            cash_usd=usd(cash),
            totals=await self._totals(season, member),
            holdings=await self._holdings(season, member),
            splits=splits,
            moves=moves,
            resets=await self._resets(season, member),
        )

    async def _resets(self, season: str, member: str) -> tuple[ResetRow, ...]:
        table, before = cash_movements, cash_movements.alias()
        own = (before.c.season == season, before.c.member == member, before.c.number <= table.c.number)
        booked = select(raw(func.sum(before.c.amount_usd))).where(*own).correlate(table).scalar_subquery()
        is_reset = (table.c.season == season, table.c.member == member, table.c.kind == MovementKind.RESET)
        rows = await self._connection.execute(
            select(raw(table.c.at), booked).where(*is_reset).order_by(table.c.number)
        )
        return tuple(ResetRow(whole(at), usd(cash)) for at, cash in rows)

    async def _totals(self, season: str, member: str) -> TotalsRow | None:
        query = select(*(raw(balances.c[name]) for name in TotalsRow._fields))
        query = query.where(balances.c.season == season, balances.c.member == member)
        row = (await self._connection.execute(query)).first()
        return None if row is None else totals_of(row)

    async def _holdings(self, season: str, member: str) -> dict[str, HoldingRow]:
        query = select(holdings.c.ticker, raw(holdings.c.shares), holdings.c.average)
        rows = await self._connection.execute(
            query.where(holdings.c.season == season, holdings.c.member == member)
        )
        return {ticker: HoldingRow(usd(shares), average) for ticker, shares, average in rows}

    async def _splits(self, season: str, member: str) -> tuple[SplitRow, ...]:
        table = share_movements
        columns = (table.c.ticker, table.c.ex_date, table.c.ratio)
        numbers = (table.c.shares_before, table.c.shares_after, table.c.at)
        query = select(*columns, *map(raw, numbers)).where(table.c.season == season, table.c.member == member)
        rows = await self._connection.execute(query.order_by(table.c.at, table.c.number))
        return tuple(
            SplitRow(ticker, day, ratio, usd(before), usd(after), whole(at))
            for ticker, day, ratio, before, after, at in rows
        )

    async def _moves(self, season: str, member: str) -> tuple[tuple[Decimal, ...], tuple[MoveRow, ...]]:
        table = cash_movements
        columns = (table.c.kind, table.c.ticker, table.c.session, raw(table.c.amount_usd), raw(table.c.at))
        own = (table.c.season == season, table.c.member == member, table.c.kind.not_in(_WITH_FILLS))
        rows = await self._connection.execute(
            select(*columns).where(*own).order_by(table.c.at, table.c.number)
        )
        deposits, moves = list[Decimal](), list[MoveRow]()
        for kind, ticker, session, amount, at in rows:
            if kind == MovementKind.DEPOSIT:
                deposits.append(usd(amount))
            else:
                moves.append(MoveRow(kind, ticker, session, usd(amount), whole(at)))
        return tuple(deposits), tuple(moves)

    async def fills(self, season: str, member: str) -> AsyncIterator[list[FillRow]]:
        """Yield a member's fills with what is kept as closed by them, in the order of time, in parts."""
        numbers = (
            fills.c.shares,
            fills.c.price,
            fills.c.amount_usd,
            fills.c.fee_usd,
            fills.c.filled_at,
            closed_trades.c.pnl_usd,
            closed_trades.c.cost_usd,
        )
        query = (
            select(fills.c.id, fills.c.ticker, fills.c.side, *map(raw, numbers))
            .outerjoin(closed_trades, closed_trades.c.fill_id == fills.c.id)
            .where(fills.c.season == season, fills.c.member == member)
            .order_by(fills.c.filled_at, fills.c.number)
        )
        async for part in self._parts(query):
            yield [_fill_of(row) for row in part]

    async def ballot_orders(self, season: str, member: str) -> AsyncIterator[list[OrderRow]]:
        """Yield a member's orders that a ballot made and that have a seat in a run, in parts."""
        query = (
            select(orders.c.id, orders.c.run_id, orders.c.side)
            .join(seats, and_(seats.c.run_id == orders.c.run_id, seats.c.member == orders.c.member))
            .join(runs, and_(runs.c.run_id == orders.c.run_id, runs.c.season == orders.c.season))
            .where(orders.c.season == season, orders.c.member == member)
            .where(orders.c.cause == OrderCause.BALLOT)
        )
        async for part in self._parts(query):
            yield [OrderRow(*row) for row in part]

    async def cast(self, season: str, member: str) -> dict[str, str]:
        """Return what a member's seat in each run of a season holds: its ballot's action, or words for it."""
        query = (
            select(seats.c.run_id, type_coerce(seats.c.result, Text))
            .join(runs, runs.c.run_id == seats.c.run_id)
            .where(seats.c.member == member, runs.c.season == season)
        )
        found: dict[str, str] = {}
        async for part in self._parts(query):
            found.update((run_id, _cast(result)) for run_id, result in part)
        return found

    async def pairs(self, belonging: Belonging) -> AsyncIterator[list[Pair]]:
        """Yield the rows that disagree although they belong together, in parts."""
        async for part in self._parts(belonging.query()):
            yield [belonging.pair(row) for row in part]

    async def sessions(self) -> list[SessionRow]:
        """Return the sessions of all seasons, by season and day."""
        query = select(sessions.c.season, sessions.c.session, raw(sessions.c.closed_at))
        rows = await self._connection.execute(query.order_by(sessions.c.season, sessions.c.session))
        return [SessionRow(season, session, whole(at)) for season, session, at in rows]

    async def values(self) -> AsyncIterator[list[ValueRow]]:
        """Yield all daily values, in parts."""
        table = daily_values
        numbers = (table.c.value_usd, table.c.cash_usd, table.c.long_usd, table.c.short_usd)
        passed = and_(sessions.c.season == table.c.season, sessions.c.session == table.c.session)
        query = select(
            table.c.season,
            table.c.member,
            table.c.session,
            *map(raw, numbers),
            sessions.c.session.is_not(None),
        ).outerjoin(sessions, passed)
        async for part in self._parts(query):
            yield [_value_of(row) for row in part]

    async def unguarded(self) -> tuple[str, ...]:
        """Return the tables of the ledger that the database no longer keeps append-only by itself."""
        if self._connection.dialect.name == "sqlite":
            query = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
            needed = {
                table: {f"{table}_no_{what}" for what in ("update", "delete", "replace")}
                for table in _GUARDED
            }
        else:
            query = (
                "SELECT tgname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid "
                "WHERE tgenabled IN ('O', 'A') AND relnamespace = current_schema()::regnamespace"
            )
            needed = {table: {f"{table}_append_only"} for table in _GUARDED}
        names = set((await self._connection.execute(text(query))).scalars())
        return tuple(table for table, triggers in needed.items() if not triggers <= names)

    async def _parts(self, query: Select[Any]) -> AsyncIterator[Sequence[Sequence[Any]]]:
        async with self._connection.stream(query) as result:
            async for part in result.partitions(_BATCH):
                yield part


def _fill_of(row: Sequence[Any]) -> FillRow:
    name, ticker, side, shares, price, amount, fee, at, pnl, cost = row
    money = (usd(shares), usd(price), usd(amount), usd(fee))
    return FillRow(name, ticker, side, *money, whole(at), usd_or_none(pnl), usd_or_none(cost))


def _value_of(row: Sequence[Any]) -> ValueRow:
    season, member, session, value, cash, long, short, passed = row
    amounts = (usd_or_none(value), usd(cash), usd(long), usd(short))
    return ValueRow(season, member, session, *amounts, passed=bool(passed))


def _cast(result: str | None) -> str:
    """Return the action of the ballot in a seat, or in words what else the seat holds."""
    if result is None:
        return "no result"
    try:
        action = json.loads(result).get("action")
    except (ValueError, AttributeError, RecursionError):
        return "unreadable"
    return "an abstention" if action is None else str(action)
