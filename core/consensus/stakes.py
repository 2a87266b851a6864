"""What more agreement an order of a high value needs. Pure."""

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction

from core.config.settings import Consensus
from core.consensus.percent import asked, reached
from core.domain.ballot import Action
from core.domain.values import usd


def too_little_agreement(
    decision: Action, agreement: Fraction, orders: Mapping[Action, Decimal], rules: Consensus
) -> str | None:
    """Return why a decision must be HOLD instead, or None where enough ballots are for it.

    `agreement` is the fraction of ballots that are for the decision, `orders` the value in USD of the largest
    order that ballots for an action ask for. Of `rules.stakes` the one with the highest amount that is
    exceeded counts; HOLD orders nothing.
    """
    value = orders.get(decision, Decimal(0))
    exceeded = [one for one in rules.stakes if value > one.above_usd]
    if not exceeded:
        return None
    stakes = exceeded[-1]
    if agreement >= Fraction(stakes.agreement):
        return None
    return (
        f"the largest order is worth {usd(value)}, and above {usd(stakes.above_usd)} "
        f"{asked(stakes.agreement)} of the ballots must agree; {reached(agreement)} do: "
        f"{decision} becomes HOLD"
    )
