"""Every request that was sent leaves a record: for whom, of whom, what it used, and how it ended.

Nothing of the prompt or of the answer is in it, and no secret.
"""

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, tzinfo
from typing import Protocol

from core.clock import Clock, SystemClock
from core.domain.calls import Call, Caller, CallOutcome
from core.domain.errors import (
    Abandoned,
    AuthenticationFailed,
    BadAnswer,
    BadModelRequest,
    ModelFailure,
    ModelRateLimited,
    ModelTimeout,
    OutOfCredit,
)
from core.domain.ids import new_id
from core.domain.usage import NOTHING_SPENT
from core.llm.paid import count
from core.llm.port import Answer, Ask, LanguageModel
from core.llm.prices import Prices, unheard_spend
from core.llm.scopes import scopes_of
from core.llm.under_way import goes_out, is_back

ID_LENGTH = 16
_UNPRICED = Prices()
_OUTCOMES: tuple[tuple[type[ModelFailure], CallOutcome], ...] = (
    (BadAnswer, CallOutcome.BAD_ANSWER),
    (ModelRateLimited, CallOutcome.RATE_LIMITED),
    (OutOfCredit, CallOutcome.NO_CREDIT),
    (AuthenticationFailed, CallOutcome.KEY_REFUSED),
    (BadModelRequest, CallOutcome.REFUSED),
    (ModelTimeout, CallOutcome.TIMEOUT),
    (Abandoned, CallOutcome.CANCELLED),
)


class CallLog(Protocol):
    """Takes the records of calls. What is behind it may be slow or away: no call fails by it."""

    async def room(self) -> None:
        """Wait while too many records wait to be written; a caller's deadline ends the wait."""
        ...

    def add(self, call: Call, scopes: Sequence[str]) -> None:
        """Take the record of a call that has ended, and of the scopes that it counts in; never waits."""
        ...


class NoLog:
    """Keeps no records."""

    async def room(self) -> None:
        """Return at once."""

    def add(self, call: Call, scopes: Sequence[str]) -> None:
        """Drop the record."""


class ToldLog:
    """A log that also tells `heard` of every call."""

    def __init__(self, log: CallLog, heard: Callable[[Call], None]) -> None:
        self._log = log
        self._heard = heard

    async def room(self) -> None:
        """Wait as the log within does."""
        await self._log.room()

    def add(self, call: Call, scopes: Sequence[str]) -> None:
        """Hand the record over, and tell of it."""
        self._log.add(call, scopes)
        self._heard(call)


class CallForm:
    """What is known of a hop's calls before they are made, and what they count in.

    `scopes` are further ones, beside those that follow from the call itself.
    """

    def __init__(
        self,
        *,
        caller: Caller | None = None,
        provider: str = "",
        model: str = "",
        key: str = "",
        scopes: tuple[str, ...] = (),
        clock: Clock | None = None,
        zone: tzinfo = UTC,
    ) -> None:
        self._blank = Call(
            id="",
            at=datetime.min.replace(tzinfo=UTC),
            caller=caller or Caller(),
            provider=provider,
            model=model,
            key=key,
            outcome=CallOutcome.LOST,
        )
        self._scopes = scopes
        self._clock = clock or SystemClock()
        self._zone = zone

    @property
    def clock(self) -> Clock:
        """The clock by which its calls begin."""
        return self._clock

    def begun(self, ask: Ask) -> Call:
        """Return a call that begins now, as it is if nobody ever hears how it ended."""
        changes = {"id": new_id(ID_LENGTH), "at": self._clock.now(), "stage": ask.stage}
        return self._blank.model_copy(update=changes)

    def from_cache(self, ask: Ask, answer: Answer) -> Call:
        """Return the record of an answer that was not asked for, because it was known: it cost nothing."""
        known = {"served_by": answer.served_by.model, "key": answer.served_by.key, "from_cache": True}
        return self.begun(ask).model_copy(
            update={**known, "outcome": CallOutcome.ANSWERED, "spend": NOTHING_SPENT}
        )

    def scopes(self, call: Call, ask: Ask) -> tuple[str, ...]:
        """Return every scope that a call counts in."""
        return tuple(dict.fromkeys((*ask.scopes, *self._scopes, *scopes_of(call, self.day_of(call)))))

    def day_of(self, call: Call) -> date:
        """Return the day on which a call began, in the arena's zone."""
        return call.at.astimezone(self._zone).date()


class RecordedModel:
    """A model of which every request leaves a record in `log`; it stands directly around the endpoint.

    One that is cancelled leaves one too: what it cost nobody has said, so an estimate by `prices` is recorded
    and counted.
    """

    def __init__(
        self, model: LanguageModel, form: CallForm, log: CallLog, prices: Prices = _UNPRICED
    ) -> None:
        self._model = model
        self._form = form
        self._log = log
        self._prices = prices

    async def ask(self, ask: Ask) -> Answer:
        """Ask, and hand over the record however it ends."""
        await self._log.room()
        call = ask.begun or self._form.begun(ask)
        clock = self._form.clock
        started = clock.monotonic()
        goes_out(started)
        outcome, spend, served_by = CallOutcome.FAILED, NOTHING_SPENT, ""
        try:
            answer = await self._model.ask(ask)
        except ModelFailure as failure:
            outcome, spend = outcome_of(failure), failure.spent
            raise
        except BaseException as error:
            outcome = CallOutcome.CANCELLED if isinstance(error, asyncio.CancelledError) else outcome
            spend = unheard_spend(ask, self._prices, clock.monotonic() - started)
            count(spend)
            raise
        else:
            outcome, spend, served_by = CallOutcome.ANSWERED, answer.spend, answer.served_by.model
            return answer
        finally:
            if outcome is not CallOutcome.CANCELLED:
                is_back()
            ended = {
                "outcome": outcome,
                "spend": spend,
                "served_by": served_by,
                "latency_ms": max(0, round((clock.monotonic() - started) * 1000)),
            }
            self._log.add(call.model_copy(update=ended), self._form.scopes(call, ask))


def outcome_of(failure: ModelFailure) -> CallOutcome:
    """Return as what a failed request is recorded."""
    return next((outcome for kind, outcome in _OUTCOMES if isinstance(failure, kind)), CallOutcome.FAILED)
