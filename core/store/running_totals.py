"""The running totals of accounts: their cash, what they hold, and what their trading has earned.

Everything here can be computed from the append-only ledger, and the audit does so; it is kept because a
ledger of a million fills cannot be added up for every leaderboard.
"""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Table, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.domain.books import Order, Position
from core.domain.errors import StoreError
from core.domain.season import Season
from core.store.book_queries import position_from
from core.store.column_types import as_stored
from core.store.replay import Closed, Held
from core.store.season_tables import balances, holdings


class Balance(NamedTuple):
    """One account's running totals: USD, counts, and the moment of its newest entry."""

    cash_usd: Decimal
    fills: int
    closed: int
    wins: int
    gains_usd: Decimal
    losses_usd: Decimal
    best_usd: Decimal | None
    worst_usd: Decimal | None
    last_at: datetime | None


class Holder(NamedTuple):
    """Who holds what: the holding with all its digits, as people read it, and the run behind it."""

    member: str
    held: Held
    position: Position
    run_id: str | None


_BALANCE = [balances.c[name] for name in Balance._fields]


class RunningTotals:
    """The totals of one season, inside the transaction that holds its books.

    Nobody else changes them meanwhile, so that what was read or written once need not be read again.
    """

    def __init__(self, connection: AsyncConnection, season: Season) -> None:
        self._connection = connection
        self._season = season
        self._balances: dict[str, Balance] = {}
        self._held: dict[tuple[str, str], Held | None] = {}

    async def open(self, member: str, deposit_usd: Decimal) -> None:
        """Begin an account's totals with its deposit."""
        nothing = dict.fromkeys(("fills", "closed", "wins"), 0)
        row = {"season": self._season, "member": member, "deposits_usd": deposit_usd, **nothing}
        money = {"cash_usd": deposit_usd, "gains_usd": Decimal(0), "losses_usd": Decimal(0)}
        await self._connection.execute(insert(balances).values(row | money))

    async def balance(self, member: str) -> Balance:
        """Return an account's totals.

        Raises:
            StoreError: the account is not open.
        """
        if member not in self._balances:
            query = select(*_BALANCE).where(*self._own(balances, member))
            row = (await self._connection.execute(query)).first()
            if row is None:
                raise StoreError(f"{member} has no account in season {self._season}.")
            self._balances[member] = Balance(*row)
        return self._balances[member]

    async def held(self, member: str, ticker: str) -> Held | None:
        """Return a holding with all the digits of its average, or None."""
        if (member, ticker) not in self._held:
            own = (*self._own(holdings, member), holdings.c.ticker == ticker)
            query = select(holdings.c.shares, holdings.c.average).where(*own)
            row = (await self._connection.execute(query)).first()
            self._held[member, ticker] = Held(*row) if row else None
        return self._held[member, ticker]

    async def holders(self, *which: ColumnElement[bool]) -> tuple[Holder, ...]:
        """Return the holdings of which all of `which` is true, by ticker and member."""
        query = select(holdings).where(holdings.c.season == self._season, *which)
        rows = await self._connection.execute(query.order_by(holdings.c.ticker, holdings.c.member))
        return tuple(
            Holder(row["member"], Held(row["shares"], row["average"]), position_from(row), row["run_id"])
            for row in rows.mappings()
        )

    async def hold(self, member: str, ticker: str, after: Held | None, **levels: Any) -> None:
        """Set what an account holds of a ticker; `levels` are the other columns of `holdings` to set."""
        own = (*self._own(holdings, member), holdings.c.ticker == ticker)
        before = await self.held(member, ticker)
        self._held[member, ticker] = after and after._replace(shares=as_stored(after.shares))
        if after is None:
            await self._connection.execute(delete(holdings).where(*own))
            return
        values = {"shares": after.shares, "average": after.average, **levels}
        if before is None:
            row = {"season": self._season, "member": member, "ticker": ticker, **values}
            await self._connection.execute(insert(holdings).values(row))
        else:
            await self._connection.execute(update(holdings).where(*own).values(values))

    async def book_fill(
        self, order: Order, balance: Balance, cash_usd: Decimal, at: datetime, closed: Closed | None
    ) -> None:
        """Count a fill of `order` that leaves `cash_usd` of cash and has `closed` something, or not."""
        values: dict[str, Any] = {"cash_usd": cash_usd, "fills": balance.fills + 1}
        if closed:
            values |= {
                "closed": balance.closed + 1,
                "wins": balance.wins + closed.won,
                "gains_usd": balance.gains_usd + max(closed.pnl_usd, Decimal(0)),
                "losses_usd": balance.losses_usd + max(-closed.pnl_usd, Decimal(0)),
                "best_usd": _best(max, closed.pnl_usd, balance.best_usd),
                "worst_usd": _best(min, closed.pnl_usd, balance.worst_usd),
            }
        await self._set(order.member, balance, at, values)

    async def move_cash(self, member: str, amount_usd: Decimal, at: datetime) -> None:
        """Count cash that moved without a fill."""
        balance = await self.balance(member)
        await self._set(member, balance, at, {"cash_usd": balance.cash_usd + amount_usd})

    async def touch(self, member: str, at: datetime) -> None:
        """Note that the account has an entry of this moment."""
        await self._set(member, await self.balance(member), at, {})

    async def _set(self, member: str, balance: Balance, at: datetime, values: dict[str, Any]) -> None:
        values["last_at"] = at if balance.last_at is None else max(at, balance.last_at)
        change = update(balances).where(*self._own(balances, member))
        await self._connection.execute(change.values(values))
        stored: dict[str, Any] = {
            name: as_stored(value) if isinstance(value, Decimal) else value for name, value in values.items()
        }
        self._balances[member] = balance._replace(**stored)

    def _own(self, table: Table, member: str) -> tuple[Any, Any]:
        return table.c.season == self._season, table.c.member == member


def _best(choose: Callable[..., Decimal], new: Decimal, before: Decimal | None) -> Decimal:
    return new if before is None else choose(new, before)
