"""One question to one vendor of evidence: remembered, asked once at a time, at the vendor's pace, in time."""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any, NamedTuple, Protocol

from pydantic import TypeAdapter

from core.clock import Clock
from core.config.market import EvidenceLimits
from core.domain.errors import (
    BadVendorData,
    ConclaveError,
    VendorFailure,
    VendorRateLimited,
    VendorTimeout,
    VendorUnreachable,
)
from core.domain.evidence_items import (
    EvidenceKind,
    Filing,
    Identity,
    MacroReading,
    Mood,
    NewsItem,
    Snapshot,
)
from core.domain.vendor_answers import AnswerKey, Question
from core.market.evidence_port import EvidenceVendor, Partly, without
from core.market.vendor_pace import Rate, VendorPace

GRACE_S = 1.0
"""So much longer than its own time limit a vendor is waited for, in seconds."""
MOST_KEPT = 4_000_000
"""A longer answer, in bytes of JSON, is used but not kept."""
PARTLY_KEPT_S = 60.0
"""For so long an answer that lacks parts is used again, whatever its kind: the parts may be there soon."""
_MOST_PARTLY_KEPT = 64
_WAIT_SHARE = 0.75
"""So much of a vendor's time limit a question may wait for its turn; the limit itself begins after that."""
_SHAPES: dict[Question, TypeAdapter[Any]] = {
    Question.IDENTITY: TypeAdapter(Identity | None),
    Question.NEWS: TypeAdapter(tuple[NewsItem, ...]),
    Question.FILINGS: TypeAdapter(tuple[Filing, ...]),
    Question.SNAPSHOT: TypeAdapter(Snapshot | None),
    Question.MOODS: TypeAdapter(tuple[Mood, ...]),
    Question.READINGS: TypeAdapter(tuple[MacroReading, ...]),
}

log = logging.getLogger(__name__)


class AnswerMemory(Protocol):
    """Where answers are kept; the store has one."""

    async def find(self, key: AnswerKey, now: datetime) -> str | None:
        """Return the answer, as JSON, if there is one that has not expired at `now`."""
        ...

    async def keep(self, key: AnswerKey, answer: str, asked_at: datetime, expires: datetime) -> None:
        """Keep an answer in place of the one before."""
        ...


class VendorMaker(NamedTuple):
    """How a vendor comes into being, how often it may be asked, and for how long one answer is waited for.

    The vendor itself holds to `timeout_s` seconds; `grace_s` later it is not waited for any more.
    """

    name: str
    make: Callable[[], Awaitable[EvidenceVendor]]
    rate: Rate
    timeout_s: float
    grace_s: float = GRACE_S


class AskedVendor:
    """One vendor, made at the first question, and what it has answered.

    Failures are not kept, and an answer that lacks parts for `PARTLY_KEPT_S` only, in this process. The same
    question of several who ask at the same time is asked once.
    """

    def __init__(
        self, maker: VendorMaker, memory: AnswerMemory, limits: EvidenceLimits, clock: Clock
    ) -> None:
        self.name = maker.name
        self._maker = maker
        self._memory = memory
        self._limits = limits
        self._clock = clock
        self._pace = VendorPace(maker.name, maker.rate, clock)
        self._vendor: EvidenceVendor | None = None
        self._making = asyncio.Lock()
        self._asking: dict[AnswerKey, asyncio.Task[Any]] = {}
        self._shared: tuple[AnswerKey, str, Any] | None = None
        self._partly: OrderedDict[AnswerKey, tuple[float, Partly[Any]]] = OrderedDict()

    async def ask(self, question: Question, subject: str, span: str, *words: object) -> Any:
        """Return the answer to `question`, which is put to the vendor with `words`; it may be `Partly` one.

        Raises:
            VendorFailure: there is none; a bug of the vendor is logged and counts as one.
        """
        key = AnswerKey(question, self.name, subject, span)
        if key not in self._asking:
            task = self._asking[key] = asyncio.create_task(self._answer(key, words))
            task.add_done_callback(lambda done: self._done(key, done))
        task = self._asking[key]
        try:
            # Shielded: who leaves must not take the answer away from the others who wait for it.
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            asker = asyncio.current_task()
            if task.cancelled() and not (asker and asker.cancelling()):
                raise VendorUnreachable(self.name, "it was stopped") from None
            raise

    async def close(self) -> None:
        """Stop asking, and release the vendor's connections."""
        tasks = list(self._asking.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._vendor is not None:
            await self._vendor.close()
            self._vendor = None

    def _done(self, key: AnswerKey, task: asyncio.Task[Any]) -> None:
        self._asking.pop(key, None)
        if not task.cancelled():
            task.exception()  # nobody may be waiting any more

    async def _answer(self, key: AnswerKey, words: tuple[object, ...]) -> Any:
        shape = _SHAPES[key.question]
        if kept := self._kept_partly(key) or await self._kept(key):
            return kept[0]
        await self._pace.admit(self._maker.timeout_s * _WAIT_SHARE)
        asked_at = self._clock.now()
        try:
            told, missing = without(await self._said(key.question, words))
            said = shape.dump_json(shape.validate_python(told))
        except VendorRateLimited as failure:
            self._pace.cool_down(failure.reason)
            raise
        except VendorFailure:
            raise
        except ValueError as error:
            log.exception("%s gave a wrong answer about %s", self.name, key.question)
            raise BadVendorData(self.name, "its answer could not be read") from error
        except Exception as error:
            log.exception("%s failed inside on %s", self.name, key.question)
            raise VendorUnreachable(self.name, "it failed inside") from error
        # Read back, so that an answer is the same whether it was kept or not.
        answer = shape.validate_json(said)
        if missing:
            return self._keep_partly(key, Partly(answer, missing))
        await self._keep(key, said, asked_at)
        return answer

    async def _said(self, question: Question, words: tuple[object, ...]) -> Any:
        limit_s = self._maker.timeout_s + self._maker.grace_s
        try:
            async with asyncio.timeout(limit_s):
                return await getattr(await self._made(), question.value)(*words)
        except TimeoutError:
            raise VendorTimeout(self.name, f"no answer within {limit_s:g} seconds") from None

    async def _made(self) -> EvidenceVendor:
        async with self._making:
            if self._vendor is None:
                self._vendor = await self._maker.make()
        return self._vendor

    async def _kept(self, key: AnswerKey) -> tuple[Any] | None:
        """Return the answer that is kept, if any; a memory that fails is no failure of the vendor."""
        try:
            found = await self._memory.find(key, self._clock.now())
            return None if found is None else (self._read(key, found),)
        except (ConclaveError, ValueError) as error:
            log.warning("what %s said about %s could not be read: %s", self.name, key.question, _short(error))
            return None

    def _kept_partly(self, key: AnswerKey) -> tuple[Any] | None:
        until, answer = self._partly.get(key, (0.0, None))
        return (answer,) if answer is not None and self._clock.monotonic() < until else None

    def _keep_partly(self, key: AnswerKey, answer: Partly[Any]) -> Partly[Any]:
        for _, failure in answer.missing:
            if isinstance(failure, VendorRateLimited):
                self._pace.cool_down(failure.reason)
        self._partly[key] = self._clock.monotonic() + PARTLY_KEPT_S, answer
        self._partly.move_to_end(key)
        if len(self._partly) > _MOST_PARTLY_KEPT:
            self._partly.popitem(last=False)
        return answer

    def _read(self, key: AnswerKey, text: str) -> Any:
        """Return an answer from its JSON. The last one that is of no one instrument is read once for all.

        Answers are frozen, so that all may have the same.
        """
        if self._shared is not None and self._shared[:2] == (key, text):
            return self._shared[2]
        said = _SHAPES[key.question].validate_json(text)
        if not key.subject:
            self._shared = key, text, said
        return said

    async def _keep(self, key: AnswerKey, said: bytes, asked_at: datetime) -> None:
        if len(said) > MOST_KEPT:
            return
        expires = asked_at + timedelta(seconds=_ttl_s(key.question, self._limits))
        try:
            await self._memory.keep(key, said.decode(), asked_at, expires)
        except ConclaveError as error:
            log.warning("what %s said about %s was not kept: %s", self.name, key.question, error)


def _ttl_s(question: Question, limits: EvidenceLimits) -> float:
    match question.kind:
        case EvidenceKind.IDENTITY:
            return limits.identity_ttl_s
        case EvidenceKind.NEWS:
            return limits.news_ttl_s
        case EvidenceKind.FUNDAMENTALS:
            return limits.fundamentals_ttl_s
        case EvidenceKind.SENTIMENT:
            return limits.sentiment_ttl_s
        case EvidenceKind.MACRO:
            return limits.macro_ttl_s


def _short(error: Exception) -> str:
    return str(error) if isinstance(error, ConclaveError) else type(error).__name__
