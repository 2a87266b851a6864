"""The books of one season while one transaction holds them: the only place where they change."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.clock import Clock
from core.domain.bars import Mark
from core.domain.books import Clamp, Fill, MovementKind, Order, OrderState, Portfolio, Side
from core.domain.errors import StoreError
from core.domain.run import RunState
from core.domain.season import Season
from core.domain.verdict import Verdict
from core.store import book_queries
from core.store.inserting import add_new
from core.store.replay import Booked, check_never_negative, in_order, usable_at
from core.store.run_record import ORDER, order_of
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

    async def open_account(self, member: str, cash_usd: Decimal, at: datetime) -> bool:
        """Deposit the initial cash, exactly once; False when the account is open already.

        Raises:
            StoreError: there is no such member, or the amount is not above zero.
        """
        own = (accounts.c.season == self.season, accounts.c.member == member)
        if (await self._connection.execute(select(accounts.c.member).where(*own))).first():
            return False
        account = {"season": self.season, "member": member, "opened_at": at}
        await self._connection.execute(insert(accounts).values(account))
        await self._move(member, MovementKind.DEPOSIT, cash_usd, at)
        return True

    async def portfolio(self, member: str, at: datetime | None = None) -> Portfolio:
        """Return a member's cash and holdings, with all that this transaction has done.

        With `at` it is what a fill of that moment may use: of cash, and of each holding, the least that
        there is from then on. It differs only where fills are dated later than `at`.
        """
        if at is None:
            return await book_queries.portfolio(self._connection, self.season, member)
        deposited, history = await self._history(member)
        return usable_at(member, deposited, history, at)

    async def pending(self, ticker: str | None = None) -> tuple[Order, ...]:
        """Return the orders that wait, of one ticker or of all, oldest first."""
        return await book_queries.pending(self._connection, self.season, ticker=ticker)

    async def marks(self) -> dict[str, Mark]:
        """Return the newest mark of each ticker."""
        return await book_queries.latest_marks(self._connection, self.season)

    async def last_decision_at(self, member: str) -> datetime | None:
        """Return the newest moment that a member's orders were decided on, or None before the first."""
        own = (orders.c.season == self.season, orders.c.member == member)
        query = select(func.max(orders.c.created_at)).where(*own)
        last: datetime | None = (await self._connection.execute(query)).scalar()
        return last

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

    async def fill_order(self, fill: Fill, clamps: Sequence[Clamp] = ()) -> None:
        """Fill an order that waits, whole or in a smaller part; what is left of it lapses.

        Writes the fill and its two cash movements; `clamps` join those that the order has already.

        Raises:
            StoreError: the order does not wait, the fill is not of this order, or cash or shares would be
                negative at any moment from the fill on.
        """
        self._check_season(fill.season)
        order = await self._waiting(fill.order_id)
        if any(getattr(fill, name) != getattr(order, name) for name in _SAME_AS_ORDER):
            raise StoreError(f"Fill {fill.id} is not of the same kind as order {order.id}.")
        if not 0 < fill.shares <= order.shares:
            raise StoreError(f"Fill {fill.id} is empty or larger than order {order.id}.")
        await self._check_balances(fill)
        await self._connection.execute(insert(fills).values(_fields(fill)))
        await self._move(fill.member, MovementKind.TRADE, fill.amount_usd, fill.filled_at, fill.id)
        await self._move(fill.member, MovementKind.FEE, -fill.fee_usd, fill.filled_at, fill.id)
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

    async def _check_balances(self, fill: Fill) -> None:
        new = Booked(*(getattr(fill, name) for name in Booked._fields))
        if (fill.amount_usd > 0) if fill.side is Side.BUY else (fill.amount_usd < 0):
            raise StoreError(f"Fill {fill.id} moves cash the wrong way.")
        deposited, history = await self._history(fill.member)
        check_never_negative(fill.member, deposited, in_order([*history, new]))

    async def _history(self, member: str) -> tuple[Decimal, list[Booked]]:
        """Return a member's deposit in USD and its fills in the order of time."""
        own = (cash_movements.c.season == self.season, cash_movements.c.member == member)
        deposit = select(cash_movements.c.amount_usd).where(
            *own, cash_movements.c.kind == MovementKind.DEPOSIT
        )
        deposited = (await self._connection.execute(deposit)).scalar() or Decimal("0.00")
        return deposited, await book_queries.booked(self._connection, self.season, member)

    async def _move(
        self, member: str, kind: MovementKind, amount_usd: Decimal, at: datetime, fill_id: str | None = None
    ) -> None:
        row = {"season": self.season, "member": member, "kind": kind, "amount_usd": amount_usd, "at": at}
        await self._connection.execute(insert(cash_movements).values(row | {"fill_id": fill_id}))

    async def _end_order(self, order_id: str, state: OrderState, at: datetime, **values: Any) -> None:
        waiting = (orders.c.id == order_id, orders.c.state == OrderState.PENDING)
        change = update(orders).where(*waiting).values(state=state, ended_at=at, **values)
        if (await self._connection.execute(change)).rowcount != 1:
            raise StoreError(f"Order {order_id} does not wait: it is filled, cancelled or unknown.")


def _fields(value: Order | Fill | Mark) -> dict[str, Any]:
    return {name: getattr(value, name) for name in type(value).model_fields}
