"""Figures by the definitions of other projects, to stand beside their published ones."""

from datetime import date

from core.domain.peer_figures import AiTraderFigures
from core.ledger.scores.curve import ROUNDING_NOISE, SESSIONS_A_YEAR, Curve
from core.ledger.scores.drawdown import deepest_fall
from core.ledger.scores.returns import power_less_one, volatility

_AI_TRADER_RISK_FREE = 0.02
_PLACES = 4


def ai_trader(curve: Curve, *, start: date | None = None) -> AiTraderFigures:
    """Return the figures of `curve` by AI-Trader's definitions.

    Sharpe is (252 x mean - 0.02) / (deviation (n - 1) x root of 252): a yearly 2 % taken off a mean that is
    not compounded. The return is annualised over calendar days, (1 + R)^(365 / days) - 1, counted from
    `start`, the day of the first point; without it from the base's session, or for a starting capital from
    the first session. The win rate is gaining sessions over all, idle ones included. The profit/loss ratio is
    the mean gain over the mean loss. Sessions that could not be priced are left out, where AI-Trader takes
    what it cannot price for 0.

    Source: AI-Trader, `tools/result_tools.py`, November 2025.
    """
    daily, fall = curve.returns, deepest_fall(curve)
    total = annual = None
    if curve.last_usd is not None and curve.base_usd > 0:
        total = float((curve.last_usd - curve.base_usd) / curve.base_usd)
        begin = start or curve.base_session or curve.values[0].session
        days = (curve.values[-1].session - begin).days
        annual = power_less_one(1 + total, 365 / days) if days > 0 else None
    gains, losses = daily[daily > 0], daily[daily < 0]
    deviation = volatility(daily)
    return AiTraderFigures(
        cumulative_return=_rounded(total),
        annualised_return=_rounded(annual),
        sharpe=_rounded((float(daily.mean()) * SESSIONS_A_YEAR - _AI_TRADER_RISK_FREE) / deviation)
        if deviation is not None and deviation > ROUNDING_NOISE
        else None,
        volatility=_rounded(deviation),
        max_drawdown=_rounded((fall.depth if fall else 0.0) if len(daily) else None),
        drawdown_peak=fall.peak if fall else None,
        drawdown_trough=fall.trough if fall else None,
        win_rate=_rounded(len(gains) / len(daily) if len(daily) else None),
        profit_loss_ratio=_rounded(
            float(gains.mean() / abs(losses.mean())) if len(gains) and len(losses) else None
        ),
    )


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, _PLACES)
