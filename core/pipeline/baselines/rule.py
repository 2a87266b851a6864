"""What a rule is: a pure function from the evidence to a ruling that shows its working."""

import math
from collections.abc import Callable
from decimal import Decimal

from core.domain.ballot import Rating
from core.domain.errors import NoBasis
from core.domain.evidence import Evidence
from core.domain.values import Frozen, Ratio, to_ratio


class Reading(Frozen):
    """One thing that a rule computed, in words. `leans` is 1 for buying, -1 against, 0 for neither."""

    text: str
    leans: int = 0


class Ruling(Frozen):
    """What a rule decided. `law` is the rule in one sentence; `target_weight` None means the rating's own."""

    law: str
    readings: tuple[Reading, ...]
    rating: Rating
    confidence: Ratio
    target_weight: Ratio | None = None
    horizon: str


Rule = Callable[[Evidence, bool], Ruling]
"""(evidence, whether the member holds the instrument) -> ruling; NoBasis where a figure is missing."""


def needed(value: Decimal | None, name: str, evidence: Evidence) -> Decimal:
    """Return an indicator that a rule cannot do without.

    Raises:
        NoBasis: there are too few sessions for it.
    """
    if value is None:
        raise NoBasis(f"{name} needs more than the {len(evidence.bars)} sessions that the evidence has")
    return value


def normal_cdf(z: float) -> Decimal:
    """Return the standard normal distribution function at `z`, to four places (A&S 26.2.29)."""
    return to_ratio(Decimal(repr(0.5 * (1 + math.erf(z / math.sqrt(2))))))
