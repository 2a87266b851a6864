"""What is known of seasons: where their books stand, and what the next session needs."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import and_, func, or_, select, union_all, update
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql import ColumnElement

from core.domain.actions import CorporateAction
from core.domain.books import Fill, OrderCause, OrderState
from core.domain.errors import Refused
from core.domain.live_season import LiveSeason
from core.domain.outcomes import HORIZONS
from core.domain.run import RunRecord, RunState
from core.domain.season import Season
from core.store.book_queries import latest_marks
from core.store.database import Database
from core.store.inserting import insert_new
from core.store.live_season_rows import LIVE, live_of
from core.store.locked_sessions import Passed
from core.store.run_record import FILL, fill_of, read_ended, read_season
from core.store.season_tables import corporate_actions, holdings, outcomes, seasons, sessions
from core.store.tables import accounts, fills, orders, runs

SETTLED_WITHIN = timedelta(days=45)
"""Ballots older than this are not waited for any more: twenty sessions have long passed."""


@dataclass(frozen=True)
class SeasonState:
    """Where the books of a season stand.

    `opened_at` is when the first account was opened; `last` the newest session gone through. `held` and
    `waiting` are the tickers of holdings and of orders, `decided` the oldest decision of those that wait,
    `unsettled` the tickers with ballots to settle and the day of the oldest. `sources` is the vendor by which
    each ticker is traded, `newest_source` that of the newest run, or without runs of some mark; `marked` when
    each was priced last (UTC). `live` says when a live season ends.
    """

    season: Season
    benchmark: str
    opened_at: datetime
    last: Passed | None
    held: frozenset[str]
    waiting: frozenset[str]
    decided: dict[str, date]
    unsettled: dict[str, date]
    sources: dict[str, str]
    newest_source: str
    marked: dict[str, datetime]
    live: LiveSeason | None = None


class Seasons:
    """All seasons of the arena."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def names(self) -> tuple[Season, ...]:
        """Return every season that has books, the oldest first."""
        query = select(seasons.c.name).order_by(seasons.c.created_at, seasons.c.name)
        async with self._database.read() as connection:
            return tuple(Season(name) for name in (await connection.execute(query)).scalars())

    async def claim(
        self, season: Season, plan: dict[str, Any], benchmark: str, owner: str, now: datetime, until: datetime
    ) -> bool:
        """Take a replay's season for this process until `until`, or keep it; False when another has it.

        Raises:
            Refused: the season is there already with another plan.
        """
        row = {"name": season, "kind": "replay", "state": "open", "benchmark": benchmark, "created_at": now}
        async with self._database.write() as connection:
            await connection.execute(insert_new(connection, seasons).values(row | {"plan": plan}))
            query = select(seasons.c.plan).where(seasons.c.name == season)
            if (await connection.execute(query)).scalar() != plan:
                raise Refused(f"Season {season} holds something else already; give the replay another name.")
            free = or_(
                seasons.c.owner == owner, seasons.c.lease_until.is_(None), seasons.c.lease_until <= now
            )
            change = update(seasons).where(seasons.c.name == season, free)
            taken = await connection.execute(change.values(owner=owner, lease_until=until))
            return taken.rowcount == 1

    async def renew(self, season: Season, owner: str, until: datetime) -> bool:
        """Keep a replay's season for longer; False when another has had it since."""
        change = update(seasons).where(seasons.c.name == season, seasons.c.owner == owner)
        async with self._database.write() as connection:
            return (await connection.execute(change.values(lease_until=until))).rowcount == 1

    async def release(self, season: Season, owner: str, *, ended: bool) -> None:
        """Let a replay's season go; `ended` says that its plan is done."""
        change = update(seasons).where(seasons.c.name == season, seasons.c.owner == owner)
        values = {"owner": None, "lease_until": None, "state": "ended" if ended else "open"}
        async with self._database.write() as connection:
            await connection.execute(change.values(values))

    async def records(self, season: Season) -> tuple[RunRecord, ...]:
        """Return all finished runs of a season, each whole, the oldest moment first."""
        async with self._database.read() as connection:
            return await read_season(connection, season)

    async def ended(self, season: Season, since: datetime, until: datetime) -> tuple[RunRecord, ...]:
        """Return the runs that ended after `since`, up to and with `until`, each whole, in that order.

        Those that were stopped or failed are among them.
        """
        async with self._database.read() as connection:
            return await read_ended(connection, season, since, until)

    async def filled(
        self, season: Season, since: datetime, until: datetime
    ) -> tuple[tuple[Fill, OrderCause], ...]:
        """Return the fills after `since`, up to and with `until`, oldest first, with what caused each."""
        return await self._filled(season, fills.c.filled_at > since, fills.c.filled_at <= until)

    async def filled_of(self, season: Season, run_ids: Sequence[str]) -> tuple[tuple[Fill, OrderCause], ...]:
        """Return the fills of runs, oldest first, with what caused each."""
        return await self._filled(season, fills.c.run_id.in_(run_ids)) if run_ids else ()

    async def _filled(
        self, season: Season, *conditions: ColumnElement[bool]
    ) -> tuple[tuple[Fill, OrderCause], ...]:
        # By way of the accounts, because fills are found by their member and moment.
        own = and_(fills.c.season == accounts.c.season, fills.c.member == accounts.c.member)
        query = select(orders.c.cause.label("because"), *FILL).select_from(accounts).join(fills, own)
        query = query.join(orders, orders.c.id == fills.c.order_id)
        query = query.where(accounts.c.season == season, *conditions)
        query = query.order_by(fills.c.filled_at, fills.c.number)
        async with self._database.read() as connection:
            rows = (await connection.execute(query)).all()
        names = tuple(Fill.model_fields)
        return tuple(
            (Fill(**dict(zip(names, fields, strict=True))), OrderCause(cause)) for cause, *fields in rows
        )

    async def fills(self, season: Season) -> tuple[Fill, ...]:
        """Return all fills of a season, oldest first; those of imported trades too."""
        query = select(*FILL).where(fills.c.season == season).order_by(fills.c.filled_at, fills.c.number)
        async with self._database.read() as connection:
            return tuple(fill_of(row) for row in (await connection.execute(query)).mappings())

    async def actions(self, season: Season) -> tuple[CorporateAction, ...]:
        """Return the splits and dividends that were applied to a season's books, oldest first."""
        names = tuple(CorporateAction.model_fields)
        query = select(*(corporate_actions.c[name] for name in names)).where(
            corporate_actions.c.season == season
        )
        query = query.order_by(corporate_actions.c.ex_date, corporate_actions.c.ticker)
        async with self._database.read() as connection:
            rows = (await connection.execute(query)).all()
        return tuple(CorporateAction(**dict(zip(names, row, strict=True))) for row in rows)

    async def runs_of(self, season: Season) -> tuple[tuple[str, str, datetime, bool], ...]:
        """Return the runs of a season: id, ticker, as_of, and whether it is finished; oldest first."""
        query = select(runs.c.run_id, runs.c.ticker, runs.c.as_of, runs.c.state).where(
            runs.c.season == season
        )
        async with self._database.read() as connection:
            rows = (await connection.execute(query.order_by(runs.c.number))).all()
        return tuple((i, ticker, as_of, state == RunState.FINISHED) for i, ticker, as_of, state in rows)

    async def state(self, season: Season) -> SeasonState | None:
        """Return where a season's books stand, or None before the first account."""
        async with self._database.read() as connection:
            opened = select(func.min(accounts.c.opened_at)).where(accounts.c.season == season)
            opened_at: datetime | None = (await connection.execute(opened)).scalar()
            if opened_at is None:
                return None
            known = select(seasons.c.benchmark, seasons.c.kind, *LIVE).where(seasons.c.name == season)
            benchmark, kind, *row = (await connection.execute(known)).first() or ("", "")
            decided = await _decided(connection, season)
            runs_from = await _sources_of_open_runs(connection, season)
            newest = await _newest_run(connection, season)
            newest_marks = await latest_marks(connection, season)
            marked_from = {ticker: mark.source for ticker, mark in newest_marks.items()}
            held = select(holdings.c.ticker).where(holdings.c.season == season).distinct()
            return SeasonState(
                season=season,
                benchmark=benchmark,
                opened_at=opened_at,
                last=await _last(connection, season),
                held=frozenset((await connection.execute(held)).scalars()),
                waiting=frozenset(decided),
                decided=decided,
                unsettled=await _unsettled(connection, season, newest.as_of) if newest else {},
                sources=runs_from | marked_from,
                newest_source=newest.source if newest else next(reversed(marked_from.values()), ""),
                marked={ticker: mark.at for ticker, mark in newest_marks.items()},
                live=live_of(row) if kind == "live" else None,
            )


async def check_held(connection: AsyncConnection, season: Season, owner: str) -> None:
    """Check within a transaction that a replay's season is still this process's, and let nobody take it.

    Raises:
        Refused: another process has taken it, as it may once a lease has run out.
    """
    query = select(seasons.c.owner).where(seasons.c.name == season).with_for_update()
    if (await connection.execute(query)).scalar() != owner:
        raise Refused(f"Another process has taken over the replay {season}; this one stops here.")


async def _last(connection: AsyncConnection, season: Season) -> Passed | None:
    columns = [sessions.c[name] for name in Passed._fields]
    query = select(*columns).where(sessions.c.season == season).order_by(sessions.c.session.desc()).limit(1)
    row = (await connection.execute(query)).first()
    return Passed(*row) if row else None


async def _decided(connection: AsyncConnection, season: Season) -> dict[str, date]:
    waiting = (orders.c.season == season, orders.c.state == OrderState.PENDING)
    oldest = func.min(orders.c.decided_session)
    query = select(orders.c.ticker, oldest).where(*waiting).group_by(orders.c.ticker)
    return {str(ticker): day for ticker, day in await connection.execute(query)}


class _Newest(NamedTuple):
    as_of: datetime
    number: int
    source: str


async def _newest_run(connection: AsyncConnection, season: Season) -> _Newest | None:
    """Return the run with the latest moment: of each state one look into the index by moment."""
    columns = (runs.c.as_of, runs.c.number, runs.c.source)
    newest = [
        select(*columns)
        .where(runs.c.season == season, runs.c.state == state)
        .order_by(runs.c.as_of.desc(), runs.c.number.desc())
        .limit(1)
        .subquery()
        for state in RunState
    ]
    found = await connection.execute(union_all(*(select(one) for one in newest)))
    return max((_Newest(*row) for row in found), default=None)


async def _unsettled(connection: AsyncConnection, season: Season, last: datetime) -> dict[str, date]:
    longest = select(outcomes.c.run_id).where(
        outcomes.c.run_id == runs.c.run_id, outcomes.c.horizon == max(HORIZONS)
    )
    query = (
        select(runs.c.ticker, func.min(runs.c.as_of, type_=runs.c.as_of.type))
        .where(runs.c.season == season, runs.c.state == RunState.FINISHED)
        .where(runs.c.as_of >= last - SETTLED_WITHIN, ~longest.exists())
        .group_by(runs.c.ticker)
    )
    return {ticker: as_of.date() for ticker, as_of in await connection.execute(query)}


async def _sources_of_open_runs(connection: AsyncConnection, season: Season) -> dict[str, str]:
    """Return the vendor of each ticker's newest run that has not finished; one that has has left a mark."""
    others = [state for state in RunState if state is not RunState.FINISHED]
    query = select(runs.c.ticker, runs.c.source).where(runs.c.state.in_(others), runs.c.season == season)
    return {str(ticker): source for ticker, source in await connection.execute(query.order_by(runs.c.number))}
