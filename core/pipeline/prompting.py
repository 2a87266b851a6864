"""Prompts: the role files, the evidence, and what was written before, each inside its fence.

The system's text, the quote and the indicators stand first, so that all stages and rounds of all members
share one prefix and a provider's prompt cache can serve it. The analysts read their own sections after that,
and the ballot all of them; the others argue from the analysts' reports. The bars are read where sessions
matter: to read the market, to see what followed an item of news, and to decide. So texts of strangers go no
further than they must, and a run does not pay twelve times for reading the same.
"""

from functools import cache
from pathlib import Path

from core.domain.evidence import Evidence
from core.domain.stage import Stage, StageRecord, Step
from core.pipeline.author import View
from core.pipeline.canary import canary_of
from core.pipeline.facts import CORE, PRICES, SECTIONS, briefing_text
from core.pipeline.fences import fence, key_of, marked
from core.pipeline.memory_text import memory_text
from core.pipeline.presets import ANALYSTS, DEBATERS, RISK_VOICES
from core.pipeline.sections import Section

_FOLDER = Path(__file__).parent / "prompts"

_READS: dict[Stage, tuple[Stage, ...]] = {
    Stage.BULL: (*ANALYSTS, *DEBATERS),
    Stage.BEAR: (*ANALYSTS, *DEBATERS),
    Stage.RESEARCH: (*ANALYSTS, *DEBATERS),
    Stage.TRADER: (Stage.MARKET, Stage.RESEARCH),
    Stage.RISK_AGGRESSIVE: (Stage.RESEARCH, Stage.TRADER, *RISK_VOICES),
    Stage.RISK_NEUTRAL: (Stage.RESEARCH, Stage.TRADER, *RISK_VOICES),
    Stage.RISK_CONSERVATIVE: (Stage.RESEARCH, Stage.TRADER, *RISK_VOICES),
    Stage.DECISION: (*ANALYSTS, Stage.RESEARCH, Stage.TRADER, *RISK_VOICES),
}
_SECTIONS: dict[Stage, tuple[Section, ...]] = {
    Stage.MARKET: PRICES,
    Stage.NEWS: (*PRICES, Section.NEWS, Section.MACRO),
    Stage.FUNDAMENTALS: (*CORE, Section.FUNDAMENTALS, Section.RATIOS),
    Stage.SENTIMENT: (*CORE, Section.SENTIMENT),
    Stage.DECISION: SECTIONS,
}
_BRIEFED = (Stage.TRADER, *RISK_VOICES, Stage.DECISION)


@cache
def role(name: str) -> str:
    """Return the prompt file `name`.md, for instance "system" or a stage."""
    return (_FOLDER / f"{name}.md").read_text(encoding="utf-8").strip()


def system_prompt(evidence: Evidence) -> str:
    """Return what all members are told in every stage of a run about this evidence."""
    return role("system").replace("{canary}", canary_of(evidence.sha256))


def user_prompt(step: Step, view: View) -> str:
    """Return what the member is asked in `step`; equal views give equal text, byte for byte."""
    key = key_of(view.evidence.sha256)
    # Its texts are made safe one by one, and sections have fences of their own inside.
    parts = [marked("evidence", key, view.facts.of(*_sections(step.stage, view.evidence)))]
    for record in view.said(*_READS.get(step.stage, ())):
        if record.step != step and _may_read(step, record):
            name = record.stage if record.round == 1 else f"{record.stage} round {record.round}"
            parts.append(fence(name, key, record.output))
    if step.stage in _BRIEFED:
        books = briefing_text(view.briefing, view.evidence.ticker, view.terms)
        parts.append(fence("briefing", key, books))
    if step.stage is Stage.DECISION and view.memory is not None:
        parts.append(fence("memory", key, memory_text(view.memory, view.evidence.ticker)))
        parts.append(role("memory"))
    if step.stage is Stage.DECISION and view.told is not None:
        parts.append(fence("context", key, view.told))
        parts.append(role("context"))
    own = view.decision if step.stage is Stage.DECISION else None
    parts.append(own or role(step.stage))
    return "\n\n".join(parts)


def _sections(stage: Stage, evidence: Evidence) -> tuple[Section, ...]:
    found = _SECTIONS.get(stage, CORE)
    if stage is Stage.NEWS and not evidence.news:
        # There is no item whose sessions after it could be looked at.
        return tuple(section for section in found if section is not Section.BARS)
    return found


def _may_read(step: Step, record: StageRecord) -> bool:
    """Voices of one debate read only the rounds before their own: they speak at the same time."""
    for voices in (DEBATERS, RISK_VOICES):
        if step.stage in voices and record.stage in voices:
            return record.round == step.round - 1
    return True
