"""Reading a run back, whole."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, Table, select
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql import ColumnElement

from core.domain.books import Fill, Order
from core.domain.run import RunRecord, RunState, Seat
from core.domain.season import Season
from core.store.season_tables import seasons
from core.store.tables import fills, orders, runs, seats

_REPLAY = select(seasons.c.name).where(seasons.c.kind == "replay")
_IS_REPLAY = _REPLAY.where(seasons.c.name == runs.c.season).exists().label("is_replay")
_RUN = [*(runs.c[name] for name in RunRecord.model_fields if name in runs.c), _IS_REPLAY]
_SEAT = [seats.c[name] for name in Seat.model_fields]
ORDER = [orders.c[name] for name in Order.model_fields]
"""The columns that make an Order."""
FILL = [fills.c[name] for name in Fill.model_fields]
"""The columns that make a Fill."""

NOT_REPLAYED = runs.c.season.not_in(_REPLAY)
"""The condition that a run is of the present and not part of a replay of the past."""
OF_THE_ARENA = (NOT_REPLAYED, runs.c.rerun_of.is_(None))
"""The conditions that a run is the arena's own: of the present, and on evidence that was fresh."""


def order_of(row: RowMapping) -> Order:
    """Return the order that a row of the ORDER columns holds."""
    return Order(**_fields(row))


def fill_of(row: RowMapping) -> Fill:
    """Return the fill that a row of the FILL columns holds."""
    return Fill(**_fields(row))


def _fields(row: RowMapping) -> dict[str, Any]:
    return {str(name): value for name, value in row.items()}


async def latest_run_id(connection: AsyncConnection, ticker: str | None) -> str | None:
    """Return the id of the run that finished last, of one ticker or of all; the arena's own runs alone."""
    query = select(runs.c.run_id).where(runs.c.state == RunState.FINISHED, *OF_THE_ARENA)
    if ticker is not None:
        query = query.where(runs.c.ticker == ticker)
    query = query.order_by(runs.c.finished_at.desc(), runs.c.number.desc()).limit(1)
    run_id: str | None = (await connection.execute(query)).scalar()
    return run_id


async def read_record(connection: AsyncConnection, run_id: str) -> RunRecord | None:
    """Return the run with its seats in their order and what its ballots led to, or None."""
    run = (await connection.execute(select(*_RUN).where(runs.c.run_id == run_id))).mappings().first()
    if run is None:
        return None
    seated = select(*_SEAT).where(seats.c.run_id == run_id).order_by(seats.c.place)
    ordered = select(*ORDER).where(orders.c.run_id == run_id).order_by(orders.c.number)
    filled = select(*FILL).where(fills.c.run_id == run_id).order_by(fills.c.number)
    return RunRecord(
        **_fields(run),
        seats=tuple(Seat(**_fields(row)) for row in (await connection.execute(seated)).mappings()),
        orders=tuple(order_of(row) for row in (await connection.execute(ordered)).mappings()),
        fills=tuple(fill_of(row) for row in (await connection.execute(filled)).mappings()),
    )


async def read_season(connection: AsyncConnection, season: Season) -> tuple[RunRecord, ...]:
    """Return all finished runs of a season, each whole, the oldest moment first."""
    finished = (runs.c.season == season, runs.c.state == RunState.FINISHED)
    return await _read_all(connection, finished, (runs.c.as_of, runs.c.number))


async def read_ended(
    connection: AsyncConnection, season: Season, since: datetime, until: datetime
) -> tuple[RunRecord, ...]:
    """Return the runs of a season that ended after `since`, up to and with `until`, however they ended."""
    states = [state for state in RunState if state is not RunState.RUNNING]
    within = (runs.c.state.in_(states), runs.c.finished_at > since, runs.c.finished_at <= until)
    return await _read_all(
        connection, (runs.c.season == season, *within), (runs.c.finished_at, runs.c.number)
    )


async def _read_all(
    connection: AsyncConnection, conditions: Sequence[ColumnElement[bool]], order: Sequence[Any]
) -> tuple[RunRecord, ...]:
    """Return the runs for which all conditions hold, each whole."""
    query = select(*_RUN).where(*conditions).order_by(*order)
    ids = select(runs.c.run_id).where(*conditions)
    seated = await _by_run(connection, _SEAT, seats, seats.c.place, ids)
    ordered = await _by_run(connection, ORDER, orders, orders.c.number, ids)
    filled = await _by_run(connection, FILL, fills, fills.c.number, ids)
    return tuple(
        RunRecord(
            **_fields(run),
            seats=tuple(Seat(**row) for row in seated.get(run["run_id"], ())),
            orders=tuple(Order(**row) for row in ordered.get(run["run_id"], ())),
            fills=tuple(Fill(**row) for row in filled.get(run["run_id"], ())),
        )
        for run in (await connection.execute(query)).mappings()
    )


async def _by_run(
    connection: AsyncConnection, columns: Sequence[Any], table: Table, order: Any, ids: Any
) -> dict[str, list[dict[str, Any]]]:
    """Return the rows of a table by their run, in order."""
    key = table.c.run_id.label("of_run")
    query = select(key, *columns).where(table.c.run_id.in_(ids)).order_by(order)
    found: dict[str, list[dict[str, Any]]] = {}
    for row in (await connection.execute(query)).mappings():
        fields = {str(name): value for name, value in row.items() if name != "of_run"}
        found.setdefault(row["of_run"], []).append(fields)
    return found
