"""Weights learned from settled ballots, by one Bayesian rule.

A configured weight w says what is believed of a member before it has shown anything: that it names the right
direction with the probability p0 at which

    log-odds(p0) = w * log-odds(FULL_SKILL)

so weight 1 stands for 60 right of 100, and weight 0 for a coin. That belief is worth `PRIOR_BALLOTS` ballots
(a Beta prior with mean p0), and n settled ballots' worth with h right (`core.consensus.settled`) make it

    p = (PRIOR_BALLOTS * p0 + h) / (PRIOR_BALLOTS + n)

which is read back as a weight by the same scale: log-odds(p) / log-odds(FULL_SKILL), kept between `FLOOR`
times the configured weight and 1. Log-odds are the weights with which a vote of independent judges is right
most often (S. Nitzan and J. Paroush, 1982; L. Shapley and B. Grofman, 1984).

Nothing settled leaves exactly the configured weight, and so do HOLDs and abstentions, which name no
direction. A configured weight of 0 is an order and not a belief: it stays 0.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from core.config.settings import Consensus
from core.consensus.calibration import curve
from core.consensus.settled import Judged, judged, worth_of
from core.domain.ballot import Action, Ballot
from core.domain.outcomes import Outcome
from core.domain.values import to_ratio
from core.domain.verdict import WeightUsed

PRIOR_BALLOTS = 40.0
"""How many ballots' worth the configured weight counts."""
FULL_SKILL = 0.60
"""The share of right ballots that deserves weight 1."""
FLOOR = Decimal("0.05")
"""What is left at least of a configured weight, so that there is a verdict even if nobody has skill."""
_UNIT = math.log(FULL_SKILL / (1 - FULL_SKILL))


def learned(
    outcomes: Iterable[Outcome], configured: Mapping[str, Decimal], as_of: datetime
) -> dict[str, WeightUsed]:
    """Return the weight that each configured member has earned by `as_of`; the order of outcomes is free.

    Outcomes of one season only; those of members that are not configured do not count.
    """
    found = judged(outcomes, as_of)
    return {member: _used(member, weight, found.get(member, ())) for member, weight in configured.items()}


def weights_for(
    ballots: Sequence[Ballot],
    outcomes: Iterable[Outcome],
    configured: Mapping[str, Decimal],
    as_of: datetime,
    rules: Consensus,
) -> tuple[WeightUsed, ...]:
    """Return the weight with which each ballot of a run is to be counted, by member's name.

    With `rules.weights = "configured"` it is the member's own, and the confidence counts as stated. With
    "learned" the weight is the learned one, and a BUY or SELL whose member has enough behind it counts with
    its calibrated confidence; the confidence of a HOLD cannot be checked and counts as stated.

    Raises:
        KeyError: a ballot's member has no configured weight.
    """
    names = {ballot.member for ballot in ballots}
    past = () if rules.weights == "configured" else (each for each in outcomes if each.member in names)
    return weights_from(ballots, judged(past, as_of), configured, rules)


def weights_from(
    ballots: Sequence[Ballot],
    found: Mapping[str, Sequence[Judged]],
    configured: Mapping[str, Decimal],
    rules: Consensus,
) -> tuple[WeightUsed, ...]:
    """Do as `weights_for`, with what `core.consensus.settled.judged` found; runs of one moment share it."""
    used = []
    for ballot in sorted(ballots, key=lambda ballot: ballot.member):
        own = configured[ballot.member]
        if rules.weights == "configured":
            used.append(WeightUsed(member=ballot.member, configured=own, weight=own))
            continue
        theirs = found.get(ballot.member, ())
        fit = None if ballot.action is Action.HOLD else curve(theirs)
        counted = _used(ballot.member, own, theirs)
        used.append(counted.model_copy(update={"calibrated": fit.at(ballot.confidence)}) if fit else counted)
    return tuple(used)


def _used(member: str, configured: Decimal, theirs: Sequence[Judged]) -> WeightUsed:
    worth = worth_of(theirs)
    hits = math.fsum(each.worth for each in theirs if each.right)
    return WeightUsed(
        member=member,
        configured=configured,
        weight=weight_from(configured, worth, hits),
        sample=len(theirs),
        effective=to_ratio(Decimal(repr(worth))),
    )


def weight_from(configured: Decimal, worth: float, hits: float) -> Decimal:
    """Return the weight 0..1, to four places, after `worth` ballots of which `hits` were right."""
    if not worth or not configured:
        return configured
    believed = 1 / (1 + math.exp(-float(configured) * _UNIT))
    right = (PRIOR_BALLOTS * believed + hits) / (PRIOR_BALLOTS + worth)
    earned = Decimal(repr(math.log(right / (1 - right)) / _UNIT))
    return to_ratio(min(max(earned, FLOOR * configured), Decimal(1)))
