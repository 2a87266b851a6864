"""Booking a log of trades into new books, inside the transaction that holds their season."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Table, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from core.domain.actions import ActionKind, CorporateAction
from core.domain.books import MovementKind
from core.domain.errors import StoreError
from core.domain.member import MemberKind
from core.domain.season import Season
from core.domain.trade_log import LogPrice, TradeLog
from core.store.imported_account import ImportedAccount
from core.store.inserting import insert_new
from core.store.locked_sessions import Passed
from core.store.member_rows import seat_beside
from core.store.season_tables import (
    balances,
    closed_trades,
    corporate_actions,
    daily_values,
    holdings,
    imports,
    seasons,
    sessions,
    share_movements,
)
from core.store.tables import accounts, cash_movements, fills, marks, orders

_IN_ORDER = (orders, fills, cash_movements, closed_trades, share_movements, daily_values, marks)
"""The tables of an account's rows; what another refers to comes first."""
_SHARED = {marks}
_BATCH = 2000
DatedAction = tuple[CorporateAction, datetime]
"""A split or dividend, and the open (UTC) from which it is in force."""


@dataclass(frozen=True)
class ImportFacts:
    """What an import must know of a season: its kind, if it is there, and whether it has books at all.

    `begins` is the first day of its books. `passed` are the sessions that they went through, `last` is the
    newest of all; `actions` what was applied to some tickers. `has_books` says whether the member has books,
    and `same_file` whether the log is in them.
    """

    kind: str | None
    is_new: bool
    begins: date | None
    passed: tuple[Passed, ...]
    last: Passed | None
    actions: tuple[DatedAction, ...]
    has_books: bool
    same_file: bool


class LockedImports:
    """What an import reads and writes. Made by `LockedBooks`."""

    def __init__(self, connection: AsyncConnection, season: Season) -> None:
        self._connection = connection
        self._season = season

    async def facts(self, member: str, log: TradeLog, tickers: Collection[str]) -> ImportFacts:
        """Return how the season stands; sessions from the log's first day on, actions of `tickers`."""
        opened: datetime | None = await self._one(accounts, func.min(accounts.c.opened_at))
        own = (accounts.c.season == self._season, accounts.c.member == member)
        account = (await self._connection.execute(select(accounts.c.member).where(*own))).first()
        same = (imports.c.season == self._season, imports.c.member == member, imports.c.sha256 == log.sha256)
        known = (await self._connection.execute(select(imports.c.id).where(*same))).first()
        kind = select(seasons.c.kind).where(seasons.c.name == self._season)
        passed = await self._passed()
        days = [*(each.session for each in passed[:1]), *([opened.date()] if opened else [])]
        return ImportFacts(
            kind=(await self._connection.execute(kind)).scalar(),
            is_new=not days,
            begins=min(days, default=None),
            passed=tuple(each for each in passed if each.session >= log.first),
            last=passed[-1] if passed else None,
            actions=await self._actions(tickers),
            has_books=account is not None,
            same_file=known is not None,
        )

    async def _one(self, table: Table, what: Any) -> Any:
        query = select(what).where(table.c.season == self._season)
        return (await self._connection.execute(query)).scalar()

    async def _passed(self) -> tuple[Passed, ...]:
        columns = [sessions.c[name] for name in Passed._fields]
        query = select(*columns).where(sessions.c.season == self._season).order_by(sessions.c.session)
        return tuple(Passed(*row) for row in await self._connection.execute(query))

    async def _actions(self, tickers: Collection[str]) -> tuple[DatedAction, ...]:
        query = select(corporate_actions).where(corporate_actions.c.season == self._season)
        rows = (await self._connection.execute(query)).mappings()
        return tuple(
            (
                CorporateAction(
                    ticker=row["ticker"],
                    kind=ActionKind(row["kind"]),
                    ex_date=row["ex_date"],
                    value=row["value"],
                    source=row["source"],
                ),
                row["at"],
            )
            for row in rows
            if row["ticker"] in tickers
        )

    async def begin(
        self,
        account: ImportedAccount,
        log: TradeLog,
        price: LogPrice,
        *,
        kind: str,
        benchmark: str,
        at: datetime,
    ) -> None:
        """Open the member's books with their deposit, and note the import; `at` is now.

        A season that is not there yet is made, of `kind`; so is a member, who takes no part in runs.

        Raises:
            StoreError: the member has books in the season.
        """
        await seat_beside(self._connection, account.member, MemberKind.IMPORTED)
        opened = {"created_at": account.opened_at, "state": "open"}
        season = {"name": self._season, "kind": kind, "benchmark": benchmark, **opened}
        await self._connection.execute(insert_new(self._connection, seasons).values(season))
        own = {"season": self._season, "member": account.member}
        row = own | {"opened_at": account.opened_at}
        if (await self._connection.execute(insert_new(self._connection, accounts).values(row))).rowcount != 1:
            raise StoreError(f"{account.member} has books in season {self._season} already.")
        facts = {"file_name": log.file_name, "sha256": log.sha256, "price": price, "rows": log.rows, "at": at}
        await self._connection.execute(insert(imports).values(own | facts | {"id": account.import_id}))
        moved = {"kind": MovementKind.DEPOSIT, "amount_usd": account.deposit_usd, "at": account.opened_at}
        await self._connection.execute(insert(cash_movements).values(own | moved))

    async def add_sessions(self, passed: Sequence[Passed]) -> None:
        """Keep the sessions that a new season went through."""
        await self._insert(sessions, [{"season": self._season, **each._asdict()} for each in passed])

    async def add_actions(self, applied: Sequence[DatedAction]) -> None:
        """Note splits and dividends that are new as applied, so that no later session does it again."""
        rows = [{"season": self._season, **action.model_dump(), "at": at} for action, at in applied]
        await self._insert(corporate_actions, rows)

    async def write(self, rows: Mapping[Table, list[dict[str, Any]]]) -> None:
        """Keep rows of an account; marks that are there already stay as they are."""
        for table in _IN_ORDER:
            await self._insert(table, rows.get(table, []), shared=table in _SHARED)

    async def finish(self, account: ImportedAccount) -> None:
        """Keep the last rows of an account, its running totals and what it holds."""
        await self.write(account.take())
        balance, held = account.totals()
        await self._insert(balances, [balance])
        await self._insert(holdings, held)

    async def _insert(self, table: Table, rows: list[dict[str, Any]], *, shared: bool = False) -> None:
        statement = insert_new(self._connection, table) if shared else insert(table)
        for start in range(0, len(rows), _BATCH):
            await self._connection.execute(statement, rows[start : start + _BATCH])
