"""One member's way through a run: steps in parallel where the graph allows, each kept when it is done."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace
from datetime import timedelta

from core.clock import Clock
from core.domain.ballot import Abstention, AbstentionKind, Authorship, Ballot, MemberResult
from core.domain.errors import (
    AnotherModelAnswered,
    BadAnswer,
    BudgetExceeded,
    ModelFailure,
    ModelTimeout,
    NoBasis,
)
from core.domain.stage import Stage, StageRecord, Step
from core.domain.usage import NOTHING_SPENT, Spend
from core.llm.paid import counting
from core.pipeline.answers import Decision
from core.pipeline.author import Author, View
from core.pipeline.presets import Graph
from core.pipeline.stage_checks import StageChecks
from core.store.column_types import to_words

_KINDS: tuple[tuple[type[ModelFailure], AbstentionKind], ...] = (
    (ModelTimeout, AbstentionKind.TIMEOUT),
    (BudgetExceeded, AbstentionKind.BUDGET),
    (AnotherModelAnswered, AbstentionKind.OTHER_MODEL),
    (BadAnswer, AbstentionKind.BAD_ANSWER),
)

_READING_ORDER = {stage: place for place, stage in enumerate(Stage)}


def reading_order(record: StageRecord) -> tuple[int, int]:
    """Sort key: stages in the order in which people read them, rounds within a stage."""
    return _READING_ORDER[record.stage], record.round


class MemberRun:
    """Runs the steps that are not done yet, and ends as a ballot or an abstention.

    Without an `author` every step must be done already.
    `keep` stores a finished stage and returns once it is safe; `tell` hears of each step that starts and,
    with its record, that is kept. Before a step starts it lets others go first with `give_way`. Nothing but
    cancellation escapes `result`.
    """

    def __init__(
        self,
        run_id: str,
        member: str,
        author: Author | None,
        view: View,
        graph: Graph,
        *,
        clock: Clock,
        stage_timeout_s: float,
        keep: Callable[[StageRecord], Awaitable[None]],
        tell: Callable[[Step, StageRecord | None], None],
        give_way: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self._run_id = run_id
        self._member = member
        self._author = author
        self._view = view
        self._graph = graph
        self._clock = clock
        self._stage_timeout_s = stage_timeout_s
        self._keep = keep
        self._tell = tell
        self._give_way = give_way
        self._done = {record.step: record for record in view.done}
        self._lost = NOTHING_SPENT
        self._checks = StageChecks(view)

    @property
    def done(self) -> int:
        """How many steps are kept."""
        return len(self._done)

    async def result(self, timeout_s: float) -> MemberResult:
        """Run to the end, within `timeout_s` seconds."""
        started = self._clock.monotonic()
        try:
            async with asyncio.timeout(timeout_s):
                await self._all_steps()
            return self._ballot(self._latency_ms(started))
        except TimeoutError:
            where = ", ".join(sorted({step.stage for step in self._graph if step not in self._done}))
            reason = f"not done after {round(timeout_s, 1):g} s; still missing: {where}"
            return self._abstain(AbstentionKind.TIMEOUT, reason, started)
        except ModelFailure as failure:
            return self._abstain(_kind(failure), failure.reason, started)
        except NoBasis as lack:
            return self._abstain(AbstentionKind.NO_DATA, str(lack), started)

    async def _all_steps(self) -> None:
        """Run every missing step as soon as what it waits for is done; the first failure ends all."""
        if len(self._graph) == 1:
            # Nothing runs beside the only step: a replay of rules has thousands of such graphs.
            for step in self._graph:
                await self._step(step, [])
            return
        try:
            async with asyncio.TaskGroup() as group:
                tasks: dict[Step, asyncio.Task[None]] = {}
                for step, needs in self._graph.items():
                    waits = [tasks[need] for need in needs]
                    tasks[step] = group.create_task(self._step(step, waits))
        except BaseExceptionGroup as failures:
            raise first_of(failures) from None

    async def _step(self, step: Step, waits: list[asyncio.Task[None]]) -> None:
        # A failed predecessor cancels the whole group, so waiting needs no look at its outcome.
        if waits:
            await asyncio.gather(*waits)
        if step in self._done or self._author is None:
            return
        if self._give_way is not None:
            await self._give_way()
            # Here and not once the answer is there: what is paid for gives way to nobody. A rule, which gives
            # way to nobody either, is not checked.
            self._checks.prepare()
        self._tell(step, None)
        record = await self._write(step, self._author)
        await self._keep(record)
        self._done[step] = record
        self._tell(step, record)

    async def _write(self, step: Step, author: Author) -> StageRecord:
        started_at, began = self._clock.now(), self._clock.monotonic()
        known = tuple(sorted(self._done.values(), key=reading_order))
        with counting() as paid:
            try:
                async with asyncio.timeout(self._stage_timeout_s):
                    draft = await author.write(step, replace(self._view, done=known))
            except TimeoutError:
                self._lost += paid.spend
                reason = f"{step.stage}: no answer within {self._stage_timeout_s:g} s"
                raise ModelTimeout(reason, spent=paid.spend) from None
            except asyncio.CancelledError:
                # The run's deadline, or another stage that failed: an answer may have been paid for already.
                self._lost += paid.spend
                raise
            except ModelFailure as failure:
                self._lost += failure.spent
                failure.reason = f"{step.stage}: {failure.reason}"
                raise
        elapsed_ms = int((self._clock.monotonic() - began) * 1000)
        return StageRecord(
            run_id=self._run_id,
            member=self._member,
            stage=step.stage,
            round=step.round,
            latency_ms=elapsed_ms,
            started_at=started_at,
            completed_at=started_at + timedelta(milliseconds=elapsed_ms),
            **{
                **dict(draft),
                # What later stages quote is what the store keeps, so that their prompts follow from it.
                "output": to_words(draft.output),
                "marks": (*draft.marks, *self._checks.marks(step.stage, draft, known)),
            },
        )

    def _ballot(self, latency_ms: int) -> Ballot:
        final = self._done[Step(Stage.DECISION)]
        decision = Decision.model_validate(final.answer)
        return Ballot(
            member=self._member,
            action=decision.action,
            rating=decision.rating,
            confidence=decision.confidence,
            target_weight=decision.target_weight,
            stop_loss=decision.stop_loss,
            take_profit=decision.take_profit,
            risk_level=decision.risk_level,
            horizon=decision.horizon,
            reasoning=decision.reasoning,
            key_points=tuple(decision.key_points),
            served_by=final.served_by,
            spend=self._spend(),
            latency_ms=latency_ms,
            written_by=authorship(self._done.values()),
            from_cache=sum(record.from_cache for record in self._done.values()),
        )

    def _abstain(self, kind: AbstentionKind, reason: str, started: float) -> Abstention:
        return Abstention(
            member=self._member,
            kind=kind,
            reason=reason,
            spend=self._spend(),
            latency_ms=self._latency_ms(started),
        )

    def _spend(self) -> Spend:
        return sum((record.spend for record in self._done.values()), self._lost)

    def _latency_ms(self, started: float) -> int:
        """Milliseconds of this process's work, or of the stages themselves when that is more (resumed)."""
        worked = int((self._clock.monotonic() - started) * 1000)
        records = self._done.values()
        if not records:
            return worked
        span = max(r.completed_at for r in records) - min(r.started_at for r in records)
        return max(worked, int(span.total_seconds() * 1000))


def authorship(records: Iterable[StageRecord]) -> tuple[Authorship, ...]:
    """Return which model wrote which stages, in reading order; nothing where one wrote them all."""
    wrote: dict[str, dict[str, None]] = {}
    for record in sorted(records, key=reading_order):
        if record.served_by is not None:
            wrote.setdefault(str(record.served_by), {})[record.stage.value] = None
    if len(wrote) < 2:  # noqa: PLR2004 - more than one
        return ()
    return tuple(Authorship(model=model, stages=tuple(stages)) for model, stages in wrote.items())


def first_of(failures: BaseExceptionGroup[BaseException]) -> BaseException:
    """Return the first real cause in a group that a TaskGroup raised."""
    cause: BaseException = failures
    while isinstance(cause, BaseExceptionGroup):
        cause = cause.exceptions[0]
    return cause


def _kind(failure: ModelFailure) -> AbstentionKind:
    return next((kind for error, kind in _KINDS if isinstance(failure, error)), AbstentionKind.FAILED)
