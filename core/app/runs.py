"""Starting, joining, resuming and stopping runs."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Coroutine, Sequence
from datetime import timedelta

from core.app.inflight import Broadcast
from core.clock import Clock
from core.domain.errors import ConclaveError, EvidenceAltered, NotFound, Refused, StoreError
from core.domain.events import MemberFinished, RunEnded, RunEvent, RunStarted, StageFinished
from core.domain.evidence import Evidence
from core.domain.ids import new_id
from core.domain.member import Member
from core.domain.run import RunRecord, RunRequest, RunState
from core.pipeline.committee import Committee
from core.store.store import Store

LEASE = timedelta(seconds=15)
_RENEW_EVERY_S = 5.0
_TAKE_OVER_WITHIN_S = 20.0
_FOLLOW_EVERY_S = 0.5

log = logging.getLogger(__name__)


class Runs:
    """The runs of this process. A run is leased in the store, so that one process at a time works on it."""

    def __init__(self, committee: Committee, store: Store, clock: Clock) -> None:
        self._committee = committee
        self._store = store
        self._clock = clock
        self._owner = new_id(12)
        self._by_key: dict[str, Broadcast] = {}
        self._by_id: dict[str, Broadcast] = {}

    def start(self, request: RunRequest, members: Sequence[Member]) -> Broadcast:
        """Start a run, or return the one that goes on here for the same request."""
        key = request.key
        if key not in self._by_key:
            broadcast = self._by_key[key] = Broadcast()
            work = self._carry(broadcast, self._new(broadcast, request, members))
            broadcast.task = asyncio.create_task(work, name=f"run {key}")
            broadcast.task.add_done_callback(lambda _: self._by_key.pop(key, None))
        return self._by_key[key]

    async def resume(self, run_id: str) -> Broadcast:
        """Continue an interrupted or cancelled run, or return it if it goes on here.

        Raises:
            NotFound: there is no such run.
            Refused: it is over, or another process works on it.
        """
        if run_id in self._by_id:
            return self._by_id[run_id]
        record = await self._record(run_id)
        if record.state not in {RunState.RUNNING, RunState.CANCELLED}:
            raise Refused(f"Run {run_id} is {record.state}; there is nothing to resume.")
        if not await self._taken(record):
            raise Refused(f"Run {run_id} is being worked on by another process; /why shows it when done.")
        broadcast = self._by_id[run_id] = Broadcast()
        work = self._carry(broadcast, self._continue(broadcast, run_id))
        broadcast.task = asyncio.create_task(work, name=f"resume {run_id}")
        return broadcast

    async def _taken(self, record: RunRecord) -> bool:
        """Take a run up; the lease of a process that was killed is waited for, that of a live one is not."""
        if record.state is RunState.CANCELLED:
            until = self._clock.now() + LEASE
            return await self._store.runs.reopen(record.run_id, self._owner, until)
        patience = self._clock.monotonic() + _TAKE_OVER_WITHIN_S
        while not await self._claimed(record.run_id):
            if self._clock.monotonic() > patience:
                return False
            await self._clock.sleep(_FOLLOW_EVERY_S)
        return True

    async def _claimed(self, run_id: str) -> bool:
        now = self._clock.now()
        return await self._store.runs.claim(run_id, self._owner, now, now + LEASE)

    def watch(self, record: RunRecord) -> Broadcast:
        """Return a run that is not over; one of another process is followed, and taken over if that dies."""
        run_id = record.run_id
        if run_id not in self._by_id:
            broadcast = self._by_id[run_id] = Broadcast()
            broadcast.run_id = run_id
            work = self._carry(broadcast, self._follow(broadcast, run_id))
            broadcast.task = asyncio.create_task(work, name=f"watch {run_id}")
        return self._by_id[run_id]

    async def cancel(self, run_id: str) -> bool:
        """Stop a run of this process for good; its finished stages stay."""
        broadcast = self._by_id.get(run_id)
        if broadcast is None or broadcast.task is None:
            return False
        broadcast.cancelled = True
        broadcast.task.cancel()
        await asyncio.wait([broadcast.task])
        return True

    async def close(self) -> None:
        """Interrupt every run; each stays resumable."""
        tasks = [b.task for b in {*self._by_key.values(), *self._by_id.values()} if b.task]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    async def _carry(self, broadcast: Broadcast, work: Coroutine[None, None, None]) -> None:
        """Do the work of a run and end its broadcast, however the work ends."""
        failure: BaseException | None = None
        try:
            await work
        except asyncio.CancelledError:
            failure = await self._stopped(broadcast)
        except StoreError as error:
            again = f" Continue the run with --resume {broadcast.run_id}." if broadcast.run_id else ""
            failure = StoreError(f"{error}{again}")
        except ConclaveError as error:
            failure = error
        except Exception:
            reference = new_id(6)
            log.exception("run %s failed inside, reference %s", broadcast.run_id, reference)
            again = f" Continue it with --resume {broadcast.run_id}." if broadcast.run_id else ""
            failure = ConclaveError(f"The run stopped on an internal error (reference {reference}).{again}")
        finally:
            if broadcast.run_id:
                self._by_id.pop(broadcast.run_id, None)
        if failure and broadcast.run_id:
            with contextlib.suppress(ConclaveError):
                await self._store.runs.release(broadcast.run_id, self._owner)
        broadcast.end(failure)

    async def _stopped(self, broadcast: Broadcast) -> ConclaveError | None:
        """Note a cancelled run as such; an interrupted one stays running in the store, free to be claimed."""
        run_id = broadcast.run_id
        if run_id is None:
            return Refused("The run was stopped before it began.")
        if not broadcast.cancelled:
            return ConclaveError(f"The run was interrupted; continue it with --resume {run_id}.")
        await self._store.runs.end(run_id, RunState.CANCELLED, "stopped on request", self._clock.now())
        broadcast.tell(RunEnded(record=await self._record(run_id)))
        return None

    async def _new(self, broadcast: Broadcast, request: RunRequest, members: Sequence[Member]) -> None:
        record, evidence = await self._committee.convene(request, members)
        while True:
            until = self._clock.now() + LEASE
            other = await self._store.runs.begin(record, request.key, self._owner, until)
            run_id = broadcast.run_id = other or record.run_id
            self._by_id[run_id] = broadcast
            if other is None:
                return await self._deliberate(broadcast, record, evidence, resumed=False)
            if not await self._claimed(other):
                return await self._follow(broadcast, other)
            if await self._is_current(other, record, evidence):
                return await self._continue(broadcast, other)
            # Nobody works on it any more, and its evidence or members are no longer what is asked for.
            self._by_id.pop(other)
            await self._give_up(other, "its process died, and a newer run took its place")

    async def _is_current(self, run_id: str, wanted: RunRecord, evidence: Evidence) -> bool:
        """Say whether a run that was left alone would still give what is asked for now."""
        left = await self._record(run_id)
        try:
            pack = await self._store.runs.evidence(left.evidence_sha256)
        except (NotFound, EvidenceAltered):
            return False
        same_members = [s.member for s in left.seats] == [s.member for s in wanted.seats]
        same_session = (pack.quote.session, pack.source) == (evidence.quote.session, evidence.source)
        return same_members and same_session and left.config_hash == wanted.config_hash

    async def _give_up(self, run_id: str, reason: str) -> None:
        await self._store.runs.end(run_id, RunState.FAILED, reason, self._clock.now())

    async def _continue(self, broadcast: Broadcast, run_id: str) -> None:
        """Carry a stored run, which this process has leased, to its end."""
        broadcast.run_id = run_id
        record = await self._record(run_id)
        try:
            evidence = await self._store.runs.evidence(record.evidence_sha256)
        except (NotFound, EvidenceAltered) as error:
            await self._give_up(run_id, str(error))
            raise Refused(f"Run {run_id} cannot be continued: {error}") from None
        await self._deliberate(broadcast, record, evidence, resumed=True)

    async def _deliberate(
        self, broadcast: Broadcast, record: RunRecord, evidence: Evidence, *, resumed: bool
    ) -> None:
        """Let the committee work while the lease is kept."""
        run_id = record.run_id
        broadcast.tell(RunStarted(record=record, resumed=resumed))
        if resumed:
            # What was done before belongs to the story: who listens counts on from there.
            for event in await self._progress(record, set(), set()):
                broadcast.tell(event)
        work = asyncio.create_task(self._committee.deliberate(record, evidence, broadcast.tell))
        lease = asyncio.create_task(self._keep_lease(run_id))
        try:
            await asyncio.wait([work, lease], return_when=asyncio.FIRST_COMPLETED)
            ended = work.result() if work.done() else None
        finally:
            for task in (work, lease):
                task.cancel()
            await asyncio.gather(work, lease, return_exceptions=True)
        if ended is None:
            log.warning("run %s was taken over by another process; following it", run_id)
            await self._follow(broadcast, run_id)
        else:
            broadcast.tell(RunEnded(record=ended))

    async def _keep_lease(self, run_id: str) -> None:
        """Renew the lease until it is lost; a store that is out of reach for a moment does not lose it."""
        lost_at = self._clock.monotonic() + LEASE.total_seconds()
        while self._clock.monotonic() < lost_at:
            await self._clock.sleep(_RENEW_EVERY_S)
            try:
                if not await self._store.runs.renew(run_id, self._owner, self._clock.now() + LEASE):
                    return
            except StoreError as error:
                log.warning("the lease of run %s was not renewed, trying again: %s", run_id, error)
            else:
                lost_at = self._clock.monotonic() + LEASE.total_seconds()

    async def _follow(self, broadcast: Broadcast, run_id: str) -> None:
        """Tell what another process does with a run, and take over if that process dies."""
        record = await self._record(run_id)
        broadcast.tell(RunStarted(record=record))
        told_steps: set[tuple[str, str, int]] = set()
        told_results: set[str] = set()
        while True:
            for event in await self._progress(record, told_steps, told_results):
                broadcast.tell(event)
            if record.state is not RunState.RUNNING:
                break
            if await self._claimed(run_id):
                await self._continue(broadcast, run_id)
                return
            await self._clock.sleep(_FOLLOW_EVERY_S)
            record = await self._record(run_id)
        broadcast.tell(RunEnded(record=record))

    async def _progress(
        self, record: RunRecord, told_steps: set[tuple[str, str, int]], told_results: set[str]
    ) -> list[RunEvent]:
        """Return what the store has of a run that was not told yet."""
        news: list[RunEvent] = []
        counts: dict[str, int] = {}
        for stage in await self._store.stages.of_run(record.run_id):
            counts[stage.member] = counts.get(stage.member, 0) + 1
            step = (stage.member, stage.stage, stage.round)
            if step not in told_steps:
                told_steps.add(step)
                news.append(
                    StageFinished(
                        run_id=record.run_id,
                        member=stage.member,
                        stage=stage.stage,
                        round=stage.round,
                        done=counts[stage.member],
                        total=self._committee.steps_of(record),
                    )
                )
        for seat in record.seats:
            if seat.result and seat.member not in told_results:
                told_results.add(seat.member)
                news.append(MemberFinished(run_id=record.run_id, result=seat.result))
        return news

    async def _record(self, run_id: str) -> RunRecord:
        record = await self._store.runs.record(run_id)
        if record is None:
            raise NotFound(f"There is no run {run_id}.")
        return record


async def ended(record: RunRecord) -> AsyncIterator[RunEvent]:
    """Tell the events of a run that is over."""
    yield RunStarted(record=record)
    yield RunEnded(record=record)
