"""A model for tests and demonstrations: it says what it was told to. Never a market opinion."""

import inspect
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeAlias

from core.domain.errors import ModelFailure
from core.domain.usage import ServedBy, Spend
from core.llm.port import Answer, Ask

Reply: TypeAlias = "str | Answer | ModelFailure"
Script: TypeAlias = "Callable[[Ask], Reply | Awaitable[Reply]] | Iterable[Reply]"


class ScriptedModel:
    """A simulated model that follows a script: a function of the ask, or replies in order.

    Text becomes an answer of provider `scripted`, so that no view can take it for a real model's; a
    failure is raised. `history` keeps every ask.
    """

    def __init__(self, script: Script, *, name: str = "simulated") -> None:
        self._function = script if callable(script) else None
        self._queue: deque[Reply] = deque(() if callable(script) else script)
        self._name = name
        self.history: list[Ask] = []

    async def ask(self, ask: Ask) -> Answer:
        """Return or raise the script's next reply.

        Raises:
            RuntimeError: a script of replies has ended.
        """
        self.history.append(ask)
        reply = await self._next(ask)
        if isinstance(reply, ModelFailure):
            raise reply
        if isinstance(reply, Answer):
            return reply
        served_by = ServedBy(provider="scripted", model=self._name)
        return Answer(text=reply, served_by=served_by, spend=Spend(calls=1), latency_ms=0)

    async def _next(self, ask: Ask) -> Reply:
        if self._function is None:
            if not self._queue:
                raise RuntimeError(f"the script of {self._name} has no reply for ask {len(self.history)}")
            return self._queue.popleft()
        reply = self._function(ask)
        if inspect.isawaitable(reply):
            return await reply
        return reply
