"""Ask again when a failure may pass."""

import random
from collections.abc import Callable

from core.clock import Clock
from core.domain.errors import ModelFailure, ModelRateLimited
from core.domain.usage import NOTHING_SPENT
from core.llm.port import Answer, Ask, LanguageModel

LONGEST_WAIT_S = 120.0
"""A provider that asks for a longer pause is left alone: no run waits for it."""

_JITTER = 0.25


def _nobody() -> None:
    """Tell nobody of a retry."""


class RetryingModel:
    """A model that is asked again after a retryable failure, at most `max_retries` times.

    It waits `base_delay_s * 2**attempt` seconds, a quarter more or less by chance so that members do not
    return in step, and never less than the provider's `Retry-After`. A caller's deadline ends the wait.
    `again` hears of each retry when it is sent.
    """

    def __init__(
        self,
        model: LanguageModel,
        max_retries: int,
        base_delay_s: float,
        clock: Clock,
        rng: random.Random,
        *,
        again: Callable[[], None] = _nobody,
    ) -> None:
        self._model = model
        self._max_retries = max_retries
        self._base_delay_s = base_delay_s
        self._clock = clock
        self._rng = rng
        self._again = again

    async def ask(self, ask: Ask) -> Answer:
        """Ask until there is an answer; its spend, or the failure's, counts all attempts."""
        spent = NOTHING_SPENT
        attempt = 0
        while True:
            try:
                answer = await self._model.ask(ask)
            except ModelFailure as failure:
                spent += failure.spent
                failure.spent = spent
                delay = self._delay(attempt, failure)
                if delay is None:
                    raise
            else:
                return answer if not attempt else answer.model_copy(update={"spend": spent + answer.spend})
            await self._clock.sleep(delay)
            attempt += 1
            self._again()

    def _delay(self, attempt: int, failure: ModelFailure) -> float | None:
        if attempt >= self._max_retries or not failure.retryable:
            return None
        wish = failure.retry_after_s if isinstance(failure, ModelRateLimited) else None
        if wish is not None and wish > LONGEST_WAIT_S:
            return None
        spread = self._rng.uniform(1 - _JITTER, 1 + _JITTER)
        return max(min(self._base_delay_s * 2.0**attempt * spread, LONGEST_WAIT_S), wish or 0.0)
