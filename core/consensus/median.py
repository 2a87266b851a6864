"""The weighted median."""

from collections.abc import Sequence
from decimal import Decimal


def weighted_median(pairs: Sequence[tuple[Decimal, Decimal]]) -> Decimal | None:
    """Return the lower weighted median of (value, weight) pairs, or None without pairs.

    It is the smallest value at which the weight up to and including it reaches half of all weight
    (Edgeworth's definition). If no pair carries weight, all count the same.
    """
    if not pairs:
        return None
    if all(weight == 0 for _, weight in pairs):
        pairs = [(value, Decimal(1)) for value, _ in pairs]
    half = sum((weight for _, weight in pairs), Decimal(0)) / 2
    reached = Decimal(0)
    for value, weight in sorted(pairs):
        reached += weight
        if reached >= half:
            return value
    return max(value for value, _ in pairs)
