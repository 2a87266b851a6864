"""Ballots to verdict: who decides what, and by which rule.

Two numbers are kept apart. *Agreement* counts heads: the fraction of ballots that are for the decision.
A *weighted vote* is an action's share of the weight of all ballots cast. Abstentions are in neither.
"""

from collections.abc import Mapping, Sequence
from decimal import ROUND_DOWN, Decimal

from core.config.settings import Consensus
from core.consensus.median import weighted_median
from core.domain.ballot import Action, Ballot, RiskLevel
from core.domain.values import to_ratio
from core.domain.verdict import Verdict

_SHARE_STEP = Decimal("0.000001")
_RISK_ORDER = (RiskLevel.LOW, RiskLevel.MEDIUM, RiskLevel.HIGH)


def tally(
    ballots: Sequence[Ballot], abstained: Sequence[str], weights: Mapping[str, Decimal], rules: Consensus
) -> Verdict:
    """Count ballots by `rules.method` and return the verdict; never an exception, whatever is missing.

    `weights` has the weight 0..1 of each member that cast a ballot; the order of ballots does not matter.
    `majority` takes the action with most ballots, `weighted` the one with the largest share of weight. A
    tie for the first place is HOLD. Fewer than `min_members` ballots, or no weight at all, is no verdict.
    A weighted confidence below `min_confidence` is HOLD.
    """
    cast = sorted(ballots, key=lambda ballot: ballot.member)
    votes = {action: sum(1 for ballot in cast if ballot.action is action) for action in Action}
    heft = {
        action: sum((weights[ballot.member] for ballot in cast if ballot.action is action), Decimal(0))
        for action in Action
    }
    shares = _shares(heft)
    decision, rule = _decide(votes, heft, rules)
    confidence = _mean([(ballot.confidence, weights[ballot.member]) for ballot in cast])
    if decision is not None and confidence < rules.min_confidence and decision is not Action.HOLD:
        rule = (
            f"weighted confidence {confidence:.0%} is below the minimum of {rules.min_confidence:.0%}: "
            f"{decision} becomes HOLD"
        )
        decision = Action.HOLD
    agreeing = [ballot for ballot in cast if ballot.action is decision]
    agreement = to_ratio(Decimal(len(agreeing)) / len(cast)) if cast and decision else Decimal(0)
    return Verdict(
        decision=decision,
        rule=rule,
        method=rules.method,
        agreement=agreement,
        high_consensus=decision is not None and bool(agreeing) and agreement >= rules.high_consensus,
        average_confidence=_mean([(ballot.confidence, Decimal(1)) for ballot in cast]),
        weighted_confidence=confidence,
        risk_level=_risk(agreeing, weights),
        stop_loss=weighted_median([(b.stop_loss, weights[b.member]) for b in agreeing if b.stop_loss]),
        take_profit=weighted_median([(b.take_profit, weights[b.member]) for b in agreeing if b.take_profit]),
        votes=votes,
        weighted_votes=shares,
        outliers=tuple(ballot.member for ballot in cast if decision and ballot.action is not decision),
        abstained=tuple(sorted(abstained)),
    )


def _decide(
    votes: Mapping[Action, int], heft: Mapping[Action, Decimal], rules: Consensus
) -> tuple[Action | None, str | None]:
    """Return the decision and the rule that settled it, if it was not the plain count."""
    cast = sum(votes.values())
    if cast < rules.min_members:
        counted = "no ballot was cast" if cast == 0 else f"only {cast} cast"
        return None, f"no verdict: {counted}, and {rules.min_members} ballots are needed"
    score: dict[Action, Decimal]
    if rules.method == "majority":
        score, unit = {action: Decimal(count) for action, count in votes.items()}, "ballots"
    else:
        score, unit = dict(heft), "weight"
    top = max(score.values())
    if top == 0:
        return None, "no verdict: the members that cast ballots have no weight"
    first = [action for action in Action if score[action] == top]
    if len(first) > 1:
        return Action.HOLD, f"tie: {' and '.join(first)} have the same {unit}, and a tie is HOLD"
    return first[0], None


def _shares(heft: Mapping[Action, Decimal]) -> dict[Action, Decimal]:
    """Return each action's share of all weight, to six places, such that they sum to exactly 1.

    Rounding follows the largest-remainder method (Hamilton's).
    """
    total = sum(heft.values(), Decimal(0))
    if total == 0:
        return {action: Decimal(0) for action in Action}
    exact = {action: heft[action] / total for action in Action}
    shares = {action: exact[action].quantize(_SHARE_STEP, ROUND_DOWN) for action in Action}
    missing = int((1 - sum(shares.values(), Decimal(0))) / _SHARE_STEP)
    by_remainder = sorted(Action, key=lambda action: exact[action] - shares[action], reverse=True)
    for action in by_remainder[:missing]:
        shares[action] += _SHARE_STEP
    return shares


def _mean(pairs: Sequence[tuple[Decimal, Decimal]]) -> Decimal:
    """Return the weighted mean of (value, weight) pairs to four places; 0 without weight."""
    total = sum((weight for _, weight in pairs), Decimal(0))
    if total == 0:
        return Decimal(0)
    return to_ratio(sum((value * weight for value, weight in pairs), Decimal(0)) / total)


def _risk(agreeing: Sequence[Ballot], weights: Mapping[str, Decimal]) -> RiskLevel | None:
    """Return the weighted median of the agreeing members' risk levels, the higher one of two middles."""
    ranks = [(Decimal(-_RISK_ORDER.index(ballot.risk_level)), weights[ballot.member]) for ballot in agreeing]
    middle = weighted_median(ranks)
    return None if middle is None else _RISK_ORDER[-int(middle)]
