"""What people and chats have used of their quotas of the day, as runs and questions to one model tell it.

A run counts for whoever asked for it, from its start on, whatever became of it; so does a question. Runs of
subscriptions (made once, for all chats) and of replays count for nobody.
"""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from sqlalchemy import Table, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql import ColumnElement

from core.domain.quota import NOTHING, Allowance, Used
from core.domain.run import ASKED_ONCE, RunState
from core.domain.stage import Preset
from core.store.ask_tables import asks
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
    for quota, name, who in (
        (allowance.of_person, "requested_by", allowance.person),
        (allowance.of_chat, "requested_in", allowance.chat),
    ):
        mine = (runs.c[name] == who, *_since(allowance.since))
        asked = (asks.c[name] == who, asks.c.at >= allowance.since)
        number, cost = 0, NOTHING
        if quota.runs is not None:
            number = await _number(connection, runs, *mine) + await _number(connection, asks, *asked)
        if quota.usd is not None:
            cost = await _cost(connection, allowance.shares, *mine)
            cost += await _asked(connection, allowance.shares, *asked)
        counted.append(Used(number, cost))
    return counted[0], counted[1]


def _since(at: datetime) -> tuple[ColumnElement[bool], ...]:
    asked_for = or_(runs.c.once.is_(None), runs.c.once.startswith(ASKED_ONCE, autoescape=True))
    return runs.c.started_at >= at, asked_for, NOT_REPLAYED


async def _number(connection: AsyncConnection, table: Table, *which: ColumnElement[bool]) -> int:
    query = select(func.count()).select_from(table).where(*which)
    return int((await connection.execute(query)).scalar_one())


async def _asked(connection: AsyncConnection, shares: Shares, *which: ColumnElement[bool]) -> Decimal:
    """Return what questions to one model have cost, and what those without an answer presumably will."""
    total = func.sum(asks.c.cost_usd, type_=asks.c.cost_usd.type)
    spent = (await connection.execute(select(total).where(*which))).scalar()
    query = select(asks.c.member, func.count()).where(*which, asks.c.answered.is_(None))
    going_on = NOTHING
    for member, number in await connection.execute(query.group_by(asks.c.member)):
        going_on += number * shares.get((Preset.QUICK, member), NOTHING)
    return (spent or NOTHING) + going_on


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
