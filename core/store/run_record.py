"""Reading a run back, whole."""

from typing import Any

from sqlalchemy import RowMapping, select
from sqlalchemy.ext.asyncio import AsyncConnection

from core.domain.books import Fill, Order
from core.domain.run import RunRecord, RunState, Seat
from core.store.season_tables import seasons
from core.store.tables import fills, orders, runs, seats

_RUN = [runs.c[name] for name in RunRecord.model_fields if name in runs.c]
_SEAT = [seats.c[name] for name in Seat.model_fields]
ORDER = [orders.c[name] for name in Order.model_fields]
"""The columns that make an Order."""
FILL = [fills.c[name] for name in Fill.model_fields]
"""The columns that make a Fill."""


_REPLAY = select(seasons.c.name).where(seasons.c.kind == "replay")
NOT_REPLAYED = runs.c.season.not_in(_REPLAY)
"""The condition that a run is of the present and not part of a replay of the past."""


def order_of(row: RowMapping) -> Order:
    """Return the order that a row of the ORDER columns holds."""
    return Order(**_fields(row))


def fill_of(row: RowMapping) -> Fill:
    """Return the fill that a row of the FILL columns holds."""
    return Fill(**_fields(row))


def _fields(row: RowMapping) -> dict[str, Any]:
    return {str(name): value for name, value in row.items()}


async def latest_run_id(connection: AsyncConnection, ticker: str | None) -> str | None:
    """Return the id of the run that finished last, of one ticker or of all; replays do not count."""
    query = select(runs.c.run_id).where(runs.c.state == RunState.FINISHED, NOT_REPLAYED)
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
