"""How many calls at once, how many a minute, and how many a run."""

import asyncio
from collections import deque
from contextlib import AsyncExitStack
from dataclasses import dataclass

from core.clock import Clock
from core.domain.errors import ModelRateLimited, TooManySteps
from core.llm.port import Answer, Ask, LanguageModel
from core.llm.prices import prompt_tokens

WINDOW_S = 60.0


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


@dataclass(slots=True, eq=False)
class _Booking:
    start: float
    tokens: int
    counts: bool = True


class Pace:
    """A key's `rpm` requests and `tpm` tokens in any 60 seconds, shared by all who use the key.

    Each call books the earliest start that keeps both limits, after all that booked before it.
    """

    def __init__(self, *, rpm: int | None, tpm: int | None, clock: Clock, max_wait_s: float = 120.0) -> None:
        self._rpm = rpm
        self._tpm = tpm
        self._clock = clock
        self._max_wait_s = max_wait_s
        self._booked: deque[_Booking] = deque()
        self._tokens = 0

    async def admit(self, tokens: int) -> _Booking:
        """Wait for this call's turn; `tokens` is the most that it may use.

        Raises:
            ModelRateLimited: at once, when the turn would come after more than `max_wait_s` seconds.
        """
        now = self._clock.monotonic()
        tokens = tokens if self._tpm is None else min(tokens, self._tpm)
        booking = _Booking(self._earliest(now, tokens), tokens)
        wait = booking.start - now
        if wait > self._max_wait_s:
            raise ModelRateLimited(
                f"the key's own limit a minute would hold this call for {wait:.0f} s", retry_after_s=wait
            )
        self._booked.append(booking)
        self._tokens += tokens
        if wait > 0:
            try:
                await self._clock.sleep(wait)
            except BaseException:
                if booking.counts:
                    self._booked.remove(booking)
                    self._gone(booking)
                raise
        return booking

    def used(self, booking: _Booking, tokens: int) -> None:
        """Count what a call has really used, where that is less than what it has booked."""
        less = min(booking.tokens, tokens)
        if booking.counts:
            self._tokens -= booking.tokens - less
        booking.tokens = less

    def has_room(self, tokens: int) -> bool:
        """Say whether a call that may use so many tokens could start at once."""
        now = self._clock.monotonic()
        return self._earliest(now, tokens if self._tpm is None else min(tokens, self._tpm)) <= now

    def _earliest(self, now: float, tokens: int) -> float:
        while self._booked and self._booked[0].start <= now - WINDOW_S:
            self._gone(self._booked.popleft())
        start = max(now, self._booked[-1].start) if self._booked else now
        if self._rpm is not None and len(self._booked) >= self._rpm:
            start = max(start, self._booked[-self._rpm].start + WINDOW_S)
        # Only where the minute is short of tokens is it worth looking for the call that is in the way.
        if self._tpm is not None and self._tokens + tokens > self._tpm:
            room = self._tpm - tokens
            for earlier in reversed(self._booked):
                room -= earlier.tokens
                if room < 0:
                    return max(start, earlier.start + WINDOW_S)
        return start

    def _gone(self, booking: _Booking) -> None:
        self._tokens -= booking.tokens
        booking.counts = False


class PacedModel:
    """A model that keeps to a key's pace."""

    def __init__(self, model: LanguageModel, pace: Pace) -> None:
        self._model = model
        self._pace = pace

    async def ask(self, ask: Ask) -> Answer:
        """Wait for the key's turn, ask, then count the tokens that were really used."""
        booking = await self._pace.admit(most_tokens(ask))
        answer = await self._model.ask(ask)
        if answer.spend.tokens:
            self._pace.used(booking, answer.spend.tokens)
        return answer


def most_tokens(ask: Ask) -> int:
    """Return the most that a call may use."""
    return prompt_tokens(ask) + ask.max_output_tokens


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
