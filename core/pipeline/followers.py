"""What the committee and the crowd decide: the one follows the verdict, the other the votes of people. Pure.

Neither is in the tally. To the books their ballots are like all others, so that they trade by the same rules
and at the same prices as the members that they follow.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from core.consensus.median import weighted_median
from core.domain.ballot import Abstention, AbstentionKind, Action, Ballot, MemberResult, Rating, RiskLevel
from core.domain.run import RunRecord
from core.domain.values import to_ratio
from core.domain.verdict import Verdict
from core.domain.vote import Vote, count_votes

UNSTATED_CONFIDENCE = Decimal("0.5")
"""The crowd's confidence where nobody who voted for its decision has stated one."""

_SCALE = (Action.BUY, Action.HOLD, Action.SELL)
_PLAIN = {Action.BUY: Rating.BUY, Action.HOLD: Rating.HOLD, Action.SELL: Rating.SELL}
_MILD = {Action.BUY: Rating.OVERWEIGHT, Action.HOLD: Rating.HOLD, Action.SELL: Rating.UNDERWEIGHT}


def counted_weights(heard: RunRecord, verdict: Verdict) -> dict[str, Decimal]:
    """Return the weight with which each voting member was counted."""
    counted = {used.member: used.weight for used in verdict.weights}
    return {seat.member: counted.get(seat.member, seat.weight) for seat in heard.voters}


def committee_result(
    member: str, verdict: Verdict, ballots: Sequence[Ballot], weights: Mapping[str, Decimal]
) -> MemberResult:
    """Return the verdict as the committee's ballot, or an abstention where there is none.

    Action, confidence (the weighted one), stop loss, take profit and risk level are the verdict's. Rating and
    target weight are the weighted medians over the ballots for the decision, the milder of two ratings in
    the middle; without such a ballot, as after a tie, the rating is the plain one. Where none of them states
    a target weight the committee states none, and its rating sizes its trade. `weights` has the weight with
    which each ballot was counted.
    """
    if verdict.decision is None:
        reason = verdict.rule or "no verdict"
        return Abstention(member=member, kind=AbstentionKind.NO_VERDICT, reason=reason)
    agreeing = [ballot for ballot in ballots if ballot.action is verdict.decision]
    targets = [(b.target_weight, weights[b.member]) for b in agreeing if b.target_weight is not None]
    return Ballot(
        member=member,
        action=verdict.decision,
        rating=_rating(verdict.decision, agreeing, weights),
        confidence=verdict.weighted_confidence,
        target_weight=weighted_median(targets),
        stop_loss=verdict.stop_loss,
        take_profit=verdict.take_profit,
        risk_level=verdict.risk_level or RiskLevel.MEDIUM,
        reasoning=_about(verdict),
        key_points=tuple(f"{one.member} {one.action}: {one.reason}" for one in verdict.dissent),
    )


def _rating(decision: Action, agreeing: Sequence[Ballot], weights: Mapping[str, Decimal]) -> Rating:
    mild, plain = _MILD[decision], _PLAIN[decision]
    strength = [(Decimal(ballot.rating is not mild), weights[ballot.member]) for ballot in agreeing]
    return mild if weighted_median(strength) == 0 else plain


def _about(verdict: Verdict) -> str:
    rule = f"; {verdict.rule}" if verdict.rule else ""
    return (
        f"Follows the verdict of the method {verdict.method}: {verdict.decision}, agreement "
        f"{verdict.agreement:.0%}, weighted confidence {verdict.weighted_confidence:.0%}{rule}."
    )


def crowd_result(member: str, votes: Sequence[Vote]) -> MemberResult:
    """Return what most people voted as the crowd's ballot, or an abstention where nobody voted.

    The action with most votes wins, and a tie for the first place is HOLD. Confidence is the mean of what
    those who voted for the decision have stated, 0.5 where none has. Nobody states levels or a weight, so
    that the rating (Buy, Hold or Sell) sizes the trade. The order of the votes does not matter.
    """
    if not votes:
        return Abstention(member=member, kind=AbstentionKind.NO_VOTES, reason="nobody voted")
    counts = count_votes(votes)
    most = max(counts.values())
    first = [action for action in _SCALE if counts[action] == most]
    tie = len(first) > 1
    decision = Action.HOLD if tie else first[0]
    told = ", ".join(f"{counts[action]} {action}" for action in _SCALE if counts[action])
    stated = [v.confidence for v in votes if v.action is decision and v.confidence is not None]
    mean = sum(stated, Decimal(0)) / len(stated) if stated else UNSTATED_CONFIDENCE
    return Ballot(
        member=member,
        action=decision,
        rating=_PLAIN[decision],
        confidence=to_ratio(mean),
        risk_level=RiskLevel.MEDIUM,
        reasoning=f"Votes: {told}{'; a tie is HOLD' if tie else ''}.",
    )
