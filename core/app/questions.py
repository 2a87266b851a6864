"""Single questions: freeze the evidence, choose a model, ask it, have it confirmed, and keep the answer."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, replace
from pathlib import Path

from core.app.people import People
from core.app.scoreboard import Scoreboard
from core.clock import Clock
from core.config import Settings
from core.config.routing import HOUSE_PROMPT
from core.domain.asking import Asked, AskRequest
from core.domain.ballot import Abstention, AbstentionKind, Ballot, MemberResult
from core.domain.errors import StoreError
from core.domain.evidence import Evidence
from core.domain.ids import new_id
from core.domain.measures import Measures, Relay
from core.domain.quota import Allowance, QuotaSpent
from core.domain.routing import ArmFigures, AskRecord, Situation, TestReport
from core.domain.run import RunRequest
from core.domain.stage import Preset, StageRecord
from core.domain.usage import NOTHING_SPENT
from core.llm.gateway import Gateway
from core.llm.scopes import chat_scope, day_scope
from core.pipeline.asking import Asker, Heard, agreed, held, needs_confirmation, sure
from core.pipeline.committee import Committee
from core.pipeline.facts import Facts
from core.routing.ab import report
from core.routing.choosing import Choice, by_name, choose, confirmer, usable
from core.routing.custom import CustomRouter
from core.routing.lineup import Candidate, Lineup, lineup_of
from core.routing.situation import check_context, situation_of
from core.store.ask_rows import Begun
from core.store.store import Store

SETTLED_AFTER = 5
"""Sessions after which a ballot's accuracy counts."""
_LARGEST_PROMPT = 64_000
_WAITS_S = (0.2, 0.5, 1.0)
_SHORT = 120

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Answer:
    """What one or two candidates said; `chosen` says whether the first one gave the ballot itself."""

    result: MemberResult
    heard: tuple[Heard, ...]
    reason: str
    chosen: bool
    confirmed_by: MemberResult | None = None
    disagreed: bool = False
    unsure: bool = False


class Questions:
    """Answers questions. `measures` hears of each answer."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        committee: Committee,
        gateway: Gateway,
        scoreboard: Scoreboard,
        people: People,
        clock: Clock,
        *,
        measures: Measures | None = None,
    ) -> None:
        self._settings = settings
        self._store = store
        self._committee = committee
        self._gateway = gateway
        self._scoreboard = scoreboard
        self._people = people
        self._clock = clock
        self._measures: Measures = measures or Relay()
        self._asker = Asker(settings, gateway, clock)
        routing = settings.routing
        self._router = CustomRouter(routing.router, routing.router_timeout_s) if routing.router else None

    async def ask(self, request: AskRequest) -> Asked:
        """Answer a question about a known ticker; see `App.ask`."""
        try:
            return await self._ask(request)
        except QuotaSpent as spent:
            by, chat = request.requested_by, request.requested_in
            await self._people.deeds.note(by, chat, None, f"/ask {request.ticker}", "refused", str(spent))
            raise

    async def tests(self) -> tuple[TestReport, ...]:
        """Return how each configured test stands."""
        found = []
        for test in self._settings.routing.tests:
            trials = await self._store.asks.trials(test.name)
            found.append(await asyncio.to_thread(report, test, trials))
        return tuple(found)

    async def _ask(self, request: AskRequest) -> Asked:
        check_context(request.context)
        await self._check_room(request)
        lineup = await self._lineup()
        # What cannot be answered is refused before prices are asked for; `choose` looks again.
        offline = self._settings.routing.offline
        usable(lineup, Situation(ticker=request.ticker, private=request.private, offline=offline))
        if request.model_preference:
            lineup.preferred(request.model_preference)
        evidence = await self._committee.freeze(self._as_run(request))
        await self._store.runs.save_evidence(evidence)
        question, began, asked_at = new_id(), self._clock.monotonic(), self._clock.now()
        down = await self._gateway.down()
        situation = await self._situation(request, evidence, lineup, down)
        choice = await self._choice(request, situation, lineup, question, down)
        choice, decision = await self._prompt(choice)
        begun = Begun(
            id=question,
            at=asked_at,
            ticker=evidence.ticker,
            evidence_sha256=evidence.sha256,
            request=request,
            candidate=choice.candidate.name,
            member=choice.candidate.member,
            test=choice.test,
            arm=choice.arm,
        )
        await self._store.asks.begin(begun, await self._allowance(request, choice.candidate))
        try:
            left = usable(lineup, situation, down)
            answer = await self._answer(question, choice, request, evidence, left, decision)
        finally:
            self._asker.done(question)
        asked = Asked(
            id=question,
            ticker=evidence.ticker,
            as_of=evidence.as_of,
            asked_at=asked_at,
            evidence_sha256=evidence.sha256,
            source=evidence.source,
            caveat=evidence.caveat,
            routed=choice.routed.model_copy(update={"reason": answer.reason}),
            result=answer.result,
            served_by=answer.result.served_by if isinstance(answer.result, Ballot) else None,
            confirmed_by=answer.confirmed_by,
            disagreed=answer.disagreed,
            unsure=answer.unsure,
            spend=sum((heard.result.spend for heard in answer.heard), NOTHING_SPENT),
            latency_ms=int((self._clock.monotonic() - began) * 1000),
        )
        self._measures.asked(asked)
        await self._keep(_record(request, asked, situation, choice, answer), answered=answer.chosen)
        return asked

    async def _lineup(self) -> Lineup:
        members = await self._store.members.all()
        return lineup_of(self._settings, {member.name for member in members if member.enabled})

    async def _situation(
        self, request: AskRequest, evidence: Evidence, lineup: Lineup, down: Collection[str]
    ) -> Situation:
        day = self._gateway.today()
        tightest = await self._gateway.budget.tightest(
            [day_scope(day), chat_scope(request.requested_in, day)]
        )
        hops = {hop for one in lineup.candidates for hop in one.route}
        remote = {hop for hop in hops if not lineup.is_local(hop)}
        # Without anything local the question goes out all the same: the answer then says what is wrong there.
        cut_off = bool(remote) and remote <= set(down) and remote != hops
        return situation_of(
            request,
            evidence,
            offline=self._settings.routing.offline or cut_off,
            budget_left_usd=None if tightest is None else tightest.amount,
        )

    async def _choice(
        self,
        request: AskRequest,
        situation: Situation,
        lineup: Lineup,
        question: str,
        down: Collection[str],
    ) -> Choice:
        routing, said = self._settings.routing, None
        if self._router is not None and not request.model_preference:
            left = usable(lineup, situation, down)
            said = await self._router.choose(situation, left.candidates)
            if said is not None and by_name(said, left) is None:
                log.warning("the router %s named nobody who may be asked; the rules choose", routing.router)
                said = None
        figures = await self._figures(situation, lineup) if routing.adaptive else {}
        return choose(
            request, situation, lineup, routing, question=question, down=down, said=said, figures=figures
        )

    async def _figures(self, situation: Situation, lineup: Lineup) -> dict[str, ArmFigures]:
        """Return what came of the last questions of this task, and of the candidates' settled ballots."""
        figures = await self._store.asks.figures(situation.task)
        season = await self._scoreboard.current()
        outcomes = await self._store.outcomes.of_season(season, self._clock.now(), SETTLED_AFTER)
        for one in lineup.candidates:
            own = [outcome.right for outcome in outcomes if one.member and outcome.member == one.member]
            settled = [right for right in own if right is not None]
            known = figures.get(one.name) or ArmFigures(name=one.name)
            change = {"settled": len(settled), "right": sum(settled)}
            figures[one.name] = known.model_copy(update=change)
        return figures

    async def _prompt(self, choice: Choice) -> tuple[Choice, str | None]:
        """Return the text that a test of prompts assigns, None for the house's own.

        A file that cannot be read takes the question out of the test.
        """
        if choice.kind != "prompt" or choice.variant in {None, HOUSE_PROMPT}:
            return choice, None
        path = Path(choice.variant or "")
        try:
            text = (await asyncio.to_thread(_read, path)).strip()
        except (OSError, UnicodeDecodeError, ValueError) as error:
            log.warning("the prompt of the test %s cannot be read: %s", choice.test, type(error).__name__)
            text = ""
        return (choice, text) if text else (replace(choice, test=None, arm=None), None)

    async def _answer(
        self,
        question: str,
        choice: Choice,
        request: AskRequest,
        evidence: Evidence,
        left: Lineup,
        decision: str | None,
    ) -> _Answer:
        facts = Facts(evidence, budget=self._settings.pipeline.evidence_tokens)
        preset = Preset(choice.variant) if choice.kind == "preset" and choice.variant else Preset.QUICK

        async def ask(candidate: Candidate) -> Heard:
            return await self._asker.ask(
                question, candidate, request, evidence, facts, preset=preset, decision=decision
            )

        first = await ask(choice.candidate)
        answer = _Answer(first.result, (first,), choice.reason, chosen=isinstance(first.result, Ballot))
        answered_by = choice.candidate
        if isinstance(first.result, Abstention) and choice.standby is not None:
            second = await ask(choice.standby)
            answer, answered_by = _stood_in(answer, second), choice.standby
        kept = sure(answer.result, self._settings.consensus.min_confidence)
        if kept is not answer.result:
            return replace(answer, result=kept, unsure=True)
        above = self._settings.routing.confirm_above_usd
        if not needs_confirmation(answer.result, request, above):
            return answer
        return await self._confirmed(answer, request, confirmer(left, answered_by), answered_by, ask)

    async def _confirmed(
        self,
        answer: _Answer,
        request: AskRequest,
        by: Candidate | None,
        answered_by: Candidate,
        ask: Callable[[Candidate], Awaitable[Heard]],
    ) -> _Answer:
        """Return the answer as a second, premium model leaves it."""
        ballot, stake = answer.result, request.stake_usd
        if not isinstance(ballot, Ballot) or stake is None or (by and by.name == answered_by.name):
            return answer  # it is of the tier premium itself, and there is no other
        if by is None:
            why = f"{ballot.member} says {ballot.action}, and there is no other model to confirm it"
            return replace(answer, result=held(ballot, why, stake, ballot.confidence), disagreed=True)
        second = await ask(by)
        settled = agreed(ballot, second.result, stake)
        return replace(
            answer,
            result=settled,
            heard=(*answer.heard, second),
            confirmed_by=second.result,
            disagreed=settled is not ballot,
        )

    async def _keep(self, record: AskRecord, *, answered: bool) -> None:
        """Keep an answer; a store that is out of reach for longer costs the record, not the answer."""
        for wait_s in (*_WAITS_S, None):
            try:
                await self._store.asks.finish(record, answered=answered)
            except StoreError as error:
                log.warning("the answer to question %s was not kept: %s", record.asked.id, error)
                if wait_s is not None:
                    await self._clock.sleep(wait_s)
            else:
                return

    def _as_run(self, request: AskRequest, candidate: Candidate | None = None) -> RunRequest:
        """Return the run that a question is like, for evidence and quotas."""
        return RunRequest(
            ticker=request.ticker,
            preset=Preset.QUICK,
            as_of=request.as_of,
            members=(candidate.member or candidate.name,) if candidate else (),
            requested_by=request.requested_by,
            requested_in=request.requested_in,
        )

    async def _allowance(self, request: AskRequest, candidate: Candidate) -> Allowance | None:
        return await self._people.quotas.allowance(self._as_run(request, candidate))

    async def _check_room(self, request: AskRequest) -> None:
        """Refuse before prices are asked for what a used-up quota will refuse in any case."""
        allowance = await self._people.quotas.allowance(self._as_run(request))
        if allowance is not None:
            await self._store.asks.check_room(allowance._replace(cost=None))


def _stood_in(answer: _Answer, second: Heard) -> _Answer:
    """Return the answer that the balanced default gives where the chosen one gave none, and say so."""
    first, heard = answer.result, (*answer.heard, second)
    assert isinstance(first, Abstention)  # noqa: S101 - only then is anybody stood in for
    why = " ".join(first.reason.split()).rstrip(".")[:_SHORT]
    if isinstance(second.result, Abstention):
        both = f"{first.member}: {first.reason.rstrip('.')}; {second.result.member}: {second.result.reason}"
        result = Abstention(member=first.member, kind=AbstentionKind(first.kind), reason=both)
        return replace(answer, result=result, heard=heard)
    reason = (
        f"{answer.reason.rstrip('.')}; it gave no answer ({why}), "
        f"so the balanced default {second.result.member} did."
    )
    return replace(answer, result=second.result, heard=heard, reason=reason)


def _record(
    request: AskRequest, asked: Asked, situation: Situation, choice: Choice, answer: _Answer
) -> AskRecord:
    stages: tuple[StageRecord, ...] = tuple(stage for heard in answer.heard for stage in heard.stages)
    return AskRecord(
        request=request,
        asked=asked,
        stages=stages,
        situation=situation,
        candidate=choice.candidate.name,
        figures=choice.figures,
        test=choice.test,
        arm=choice.arm,
    )


def _read(path: Path) -> str:
    if path.stat().st_size > _LARGEST_PROMPT:
        raise ValueError("the file is too large")
    return path.read_text(encoding="utf-8")
