"""Time-series momentum."""

import math

from core.domain.ballot import Rating
from core.domain.evidence import Evidence
from core.pipeline.baselines.rule import Reading, Ruling, needed, normal_cdf

LAW = (
    "Follow the return of the last 60 sessions, in units of its normal size: above +0.5 buys, below -0.5 "
    "sells (Moskowitz, Ooi and Pedersen, 2012, with a shorter window)."
)
_EDGE = 0.5


def momentum(evidence: Evidence, holds: bool) -> Ruling:
    """Return Buy, Hold or Sell by z = 60-session return / (20-day volatility scaled to 60 sessions).

    Confidence is the normal distribution function at |z|: how rarely chance alone moves that far one way.
    """
    del holds
    figures = evidence.indicators
    moved = needed(figures.return_60, "the 60-session return", evidence)
    volatility = needed(figures.volatility_20, "the 20-day volatility", evidence)
    normal = float(volatility) * math.sqrt(60 / 252)
    z = float(moved) / normal if normal > 0 else 0.0
    rating = Rating.BUY if z > _EDGE else Rating.SELL if z < -_EDGE else Rating.HOLD
    readings = (
        Reading(
            text=f"60-session return {moved:+.2%}, a normal one is ±{normal:.2%}: z = {z:+.2f}.",
            leans=(z > 0) - (z < 0),
        ),
        *(
            Reading(text=f"{sessions}-session return {value:+.2%}.", leans=(value > 0) - (value < 0))
            for sessions, value in ((5, figures.return_5), (20, figures.return_20))
            if value is not None
        ),
    )
    return Ruling(
        law=LAW, readings=readings, rating=rating, confidence=normal_cdf(abs(z)), horizon="60 sessions"
    )
