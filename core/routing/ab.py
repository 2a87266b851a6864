"""Tests between two: who gets which side, and what they tell.

A unit (a question, a chat or a ticker) gets `b` where the SHA-256 of the test's name, a line feed and the
unit, read as a fraction from 0 to 1, is below the test's share. So it is the same everywhere and for good,
and two tests do not know of each other.

Shares have Wilson's interval (E. B. Wilson, Journal of the American Statistical Association 22, 1927), means
the percentile bootstrap of 2,000 samples (B. Efron, Annals of Statistics 7, 1979), both of 95 %.
"""

import hashlib
import math
import random
from collections.abc import Sequence
from decimal import Decimal
from typing import Literal

from core.config.routing import RoutingTest
from core.domain.asking import AskRequest
from core.domain.routing import ArmReport, Interval, TestReport, Trial

Arm = Literal["a", "b"]
SAMPLES = 2_000
_Z = 1.959963984540054
_LOW, _HIGH = 0.025, 0.975
_WHOLE = 2**256
ENOUGH = 10
"""Below so many questions a mean has no interval that could be believed, and nothing is told apart."""


def arm_of(test: RoutingTest, unit: str) -> Arm:
    """Return the side of a unit."""
    drawn = int.from_bytes(hashlib.sha256(f"{test.name}\n{unit}".encode()).digest())
    return "b" if drawn < int(test.share * _WHOLE) else "a"


def unit_of(test: RoutingTest, request: AskRequest, question: str) -> str:
    """Return what is assigned as a whole, for the question with this id."""
    return {"question": question, "chat": request.requested_in, "ticker": request.ticker}[test.unit]


def report(test: RoutingTest, trials: Sequence[Trial]) -> TestReport:
    """Return how a test stands; equal trials give an equal report."""
    a, b = _arm("a", test.a, trials, test.name), _arm("b", test.b, trials, test.name)
    return TestReport(
        name=test.name, kind=test.kind, enabled=test.enabled, arms=(a, b), clear=tuple(_told_apart(a, b))
    )


def wilson(hits: int, count: int) -> Interval:
    """Return a share with its interval; `count` is at least 1."""
    share, square = hits / count, _Z * _Z
    middle = (share + square / (2 * count)) / (1 + square / count)
    half = _Z / (1 + square / count) * math.sqrt(share * (1 - share) / count + square / (4 * count * count))
    low, high = max(0.0, middle - half), min(1.0, middle + half)
    return Interval(estimate=_rounded(share), low=_rounded(low), high=_rounded(high))


def bootstrap(values: Sequence[float], seed: str) -> Interval:
    """Return the mean of at least one value with its interval; equal values and seeds give equal ones."""
    dice = random.Random(seed)  # noqa: S311 - an estimate that anybody can make again
    count = len(values)
    means = sorted(math.fsum(dice.choices(values, k=count)) / count for _ in range(SAMPLES))
    low, high = means[int(_LOW * SAMPLES)], means[min(int(_HIGH * SAMPLES), SAMPLES - 1)]
    return Interval(estimate=_rounded(math.fsum(values) / count), low=_rounded(low), high=_rounded(high))


def _arm(arm: Arm, stands_for: str, trials: Sequence[Trial], seed: str) -> ArmReport:
    own = [trial for trial in trials if trial.arm == arm]
    if not own:
        return ArmReport(arm=arm, stands_for=stands_for, asked=0)
    return ArmReport(
        arm=arm,
        stands_for=stands_for,
        asked=len(own),
        answered=wilson(sum(trial.answered for trial in own), len(own)),
        cost_usd=_mean([float(trial.cost_usd) for trial in own], f"{seed} {arm} cost"),
        latency_ms=_mean([float(trial.latency_ms) for trial in own], f"{seed} {arm} latency"),
    )


def _mean(values: Sequence[float], seed: str) -> Interval | None:
    return bootstrap(values, seed) if len(values) >= ENOUGH else None


def _told_apart(a: ArmReport, b: ArmReport) -> list[str]:
    """Say what differs beyond chance: where the two intervals do not touch."""
    if min(a.asked, b.asked) < ENOUGH:
        return []
    told = []
    for word, one, other in (
        ("answers more often", b.answered, a.answered),
        ("costs less", a.cost_usd, b.cost_usd),
        ("is quicker", a.latency_ms, b.latency_ms),
    ):
        if one is None or other is None:
            continue
        # Of costs and times less is better, so that their pair is the other way about.
        if one.low > other.high:
            told.append(f"{b.stands_for} {word}")
        elif other.low > one.high:
            told.append(f"{a.stands_for} {word}")
    return told


def _rounded(value: float) -> Decimal:
    return Decimal(f"{value:.6f}")
