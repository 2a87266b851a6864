"""What each stage must answer, as Pydantic types, and the same as text for people."""

from abc import ABC, abstractmethod
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, StringConstraints, model_validator

from core.domain.ballot import Action, Rating, RiskLevel
from core.domain.stage import Stage
from core.pipeline.lenient import (
    Confidence,
    OptionalPrice,
    OptionalProse,
    OptionalTargetWeight,
    capitalised,
    lower_case,
    upper_case,
)

Sentiment = Annotated[Literal["bullish", "neutral", "bearish"], lower_case]
Prose = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class StageAnswer(BaseModel, ABC):
    """What every stage gives beside its own fields. Fields that nobody asked for are dropped."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    key_points: list[str]
    sentiment: Sentiment

    @abstractmethod
    def prose(self) -> str:
        """The answer as text for people."""


class Report(StageAnswer):
    """An analyst's reading of one kind of evidence."""

    report: Prose

    def prose(self) -> str:
        """The report."""
        return self.report


class Argument(StageAnswer):
    """One side of a debate, or one voice on risk."""

    argument: Prose

    def prose(self) -> str:
        """The argument."""
        return self.argument


class Research(StageAnswer):
    """The judge's view of the debate."""

    recommendation: Annotated[Rating, capitalised]
    rationale: Prose
    strongest_point_of_losing_side: Prose

    def prose(self) -> str:
        """The recommendation, why, and what spoke most against it."""
        return (
            f"{self.recommendation}. {self.rationale}\n\n"
            f"Strongest point of the losing side: {self.strongest_point_of_losing_side}"
        )


class Plan(StageAnswer):
    """The trader's plan."""

    action: Annotated[Action, upper_case]
    reasoning: Prose
    target_weight: OptionalTargetWeight
    stop_loss: OptionalPrice
    take_profit: OptionalPrice

    def prose(self) -> str:
        """The plan and its levels."""
        levels = [
            f"target weight {self.target_weight:.1%}" if self.target_weight is not None else "",
            f"stop loss {self.stop_loss.normalize():f}" if self.stop_loss else "",
            f"take profit {self.take_profit.normalize():f}" if self.take_profit else "",
        ]
        terms = ", ".join(level for level in levels if level)
        return f"{self.action}{f' ({terms})' if terms else ''}. {self.reasoning}"


class Decision(StageAnswer):
    """The ballot as the member writes it. A rating that contradicts the action is refused.

    `answer_to_objection` has the strongest objection and the answer to it. Every model is asked for it, but
    one that leaves it out still votes, and older answers do not have it.
    """

    rating: Annotated[Rating, capitalised]
    action: Annotated[Action, upper_case]
    confidence: Confidence
    target_weight: OptionalTargetWeight
    stop_loss: OptionalPrice
    take_profit: OptionalPrice
    risk_level: Annotated[RiskLevel, lower_case]
    horizon: str
    reasoning: Prose
    answer_to_objection: OptionalProse = ""

    @model_validator(mode="after")
    def _rating_and_action_agree(self) -> "Decision":
        if self.rating.action is not self.action:
            raise ValueError(
                f"rating {self.rating} is {self.rating.action}, but action is {self.action}: make them agree"
            )
        return self

    def prose(self) -> str:
        """The decision in one line, the reasoning, and the answer to what speaks most against it."""
        decided = f"{self.action} ({self.rating}), confidence {self.confidence:.0%}. {self.reasoning}"
        if not self.answer_to_objection:
            return decided
        return f"{decided}\n\nAnswer to the strongest objection: {self.answer_to_objection}"


ANSWER_OF: dict[Stage, type[StageAnswer]] = {
    Stage.MARKET: Report,
    Stage.NEWS: Report,
    Stage.FUNDAMENTALS: Report,
    Stage.SENTIMENT: Report,
    Stage.BULL: Argument,
    Stage.BEAR: Argument,
    Stage.RESEARCH: Research,
    Stage.TRADER: Plan,
    Stage.RISK_AGGRESSIVE: Argument,
    Stage.RISK_NEUTRAL: Argument,
    Stage.RISK_CONSERVATIVE: Argument,
    Stage.DECISION: Decision,
}
