"""The result of a tally."""

from decimal import Decimal

from pydantic import Field

from core.domain.ballot import Action, RiskLevel
from core.domain.values import Frozen, Price, Ratio


class Dissent(Frozen):
    """A member whose action differs from the verdict, and its strongest reason in one line."""

    member: str
    action: Action
    reason: str


class WeightUsed(Frozen):
    """With which weight a ballot was counted, and why.

    `configured` is the member's own weight; `sample` how many settled ballots `weight` was learned from, 0
    where it is the configured one, and `effective` how many fresh and independent ones they are worth.
    `calibrated` is the stated confidence corrected by what such confidences were worth before, None where too
    few are settled.
    """

    member: str
    configured: Ratio
    weight: Ratio
    sample: int = 0
    effective: Decimal = Decimal(0)
    calibrated: Ratio | None = None


class Verdict(Frozen):
    """What the committee decided in one run, or why it decided nothing.

    `decision` is None when there is no verdict; `rule` then, or where a tie or a threshold settled it, is
    the rule in one sentence. `threshold` is that of `method`, to four places, None where it has none.
    `agreement` is the fraction of the ballots cast that are for `decision`; `weighted_votes` are each
    action's share of the weight cast and sum to 1 (all 0 without ballots). Both confidences are those that
    counted: calibrated where `weights` has it, else as stated. `dissent` has one entry for each of
    `outliers`, `weights` one for each ballot. `orders` has, for BUY and SELL, the value in USD of the largest
    order that a ballot for it asks for.
    """

    decision: Action | None
    rule: str | None = None
    method: str
    threshold: Ratio | None = None
    agreement: Ratio = Decimal(0)
    high_consensus: bool = False
    average_confidence: Ratio = Decimal(0)
    weighted_confidence: Ratio = Decimal(0)
    risk_level: RiskLevel | None = None
    stop_loss: Price | None = None
    take_profit: Price | None = None
    votes: dict[Action, int]
    weighted_votes: dict[Action, Decimal]
    outliers: tuple[str, ...] = ()
    dissent: tuple[Dissent, ...] = ()
    weights: tuple[WeightUsed, ...] = ()
    abstained: tuple[str, ...] = ()
    orders: dict[Action, Price] = Field(default_factory=dict)
