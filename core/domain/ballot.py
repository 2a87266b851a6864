"""A member's final decision, and its absence."""

from enum import StrEnum

from core.domain.usage import NOTHING_SPENT, Count, ServedBy, Spend
from core.domain.values import Frozen, Price, Ratio, TargetWeight


class Action(StrEnum):
    """What to do with the instrument."""

    BUY = "BUY"
    SELL = "SELL"
    HOLD = "HOLD"


class Rating(StrEnum):
    """Five tiers, from the most to the least favourable."""

    BUY = "Buy"
    OVERWEIGHT = "Overweight"
    HOLD = "Hold"
    UNDERWEIGHT = "Underweight"
    SELL = "Sell"

    @property
    def action(self) -> Action:
        """The action that this rating stands for."""
        return _ACTION_OF[self]


_ACTION_OF = {
    Rating.BUY: Action.BUY,
    Rating.OVERWEIGHT: Action.BUY,
    Rating.HOLD: Action.HOLD,
    Rating.UNDERWEIGHT: Action.SELL,
    Rating.SELL: Action.SELL,
}


class RiskLevel(StrEnum):
    """How risky a member calls its own decision."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class Authorship(Frozen):
    """Which stages one model wrote for a member: their names, and the model as `provider:model`."""

    model: str
    stages: tuple[str, ...]


class Ballot(Frozen):
    """A member's final decision in one run, and what the whole way to it used.

    `target_weight` is the fraction of the member's equity to hold after the trade, below zero for a short
    position; prices in USD. `written_by` says who wrote what where it was more than one model. `from_cache`
    is how many stages were answers that the member had given a moment before; they cost nothing.
    """

    member: str
    action: Action
    rating: Rating
    confidence: Ratio
    target_weight: TargetWeight | None = None
    stop_loss: Price | None = None
    take_profit: Price | None = None
    risk_level: RiskLevel
    horizon: str = ""
    reasoning: str
    key_points: tuple[str, ...] = ()
    served_by: ServedBy | None = None
    spend: Spend = NOTHING_SPENT
    latency_ms: int = 0
    written_by: tuple[Authorship, ...] = ()
    from_cache: Count = 0


class AbstentionKind(StrEnum):
    """Why a member cast no ballot."""

    BAD_ANSWER = "bad answer"
    TIMEOUT = "timeout"
    FAILED = "failed"
    BUDGET = "budget"
    NO_DATA = "no data"
    OTHER_MODEL = "served by another model"
    NO_VERDICT = "no verdict"
    NO_VOTES = "no votes"


class Abstention(Frozen):
    """A member cast no ballot, and why. Never counts as HOLD."""

    member: str
    kind: AbstentionKind
    reason: str
    spend: Spend = NOTHING_SPENT
    latency_ms: int = 0


MemberResult = Ballot | Abstention
