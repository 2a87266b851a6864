"""The keys of `[cache]`: how long the answers of models may be used again, by the kind of what was asked."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from core.domain.stage import Stage
from core.domain.values import Frozen

Kind = Literal["market", "news", "technical", "risk"]
SecondsToLive = Annotated[int, Field(ge=0, le=86_400)]

KIND_OF: Mapping[str, Kind] = {
    Stage.MARKET: "market",
    Stage.FUNDAMENTALS: "market",
    Stage.NEWS: "news",
    Stage.SENTIMENT: "news",
    Stage.BULL: "technical",
    Stage.BEAR: "technical",
    Stage.RESEARCH: "technical",
    Stage.TRADER: "technical",
    Stage.RISK_AGGRESSIVE: "risk",
    Stage.RISK_NEUTRAL: "risk",
    Stage.RISK_CONSERVATIVE: "risk",
    Stage.DECISION: "risk",
}
"""The kind of each stage: the nearer it stands to the decision, the sooner its answer is too old."""


class TimeToLive(Frozen):
    """Seconds that an answer of each kind stays good; 0 keeps none."""

    market: SecondsToLive = 300
    news: SecondsToLive = 600
    technical: SecondsToLive = 60
    risk: SecondsToLive = 30


class Cache(Frozen):
    """The cache of answers.

    It is on by default: an answer is used again only for the same member, asked the same in every sign about
    the same evidence, so that people who ask the committee the same within seconds pay for it once. Whatever
    wants another sample (a rerun, a replay, a check of stability) never asks it. For `evidence_s` after a
    pack about the present was frozen, other runs of now on its ticker take it instead of a new one.
    """

    enabled: bool = True
    evidence_s: SecondsToLive = 60
    ttl_s: TimeToLive = TimeToLive()

    @property
    def shares_the_present(self) -> bool:
        """Say whether runs of now may have the same evidence, and so the same answers."""
        return self.enabled and self.evidence_s > 0

    def seconds_for(self, stage: str) -> int:
        """Return for how long an answer of a stage stays good; 0 outside of the pipeline."""
        kind = KIND_OF.get(stage)
        if kind is None or not self.enabled:
            return 0
        seconds: int = getattr(self.ttl_s, kind)
        return seconds
