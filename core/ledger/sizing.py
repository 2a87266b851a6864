"""A ballot's target weight becomes a wish for shares; hard caps clamp it, and every clamp is kept.

Rules, in order: a ballot without a target weight gets the rating's own (Buy: the largest position,
Overweight: half of it, Underweight and Sell: none); the target never exceeds `max_position`; a BUY never
sells and a SELL never buys; nothing is sold that is not held.
"""

from dataclasses import dataclass
from decimal import Decimal

from core.config.settings import Trading
from core.domain.ballot import Action, Ballot, Rating
from core.domain.books import Clamp, Position, Side
from core.domain.values import to_shares


@dataclass(frozen=True)
class Wish:
    """What a ballot asks of the books. `shares` 0 means that nothing can be done; `reason` says why."""

    side: Side
    shares: Decimal
    clamps: tuple[Clamp, ...]
    reason: str | None = None


def wish(
    ballot: Ballot, position: Position | None, equity_usd: Decimal | None, price: Decimal, rules: Trading
) -> Wish | None:
    """Return what `ballot` asks for, or None for HOLD.

    `position` is what the member holds of the instrument; `equity_usd` the value of its cash and holdings at
    the last marks, None when a holding has no price; `price` (USD a share) the one the ballot was cast on.
    """
    if ballot.action is Action.HOLD:
        return None
    side = Side.BUY if ballot.action is Action.BUY else Side.SELL
    if equity_usd is None:
        return Wish(side, Decimal(0), (), "a holding cannot be priced, so the size of a trade is unknown")
    target, clamps = _target(ballot, rules)
    held = position.shares if position else Decimal(0)
    aim = to_shares(target * equity_usd / price, fractional=rules.fractional)
    weight = held * price / equity_usd if equity_usd else Decimal(0)
    if side is Side.BUY:
        shares, reason = aim - held, f"already holds {weight:.1%} of equity, and the target is {target:.1%}"
    elif held == 0:
        shares, reason = Decimal(0), "nothing to sell, and short positions are off"
    else:
        shares = held if target == 0 else held - aim
        reason = f"holds {weight:.1%} of equity, not more than the target of {target:.1%}"
    flat = side is Side.SELL and target == 0
    if shares <= 0 or (shares * price < rules.min_order_usd and not flat):
        return Wish(side, Decimal(0), clamps, reason)
    return Wish(side, shares, clamps)


def _target(ballot: Ballot, rules: Trading) -> tuple[Decimal, tuple[Clamp, ...]]:
    """Return the fraction of equity to hold after the trade, and what was changed about it."""
    if ballot.target_weight is None:
        standard = {Rating.BUY: rules.max_position, Rating.OVERWEIGHT: rules.max_position / 2}
        weight = standard.get(ballot.rating, Decimal(0))
        if weight == 0:
            return weight, ()  # to sell without a target is to sell all: nothing was changed
        note = f"no target weight given: {ballot.rating} means {weight:.1%} of equity"
        return weight, (Clamp(rule="rating size", note=note),)
    if ballot.target_weight > rules.max_position:
        note = f"wished for {ballot.target_weight:.1%} of equity, the cap is {rules.max_position:.1%}"
        return rules.max_position, (Clamp(rule="max position", note=note),)
    return ballot.target_weight, ()
