"""A ballot's target weight becomes a wish for shares; hard rules clamp it, and every clamp is kept.

Rules, in order: a ballot without a target weight gets the rating's own (Buy: the largest position,
Overweight: half of it, Underweight and Sell: none); the target never exceeds `max_position` on either side,
nor goes below zero while short positions are off; a BUY never sells and a SELL never buys; after a fall of
`daily_drawdown_brake` in a session, and for `stop_cooldown_sessions` after the ticker's stop, nothing is
added to a position, long or short; all holdings together, with the orders that wait, stay within
`max_gross_exposure`; and an order below `min_order_usd` is not made unless it closes a position.
What makes a position smaller is never held up.
"""

from dataclasses import dataclass
from decimal import Decimal

from core.config.settings import Trading
from core.domain.ballot import Action, Ballot, Rating
from core.domain.books import Clamp, Position, Side
from core.domain.values import to_shares, usd


@dataclass(frozen=True)
class Wish:
    """What a ballot asks of the books. `shares` 0 means that nothing can be done; `reason` says why."""

    side: Side
    shares: Decimal
    clamps: tuple[Clamp, ...]
    reason: str | None = None


@dataclass(frozen=True)
class Situation:
    """What a member's books allow at the moment of its ballot.

    `equity_usd` is the value of cash and holdings at the last marks, None when a holding has no price;
    `price` (USD a share) the one the ballot was cast on; `elsewhere_usd` the gross value of all other
    instruments once the waiting orders have filled. `braked` and `cooling` say why nothing may be added, or
    are None.
    """

    equity_usd: Decimal | None
    price: Decimal
    elsewhere_usd: Decimal = Decimal(0)
    braked: str | None = None
    cooling: str | None = None


def wish(ballot: Ballot, position: Position | None, now: Situation, rules: Trading) -> Wish | None:
    """Return what `ballot` asks for, or None for HOLD; `position` is what is held of the instrument."""
    if ballot.action is Action.HOLD:
        return None
    side = Side.BUY if ballot.action is Action.BUY else Side.SELL
    if now.equity_usd is None:
        return Wish(side, Decimal(0), (), "a holding cannot be priced, so the size of a trade is unknown")
    target, clamps = _target(ballot, rules)
    held = position.shares if position else Decimal(0)
    if side is Side.SELL and held == 0 and target >= 0:
        why = "nothing to sell" if rules.allow_short else "nothing to sell, and short positions are off"
        return Wish(side, Decimal(0), clamps, why)
    equity = max(now.equity_usd, Decimal(0))
    aim = to_shares(target * equity / now.price, fractional=rules.fractional)
    change = aim - held
    if (change > 0) is not (side is Side.BUY) or change == 0:
        return Wish(side, Decimal(0), clamps, _no_change(side, held, target, aim, now))
    for limit in (_braked, _within_gross):
        change, clamp = limit(held, change, now, rules)
        clamps = (*clamps, clamp) if clamp else clamps
        if clamp and change == 0:
            return Wish(side, Decimal(0), clamps, clamp.note)
    if abs(change) * now.price < rules.min_order_usd and held + change != 0:
        small = f"the order is smaller than the minimum of {usd(rules.min_order_usd)}"
        return Wish(side, Decimal(0), clamps, small)
    return Wish(side, abs(change), clamps)


def _target(ballot: Ballot, rules: Trading) -> tuple[Decimal, tuple[Clamp, ...]]:
    """Return the fraction of equity to hold after the trade, and what was changed about it."""
    if ballot.target_weight is None:
        standard = {Rating.BUY: rules.max_position, Rating.OVERWEIGHT: rules.max_position / 2}
        weight = standard.get(ballot.rating, Decimal(0))
        if weight == 0:
            return weight, ()  # to sell without a target is to sell all: nothing was changed
        note = f"no target weight given: {ballot.rating} means {weight:.1%} of equity"
        return weight, (Clamp(rule="rating size", note=note),)
    wanted = ballot.target_weight
    if wanted < 0 and not rules.allow_short:
        note = f"wished for {wanted:.1%} of equity, and short positions are off"
        return Decimal(0), (Clamp(rule="no shorting", note=note),)
    if abs(wanted) > rules.max_position:
        most = rules.max_position.copy_sign(wanted)
        note = f"wished for {wanted:.1%} of equity, the cap is {most:.1%}"
        return most, (Clamp(rule="max position", note=note),)
    return wanted, ()


def _no_change(side: Side, held: Decimal, target: Decimal, aim: Decimal, now: Situation) -> str:
    """Say why a ballot asks for nothing."""
    if not now.equity_usd or now.equity_usd < 0:
        return "no equity is left to trade with"
    if target and not aim and not held:
        return f"{abs(target):.1%} of equity is less than one share of {usd(now.price)}"
    weight = held * now.price / now.equity_usd
    if side is Side.BUY:
        return f"already holds {weight:.1%} of equity, and the target is {target:.1%}"
    return f"holds {weight:.1%} of equity, not more than the target of {target:.1%}"


def _braked(held: Decimal, change: Decimal, now: Situation, rules: Trading) -> tuple[Decimal, Clamp | None]:
    """Return the change without what would be added to a position while nothing may be."""
    del rules
    after = held + change
    turned = held * after < 0
    if abs(after) <= abs(held) and not turned:
        return change, None
    if now.braked:
        clamp = Clamp(rule="drawdown brake", note=now.braked)
    elif now.cooling:
        clamp = Clamp(rule="cooldown", note=now.cooling)
    else:
        return change, None
    return (-held if turned else Decimal(0)), clamp


def _within_gross(
    held: Decimal, change: Decimal, now: Situation, rules: Trading
) -> tuple[Decimal, Clamp | None]:
    """Return the change that keeps all holdings together within the largest exposure."""
    after = held + change
    turned = held * after < 0
    if abs(after) <= abs(held) and not turned:
        return change, None
    room = max(Decimal(0), rules.max_gross_exposure * (now.equity_usd or 0) - now.elsewhere_usd)
    most = to_shares(room / now.price, fractional=rules.fractional)
    most = most if turned else max(most, abs(held))
    if abs(after) <= most:
        return change, None
    note = f"all holdings together may be {rules.max_gross_exposure:.0%} of equity: {usd(room)} are left"
    return most.copy_sign(after) - held, Clamp(rule="max gross exposure", note=note)
