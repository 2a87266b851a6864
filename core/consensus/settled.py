"""Settled ballots as evidence: which of them count, and how much.

Nothing is known of a ballot before it is settled, so whatever is settled after `as_of` is dropped here, even
if the caller gives it. HOLD names no direction and is no evidence.

Two ballots of a member on one ticker whose sessions overlap are judged by much the same prices. Each day of
a ballot's window is therefore shared among all the ballots that cover it, and a ballot is worth the mean
share of its days: together, overlapping ballots are worth the days that they cover, not their number. This is
the average uniqueness of M. Lopez de Prado, "Advances in Financial Machine Learning" (2018), chapter 4.

Old evidence fades: after every `HALF_LIFE` ballots' worth that came later, a ballot is worth half of what it
was, and after `FORGOTTEN` half-lives nothing. Age is counted in evidence and not in days, so that a pause
makes nobody forget.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from core.domain.outcomes import Outcome

HORIZON = 5
"""Sessions after which ballots are judged, unless said otherwise."""
HALF_LIFE = 100.0
"""After so many further ballots' worth, evidence counts half."""
FORGOTTEN = 20
"""After so many half-lives, evidence counts no more."""

Span = tuple[int, int]
"""The days of a window: its first, and the one after its last."""


_Judged = tuple[Outcome, bool]


class Evidence(NamedTuple):
    """One settled ballot that named a direction; `worth` is from 0 to 1."""

    confidence: Decimal
    right: bool
    worth: float


def known(outcomes: Iterable[Outcome], as_of: datetime, horizon: int = HORIZON) -> list[Outcome]:
    """Return the outcomes at this horizon that were settled at or before `as_of`, in no particular order."""
    return [each for each in outcomes if each.horizon == horizon and each.settled_at <= as_of]


def evidence(outcomes: Iterable[Outcome], as_of: datetime) -> dict[str, tuple[Evidence, ...]]:
    """Return by member what its ballots, settled at `HORIZON` by `as_of`, are worth as evidence."""
    of_member: defaultdict[str, list[_Judged]] = defaultdict(list)
    for outcome in known(outcomes, as_of):
        if (right := outcome.right) is not None:
            of_member[outcome.member].append((outcome, right))
    return {member: _weighed(theirs) for member, theirs in of_member.items()}


def worth_of(evidence: Iterable[Evidence]) -> float:
    """Return how many fresh and independent ballots the evidence is worth."""
    return math.fsum(each.worth for each in evidence)


def _weighed(judged: Sequence[_Judged]) -> tuple[Evidence, ...]:
    """Return the evidence of one member's ballots."""
    of_ticker: defaultdict[str, list[_Judged]] = defaultdict(list)
    for one in judged:
        of_ticker[one[0].ticker].append(one)
    at: defaultdict[datetime, list[Evidence]] = defaultdict(list)
    for theirs in of_ticker.values():
        shares = uniqueness([_span(outcome) for outcome, _ in theirs])
        for (outcome, right), share in zip(theirs, shares, strict=True):
            at[outcome.settled_at].append(Evidence(outcome.confidence, right, share))
    weighed, later = list[Evidence](), 0.0
    for moment in sorted(at, reverse=True):
        if later > FORGOTTEN * HALF_LIFE:
            break
        fade = 0.5 ** (later / HALF_LIFE)
        weighed += [each._replace(worth=each.worth * fade) for each in at[moment]]
        later += worth_of(at[moment])
    return tuple(weighed)


def _span(outcome: Outcome) -> Span:
    first = outcome.entry_session.toordinal()
    return first, max(first, outcome.exit_session.toordinal()) + 1


def uniqueness(spans: Sequence[Span]) -> list[float]:
    """Return of each span the mean over its days of 1 / (how many spans cover the day), from 0 to 1."""
    change: Counter[int] = Counter()
    for first, end in spans:
        change[first] += 1
        change[end] -= 1
    area, covering, before, upto = 0.0, 0, 0, dict[int, float]()
    for day in sorted(change):
        area += (day - before) / covering if covering else 0.0
        upto[day] = area
        covering += change[day]
        before = day
    return [min((upto[end] - upto[first]) / (end - first), 1.0) for first, end in spans]
