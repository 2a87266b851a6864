"""What settled ballots say of a member: which of them count, and how much.

Nothing is known of a ballot before it is settled, so whatever is settled after `as_of` is dropped here, even
if the caller gives it. HOLD names no direction and says nothing.

Two ballots of a member on one ticker whose sessions overlap are judged by much the same prices. Each day of
a ballot's window is therefore shared among all the ballots that cover it, and a ballot is worth the mean
share of its days: together, overlapping ballots are worth the days that they cover, not their number. This is
the average uniqueness of M. Lopez de Prado, "Advances in Financial Machine Learning" (2018), chapter 4.

Old ballots fade: after every `HALF_LIFE` ballots' worth that came later, a ballot is worth half of what it
was, and after `FORGOTTEN` half-lives nothing. Age is counted in ballots' worth and not in days, so that
a pause makes nobody forget.
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
"""After so many further ballots' worth, a ballot counts half."""
FORGOTTEN = 20
"""After so many half-lives, a ballot counts no more."""

Span = tuple[int, int]
"""The days of a window: its first, and the one after its last."""

_Directed = tuple[Outcome, bool]


class Judged(NamedTuple):
    """One settled ballot that named a direction; `worth` is from 0 to 1."""

    confidence: Decimal
    right: bool
    worth: float


def known(outcomes: Iterable[Outcome], as_of: datetime, horizon: int = HORIZON) -> list[Outcome]:
    """Return the outcomes at this horizon that were settled at or before `as_of`, in no particular order."""
    return [each for each in outcomes if each.horizon == horizon and each.settled_at <= as_of]


def judged(outcomes: Iterable[Outcome], as_of: datetime) -> dict[str, tuple[Judged, ...]]:
    """Return by member what its ballots, settled at `HORIZON` by `as_of`, are worth."""
    of_member: defaultdict[str, list[_Directed]] = defaultdict(list)
    for outcome in known(outcomes, as_of):
        if (right := outcome.right) is not None:
            of_member[outcome.member].append((outcome, right))
    return {member: _weighed(theirs) for member, theirs in of_member.items()}


def worth_of(found: Iterable[Judged]) -> float:
    """Return how many fresh and independent ballots these are worth."""
    return math.fsum(each.worth for each in found)


def _weighed(theirs: Sequence[_Directed]) -> tuple[Judged, ...]:
    """Return one member's ballots with what each is worth."""
    of_ticker: defaultdict[str, list[_Directed]] = defaultdict(list)
    for one in theirs:
        of_ticker[one[0].ticker].append(one)
    at: defaultdict[datetime, list[Judged]] = defaultdict(list)
    for same in of_ticker.values():
        shares = uniqueness([_span(outcome) for outcome, _ in same])
        for (outcome, right), share in zip(same, shares, strict=True):
            at[outcome.settled_at].append(Judged(outcome.confidence, right, share))
    weighed, later = list[Judged](), 0.0
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
