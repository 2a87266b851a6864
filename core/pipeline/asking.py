"""One question to one model: the decision on frozen evidence, outside of every run and every portfolio."""

import logging
from decimal import Decimal
from typing import NamedTuple

from core.clock import Clock
from core.config import Settings
from core.config.members import MemberSettings
from core.consensus.percent import asked, reached
from core.domain.asking import AskRequest, ContextValue
from core.domain.ballot import Abstention, AbstentionKind, Action, Ballot, MemberResult, Rating
from core.domain.books import Portfolio
from core.domain.calls import Caller, Purpose
from core.domain.evidence import Evidence
from core.domain.ids import new_id
from core.domain.member import MemberKind
from core.domain.run import Briefing
from core.domain.stage import Preset, StageRecord, Step
from core.domain.usage import NOTHING_SPENT
from core.domain.values import plain, usd
from core.llm.gateway import Gateway
from core.llm.scopes import run_scope
from core.pipeline.author import View
from core.pipeline.facts import Facts
from core.pipeline.llm_author import LlmAuthor
from core.pipeline.member_run import MemberRun
from core.pipeline.presets import steps
from core.routing.lineup import Candidate

log = logging.getLogger(__name__)


class Heard(NamedTuple):
    """How one candidate answered, and all that it wrote."""

    result: MemberResult
    stages: tuple[StageRecord, ...]


class Asker:
    """Asks candidates. What they use counts against the question's, the chat's and the day's budgets."""

    def __init__(self, settings: Settings, gateway: Gateway, clock: Clock) -> None:
        self._settings = settings
        self._gateway = gateway
        self._clock = clock
        self._members = {member.name: member for member in settings.members}

    async def ask(
        self,
        question: str,
        candidate: Candidate,
        request: AskRequest,
        evidence: Evidence,
        facts: Facts,
        *,
        preset: Preset = Preset.QUICK,
        decision: str | None = None,
    ) -> Heard:
        """Return what a candidate decides; whatever fails is its abstention. Nothing is stored.

        `decision` takes the place of the prompt of the last stage.
        """
        settings, pipeline = self._settings, self._settings.pipeline
        member = self._member(candidate)
        caller = Caller(
            purpose=Purpose.ASK,
            member=candidate.member or candidate.name,
            tier=member.tier,
            run_id=question,
            chat=request.requested_in,
            person=request.requested_by,
            evidence_sha256=evidence.sha256,
        )
        author = LlmAuthor(
            self._gateway.model_for(member, caller=caller),
            max_output_tokens=member.max_output_tokens,
            family=None,  # whoever the route names may answer; the answer says who did
        )
        cash, stages = settings.arena.initial_cash, list[StageRecord]()

        async def keep(stage: StageRecord) -> None:
            stages.append(stage)

        terms = settings.trading.model_copy(update={"max_position": self.cap(request)})
        run = MemberRun(
            question,
            candidate.name,
            author,
            View(
                evidence=evidence,
                facts=facts,
                briefing=Briefing(portfolio=Portfolio(member=candidate.name, cash_usd=cash), equity_usd=cash),
                terms=terms,
                told=told_text(request),
                decision=decision,
            ),
            steps(preset, pipeline.debate_rounds),
            clock=self._clock,
            stage_timeout_s=pipeline.stage_timeout_s,
            keep=keep,
            tell=_nobody,
        )
        try:
            result = await run.result(pipeline.run_timeout_s)
        except Exception:
            reference = new_id(6)
            log.exception("question %s: %s failed inside, reference %s", question, candidate.name, reference)
            result = Abstention(
                member=candidate.name,
                kind=AbstentionKind.FAILED,
                reason=f"an internal error; the log has it under {reference}",
                spend=sum((stage.spend for stage in stages), NOTHING_SPENT),
            )
        return Heard(self._within(result, request), tuple(stages))

    def cap(self, request: AskRequest) -> Decimal:
        """Return the largest fraction of equity that an answer may hold."""
        own = self._settings.trading.max_position
        return own if request.max_position is None else min(own, request.max_position)

    def done(self, question: str) -> None:
        """Forget the budget of a question that is over."""
        self._gateway.budget.forget(run_scope(question))

    def _member(self, candidate: Candidate) -> MemberSettings:
        """Return the settings under which a candidate is asked, on exactly its route."""
        known = self._members.get(candidate.member)
        if known is not None:
            # Routes of stages are no part of the candidate, and could lead a private question outside.
            return known.model_copy(update={"route": candidate.route, "stages": {}})
        provider, _, model_id = candidate.route[0].partition(":")
        stated = next((one for one in self._settings.providers if one.name == provider), None)
        model = stated.model(model_id) if stated else None
        return MemberSettings(
            name="route",
            kind=MemberKind.LLM,
            route=candidate.route,
            tier=candidate.tier,
            price_in_usd_per_mtok=(model and model.price_in_usd_per_mtok) or Decimal(0),
            price_out_usd_per_mtok=(model and model.price_out_usd_per_mtok) or Decimal(0),
        )

    def _within(self, result: MemberResult, request: AskRequest) -> MemberResult:
        """Return a ballot with its target weight inside the limits; a cut is said among its key points."""
        if isinstance(result, Abstention) or result.target_weight is None:
            return result
        most = self.cap(request)
        least = -most if self._settings.trading.allow_short else Decimal(0)
        weight = min(max(result.target_weight, least), most)
        if weight == result.target_weight:
            return result
        cut = f"Target weight cut from {_percent(result.target_weight)} to {_percent(weight)}."
        points = (*result.key_points, cut)
        return result.model_copy(update={"target_weight": weight, "key_points": points})


def told_text(request: AskRequest) -> str | None:
    """Return what the caller tells, a line each in the order of names; None where it tells nothing."""
    lines = [f"{name}: {_value(value)}" for name, value in sorted(request.context.items())]
    if request.stake_usd is not None:
        lines.append(f"value of the order that hangs on the answer: {usd(request.stake_usd)}")
    return "\n".join(lines) or None


def agreed(first: Ballot, second: MemberResult, stake_usd: Decimal) -> Ballot:
    """Return what two come to about an order of a high value: the first's ballot, or HOLD if they differ."""
    if isinstance(second, Ballot) and second.action is first.action:
        return first
    if isinstance(second, Ballot):
        says = f"{second.member} says {second.action}"
        confidence = min(first.confidence, second.confidence)
    else:
        says, confidence = f"{second.member} gave no answer ({second.reason.rstrip('.')})", first.confidence
    return held(first, f"{first.member} says {first.action}, and {says}", stake_usd, confidence)


def held(first: Ballot, why: str, stake_usd: Decimal, confidence: Decimal) -> Ballot:
    """Return HOLD in place of a ballot that nobody of the premium tier has confirmed."""
    return _hold(first, f"{why}. An order worth {usd(stake_usd)} needs two that agree", confidence)


def sure(result: MemberResult, least: Decimal) -> MemberResult:
    """Return what a model decides, or HOLD in place of a BUY or SELL with a confidence below `least`."""
    if isinstance(result, Abstention) or result.action is Action.HOLD or result.confidence >= least:
        return result
    why = (
        f"{result.member} says {result.action} with a confidence of {reached(result.confidence)}, "
        f"below the minimum of {asked(least)}"
    )
    return _hold(result, why, result.confidence)


def _hold(first: Ballot, why: str, confidence: Decimal) -> Ballot:
    reasoning = f"{why}, so the answer is HOLD. {first.member} argued: {first.reasoning}"
    return first.model_copy(
        update={
            "action": Action.HOLD,
            "rating": Rating.HOLD,
            "confidence": confidence,
            "target_weight": None,
            "stop_loss": None,
            "take_profit": None,
            "reasoning": reasoning,
        }
    )


def needs_confirmation(result: MemberResult, request: AskRequest, above: Decimal) -> bool:
    """Say whether an order hangs on the answer that is worth more than `above` USD; HOLD orders nothing."""
    stake = request.stake_usd
    orders = isinstance(result, Ballot) and result.action is not Action.HOLD
    return orders and stake is not None and stake > above


def _value(value: ContextValue) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return plain(value) if isinstance(value, Decimal) else " ".join(value.split())


def _percent(ratio: Decimal) -> str:
    return f"{ratio * 100:.1f} %"


def _nobody(step: Step, record: StageRecord | None) -> None:
    """Tell nobody of a stage."""
