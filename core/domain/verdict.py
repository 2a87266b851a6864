"""The result of a tally."""

from decimal import Decimal

from core.domain.ballot import Action, RiskLevel
from core.domain.values import Frozen, Price, Ratio


class Verdict(Frozen):
    """What the committee decided in one run, or why it decided nothing.

    `decision` is None when there is no verdict; `rule` then, or where a tie or a threshold settled it, is
    the rule in one sentence. `agreement` is the fraction of the ballots cast that are for `decision`;
    `weighted_votes` are each action's share of the weight cast and sum to 1 (all 0 without ballots).
    """

    decision: Action | None
    rule: str | None = None
    method: str
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
    abstained: tuple[str, ...] = ()
