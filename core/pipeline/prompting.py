"""Prompts: the role files, the evidence, and what was written before, each inside its fence.

The fence's key comes from the hash of the evidence, which covers every text in it, so no news item can know
it; and double brackets inside are spaced out, so that no text, a model's own included, can end its fence.
The evidence stands first, so that all stages of all members share one prefix and a provider's prompt cache
can serve it.
"""

import re
from functools import cache
from pathlib import Path

from core.domain.stage import Stage, StageRecord, Step
from core.pipeline.author import View
from core.pipeline.facts import briefing_text
from core.pipeline.memory_text import memory_text
from core.pipeline.presets import ANALYSTS, DEBATERS, RISK_VOICES

_BRACKET_BEFORE_ANOTHER = re.compile(r"(\[(?=\[)|\](?=\]))")
_FOLDER = Path(__file__).parent / "prompts"

_READS: dict[Stage, tuple[Stage, ...]] = {
    Stage.BULL: (*ANALYSTS, *DEBATERS),
    Stage.BEAR: (*ANALYSTS, *DEBATERS),
    Stage.RESEARCH: (*ANALYSTS, *DEBATERS),
    Stage.TRADER: (*ANALYSTS, Stage.RESEARCH),
    Stage.RISK_AGGRESSIVE: (Stage.RESEARCH, Stage.TRADER, *RISK_VOICES),
    Stage.RISK_NEUTRAL: (Stage.RESEARCH, Stage.TRADER, *RISK_VOICES),
    Stage.RISK_CONSERVATIVE: (Stage.RESEARCH, Stage.TRADER, *RISK_VOICES),
    Stage.DECISION: (*ANALYSTS, Stage.RESEARCH, Stage.TRADER, *RISK_VOICES),
}
_BRIEFED = (Stage.TRADER, *RISK_VOICES, Stage.DECISION)


@cache
def role(name: str) -> str:
    """Return the prompt file `name`.md, for instance "system" or a stage."""
    return (_FOLDER / f"{name}.md").read_text(encoding="utf-8").strip()


def user_prompt(step: Step, view: View) -> str:
    """Return what the member is asked in `step`; equal views give equal text, byte for byte."""
    key = view.evidence.sha256[:12]
    parts = [fence("evidence", key, view.facts.text)]
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
    parts.append(role(step.stage))
    return "\n\n".join(parts)


def _may_read(step: Step, record: StageRecord) -> bool:
    """Voices of one debate read only the rounds before their own: they speak at the same time."""
    for voices in (DEBATERS, RISK_VOICES):
        if step.stage in voices and record.stage in voices:
            return record.round == step.round - 1
    return True


def fence(name: str, key: str, text: str) -> str:
    """Put data between marks that the data itself cannot hold."""
    inside = _BRACKET_BEFORE_ANOTHER.sub(r"\1 ", text)
    return f"[[{name} {key}]]\n{inside}\n[[/{name} {key}]]"
