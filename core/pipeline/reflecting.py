"""Members look back: each writes once about each of its ballots, when that is settled.

A member is shown its ballot and the outcome, both known at the close that settled it, and nothing else. So a
reflection says the same whenever it is written, and counts in a replay from that close.
"""

import asyncio
import hashlib
import logging
import re
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Annotated, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    StringConstraints,
    model_validator,
)

from core.clock import Clock
from core.config import Settings
from core.config.members import MemberSettings
from core.domain.ballot import Ballot
from core.domain.calls import Caller, Purpose
from core.domain.errors import (
    AnotherModelAnswered,
    BudgetExceeded,
    BudgetSpent,
    ModelFailure,
    ModelTimeout,
    StoreError,
)
from core.domain.member import MemberKind
from core.domain.memory import Reflection
from core.domain.outcomes import Outcome
from core.domain.season import Season
from core.domain.usage import NOTHING_SPENT, ServedBy, Spend
from core.domain.values import Frozen, canonical_json
from core.llm.answer_schema import answer_schema
from core.llm.families import family_of
from core.llm.gateway import Gateway
from core.llm.paid import counting
from core.llm.port import Message
from core.llm.structured import ask_structured
from core.pipeline.fences import fence
from core.pipeline.member_run import first_of
from core.pipeline.memory_text import against, moment, signed
from core.pipeline.number_format import price
from core.pipeline.prompting import role
from core.store.reflection_rows import Settled
from core.store.store import Store

MOST_A_ROUND = 20
"""Reflections that one round of the live season writes at most."""

SETTLED_LATELY = timedelta(days=14)
"""Ballots that were settled earlier are left alone: who switches memory on pays for no old ones."""

_AT_ONCE = 4
_MOST_TOKENS = 1024
_MOST_SENTENCES = 4
REST = timedelta(hours=6)
"""So long after a try that failed a live one is not asked for again."""
_WAITS_S = (0.2, 0.5, 1.0, 2.0)
_NO_MONEY = timedelta(hours=1)
_MARGIN = timedelta(minutes=1)
_SENTENCE_END = re.compile(r"[.!?]+[\"')\]]*\s+(?=[A-Z])")

T = TypeVar("T")
log = logging.getLogger(__name__)


def _one_line(value: object) -> object:
    """Make one line of text, without signs that cannot be seen."""
    if not isinstance(value, str):
        return value
    return "".join(sign for sign in " ".join(value.split()) if sign.isprintable())


def _with_stop(value: str) -> str:
    return value if value.endswith((".", "!", "?")) else f"{value}."


Sentence = Annotated[
    str,
    BeforeValidator(_one_line),
    StringConstraints(strip_whitespace=True, min_length=1, max_length=300),
    AfterValidator(_with_stop),
]


class Hindsight(BaseModel):
    """A reflection as the member writes it. Fields that nobody asked for are dropped."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    call: Sentence
    thesis: Sentence
    lesson: Sentence

    @property
    def text(self) -> str:
        """The whole, as text for people."""
        return f"{self.call} {self.thesis} {self.lesson}"

    @model_validator(mode="after")
    def _is_short(self) -> "Hindsight":
        if len(_SENTENCE_END.split(self.text)) > _MOST_SENTENCES:
            raise ValueError(f"all fields together have at most {_MOST_SENTENCES} sentences")
        return self


class _Answered(Frozen):
    text: str
    lesson: str
    served_by: ServedBy
    spend: Spend


class Reflecting:
    """Asks members for what they have not written yet. Any number of processes may do so at the same time."""

    def __init__(self, settings: Settings, store: Store, gateway: Gateway, clock: Clock) -> None:
        self._settings = settings
        self._store = store
        self._gateway = gateway
        self._clock = clock

    async def round(self, season: Season, until: datetime) -> int:
        """Write what the ballots of a live season that were settled up to `until` wait for.

        At most `MOST_A_ROUND` are asked for; the others, and what failed, are for the rounds that follow.
        Returns how many were written.
        """
        return await self._round(season, until, MOST_A_ROUND, replay=False)

    async def after_session(self, season: Season, until: datetime) -> int:
        """Write in a replay what the ballots that were settled up to its close `until` wait for.

        Raises:
            BudgetSpent: the replay's money is used up.
        """
        return await self._round(season, until, 1_000_000, replay=True)

    async def _round(self, season: Season, until: datetime, most: int, *, replay: bool) -> int:
        members = await self._asked()
        if not self._settings.pipeline.memory or not members:
            return 0
        now = self._clock.now()
        claimed = await self._store.reflections.claim(
            season,
            list(members),
            until - SETTLED_LATELY,
            until,
            now=now,
            # A replay's season is this process's alone: whatever is claimed, nobody else works on it.
            lease_until=now if replay else now + self._longest(),
            most=most,
        )
        if not claimed:
            return 0
        gate = asyncio.Semaphore(_AT_ONCE)

        async def one(settled: Settled) -> bool:
            async with gate:
                return await self._one(season, members[settled.ballot.member], settled, replay=replay)

        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(one(settled)) for settled in claimed]
        except BaseExceptionGroup as failures:
            raise first_of(failures) from None
        finally:
            await self._store.calls.log.flush()
        return sum(task.result() for task in tasks)

    def _longest(self) -> timedelta:
        """How long a round takes at the most, so that no other process asks for the same meanwhile."""
        turns = -(-MOST_A_ROUND // _AT_ONCE)
        return timedelta(seconds=self._settings.pipeline.stage_timeout_s) * turns + _MARGIN

    async def _asked(self) -> dict[str, MemberSettings]:
        """Return the language models that take part, by name."""
        enabled = {member.name for member in await self._store.members.all() if member.enabled}
        return {
            member.name: member
            for member in self._settings.members
            if member.kind is MemberKind.LLM and member.name in enabled
        }

    async def _one(self, season: Season, member: MemberSettings, settled: Settled, *, replay: bool) -> bool:
        """Have one ballot reflected on; whatever fails is tried again in a later round."""
        run_id, rows = settled.outcome.run_id, self._store.reflections
        try:
            with counting() as paid:
                async with asyncio.timeout(self._settings.pipeline.stage_timeout_s):
                    got = await self._answer(season, member, settled, replay=replay)
        except BudgetExceeded as failure:
            if failure.spent.calls:
                await self._failed(run_id, member, failure.spent, replay=replay)
            else:
                # Later, so that the ballots of members with money are not kept waiting behind it.
                later = timedelta(0) if replay else _NO_MONEY
                await rows.put_back(run_id, member.name, self._clock.now() + later)
            if replay:
                raise BudgetSpent(f"{failure.reason[:1].upper()}{failure.reason[1:]}.") from None
            return False
        except (ModelFailure, TimeoutError) as failure:
            late = ModelTimeout("no answer in time", spent=paid.spend)
            reason = failure if isinstance(failure, ModelFailure) else late
            log.warning("run %s: %s wrote no reflection: %s", run_id, member.name, reason)
            await self._failed(run_id, member, reason.spent, replay=replay)
            return False
        except StoreError:
            raise
        except Exception:
            log.exception("run %s: the reflection of %s failed inside", run_id, member.name)
            await self._failed(run_id, member, NOTHING_SPENT, replay=replay)
            return False
        return await self._surely(partial(rows.write, self._reflection(season, settled.outcome, got)))

    async def _failed(self, run_id: str, member: MemberSettings, spent: Spend, *, replay: bool) -> None:
        """Note a try that failed; a live one rests, so that an outage costs one try and not all."""
        now = self._clock.now()
        again = None if replay else now + REST
        await self._surely(partial(self._store.reflections.failed, run_id, member.name, spent, now, again))

    async def _surely(self, keep: Callable[[], Awaitable[T]]) -> T:
        """Keep what was paid for, and try again for a moment while the store is busy."""
        for wait_s in _WAITS_S:
            try:
                return await keep()
            except StoreError:
                await self._clock.sleep(wait_s)
        return await keep()

    def _reflection(self, season: Season, outcome: Outcome, got: _Answered) -> Reflection:
        return Reflection(
            season=season,
            run_id=outcome.run_id,
            member=outcome.member,
            ticker=outcome.ticker,
            decided_at=outcome.decided_at,
            settled_at=outcome.settled_at,
            action=outcome.action,
            confidence=outcome.confidence,
            return_ratio=outcome.return_ratio,
            alpha=outcome.alpha,
            text=got.text,
            lesson=got.lesson,
            served_by=got.served_by,
            spend=got.spend,
            written_at=self._clock.now(),
        )

    async def _answer(
        self, season: Season, member: MemberSettings, settled: Settled, *, replay: bool
    ) -> _Answered:
        """Return the member's answer; in a replay the same question is paid for once."""
        asked = messages(settled.ballot, settled.outcome)
        if not replay:
            return await self._ask(season, member, settled, asked)
        key = self._key(member, asked)
        if kept := await self._store.answers.find(key):
            return _Answered.model_validate(kept).model_copy(update={"spend": NOTHING_SPENT})
        got = await self._ask(season, member, settled, asked)
        await self._store.answers.keep(key, member.name, got.model_dump(mode="json"), self._clock.now())
        return got

    async def _ask(
        self, season: Season, member: MemberSettings, settled: Settled, asked: Sequence[Message]
    ) -> _Answered:
        # It counts for the season and not for the run, which may be long over and has a limit of its own.
        caller = Caller(
            purpose=Purpose.REFLECTION,
            member=member.name,
            tier=member.tier,
            season=season,
            chat="",
            person="",
        )
        got = await ask_structured(
            self._gateway.model_for(member, caller=caller),
            asked,
            Hindsight,
            schema=answer_schema(Hindsight),
            max_output_tokens=min(member.max_output_tokens, _MOST_TOKENS),
        )
        family = self._family(member)
        if family and family_of(got.served_by.model) != family:
            raise AnotherModelAnswered(f"{got.served_by} answered instead of {family}", spent=got.spend)
        value = got.value
        return _Answered(text=value.text, lesson=value.lesson, served_by=got.served_by, spend=got.spend)

    def _family(self, member: MemberSettings) -> str | None:
        """Return the family that must answer: in a strict arena, another's lesson is not this member's."""
        return family_of(member.route[0].partition(":")[2]) if self._settings.arena.strict else None

    def _key(self, member: MemberSettings, asked: Sequence[Message]) -> str:
        question = {
            "member": member.name,
            "family": self._family(member),
            "route": member.route,
            "temperature": member.temperature,
            "max_output_tokens": min(member.max_output_tokens, _MOST_TOKENS),
            "stage": "reflection",
            "messages": [message.content for message in asked],
        }
        return hashlib.sha256(canonical_json(question).encode()).hexdigest()


def messages(ballot: Ballot, outcome: Outcome) -> tuple[Message, ...]:
    """Return what a member is asked: equal ballots and outcomes give equal text, byte for byte."""
    said, became = _ballot_text(ballot, outcome), _outcome_text(outcome)
    key = hashlib.sha256(f"{said}\n{became}".encode(errors="replace")).hexdigest()[:12]
    shown = "\n\n".join([fence("ballot", key, said), fence("outcome", key, became)])
    return Message(role="system", content=role("reflection")), Message(role="user", content=shown)


def _ballot_text(ballot: Ballot, outcome: Outcome) -> str:
    levels = (("stop loss", ballot.stop_loss), ("take profit", ballot.take_profit))
    return "\n".join(
        [
            f"instrument: {outcome.ticker}",
            f"decided at: {moment(outcome.decided_at)}",
            f"decision: {ballot.action} ({ballot.rating}), confidence {ballot.confidence:.2f}",
            *(f"{name}: {price(level)}" for name, level in levels if level is not None),
            *([f"horizon: {ballot.horizon}"] if ballot.horizon else []),
            f"reasoning: {ballot.reasoning}",
            *(f"- {point}" for point in ballot.key_points),
        ]
    )


def _outcome_text(outcome: Outcome) -> str:
    beside = outcome.benchmark_return
    return "\n".join(
        [
            f"from the open of {outcome.entry_session}: {price(outcome.entry_price)}",
            f"to the close of {outcome.exit_session}: {price(outcome.exit_price)}",
            f"return of the instrument, splits and dividends included: {signed(outcome.return_ratio)}",
            f"return of the benchmark: {'unknown' if beside is None else signed(beside)}",
            f"return in the direction of the decision: {signed(outcome.earned)}",
            against(outcome.alpha),
        ]
    )
