"""A second request for an answer that takes longer than almost all before it: the first good one counts."""

import asyncio
from collections.abc import Callable
from contextvars import ContextVar
from decimal import Decimal
from typing import Any

from core.clock import Clock
from core.domain.errors import Abandoned, ModelFailure
from core.domain.usage import NOTHING_SPENT, Spend
from core.llm.port import Answer, Ask, LanguageModel
from core.llm.prices import Prices, within_reserved

_LETTING_GO_S = 1.0


class Race:
    """One of the requests of a pair; it ends when `lost` says what the winner has used.

    `sent` is set when it has gone out for the first time, and `under_way` is true while it is.
    """

    def __init__(self) -> None:
        self.sent = asyncio.Event()
        self.under_way = False
        self.lost: asyncio.Future[Spend] = asyncio.get_running_loop().create_future()


_RACE: ContextVar[Race | None] = ContextVar("race", default=None)


class RacingModel:
    """The innermost model of a hop: in a race it tells that it has begun, and can lose with its cost counted.

    A provider may bill a request that nobody waits for any more. Nobody learns what it was, so it is counted
    as if the loser had used what the winner has used, at its own prices, and never more than was reserved.
    """

    def __init__(self, model: LanguageModel, prices: Prices, who: str, clock: Clock) -> None:
        self._model = model
        self._prices = prices
        self._who = who
        self._clock = clock

    async def ask(self, ask: Ask) -> Answer:
        """Ask; outside of a race there is nothing else to it.

        Raises:
            Abandoned: another request was quicker; `spent` is what this one may have cost, and `waited_ms`
                how long it was under way.
        """
        race = _RACE.get()
        if race is None:
            return await self._model.ask(ask)
        if race.lost.done():
            raise Abandoned(f"another request was quicker than {self._who}")
        race.sent.set()
        race.under_way = True
        began = self._clock.monotonic()
        asking = asyncio.ensure_future(self._model.ask(ask))
        try:
            await asyncio.wait((asking, race.lost), return_when=asyncio.FIRST_COMPLETED)
            if asking.done():
                return asking.result()
        finally:
            race.under_way = False
            await _end(asking)
        raise Abandoned(
            f"another request was quicker than {self._who}",
            spent=within_reserved(ask, self._cost(race.lost.result())),
            waited_ms=round((self._clock.monotonic() - began) * 1000),
        )

    def _cost(self, winner: Spend) -> Spend:
        cost = self._prices.cost(winner.prompt_tokens, winner.completion_tokens)
        if not self._prices.known:
            cost = Decimal(0) if self._prices.free else winner.cost_usd
        return Spend(
            prompt_tokens=winner.prompt_tokens,
            completion_tokens=winner.completion_tokens,
            cost_usd=cost,
            calls=1,
            estimated_calls=1,
        )


class HedgedModel:
    """A hop, and a `second` one that is asked as well once an answer takes longer than `usual_s()`.

    The time counts from when the request goes out. Before the usual time is known there is no second request.
    """

    def __init__(
        self,
        first: LanguageModel,
        second: LanguageModel,
        usual_s: Callable[[], float | None],
        clock: Clock,
    ) -> None:
        self._first = first
        self._second = second
        self._usual_s = usual_s
        self._clock = clock

    async def ask(self, ask: Ask) -> Answer:
        """Return the first good answer; its spend counts what the other request cost, too.

        Raises:
            ModelFailure: that of the first hop, if no request was answered.
        """
        usual_s = self._usual_s()
        if usual_s is None:
            return await self._first.ask(ask)
        first, second = Race(), Race()
        asking = [_begin(self._first, ask, first)]
        timer = asyncio.ensure_future(self._late(first, usual_s))
        try:
            await asyncio.wait((asking[0], timer), return_when=asyncio.FIRST_COMPLETED)
            if not asking[0].done():
                asking.append(_begin(self._second, ask, second))
            return await _first_good(asking, (first, second))
        finally:
            await _end(timer)
            for task in asking:
                await _end(task)

    async def _late(self, race: Race, usual_s: float) -> None:
        await race.sent.wait()
        await self._clock.sleep(usual_s)


def _begin(model: LanguageModel, ask: Ask, race: Race) -> "asyncio.Task[Answer]":
    async def in_race() -> Answer:
        _RACE.set(race)
        return await model.ask(ask)

    return asyncio.create_task(in_race(), name="one request of a pair")


async def _first_good(asking: "list[asyncio.Task[Answer]]", races: tuple[Race, ...]) -> Answer:
    waiting = set(asking)
    while waiting:
        done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        good = [task for task in asking if task in done and task.exception() is None]
        if good:
            answer = good[0].result()
            lost = await _let_lose(asking, good[0], races, answer.spend)
            return answer.model_copy(update={"spend": answer.spend + lost}) if lost.calls else answer
    failure = asking[0].exception()
    if isinstance(failure, ModelFailure):
        failure.spent += _spent(asking[1:])
    return asking[0].result()


async def _let_lose(
    asking: "list[asyncio.Task[Answer]]", winner: "asyncio.Task[Answer]", races: tuple[Race, ...], won: Spend
) -> Spend:
    """End the other request, and return what it cost; one that was not sent yet has cost nothing."""
    others = []
    for task, race in zip(asking, races, strict=False):
        if task is winner:
            continue
        others.append(task)
        if not race.lost.done():
            race.lost.set_result(won)
        if not race.under_way:
            task.cancel()
    if others:
        await asyncio.wait(others, timeout=_LETTING_GO_S)
    return _spent(others)


def _spent(asking: "list[asyncio.Task[Answer]]") -> Spend:
    """Return what requests that have ended cost."""
    spent = NOTHING_SPENT
    for task in asking:
        if task.done() and not task.cancelled():
            failure = task.exception()
            if failure is None:
                spent += task.result().spend
            elif isinstance(failure, ModelFailure):
                spent += failure.spent
    return spent


async def _end(task: "asyncio.Future[Any]") -> None:
    """Cancel what still goes on, and wait until it has let go of all that it held."""
    if not task.done():
        task.cancel()
        await asyncio.wait((task,))
    if not task.cancelled():
        task.exception()
