"""Answers that are used again for a while: the same member, asked the same about the same evidence.

What is kept is the text as the model wrote it, so every hit is read and checked like a new answer. Who asks
while the same is being asked waits for that answer; this holds within one process. Two processes that ask at
the same moment both pay, and from then on find each other's answer in the store.
"""

import asyncio
import hashlib
import json
import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple, Protocol

from pydantic import ValidationError

from core.clock import Clock
from core.config.cache import Cache
from core.config.members import MemberSettings
from core.domain.errors import ModelFailure, StoreError
from core.domain.usage import NOTHING_SPENT, ServedBy
from core.domain.values import Frozen
from core.llm.families import family_of
from core.llm.port import Answer, Ask, LanguageModel
from core.llm.structured import is_usable

PATIENCE_S = 1.0
"""So long, in seconds, may the store take to find an answer. Then it is as if there were none."""

_WRITTEN_WITHIN_S = 5.0
_BATCH = 200
_MOST_UNWRITTEN = 1000

log = logging.getLogger(__name__)


class KeptAnswer(NamedTuple):
    """An answer to be kept under `key`; `answer` is JSON of any content, and both moments are aware."""

    key: str
    member: str
    answer: Mapping[str, Any]
    made_at: datetime
    expires: datetime


class AnswerCache(Protocol):
    """Where answers are kept for a while, shared by all processes."""

    async def find(self, key: str, now: datetime) -> Mapping[str, Any] | None:
        """Return the answer under a key if it has not expired at `now`.

        Raises:
            StoreError: it cannot be read.
        """
        ...

    async def keep(self, kept: KeptAnswer) -> None:
        """Keep an answer in place of the one before; those that have expired are removed now and then.

        Raises:
            StoreError: it cannot be written.
        """
        ...


class NoAnswers:
    """Keeps nothing: an answer is shared only by those who ask at the same time."""

    async def find(self, key: str, now: datetime) -> None:
        """Find nothing."""

    async def keep(self, kept: KeptAnswer) -> None:
        """Keep nothing."""


Hit = Callable[[Ask, Answer], None]
"""Hears of an answer that came from the cache; it cost nothing, and no request was sent."""


def nobody(ask: Ask, answer: Answer) -> None:
    """Tell nobody of a hit."""


Looked = Callable[[str, bool], None]
"""Hears of each question that the cache was asked: its stage, and whether the cache had the answer."""


def _nobody_looks(stage: str, hit: bool) -> None:
    """Tell nobody of a look into the cache."""


class SharedAnswers:
    """The cache of one process: its rules, where it keeps answers, and what is being asked at this moment."""

    def __init__(
        self, rules: Cache, answers: AnswerCache, clock: Clock, *, looked: Looked = _nobody_looks
    ) -> None:
        self.rules = rules
        self.looked = looked
        self.clock = clock
        self.flights: dict[str, asyncio.Future[Answer | None]] = {}
        self._answers = answers
        self._unwritten: dict[str, KeptAnswer] = {}
        self._writer: asyncio.Task[None] | None = None

    async def find(self, key: str) -> Answer | None:
        """Return the answer under a key, or None where there is none, or none that can be had."""
        waiting = self._unwritten.get(key)
        if waiting is not None and waiting.expires > self.clock.now():
            return _Text.model_validate(waiting.answer).answer
        try:
            async with asyncio.timeout(PATIENCE_S):
                found = await self._answers.find(key, self.clock.now())
            return None if found is None else _Text.model_validate(found).answer
        except (StoreError, TimeoutError) as error:
            log.warning("the cache of answers could not be read: %s", str(error) or "it took too long")
        except ValidationError:
            log.warning("the cache of answers has a damaged entry, which is not used")
        return None

    def keep(self, key: str, member: str, answer: Answer, seconds: int) -> None:
        """Keep an answer for so many seconds, from now on here and soon in the store; never waits.

        Where the store does not take it, the answer is good all the same.
        """
        if len(self._unwritten) >= _MOST_UNWRITTEN:
            return  # the store is far behind; asking again is dearer than this answer, and no run waits
        now = self.clock.now()
        text = {"text": answer.text, "served_by": dict(answer.served_by)}
        self._unwritten[key] = KeptAnswer(key, member, text, now, now + timedelta(seconds=seconds))
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write(), name="answers to the cache")

    async def written(self) -> None:
        """Wait until all that was to be kept has been written, or could not be."""
        while self._writer is not None and not self._writer.done():
            await asyncio.shield(self._writer)

    async def close(self) -> None:
        """Write what waits, within five seconds."""
        if self._writer is not None and not self._writer.done():
            await asyncio.wait({self._writer}, timeout=_WRITTEN_WITHIN_S)
            self._writer.cancel()

    async def _write(self) -> None:
        while batch := list(self._unwritten.values())[:_BATCH]:
            try:
                async with asyncio.timeout(_WRITTEN_WITHIN_S):
                    await asyncio.gather(*(self._answers.keep(kept) for kept in batch))
            except (StoreError, TimeoutError) as error:
                told = str(error) or "it took too long"
                log.warning("%d answers were not kept in the cache: %s", len(batch), told)
            for kept in batch:
                if self._unwritten.get(kept.key) is kept:
                    del self._unwritten[kept.key]


class CachedModel:
    """A member's model that gives an answer again while it is fresh, at no cost and marked as such.

    `evidence_sha256` is the pack that is asked about: nothing is ever shared between two packs, nor between
    two members. Only an answer that can be read as what was asked for, by the model that was asked, is kept;
    one by a fallback is used once, so that the member has its own model again as soon as that is back.
    """

    def __init__(
        self,
        model: LanguageModel,
        shared: SharedAnswers,
        member: MemberSettings,
        evidence_sha256: str,
        *,
        hit: Hit = nobody,
    ) -> None:
        self._model = model
        self._shared = shared
        self._member = member
        self._evidence_sha256 = evidence_sha256
        self._hit = hit

    async def ask(self, ask: Ask) -> Answer:
        """Return a kept answer, or that of whoever asks the same now, or ask.

        Raises:
            ModelFailure: the model gave no answer. The failure of another caller is not shared: it may have
                been that caller's budget.
        """
        seconds = self._shared.rules.seconds_for(ask.stage)
        if not seconds or ask.answer_type is None:
            return await self._model.ask(ask)
        key = self._key(ask)
        while (flight := self._shared.flights.get(key)) is not None:
            try:
                # Shielded: who leaves must not take the answer away from the others.
                answer = await asyncio.shield(flight)
            except _NotShared:
                self._shared.looked(ask.stage, False)
                return await self._model.ask(ask)
            if answer is not None:
                return self._again(ask, answer)
        return await self._lead(key, ask, seconds)

    async def _lead(self, key: str, ask: Ask, seconds: int) -> Answer:
        """Look for the answer, or ask; others who ask the same meanwhile wait for the outcome."""
        flight: asyncio.Future[Answer | None] = asyncio.get_running_loop().create_future()
        self._shared.flights[key] = flight
        try:
            if (kept := await self._shared.find(key)) is not None:
                flight.set_result(kept)
                return self._again(ask, kept)
            self._shared.looked(ask.stage, False)
            answer = await self._model.ask(ask)
        except ModelFailure:
            _refuse(flight)
            raise
        else:
            if not (self._is_own(ask, answer) and _is_good(ask, answer)):
                _refuse(flight)
                return answer
            flight.set_result(answer)
            self._shared.keep(key, self._member.name, answer, seconds)
            return answer
        finally:
            if not flight.done():
                flight.set_result(None)  # it was broken off: one of those who wait asks next
            del self._shared.flights[key]

    def _again(self, ask: Ask, answer: Answer) -> Answer:
        again = answer.model_copy(update={"spend": NOTHING_SPENT, "latency_ms": 0, "from_cache": True})
        self._hit(ask, again)
        self._shared.looked(ask.stage, True)
        return again

    def _is_own(self, ask: Ask, answer: Answer) -> bool:
        provider, _, model_id = self._member.route_of(ask.stage)[0].partition(":")
        said = answer.served_by
        return said.provider == provider and family_of(said.model) == family_of(model_id)

    def _key(self, ask: Ask) -> str:
        member = self._member
        asked = {
            "member": member.name,
            "route": member.route_of(ask.stage),
            "temperature": member.temperature,
            "evidence": self._evidence_sha256,
            "stage": ask.stage,
            "schema": ask.answer.json_schema if ask.answer else None,
            "max_output_tokens": ask.max_output_tokens,
            "messages": [(turn.role, turn.content) for turn in ask.messages],
        }
        # In ASCII: prompts may quote half characters, which have no bytes.
        return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()


class _NotShared(Exception):
    """What came of a question is for nobody else: each who waits asks for itself."""


def _refuse(flight: "asyncio.Future[Answer | None]") -> None:
    flight.set_exception(_NotShared())
    flight.exception()  # so that it counts as heard where nobody waits


def _is_good(ask: Ask, answer: Answer) -> bool:
    return ask.answer_type is not None and is_usable(answer, ask.answer_type)


class _Text(Frozen):
    """An answer as it is kept: what it cost is of no matter any more."""

    text: str
    served_by: ServedBy

    @property
    def answer(self) -> Answer:
        return Answer(text=self.text, served_by=self.served_by, spend=NOTHING_SPENT, latency_ms=0)
