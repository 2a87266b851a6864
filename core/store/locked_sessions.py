"""What sessions do to the books of one season, inside the transaction that holds them."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, and_, func, insert, or_, select, update

from core.domain.ballot import Ballot
from core.domain.books import MovementKind, OrderCause, OrderState
from core.domain.outcomes import Outcome
from core.domain.run import RunState
from core.domain.scores import DailyValue
from core.store.inserting import add_new, insert_new
from core.store.locked_movements import CASH, LockedMovements
from core.store.outcome_rows import outcome_row
from core.store.reset_rows import resets
from core.store.running_totals import Holder
from core.store.season_tables import balances, daily_values, holdings, outcomes, seasons, sessions
from core.store.tables import fills, orders, runs, seats


class Passed(NamedTuple):
    """A session that the books went through: its close (UTC), and the benchmark's level in USD, if known.

    `benchmark` is the raw close; `benchmark_units` the shares that one share of the season's first session
    has become by splits and by dividends bought back at the close.
    """

    session: date
    closed_at: datetime
    benchmark: Decimal | None = None
    benchmark_units: Decimal | None = None


class LockedSessions(LockedMovements):
    """What happens in sessions, and the values at their closes. Made by `LockedBooks`."""

    async def open_season(self, kind: str, benchmark: str, at: datetime) -> None:
        """Note that the season exists; the first time counts."""
        row = {"name": self._season, "kind": kind, "state": "open", "benchmark": benchmark}
        await self._connection.execute(insert_new(self._connection, seasons).values(row | {"created_at": at}))

    async def last(self) -> Passed | None:
        """Return the newest session that the books went through, or None before the first."""
        return await self._newest()

    async def last_benchmark(self) -> Passed | None:
        """Return the newest session whose benchmark level is known, or None before the first."""
        return await self._newest(sessions.c.benchmark.is_not(None))

    async def _newest(self, *which: ColumnElement[bool]) -> Passed | None:
        columns = (sessions.c[name] for name in Passed._fields)
        query = select(*columns).where(sessions.c.season == self._season, *which)
        row = (await self._connection.execute(query.order_by(sessions.c.session.desc()).limit(1))).first()
        return Passed(*row) if row else None

    async def tickers(self) -> frozenset[str]:
        """Return the tickers of all holdings and of the orders that wait."""
        held = select(holdings.c.ticker).where(holdings.c.season == self._season)
        waits = (orders.c.season == self._season, orders.c.state == OrderState.PENDING)
        query = held.union(select(orders.c.ticker).where(*waits))
        return frozenset((await self._connection.execute(query)).scalars())

    async def guarded(self, tickers: Sequence[str], opened: datetime) -> tuple[Holder, ...]:
        """Return the holdings of these tickers with a level that a bar opened at `opened` counts for."""
        levels = or_(holdings.c.stop_loss.is_not(None), holdings.c.take_profit.is_not(None))
        return await self._totals.holders(holdings.c.ticker.in_(tickers), levels, _counts(opened))

    async def guard_from(self, tickers: Sequence[str], opened: datetime, closed: datetime) -> None:
        """Note that the levels of these tickers have been held against the bars from `opened` to `closed`."""
        own = (holdings.c.season == self._season, holdings.c.ticker.in_(tickers), _counts(opened))
        await self._connection.execute(update(holdings).where(*own).values(guarded_from=closed))

    async def carry(
        self,
        member: str,
        interest_usd: Decimal,
        borrow_usd: Mapping[str, Decimal],
        at: datetime,
        session: date,
    ) -> None:
        """Book at a close what cash earns, and what the borrowed shares of each ticker cost, in USD."""
        await self.move(member, MovementKind.INTEREST, interest_usd, at, CASH, session)
        for ticker, fee in borrow_usd.items():
            await self.move(member, MovementKind.BORROW, -fee, at, ticker, session)

    async def unsettled(
        self, horizon: int, since: datetime, before: datetime
    ) -> tuple[tuple[str, str, datetime], ...]:
        """Return the finished runs of a time without outcomes at a horizon: id, ticker, as_of."""
        settled = select(outcomes.c.run_id).where(
            outcomes.c.run_id == runs.c.run_id, outcomes.c.horizon == horizon
        )
        query = (
            select(runs.c.run_id, runs.c.ticker, runs.c.as_of)
            .where(runs.c.season == self._season, runs.c.state == RunState.FINISHED)
            .where(runs.c.as_of >= since, runs.c.as_of < before, ~settled.exists())
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
        rows = [outcome_row(outcome) for outcome in settled]
        if rows:
            await self._connection.execute(insert_new(self._connection, outcomes), rows)

    async def values_before(self, session: date) -> dict[str, Decimal | None]:
        """Return what each member's books were worth at the last close before `session`, in USD.

        None where that is not known; before a member's first close, and before the first one after a reset,
        it is what was deposited.
        """
        started = select(balances.c.member, balances.c.deposits_usd).where(balances.c.season == self._season)
        values: dict[str, Decimal | None] = {
            str(member): deposit for member, deposit in await self._connection.execute(started)
        }
        own = (daily_values.c.season == self._season, daily_values.c.session < session)
        newest = select(daily_values.c.member, func.max(daily_values.c.session).label("session"))
        last = newest.where(*own, *await self._since_resets()).group_by(daily_values.c.member).subquery()
        same = and_(daily_values.c.member == last.c.member, daily_values.c.session == last.c.session)
        query = select(daily_values.c.member, daily_values.c.value_usd).join(last, same)
        rows = await self._connection.execute(query.where(daily_values.c.season == self._season))
        return values | {str(member): value for member, value in rows}

    async def _since_resets(self) -> list[ColumnElement[bool]]:
        """Return which daily values count: those of sessions that closed after a member's last reset."""
        conditions: list[ColumnElement[bool]] = []
        for member, reset in (await resets(self._connection, self._season)).items():
            later = select(sessions.c.session).where(
                sessions.c.season == self._season, sessions.c.closed_at > reset.at
            )
            conditions.append(or_(daily_values.c.member != member, daily_values.c.session.in_(later)))
        return conditions

    async def last_stops(self, ticker: str) -> dict[str, date]:
        """Return the newest session in which each member's stop of a ticker was hit, where one was."""
        own = (orders.c.season == self._season, orders.c.ticker == ticker)
        hit = (orders.c.cause == OrderCause.STOP, orders.c.state == OrderState.FILLED)
        newest = func.max(orders.c.decided_session)
        query = select(orders.c.member, newest).where(*own, *hit).group_by(orders.c.member)
        return {str(member): day for member, day in await self._connection.execute(query)}

    async def stops(self) -> dict[str, dict[str, date]]:
        """Return what `last_stops` does, for every ticker."""
        hit = (orders.c.cause == OrderCause.STOP, orders.c.state == OrderState.FILLED)
        newest = func.max(orders.c.decided_session)
        query = select(orders.c.ticker, orders.c.member, newest).where(orders.c.season == self._season, *hit)
        found: dict[str, dict[str, date]] = {}
        for ticker, member, day in await self._connection.execute(
            query.group_by(orders.c.ticker, orders.c.member)
        ):
            found.setdefault(ticker, {})[member] = day
        return found

    async def traded(self, after: datetime, until: datetime) -> dict[str, Decimal]:
        """Return what each member bought and sold later than `after` and up to `until`, in USD.

        After a reset in this time, only what was traded since counts.
        """
        within: tuple[ColumnElement[bool], ...] = (
            fills.c.season == self._season,
            fills.c.filled_at > after,
            fills.c.filled_at <= until,
        )
        for member, reset in (await resets(self._connection, self._season, until)).items():
            within = (*within, or_(fills.c.member != member, fills.c.filled_at > reset.at))
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


def _counts(opened: datetime) -> ColumnElement[bool]:
    """The holdings whose levels were there before a bar opened, and were not held against it yet."""
    return or_(holdings.c.guarded_from.is_(None), holdings.c.guarded_from <= opened)
