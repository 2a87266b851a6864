"""The use cases of old evidence: ask about it again, and build every prompt of a run from its record."""

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from decimal import Decimal

from core.app.estimates import Estimates
from core.app.runs import Runs
from core.config import Settings
from core.domain.errors import Refused
from core.domain.events import RunEvent
from core.domain.member import Member, MemberKind
from core.domain.rebuilt import RebuiltRun
from core.domain.rerun import Rerun, RerunPlan
from core.domain.run import RunRecord, RunRequest, RunState
from core.domain.stage import Preset
from core.pipeline.rebuilding import rebuild
from core.store.store import Store


class Rerunwork(ABC):
    """A part of `App`."""

    settings: Settings
    _store: Store
    _runs: Runs
    _estimates: Estimates

    @abstractmethod
    async def record(self, reference: str) -> RunRecord:
        """Return the run with this id, or the latest finished run of this ticker."""

    @abstractmethod
    async def run_record(self, run_id: str) -> RunRecord:
        """Return the run with exactly this id."""

    @abstractmethod
    async def members(self) -> tuple[Member, ...]:
        """Return all members of the arena."""

    @abstractmethod
    async def _chosen(self, names: tuple[str, ...]) -> tuple[Member, ...]:
        """Return the members to hear, in their order, and after them those that follow every run."""

    async def rebuilt(self, reference: str) -> RebuiltRun:
        """Build every prompt of a run (`reference` as in `record`) again, and say what is not as it was.

        No model and no vendor is asked.

        Raises:
            BadTicker, NotFound: as `record` says.
            Refused: the run still goes on.
            EvidenceAltered: its evidence was changed since.
        """
        record = await self._over(reference)
        evidence = await self._store.runs.evidence(record.evidence_sha256)
        return await rebuild(record, evidence, await self._store.stages.of_run(record.run_id), self.settings)

    async def rerun_plan(
        self, reference: str, *, members: tuple[str, ...] = (), preset: Preset | None = None
    ) -> RerunPlan:
        """Say whom to ask about the evidence of a run (`reference` as in `record`); nobody is asked yet.

        Without `members` they are those of the run, as far as they still take part; without `preset` it is
        the run's.

        Raises:
            BadTicker, NotFound: as `record` says; there is no such member.
            Refused: the run still goes on, or nobody of it takes part any more.
            EvidenceAltered: its evidence was changed since.
        """
        original = await self._over(reference)
        await self._store.runs.evidence(original.evidence_sha256)
        left_out: tuple[str, ...] = ()
        if members:
            chosen = await self._chosen(members)
        else:
            enabled = {one.name for one in await self.members() if one.enabled}
            names = tuple(seat.member for seat in original.voters)
            left_out = tuple(name for name in names if name not in enabled)
            if len(left_out) == len(names):
                gone = f"Nobody who sat in run {original.run_id} takes part any more"
                raise Refused(f"{gone}; name others with --members.")
            chosen = tuple(one for one in await self.members() if one.name in enabled and one.name in names)
        heard = [one for one in chosen if not one.kind.follows]
        wanted = preset or original.preset
        return RerunPlan(
            original=original,
            request=RunRequest(
                ticker=original.ticker,
                preset=wanted,
                members=tuple(one.name for one in heard),
                rerun_of=original.run_id,
            ),
            left_out=left_out,
            usd=await self._cost_again(wanted, heard),
        )

    async def _cost_again(self, preset: Preset, heard: list[Member]) -> Decimal | None:
        shares = await self._estimates.shares([preset])
        models = [one.name for one in heard if one.kind is MemberKind.LLM]
        costs = [cost for name in models if (cost := shares.get((preset.value, name))) is not None]
        return sum(costs, Decimal(0)) if len(costs) == len(models) else None

    async def rerun(self, plan: RerunPlan) -> AsyncIterator[RunEvent]:
        """Ask again, or join the run in flight that asks the same, and tell its events from the start.

        It has no books, trades nothing and is in no ranking; else it is a run like any other: it counts
        against every budget, and can be resumed.

        Raises:
            EvidenceAltered: the evidence was changed meanwhile.
        """
        chosen = await self._chosen(plan.request.members)
        async for event in self._runs.start(plan.request, chosen).events():
            yield event

    async def rerun_of(self, record: RunRecord) -> Rerun:
        """Return a run that asks again beside the run that it repeats.

        Raises:
            Refused: it repeats none.
            NotFound: that run is not there any more.
        """
        if record.rerun_of is None:
            raise Refused(f"Run {record.run_id} repeats no other run.")
        return Rerun(original=await self.run_record(record.rerun_of), again=record)

    async def _over(self, reference: str) -> RunRecord:
        record = await self.record(reference)
        if record.state is RunState.RUNNING:
            raise Refused(f"Run {record.run_id} still goes on; ask again when it has ended.")
        return record
