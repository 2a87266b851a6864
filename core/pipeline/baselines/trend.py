"""The golden and the death cross."""

from decimal import Decimal

from core.domain.ballot import Rating
from core.domain.evidence import Evidence
from core.domain.values import to_ratio
from core.pipeline.baselines.rule import Reading, Ruling, needed

LAW = (
    "Own the shares while SMA 50 is above SMA 200, own none while it is below "
    "(a crossing of moving averages: Brock, Lakonishok and LeBaron, 1992)."
)


def trend(evidence: Evidence, holds: bool) -> Ruling:
    """Return Buy while SMA 50 is above SMA 200, else Sell; Hold when they are equal.

    Confidence grows from 0.5 by five times the gap between the averages (as a fraction), up to 0.95.
    """
    del holds
    figures = evidence.indicators
    slow = needed(figures.sma_200, "SMA 200", evidence)
    fast = needed(figures.sma_50, "SMA 50", evidence)
    gap = fast / slow - 1
    lean = (gap > 0) - (gap < 0)
    above = "above" if evidence.price > fast else "not above"
    readings = (
        Reading(text=f"SMA 50 {fast:.2f} against SMA 200 {slow:.2f}: {gap:+.2%}.", leans=lean),
        Reading(
            text=f"The price {evidence.price:.2f} is {above} SMA 50.", leans=1 if above == "above" else -1
        ),
    )
    return Ruling(
        law=LAW,
        readings=readings,
        rating=(Rating.HOLD, Rating.BUY, Rating.SELL)[lean],
        confidence=to_ratio(min(Decimal("0.95"), Decimal("0.5") + 5 * abs(gap))),
        horizon="until the averages cross",
    )
