"""Figures of settled ballots: how often the direction was right, and what one right decision cost."""

from collections.abc import Iterable
from decimal import Decimal

from core.config.settings import Scores
from core.domain.outcomes import HORIZONS, Outcome
from core.domain.scores import BallotTotals, Figure, Hits, Metric
from core.ledger.scores.figure import figure

_HIT_RATES = {1: Metric.HIT_RATE_1, 5: Metric.HIT_RATE_5, 20: Metric.HIT_RATE_20}


def ballot_totals(outcomes: Iterable[Outcome]) -> BallotTotals:
    """Count the outcomes at each horizon. HOLD names no direction: it is in neither number.

    Raises:
        ValueError: an outcome has a horizon that no figure has.
    """
    settled, right = dict.fromkeys(HORIZONS, 0), dict.fromkeys(HORIZONS, 0)
    for outcome in outcomes:
        if outcome.horizon not in settled:
            raise ValueError(f"a ballot is settled after 1, 5 or 20 sessions, not {outcome.horizon}")
        if outcome.right is not None:
            settled[outcome.horizon] += 1
            right[outcome.horizon] += outcome.right
    return BallotTotals(*(Hits(settled[horizon], right[horizon]) for horizon in HORIZONS))


def ballot_figures(
    totals: BallotTotals, token_cost_usd: Decimal | None, rules: Scores
) -> dict[Metric, Figure]:
    """Return the hit rates, and the USD per right decision.

    A hit rate is the share of right ones among settled BUY and SELL ballots; no move at all is not right. The
    USD per right decision are the token cost of the period (HOLDs, abstentions and what is not yet settled
    included) over the ballots that were right after 5 sessions, None without one. All need `min_settled`
    settled ballots. The definitions are our own.
    """
    figures = {
        _HIT_RATES[horizon]: figure(
            hits.right / hits.settled if hits.settled else None, hits.settled, rules.min_settled
        )
        for horizon, hits in zip(HORIZONS, totals, strict=True)
    }
    week = totals.after_5
    each = token_cost_usd / week.right if token_cost_usd is not None and week.right else None
    return {**figures, Metric.USD_PER_RIGHT: figure(each, week.settled, rules.min_settled)}
