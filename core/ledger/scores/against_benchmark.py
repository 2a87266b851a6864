"""A member's returns beside those of the benchmark over the same sessions."""

from datetime import date
from typing import NamedTuple

import numpy as np

from core.ledger.scores.curve import (
    FEWEST_FOR_A_DEVIATION,
    ROUNDING_NOISE,
    SESSIONS_A_YEAR,
    Closes,
    Curve,
    Days,
    Floats,
    changes,
)
from core.ledger.scores.returns import daily_rate, mean_over_deviation, power_less_one

_LONGEST_BREAK_DAYS = 7
"""No closure of an exchange since 1945 was longer; an older close is not the one before the first session."""


class Paired(NamedTuple):
    """Returns of a member and of the benchmark between the same sessions, and the days on which they end."""

    own: Floats
    benchmark: Floats
    days: Days


def paired(curve: Curve, closes: Closes) -> Paired:
    """Return the returns between each two sessions in a row for which both the value and the close are known.

    The benchmark's day 0 is its last close before the first session, at most a week old; without one, the
    return from the starting capital has no partner and is left out.
    """
    days = curve.days[curve.priced]
    own = curve.points
    if not days.size or not closes.days.size:
        return Paired(own[:0], own[:0], days[:0])
    at = np.concatenate(([_base_day(curve, closes)], days))
    place = np.minimum(np.searchsorted(closes.days, at), len(closes.days) - 1)
    both = closes.days[place] == at
    own, theirs, at = own[both], closes.price[place[both]], at[both]
    usable = own[:-1] > 0
    return Paired(changes(own), (np.diff(theirs) / theirs[:-1])[usable], at[1:][usable])


def beta(own: Floats, benchmark: Floats) -> float | None:
    """Return the covariance with the benchmark over the benchmark's variance, None when that is 0.

    Source: W. F. Sharpe, "Capital Asset Prices", Journal of Finance 19(3), 1964.
    """
    if len(own) < FEWEST_FOR_A_DEVIATION:
        return None
    moves = benchmark - benchmark.mean()
    squares = float(moves @ moves)
    if squares <= len(moves) * ROUNDING_NOISE**2:
        return None
    return float(moves @ own) / squares


def alpha(own: Floats, benchmark: Floats, slope: float | None, yearly_risk_free: float) -> float | None:
    """Return the mean of (own excess - beta x benchmark's excess), compounded over 252 sessions.

    `slope` is the beta; None without one. The excess is over the risk-free rate.

    Source: M. C. Jensen, "The Performance of Mutual Funds in the Period 1945-1964", Journal of Finance 23(2),
    1968.
    """
    if slope is None:
        return None
    rate = daily_rate(yearly_risk_free)
    daily = (float(own.mean()) - rate) - slope * (float(benchmark.mean()) - rate)
    return power_less_one(1 + daily, SESSIONS_A_YEAR)


def information_ratio(own: Floats, benchmark: Floats) -> float | None:
    """Return the mean of the daily differences over their deviation (n - 1), times the root of 252.

    None when the differences do not deviate, as those of a member that is the benchmark.

    Source: T. H. Goodwin, "The Information Ratio", Financial Analysts Journal 54(4), 1998.
    """
    return mean_over_deviation(own - benchmark)


def growth(closes: Closes, first: date, last: date) -> float | None:
    """Return what the benchmark has made from before the session `first` to `last`, dividends included.

    It is measured from its last close before `first`, at most a week old, else from its first close since
    then; None without two closes.
    """
    end = int(np.searchsorted(closes.days, last.toordinal(), side="right")) - 1
    start = int(np.searchsorted(closes.days, first.toordinal()))
    if start and first.toordinal() - int(closes.days[start - 1]) <= _LONGEST_BREAK_DAYS:
        start -= 1
    return float(closes.price[end] / closes.price[start]) - 1 if start < end else None


def _base_day(curve: Curve, closes: Closes) -> int:
    """Return the day of the benchmark's close that goes with the base; 0, which is no day, without one."""
    if curve.base_session is not None:
        return curve.base_session.toordinal()
    first = int(curve.days[0])
    before = int(np.searchsorted(closes.days, first)) - 1
    if before < 0 or first - int(closes.days[before]) > _LONGEST_BREAK_DAYS:
        return 0
    return int(closes.days[before])
