"""Is it luck? An interval of the difference to the benchmark, by a block bootstrap.

Daily returns are not independent of each other, so blocks of days in a row are drawn and not single days.
The blocks may begin at any day and run around the end (a circular block bootstrap): D. N. Politis and
J. P. Romano, "A circular block-resampling procedure for stationary data", in Exploring the Limits of
Bootstrap, 1992, and "The Stationary Bootstrap", Journal of the American Statistical Association 89, 1994,
which discusses both. The length of a block is n^(1/3), rounded, after P. Hall, J. L. Horowitz and B.-Y. Jing,
"On blocking rules for the bootstrap with dependent data", Biometrika 82, 1995. The interval is that of
percentiles: B. Efron and R. J. Tibshirani, An Introduction to the Bootstrap, 1993, chapter 13.

In short periods such an interval is somewhat too narrow; hence the minimum sample.
"""

import hashlib
import math
from datetime import date

import numpy as np

from core.config.settings import Scores
from core.domain.scores import Luck, TradeTotals
from core.ledger.scores.against_benchmark import paired
from core.ledger.scores.curve import ROUNDING_NOISE, SESSIONS_A_YEAR, Closes, Curve, Days, Floats

_DRAWN_AT_ONCE = 500_000
"""Blocks drawn in one go, which keeps the memory of any setting below ten megabytes."""


def luck(
    member: str,
    curve: Curve,
    trades: TradeTotals,
    benchmark: Closes | None,
    rules: Scores,
    *,
    first: date | None = None,
) -> Luck | None:
    """Say whether the member can be told from the benchmark, or None below `min_days` paired sessions.

    The same member, sessions and returns give the same interval, always: the seed is made of the first two.
    """
    if benchmark is None:
        return None
    own, theirs, days = paired(curve if first is None else curve.since(first), benchmark)
    if len(days) < rules.min_days:
        return None
    differences = own - theirs
    differences[np.abs(differences) <= ROUNDING_NOISE] = 0.0
    means = resampled_means(differences, rules.bootstrap_samples, _seed(member, days))
    tail = (1 - rules.confidence_level) / 2
    low, high = np.quantile(means, (tail, 1 - tail))
    return Luck(
        difference=float(differences.mean()) * SESSIONS_A_YEAR,
        low=float(low) * SESSIONS_A_YEAR,
        high=float(high) * SESSIONS_A_YEAR,
        level=rules.confidence_level,
        sessions=len(days),
        trades=trades.fills,
    )


def block_length(count: int) -> int:
    """Return the length of a block for `count` days: the cube root, rounded, at least 1."""
    return max(1, round(math.cbrt(count)))


def resampled_means(differences: Floats, samples: int, seed: int) -> Floats:
    """Return the means of `samples` series as long as `differences`, each put together from its blocks.

    Each series takes as many whole blocks as fit and the beginning of one more. Sums of blocks are taken from
    running sums, so a block costs the same whatever its length.
    """
    count = len(differences)
    length = block_length(count)
    whole, rest = divmod(count, length)
    running = np.concatenate(([0.0], np.cumsum(np.concatenate((differences, differences[:length])))))
    blocks = running[length : length + count] - running[:count]
    ends = running[rest : rest + count] - running[:count]
    random = np.random.default_rng(seed)
    means = np.empty(samples, dtype=np.float64)
    step = max(1, _DRAWN_AT_ONCE // whole)
    for begin in range(0, samples, step):
        part = means[begin : begin + step]
        starts = random.integers(0, count, size=(len(part), whole))
        part[:] = blocks[starts].sum(axis=1) + ends[random.integers(0, count, size=len(part))]
    return means / count


def _seed(member: str, days: Days) -> int:
    named = f"{member}|{','.join(map(str, days.tolist()))}"
    return int.from_bytes(hashlib.sha256(named.encode()).digest()[:8])
