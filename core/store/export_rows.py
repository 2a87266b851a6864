"""Everything that a season's figures are made of: table by table, all of one moment, in parts."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import FromClause, Select, Table, and_, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from core.domain.ballot import Ballot
from core.domain.outcomes import HORIZONS
from core.domain.usage import NOTHING_SPENT
from core.store.call_tables import calls
from core.store.costs import seat_cost
from core.store.database import Database
from core.store.season_tables import (
    closed_trades,
    corporate_actions,
    daily_values,
    imports,
    outcomes,
    reflections,
    seasons,
    sessions,
    share_movements,
)
from core.store.tables import accounts, cash_movements, fills, marks, members, orders, runs, seats

_BATCH = 1_000
_OF_RUN = ("run_id", "ticker", "as_of", "state", "finished_at")
_RUN_COLUMNS = ("run_id", "ticker", "as_of", "run_state", "finished_at")
_OF_SEAT = ("member", "kind", "weight")
_OF_BALLOT = (
    *("action", "rating", "confidence", "target_weight", "stop_loss", "take_profit", "risk_level", "horizon"),
    *("reasoning", "served_by", "written_by", "from_cache"),
)
_OF_ENTRY = ("entry_session", "entry_price")
_OF_OUTCOME = ("exit_session", "exit_price", "return_ratio", "benchmark_return", "settled_at")
_OF_SPEND = (
    *("prompt_tokens", "completion_tokens", "cached_tokens", "reasoning_tokens"),
    *("calls", "unpriced_calls", "estimated_calls"),
)

Cells = Sequence[Any]


class SeasonFacts(NamedTuple):
    """What is known of a season as a whole; of one without a row of its own, only the name."""

    name: str
    kind: str | None = None
    state: str | None = None
    benchmark: str | None = None
    created_at: datetime | None = None
    first_day: date | None = None
    last_day: date | None = None
    ended_at: datetime | None = None


class Sheet(NamedTuple):
    """One table to export: its columns, the query for a season's rows, and a row's cells, None for no row."""

    columns: tuple[str, ...]
    query: Callable[[str], Select[Any]]
    cells: Callable[[Cells], Cells | None] = tuple


def _plain(table: Table, *order: str) -> Sheet:
    columns = [column for column in table.c if column.name != "season"]

    def query(season: str) -> Select[Any]:
        return select(*columns).where(table.c.season == season).order_by(*(table.c[name] for name in order))

    return Sheet(tuple(column.name for column in columns), query)


_OF_CALL = (
    *("number", "id", "at", "purpose", "run_id", "member", "tier", "stage", "evidence_sha256"),
    *("provider", "model", "served_by", "outcome", "from_cache", "latency_ms", "cost_usd"),
    *("prompt_tokens", "completion_tokens", "cached_tokens", "reasoning_tokens"),
    *("calls", "unpriced_calls", "estimated_calls"),
)


def _calls(season: str) -> Select[Any]:
    """Ask for the calls of a season; for whom each was made, and with which key, no export tells."""
    return (
        select(*(calls.c[name] for name in _OF_CALL)).where(calls.c.season == season).order_by(calls.c.number)
    )


_OF_REFLECTION = (
    *("run_id", "member", "ticker", "decided_at", "settled_at", "action", "confidence", "return_ratio"),
    *("alpha", "tries", "text", "lesson", "written_at", "cost_usd", "served_by"),
)


def _reflections(season: str) -> Select[Any]:
    columns = (reflections.c[name] for name in _OF_REFLECTION)
    order = (reflections.c.settled_at, reflections.c.run_id, reflections.c.member)
    return select(*columns).where(reflections.c.season == season).order_by(*order)


def _reflection_cells(row: Cells) -> Cells:
    *facts, served_by = row
    return (*facts, str(served_by) if served_by else None)


def _members(season: str) -> Select[Any]:
    own = and_(accounts.c.member == members.c.name, accounts.c.season == season)
    facts = (
        members.c[name]
        for name in ("name", "number", "kind", "weight", "route", "stages", "enabled", "removed_at")
    )
    return select(*facts, accounts.c.opened_at).outerjoin(accounts, own).order_by(members.c.number)


def _seats(season: str, *columns: Any, joined: FromClause | None = None) -> Select[Any]:
    facts = (*(runs.c[name] for name in _OF_RUN), *(seats.c[name] for name in _OF_SEAT), seats.c.result)
    source = joined if joined is not None else seats.join(runs, runs.c.run_id == seats.c.run_id)
    query = select(*facts, *columns).select_from(source).where(runs.c.season == season)
    return query.order_by(runs.c.number, seats.c.place)


def _ballots(season: str) -> Select[Any]:
    joined: FromClause = seats.join(runs, runs.c.run_id == seats.c.run_id)
    settled = {horizon: outcomes.alias(f"after_{horizon}") for horizon in HORIZONS}
    for horizon, after in settled.items():
        same = and_(after.c.run_id == seats.c.run_id, after.c.member == seats.c.member)
        joined = joined.outerjoin(after, and_(same, after.c.horizon == horizon))
    entry = [
        func.coalesce(*(after.c[name] for after in settled.values()), type_=outcomes.c[name].type)
        for name in _OF_ENTRY
    ]
    exits = [after.c[name] for after in settled.values() for name in _OF_OUTCOME]
    return _seats(season, *entry, *exits, joined=joined).where(seats.c.result.is_not(None))


def _ballot_cells(row: Cells) -> Cells | None:
    known = len(_OF_RUN) + len(_OF_SEAT)
    ballot = row[known]
    if not isinstance(ballot, Ballot):
        return None
    said = {
        **dict(ballot),
        "served_by": str(ballot.served_by) if ballot.served_by else None,
        "written_by": "; ".join(f"{one.model}: {', '.join(one.stages)}" for one in ballot.written_by) or None,
    }
    return (*row[:known], *(said[name] for name in _OF_BALLOT), *row[known + 1 :])


def _token_costs(season: str) -> Select[Any]:
    return _seats(season, runs.c.started_at, seat_cost())


def _token_cells(row: Cells) -> Cells:
    known = len(_OF_RUN) + len(_OF_SEAT)
    spend = row[known].spend if row[known] else NOTHING_SPENT
    counts = (getattr(spend, name) for name in _OF_SPEND)
    return (*row[:known], *row[known + 1 :], row[known] is not None, *counts)


SHEETS: Mapping[str, Sheet] = {
    "members": Sheet(
        ("member", "number", "kind", "weight", "route", "stages", "enabled", "removed_at", "opened_at"),
        _members,
    ),
    "ballots": Sheet(
        (
            *(*_RUN_COLUMNS, *_OF_SEAT, *_OF_BALLOT, *_OF_ENTRY),
            *(f"{name}_{horizon}" for horizon in HORIZONS for name in _OF_OUTCOME),
        ),
        _ballots,
        _ballot_cells,
    ),
    "orders": _plain(orders, "number"),
    "fills": _plain(fills, "number"),
    "cash_movements": _plain(cash_movements, "number"),
    "share_movements": _plain(share_movements, "number"),
    "corporate_actions": _plain(corporate_actions, "at", "ticker", "kind"),
    "closed_trades": _plain(closed_trades, "number"),
    "sessions": _plain(sessions, "session"),
    "daily_values": _plain(daily_values, "session", "member"),
    "marks": _plain(marks, "at", "ticker"),
    "token_costs": Sheet(
        (*_RUN_COLUMNS, *_OF_SEAT, "started_at", "cost_usd", "final", *_OF_SPEND), _token_costs, _token_cells
    ),
    "calls": Sheet(_OF_CALL, _calls),
    "reflections": Sheet(_OF_REFLECTION, _reflections, _reflection_cells),
    "imports": _plain(imports, "at", "id"),
}
"""Every table of an export by its name."""


class Exports:
    """Reads whole seasons at one moment, while others go on writing."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def seasons(self) -> tuple[SeasonFacts, ...]:
        """Return every season that has books, by name."""
        query = (
            select(accounts.c.season, *(seasons.c[name] for name in SeasonFacts._fields[1:]))
            .distinct()
            .outerjoin_from(accounts, seasons, seasons.c.name == accounts.c.season)
            .order_by(accounts.c.season)
        )
        async with self._database.read() as connection:
            return tuple(SeasonFacts(*row) for row in await connection.execute(query))

    @asynccontextmanager
    async def snapshot(self, season: str) -> AsyncIterator["ExportRows"]:
        """Give the rows of a season at this moment."""
        async with self._database.read() as connection:
            yield ExportRows(connection, season)


class ExportRows:
    """The rows of one season at one moment. Made by `Exports.snapshot`; of no use after its block."""

    def __init__(self, connection: AsyncConnection, season: str) -> None:
        self._connection = connection
        self._season = season

    async def parts(self, sheet: Sheet) -> AsyncIterator[list[Cells]]:
        """Yield the rows of one table, in parts."""
        async with self._connection.stream(sheet.query(self._season)) as result:
            async for part in result.partitions(_BATCH):
                made = (sheet.cells(row) for row in part)
                yield [cells for cells in made if cells is not None]
