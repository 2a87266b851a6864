"""Ballots to verdict: who decides what, and by which rule.

Two numbers are kept apart. *Agreement* counts heads: the fraction of ballots that are for the decision.
A *weighted vote* is an action's share of the weight of all ballots cast. Abstentions are in neither.
"""

from collections.abc import Mapping, Sequence
from decimal import ROUND_DOWN, Decimal
from fractions import Fraction

from core.config.settings import THRESHOLDS, Consensus
from core.consensus.dissent import dissent
from core.consensus.median import weighted_median
from core.consensus.methods import BY_BALLOTS, METHODS, Counted
from core.consensus.percent import asked, reached
from core.consensus.stakes import too_little_agreement
from core.domain.ballot import Action, Ballot, RiskLevel
from core.domain.values import to_ratio
from core.domain.verdict import Verdict, WeightUsed

_SHARE_STEP = Decimal("0.000001")
_RISK_ORDER = (RiskLevel.LOW, RiskLevel.MEDIUM, RiskLevel.HIGH)


def tally(
    ballots: Sequence[Ballot],
    abstained: Sequence[str],
    weights: Mapping[str, WeightUsed],
    rules: Consensus,
    orders: Mapping[Action, Decimal] | None = None,
) -> Verdict:
    """Count ballots by `rules.method` and return the verdict; never an exception, whatever is missing.

    `weights` says of each member that cast a ballot how it counts; the order of ballots does not matter.
    Where it has a `calibrated` confidence, that one is counted instead of the stated one, which the ballot
    keeps. Fewer than `min_members` ballots, or no weight where the method needs some, is no verdict. A
    weighted confidence below `min_confidence` turns BUY and SELL into HOLD, and so does too little agreement
    on an order whose value is above one of `stakes`; `orders` has the value in USD of the largest one that
    ballots for an action ask for.
    """
    largest = dict(orders or {})
    cast = sorted(ballots, key=lambda ballot: ballot.member)
    used = [weights[ballot.member] for ballot in cast]
    heft = {one.member: one.weight for one in used}
    sure = [_confidence(ballot, one) for ballot, one in zip(cast, used, strict=True)]
    confidence = _mean([(value, one.weight) for value, one in zip(sure, used, strict=True)])
    decision, rule = _decide(cast, used, confidence, rules, largest)
    agreeing = [ballot for ballot in cast if ballot.action is decision]
    agreement = _ratio(Fraction(len(agreeing), len(cast))) if cast else Decimal(0)
    against = dissent(cast, decision)
    threshold = _threshold(rules)
    return Verdict(
        decision=decision,
        rule=rule,
        method=rules.method,
        threshold=None if threshold is None else _ratio(threshold),
        agreement=agreement,
        high_consensus=bool(agreeing) and agreement >= rules.high_consensus,
        average_confidence=_mean([(value, Decimal(1)) for value in sure]),
        weighted_confidence=confidence,
        risk_level=_risk(agreeing, heft),
        stop_loss=weighted_median([(b.stop_loss, heft[b.member]) for b in agreeing if b.stop_loss]),
        take_profit=weighted_median([(b.take_profit, heft[b.member]) for b in agreeing if b.take_profit]),
        votes={action: sum(ballot.action is action for ballot in cast) for action in Action},
        weighted_votes=_shares(cast, heft),
        outliers=tuple(one.member for one in against),
        dissent=against,
        weights=tuple(used),
        abstained=tuple(sorted(abstained)),
        orders=largest,
    )


def _decide(
    cast: Sequence[Ballot],
    used: Sequence[WeightUsed],
    confidence: Decimal,
    rules: Consensus,
    orders: Mapping[Action, Decimal],
) -> tuple[Action | None, str | None]:
    """Return the decision and the rule that settled it, if it was not the plain count."""
    if len(cast) < rules.min_members:
        counted = f"only {len(cast)} cast" if cast else "no ballot was cast"
        return None, f"no verdict: {counted}, and {rules.min_members} ballots are needed"
    ballots = [
        Counted(
            action=ballot.action,
            rating=ballot.rating,
            weight=_exact(one.weight),
            confidence=_exact(_confidence(ballot, one)),
        )
        for ballot, one in zip(cast, used, strict=True)
    ]
    if rules.method not in BY_BALLOTS and not any(one.weight for one in ballots):
        return None, "no verdict: the members that cast ballots have no weight"
    decision, rule = METHODS[rules.method](ballots, _threshold(rules) or Fraction(0))
    if decision is not Action.HOLD and confidence < rules.min_confidence:
        rule = (
            f"weighted confidence {reached(confidence)} is below the minimum of "
            f"{asked(rules.min_confidence)}: {decision} becomes HOLD"
        )
        return Action.HOLD, rule
    agreement = Fraction(sum(ballot.action is decision for ballot in cast), len(cast))
    if split := too_little_agreement(decision, agreement, orders, rules):
        return Action.HOLD, split
    return decision, rule


def _threshold(rules: Consensus) -> Fraction | None:
    """Return the threshold of the method in effect, None where it has none."""
    own = THRESHOLDS.get(rules.method)
    return own if own is None or rules.threshold is None else Fraction(rules.threshold)


def _exact(value: Decimal) -> Fraction:
    # To twelve places: the fraction of a number such as 1E-999999999 would never be done.
    return Fraction(round(value, 12))


def _ratio(value: Fraction) -> Decimal:
    return to_ratio(Decimal(value.numerator) / value.denominator)


def _confidence(ballot: Ballot, used: WeightUsed) -> Decimal:
    """Return the confidence that is counted."""
    return ballot.confidence if used.calibrated is None else used.calibrated


def _shares(ballots: Sequence[Ballot], heft: Mapping[str, Decimal]) -> dict[Action, Decimal]:
    """Return each action's share of all weight, to six places, such that they sum to exactly 1.

    Rounding follows the largest-remainder method (Hamilton's).
    """
    cast = {
        action: sum((heft[ballot.member] for ballot in ballots if ballot.action is action), Decimal(0))
        for action in Action
    }
    total = sum(cast.values(), Decimal(0))
    if total == 0:
        return {action: Decimal(0) for action in Action}
    exact = {action: cast[action] / total for action in Action}
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


def _risk(agreeing: Sequence[Ballot], heft: Mapping[str, Decimal]) -> RiskLevel | None:
    """Return the weighted median of the agreeing members' risk levels, the higher one of two middles."""
    ranks = [(Decimal(-_RISK_ORDER.index(ballot.risk_level)), heft[ballot.member]) for ballot in agreeing]
    middle = weighted_median(ranks)
    return None if middle is None else _RISK_ORDER[-int(middle)]
