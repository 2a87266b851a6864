"""Try a member's route in order."""

from collections.abc import Callable, Sequence

from core.domain.errors import BadAnswer, ModelFailure, TooManySteps
from core.domain.usage import NOTHING_SPENT
from core.llm.port import Answer, Ask, LanguageModel


class RoutedModel:
    """A model that is the first of `hops` which answers.

    It moves on after a failure that asking the same hop again would not mend: a refused key, no credit,
    a refused request, a used-up budget, exhausted retries. A bad answer is an answer: it is raised.
    """

    def __init__(self, hops: Sequence[LanguageModel]) -> None:
        if not hops:
            raise ValueError("a route needs at least one hop")
        self._hops = tuple(hops)

    async def ask(self, ask: Ask) -> Answer:
        """Ask each hop in turn; the spends of all that were asked are added.

        Raises:
            ModelFailure: no hop answered. One hop raises its own failure, several a `ModelFailure` that
                names every cause.
        """
        spent = NOTHING_SPENT
        causes: list[ModelFailure] = []
        for hop in self._hops:
            try:
                answer = await hop.ask(ask)
            except ModelFailure as failure:
                spent += failure.spent
                failure.spent = spent
                causes.append(failure)
                if isinstance(failure, BadAnswer | TooManySteps):
                    raise
            else:
                return answer if not causes else answer.model_copy(update={"spend": spent + answer.spend})
        if len(causes) == 1:
            raise causes[0]
        reasons = "; ".join(cause.reason for cause in causes)
        raise ModelFailure(f"no hop of the route answered: {reasons}", spent=spent)


class DeadEnd:
    """A hop that can never answer, and says why: its failure is made anew for each ask."""

    def __init__(self, failure: Callable[[], ModelFailure]) -> None:
        self._failure = failure

    async def ask(self, ask: Ask) -> Answer:
        """Raise the failure; nothing is sent."""
        raise self._failure()
