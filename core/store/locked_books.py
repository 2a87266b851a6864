"""The books of one season while one transaction holds them: the only place where they change."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import bindparam, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.clock import Clock
from core.domain.bars import Mark
from core.domain.books import (
    CLOSING,
    Clamp,
    Fill,
    MovementKind,
    Order,
    OrderCause,
    OrderState,
    Portfolio,
    Side,
)
from core.domain.errors import StoreError
from core.domain.run import RunState
from core.domain.season import Season
from core.domain.verdict import Verdict
from core.store import book_queries
from core.store.inserting import add_new, insert_new
from core.store.live_season_rows import LockedSeason
from core.store.locked_imports import LockedImports
from core.store.locked_sessions import LockedSessions
from core.store.member_rows import removed_of, take_out
from core.store.replay import (
    Booked,
    CashMove,
    Closed,
    Entry,
    Held,
    after_fill,
    cash_change,
    check_balances,
    check_never_negative,
    in_order,
    position_of,
    usable_at,
)
from core.store.reset_rows import resets
from core.store.run_record import ORDER, order_of
from core.store.running_totals import RunningTotals
from core.store.season_tables import closed_trades
from core.store.tables import accounts, cash_movements, fills, marks, orders, runs

_SAME_AS_ORDER = ("run_id", "member", "ticker", "side")


class LockedBooks:
    """The books of one season inside one transaction. Whatever raises undoes everything in it.

    Made by `Books.locked`; of no use after its `async with` block.
    """

    def __init__(self, connection: AsyncConnection, season: Season, clock: Clock) -> None:
        self.season = season
        self._connection = connection
        self._clock = clock
        self._totals = RunningTotals(connection, season)
        self.sessions = LockedSessions(connection, season, self._totals)
        self.imports = LockedImports(connection, season)
        self.live = LockedSeason(connection, season)

    async def open_accounts(self, names: Sequence[str], cash_usd: Decimal, at: datetime) -> tuple[str, ...]:
        """Deposit the initial cash in each account that is not open yet, and return whose these are.

        Raises:
            StoreError: there is no such member, or the amount is not above zero.
        """
        own = (accounts.c.season == self.season, accounts.c.member.in_(names))
        opened = set((await self._connection.execute(select(accounts.c.member).where(*own))).scalars())
        new = tuple(name for name in names if name not in opened)
        for member in new:
            account = {"season": self.season, "member": member, "opened_at": at}
            await self._connection.execute(insert(accounts).values(account))
            deposit = _movement(self.season, member, MovementKind.DEPOSIT, cash_usd, at)
            await self._connection.execute(insert(cash_movements).values(deposit))
            await self._totals.open(member, cash_usd)
        return new

    async def portfolio(self, member: str) -> Portfolio:
        """Return a member's cash and holdings, with all that this transaction has done."""
        return await book_queries.portfolio(self._connection, self.season, member)

    async def usable(self, member: str, ticker: str, at: datetime) -> Portfolio:
        """Return a member's cash and its holding of a ticker, as far as a fill at `at` may use them.

        That is the least that there is from then on: it differs from what there is now only where fills are
        dated later than `at`.
        """
        balance = await self._totals.balance(member)
        if balance.last_at is not None and at < balance.last_at:
            deposited, entries = await book_queries.history(self._connection, self.season, member)
            return usable_at(member, deposited, entries, at)
        held = await self._totals.held(member, ticker)
        positions = (position_of(ticker, held),) if held else ()
        return Portfolio(member=member, cash_usd=balance.cash_usd, positions=positions)

    async def portfolios(self, at: datetime | None = None) -> dict[str, Portfolio]:
        """Return every account's cash and holdings, now or as they were at `at`."""
        return await book_queries.portfolios(self._connection, self.season, at)

    async def members(self, at: datetime) -> tuple[str, ...]:
        """Return who had an account at `at`, in order of name."""
        opened = (accounts.c.season == self.season, accounts.c.opened_at <= at)
        query = select(accounts.c.member).where(*opened).order_by(accounts.c.member)
        return tuple((await self._connection.execute(query)).scalars())

    async def pending(self, ticker: str | None = None) -> tuple[Order, ...]:
        """Return the orders that wait, of one ticker or of all, oldest first."""
        return await book_queries.pending(self._connection, self.season, ticker=ticker)

    async def marks(self, as_of: datetime | None = None) -> dict[str, Mark]:
        """Return the newest mark of each ticker, or the newest at or before `as_of`."""
        return await book_queries.latest_marks(self._connection, self.season, as_of)

    async def last_decisions(self) -> dict[str, datetime]:
        """Return the newest moment that each account's orders were decided on, where there was one."""
        own = (orders.c.season == self.season, orders.c.member == accounts.c.member)
        newest = select(func.max(orders.c.created_at, type_=orders.c.created_at.type)).where(*own)
        query = select(accounts.c.member, newest.scalar_subquery()).where(accounts.c.season == self.season)
        return {member: last for member, last in await self._connection.execute(query) if last}

    async def add_order(self, order: Order) -> None:
        """Store a new order: one that waits, or one that was cancelled at once.

        Raises:
            StoreError: it is of another season or says that it is filled; its run, seat or account is
                unknown; its id is taken.
        """
        self._check_season(order.season)
        if order.state is OrderState.FILLED:
            raise StoreError(f"Order {order.id} cannot be added as filled; add it, then fill it.")
        ended_at = order.created_at if order.state is OrderState.CANCELLED else None
        row = _fields(order) | {"ended_at": ended_at}
        await self._connection.execute(insert(orders).values(row))

    async def fill_order(self, fill: Fill, clamps: Sequence[Clamp] = (), *, shorts: bool = False) -> None:
        """Fill an order that waits, whole or in a smaller part; what is left of it lapses.

        Writes the fill, its two cash movements and what it closed; `clamps` join those that the order has.

        Raises:
            StoreError: the order does not wait, the fill is not of this order, the ticker has been traded or
                split or the portfolio reset after the fill's moment, or cash or (without `shorts`) shares
                would be negative at any moment from the fill on; that of a reset alone may overdraw the cash.
        """
        self._check_season(fill.season)
        order = await self._waiting(fill.order_id)
        if any(getattr(fill, name) != getattr(order, name) for name in _SAME_AS_ORDER):
            raise StoreError(f"Fill {fill.id} is not of the same kind as order {order.id}.")
        if not 0 < fill.shares <= order.shares:
            raise StoreError(f"Fill {fill.id} is empty or larger than order {order.id}.")
        balance, entry = await self._totals.balance(fill.member), _booked(fill)
        held = await self._totals.held(fill.member, fill.ticker)
        if (fill.amount_usd > 0) if fill.side is Side.BUY else (fill.amount_usd < 0):
            raise StoreError(f"Fill {fill.id} moves cash the wrong way.")
        after, closed = after_fill(held, entry)
        cash = balance.cash_usd + cash_change(entry)
        if balance.last_at is not None and fill.filled_at < balance.last_at:
            await self._check_in_the_past(entry, fill.member, shorts=shorts)
        elif order.cause is not OrderCause.RESET:  # which brings the cash to what was deposited afterwards
            check_balances(fill.member, cash, entry, after.shares if after else Decimal(0), shorts=shorts)
        await self._connection.execute(insert(fills).values(_fields(fill)))
        moved = ((MovementKind.TRADE, fill.amount_usd), (MovementKind.FEE, -fill.fee_usd))
        rows = [_movement(fill.season, fill.member, *one, fill.filled_at, fill.id) for one in moved]
        await self._connection.execute(insert(cash_movements), rows)
        if closed:
            await self._close(fill, closed)
        levels = _levels(order, fill, held, after)
        await self._totals.hold(fill.member, fill.ticker, after, **levels)
        await self._totals.book_fill(order, balance, cash, fill.filled_at, closed)
        joined = order.clamps + tuple(clamp for clamp in clamps if clamp not in order.clamps)
        await self._end_order(order.id, OrderState.FILLED, fill.filled_at, clamps=joined)

    async def cancel_order(self, order_id: str, reason: str, at: datetime | None = None) -> None:
        """Cancel an order that waits, at a moment (now, if none is given).

        Raises:
            StoreError: there is no such order, or it does not wait.
        """
        order = await self._waiting(order_id)
        moment = max(at or self._clock.now(), order.created_at)
        await self._end_order(order.id, OrderState.CANCELLED, moment, reason=reason)

    async def add_mark(self, mark: Mark) -> bool:
        """Keep a price at which holdings are valued; False when there is one of that moment already."""
        return await add_new(self._connection, marks, _fields(mark) | {"season": self.season})

    async def add_marks(self, new: Sequence[Mark]) -> None:
        """Keep prices at which holdings are valued; one that is there already stays."""
        rows = [_fields(mark) | {"season": self.season} for mark in new]
        if rows:
            await self._connection.execute(insert_new(self._connection, marks), rows)

    async def newest_entry(self, member: str) -> datetime | None:
        """Return the moment of the newest entry of a member's ledger, None where there is none but a deposit.

        Raises:
            StoreError: it has no account.
        """
        return (await self._totals.balance(member)).last_at

    async def resets(self) -> dict[str, datetime]:
        """Return when each member's portfolio began again the last time, where it did."""
        return {name: reset.at for name, reset in (await resets(self._connection, self.season)).items()}

    async def take_out(self, member: str, at: datetime, by: str) -> bool:
        """Let a member take no part in runs from now on; False where it takes none already.

        Raises:
            Refused: it is the last one that is heard.
        """
        return await take_out(self._connection, member, at, by)

    async def removed(self) -> frozenset[str]:
        """Return the members that an admin has removed."""
        return await removed_of(self._connection)

    async def finish_run(self, run_id: str, verdict: Verdict, at: datetime) -> bool:
        """Finish a run with its verdict; False when it was over before, and then nothing is changed.

        Raises:
            StoreError: the run trades in the books of another season.
        """
        season = (
            await self._connection.execute(select(runs.c.season).where(runs.c.run_id == run_id))
        ).scalar()
        if season is not None:
            self._check_season(Season(season))
        change = update(runs).where(runs.c.run_id == run_id, runs.c.state == RunState.RUNNING)
        values = {"state": RunState.FINISHED, "verdict": verdict, "finished_at": at}
        return (await self._connection.execute(change.values(values))).rowcount == 1

    async def finish_runs(self, finished: Sequence[tuple[str, Verdict]], at: datetime) -> frozenset[str]:
        """Finish runs of this season, each with its verdict; return those that were not over before."""
        going = (runs.c.season == self.season, runs.c.state == RunState.RUNNING)
        among = runs.c.run_id.in_([run_id for run_id, _ in finished])
        query = select(runs.c.run_id).where(among, *going).with_for_update()
        left = frozenset((await self._connection.execute(query)).scalars())
        rows = [{"of_run": run_id, "new_verdict": verdict} for run_id, verdict in finished if run_id in left]
        if rows:
            change = update(runs).where(runs.c.run_id == bindparam("of_run"))
            values = {"state": RunState.FINISHED, "verdict": bindparam("new_verdict"), "finished_at": at}
            await self._connection.execute(change.values(values), rows)
        return left

    def _check_season(self, season: Season) -> None:
        if season != self.season:
            raise StoreError(f"The books of season {self.season} are open, not those of {season}.")

    async def _waiting(self, order_id: str) -> Order:
        waits = (orders.c.season == self.season, orders.c.state == OrderState.PENDING)
        query = select(*ORDER).where(orders.c.id == order_id, *waits)
        row = (await self._connection.execute(query)).mappings().first()
        if row is None:
            raise StoreError(f"Order {order_id} does not wait: it is filled, cancelled or unknown.")
        return order_of(row)

    async def _check_in_the_past(self, entry: Booked, member: str, *, shorts: bool) -> None:
        """Check a fill that is dated before the member's newest entry against all that came after it."""
        deposited, entries = await book_queries.history(self._connection, self.season, member)
        again = (await self.resets()).get(member)
        if again is not None and again >= entry.filled_at:
            raise StoreError(f"This fill is refused: {member} has begun again after its moment.")
        if any(_touches(other, entry) for other in entries):
            raise StoreError(f"This fill is refused: {member} has traded {entry.ticker} after its moment.")
        check_never_negative(member, deposited, in_order([*entries, entry]), shorts=shorts)

    async def _close(self, fill: Fill, closed: Closed) -> None:
        row = {name: getattr(fill, name) for name in ("season", "member", "ticker", "session")}
        earned = {"fill_id": fill.id, "pnl_usd": closed.pnl_usd, "cost_usd": closed.cost_usd}
        await self._connection.execute(insert(closed_trades).values(row | earned))

    async def _end_order(self, order_id: str, state: OrderState, at: datetime, **values: Any) -> None:
        waiting = (orders.c.id == order_id, orders.c.state == OrderState.PENDING)
        change = update(orders).where(*waiting).values(state=state, ended_at=at, **values)
        if (await self._connection.execute(change)).rowcount != 1:
            raise StoreError(f"Order {order_id} does not wait: it is filled, cancelled or unknown.")


def _fields(value: Order | Fill | Mark) -> dict[str, Any]:
    return {name: getattr(value, name) for name in type(value).model_fields}


def _movement(
    season: Season,
    member: str,
    kind: MovementKind,
    amount_usd: Decimal,
    at: datetime,
    fill_id: str | None = None,
) -> dict[str, Any]:
    row = {"season": season, "member": member, "kind": kind, "amount_usd": amount_usd, "at": at}
    return row | {"fill_id": fill_id}


def _booked(fill: Fill) -> Booked:
    return Booked(*(getattr(fill, name) for name in Booked._fields))


def _touches(other: Entry, fill: Booked) -> bool:
    """Say whether an entry changed the fill's holding later than the fill."""
    if isinstance(other, CashMove) or other.ticker != fill.ticker:
        return False
    return (other.filled_at if isinstance(other, Booked) else other.at) > fill.filled_at


def _levels(order: Order, fill: Fill, held: Held | None, after: Held | None) -> dict[str, Any]:
    """Return what a fill changes about the levels that guard the holding: what closes one changes nothing.

    A ballot that names no level leaves the one that stands, unless the holding is a new one.
    """
    if order.cause in CLOSING:
        return {}
    levels = {"stop_loss": order.stop_loss, "take_profit": order.take_profit}
    if held and after and (held.shares > 0) == (after.shares > 0):
        levels = {name: level for name, level in levels.items() if level is not None}
    guard = {"guarded_from": fill.filled_at}
    return levels | guard | ({"run_id": order.run_id} if levels else {})
