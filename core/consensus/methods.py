"""The six ways to count: each a pure function from ballots to a decision and the rule that settled it.

All arithmetic is in fractions. Two of three ballots are then exactly two thirds, and a tie stays a tie
whatever all weights are multiplied by.

A rule is stated where it mattered: where the plain count alone would not have led to the same decision. The
plain count is that of ballots for the methods that count ballots, and of weight for the others.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction
from typing import NamedTuple, TypeVar

from core.config.settings import ConsensusMethod
from core.consensus.percent import asked, reached
from core.domain.ballot import Action, Rating


class Counted(NamedTuple):
    """What of a ballot is counted; both numbers are from 0 to 1."""

    action: Action
    rating: Rating
    weight: Fraction
    confidence: Fraction


Choice = tuple[Action, str | None]
Method = Callable[[Sequence[Counted], Fraction], Choice]
"""Takes at least one ballot and the threshold, which not every method reads.

The methods that count weight need a ballot that has some.
"""

_Key = TypeVar("_Key")
_NONE = Fraction(0)
_SIDES = (Action.BUY, Action.SELL)
_UPWARDS = tuple(reversed(Rating))


def majority(ballots: Sequence[Counted], threshold: Fraction = _NONE) -> Choice:
    """Every ballot counts one: take the action with most of them, and HOLD at a tie for the first place."""
    del threshold
    return _first(_sums((ballot.action, Fraction(1)) for ballot in ballots), "ballots")


def weighted(ballots: Sequence[Counted], threshold: Fraction = _NONE) -> Choice:
    """Take the action with the largest sum of weights, and HOLD at a tie for the first place."""
    del threshold
    return _first(_sums((ballot.action, ballot.weight) for ballot in ballots), "weight")


def supermajority(ballots: Sequence[Counted], threshold: Fraction) -> Choice:
    """Take the action of `majority` if at least `threshold` of all ballots are for it, else HOLD."""
    plain = action, tie = majority(ballots)
    votes = sum(ballot.action is action for ballot in ballots)
    share = Fraction(votes, len(ballots))
    if tie or share >= threshold:
        return plain
    how = f"{votes} of {len(ballots)} ballots ({reached(share)}) are for {action}, {asked(threshold)} needed"
    return _stated(Action.HOLD, how, plain)


def threshold_execute(ballots: Sequence[Counted], threshold: Fraction) -> Choice:
    """Execute the stronger of BUY and SELL if its score is at least `threshold`, else HOLD.

    A side's score is the sum of weight times confidence of its ballots over the weight of all ballots, so
    that HOLD ballots lower both. Equal scores are HOLD, and so is a score of 0.
    """
    plain, scores = weighted(ballots), _scores(ballots)
    best = max(scores.values())
    if best == 0:
        return _stated(Action.HOLD, "neither BUY nor SELL has any confidence", plain)
    first = [side for side in _SIDES if scores[side] == best]
    if len(first) > 1:
        return _stated(Action.HOLD, _tie(first, "weighted score"), plain)
    side, score = first[0], f"the weighted score of {first[0]} is {reached(best)}"
    if best < threshold:
        return _stated(Action.HOLD, f"{score}, below the threshold of {asked(threshold)}", plain)
    return _stated(side, f"{score}, at least the threshold of {asked(threshold)}", plain)


def conviction(ballots: Sequence[Counted], threshold: Fraction) -> Choice:
    """Take the side that the mean conviction is on, if it is far enough from 0; else HOLD.

    A ballot's conviction is its confidence, positive for BUY, negative for SELL, and 0 for HOLD; their mean
    by weight lies from -1 to 1. Its bands: from `threshold` up BUY, from -`threshold` down SELL, between
    them HOLD. At exactly 0 it is HOLD whatever the threshold. A threshold of 1/3 makes three equal bands.
    """
    plain, scores = weighted(ballots), _scores(ballots)
    mean = scores[Action.BUY] - scores[Action.SELL]
    if mean == 0:
        how = _tie(_SIDES, "conviction") if scores[Action.BUY] else "neither BUY nor SELL has any confidence"
        return _stated(Action.HOLD, how, plain)
    side = Action.BUY if mean > 0 else Action.SELL
    told = f"the mean conviction is {reached(abs(mean))} for {side}"
    if abs(mean) < threshold:
        return _stated(Action.HOLD, f"{told}, below the threshold of {asked(threshold)}", plain)
    return _stated(side, f"{told}, at least the threshold of {asked(threshold)}", plain)


def median_rating(ballots: Sequence[Counted], threshold: Fraction = _NONE) -> Choice:
    """Take the action of the weighted median of the five-tier ratings.

    It is the rating with at most half of the weight below it and at most half above it. Where two ratings
    are such, because half of the weight is on either side, their common action is taken, or else HOLD. BUY
    and SELL thus need more than half of the weight.
    """
    del threshold
    plain = weighted(ballots)
    weights = _sums((ballot.rating, ballot.weight) for ballot in ballots)
    half = sum(weights.values(), _NONE) / 2
    upto = _NONE
    middle = []
    for rating in _UPWARDS:
        below, upto = upto, upto + weights.get(rating, _NONE)
        if below < upto and below <= half <= upto:
            middle.append(rating)
    low, high = middle[0], middle[-1]
    if low.action is not high.action:
        how = f"tie: half of the weight rates {high} or better and half {low} or worse, and a tie is HOLD"
        return _stated(Action.HOLD, how, plain)
    return _stated(low.action, f"the weighted median of the ratings is {low}", plain)


METHODS: Mapping[ConsensusMethod, Method] = {
    "weighted": weighted,
    "majority": majority,
    "supermajority": supermajority,
    "threshold_execute": threshold_execute,
    "conviction": conviction,
    "median_rating": median_rating,
}
BY_BALLOTS: frozenset[ConsensusMethod] = frozenset({"majority", "supermajority"})
"""The methods that count ballots and need no weight."""


def _sums(pairs: Iterable[tuple[_Key, Fraction]]) -> dict[_Key, Fraction]:
    sums: dict[_Key, Fraction] = {}
    for key, value in pairs:
        sums[key] = sums.get(key, _NONE) + value
    return sums


def _first(sums: Mapping[Action, Fraction], unit: str) -> Choice:
    """Return the action with the largest sum, or HOLD and why where several have it."""
    best = max(sums.values())
    first = [action for action in Action if sums.get(action) == best]
    return (first[0], None) if len(first) == 1 else (Action.HOLD, _tie(first, unit))


def _scores(ballots: Sequence[Counted]) -> dict[Action, Fraction]:
    """Return the weight times confidence of BUY and of SELL, as fractions of all weight."""
    total = sum((ballot.weight for ballot in ballots), _NONE)
    sums = _sums((ballot.action, ballot.weight * ballot.confidence) for ballot in ballots)
    return {side: sums.get(side, _NONE) / total for side in _SIDES}


def _stated(action: Action, how: str, plain: Choice) -> Choice:
    """Return the decision, and how it came about unless the plain count decides the same by itself."""
    if plain == (action, None):
        return plain
    return action, how if how.startswith("tie: ") else f"{how}: {action}"


def _tie(first: Sequence[Action], unit: str) -> str:
    return f"tie: {' and '.join(first)} have the same {unit}, and a tie is HOLD"
