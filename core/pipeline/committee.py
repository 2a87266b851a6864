"""The run, from top to bottom: freeze the evidence, brief the members, hear them all, count, settle.

This is the one impure path; everything that it calls to decide something is a pure function elsewhere.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from pathlib import Path

from core.clock import Clock
from core.config import Settings
from core.config.fingerprint import config_hash
from core.config.settings import MemberSettings
from core.consensus.tally import tally
from core.domain.ballot import Abstention, AbstentionKind, MemberResult
from core.domain.books import Season
from core.domain.errors import NotFound
from core.domain.events import MemberFinished, RunEvent, StageFinished, StageStarted
from core.domain.evidence import Evidence
from core.domain.ids import new_id
from core.domain.member import Member, MemberKind
from core.domain.run import Briefing, RunRecord, RunRequest, RunState, Seat
from core.domain.stage import ModelChat, StageRecord, Step
from core.ledger.valuation import equity, holdings
from core.llm.gateway import Gateway
from core.llm.scopes import chat_scope, run_scope
from core.market.calendar import MarketCalendar
from core.market.chain import PriceChain
from core.pipeline.archive import Archive
from core.pipeline.author import Author, View
from core.pipeline.baselines import RULES
from core.pipeline.baselines.author import BaselineAuthor
from core.pipeline.bookkeeping import Bookkeeper
from core.pipeline.evidence import build_evidence
from core.pipeline.llm_author import LlmAuthor, family_of
from core.pipeline.member_run import MemberRun
from core.pipeline.presets import steps
from core.pipeline.settlement import settle_run
from core.store.store import Store

Tell = Callable[[RunEvent], None]

log = logging.getLogger(__name__)


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
    ) -> None:
        self._settings = settings
        self._store = store
        self._prices = prices
        self._calendar = calendar
        self._keeper = Bookkeeper(store, prices, calendar, settings.trading, clock)
        self._gateway = gateway
        self._clock = clock
        self._archive = Archive(Path(settings.archive.dir))
        self._members = {member.name: member for member in settings.members}

    async def convene(self, request: RunRequest, members: Sequence[Member]) -> tuple[RunRecord, Evidence]:
        """Freeze the evidence and brief the members; nothing of the run is stored yet but the evidence.

        Raises:
            NoPrices: no vendor has usable prices.
        """
        series = await self._prices.bars(request.ticker, request.as_of)
        evidence = build_evidence(series, session_open=self._calendar.of(series.ticker).is_open(series.as_of))
        season = Season.SAMPLE if series.source == "sample" else Season.LIVE
        await self._store.runs.save_evidence(evidence)
        await self._keeper.fill_pending(season)
        async with self._store.books.locked(season) as books:
            for member in members:
                await books.open_account(member.name, self._settings.arena.initial_cash, evidence.as_of)
        record = RunRecord(
            run_id=new_id(),
            ticker=evidence.ticker,
            as_of=evidence.as_of,
            preset=request.preset,
            season=season,
            state=RunState.RUNNING,
            config_hash=config_hash(self._settings),
            evidence_sha256=evidence.sha256,
            source=evidence.source,
            caveat=evidence.caveat,
            requested_by=request.requested_by,
            requested_in=request.requested_in,
            started_at=self._clock.now(),
            seats=tuple([await self._seat(member, season, evidence) for member in members]),
        )
        return record, evidence

    async def _seat(self, member: Member, season: Season, evidence: Evidence) -> Seat:
        """Brief a member on its books as they stood at the evidence's time."""
        books, moment = self._store.books, evidence.as_of
        portfolio = await books.portfolio(season, member.name, moment)
        marks = await books.marks(season, moment)
        marks[evidence.ticker] = self._keeper.mark(evidence)
        briefing = Briefing(
            portfolio=portfolio,
            equity_usd=equity(portfolio, holdings(portfolio, marks)),
            pending=await books.pending(season, member.name, moment),
        )
        return Seat(
            member=member.name,
            number=member.number,
            kind=member.kind,
            weight=member.weight,
            briefing=briefing,
        )

    async def deliberate(self, record: RunRecord, evidence: Evidence, tell: Tell) -> RunRecord:
        """Hear every member that has not finished, count, and settle; return the finished record.

        Safe to repeat after any interruption: stored stages, results and settlements are kept as they are.
        """
        deadline = self._clock.monotonic() + self._settings.pipeline.run_timeout_s
        async with asyncio.TaskGroup() as group:
            for seat in record.seats:
                if seat.result is None:
                    group.create_task(self._hear(record, seat, evidence, deadline, tell))
        heard = await self._reload(record.run_id)
        weights = {seat.member: seat.weight for seat in heard.seats}
        absent = [abstention.member for abstention in heard.abstentions]
        verdict = tally(heard.ballots, absent, weights, self._settings.consensus)
        market = await self._keeper.market_price(evidence)
        marks = await self._keeper.fresh_marks(heard.season, evidence)
        terms, now = self._settings.trading, self._clock.now()
        await settle_run(self._store, heard, evidence, verdict, market, marks, terms=terms, at=now)
        return await self._reload(record.run_id)

    async def _hear(
        self, record: RunRecord, seat: Seat, evidence: Evidence, deadline: float, tell: Tell
    ) -> None:
        """Run one member to its result and keep it; whatever fails in it is its abstention alone."""
        try:
            result = await self._result(record, seat, evidence, deadline, tell)
        except Exception:
            reference = new_id(6)
            log.exception(
                "run %s, member %s failed inside, reference %s", record.run_id, seat.member, reference
            )
            reason = f"an internal error; the log has it under {reference}"
            result = Abstention(member=seat.member, kind=AbstentionKind.FAILED, reason=reason)
        await self._store.runs.add_result(record.run_id, result)
        await self._keep_file(record, seat.member, result)
        tell(MemberFinished(run_id=record.run_id, result=result))

    async def _result(
        self, record: RunRecord, seat: Seat, evidence: Evidence, deadline: float, tell: Tell
    ) -> MemberResult:
        done = await self._store.stages.of_run(record.run_id, seat.member)
        author = self._author(record, seat.member, sum(stage.spend.calls for stage in done))
        if author is None:
            reason = "it is no longer in the configuration"
            return Abstention(member=seat.member, kind=AbstentionKind.FAILED, reason=reason)
        pipeline = self._settings.pipeline
        graph = steps(record.preset, pipeline.debate_rounds)
        view = View(evidence=evidence, briefing=seat.briefing, terms=self._settings.trading, done=done)

        async def keep(stage: StageRecord) -> None:
            await self._store.stages.add(stage)

        def tell_step(step: Step, kept: StageRecord | None) -> None:
            if kept is None:
                tell(
                    StageStarted(run_id=record.run_id, member=seat.member, stage=step.stage, round=step.round)
                )
            else:
                tell(
                    StageFinished(
                        run_id=record.run_id,
                        member=seat.member,
                        stage=step.stage,
                        round=step.round,
                        done=run.done,
                        total=len(graph),
                    )
                )

        run = MemberRun(
            record.run_id,
            seat.member,
            author,
            view,
            graph,
            clock=self._clock,
            stage_timeout_s=pipeline.stage_timeout_s,
            keep=keep,
            tell=tell_step,
        )
        return await run.result(max(0.0, deadline - self._clock.monotonic()))

    def steps_of(self, record: RunRecord) -> int:
        """Return how many steps a member of this run takes."""
        return len(steps(record.preset, self._settings.pipeline.debate_rounds))

    def _author(self, record: RunRecord, name: str, steps_used: int) -> Author | None:
        member = self._members.get(name)
        if member is None:
            return None
        if member.kind is MemberKind.BASELINE:
            return BaselineAuthor(name, RULES[name])
        return self._llm_author(record, member, steps_used)

    def _llm_author(self, record: RunRecord, member: MemberSettings, steps_used: int) -> Author:
        scopes = (run_scope(record.run_id), chat_scope(record.requested_in, self._gateway.today()))
        own = member.route[0].partition(":")[2]
        return LlmAuthor(
            self._gateway.model_for(member, scopes=scopes, steps_used=steps_used),
            max_output_tokens=member.max_output_tokens,
            family=family_of(own) if self._settings.arena.strict else None,
        )

    async def _keep_file(self, record: RunRecord, member: str, result: MemberResult) -> None:
        """Archive a finished ModelChat; a full disk is logged and stops nothing, the store has it all."""
        chat = ModelChat(
            run_id=record.run_id,
            ticker=record.ticker,
            as_of=record.as_of,
            member=member,
            stages=await self._store.stages.of_run(record.run_id, member),
            result=result,
        )
        try:
            await self._archive.write(chat)
        except OSError as error:
            log.warning("run %s: the ModelChat of %s was not archived: %s", record.run_id, member, error)

    async def _reload(self, run_id: str) -> RunRecord:
        record = await self._store.runs.record(run_id)
        if record is None:
            raise NotFound(f"There is no run {run_id}.")
        return record
