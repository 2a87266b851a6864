"""What people and chats have used of their quotas of the day, as the runs tell it.

A run counts for whoever asked for it, from its start on, whatever became of it. Runs of subscriptions (made
once, for all chats) and of replays count for nobody.
"""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql import ColumnElement

from core.domain.quota import NOTHING, Allowance, Used
from core.domain.run import ASKED_ONCE, RunState
from core.store.costs import seat_cost, total_cost
from core.store.locking import hold
from core.store.run_record import NOT_REPLAYED
from core.store.tables import runs, seats

Shares = Mapping[tuple[str, str], Decimal]


async def check_allowance(connection: AsyncConnection, allowance: Allowance) -> None:
    """Let a run that is about to be stored in this transaction pass if it fits, and no other beside it.

    Raises:
        QuotaSpent: it does not fit.
    """
    await hold(connection, [f"quota of {allowance.person}", f"quota in {allowance.chat}"])
    allowance.check(*await used(connection, allowance))


async def used(connection: AsyncConnection, allowance: Allowance) -> tuple[Used, Used]:
    """Return what the person and the chat have used; what has no limit is not counted."""
    counted = []
    for quota, column, who in (
        (allowance.of_person, runs.c.requested_by, allowance.person),
        (allowance.of_chat, runs.c.requested_in, allowance.chat),
    ):
        mine = (column == who, *_since(allowance.since))
        number = await _number(connection, *mine) if quota.runs is not None else 0
        cost = await _cost(connection, allowance.shares, *mine) if quota.usd is not None else NOTHING
        counted.append(Used(number, cost))
    return counted[0], counted[1]


def _since(at: datetime) -> tuple[ColumnElement[bool], ...]:
    asked_for = or_(runs.c.once.is_(None), runs.c.once.startswith(ASKED_ONCE, autoescape=True))
    return runs.c.started_at >= at, asked_for, NOT_REPLAYED


async def _number(connection: AsyncConnection, *which: ColumnElement[bool]) -> int:
    query = select(func.count()).select_from(runs).where(*which)
    return int((await connection.execute(query)).scalar_one())


async def _cost(connection: AsyncConnection, shares: Shares, *which: ColumnElement[bool]) -> Decimal:
    """Return what runs have cost, and what those that go on will presumably cost in the end."""
    over = select(total_cost()).select_from(seats).join(runs, runs.c.run_id == seats.c.run_id)
    spent = (await connection.execute(over.where(*which, runs.c.state != RunState.RUNNING))).scalar()
    query = (
        select(runs.c.preset, seats.c.member, seats.c.cost_usd.is_not(None), seat_cost())
        .select_from(seats)
        .join(runs, runs.c.run_id == seats.c.run_id)
        .where(*which, runs.c.state == RunState.RUNNING)
    )
    going_on = NOTHING
    for preset, member, is_over, cost in await connection.execute(query):
        going_on += cost if is_over else max(cost, shares.get((preset, member), NOTHING))
    return (spent or NOTHING) + going_on
