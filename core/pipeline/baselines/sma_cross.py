"""A quicker crossing of averages than `trend`, for instruments with less of a past."""

from decimal import Decimal

from core.domain.ballot import Rating
from core.domain.evidence import Evidence
from core.domain.values import to_ratio
from core.pipeline.baselines.rule import Reading, Ruling, needed

LAW = "Own the shares while SMA 20 is above SMA 50, own none while it is not."


def sma_cross(evidence: Evidence, holds: bool) -> Ruling:
    """Return Buy once SMA 20 is above SMA 50, Sell once it is not, and Hold while the position fits.

    Confidence grows from 0.5 by five times the gap between the averages (as a fraction), up to 0.95.
    """
    figures = evidence.indicators
    slow = needed(figures.sma_50, "SMA 50", evidence)
    fast = needed(figures.sma_20, "SMA 20", evidence)
    gap = fast / slow - 1
    above = gap > 0
    rating = Rating.HOLD if above is holds else (Rating.BUY if above else Rating.SELL)
    text = f"SMA 20 {fast:.2f} against SMA 50 {slow:.2f}: {gap:+.2%}."
    return Ruling(
        law=LAW,
        readings=(Reading(text=text, leans=1 if above else -1),),
        rating=rating,
        confidence=to_ratio(min(Decimal("0.95"), Decimal("0.5") + 5 * abs(gap))),
        horizon="until the averages cross",
    )
