"""The rules of `[routing]`, read from the top: the first that fits wins, and exactly one always does."""

from collections.abc import Callable, Sequence
from decimal import ROUND_HALF_UP, Decimal

from core.config.routing import Routing, RoutingRule
from core.domain.routing import Situation
from core.domain.values import plain, usd

OTHERWISE = RoutingRule(name="otherwise", use="balanced")
"""Holds where no rule fits."""


def first_fit(situation: Situation, routing: Routing) -> RoutingRule:
    """Return the first rule that fits, or `OTHERWISE`."""
    return next((rule for rule in routing.rules if fits(rule, situation, routing)), OTHERWISE)


def fits(rule: RoutingRule, situation: Situation, routing: Routing) -> bool:
    """Say whether all that a rule asks for holds; what nobody knows never does."""
    when = rule.when
    wanted: Sequence[tuple[object, object]] = (
        (when.has_position, situation.has_position),
        (when.volume, _level(situation.volume_ratio, routing.high_volume)),
        (when.volatility, _level(situation.volatility, routing.high_volatility)),
        (when.sentiment, _clearness(situation.sentiment, routing.clear_sentiment)),
        (when.task, situation.task),
        (when.private, situation.private),
        (when.offline, situation.offline),
        (when.urgent, situation.urgent),
    )
    if any(asked is not None and asked != there for asked, there in wanted):
        return False
    stake, left = situation.stake_usd, situation.budget_left_usd
    if when.stake_above_usd is not None and (stake is None or stake <= when.stake_above_usd):
        return False
    return when.budget_left_below_usd is None or (left is not None and left < when.budget_left_below_usd)


def because(rule: RoutingRule, situation: Situation) -> str:
    """Say in a clause without an end why a rule fits: `volatility is 52 % a year and it is urgent`."""
    when, facts = rule.when, situation
    told = (
        _either(when.private, "the question is private", "the question is not private"),
        _either(when.offline, "no remote model can be reached", "remote models can be reached"),
        _with(when.budget_left_below_usd, facts.budget_left_usd, _left),
        _with(when.stake_above_usd, facts.stake_usd, lambda stake: f"the order is worth {usd(stake)}"),
        _either(when.has_position, "a position is held", "no position is held"),
        _with(when.volume, facts.volume_ratio, lambda ratio: f"volume is {_places(ratio, 1)} times its mean"),
        _with(
            when.volatility,
            facts.volatility,
            lambda yearly: f"volatility is {_places(yearly * 100, 0)} % a year",
        ),
        _with(
            when.sentiment,
            facts.sentiment,
            lambda score: f"sentiment is {when.sentiment} at {_places(score, 2)}",
        ),
        _either(when.urgent, "it is urgent", "it is not urgent"),
        f"the task is {when.task}" if when.task else "",
    )
    return " and ".join(clause for clause in told if clause) or "nothing special is known"


def _either(asked: bool | None, yes: str, no: str) -> str:
    return "" if asked is None else yes if asked else no


def _with(asked: object, known: Decimal | None, say: Callable[[Decimal], str]) -> str:
    return "" if asked is None or known is None else say(known)


def _left(amount: Decimal) -> str:
    return f"{usd(max(amount, Decimal(0)))} is left of today's budget"


def _level(value: Decimal | None, high_from: Decimal) -> str | None:
    return None if value is None else "high" if value >= high_from else "normal"


def _clearness(score: Decimal | None, clear_from: Decimal) -> str | None:
    return None if score is None else "clear" if abs(score) >= clear_from else "unclear"


def _places(value: Decimal, places: int) -> str:
    return plain(value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP))
