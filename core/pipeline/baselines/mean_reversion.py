"""Against the crowd at the edges."""

from decimal import Decimal

from core.domain.ballot import Rating
from core.domain.evidence import Evidence
from core.pipeline.baselines.rule import Reading, Ruling, needed, normal_cdf

LAW = (
    "Buy when RSI 14 is below 30 or the price is under the lower Bollinger band, sell when RSI 14 is above "
    "70 or the price is over the upper band; otherwise hold (Wilder, 1978; Bollinger, 1983)."
)
OVERSOLD, OVERBOUGHT = 30, 70


def mean_reversion(evidence: Evidence, holds: bool) -> Ruling:
    """Return Buy, Hold or Sell by RSI 14 and the Bollinger bands.

    Confidence is the normal distribution function at the price's distance from the middle band, in the
    band's own standard deviations. When the two signs contradict each other, the rule holds.
    """
    del holds
    figures = evidence.indicators
    rsi = needed(figures.rsi_14, "RSI 14", evidence)
    upper = needed(figures.bollinger_upper, "the upper Bollinger band", evidence)
    middle = needed(figures.bollinger_middle, "the middle Bollinger band", evidence)
    lower = needed(figures.bollinger_lower, "the lower Bollinger band", evidence)
    deviation = (upper - middle) / 2
    z = (evidence.price - middle) / deviation if deviation > 0 else Decimal(0)
    by_rsi = (rsi < OVERSOLD) - (rsi > OVERBOUGHT)
    by_band = (evidence.price < lower) - (evidence.price > upper)
    lean = by_rsi + by_band
    rating = Rating.BUY if lean > 0 else Rating.SELL if lean < 0 else Rating.HOLD
    readings = (
        Reading(text=f"RSI 14 is {rsi:.1f} (below 30 is oversold, above 70 overbought).", leans=by_rsi),
        Reading(
            text=f"The price {evidence.price:.2f} is {z:+.2f} standard deviations from the 20-day mean "
            f"{middle:.2f} (bands {lower:.2f} to {upper:.2f}).",
            leans=by_band,
        ),
    )
    confidence = normal_cdf(abs(float(z)))
    return Ruling(
        law=LAW, readings=readings, rating=rating, confidence=confidence, horizon="5 to 20 sessions"
    )
