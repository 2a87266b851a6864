"""Budgets that all processes on one database share: the `BudgetBook` of the models.

A call holds the most that it may cost in every scope that limits it, or in none, and the record of the call
settles it. What a process that has died held is booked in full once its lease is over. With what a call holds
its turn is booked, where its key may only be asked so often a minute.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from core.domain.budgets import Held, Limit, NoRoom, Reply, Standing, Wait, Wish, is_of_tokens, replies_to
from core.domain.calls import Call
from core.domain.paces import Minute, Pace
from core.store.budget_tables import budget_holds, budget_scopes
from core.store.call_queue import CallQueue, Ended
from core.store.call_rows import Changes, amounts_in_words, hold_budgets, settle, sum_of, whole
from core.store.column_types import COST_PLACES, from_whole
from core.store.database import Database
from core.store.pace_rows import Owner, book, minutes_of, sweep
from core.store.together import Together

_SWEEP_EVERY = timedelta(minutes=1)
_MOST_LOST = 200
_KEEP = timedelta(days=3)


class Budgets:
    """What each limited scope has spent and what calls under way hold of it.

    Wishes of one moment share a commit.
    """

    def __init__(self, database: Database, log: CallQueue) -> None:
        self._database = database
        self._log = log
        self._own: dict[str, Mapping[str, Decimal]] = {}
        self._minutes: dict[Owner, Minute] = {}
        self._changed = asyncio.Event()
        self._wishes = Together(database.write, self._answer)
        self._sweep_from: datetime | None = None
        log.told = self._settled
        log.held = self._own

    async def hold(self, wish: Wish) -> Reply:
        """Hold what a call may cost in every scope that limits it, or in none, and say which.

        Raises:
            StoreError: nothing is held, because the database cannot be used.
        """
        asking = asyncio.ensure_future(self._wishes.ask(wish))
        try:
            reply = await asyncio.shield(asking)
        except asyncio.CancelledError:
            # It may be held all the same, once its transaction ends: then it is given back.
            asking.add_done_callback(self._give_back)
            raise
        if isinstance(reply, Held):
            self._own[reply.call.id] = reply.amounts
        return reply

    def _give_back(self, asking: "asyncio.Future[Reply]") -> None:
        if asking.cancelled() or asking.exception() is not None:
            return
        reply = asking.result()
        if isinstance(reply, Held):
            self._own[reply.call.id] = reply.amounts
            self._log.release(reply.call.id)

    async def settle_left(self, run_id: str, died_by: datetime) -> None:
        """Settle at once what calls of a run hold whose process has died, at `died_by` or before.

        One that was waiting for its key's turn then was not sent, and gives everything back. Any other may
        have been answered and billed, so it is booked in full.

        Raises:
            StoreError: the database cannot be used; it is booked once its lease is over.
        """
        columns = (budget_holds.c.call, budget_holds.c.scopes, budget_holds.c.turn)
        async with self._database.write() as connection:
            await hold_budgets(connection)
            left = [
                Ended(call.id, None if turn and turn.at >= died_by.timestamp() else call, tuple(scopes))
                for call, scopes, turn in await connection.execute(select(*columns))
                if call.caller.run_id == run_id and call.id not in self._own
            ]
            await settle(connection, left)

    def has_room(self, pace: Pace, tokens: int) -> bool:
        """Say whether a call could go out at once, by what the last booking of this process has seen."""
        seen = self._minutes.get(pace.owner)
        now = self._database.clock.now().timestamp()
        return seen is None or replace(seen, now=now).has_room(pace, tokens)

    def end(self, call: Call) -> None:
        """Give back what a call held, unless its record has settled it; never waits."""
        if call.id in self._own:
            self._log.release(call.id)

    async def standing(self, limit: Limit) -> Standing:
        """Return what a scope has spent and what is held of it.

        Raises:
            StoreError: the database cannot be used.
        """
        async with self._database.read() as connection:
            found = await _rows(connection, [limit.scope])
            if limit.scope in found:
                return found[limit.scope]
            spent = await sum_of(connection, limit.counts) if limit.counts else 0
        return Standing(_amount(spent, limit.scope))

    async def changed(self, scope: str) -> bool:
        """Wait until a call of this process has ended; False at once where none holds some of the scope."""
        if not any(scope in amounts and amounts[scope] for amounts in self._own.values()):
            return False
        await self._changed.wait()
        return True

    def forget(self, scope: str) -> None:
        """Leave the scope to the next sweep: its row can be made again of the calls at any time."""

    def _settled(self, ended: Sequence[Ended]) -> None:
        gone = [self._own.pop(one.id, None) for one in ended]
        if any(gone):
            self._changed.set()
            self._changed = asyncio.Event()

    async def _answer(self, connection: AsyncConnection, wishes: Sequence[Wish]) -> Sequence[Reply]:
        await hold_budgets(connection)
        now = self._database.clock.now()
        await self._sweep(connection, now)
        limits = {limit.scope: limit for wish in wishes for limit in wish.limits}
        standings = await _standings(connection, limits.values(), now)
        paces = {wish.pace for wish in wishes}
        minutes = await minutes_of(connection, paces, now)
        replies = replies_to(wishes, standings, minutes)
        short = any(isinstance(reply, NoRoom | Wait) for reply in replies)
        if short and await book_lost(connection, now):
            standings = await _standings(connection, limits.values(), now)
            minutes = await minutes_of(connection, paces, now)
            replies = replies_to(wishes, standings, minutes)
        self._minutes.update(minutes)
        rows, more = [], Changes()
        for wish, reply in zip(wishes, replies, strict=True):
            if not isinstance(reply, Held):
                continue
            for scope, amount in reply.amounts.items():
                more.held(scope, whole(amount, scope))
            rows.append(
                {
                    "id": reply.call.id,
                    "lease_until": wish.lease_until,
                    "amounts": amounts_in_words(reply.amounts),
                    "scopes": wish.scopes,
                    "call": reply.call,
                    "turn": reply.turn,
                }
            )
        if rows:
            await connection.execute(insert(budget_holds), rows)
            await more.write(connection)
            turns = [reply.turn for reply in replies if isinstance(reply, Held) and reply.turn]
            await book(connection, turns)
        return replies

    async def _sweep(self, connection: AsyncConnection, now: datetime) -> None:
        """Book what the dead have left, and drop rows that nobody has needed for days."""
        if self._sweep_from is not None and now < self._sweep_from:
            return
        await book_lost(connection, now)
        old = (budget_scopes.c.held == 0, budget_scopes.c.made_at < now - _KEEP)
        await connection.execute(delete(budget_scopes).where(*old))
        await sweep(connection, now)
        self._sweep_from = now + _SWEEP_EVERY


async def book_lost(connection: AsyncConnection, now: datetime) -> int:
    """Book in full what calls hold whose lease is over, as calls that were lost; return how many."""
    query = (
        select(budget_holds.c.call, budget_holds.c.scopes)
        .where(budget_holds.c.lease_until < now)
        .order_by(budget_holds.c.lease_until)
        .limit(_MOST_LOST)
    )
    lost = [Ended(call.id, call, tuple(scopes)) for call, scopes in await connection.execute(query)]
    if lost:
        await settle(connection, lost)
    return len(lost)


async def _standings(
    connection: AsyncConnection, limits: Iterable[Limit], now: datetime
) -> dict[str, Standing]:
    """Return how scopes stand; a row that is missing is made of the calls."""
    limits = tuple(limits)
    found = await _rows(connection, [limit.scope for limit in limits])
    made = []
    for limit in limits:
        if limit.scope not in found:
            spent = await sum_of(connection, limit.counts) if limit.counts else 0
            made.append({"scope": limit.scope, "spent": spent, "held": 0, "made_at": now})
            found[limit.scope] = Standing(_amount(spent, limit.scope))
    if made:
        await connection.execute(insert(budget_scopes), made)
    return found


async def _rows(connection: AsyncConnection, scopes: Sequence[str]) -> dict[str, Standing]:
    columns = (budget_scopes.c.scope, budget_scopes.c.spent, budget_scopes.c.held)
    query = select(*columns).where(budget_scopes.c.scope.in_(scopes))
    return {
        scope: Standing(_amount(spent, scope), _amount(held, scope))
        for scope, spent, held in await connection.execute(query)
    }


def _amount(count: int, scope: str) -> Decimal:
    return Decimal(count) if is_of_tokens(scope) else from_whole(count, COST_PLACES)
