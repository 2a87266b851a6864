"""A coin, seeded so that everyone can throw it again."""

import hashlib
from decimal import Decimal

from core.domain.ballot import Rating
from core.domain.evidence import Evidence
from core.pipeline.baselines.rule import Reading, Ruling

LAW = "Throw a fair coin, seeded by ticker and session: heads buys, tails sells."


def coin_flip(evidence: Evidence, holds: bool) -> Ruling:
    """Return Buy or Sell by the last bit of SHA-256 of "TICKER|YYYY-MM-DD". Confidence 0.5: a coin's."""
    del holds  # a coin does not know
    seed = f"{evidence.ticker}|{evidence.quote.session.isoformat()}"
    heads = hashlib.sha256(seed.encode()).digest()[-1] % 2 == 0
    face = "heads" if heads else "tails"
    return Ruling(
        law=LAW,
        readings=(Reading(text=f'The coin for "{seed}" shows {face}.', leans=1 if heads else -1),),
        rating=Rating.BUY if heads else Rating.SELL,
        confidence=Decimal("0.5"),
        horizon="1 session",
    )
