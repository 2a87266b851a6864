"""What sessions do to the books of one season, inside the transaction that holds them."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import ROUND_DOWN, Decimal
from typing import Any, NamedTuple

from sqlalchemy import func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.domain.actions import ActionKind, CorporateAction
from core.domain.ballot import Ballot
from core.domain.books import MovementKind, OrderCause, OrderState, Position
from core.domain.outcomes import Outcome
from core.domain.run import RunState
from core.domain.scores import DailyValue
from core.domain.season import Season
from core.domain.values import SHARE_STEP, to_cents, to_price
from core.store.inserting import add_new, insert_new
from core.store.outcome_rows import outcome_row
from core.store.replay import after_split
from core.store.running_totals import RunningTotals
from core.store.season_tables import (
    corporate_actions,
    daily_values,
    outcomes,
    seasons,
    sessions,
    share_movements,
)
from core.store.tables import cash_movements, fills, orders, runs, seats

CASH = ""
"""What stands for the ticker of a movement that is about cash itself."""


class Passed(NamedTuple):
    """A session that the books went through: its close (UTC), and the benchmark's level in USD, if known.

    `benchmark` is the raw close; `benchmark_units` the shares that one share of the season's first session
    has become by splits and by dividends bought back at the close.
    """

    session: date
    closed_at: datetime
    benchmark: Decimal | None = None
    benchmark_units: Decimal | None = None


class LockedSessions:
    """Splits, dividends, interest, and the values of each session. Made by `LockedBooks`."""

    def __init__(self, connection: AsyncConnection, season: Season, totals: RunningTotals) -> None:
        self._connection = connection
        self._season = season
        self._totals = totals

    async def open_season(self, kind: str, benchmark: str, at: datetime) -> None:
        """Note that the season exists; the first time counts."""
        row = {"name": self._season, "kind": kind, "state": "open", "benchmark": benchmark}
        await self._connection.execute(insert_new(self._connection, seasons).values(row | {"created_at": at}))

    async def last(self) -> Passed | None:
        """Return the newest session that the books went through, or None before the first."""
        newest = select(func.max(sessions.c.session)).where(sessions.c.season == self._season)
        query = select(*(sessions.c[name] for name in Passed._fields)).where(
            sessions.c.season == self._season, sessions.c.session == newest.scalar_subquery()
        )
        row = (await self._connection.execute(query)).first()
        return Passed(*row) if row else None

    async def holders(self, ticker: str) -> tuple[tuple[str, Position, str | None], ...]:
        """Return who holds a ticker: member, holding, and the run that set its levels."""
        return tuple((member, held, run) for member, _, held, run in await self._totals.holders(ticker))

    async def apply(
        self, action: CorporateAction, at: datetime, *, fractional: bool, price: Decimal | None
    ) -> bool:
        """Apply a split or dividend to every holding and waiting order; False when it was applied before.

        `at` is the open of its ex-date (UTC). A split's fraction of a share that cannot be held is paid out
        at `price`, the first price after the split in USD a share.
        """
        row = {"season": self._season, **action.model_dump(), "at": at}
        if not await add_new(self._connection, corporate_actions, row):
            return False
        for member, *_ in await self._totals.holders(action.ticker):
            await self.apply_to(action, member, at, fractional=fractional, price=price)
        if action.kind is ActionKind.SPLIT:
            await self._split_orders(action, fractional=fractional)
        return True

    async def apply_to(
        self, action: CorporateAction, member: str, at: datetime, *, fractional: bool, price: Decimal | None
    ) -> None:
        """Apply a split or dividend to one member's holding, if it has one; see `apply`."""
        found = [each for each in await self._totals.holders(action.ticker) if each[0] == member]
        for _, held, position, _ in found:
            if action.kind is ActionKind.DIVIDEND:
                amount = to_cents(held.shares * action.value)
                await self.move(member, MovementKind.DIVIDEND, amount, at, action.ticker, action.ex_date)
                continue
            exact = held.shares * action.value
            shares = exact.quantize(SHARE_STEP if fractional else Decimal(1), ROUND_DOWN)
            facts = {"season": self._season, "member": member, "ticker": action.ticker}
            change = {"ratio": action.value, "shares_before": held.shares, "shares_after": shares}
            moved = insert(share_movements).values({**facts, **change, "ex_date": action.ex_date, "at": at})
            await self._connection.execute(moved)
            levels = {
                name: to_price(level / action.value) if level else None
                for name, level in (("stop_loss", position.stop_loss), ("take_profit", position.take_profit))
            }
            after = after_split(held, action.value, shares)
            await self._totals.hold(member, action.ticker, after, **levels)
            await self._totals.touch(member, at)
            left = to_cents((exact - shares) * price) if price else Decimal(0)
            await self.move(member, MovementKind.CASH_IN_LIEU, left, at, action.ticker, action.ex_date)

    async def _split_orders(self, action: CorporateAction, *, fractional: bool) -> None:
        """Bring orders that were decided before a split, and wait, to the new shares."""
        waiting = (
            orders.c.season == self._season,
            orders.c.ticker == action.ticker,
            orders.c.state == OrderState.PENDING,
            orders.c.decided_session < action.ex_date,
        )
        for row in (await self._connection.execute(select(orders).where(*waiting))).mappings().all():
            exact = row["shares"] * action.value
            shares = exact.quantize(SHARE_STEP if fractional else Decimal(1), ROUND_DOWN)
            values: dict[str, Any] = {
                name: to_price(row[name] / action.value)
                for name in ("reference_price", "stop_loss", "take_profit")
                if row[name] is not None
            }
            if shares > 0:
                values["shares"] = shares
            await self._connection.execute(update(orders).where(orders.c.id == row["id"]).values(values))

    async def move(
        self, member: str, kind: MovementKind, amount_usd: Decimal, at: datetime, ticker: str, session: date
    ) -> bool:
        """Move cash for a reason that occurs once a ticker and session; False for nothing, or when repeated.

        Interest on cash has the ticker `CASH`.
        """
        if amount_usd == 0:
            return False
        row = {"season": self._season, "member": member, "kind": kind, "amount_usd": amount_usd, "at": at}
        same = (
            cash_movements.c.season == self._season,
            cash_movements.c.member == member,
            cash_movements.c.kind == kind,
            cash_movements.c.ticker == ticker,
            cash_movements.c.session == session,
        )
        if (await self._connection.execute(select(cash_movements.c.number).where(*same))).first():
            return False
        moved = insert(cash_movements).values(row | {"ticker": ticker, "session": session})
        await self._connection.execute(moved)
        await self._totals.move_cash(member, amount_usd, at)
        return True

    async def unsettled(self, horizon: int, since: datetime) -> tuple[tuple[str, str, datetime], ...]:
        """Return the finished runs since a moment without outcomes at a horizon: id, ticker, as_of."""
        settled = select(outcomes.c.run_id).where(
            outcomes.c.run_id == runs.c.run_id, outcomes.c.horizon == horizon
        )
        query = (
            select(runs.c.run_id, runs.c.ticker, runs.c.as_of)
            .where(runs.c.season == self._season, runs.c.state == RunState.FINISHED, runs.c.as_of >= since)
            .where(~settled.exists())
            .order_by(runs.c.number)
        )
        return tuple(
            (run_id, ticker, as_of) for run_id, ticker, as_of in await self._connection.execute(query)
        )

    async def ballots(self, run_ids: Sequence[str]) -> tuple[tuple[str, Ballot], ...]:
        """Return every ballot of some runs with its run, in the order of their seats."""
        query = select(seats.c.run_id, seats.c.result).where(seats.c.run_id.in_(run_ids))
        rows = await self._connection.execute(query.order_by(seats.c.run_id, seats.c.place))
        return tuple((run_id, result) for run_id, result in rows if isinstance(result, Ballot))

    async def settle(self, settled: Sequence[Outcome]) -> None:
        """Keep outcomes; one that is there already stays as it is."""
        for outcome in settled:
            await add_new(self._connection, outcomes, outcome_row(outcome))

    async def value_before(self, member: str, session: date) -> Decimal | None:
        """Return what a member's books were worth at the last close before `session`, in USD, if known."""
        own = (daily_values.c.season == self._season, daily_values.c.member == member)
        query = select(daily_values.c.value_usd).where(*own, daily_values.c.session < session)
        newest = query.order_by(daily_values.c.session.desc()).limit(1)
        value: Decimal | None = (await self._connection.execute(newest)).scalar()
        return value

    async def last_stop(self, member: str, ticker: str) -> date | None:
        """Return the newest session in which a member's stop of a ticker was hit, or None."""
        own = (orders.c.season == self._season, orders.c.member == member, orders.c.ticker == ticker)
        hit = (orders.c.cause == OrderCause.STOP, orders.c.state == OrderState.FILLED)
        newest = select(func.max(orders.c.decided_session)).where(*own, *hit)
        day: date | None = (await self._connection.execute(newest)).scalar()
        return day

    async def traded(self, after: datetime, until: datetime) -> dict[str, Decimal]:
        """Return what each member bought and sold later than `after` and up to `until`, in USD."""
        within = (fills.c.season == self._season, fills.c.filled_at > after, fills.c.filled_at <= until)
        amount = func.sum(func.abs(fills.c.amount_usd), type_=fills.c.amount_usd.type)
        query = select(fills.c.member, amount).where(*within).group_by(fills.c.member)
        return {str(member): total for member, total in await self._connection.execute(query)}

    async def passed(self, session: Passed, values: Iterable[tuple[str, DailyValue]]) -> bool:
        """Keep what each member's books were worth at a session's close; False when that was done before."""
        row = {"season": self._season, **session._asdict()}
        if not await add_new(self._connection, sessions, row):
            return False
        rows: Sequence[dict[str, Any]] = [
            {"season": self._season, "member": member, **value._asdict()} for member, value in values
        ]
        if rows:
            await self._connection.execute(insert(daily_values), rows)
        return True
