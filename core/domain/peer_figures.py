"""Figures by the definitions of other projects."""

from datetime import date

from core.domain.values import Frozen


class AiTraderFigures(Frozen):
    """The figures of HKUDS/AI-Trader (its arena of 2025), fractions rounded to four places.

    None stands where AI-Trader writes 0 for want of data.
    """

    cumulative_return: float | None
    annualised_return: float | None
    sharpe: float | None
    volatility: float | None
    max_drawdown: float | None
    drawdown_peak: date | None
    drawdown_trough: date | None
    win_rate: float | None
    profit_loss_ratio: float | None
