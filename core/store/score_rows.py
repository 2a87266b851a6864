"""What members are scored by, summed up in SQL: a season may have a million fills."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, Select, and_, case, func, or_, select, type_coerce
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql import ColumnElement

from core.domain.outcomes import HORIZONS
from core.domain.run import RunState
from core.domain.scores import BallotTotals, DailyValue, Hits, TradeTotals
from core.domain.season import Season
from core.store.column_types import COST_PLACES, MONEY_PLACES, from_whole
from core.store.costs import total_cost
from core.store.database import Database
from core.store.reset_rows import count_of, resets
from core.store.season_tables import (
    balances,
    closed_trades,
    daily_values,
    imports,
    outcomes,
    seasons,
    sessions,
    share_movements,
)
from core.store.tables import accounts, fills, runs, seats

_WORLD = timedelta(days=2)
"""A session's fills lie within this time of its midnight in UTC, wherever on earth its exchange is."""


class Watermark(NamedTuple):
    """How far a season is. While two of them are equal, nothing that they stand for has changed.

    `session` is the newest session that the books went through, `sessions` how many there were, `imports`
    how many trade logs were read in and `resets` how many portfolios have begun again: together they stand
    for daily values and closes. `booked` stands for balances and holdings, which change only by fills, splits
    and movements of cash.
    """

    session: date | None
    sessions: int
    imports: int
    resets: int
    booked: tuple[Any, ...]

    @property
    def scored(self) -> tuple[date | None, int, int, int]:
        """The part that daily values and closes follow from."""
        return self.session, self.sessions, self.imports, self.resets


class Close(NamedTuple):
    """A session that the books went through: when it closed, and the benchmark's total-return level in USD.

    The level is the raw close times the shares that one share has become; None where it has no price.
    """

    session: date
    closed_at: datetime
    level: Decimal | None


class Days(NamedTuple):
    """Sessions in order, and each member's daily values of them."""

    closes: tuple[Close, ...] = ()
    values: Mapping[str, Sequence[DailyValue]] = MappingProxyType({})


class Scores:
    """Sums over the books of a season. Each answer is of one moment of the database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def watermark(self, season: Season) -> Watermark:
        """Return how far a season is, in one query that costs the same however long the season is."""
        own = balances.c.season == season
        query = select(
            select(func.max(sessions.c.session)).where(sessions.c.season == season).scalar_subquery(),
            _count(sessions, season),
            _count(imports, season),
            count_of(season),
            _count(balances, season),
            _count(share_movements, season),
            select(func.sum(balances.c.fills)).where(own).scalar_subquery(),
            select(func.sum(balances.c.cash_usd)).where(own).scalar_subquery(),
            select(func.max(balances.c.last_at)).where(own).scalar_subquery(),
        )
        async with self._database.read() as connection:
            session, passed, imported, again, *booked = (await connection.execute(query)).one()
        return Watermark(session, passed, imported, again, tuple(booked))

    async def has_books(self, season: Season) -> bool:
        """Say whether anybody has an account in a season."""
        query = select(accounts.c.member).where(accounts.c.season == season).limit(1)
        async with self._database.read() as connection:
            return (await connection.execute(query)).first() is not None

    async def benchmark(self, season: Season) -> str:
        """Return the ticker that a season is compared with, empty where there is no such season."""
        query = select(seasons.c.benchmark).where(seasons.c.name == season)
        async with self._database.read() as connection:
            return (await connection.execute(query)).scalar() or ""

    async def days(self, season: Season, after: date | None = None) -> Days:
        """Return the sessions later than `after`, or all, with the daily values of every member.

        A portfolio that began again has those since then: what it was worth before is no part of its curve.
        """
        async with self._database.read() as connection:
            closes = await _closes(connection, season, after)
            rows = (await connection.execute(_daily(season, after))).all()
            again = await resets(connection, season)
        if again:
            closed = {close.session: close.closed_at for close in closes}
            rows = [row for row in rows if row[0] not in again or closed[row[1]] > again[row[0]].at]
        # Decoding takes longer than asking; a server must not stand still meanwhile.
        values = await asyncio.to_thread(_decoded, rows) if rows else {}
        return Days(closes, values)

    async def trade_totals(
        self, season: Season, first: date | None = None, last: date | None = None
    ) -> dict[str, TradeTotals]:
        """Sum up each member's fills and closed trades of the sessions from `first` to `last`.

        Whoever had none is left out. A closed trade is a win when its profit is above 0. Those of the whole
        season stand in the balances already (`Account.totals`).
        """
        async with self._database.read() as connection:
            counted = await connection.execute(_fills(season, first, last))
            filled: dict[str, int] = {row.member: row.fills for row in counted}
            rows = await connection.execute(_closed(season, first, last))
            closed = {member: TradeTotals(0, *totals) for member, *totals in rows}
        return {
            member: closed.get(member, TradeTotals())._replace(fills=filled.get(member, 0))
            for member in filled.keys() | closed.keys()
        }

    async def ballot_totals(
        self, season: Season, first: date | None = None, until: datetime | None = None
    ) -> dict[str, BallotTotals]:
        """Count each member's settled ballots for BUY or SELL, and how many were right, at each horizon.

        With `first`, only ballots that were entered in that session or later; with `until`, only what was
        settled by then (UTC).
        """
        right = func.sum(case((outcomes.c.correct.is_(True), 1), else_=0))
        query = (
            select(outcomes.c.member, outcomes.c.horizon, func.count(), right)
            .where(outcomes.c.season == season, outcomes.c.correct.is_not(None))
            .group_by(outcomes.c.member, outcomes.c.horizon)
        )
        if first is not None:
            query = query.where(outcomes.c.entry_session >= first)
        if until is not None:
            query = query.where(outcomes.c.settled_at <= until)
        found: dict[str, dict[int, Hits]] = {}
        async with self._database.read() as connection:
            for member, horizon, settled, hits in await connection.execute(query):
                found.setdefault(member, {})[horizon] = Hits(settled, int(hits))
        return {
            member: BallotTotals(*(hits.get(horizon, Hits()) for horizon in HORIZONS))
            for member, hits in found.items()
        }

    async def final_costs(
        self, season: Season, until: datetime, after: datetime | None = None
    ) -> dict[str, Decimal]:
        """Return what each member's model calls have cost in USD in runs that finished at or before `until`.

        With `after`, only in those that finished later than that. Such a run costs nothing more, ever.
        """
        final = runs.c.finished_at <= until
        if after is not None:
            final = and_(final, runs.c.finished_at > after)
        return await self._costs(season, runs.c.state == RunState.FINISHED, final)

    async def other_costs(self, season: Season, after: datetime) -> dict[str, Decimal]:
        """Return the cost of all other runs: that finished later than `after`, go on, or did not finish."""
        finished = and_(runs.c.state == RunState.FINISHED, runs.c.finished_at > after)
        unfinished = [state for state in RunState if state is not RunState.FINISHED]
        return await self._costs(season, or_(finished, runs.c.state.in_(unfinished)))

    async def _costs(self, season: Season, *conditions: ColumnElement[bool]) -> dict[str, Decimal]:
        query = (
            select(seats.c.member, total_cost())
            .join(runs, runs.c.run_id == seats.c.run_id)
            .where(runs.c.season == season, *conditions)
            .group_by(seats.c.member)
        )
        async with self._database.read() as connection:
            return {str(member): cost for member, cost in await connection.execute(query)}


def _count(table: Any, season: Season) -> Any:
    return select(func.count()).select_from(table).where(table.c.season == season).scalar_subquery()


async def _closes(connection: AsyncConnection, season: Season, after: date | None) -> tuple[Close, ...]:
    columns = (sessions.c.session, sessions.c.closed_at, sessions.c.benchmark, sessions.c.benchmark_units)
    query = select(*columns).where(sessions.c.season == season).order_by(sessions.c.session)
    if after is not None:
        query = query.where(sessions.c.session > after)
    return tuple(
        Close(session, at, None if close is None else close * (Decimal(1) if units is None else units))
        for session, at, close, units in await connection.execute(query)
    )


_MONEY = tuple(name for name in DailyValue._fields if name != "session")
_PLACES = {name: COST_PLACES if name == "token_cost_usd" else MONEY_PLACES for name in _MONEY}


def _daily(season: Season, after: date | None) -> Select[Any]:
    """Ask for daily values with their amounts as the whole numbers that are stored."""
    amounts = [type_coerce(daily_values.c[name], BigInteger) for name in _MONEY]
    query = (
        select(daily_values.c.member, daily_values.c.session, *amounts)
        .where(daily_values.c.season == season)
        .order_by(daily_values.c.member, daily_values.c.session)
    )
    return query if after is None else query.where(daily_values.c.session > after)


def _decoded(rows: Sequence[Sequence[Any]]) -> dict[str, list[DailyValue]]:
    places = [_PLACES[name] for name in _MONEY]
    known: dict[tuple[int, int], Decimal] = {}
    values: dict[str, list[DailyValue]] = {}
    for member, session, *wholes in rows:
        amounts: list[Any] = []
        for whole, place in zip(wholes, places, strict=True):
            if whole is None:
                amounts.append(None)
                continue
            # The same amount comes again and again: cash, zeros, costs of members that cost nothing.
            amount = known.get((whole, place))
            if amount is None:
                amount = known[whole, place] = from_whole(whole, place)
            amounts.append(amount)
        values.setdefault(member, []).append(DailyValue(session, *amounts))
    return values


def _fills(season: Season, first: date | None, last: date | None) -> Select[Any]:
    """Count fills by session, but look for them by moment, because that is what they are indexed by."""
    own = and_(fills.c.season == accounts.c.season, fills.c.member == accounts.c.member)
    query = select(accounts.c.member, func.count(fills.c.number).label("fills")).join(fills, own)
    if first is not None:
        query = query.where(fills.c.session >= first, fills.c.filled_at >= _midnight(first) - _WORLD)
    if last is not None:
        query = query.where(fills.c.session <= last, fills.c.filled_at <= _midnight(last) + _WORLD)
    return query.where(accounts.c.season == season).group_by(accounts.c.member)


def _closed(season: Season, first: date | None, last: date | None) -> Select[Any]:
    pnl, money = closed_trades.c.pnl_usd, closed_trades.c.pnl_usd.type
    own = and_(closed_trades.c.season == accounts.c.season, closed_trades.c.member == accounts.c.member)
    query = select(
        accounts.c.member,
        func.count(),
        func.sum(case((pnl > 0, 1), else_=0)),
        func.coalesce(func.sum(case((pnl > 0, pnl)), type_=money), 0, type_=money),
        func.coalesce(-func.sum(case((pnl < 0, pnl)), type_=money), 0, type_=money),
        func.max(pnl),
        func.min(pnl),
    ).join(closed_trades, own)
    if first is not None:
        query = query.where(closed_trades.c.session >= first)
    if last is not None:
        query = query.where(closed_trades.c.session <= last)
    return query.where(accounts.c.season == season).group_by(accounts.c.member)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
