"""Hearing one member of a run: its author, its way to a ballot or an abstention, and the keeping of both."""

import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from pathlib import Path

from core.clock import Clock
from core.config import Settings
from core.config.cache import Cache
from core.config.members import MemberSettings
from core.domain.ballot import Abstention, AbstentionKind, MemberResult
from core.domain.calls import Caller, Purpose
from core.domain.errors import BudgetSpent, StoreError
from core.domain.events import MemberFinished, RunEvent, StageFinished, StageStarted
from core.domain.evidence import Evidence
from core.domain.ids import new_id
from core.domain.member import MemberKind
from core.domain.run import RunRecord, Seat
from core.domain.stage import ModelChat, Stage, StageRecord, Step
from core.domain.usage import NOTHING_SPENT
from core.llm.families import family_of
from core.llm.gateway import Gateway
from core.pipeline.archive import Archive
from core.pipeline.author import Author, View
from core.pipeline.baselines import RULES
from core.pipeline.baselines.author import BaselineAuthor
from core.pipeline.facts import Facts
from core.pipeline.kept_answers import KeepingAuthor
from core.pipeline.llm_author import LlmAuthor
from core.pipeline.member_run import MemberRun, reading_order
from core.pipeline.presets import steps
from core.pipeline.prompt_terms import terms_of
from core.store.store import Store

Tell = Callable[[RunEvent], None]

_NOW = timedelta(minutes=1)
_WAITS_S = (0.2, 0.5, 1.0, 2.0)

log = logging.getLogger(__name__)


def nobody(event: RunEvent) -> None:
    """Tell nobody: a replay reports by session."""


class Hearings:
    """Hears members, each for itself: whatever fails in one is that member's abstention alone."""

    def __init__(self, settings: Settings, store: Store, gateway: Gateway, clock: Clock) -> None:
        self._settings = settings
        self._store = store
        self._gateway = gateway
        self._clock = clock
        self._archive = Archive(Path(settings.archive.dir))
        self._members = {member.name: member for member in settings.members}

    async def hear(
        self,
        record: RunRecord,
        seat: Seat,
        evidence: Evidence,
        facts: Facts,
        done: Sequence[StageRecord],
        deadline: float,
        tell: Tell,
    ) -> None:
        """Bring a member to its result and keep it; `done` are its stages from before an interruption.

        `deadline` is in seconds of the clock's monotonic time.
        """
        stages = list(done)

        async def keep(stage: StageRecord) -> None:
            await self._stored(lambda: self._store.stages.add(stage))
            stages.append(stage)

        result = await self._result(record, seat, evidence, facts, stages, deadline, tell, keep)
        if record.is_replay and isinstance(result, Abstention) and result.kind is AbstentionKind.BUDGET:
            # An abstention for want of money would be a false result; a replay can wait for more.
            # In which stage of which member the money ran out says nothing to a person.
            told = result.reason.rpartition(": ")[2]
            raise BudgetSpent(f"{told[:1].upper()}{told[1:]}.")
        await self._stored(lambda: self._store.runs.add_result(record.run_id, result))
        tell(MemberFinished(run_id=record.run_id, result=result))
        await self.file(record, seat.member, stages, result)

    async def by_rule(
        self, record: RunRecord, seat: Seat, evidence: Evidence, facts: Facts
    ) -> tuple[list[StageRecord], MemberResult] | None:
        """Return what a member without a model makes of a run, storing nothing; None for any other."""
        member = self._members.get(seat.member)
        if member is None or member.kind is not MemberKind.BASELINE:
            return None
        stages: list[StageRecord] = []

        async def keep(stage: StageRecord) -> None:
            stages.append(stage)

        limit = self._clock.monotonic() + self._settings.pipeline.run_timeout_s
        result = await self._result(record, seat, evidence, facts, stages, limit, nobody, keep)
        return stages, result

    async def _stored(self, write: Callable[[], Awaitable[bool]]) -> bool:
        """Write to the store, again after a while if it is out of reach for a moment.

        Raises:
            StoreError: it stayed so; the run stops there, and can be resumed.
        """
        for wait_s in _WAITS_S:
            try:
                return await write()
            except StoreError as error:
                log.warning("the store did not take a write, asking again in %g s: %s", wait_s, error)
                await self._clock.sleep(wait_s)
        return await write()

    async def _result(
        self,
        record: RunRecord,
        seat: Seat,
        evidence: Evidence,
        facts: Facts,
        stages: list[StageRecord],
        deadline: float,
        tell: Tell,
        keep: Callable[[StageRecord], Awaitable[None]],
    ) -> MemberResult:
        """Run the member's missing steps; `keep` adds every stage to `stages` once it is safe.

        Raises:
            StoreError: a stage could not be kept; anything else that fails is the member's abstention.
        """
        try:
            return await self._made(record, seat, evidence, facts, stages, deadline, tell, keep)
        except StoreError:
            raise
        except Exception:
            reference = new_id(6)
            log.exception("run %s: %s failed inside, reference %s", record.run_id, seat.member, reference)
            return Abstention(
                member=seat.member,
                kind=AbstentionKind.FAILED,
                reason=f"an internal error; the log has it under {reference}",
                spend=sum((stage.spend for stage in stages), NOTHING_SPENT),
            )

    async def _made(
        self,
        record: RunRecord,
        seat: Seat,
        evidence: Evidence,
        facts: Facts,
        stages: list[StageRecord],
        deadline: float,
        tell: Tell,
        keep: Callable[[StageRecord], Awaitable[None]],
    ) -> MemberResult:
        spent = sum((stage.spend for stage in stages), NOTHING_SPENT)
        author = self._author(record, seat.member, spent.calls)
        terms = terms_of(record, self._settings)
        graph = steps(record.preset, terms.debate_rounds)
        decision = Step(Stage.DECISION)
        if decision in {stage.step for stage in stages}:
            graph = {decision: ()}  # decided before an interruption, whatever the configuration says now
        elif author is None:
            reason = "it is no longer in the configuration"
            return Abstention(member=seat.member, kind=AbstentionKind.FAILED, reason=reason, spend=spent)
        about = {"run_id": record.run_id, "member": seat.member}

        def tell_step(step: Step, kept: StageRecord | None) -> None:
            where = {**about, "stage": step.stage, "round": step.round}
            if kept is None:
                tell(StageStarted.model_validate(where))
            else:
                tell(StageFinished.model_validate({**where, "done": len(stages), "total": len(graph)}))

        run = MemberRun(
            record.run_id,
            seat.member,
            author,
            View(
                evidence=evidence,
                facts=facts,
                briefing=seat.briefing,
                terms=terms.trading,
                done=tuple(stages),
                memory=seat.briefing.memory,
            ),
            graph,
            clock=self._clock,
            stage_timeout_s=self._settings.pipeline.stage_timeout_s,
            keep=keep,
            tell=tell_step,
            # What a rule decides takes no time to speak of, and a replay has thousands of them in a row.
            give_way=self._gateway.courtesy.give_way if isinstance(author, LlmAuthor) else None,
        )
        return await run.result(max(0.0, deadline - self._clock.monotonic()))

    def _author(self, record: RunRecord, name: str, steps_used: int) -> Author | None:
        member = self._members.get(name)
        if member is None:
            return None
        if member.kind is MemberKind.BASELINE:
            return BaselineAuthor(name, RULES[name])
        return self._llm_author(record, member, steps_used)

    def _llm_author(self, record: RunRecord, member: MemberSettings, steps_used: int) -> Author:
        caller = Caller(
            purpose=Purpose.REPLAY if record.is_replay else Purpose.RUN,
            member=member.name,
            tier=member.tier,
            run_id=record.run_id,
            season=record.season,
            chat=record.requested_in,
            person=record.requested_by,
            evidence_sha256=record.evidence_sha256,
        )
        own = member.route_of(Stage.DECISION)[0].partition(":")[2]
        author = LlmAuthor(
            self._gateway.model_for(
                member,
                caller=caller,
                steps_used=steps_used,
                cache_on=record.evidence_sha256 if _may_share(record, self._settings.cache) else None,
            ),
            max_output_tokens=member.max_output_tokens,
            family=family_of(own) if self._settings.arena.strict else None,
        )
        return KeepingAuthor(author, member, self._store, self._clock) if record.is_replay else author

    async def file(
        self, record: RunRecord, member: str, stages: Sequence[StageRecord], result: MemberResult
    ) -> None:
        """Archive a finished ModelChat; a full disk is logged and stops nothing, the store has it all.

        A replay has thousands; they are in the store alone.
        """
        if record.is_replay:
            return
        chat = ModelChat(
            run_id=record.run_id,
            ticker=record.ticker,
            as_of=record.as_of,
            member=member,
            stages=tuple(sorted(stages, key=reading_order)),
            result=result,
        )
        try:
            if not await self._archive.holds(chat):
                await self._archive.write(chat)
        except OSError as error:
            log.warning("run %s: the ModelChat of %s was not archived: %s", record.run_id, member, error)


def _may_share(record: RunRecord, rules: Cache) -> bool:
    """Say whether answers about a run's evidence may be those of another run on the same.

    A repetition is to be another sample, and a replay keeps its own answers for good. Where the present is
    not shared, the pack of a run of now names its own moment, so that nobody else will ever have it.
    """
    alone = record.started_at - record.as_of < _NOW and not rules.shares_the_present
    return not (record.is_replay or record.rerun_of or alone)
