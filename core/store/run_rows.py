"""Runs: their evidence, who works on them, and what became of them."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from hashlib import sha256 as sha256_of
from typing import Any

from sqlalchemy import bindparam, func, insert, or_, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql import ColumnElement

from core.domain.ballot import MemberResult
from core.domain.errors import EvidenceAltered, NotFound, StoreError
from core.domain.evidence import Evidence
from core.domain.quota import Allowance, Used
from core.domain.run import RunRecord, RunState
from core.domain.season import Season
from core.domain.stage import StageRecord
from core.store.costs import for_sums, total_cost
from core.store.database import Database
from core.store.inserting import add_new, insert_new
from core.store.quota_rows import check_allowance, used
from core.store.reflection_rows import reflection_costs
from core.store.run_record import NOT_REPLAYED, OF_THE_ARENA, latest_run_id, read_record
from core.store.season_rows import check_held
from core.store.stage_rows import stage_row
from core.store.tables import cards, evidence, runs, seats, stages

_BEGIN_ATTEMPTS = 5
_RUNNING = runs.c.state == RunState.RUNNING


class Runs:
    """All runs of the arena.

    A process that works on a run holds a lease on it: `owner` names the process, and once `lease_until`
    has passed without being renewed, the run counts as interrupted and another may claim it.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def save_evidence(self, pack: Evidence) -> None:
        """Keep a pack of evidence; the same pack a second time changes nothing."""
        async with self._database.write() as connection:
            await add_new(connection, evidence, _evidence_row(pack))

    async def evidence(self, sha256: str) -> Evidence:
        """Return the pack with this hash.

        Raises:
            NotFound: there is none.
            StoreError: what is stored no longer has that hash.
        """
        query = select(evidence.c.canonical).where(evidence.c.sha256 == sha256)
        async with self._database.read() as connection:
            canonical = (await connection.execute(query)).scalar()
        if canonical is None:
            raise NotFound(f"There is no evidence with the hash {sha256}.")
        if sha256_of(canonical.encode()).hexdigest() != sha256:
            raise EvidenceAltered(f"The evidence {sha256} was changed after it was stored; do not trust it.")
        return Evidence.model_validate_json(canonical)

    async def begin(
        self,
        record: RunRecord,
        key: str,
        owner: str,
        lease_until: datetime,
        allowance: Allowance | None = None,
    ) -> str | None:
        """Store a run that starts, with its seats and what each was told about its books.

        Returns None when it is stored, or else the id of the run that it is the same as, and then nothing is
        stored: the one in flight with the same key, or the one with the same `once`, in whatever state.
        One that is stored fits into its `allowance`, however many processes start runs at the same time.

        Raises:
            QuotaSpent: it does not fit into its allowance.
            StoreError: its evidence or one of its members is not stored, or its id is taken.
        """
        row = _run_row(record) | {"key": key, "owner": owner, "lease_until": lease_until}
        # A run that is made once may clash with two others; else any clash but that of the key is an error.
        target = (["key"], text("state = 'running'")) if record.once is None else (None, None)
        for _ in range(_BEGIN_ATTEMPTS):
            async with self._database.write() as connection:
                if allowance is not None:
                    if there := await _same_run(connection, record.once, key):
                        return there
                    await check_allowance(connection, allowance)
                statement = insert_new(connection, runs, *target).values(row)
                if (await connection.execute(statement)).rowcount == 1:
                    await connection.execute(insert(seats), _seat_rows(record))
                    return None
                if there := await _same_run(connection, record.once, key):
                    return there
            # The other run ended between the two statements: its key is free now.
        raise StoreError(f"The run {record.run_id} could not begin; try again.")

    async def check_room(self, key: str, allowance: Allowance) -> None:
        """Let pass what joins a run in flight, or still fits into its allowance; `begin` looks again.

        Raises:
            QuotaSpent: it does not fit.
        """
        async with self._database.read() as connection:
            if await _same_run(connection, None, key) is None:
                allowance.check(*await used(connection, allowance))

    async def used_of(self, allowance: Allowance) -> tuple[Used, Used]:
        """Return what a person and a chat have used of their quotas; what has no limit is not counted."""
        async with self._database.read() as connection:
            return await used(connection, allowance)

    async def begin_all(
        self,
        begun: Sequence[tuple[RunRecord, Evidence, str]],
        written: Sequence[StageRecord],
        owner: str,
        lease_until: datetime,
    ) -> None:
        """Store several runs of a season that `owner` holds, with evidence and keys, in one transaction.

        So are the stages that are `written` already, and the results that the seats have.

        Raises:
            Refused: another process has taken the season.
            StoreError: a run with one of the keys is in flight, or one of the members is not stored.
        """
        if not begun:
            return
        lease = {"owner": owner, "lease_until": lease_until}
        async with self._database.write() as connection:
            await check_held(connection, begun[0][0].season, owner)
            packs = [_evidence_row(pack) for _, pack, _ in begun]
            await connection.execute(insert_new(connection, evidence), packs)
            rows = [_run_row(record) | {"key": key} | lease for record, _, key in begun]
            await connection.execute(insert(runs), rows)
            await connection.execute(insert(seats), [row for one, *_ in begun for row in _seat_rows(one)])
            if written:
                await connection.execute(insert(stages), [stage_row(each) for each in written])

    async def keep_heard(
        self, written: Sequence[StageRecord], results: Sequence[tuple[str, MemberResult]]
    ) -> None:
        """Store stages and results (each with its run) that came about at once; what is there stays."""
        if not written and not results:
            return
        async with self._database.write() as connection:
            if written:
                await connection.execute(
                    insert_new(connection, stages), [stage_row(each) for each in written]
                )
            if results:
                place = (seats.c.run_id == bindparam("of_run"), seats.c.member == bindparam("of_member"))
                change = update(seats).where(*place, seats.c.result.is_(None))
                values: dict[str, Any] = {
                    "result": bindparam("new_result"),
                    "cost_usd": bindparam("new_cost"),
                }
                rows = [
                    {
                        "of_run": run_id,
                        "of_member": result.member,
                        "new_result": result,
                        "new_cost": for_sums(result.spend.cost_usd),
                    }
                    for run_id, result in results
                ]
                await connection.execute(change.values(values), rows)

    async def left_since(self, run_id: str, now: datetime) -> datetime | None:
        """Return when the lease ran out of a run whose process has died; None where none did.

        A process that is alive holds its lease, or has given it back, and works no more when it runs out.
        """
        over = (runs.c.run_id == run_id, runs.c.state == RunState.RUNNING, runs.c.lease_until <= now)
        async with self._database.read() as connection:
            return (await connection.execute(select(runs.c.lease_until).where(*over))).scalar()

    async def claim(self, run_id: str, owner: str, now: datetime, lease_until: datetime) -> bool:
        """Take over an interrupted run; True for exactly one of several that try at once."""
        free = or_(runs.c.lease_until.is_(None), runs.c.lease_until <= now)
        return await self._change(run_id, _RUNNING, free, owner=owner, lease_until=lease_until)

    async def reopen(self, run_id: str, owner: str, lease_until: datetime) -> bool:
        """Take up a cancelled run again; False when it is not cancelled, or the same request runs already."""
        own_key = select(runs.c.key).where(runs.c.run_id == run_id).scalar_subquery()
        twin = runs.alias()
        free = ~select(twin.c.run_id).where(twin.c.state == RunState.RUNNING, twin.c.key == own_key).exists()
        change = update(runs).where(runs.c.run_id == run_id, runs.c.state == RunState.CANCELLED, free)
        values = {"state": RunState.RUNNING, "reason": None, "finished_at": None, "stop_by": None}
        lease = {"owner": owner, "lease_until": lease_until}
        async with self._database.write() as connection:
            return (await connection.execute(change.values(values | lease))).rowcount == 1

    async def renew(self, run_id: str, owner: str, lease_until: datetime) -> bool:
        """Keep the lease for longer; False when it was lost or the run is over."""
        return await self._change(run_id, _RUNNING, runs.c.owner == owner, lease_until=lease_until)

    async def release(self, run_id: str, owner: str) -> None:
        """Let the lease end at once, so that the next process may go on with the run."""
        await self._change(run_id, _RUNNING, runs.c.owner == owner, owner=None, lease_until=None)

    async def wish_stop(self, run_id: str, by: str) -> bool:
        """Note who wants a run stopped, for the process that works on it; False when it is over.

        The first wish stays. A run of a replay is never stopped so.
        """
        wished = func.coalesce(runs.c.stop_by, by)
        return await self._change(run_id, _RUNNING, NOT_REPLAYED, stop_by=wished)

    async def stop_wished(self, run_id: str) -> str | None:
        """Return who wants a run stopped, or None."""
        query = select(runs.c.stop_by).where(runs.c.run_id == run_id)
        async with self._database.read() as connection:
            by: str | None = (await connection.execute(query)).scalar()
            return by

    async def going_on(
        self, ticker: str | None = None, place: tuple[str, str] | None = None
    ) -> tuple[str, ...]:
        """Return the runs that are not over, oldest first; of one ticker, or shown in one place alone.

        `place` is a platform and a chat. Replays do not count.
        """
        conditions = [_RUNNING, NOT_REPLAYED]
        if ticker is not None:
            conditions.append(runs.c.ticker == ticker)
        if place is not None:
            platform, chat = place
            shown = select(cards.c.run_id).where(cards.c.platform == platform, cards.c.chat == chat)
            here = or_(runs.c.requested_in == f"{platform}:{chat}", runs.c.run_id.in_(shown))
            conditions.append(here)
        return await self._ids(*conditions)

    async def interrupted(self, now: datetime) -> tuple[str, ...]:
        """Return the runs that nobody works on although they are not over, oldest first; none of a replay."""
        free = or_(runs.c.lease_until.is_(None), runs.c.lease_until <= now)
        return await self._ids(_RUNNING, free, NOT_REPLAYED)

    async def running(self) -> tuple[str, ...]:
        """Return all runs that are not over, oldest first."""
        return await self._ids(_RUNNING)

    async def running_of(self, ticker: str) -> str | None:
        """Return the newest run of this ticker that is not over, or None; the arena's own runs alone."""
        return next(reversed(await self._ids(_RUNNING, runs.c.ticker == ticker, *OF_THE_ARENA)), None)

    async def run_of_once(self, once: str) -> str | None:
        """Return the run that was made for this occasion, in whatever state, or None."""
        async with self._database.read() as connection:
            return await _run_of_once(connection, once)

    async def key_of(self, run_id: str) -> str | None:
        """Return the key of the request that began a run, or None where there is no such run."""
        async with self._database.read() as connection:
            found = await connection.execute(select(runs.c.key).where(runs.c.run_id == run_id))
            key: str | None = found.scalar()
            return key

    async def add_result(self, run_id: str, result: MemberResult) -> bool:
        """Store how a member's run ended; the first result wins, and False says that there was one.

        Raises:
            StoreError: the member has no seat in the run.
        """
        async with self._database.write() as connection:
            return await put_result(connection, run_id, result)

    async def end(self, run_id: str, state: RunState, reason: str | None, at: datetime) -> bool:
        """End a run that did not finish; False when it was over before.

        Raises:
            StoreError: `state` is neither `cancelled` nor `failed`; a run finishes with its books.
        """
        if state not in {RunState.CANCELLED, RunState.FAILED}:
            raise StoreError(f"A run cannot be ended as {state}; it finishes together with its books.")
        return await self._change(run_id, _RUNNING, state=state, reason=reason, finished_at=at)

    async def record(self, run_id: str) -> RunRecord | None:
        """Return all that is known of a run, or None when there is no such run."""
        async with self._database.read() as connection:
            return await read_record(connection, run_id)

    async def latest(self, ticker: str | None = None) -> RunRecord | None:
        """Return the run that finished last, of one ticker or of all; the arena's own runs alone."""
        async with self._database.read() as connection:
            run_id = await latest_run_id(connection, ticker)
            return await read_record(connection, run_id) if run_id else None

    async def token_costs(self, season: Season, before: datetime | None = None) -> dict[str, Decimal]:
        """Return what each member's model calls have cost in a season, in USD; of runs decided `before` that.

        A run decided at a close trades in the next session and is counted there, whenever it was made; so is
        what a member wrote about a ballot that was settled at that close.
        """
        query = (
            select(seats.c.member, total_cost())
            .join(runs, runs.c.run_id == seats.c.run_id)
            .where(runs.c.season == season)
            .group_by(seats.c.member)
        )
        if before is not None:
            query = query.where(runs.c.as_of < before)
        async with self._database.read() as connection:
            rows = (await connection.execute(query)).all()
            looking_back = await reflection_costs(connection, season, before)
        costs = {str(member): cost for member, cost in rows}
        return costs | {name: costs.get(name, Decimal(0)) + cost for name, cost in looking_back.items()}

    async def _change(self, run_id: str, *conditions: ColumnElement[bool], **values: Any) -> bool:
        change = update(runs).where(runs.c.run_id == run_id, *conditions).values(**values)
        async with self._database.write() as connection:
            return (await connection.execute(change)).rowcount == 1

    async def _ids(self, *conditions: ColumnElement[bool]) -> tuple[str, ...]:
        query = select(runs.c.run_id).where(*conditions).order_by(runs.c.number)
        async with self._database.read() as connection:
            return tuple((await connection.execute(query)).scalars())


async def _run_of_once(connection: AsyncConnection, once: str) -> str | None:
    run_id: str | None = (await connection.execute(select(runs.c.run_id).where(runs.c.once == once))).scalar()
    return run_id


async def _same_run(connection: AsyncConnection, once: str | None, key: str) -> str | None:
    """Return the run of the same occasion, or else the one in flight with the same key."""
    if once is not None and (made := await _run_of_once(connection, once)):
        return made
    in_flight = select(runs.c.run_id).where(_RUNNING, runs.c.key == key)
    run_id: str | None = (await connection.execute(in_flight)).scalar()
    return run_id


async def put_result(connection: AsyncConnection, run_id: str, result: MemberResult) -> bool:
    """Store a result within a transaction, as `Runs.add_result` promises it."""
    place = (seats.c.run_id == run_id, seats.c.member == result.member)
    cost = for_sums(result.spend.cost_usd)
    change = update(seats).where(*place, seats.c.result.is_(None)).values(result=result, cost_usd=cost)
    if (await connection.execute(change)).rowcount == 1:
        return True
    if (await connection.execute(select(seats.c.place).where(*place))).first() is None:
        raise StoreError(f"{result.member} has no seat in run {run_id}.")
    return False


def _evidence_row(pack: Evidence) -> dict[str, Any]:
    return {
        "sha256": pack.sha256,
        "ticker": pack.ticker,
        "as_of": pack.as_of,
        "canonical": pack.canonical,
    }


def _run_row(record: RunRecord) -> dict[str, Any]:
    apart = {"seats", "orders", "fills", "verdict", "is_replay"}
    row = {name: getattr(record, name) for name in RunRecord.model_fields if name not in apart}
    if record.state is not RunState.RUNNING or record.finished_at or record.verdict:
        raise StoreError(f"Run {record.run_id} cannot begin: it is over.")
    return row


def _seat_rows(record: RunRecord) -> list[dict[str, Any]]:
    if not record.seats:
        raise StoreError(f"Run {record.run_id} cannot begin: it has no seats.")
    return [
        {name: getattr(seat, name) for name in ("member", "number", "kind", "weight", "briefing", "result")}
        | {"run_id": record.run_id, "place": place}
        | {"cost_usd": for_sums(seat.result.spend.cost_usd) if seat.result else None}
        for place, seat in enumerate(record.seats)
    ]
