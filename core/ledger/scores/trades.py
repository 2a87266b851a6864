"""Figures of closed trades, from totals."""

from collections.abc import Iterable

from core.config.settings import Scores
from core.domain.scores import ClosedTrade, Figure, Metric, TradeTotals
from core.ledger.scores.figure import figure


def trade_totals(trades: Iterable[ClosedTrade], fills: int) -> TradeTotals:
    """Sum up closed trades; `fills` counts all fills of the same time, those that opened something included.

    Raises:
        ValueError: there are more closed trades than fills, or a profit is no number.
    """
    totals = TradeTotals(fills=fills)
    for trade in trades:
        if not trade.pnl_usd.is_finite():
            raise ValueError(f"the profit of a trade in {trade.ticker} is no number")
        totals = totals.with_closed(trade.pnl_usd)
    if totals.closed > fills:
        raise ValueError(f"{totals.closed} closed trades cannot come from {fills} fills")
    return totals


def trade_figures(totals: TradeTotals, rules: Scores) -> dict[Metric, Figure]:
    """Return the figures of closed trades.

    The win rate is the share with a profit; one that ends even is no win. The profit factor is the sum of the
    profits over that of the losses, None without a loss (R. Pardo, The Evaluation and Optimization of Trading
    Strategies, 2008). Both need `min_trades` closed trades; the best and the worst trade are facts from the
    first one on.
    """
    closed, enough = totals.closed, rules.min_trades
    factor = float(totals.gains_usd / totals.losses_usd) if totals.losses_usd > 0 else None
    return {
        Metric.TRADES: figure(float(totals.fills), totals.fills, 0),
        Metric.WIN_RATE: figure(totals.wins / closed if closed else None, closed, enough),
        Metric.PROFIT_FACTOR: figure(factor, closed, enough),
        Metric.BEST_TRADE: figure(totals.best_usd, closed),
        Metric.WORST_TRADE: figure(totals.worst_usd, closed),
    }
