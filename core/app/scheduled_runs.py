"""Runs that a subscription asks for: made once for all chats, within the budget, on fresh prices."""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from core.app.estimates import Estimates
from core.clock import Clock
from core.config import Settings
from core.domain.ballot import Abstention, AbstentionKind
from core.domain.errors import ConclaveError, StoreError
from core.domain.events import RunEnded, RunEvent
from core.domain.run import RunRecord, RunRequest
from core.domain.stage import Preset
from core.domain.subscription import Due
from core.domain.values import usd
from core.llm.budget import Left
from core.llm.gateway import Gateway
from core.llm.scopes import chat_scope, day_scope, in_words
from core.store.store import Store

Run = Callable[[RunRequest], AsyncIterator[RunEvent]]
_TOGETHER = timedelta(minutes=2)
"""So long the runs of one slot share their moment. A slot that is tried again later has a moment of then."""
_MOST_MOMENTS = 64


class _Promised(NamedTuple):
    """What a run that goes on is expected to cost in USD, and what each of its scopes had spent before."""

    usd: Decimal
    before: dict[str, Decimal]


class ScheduledRuns:
    """Makes the runs of slots. `run` starts a run, or joins it where it was started before."""

    def __init__(
        self, settings: Settings, store: Store, gateway: Gateway, clock: Clock, estimates: Estimates, run: Run
    ) -> None:
        self._settings = settings
        self._store = store
        self._gateway = gateway
        self._clock = clock
        self._estimates = estimates
        self._run = run
        self._deciding = asyncio.Lock()
        self._promised: dict[str, _Promised] = {}
        self._moments: OrderedDict[str, datetime] = OrderedDict()

    async def run(self, due: Due, ticker: str) -> RunRecord | str:
        """Return the run of a ticker in a slot, or in one sentence why there is none.

        The same time, ticker and preset are the same run for all chats and processes, however often asked.
        The evidence of all tickers of one time is of one moment, as that of several tickers in one `/run`.

        Raises:
            StoreError: the database cannot be used; the slot stays open.
        """
        wanted = due.subscription.wanted.preset or due.terms.preset or self._settings.pipeline.preset
        # One after the other, so that the runs of one slot do not all count on the same money.
        async with self._deciding:
            preset = await self._begun(due, ticker, wanted) or await self._affordable(due, ticker, wanted)
        if not isinstance(preset, Preset):
            return preset
        request = RunRequest(
            ticker=ticker,
            preset=preset,
            requested_by=due.subscription.created_by,
            requested_in=due.subscription.chat_id,
            once=_once(due, ticker, preset),
            fresh=True,
            present=self._moment_of(due),
        )
        try:
            ended = [event.record async for event in self._run(request) if isinstance(event, RunEnded)]
        except StoreError:
            raise
        except ConclaveError as error:
            return str(error)
        finally:
            self._promised.pop(_once(due, ticker, preset), None)
        if not ended:
            return "The run did not end."
        if _for_want_of_budget(ended[-1]):
            return "no verdict: what the budget has left is less than a single call may cost."
        return ended[-1]

    def _moment_of(self, due: Due) -> datetime:
        """Return what now means to the runs of a slot: the moment at which the first of them was made."""
        now = self._clock.now()
        moment = self._moments.get(due.slot.key)
        if moment is None or not moment <= now < moment + _TOGETHER:
            moment = self._moments[due.slot.key] = now
            self._moments.move_to_end(due.slot.key)
            if len(self._moments) > _MOST_MOMENTS:
                self._moments.popitem(last=False)
        return moment

    async def _begun(self, due: Due, ticker: str, wanted: Preset) -> Preset | None:
        """Return the preset with which the run was begun before, whatever the budget says now."""
        for preset in dict.fromkeys((wanted, Preset.QUICK)):
            once = _once(due, ticker, preset)
            if once in self._promised or await self._store.runs.run_of_once(once):
                return preset
        return None

    async def _affordable(self, due: Due, ticker: str, wanted: Preset) -> Preset | str:
        """Return the preset that the budget has room for, and promise its cost, or say why there is none."""
        today, budget = self._gateway.today(), self._gateway.budget
        scopes = (day_scope(today), chat_scope(due.subscription.chat_id, today))
        left = await self._left(scopes)
        if left is None:
            return wanted
        if await budget.spent(left.scope) >= left.limit:
            return f"not run: the budget {in_words(left.scope)}, {usd(left.limit)}, is used up."
        price, rest = None, max(left.amount, Decimal(0))
        for preset in (wanted, Preset.QUICK) if due.terms.cheaper else (wanted,):
            price = await self._estimates.of_run(preset)
            if price is None or price <= rest:
                before = {scope: await budget.spent(scope) for scope in scopes}
                self._promised[_once(due, ticker, preset)] = _Promised(price or Decimal(0), before)
                return preset
        cost, scope = usd(price or Decimal(0)), in_words(left.scope)
        return f"not run: it would cost about {cost}, and the budget {scope} has {usd(rest)} left."

    async def _left(self, scopes: tuple[str, ...]) -> Left | None:
        """Return what the tightest budget leaves beside the runs that go on; None without limits."""
        budget = self._gateway.budget
        found = []
        for scope in scopes:
            if alone := await budget.tightest((scope,)):
                held = await self._held(scope) - await budget.reserved(scope)
                found.append(alone._replace(amount=alone.amount - max(held, Decimal(0))))
        return min(found, default=None)

    async def _held(self, scope: str) -> Decimal:
        """Return what runs that go on will still cost in a scope, in USD, as far as that can be known.

        All that was spent since counts as theirs: better a run too many is begun than one too few.
        """
        spent, held = await self._gateway.budget.spent(scope), Decimal(0)
        for one in self._promised.values():
            if scope in one.before:
                held += max(one.usd - (spent - one.before[scope]), Decimal(0))
        return held


def _for_want_of_budget(record: RunRecord) -> bool:
    """Say whether nobody was heard in a run, because the budget had room for nobody."""
    results = [seat.result for seat in record.voters]
    return bool(results) and all(
        isinstance(one, Abstention) and one.kind is AbstentionKind.BUDGET for one in results
    )


def _once(due: Due, ticker: str, preset: Preset) -> str:
    return f"{due.slot.key}|{ticker}|{preset}"
