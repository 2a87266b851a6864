"""Try a member's route in order."""

from collections.abc import Callable, Sequence

from core.domain.errors import BadAnswer, JunkAnswer, ModelFailure, RouteDown, TooManySteps
from core.domain.usage import NOTHING_SPENT
from core.llm.port import Answer, Ask, LanguageModel


class RoutedModel:
    """A model that is the first of `hops` which answers; `name` is whose route it is.

    It moves on after a failure that asking the same hop again would not mend: a refused key, no credit,
    a refused request, a used-up budget, exhausted retries, junk. A bad answer is an answer: it is raised.
    """

    def __init__(self, hops: Sequence[LanguageModel], name: str = "the member") -> None:
        if not hops:
            raise ValueError("a route needs at least one hop")
        self._hops = tuple(hops)
        self._name = name

    async def ask(self, ask: Ask) -> Answer:
        """Ask each hop in turn; the spends of all that were asked are added.

        Raises:
            RouteDown: every hop is left alone now, so nothing was sent.
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
                spoken = isinstance(failure, BadAnswer) and not isinstance(failure, JunkAnswer)
                if spoken or isinstance(failure, TooManySteps):
                    raise
            else:
                return answer if not causes else answer.model_copy(update={"spend": spent + answer.spend})
        raise self._failure(causes)

    def _failure(self, causes: Sequence[ModelFailure]) -> ModelFailure:
        """Return the one failure that these are together; the last has counted all spends."""
        reasons = "; ".join(cause.reason for cause in causes)
        if all(isinstance(cause, RouteDown) for cause in causes):
            only = (
                f"{self._name}'s only route" if len(causes) == 1 else f"all routes of {self._name} are down:"
            )
            return RouteDown(f"{only} {reasons}", spent=causes[-1].spent)
        if len(causes) == 1:
            return causes[0]
        return ModelFailure(f"no hop of the route answered: {reasons}", spent=causes[-1].spent)


class DeadEnd:
    """A hop that can never answer, and says why: its failure is made anew for each ask."""

    def __init__(self, failure: Callable[[], ModelFailure]) -> None:
        self._failure = failure

    async def ask(self, ask: Ask) -> Answer:
        """Raise the failure; nothing is sent."""
        raise self._failure()
