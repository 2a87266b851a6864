"""Runs that a subscription asks for: made once for all chats, within the budget, on fresh prices."""

from collections.abc import AsyncIterator, Callable
from decimal import Decimal

from core.app.estimates import Estimates
from core.clock import Clock
from core.config import Settings
from core.domain.errors import ConclaveError, StoreError
from core.domain.events import RunEnded, RunEvent
from core.domain.run import RunRecord, RunRequest
from core.domain.stage import Preset
from core.domain.subscription import Due
from core.domain.values import usd
from core.llm.gateway import Gateway
from core.llm.scopes import chat_scope, day_scope, in_words
from core.pipeline.spending import spent_today
from core.store.store import Store

Run = Callable[[RunRequest], AsyncIterator[RunEvent]]


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

    async def run(self, due: Due, ticker: str) -> RunRecord | str:
        """Return the run of a ticker in a slot, or in one sentence why there is none.

        The same time, ticker and preset are the same run for all chats and processes, however often asked.

        Raises:
            StoreError: the database cannot be used; the slot stays open.
        """
        wanted = due.subscription.wanted.preset or self._settings.pipeline.preset
        preset = await self._begun(due, ticker, wanted) or await self._affordable(due, wanted)
        if not isinstance(preset, Preset):
            return preset
        request = RunRequest(
            ticker=ticker,
            preset=preset,
            requested_by=due.subscription.created_by,
            requested_in=due.subscription.chat_id,
            once=_once(due, ticker, preset),
            fresh=True,
        )
        try:
            ended = [event.record async for event in self._run(request) if isinstance(event, RunEnded)]
        except StoreError:
            raise
        except ConclaveError as error:
            return str(error)
        return ended[-1] if ended else "The run did not end."

    async def _begun(self, due: Due, ticker: str, wanted: Preset) -> Preset | None:
        """Return the preset with which the run was begun before, whatever the budget says now."""
        for preset in dict.fromkeys((wanted, Preset.QUICK)):
            if await self._store.runs.run_of_once(_once(due, ticker, preset)):
                return preset
        return None

    async def _affordable(self, due: Due, wanted: Preset) -> Preset | str:
        """Return the preset that the budget has room for, or why there is none."""
        left = await self._left(due.subscription.chat_id)
        if left is None:
            return wanted
        usd_left, limit, scope = left
        presets = (wanted, Preset.QUICK) if due.terms.cheaper else (wanted,)
        if usd_left > 0:
            for preset in presets:
                cost = await self._estimates.of_run(preset)
                if cost is None or cost <= usd_left:
                    return preset
        if usd_left <= 0:
            return f"not run: the budget {in_words(scope)}, {usd(limit)}, is used up."
        price, rest = usd(cost or Decimal(0)), usd(usd_left)
        return f"not run: it would cost about {price}, and the budget {in_words(scope)} has {rest} left."

    async def _left(self, chat_id: str) -> tuple[Decimal, Decimal, str] | None:
        """Return the least that the day's budgets leave in USD, that budget's limit, and its scope."""
        budget, today = self._gateway.budget, self._gateway.today()
        budget.at_least(await spent_today(self._settings, self._store, self._clock))
        return budget.tightest((day_scope(today), chat_scope(chat_id, today)))


def _once(due: Due, ticker: str, preset: Preset) -> str:
    return f"{due.slot.key}|{ticker}|{preset}"
