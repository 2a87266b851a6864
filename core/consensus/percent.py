"""Shares and thresholds as a rule's sentence says them: in percent, to two places."""

from decimal import Decimal
from fractions import Fraction
from math import floor


def reached(share: Fraction | Decimal) -> str:
    """Write a share rounded down, so that what just misses a threshold is not shown as meeting it."""
    return _percent(floor(share * 10_000))


def asked(threshold: Fraction | Decimal) -> str:
    """Write a threshold rounded to the nearest: `66.67%`, `75%`."""
    return _percent(round(threshold * 10_000))


def _percent(hundredths: int) -> str:
    return f"{(Decimal(hundredths) / 100).normalize():f}%"
