"""The use cases of single questions: one model that the routing chooses, and no committee."""

from abc import ABC, abstractmethod

from core.app.questions import Questions
from core.config import Settings
from core.domain.asking import Asked, AskRequest
from core.domain.errors import NoPrices, NotFound
from core.domain.instrument import parse_ticker
from core.domain.routing import AskRecord, TestReport
from core.store.store import Store


class Askwork(ABC):
    """A part of `App`."""

    settings: Settings
    _store: Store
    _questions: Questions

    @abstractmethod
    async def _nearest(self, ticker: str, error: NoPrices) -> NoPrices:
        """Return `error`, or a better sentence about it."""

    async def ask(self, request: AskRequest) -> Asked:
        """Ask one model what to do with an instrument, and keep the answer; no portfolio trades on it.

        The evidence is frozen as for a run. A model that gives no ballot is stood in for by the balanced
        default, and an order worth more than `routing.confirm_above_usd` needs a second one of the tier
        premium that agrees. An answer without a ballot is an abstention with its reason, not an error.

        Raises:
            BadTicker: the text is no ticker.
            Refused: no such model, none that may be asked, a quota is used up, or the context is too large.
            NoPrices: no vendor had usable prices; an UnknownTicker names what may have been meant.
        """
        ticker = parse_ticker(request.ticker)
        try:
            return await self._questions.ask(request.model_copy(update={"ticker": ticker}))
        except NoPrices as error:
            better = await self._nearest(ticker, error)
            if better is error:
                raise
            raise better from error

    async def asked(self, question: str) -> AskRecord:
        """Return all that is kept of a question.

        Raises:
            NotFound: there is none with this id that was answered.
        """
        record = await self._store.asks.record(question)
        if record is None:
            raise NotFound("This question is not known any more. Send /ask NVDA for a new one.")
        return record

    async def routing_tests(self) -> tuple[TestReport, ...]:
        """Return how each test of `[[routing.tests]]` stands, in the order of the configuration."""
        return await self._questions.tests()
