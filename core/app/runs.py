"""Starting, joining, resuming and stopping runs."""

import asyncio
import contextlib
import logging
from collections.abc import Coroutine, Sequence
from datetime import timedelta

from core.app.inflight import Broadcast, Told, over, reason_of_stop
from core.app.people import People
from core.clock import Clock
from core.domain.errors import ConclaveError, EvidenceAltered, NotFound, Refused, StoreError
from core.domain.events import (
    MemberFinished,
    RunEnded,
    RunEvent,
    RunStarted,
    StageFinished,
    VotesCounted,
)
from core.domain.evidence import Evidence
from core.domain.ids import new_id
from core.domain.member import Member, MemberKind
from core.domain.quota import QuotaSpent
from core.domain.run import RunRecord, RunRequest, RunState
from core.domain.vote import count_votes
from core.pipeline.committee import Committee
from core.store.store import Store

LEASE = timedelta(seconds=15)
_RENEW_EVERY_S = 4.0
_MARGIN_S = 3.0
_TAKE_OVER_WITHIN_S = 20.0
_FOLLOW_EVERY_S = 0.5
_VOTES_EVERY_S = 2.0
_FRESH_WHILE_OPEN = timedelta(minutes=10)

log = logging.getLogger(__name__)


class Runs:
    """The runs of this process. A run is leased in the store, so that one process at a time works on it."""

    def __init__(self, committee: Committee, store: Store, clock: Clock, people: People) -> None:
        self._committee = committee
        self._people = people
        self._store = store
        self._clock = clock
        self._owner = new_id(12)
        self.by_key: dict[str, Broadcast] = {}
        self._by_id: dict[str, Broadcast] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, request: RunRequest, members: Sequence[Member]) -> Broadcast:
        """Start a run, or return the one that goes on here for the same request."""
        # Runs on other prices, the sample's say, are other runs.
        key = asked = f"{request.key}|{self._committee.prices_from}"
        if self._people.quotas.applies_to(request):
            # Whoever has no run left must not take those along who have, so each asks the store alone.
            asked = f"{key}|{request.requested_by}|{request.requested_in}"
        if asked not in self.by_key:
            broadcast = self.by_key[asked] = Broadcast()
            task = self._spawn(broadcast, self._begin(broadcast, request, key, members))
            task.add_done_callback(lambda _: self.by_key.pop(asked, None))
        return self.by_key[asked]

    def _spawn(self, broadcast: Broadcast, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        task = broadcast.task = asyncio.create_task(self._carry(broadcast, work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def resume(self, run_id: str) -> Broadcast:
        """Continue an interrupted or cancelled run, or return it if it goes on here.

        One that another process works on is refused to whoever listens, after a while.

        Raises:
            NotFound: there is no such run.
            Refused: it is over.
        """
        record = await self._record(run_id)
        if run_id in self._by_id:
            return self._by_id[run_id]
        if record.is_replay:
            raise Refused(f"Run {run_id} is part of the replay {record.season}; repeat the replay to go on.")
        if record.state not in {RunState.RUNNING, RunState.CANCELLED}:
            raise Refused(f"Run {run_id} is {record.state}; there is nothing to resume.")
        broadcast = self._by_id[run_id] = Broadcast()
        broadcast.run_id = run_id
        self._spawn(broadcast, self._take_up(broadcast, record))
        return broadcast

    async def _take_up(self, broadcast: Broadcast, record: RunRecord) -> None:
        """Continue a run; the lease of a process that was killed is waited for, that of a live one is not."""
        run_id = record.run_id
        if record.state is RunState.CANCELLED:
            taken = await self._store.runs.reopen(run_id, self._owner, self._clock.now() + LEASE)
        else:
            patience = self._clock.monotonic() + _TAKE_OVER_WITHIN_S
            while not (taken := await self._claimed(run_id)) and self._clock.monotonic() < patience:
                await self._clock.sleep(_FOLLOW_EVERY_S)
        if not taken:
            raise Refused(f"Run {run_id} is being worked on by another process; /why shows it when done.")
        await self._continue(broadcast, run_id)

    async def _claimed(self, run_id: str) -> bool:
        """Take a run over that nobody works on, and settle what a process that died has left under way."""
        now = self._clock.now()
        left_since = await self._store.runs.left_since(run_id, now)
        claimed = await self._store.runs.claim(run_id, self._owner, now, now + LEASE)
        if claimed and left_since is not None:
            with contextlib.suppress(StoreError):  # it is booked later; nobody else would go on with the run
                await self._store.budgets.settle_left(run_id, left_since)
        return claimed

    def watch(self, record: RunRecord) -> Broadcast:
        """Return a run; one of another process is followed, and taken over if that dies."""
        if record.state is not RunState.RUNNING:
            return over(record)
        run_id = record.run_id
        if run_id not in self._by_id:
            broadcast = self._by_id[run_id] = Broadcast()
            broadcast.run_id = run_id
            self._spawn(broadcast, self._follow(broadcast, run_id))
        return self._by_id[run_id]

    async def cancel(self, run_id: str) -> bool:
        """Stop a run of this process for good; its finished stages stay."""
        broadcast = self._by_id.get(run_id)
        if broadcast is None or broadcast.task is None:
            return False
        broadcast.cancel()
        await asyncio.wait([broadcast.task])
        return True

    async def stop(self, run_id: str, by: str) -> bool:
        """Stop a run for good, whichever process works on it, as `App.stop` promises it."""
        if not await self._store.runs.wish_stop(run_id, by):
            return False
        broadcast = self._by_id.get(run_id)
        if broadcast is not None and broadcast.task is not None and broadcast.holds_lease:
            broadcast.cancel(by)
            await asyncio.wait([broadcast.task])
        elif await self._claimed(run_id):
            # Nobody works on it; or else whoever does sees the wish when it renews its lease.
            await self._store.runs.end(run_id, RunState.CANCELLED, reason_of_stop(by), self._clock.now())
        return True

    async def close(self) -> None:
        """Interrupt every run; each stays resumable."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    async def _carry(self, broadcast: Broadcast, work: Coroutine[None, None, None]) -> None:
        """Do the work of a run and end its broadcast, however the work ends."""
        failure: BaseException | None = ConclaveError("The run was interrupted.")
        try:
            failure = await self._outcome(broadcast, work)
        finally:
            run_id = broadcast.run_id
            if run_id and self._by_id.get(run_id) is broadcast:
                del self._by_id[run_id]
            broadcast.end(failure)

    async def _outcome(self, broadcast: Broadcast, work: Coroutine[None, None, None]) -> BaseException | None:
        """Do the work, and return why it did not end well, if so; a lease that is held is given back then."""
        failure: ConclaveError | None = None
        again = ""
        try:
            await work
        except asyncio.CancelledError:
            with contextlib.suppress(StoreError):
                return await self._stopped(broadcast)
            failure = ConclaveError("The run was stopped, and the store did not take note of it.")
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
        if failure and broadcast.run_id and broadcast.holds_lease:
            with contextlib.suppress(ConclaveError):
                await self._store.runs.release(broadcast.run_id, self._owner)
        return failure

    async def _stopped(self, broadcast: Broadcast) -> ConclaveError | None:
        """Note a cancelled run as such; an interrupted one stays running in the store, free to be claimed."""
        run_id = broadcast.run_id
        if run_id is None:
            return Refused("The run was stopped before it began.")
        if not broadcast.cancelled or not broadcast.holds_lease:
            if broadcast.holds_lease:
                await self._store.runs.release(run_id, self._owner)
            return ConclaveError(f"The run was interrupted; continue it with --resume {run_id}.")
        reason = reason_of_stop(broadcast.stopped_by)
        await self._store.runs.end(run_id, RunState.CANCELLED, reason, self._clock.now())
        broadcast.tell(RunEnded(record=await self._record(run_id)))
        return None

    async def _begin(
        self, broadcast: Broadcast, request: RunRequest, key: str, members: Sequence[Member]
    ) -> None:
        """Carry a new run, or note that a quota refused it."""
        try:
            await self._new(broadcast, request, key, members)
        except QuotaSpent as spent:
            by, chat = request.requested_by, request.requested_in
            await self._people.deeds.note(by, chat, None, f"/run {request.ticker}", "refused", str(spent))
            raise

    async def _new(
        self, broadcast: Broadcast, request: RunRequest, key: str, members: Sequence[Member]
    ) -> None:
        allowance = await self._people.quotas.allowance(request)
        if allowance is not None:
            # Before prices are asked for; `begin` looks once more, when it counts.
            await self._store.runs.check_room(key, allowance)
        record, evidence = await self._committee.convene(request, members)
        while True:
            until = self._clock.now() + LEASE
            other = await self._store.runs.begin(record, key, self._owner, until, allowance)
            run_id = broadcast.run_id = other or record.run_id
            if other in self._by_id:
                return await self._forward(broadcast, self._by_id[other])
            self._by_id[run_id] = broadcast
            if other is None:
                broadcast.holds_lease = True
                return await self._deliberate(broadcast, record, evidence, resumed=False)
            if not await self._claimed(other):
                return await self._follow(broadcast, other)
            if record.once or await self._is_current(other, record, evidence):
                return await self._continue(broadcast, other)
            # Nobody works on it any more, and its evidence or members are no longer what is asked for.
            self._by_id.pop(other)
            await self._give_up(other, "its process died, and a newer run took its place")

    async def _forward(self, broadcast: Broadcast, worker: Broadcast) -> None:
        """Tell what another broadcast of this process tells of the same run."""
        async for event in worker.events():
            broadcast.tell(event)

    async def _is_current(self, run_id: str, wanted: RunRecord, evidence: Evidence) -> bool:
        """Say whether a run that was left alone would still give what is asked for now."""
        left = await self._record(run_id)
        try:
            pack = await self._store.runs.evidence(left.evidence_sha256)
        except (NotFound, EvidenceAltered):
            return False
        same_members = [s.member for s in left.seats] == [s.member for s in wanted.seats]
        same_session = (pack.quote.session, pack.source) == (evidence.quote.session, evidence.source)
        moving = pack.quote.session_open or evidence.quote.session_open
        fresh = not moving or evidence.as_of - pack.as_of < _FRESH_WHILE_OPEN
        return same_members and same_session and fresh and left.config_hash == wanted.config_hash

    async def _give_up(self, run_id: str, reason: str) -> None:
        await self._store.runs.end(run_id, RunState.FAILED, reason, self._clock.now())

    async def _continue(self, broadcast: Broadcast, run_id: str) -> None:
        """Carry a stored run, which this process has leased, to its end."""
        broadcast.run_id, broadcast.holds_lease = run_id, True
        record = await self._record(run_id)
        if by := await self._store.runs.stop_wished(run_id):
            # Whoever worked on it before did not come to see this.
            await self._store.runs.end(run_id, RunState.CANCELLED, reason_of_stop(by), self._clock.now())
            broadcast.tell(RunStarted(record=record))
            broadcast.tell(RunEnded(record=await self._record(run_id)))
            return
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
        run_id, told = record.run_id, Told()
        broadcast.tell(RunStarted(record=record, resumed=resumed))
        if resumed:
            # What was done before belongs to the story: who listens counts on from there.
            for event in await self._progress(record, told):
                broadcast.tell(event)
        votes = asyncio.create_task(self._tell_votes(broadcast, record, told))
        work = asyncio.create_task(self._committee.deliberate(record, evidence, broadcast.tell))
        lease = asyncio.create_task(self._keep_lease(broadcast, run_id))
        try:
            await asyncio.wait([work, lease], return_when=asyncio.FIRST_COMPLETED)
            ended = work.result() if work.done() else None
        finally:
            for task in (work, lease, votes):
                task.cancel()
            await asyncio.gather(work, lease, votes, return_exceptions=True)
        if ended is None:
            broadcast.holds_lease = False
            log.warning("run %s was taken over by another process; following it", run_id)
            await self._follow(broadcast, run_id)
        else:
            broadcast.tell(RunEnded(record=ended))

    async def _tell_votes(self, broadcast: Broadcast, record: RunRecord, told: Told) -> None:
        """Tell now and then how the votes stand, whichever process took them, until cancelled."""
        while record.follower(MemberKind.CROWD):
            await self._clock.sleep(_VOTES_EVERY_S)
            try:
                news = await self._votes(record, told)
            except StoreError as error:
                log.warning("the votes of run %s could not be read, trying again: %s", record.run_id, error)
                continue
            for event in news:
                broadcast.tell(event)

    async def _keep_lease(self, broadcast: Broadcast, run_id: str) -> None:
        """Renew the lease until it is lost; a store that is out of reach for a moment does not lose it.

        It counts as lost a while before others may take it, so that two never work at the same time. Who
        wants the run stopped, in whatever process, is heard here.
        """
        sure_s = LEASE.total_seconds() - _MARGIN_S
        lost_at = self._clock.monotonic() + sure_s
        while (left := lost_at - self._clock.monotonic()) > 0:
            await self._clock.sleep(min(_RENEW_EVERY_S, left))
            asked = self._clock.monotonic()
            try:
                async with asyncio.timeout(max(0.0, lost_at - asked)):
                    if not await self._store.runs.renew(run_id, self._owner, self._clock.now() + LEASE):
                        return
                    if by := await self._store.runs.stop_wished(run_id):
                        broadcast.cancel(by)
            except (StoreError, TimeoutError) as error:
                log.warning("the lease of run %s was not renewed, trying again: %s", run_id, error)
            else:
                lost_at = asked + sure_s

    async def _follow(self, broadcast: Broadcast, run_id: str) -> None:
        """Tell what another process does with a run, and take over if that process dies."""
        record = await self._record(run_id)
        broadcast.tell(RunStarted(record=record))
        told = Told()
        while True:
            for event in await self._progress(record, told):
                broadcast.tell(event)
            if record.state is not RunState.RUNNING:
                break
            if await self._claimed(run_id):
                await self._continue(broadcast, run_id)
                return
            await self._clock.sleep(_FOLLOW_EVERY_S)
            record = await self._record(run_id)
        broadcast.tell(RunEnded(record=record))

    async def _progress(self, record: RunRecord, told: Told) -> list[RunEvent]:
        """Return what the store has of a run that was not told yet."""
        news: list[RunEvent] = list(await self._votes(record, told))
        counts: dict[str, int] = {}
        for stage in await self._store.stages.of_run(record.run_id):
            counts[stage.member] = counts.get(stage.member, 0) + 1
            step = (stage.member, stage.stage, stage.round)
            if step not in told.steps:
                told.steps.add(step)
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
        for seat in record.voters:
            if seat.result and seat.member not in told.results:
                told.results.add(seat.member)
                news.append(MemberFinished(run_id=record.run_id, result=seat.result))
        return news

    async def _votes(self, record: RunRecord, told: Told) -> list[VotesCounted]:
        """Return how the votes of a run stand, unless that was told already."""
        if record.follower(MemberKind.CROWD) is None:
            return []
        counts = count_votes(await self._store.votes.of_run(record.run_id))
        if counts == told.votes:
            return []
        told.votes = counts
        return [VotesCounted(run_id=record.run_id, counts=counts)]

    async def _record(self, run_id: str) -> RunRecord:
        record = await self._store.runs.record(run_id)
        if record is None:
            raise NotFound(f"There is no run {run_id}.")
        return record
