"""Every prompt of a run, built again from its record alone: evidence, seats, terms and answers."""

from collections.abc import Sequence
from itertools import zip_longest

from pydantic import ValidationError

from core.config import Settings
from core.domain.ballot import Ballot
from core.domain.errors import NoBasis
from core.domain.evidence import Evidence
from core.domain.member import MemberKind
from core.domain.rebuilt import Mismatch, RebuiltMember, RebuiltRun
from core.domain.run import RunRecord, Seat
from core.domain.stage import Stage, StageRecord
from core.pipeline.answers import ANSWER_OF, Decision
from core.pipeline.author import View
from core.pipeline.baselines import RULES
from core.pipeline.baselines.author import BaselineAuthor
from core.pipeline.facts import Facts
from core.pipeline.member_run import reading_order
from core.pipeline.prompt_terms import roles_sha256, terms_of
from core.pipeline.prompting import system_prompt, user_prompt
from core.store.column_types import to_words

_OF_BALLOT = ("action", "rating", "confidence", "target_weight", "stop_loss", "take_profit", "risk_level")


async def rebuild(
    record: RunRecord, evidence: Evidence, stages: Sequence[StageRecord], settings: Settings
) -> RebuiltRun:
    """Hold what the record of a run keeps of its stages against what follows from the rest of it.

    `stages` are those of all members. No model is asked. Of a run without terms of its own, today's count.
    """
    facts = Facts(evidence, budget=terms_of(record, settings).evidence_tokens)
    members = []
    for seat in record.voters:
        done = sorted((one for one in stages if one.member == seat.member), key=reading_order)
        members.append(await _member(record, seat, evidence, facts, tuple(done), settings))
    terms = record.prompt_terms
    return RebuiltRun(
        run_id=record.run_id,
        ticker=record.ticker,
        as_of=record.as_of,
        evidence_sha256=record.evidence_sha256,
        terms_kept=terms is not None,
        roles_changed=None if terms is None else terms.roles_sha256 != roles_sha256(),
        members=tuple(members),
    )


async def _member(
    record: RunRecord,
    seat: Seat,
    evidence: Evidence,
    facts: Facts,
    done: tuple[StageRecord, ...],
    settings: Settings,
) -> RebuiltMember:
    # What a stage may read of the others follows from their names and rounds, so that all can be given.
    view = View(
        evidence=evidence,
        facts=facts,
        briefing=seat.briefing,
        terms=terms_of(record, settings).trading,
        done=done,
        memory=seat.briefing.memory,
    )
    found: list[Mismatch] = []
    same = 0
    for stage in done:
        prompt = await _prompt(seat, stage, view)
        if prompt == stage.prompt:
            same += 1
        else:
            found.append(_mismatch(stage, "prompt", _first_difference(prompt, stage.prompt)))
        text = _text(stage)
        if text != stage.output:
            found.append(_mismatch(stage, "text", _first_difference(text, stage.output)))
        if stage.stage is Stage.DECISION and not _is_ballot_of(stage, seat):
            found.append(_mismatch(stage, "ballot", None))
    return RebuiltMember(member=seat.member, prompts=len(done), same=same, mismatches=tuple(found))


async def _prompt(seat: Seat, stage: StageRecord, view: View) -> str:
    """Return what was asked; of a rule what it was applied by, nothing where it is not known any more."""
    if seat.kind != MemberKind.BASELINE:
        return to_words(f"{system_prompt(view.evidence)}\n\n{user_prompt(stage.step, view)}")
    rule = RULES.get(seat.member)
    if rule is None:
        return ""
    try:
        return (await BaselineAuthor(seat.member, rule).write(stage.step, view)).prompt
    except NoBasis:
        return ""


def _text(stage: StageRecord) -> str:
    """Return the text for people that follows from the answer, nothing where it is no such answer."""
    try:
        return to_words(ANSWER_OF[stage.stage].model_validate(stage.answer).prose())
    except ValidationError:
        return ""


def _is_ballot_of(stage: StageRecord, seat: Seat) -> bool:
    """Say whether a seat's ballot is what its decision says; an abstention may follow it as well."""
    if not isinstance(seat.result, Ballot):
        return True
    try:
        decision = Decision.model_validate(stage.answer)
    except ValidationError:
        return False
    return all(getattr(decision, name) == getattr(seat.result, name) for name in _OF_BALLOT)


def _mismatch(stage: StageRecord, what: str, at: int | None) -> Mismatch:
    return Mismatch(stage=stage.stage, round=stage.round, what=what, at=at)


def _first_difference(one: str, other: str) -> int:
    """Return the number of the first sign that differs, from 1."""
    pairs = enumerate(zip_longest(one, other), start=1)
    return next(number for number, (left, right) in pairs if left != right)
