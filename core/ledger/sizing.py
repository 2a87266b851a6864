"""A ballot's target weight becomes a wish for shares; hard rules clamp it, and every clamp is kept.

Rules, in order: a ballot without a target weight gets the rating's own (Buy: the largest position,
Overweight: half of it, Underweight and Sell: none); the target never exceeds `max_position` on either side,
nor goes below zero while short positions are off; a BUY never sells and a SELL never buys; after a fall of
`daily_drawdown_brake` in a session, and for `stop_cooldown_sessions` after the ticker's stop, nothing is
added to a position; all holdings together stay within `max_gross_exposure`.
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


@dataclass(frozen=True)
class Situation:
    """What a member's books allow at the moment of its ballot.

    `equity_usd` is the value of cash and holdings at the last marks, None when a holding has no price;
    `price` (USD a share) the one the ballot was cast on; `elsewhere_usd` the gross value of all other
    holdings and waiting orders. `braked` and `cooling` say why nothing may be added, or are None.
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
    aim = to_shares(target * now.equity_usd / now.price, fractional=rules.fractional)
    change = aim - held if target else -held
    if (change > 0) is not (side is Side.BUY) or change == 0:
        return Wish(side, Decimal(0), clamps, _satisfied(side, held, target, now))
    if stopped := _stopped(held, change, now):
        return Wish(side, Decimal(0), (*clamps, stopped), stopped.note)
    change, exposed = _within_gross(held, change, now, rules)
    clamps = (*clamps, exposed) if exposed else clamps
    flat = target == 0 and change == -held
    if change == 0 or (abs(change) * now.price < rules.min_order_usd and not flat):
        small = f"the order is smaller than the minimum of ${rules.min_order_usd:,.2f}"
        return Wish(side, Decimal(0), clamps, exposed.note if exposed and change == 0 else small)
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
        note = f"wished for {wanted:.1%} of equity, the cap is {rules.max_position:.1%}"
        return rules.max_position.copy_sign(wanted), (Clamp(rule="max position", note=note),)
    return wanted, ()


def _satisfied(side: Side, held: Decimal, target: Decimal, now: Situation) -> str:
    weight = held * now.price / now.equity_usd if now.equity_usd else Decimal(0)
    if side is Side.BUY:
        return f"already holds {weight:.1%} of equity, and the target is {target:.1%}"
    return f"holds {weight:.1%} of equity, not more than the target of {target:.1%}"


def _stopped(held: Decimal, change: Decimal, now: Situation) -> Clamp | None:
    """Return why a position may not grow now; one that shrinks always may."""
    if abs(held + change) <= abs(held) and held * (held + change) >= 0:
        return None
    if now.braked:
        return Clamp(rule="drawdown brake", note=now.braked)
    return Clamp(rule="cooldown", note=now.cooling) if now.cooling else None


def _within_gross(
    held: Decimal, change: Decimal, now: Situation, rules: Trading
) -> tuple[Decimal, Clamp | None]:
    """Return the change that keeps all holdings together within the largest exposure."""
    after = held + change
    if abs(after) <= abs(held):
        return change, None
    room = max(Decimal(0), rules.max_gross_exposure * (now.equity_usd or 0) - now.elsewhere_usd)
    most = max(to_shares(room / now.price, fractional=rules.fractional), abs(held))
    if abs(after) <= most:
        return change, None
    note = f"all holdings together may be {rules.max_gross_exposure:.0%} of equity: ${room:,.2f} are left"
    kept = most.copy_sign(after) - held
    # A position that turns around may be cut so far that nothing of the other side is left.
    return (kept if kept * change > 0 else Decimal(0)), Clamp(rule="max gross exposure", note=note)
