"""How many calls at once, how many a run, and who goes first."""

import asyncio
from contextlib import AsyncExitStack

from core.courtesy import Courtesy
from core.domain.errors import TooManySteps
from core.llm.port import Answer, Ask, LanguageModel


class ConcurrentModel:
    """A model that is asked only while it holds a place in each semaphore, taken in the given order.

    Put the narrowest first: who waits for its own place then holds none that others could use.
    """

    def __init__(self, model: LanguageModel, *semaphores: asyncio.Semaphore) -> None:
        self._model = model
        self._semaphores = semaphores

    async def ask(self, ask: Ask) -> Answer:
        """Wait for a place, then ask."""
        async with AsyncExitStack() as places:
            for semaphore in self._semaphores:
                await places.enter_async_context(semaphore)
            return await self._model.ask(ask)


class CourteousModel:
    """A model that is asked when few people wait for a first answer, or after a second."""

    def __init__(self, model: LanguageModel, courtesy: Courtesy) -> None:
        self._model = model
        self._courtesy = courtesy

    async def ask(self, ask: Ask) -> Answer:
        """Let others go first, then ask."""
        await self._courtesy.give_way()
        return await self._model.ask(ask)


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
