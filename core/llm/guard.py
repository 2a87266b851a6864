"""What stands before a hop: its breaker, its switch, and how much its model can read."""

import asyncio

from core.clock import Clock
from core.domain.errors import Abandoned, BadAnswer, DoesNotFit, ModelFailure
from core.llm.breaker import Breaker, Ticket, tells_of_route
from core.llm.port import Answer, Ask, LanguageModel
from core.llm.prices import counted_tokens, prompt_tokens
from core.llm.under_way import UnderWay, watching


class GuardedModel:
    """A model that is asked only while its route works, and whose answers tell whether it does.

    `patient`: there is no other hop, so a call waits for the one that tries the route. A request that is
    given up from outside `hang_s` seconds after it went out counts as not answered; what waits for money,
    for a key's pace or for a place says nothing of the route. `forced` asks in any state.
    """

    def __init__(
        self,
        model: LanguageModel,
        breaker: Breaker,
        clock: Clock,
        *,
        patient: bool,
        hang_s: float,
        forced: bool = False,
    ) -> None:
        self._model = model
        self._breaker = breaker
        self._clock = clock
        self._patient = patient
        self._hang_s = hang_s
        self._forced = forced

    async def ask(self, ask: Ask) -> Answer:
        """Ask, if the route is not left alone now.

        Raises:
            RouteDown: nothing was sent.
            ModelFailure: as the model within.
        """
        breaker, patient = self._breaker, self._patient
        ticket = breaker.force() if self._forced else await breaker.admit(patient=patient)
        with watching() as request:
            return await self._asked(ask, ticket, request)

    async def _asked(self, ask: Ask, ticket: Ticket, request: UnderWay) -> Answer:
        breaker = self._breaker
        try:
            answer = await self._model.ask(ask)
        except ModelFailure as failure:
            if tells_of_route(failure):
                breaker.failed(ticket, failure.reason)
            elif isinstance(failure, BadAnswer):
                breaker.answered(ticket)
            elif isinstance(failure, Abandoned):
                breaker.abandoned(ticket, failure.waited_ms)
            else:
                breaker.let_go(ticket)
            raise
        except asyncio.CancelledError:
            if request.since is not None:
                waited_s = self._clock.monotonic() - request.since
                if waited_s >= self._hang_s:
                    breaker.failed(ticket, f"did not answer within {waited_s:.0f} s")
            breaker.let_go(ticket)
            raise
        except BaseException:
            breaker.let_go(ticket)
            raise
        breaker.answered(ticket, answer.latency_ms)
        return answer


class FittingModel:
    """A model that is asked only what it can read and answer within `context_tokens`."""

    def __init__(self, model: LanguageModel, context_tokens: int, *, who: str) -> None:
        self._model = model
        self._context_tokens = context_tokens
        self._who = who

    async def ask(self, ask: Ask) -> Answer:
        """Ask, if the prompt and the longest answer fit by counted tokens.

        Raises:
            DoesNotFit: nothing was sent.
        """
        room = self._context_tokens - ask.max_output_tokens
        # The bound is quick to have and counts too many; only where it does not fit is it worth counting.
        if prompt_tokens(ask) > room and (counted := counted_tokens(ask)) > room:
            raise DoesNotFit(
                f"{self._who} reads and writes {self._context_tokens:,} tokens at most, and this prompt of "
                f"some {counted:,} with an answer of up to {ask.max_output_tokens:,} does not fit"
            )
        return await self._model.ask(ask)
