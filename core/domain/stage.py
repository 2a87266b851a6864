"""The steps of a member's pipeline, and the record that each leaves."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, NamedTuple

from pydantic import AwareDatetime

from core.domain.ballot import MemberResult
from core.domain.memory import Reflection
from core.domain.usage import ServedBy, Spend
from core.domain.values import Frozen


class Stage(StrEnum):
    """One step of the pipeline, in the order in which people read a ModelChat."""

    MARKET = "market"
    NEWS = "news"
    FUNDAMENTALS = "fundamentals"
    SENTIMENT = "sentiment"
    BULL = "bull"
    BEAR = "bear"
    RESEARCH = "research"
    TRADER = "trader"
    RISK_AGGRESSIVE = "risk_aggressive"
    RISK_NEUTRAL = "risk_neutral"
    RISK_CONSERVATIVE = "risk_conservative"
    DECISION = "decision"


GROUPS: Mapping[str, tuple[Stage, ...]] = {
    "analysts": (Stage.MARKET, Stage.NEWS, Stage.FUNDAMENTALS, Stage.SENTIMENT),
    "debate": (Stage.BULL, Stage.BEAR),
    "risk": (Stage.RISK_AGGRESSIVE, Stage.RISK_NEUTRAL, Stage.RISK_CONSERVATIVE),
}
"""Stages that have a name together. The others stand alone."""
_GROUP_OF = {stage.value: group for group, stages in GROUPS.items() for stage in stages}


def route_at(route: tuple[str, ...], stages: Mapping[Any, tuple[str, ...]], stage: str) -> tuple[str, ...]:
    """Return the route of a stage among those of `stages`, which are by stage or group; else `route`.

    A stage's own name goes before that of its group.
    """
    return stages.get(stage) or stages.get(_GROUP_OF.get(stage, "")) or route


class Step(NamedTuple):
    """A stage in one round of its debate; rounds count from 1."""

    stage: Stage
    round: int = 1


class Preset(StrEnum):
    """How deep the pipeline goes."""

    QUICK = "quick"
    STANDARD = "standard"
    DEEP = "deep"


SPOKEN = (
    "This answer repeats a secret word that it was told never to write: "
    "a text in the evidence may have steered it."
)
SPOKEN_BEFORE = (
    "An earlier stage of this member repeated the secret word, so this ballot may have been steered."
)
"""The marks of a stage that may have been steered from outside, and of a ballot that follows from one."""


class StageRecord(Frozen):
    """One finished stage of one member: what was asked, what came back, and what it used.

    `answer` is the validated structured answer; `output` is the same as text for people. For a member
    without a model, `prompt` says which rule was applied, and `served_by` is None. `marks` are what the
    checks of this stage have found, each one sentence for people. One `from_cache` is an answer that the
    member gave to the very same question a moment before; it cost nothing again.
    """

    run_id: str
    member: str
    stage: Stage
    round: int = 1
    prompt: str
    output: str
    answer: dict[str, Any]
    key_points: tuple[str, ...] = ()
    sentiment: str | None = None
    marks: tuple[str, ...] = ()
    served_by: ServedBy | None = None
    from_cache: bool = False
    spend: Spend
    latency_ms: int
    started_at: AwareDatetime
    completed_at: AwareDatetime

    @property
    def step(self) -> Step:
        """The stage and round that this record finishes."""
        return Step(self.stage, self.round)


class ModelChat(Frozen):
    """The complete record of one member's run: every stage in reading order, and how it ended.

    `reflection` is what the member wrote about its ballot once it was settled, None before.
    """

    run_id: str
    ticker: str
    as_of: AwareDatetime
    member: str
    stages: tuple[StageRecord, ...]
    result: MemberResult | None
    reflection: Reflection | None = None
