"""The run, from top to bottom: freeze the evidence, brief the members, hear them all, count, finish.

This is the one impure path; everything that it calls to decide something is a pure function elsewhere.
"""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from core.clock import Clock
from core.config import Settings
from core.config.fingerprint import config_hash
from core.consensus.settled import HORIZON, Judged, judged
from core.consensus.tally import tally
from core.consensus.weights import weights_from
from core.domain.bars import BarSeries
from core.domain.errors import NotFound, Refused
from core.domain.events import RunEnded, RunEvent, RunStarted
from core.domain.evidence import Evidence
from core.domain.evidence_items import NOTHING_GATHERED, Gathered
from core.domain.ids import new_id
from core.domain.measures import Measures, Relay
from core.domain.member import Member, MemberKind
from core.domain.run import RunRecord, RunRequest, RunState, Seat
from core.domain.season import Season
from core.domain.stage import StageRecord
from core.domain.verdict import Verdict, WeightUsed
from core.llm.gateway import Gateway
from core.llm.scopes import run_scope
from core.market.calendar import MarketCalendar
from core.market.chain import PriceChain
from core.market.gathering import Gatherer
from core.market.sample_vendor import SampleVendor
from core.pipeline.bookkeeping import Bookkeeper
from core.pipeline.briefing import brief
from core.pipeline.evidence import build_evidence
from core.pipeline.facts import Facts
from core.pipeline.finishing import finish_run
from core.pipeline.followers import committee_result, counted_weights, crowd_result
from core.pipeline.fresh_packs import FreshPacks
from core.pipeline.hearing import Hearings, Tell
from core.pipeline.member_run import first_of
from core.pipeline.presets import steps
from core.pipeline.prompt_terms import roles_sha256, terms_of, terms_today
from core.pipeline.reflecting import Reflecting
from core.pipeline.remembering import Remembering
from core.pipeline.rerunning import first_asked, season_of_rerun, seats_again
from core.pipeline.season_days import check_trading
from core.pipeline.stakes import largest_orders
from core.pipeline.weighing import check_weights, said, weighed
from core.store.store import Store

_STILL_NOW = timedelta(hours=1)


class Committee:
    """Convenes runs and carries them through. Keeps no state of its own: the store has it all."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        prices: PriceChain,
        calendar: MarketCalendar,
        gateway: Gateway,
        clock: Clock,
        keeper: Bookkeeper | None = None,
        gatherer: Gatherer | None = None,
        measures: Measures | None = None,
    ) -> None:
        self._settings = settings
        self._store = store
        self._prices = prices
        self._calendar = calendar
        self._gateway = gateway
        self._clock = clock
        self._gatherer = gatherer
        self._measures = measures or Relay()
        self.hearings = Hearings(settings, store, gateway, clock)
        self.remembering = Remembering(settings, store)
        self.reflecting = Reflecting(settings, store, gateway, clock)
        seconds = settings.cache.evidence_s if settings.cache.shares_the_present else 0
        self._fresh = FreshPacks(seconds, calendar, clock)
        self._judged: tuple[tuple[Season, datetime] | None, Mapping[str, Sequence[Judged]]] = None, {}
        self._config_hash = config_hash(settings)
        self._terms = terms_today(settings)
        self.keeper = keeper or Bookkeeper(settings, store, prices, calendar, clock)

    async def convene(self, request: RunRequest, members: Sequence[Member]) -> tuple[RunRecord, Evidence]:
        """Freeze the evidence and brief the members; of the run itself nothing is stored yet.

        `members` are those to hear, and those that follow. A request to ask again takes the evidence of its
        run from the store: no vendor is asked, and no books are opened.

        Raises:
            NoPrices: no vendor has usable prices.
            NotFound: there is no run to ask again, or its evidence is gone.
            EvidenceAltered: its evidence was changed since.
            Refused: the request wants a fresh price, and the newest one is old; or the live season has
                ended, or has not begun.
        """
        if request.rerun_of is not None:
            return await self._again(request, request.rerun_of, members)
        evidence, shared = await self._evidence(request)
        if request.fresh:
            self._check_fresh(evidence)
        if request.season:
            season, kind = request.season, "replay"
        elif evidence.source == "sample":
            season, kind = Season.SAMPLE, "sample"
        else:
            season, kind = await self._live_season(), "live"
        check_weights(request.weights, members)
        if request.weights:
            # A verdict by somebody's own weights is not the committee's, and moves no books that follow it.
            members = [member for member in members if not member.kind.follows]
        await self._store.runs.save_evidence(evidence)
        await self.open(season, members, evidence.as_of, kind=kind)
        seats = await brief(self._store, season, members, evidence, self.keeper.mark(evidence))
        replay = request.season is not None
        seats = await self.remembering.seated(seats, season, evidence, replay=replay)
        record = self.begun(request, season, evidence, weighed(seats, request.weights))
        return (_aged(record) if shared else record), evidence

    async def _again(
        self, request: RunRequest, run_id: str, members: Sequence[Member]
    ) -> tuple[RunRecord, Evidence]:
        """Return the record with which the evidence of a run is put before members again."""
        original = await self._reload(run_id)
        evidence = await self._store.runs.evidence(original.evidence_sha256)
        seats = seats_again(original, members, self._settings.arena.initial_cash)
        record = self.begun(request, original.season, evidence, seats)
        # What is told stays as it was; the role files of then are not kept.
        terms = (original.prompt_terms or self._terms).model_copy(update={"roles_sha256": roles_sha256()})
        season = season_of_rerun(record.run_id)
        changed = {"season": season, "prompt_terms": terms, "rerun_of": original.run_id, "is_replay": False}
        return record.model_copy(update=changed), evidence

    def _check_fresh(self, evidence: Evidence) -> None:
        """Refuse evidence that knows nothing of the last session, as when an exchange did not open."""
        closed = self._calendar.of(evidence.ticker).last_closed(evidence.as_of)
        if evidence.quote.session < closed.day:
            raise Refused(
                f"No price of {closed.day} has come for {evidence.ticker}; "
                "its exchange may have been closed, or the vendor is late."
            )

    async def _evidence(self, request: RunRequest) -> tuple[Evidence, bool]:
        """Return the evidence for a run, and whether another run had it frozen before.

        What is asked about now may be a little old. What is asked by the clock, of one moment with others or
        as a replay has evidence of its own.
        """
        if request.fresh or request.as_of or request.present or request.season or request.once:
            return await self.freeze(request), False
        return await self._fresh.get(request.ticker, partial(self.freeze, request))

    async def freeze(self, request: RunRequest) -> Evidence:
        """Return the evidence for a request.

        Raises:
            NoPrices: no vendor has usable prices.
        """
        series = await self._prices.bars(request.ticker, request.as_of, present=request.present)
        return build_evidence(
            series,
            session_open=self._calendar.of(series.ticker).is_open(series.as_of),
            gathered=await self._gathered(request, series),
        )

    async def _gathered(self, request: RunRequest, series: BarSeries) -> Gathered:
        """Return what was known beside prices at the series' moment.

        A run of now on the prices of an archive is of the archive's time. A replay, and whoever has the
        bundled sample, asks no service but those that the configuration names.
        """
        if self._gatherer is None:
            return NOTHING_GATHERED
        is_now = self._clock.now() - series.as_of < _STILL_NOW
        return await self._gatherer.gather(
            series.ticker,
            series.as_of,
            live=request.as_of is None and is_now,
            named_only=request.season is not None or series.source == SampleVendor.name,
        )

    async def _live_season(self) -> Season:
        """Return the live season that trades now."""
        live, now = await self._store.live.current(), self._clock.now()
        zone = ZoneInfo(self._settings.arena.timezone)
        # In a thread, because the first question loads the calendar.
        await asyncio.to_thread(check_trading, live, self._calendar, now, zone)
        return live.season if live else Season.LIVE

    async def open(
        self, season: Season, members: Sequence[Member], at: datetime, *, kind: str = "replay"
    ) -> None:
        """Carry the season's books to `at`, and open the accounts that are not open yet.

        Raises:
            Refused: it is a live season that has ended meanwhile.
        """
        await self.keeper.advance(season, at)
        async with self._store.books.locked(season) as books:
            arena = self._settings.arena
            await books.sessions.open_season(kind, arena.benchmark, at)
            if kind == "live":
                await books.live.check_open()
            await books.open_accounts([member.name for member in members], arena.initial_cash, at)
        await self.keeper.advance(season, at)

    def begun(
        self, request: RunRequest, season: Season, evidence: Evidence, seats: tuple[Seat, ...]
    ) -> RunRecord:
        """Return the record with which a run begins."""
        return RunRecord(
            run_id=new_id(),
            ticker=evidence.ticker,
            as_of=evidence.as_of,
            preset=request.preset,
            season=season,
            is_replay=request.season is not None,
            state=RunState.RUNNING,
            config_hash=self._config_hash,
            evidence_sha256=evidence.sha256,
            source=evidence.source,
            caveat=" ".join(filter(None, (evidence.caveat, request.caveat, said(request.weights)))) or None,
            requested_by=request.requested_by,
            requested_in=request.requested_in,
            started_at=self._clock.now(),
            seats=seats,
            once=request.once,
            prompt_terms=self._terms,
        )

    async def deliberate(self, record: RunRecord, evidence: Evidence, tell: Tell) -> RunRecord:
        """Hear every member that has not finished, count, and finish the run; return its record.

        Safe to repeat after any interruption: stages, results and finished runs are kept as they are stored.
        """
        measures = self._measures

        def tell_all(event: RunEvent) -> None:
            measures.told(event)
            tell(event)

        measures.told(RunStarted(record=record))
        await self.hear(record, evidence, tell_all)
        ended = await self.conclude(record.run_id, evidence)
        measures.told(RunEnded(record=ended))
        return ended

    async def hear(self, record: RunRecord, evidence: Evidence, tell: Tell) -> None:
        """Bring every member of a run that has not finished to its ballot or abstention.

        Raises:
            BudgetSpent: a replay's money is used up; the run can be continued with more.
        """
        deadline = self._clock.monotonic() + self._settings.pipeline.run_timeout_s
        done: defaultdict[str, list[StageRecord]] = defaultdict(list)
        for stage in await self._store.stages.of_run(record.run_id):
            done[stage.member].append(stage)
        facts = Facts(evidence, budget=terms_of(record, self._settings).evidence_tokens)
        try:
            async with asyncio.TaskGroup() as group:
                for seat in record.voters:
                    stages = done[seat.member]
                    if seat.result is None:
                        hearing = self.hearings.hear(record, seat, evidence, facts, stages, deadline, tell)
                        group.create_task(hearing)
                    else:
                        group.create_task(self.hearings.file(record, seat.member, stages, seat.result))
        except BaseExceptionGroup as failures:
            raise first_of(failures) from None

    async def conclude(self, run_id: str, evidence: Evidence) -> RunRecord:
        """Count the ballots of a run that was heard, finish it, and return its record."""
        # What the run has cost is in the record of calls before anybody hears that it is over.
        await self._store.calls.log.flush()
        heard = await self._reload(run_id)
        verdict = await self.count(heard, evidence)
        if heard.rerun_of is not None:
            # It decided after the fact, so there are no books for it to trade in, and no price is asked for.
            async with self._store.books.locked(heard.season) as books:
                await books.finish_run(run_id, verdict, self._clock.now())
            self._gateway.budget.forget(run_scope(run_id))
            return await self._reload(run_id)
        heard = await self._follow(heard, verdict)
        await finish_run(
            self._store,
            heard,
            evidence,
            verdict,
            await self.keeper.opening(evidence),
            keeper=self.keeper,
            terms=self._settings.trading,
            at=self._clock.now(),
        )
        self._gateway.budget.forget(run_scope(run_id))
        return await self._reload(run_id)

    async def count(self, heard: RunRecord, evidence: Evidence) -> Verdict:
        """Return the verdict that the ballots of a run come to."""
        weights = {used.member: used for used in await self._weights(heard)}
        absent = [abstention.member for abstention in heard.abstentions]
        orders = largest_orders(heard, evidence.price, self._settings.trading)
        return tally(heard.ballots, absent, weights, self._settings.consensus, orders)

    async def _weights(self, heard: RunRecord) -> tuple[WeightUsed, ...]:
        """Return the weight of each ballot; what is learned is shared by the runs of one moment."""
        rules, configured = self._settings.consensus, {seat.member: seat.weight for seat in heard.seats}
        season = (await first_asked(self._store, heard)).season
        moment = (season, heard.as_of)
        if rules.weights == "learned" and self._judged[0] != moment:
            outcomes = await self._store.outcomes.of_season(season, heard.as_of, HORIZON)
            self._judged = moment, await asyncio.to_thread(judged, outcomes, heard.as_of)
        return weights_from(heard.ballots, self._judged[1], configured, rules)

    async def _follow(self, heard: RunRecord, verdict: Verdict) -> RunRecord:
        """Let the committee and the crowd follow, and return the record with their results.

        The first result that is stored stays, whatever interrupts the run, and closes the votes.
        """
        weights = counted_weights(heard, verdict)
        for seat in heard.followers:
            if seat.kind == MemberKind.CROWD:
                await self._store.votes.close(heard.run_id, partial(crowd_result, seat.member))
            elif seat.result is None:
                result = committee_result(seat.member, verdict, heard.ballots, weights)
                await self._store.runs.add_result(heard.run_id, result)
        return await self._reload(heard.run_id)

    @property
    def prices_from(self) -> str:
        """The price chain, by which runs on different prices are told apart."""
        return ",".join(self._settings.market.prices)

    def steps_of(self, record: RunRecord) -> int:
        """Return how many steps a member of this run takes."""
        return len(steps(record.preset, terms_of(record, self._settings).debate_rounds))

    async def _reload(self, run_id: str) -> RunRecord:
        record = await self._store.runs.record(run_id)
        if record is None:
            raise NotFound(f"There is no run {run_id}.")
        return record


def _aged(record: RunRecord) -> RunRecord:
    """Say of a run on evidence that another one had frozen how old it is."""
    age = int((record.started_at - record.as_of).total_seconds())
    told = f"On the evidence of a run just before, {age} s old."
    return record.model_copy(update={"caveat": " ".join(filter(None, (record.caveat, told)))})
