"""Whoever can write a stage: a language model or a rule."""

from dataclasses import dataclass
from typing import Any, Protocol

from core.config.settings import Trading
from core.domain.evidence import Evidence
from core.domain.memory import Memory
from core.domain.prompt_terms import TradingTerms
from core.domain.run import Briefing
from core.domain.stage import Stage, StageRecord, Step
from core.domain.usage import NOTHING_SPENT, ServedBy, Spend
from core.domain.values import Frozen
from core.pipeline.facts import Facts


@dataclass(frozen=True)
class View:
    """All that a member may know when it writes a stage.

    `facts` is the evidence as text, for all stages of all members. `done` has the stages that the member has
    already written, in reading order. `memory` is for the decision alone; None where there is nothing.
    So is `told`, what somebody who asks one model tells of the market and of itself, as text. `decision`
    takes the place of the prompt file of that stage.
    """

    evidence: Evidence
    facts: Facts
    briefing: Briefing
    terms: Trading | TradingTerms
    done: tuple[StageRecord, ...] = ()
    memory: Memory | None = None
    told: str | None = None
    decision: str | None = None

    def said(self, *stages: Stage) -> tuple[StageRecord, ...]:
        """Return what the member wrote in these stages, in reading order."""
        return tuple(record for record in self.done if record.stage in stages)


class Draft(Frozen):
    """A stage as its author wrote it.

    `answer` follows `core.pipeline.answers`, `marks` and `from_cache` are as on a record.
    """

    prompt: str
    output: str
    answer: dict[str, Any]
    key_points: tuple[str, ...] = ()
    sentiment: str | None = None
    marks: tuple[str, ...] = ()
    served_by: ServedBy | None = None
    from_cache: bool = False
    spend: Spend = NOTHING_SPENT


class Author(Protocol):
    """Writes the stages of one member in one run."""

    async def write(self, step: Step, view: View) -> Draft:
        """Write one stage.

        Raises:
            ModelFailure: a model gave no usable answer.
            NoBasis: the evidence lacks what the member needs.
        """
        ...
