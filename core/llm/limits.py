"""How many calls at once, how many a run, and who goes first."""

import asyncio
from contextlib import AsyncExitStack

from core.courtesy import Courtesy
from core.domain.errors import TooManySteps
from core.llm.port import Answer, Ask, LanguageModel


class ConcurrentModel:
    """A model that is asked only while it holds a place in each semaphore, taken in the given order.

    Put the narrowest first: who waits for its own place then holds none that others could use. With a
    `courtesy` it also lets people go first who wait for a first answer, and holds no place meanwhile.
    """

    def __init__(
        self, model: LanguageModel, *semaphores: asyncio.Semaphore, courtesy: Courtesy | None = None
    ) -> None:
        self._model = model
        self._semaphores = semaphores
        self._courtesy = courtesy

    async def ask(self, ask: Ask) -> Answer:
        """Wait for a place, then ask."""
        async with AsyncExitStack() as places:
            await self._take(places)
            if self._courtesy is not None and self._courtesy.many:
                await places.aclose()
                await self._courtesy.give_way()
                await self._take(places)
            return await self._model.ask(ask)

    async def _take(self, places: AsyncExitStack) -> None:
        for semaphore in self._semaphores:
            await places.enter_async_context(semaphore)


class Steps:
    """The model calls that one member has left in one run; `used` counts those of before a restart."""

    def __init__(self, most: int, used: int = 0) -> None:
        self._most = most
        self._used = used

    def take(self) -> None:
        """Use one.

        Raises:
            TooManySteps: none is left.
        """
        if self._used >= self._most:
            raise TooManySteps(f"the member has used all {self._most} model calls of this run")
        self._used += 1


class SteppedModel:
    """A model of which every call, a repeated one too, takes one of the member's steps."""

    def __init__(self, model: LanguageModel, steps: Steps) -> None:
        self._model = model
        self._steps = steps

    async def ask(self, ask: Ask) -> Answer:
        """Ask, if a step is left.

        Raises:
            TooManySteps: nothing was sent.
        """
        self._steps.take()
        return await self._model.ask(ask)
