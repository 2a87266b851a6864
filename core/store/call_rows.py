"""The calls to models, each written once when it has ended, and what they add up to.

Whatever writes a call settles it in the same transaction: what it held is given back, and its cost is added
to every scope that has a row. So what a scope has spent is always the sum of its calls. A call is never
changed, but for one that was given up for lost and comes back: then the truth takes its place.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import bindparam, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.domain.budgets import Counts, booked, is_of_tokens
from core.domain.calls import Call, CallOutcome
from core.domain.paces import Turn
from core.store.budget_tables import budget_holds, budget_scopes
from core.store.call_queue import CallQueue, Ended
from core.store.call_tables import calls
from core.store.column_types import COST_PLACES, Exact, to_whole
from core.store.costs import for_sums
from core.store.database import Database
from core.store.inserting import insert_new
from core.store.locking import hold as hold_names
from core.store.pace_rows import give_back

_CALLER = ("purpose", "member", "tier", "run_id", "season", "chat", "person", "evidence_sha256")
_SPEND = (
    "prompt_tokens",
    "completion_tokens",
    "cached_tokens",
    "reasoning_tokens",
    "calls",
    "unpriced_calls",
    "estimated_calls",
)
_OWN = ("id", "at", "stage", "provider", "model", "served_by", "key", "outcome", "latency_ms", "from_cache")
_MATCHED = ("tier", "provider", "key", "chat", "person", "run_id", "season")
_LOCK = "budgets"
_ADD = (
    update(budget_scopes)
    .where(budget_scopes.c.scope == bindparam("of_scope"))
    .values(
        spent=budget_scopes.c.spent + bindparam("more_spent"),
        held=budget_scopes.c.held + bindparam("more_held"),
    )
)


class Spent(NamedTuple):
    """What calls of one tier, key, chat and person have cost together in USD, and their tokens."""

    tier: str | None
    provider: str
    key: str
    chat: str
    person: str
    cost_usd: Decimal
    tokens: int


class Calls:
    """All calls of all processes: the record of who saw which evidence, and what it cost.

    It is also the `CallLog` of the models: what is added by `log` is written soon, many in one transaction.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self.log = CallQueue(database, settle)

    async def add(self, made: Sequence[Call]) -> None:
        """Keep calls; one that is kept already stays as it is. Budgets do not hear of them."""
        if made:
            async with self._database.write() as connection:
                await add_calls(connection, made)

    async def spent_since(self, at: datetime) -> tuple[Spent, ...]:
        """Return what calls that began at or after `at` have used, by all that daily limits go by."""
        group = (calls.c.tier, calls.c.provider, calls.c.key, calls.c.chat, calls.c.person)
        cost = func.sum(calls.c.cost_usd, type_=Exact(COST_PLACES))
        tokens = func.sum(calls.c.prompt_tokens + calls.c.completion_tokens)
        query = select(*group, cost, tokens).where(calls.c.at >= at).group_by(*group).order_by(*group)
        async with self._database.read() as connection:
            return tuple(Spent(*row[:-1], int(row[-1])) for row in await connection.execute(query))


async def settle(connection: AsyncConnection, ended: Sequence[Ended]) -> None:
    """Write calls, give back what they and others that were never sent have held, and add what was spent."""
    await hold_budgets(connection)
    sent = {one.call.id: one for one in ended if one.call is not None}
    new = await add_calls(connection, [one.call for one in sent.values() if one.call is not None])
    ids = [one.id for one in ended if one.holds]
    gone = delete(budget_holds).where(budget_holds.c.id.in_(ids))
    more, turns = Changes(), list[tuple[Turn, Call | None]]()
    if ids:
        columns = (budget_holds.c.amounts, budget_holds.c.scopes, budget_holds.c.id, budget_holds.c.turn)
        for amounts, scopes, held_id, turn in await connection.execute(gone.returning(*columns)):
            if turn is not None:
                turns.append((turn, sent[held_id].call if held_id in sent else None))
            for scope, amount in amounts.items():
                more.held(scope, -int(amount))
            if held_id in new and held_id in sent:
                sent[held_id] = sent[held_id].within(scopes)
    for call_id in new:
        if (call := sent[call_id].call) is not None:
            for scope in sent[call_id].scopes:
                more.spent(scope, whole(booked(call, scope), scope))
    if len(new) < len(sent):
        await _come_back(connection, [one for call_id, one in sent.items() if call_id not in new], more)
    await more.write(connection)
    await give_back(connection, turns)


async def hold_budgets(connection: AsyncConnection) -> None:
    """Let no other transaction read or change budgets, or write calls, until this one ends."""
    await hold_names(connection, [_LOCK])


class Changes:
    """What is to be added to scopes; those without a row have nobody who would need it."""

    def __init__(self) -> None:
        self._by_scope: dict[str, list[int]] = {}

    def spent(self, scope: str, amount: int) -> None:
        """Add to what a scope has spent."""
        self._by_scope.setdefault(scope, [0, 0])[0] += amount

    def held(self, scope: str, amount: int) -> None:
        """Add to what is held of a scope."""
        self._by_scope.setdefault(scope, [0, 0])[1] += amount

    async def write(self, connection: AsyncConnection) -> None:
        """Add all of it."""
        rows = [
            {"of_scope": scope, "more_spent": spent, "more_held": held}
            for scope, (spent, held) in self._by_scope.items()
            if spent or held
        ]
        if rows:
            await connection.execute(_ADD, rows)


async def _come_back(connection: AsyncConnection, late: Sequence[Ended], more: Changes) -> None:
    """Let calls take the place of their records as lost: their process was only slow, and knows the truth."""
    by_id = {one.id: one for one in late}
    columns = (calls.c.id, calls.c.cost_usd, calls.c.prompt_tokens + calls.c.completion_tokens)
    lost = select(*columns).where(calls.c.id.in_(by_id), calls.c.outcome == CallOutcome.LOST)
    for call_id, cost_usd, tokens in (await connection.execute(lost)).all():
        call = by_id[call_id].call
        if call is None:
            continue
        await connection.execute(update(calls).where(calls.c.id == call_id).values(row_of(call)))
        for scope in by_id[call_id].scopes:
            was = tokens if is_of_tokens(scope) else to_whole(cost_usd, COST_PLACES)
            more.spent(scope, whole(booked(call, scope), scope) - was)


async def sum_of(connection: AsyncConnection, counts: Counts) -> int:
    """Return what all calls that count have used: whole tokens, or whole 10^-12 USD."""
    if counts.tokens:
        total = func.sum(calls.c.prompt_tokens + calls.c.completion_tokens)
    else:
        total = func.sum(calls.c.cost_usd, type_=Exact(COST_PLACES))
    query = select(total).where(
        *(calls.c[name] == value for name in _MATCHED if (value := getattr(counts, name)) is not None)
    )
    if counts.since is not None:
        query = query.where(calls.c.at >= counts.since)
    if counts.until is not None:
        query = query.where(calls.c.at < counts.until)
    found = (await connection.execute(query)).scalar()
    if found is None:
        return 0
    return int(found) if counts.tokens else to_whole(found, COST_PLACES)


async def add_calls(connection: AsyncConnection, made: Iterable[Call]) -> set[str]:
    """Write calls within a transaction, and return the ids of those that are new."""
    rows = [row_of(call) for call in made]
    if not rows:
        return set()
    told = insert_new(connection, calls).returning(calls.c.id)
    return set((await connection.execute(told, rows)).scalars())


def row_of(call: Call) -> dict[str, Any]:
    """Return a call as its row, with its cost as sums count it."""
    caller, spend = call.caller, call.spend
    row: dict[str, Any] = {name: getattr(caller, name) for name in _CALLER}
    row.update({name: getattr(call, name) for name in _OWN})
    row.update({name: getattr(spend, name) for name in _SPEND})
    row["cost_usd"] = for_sums(spend.cost_usd)
    return row


def whole(amount: Decimal, scope: str) -> int:
    """Return an amount as the tables of budgets hold it."""
    return int(amount) if is_of_tokens(scope) else to_whole(amount, COST_PLACES)


def amounts_in_words(amounts: Mapping[str, Decimal]) -> dict[str, str]:
    """Return amounts by scope as JSON keeps them exactly."""
    return {scope: str(whole(amount, scope)) for scope, amount in amounts.items()}
