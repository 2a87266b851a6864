"""Figures of daily returns. Each takes simple returns, oldest first, and is None where it has no meaning.

A year has 252 sessions. A risk-free rate a year becomes one a session by compounding.
"""

import math

import numpy as np

from core.ledger.scores.curve import FEWEST_FOR_A_DEVIATION, ROUNDING_NOISE, SESSIONS_A_YEAR, Floats


def daily_rate(yearly: float) -> float:
    """Return the rate a session that compounds to `yearly` over 252 sessions."""
    return float((1 + yearly) ** (1 / SESSIONS_A_YEAR)) - 1


def annualised(total_return: float, sessions: int) -> float | None:
    """Return the constant growth a year that makes `total_return` in `sessions`, (1 + R)^(252/n) - 1.

    None without a session, after a loss of more than everything, and where no float can hold it.

    Source: the compound annual growth rate; CFA Institute, Global Investment Performance Standards (2020),
    which also say why a part of a year should not be annualised: hence the minimum sample.
    """
    if sessions < 1:
        return None
    return power_less_one(1 + total_return, SESSIONS_A_YEAR / sessions)


def power_less_one(base: float, exponent: float) -> float | None:
    """Return base^exponent - 1, or None for a negative base and where no float can hold it."""
    if base < 0:
        return None
    try:
        return float(base**exponent) - 1
    except OverflowError:
        return None


def volatility(returns: Floats) -> float | None:
    """Return the standard deviation (n - 1) of the returns times the square root of 252.

    Source: J. Hull, Options, Futures, and Other Derivatives, "Estimating volatility from historical data",
    with simple returns in place of logarithmic ones, as for the Sharpe ratio.
    """
    if len(returns) < FEWEST_FOR_A_DEVIATION:
        return None
    return float(returns.std(ddof=1)) * math.sqrt(SESSIONS_A_YEAR)


def sharpe(returns: Floats, yearly_risk_free: float) -> float | None:
    """Return the mean over the standard deviation (n - 1) of the excess returns, times the root of 252.

    None when the returns do not deviate.

    Source: W. F. Sharpe, "The Sharpe Ratio", Journal of Portfolio Management 21(1), 1994.
    """
    return mean_over_deviation(returns - daily_rate(yearly_risk_free))


def mean_over_deviation(differences: Floats) -> float | None:
    """Return mean / standard deviation (n - 1) times the root of 252, None without a deviation."""
    if len(differences) < FEWEST_FOR_A_DEVIATION:
        return None
    deviation = float(differences.std(ddof=1))
    if deviation <= ROUNDING_NOISE:
        return None
    return float(differences.mean()) / deviation * math.sqrt(SESSIONS_A_YEAR)


def sortino(returns: Floats, yearly_risk_free: float) -> float | None:
    """Return the mean excess return over the downside deviation, times the root of 252.

    The target is the risk-free rate. The downside deviation is the root of the mean over *all* sessions of
    the squared shortfall below the target, not the deviation of the losing sessions. None when no return
    falls short.

    Source: F. A. Sortino and L. N. Price, "Performance Measurement in a Downside Risk Framework", Journal of
    Investing 3(3), 1994.
    """
    if len(returns) < FEWEST_FOR_A_DEVIATION:
        return None
    excess = returns - daily_rate(yearly_risk_free)
    shortfall = np.minimum(excess, 0.0)
    deviation = math.sqrt(float(shortfall @ shortfall) / len(shortfall))
    if deviation <= ROUNDING_NOISE:
        return None
    return float(excess.mean()) / deviation * math.sqrt(SESSIONS_A_YEAR)


def calmar(annual_return: float | None, depth: float | None) -> float | None:
    """Return the annualised return over the maximum drawdown, None without a fall.

    The drawdown is that of the same period, where the source takes 36 months.

    Source: T. W. Young, "Calmar Ratio: A Smoother Tool", Futures, October 1991.
    """
    if annual_return is None or depth is None or depth <= 0:
        return None
    return annual_return / depth


def day_wins(returns: Floats) -> tuple[float | None, int]:
    """Return the share of gaining sessions among those that gained or lost, and how many these were.

    Sessions in which nothing moved are in neither number: who holds only cash does not lose every day.
    """
    gained = int(np.count_nonzero(returns > 0))
    moved = int(np.count_nonzero(returns))
    return (gained / moved if moved else None), moved
