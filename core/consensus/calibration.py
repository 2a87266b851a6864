"""What a stated confidence is worth: fitted on settled ballots of the past, and measured on them.

The fit is an isotonic regression of "was right" on the stated confidence: the best non-decreasing steps,
found by pooling adjacent violators (M. Ayer et al., "An empirical distribution function for sampling with
incomplete information", 1955; for classifiers B. Zadrozny and C. Elkan, "Transforming classifier scores into
accurate multiclass probability estimates", 2002). Few ballots say little, so the fitted value is mixed with
the stated one as if `STATED_BALLOTS` earlier ballots had been right exactly as often as they said.
"""

import math
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal
from itertools import pairwise
from typing import NamedTuple

from core.consensus.settled import Judged, worth_of
from core.domain.calibration import ReliabilityBin
from core.domain.outcomes import Outcome
from core.domain.values import to_ratio

MIN_WORTH = 10.0
"""Below so many ballots' worth there is no calibrated confidence."""
STATED_BALLOTS = 20.0
"""How many ballots' worth the stated confidence itself counts."""
BINS = 10


class Curve(NamedTuple):
    """A member's calibration: fitted points (stated, right) in ascending order, and the ballots' worth."""

    points: tuple[tuple[float, float], ...]
    worth: float

    def at(self, stated: Decimal) -> Decimal:
        """Return the calibrated confidence, to four places; it never falls while `stated` rises.

        Between fitted points the fit is a straight line, and outside them it is the nearest one.
        """
        says = float(stated)
        share = self.worth / (self.worth + STATED_BALLOTS)
        value = share * self._fitted(says) + (1 - share) * says
        return to_ratio(Decimal(repr(min(max(value, 0.0), 1.0))))

    def _fitted(self, says: float) -> float:
        place = bisect_left(self.points, (says, -1.0))
        if place == 0:
            return self.points[0][1]
        if place == len(self.points):
            return self.points[-1][1]
        (left, low), (right, high) = self.points[place - 1], self.points[place]
        return low + (high - low) * (says - left) / (right - left)


def curve(found: Sequence[Judged]) -> Curve | None:
    """Fit one member's calibration, or return None where its ballots are worth less than `MIN_WORTH`."""
    worth = worth_of(found)
    if worth < MIN_WORTH:
        return None
    stated: defaultdict[Decimal, list[Judged]] = defaultdict(list)
    for each in found:
        stated[each.confidence].append(each)
    says = sorted(stated)
    weights = [worth_of(stated[one]) for one in says]
    right = [math.fsum(each.worth for each in stated[one] if each.right) for one in says]
    fitted = isotonic([hits / of for hits, of in zip(right, weights, strict=True)], weights)
    return Curve(tuple(zip(map(float, says), fitted, strict=True)), worth)


def isotonic(values: Sequence[float], weights: Sequence[float]) -> list[float]:
    """Return the non-decreasing values nearest to `values` by weighted least squares; weights are above 0."""
    blocks: list[tuple[float, float, int]] = []
    for value, weight in zip(values, weights, strict=True):
        mean, heft, count = value, weight, 1
        while blocks and blocks[-1][0] >= mean:
            before, its_heft, its_count = blocks.pop()
            mean = (before * its_heft + mean * heft) / (its_heft + heft)
            heft, count = its_heft + heft, its_count + count
        blocks.append((mean, heft, count))
    return [mean for mean, _, count in blocks for _ in range(count)]


def brier(outcomes: Sequence[Outcome]) -> Decimal | None:
    """Return the mean squared difference between stated confidence and 1 for right, 0 for wrong.

    0 is perfect, 0.25 is what always saying 50 % earns. None without ballots that name a direction.
    Source: G. W. Brier, "Verification of forecasts expressed in terms of probability" (1950), for two
    classes in the form that runs from 0 to 1.
    """
    squares = [(each.confidence - int(each.earned > 0)) ** 2 for each in _directed(outcomes)]
    return sum(squares, Decimal(0)) / len(squares) if squares else None


def calibration_error(outcomes: Sequence[Outcome]) -> Decimal | None:
    """Return the expected calibration error over ten bins of equal width, 0 at best and 1 at worst.

    It is the mean over ballots of |share of right ballots - mean confidence| of the bin that each is in; None
    without ballots that name a direction. Source: M. P. Naeini et al., "Obtaining well calibrated
    probabilities using Bayesian binning" (2015); C. Guo et al., "On calibration of modern neural networks"
    (2017), whose bins are closed above.
    """
    binned = _binned(outcomes)
    count = sum(map(len, binned))
    gaps = [abs(sum((each.confidence - int(each.earned > 0) for each in one), Decimal(0))) for one in binned]
    return sum(gaps, Decimal(0)) / count if count else None


def reliability(outcomes: Sequence[Outcome], fit: Curve | None = None) -> tuple[ReliabilityBin, ...]:
    """Return the ten bins of a reliability diagram, from the lowest confidence to the highest."""
    edges = [Decimal(place) / BINS for place in range(BINS + 1)]
    bins = []
    for (low, high), within in zip(pairwise(edges), _binned(outcomes), strict=True):
        mean = right = calibrated = None
        if count := len(within):
            mean = to_ratio(sum((each.confidence for each in within), Decimal(0)) / count)
            right = to_ratio(Decimal(sum(each.earned > 0 for each in within)) / count)
            calibrated = fit.at(mean) if fit else None
        bins.append(
            ReliabilityBin(
                low=low,
                high=high,
                count=count,
                mean_confidence=mean,
                right_fraction=right,
                calibrated=calibrated,
            )
        )
    return tuple(bins)


def _directed(outcomes: Sequence[Outcome]) -> list[Outcome]:
    return [each for each in outcomes if each.right is not None]


def _binned(outcomes: Sequence[Outcome]) -> list[list[Outcome]]:
    bins: list[list[Outcome]] = [[] for _ in range(BINS)]
    for each in _directed(outcomes):
        bins[max(math.ceil(each.confidence * BINS) - 1, 0)].append(each)
    return bins
