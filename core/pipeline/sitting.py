"""Several runs of a replay at one moment: begun together, heard, and finished together in the order given.

Each run comes to what it would come to alone: evidence, briefings, ballots, count and orders are made by the
same functions. Only the store is asked less often, in one transaction where single runs need several each.
"""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from core.clock import Clock
from core.config import Settings
from core.domain.ballot import MemberResult
from core.domain.books import Order
from core.domain.errors import NoPrices
from core.domain.evidence import Evidence
from core.domain.member import Member, MemberKind
from core.domain.run import RunRecord, RunRequest, Seat
from core.domain.season import Season
from core.domain.stage import StageRecord
from core.domain.verdict import Verdict
from core.pipeline.bookkeeping import Bookkeeper
from core.pipeline.briefing import Briefings
from core.pipeline.committee import Committee
from core.pipeline.facts import Facts
from core.pipeline.finishing import order_of
from core.pipeline.followers import committee_result, counted_weights, crowd_result
from core.pipeline.hearing import nobody
from core.pipeline.member_run import first_of
from core.pipeline.prompt_terms import terms_of
from core.pipeline.situations import Situations
from core.store.store import Store

_RUNS_AT_ONCE = 8

log = logging.getLogger(__name__)

Convened = tuple[RunRecord, Evidence]


class Sitting:
    """What the committee does at each moment of a replay's season, which this process holds."""

    def __init__(
        self, settings: Settings, store: Store, committee: Committee, season: Season, clock: Clock
    ) -> None:
        self._settings = settings
        self._store = store
        self._committee = committee
        self._keeper: Bookkeeper = committee.keeper
        self._season = season
        self._clock = clock
        self._is_open = False

    async def begin(
        self, requests: Sequence[RunRequest], members: Sequence[Member], owner: str, lease_until: datetime
    ) -> list[Convened]:
        """Freeze the evidence of every request, brief the members, hear the rules, and store all of it.

        An instrument without prices is left out, which is logged and no failure.

        Raises:
            Refused: another process has taken the season.
        """
        packs: list[tuple[RunRequest, Evidence]] = []
        for request in requests:
            try:
                packs.append((request, await self._committee.freeze(request)))
            except NoPrices as failure:
                log.warning("%s is left out on %s: %s", request.ticker, request.as_of, failure)
        if not packs:
            return []
        if not self._is_open:
            await self._committee.open(self._season, members, packs[0][1].as_of)
            self._is_open = True
        books = await self._store.books.snapshot(self._season, packs[0][1].as_of)
        briefings = Briefings(books, members, packs[0][1].as_of)
        begun = []
        for request, evidence in packs:
            seats = briefings.seats(self._keeper.mark(evidence))
            seats = await self._committee.remembering.seated(seats, self._season, evidence, replay=True)
            begun.append((self._committee.begun(request, self._season, evidence, seats), evidence))
        convened, stages, _ = await self._by_rules(begun)
        keyed = [(record, evidence, _key(record)) for record, evidence in convened]
        await self._store.runs.begin_all(keyed, stages, owner, lease_until)
        return convened

    async def hear(self, convened: Sequence[Convened]) -> list[Convened]:
        """Bring every member of every run to its result, and return the runs with all results.

        Raises:
            BudgetSpent: a replay's money is used up.
        """
        heard, stages, results = await self._by_rules(convened)
        await self._store.runs.keep_heard(stages, results)
        asked = [one for one in heard if any(seat.kind == MemberKind.LLM for seat in one[0].voters)]
        if not asked:
            return heard
        await self._ask_models(asked)
        return [(await self._reloaded(record), evidence) for record, evidence in heard]

    async def _by_rules(
        self, convened: Sequence[Convened]
    ) -> tuple[list[Convened], list[StageRecord], list[tuple[str, MemberResult]]]:
        """Bring the members without a model to their results: return the runs with them, and what is new."""
        heard, stages, results = list[Convened](), list[StageRecord](), list[tuple[str, MemberResult]]()
        for record, evidence in convened:
            budget = terms_of(record, self._settings).evidence_tokens
            facts, own = Facts(evidence, budget=budget), []
            for seat in record.voters:
                if seat.result is None:
                    made = await self._committee.hearings.by_rule(record, seat, evidence, facts)
                    if made is not None:
                        stages += made[0]
                        own.append(made[1])
            heard.append((_with(record, own), evidence))
            results += [(record.run_id, result) for result in own]
        return heard, stages, results

    async def _ask_models(self, asked: Sequence[Convened]) -> None:
        gate = asyncio.Semaphore(_RUNS_AT_ONCE)

        async def hear(record: RunRecord, evidence: Evidence) -> None:
            async with gate:
                await self._committee.hear(record, evidence, nobody)

        try:
            async with asyncio.TaskGroup() as group:
                for record, evidence in asked:
                    group.create_task(hear(record, evidence))
        except BaseExceptionGroup as failures:
            raise first_of(failures) from None

    async def finish(self, heard: Sequence[Convened]) -> None:
        """Count every run, let the committee follow, and write verdicts, orders and marks at once.

        Of a run that was finished already nothing is changed.
        """
        counted = [
            (record, evidence, await self._committee.count(record, evidence)) for record, evidence in heard
        ]
        followed = [
            (self._followed(record, verdict), evidence, verdict) for record, evidence, verdict in counted
        ]
        results = [
            (record.run_id, seat.result)
            for record, *_ in followed
            for seat in record.followers
            if seat.result is not None
        ]
        await self._store.runs.keep_heard((), results)
        terms = self._settings.trading
        async with self._store.books.locked(self._season) as books:
            finished = [(record.run_id, verdict) for record, _, verdict in followed]
            left = await books.finish_runs(finished, self._clock.now())
            followed = [one for one in followed if one[0].run_id in left]
            now: Situations | None = None
            waiting: list[Order] = []
            for record, evidence, _ in followed:
                if now is None:
                    now = await Situations.read(books, evidence, self._keeper, terms)
                    waiting = list(now.orders)
                    stops = await books.sessions.stops()
                    values = {now.decided.session: now.values}
                decided = self._keeper.decided(evidence)
                if decided.session not in values:
                    # A holiday of its exchange: the last session that had opened is another one there.
                    values[decided.session] = await books.sessions.values_before(decided.session)
                now = replace(
                    now,
                    evidence=evidence,
                    decided=decided,
                    values=values[decided.session],
                    stops=stops.get(evidence.ticker, {}),
                    orders=tuple(waiting),
                )
                for seat in record.seats:
                    order = await order_of(books, record, evidence, seat, now, terms)
                    if order is not None and any(now.waiting(seat.member)):
                        # One that waited may be gone, also for an order that was cancelled itself.
                        waiting = list(await books.pending())
                    elif order is not None and order.shares:
                        waiting.append(order)
            await books.add_marks([self._keeper.mark(evidence) for _, evidence, _ in followed])

    def _followed(self, record: RunRecord, verdict: Verdict) -> RunRecord:
        """Return the record with the results of the committee and the crowd."""
        weights = counted_weights(record, verdict)
        return _with(
            record,
            [_follow(seat, record, verdict, weights) for seat in record.followers if seat.result is None],
        )

    async def _reloaded(self, record: RunRecord) -> RunRecord:
        return await self._store.runs.record(record.run_id) or record


def _follow(seat: Seat, record: RunRecord, verdict: Verdict, weights: Mapping[str, Decimal]) -> MemberResult:
    if seat.kind == MemberKind.CROWD:
        return crowd_result(seat.member, ())
    return committee_result(seat.member, verdict, record.ballots, weights)


def _key(record: RunRecord) -> str:
    """Return the key under which a run of a replay is the only one."""
    return f"{record.season}|{record.ticker}|{record.as_of.isoformat()}"


def _with(record: RunRecord, results: Sequence[MemberResult]) -> RunRecord:
    """Return the record with these results in its seats; those that are there stay."""
    if not results:
        return record
    own = {result.member: result for result in results}
    seats = tuple(
        seat if seat.result else seat.model_copy(update={"result": own.get(seat.member)})
        for seat in record.seats
    )
    return record.model_copy(update={"seats": seats})
