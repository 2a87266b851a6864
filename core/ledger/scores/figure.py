"""A figure, or n/a: below its minimum sample, or where its formula has no meaning."""

import math
from decimal import Decimal

from core.domain.scores import Figure


def figure(value: Decimal | float | None, sample: int, minimum: int = 1) -> Figure:
    """Return the figure made from `sample` observations; its value is None below `minimum` of them.

    It is None as well when the value is infinite or no number: n/a, never a stand-in.
    """
    if sample < minimum or value is None or not math.isfinite(value):
        return Figure(value=None, sample=sample)
    return Figure(value=value, sample=sample)
