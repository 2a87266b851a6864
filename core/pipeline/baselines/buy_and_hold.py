"""Buy once, hold ever after."""

from decimal import Decimal

from core.domain.ballot import Rating
from core.domain.evidence import Evidence
from core.pipeline.baselines.rule import Reading, Ruling

LAW = "Buy the largest allowed position once and hold it, whatever happens."


def buy_and_hold(evidence: Evidence, holds: bool) -> Ruling:
    """Return Buy until the instrument is held, then Hold. Its confidence is 0.5: the rule has no opinion."""
    state = "is held" if holds else "is not held yet"
    return Ruling(
        law=LAW,
        readings=(
            Reading(text=f"{evidence.ticker} {state}; the rule reads nothing else.", leans=int(not holds)),
        ),
        rating=Rating.HOLD if holds else Rating.BUY,
        confidence=Decimal("0.5"),
        horizon="until the season ends",
    )
