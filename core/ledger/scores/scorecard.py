"""Every figure of one member over one period."""

from datetime import date
from decimal import Decimal

import numpy as np

from core.config.settings import Scores
from core.domain.scores import BallotTotals, Drawdown, Figure, Metric, Scorecard, TradeTotals
from core.domain.season import Season
from core.ledger.scores import returns as of
from core.ledger.scores.against_benchmark import alpha, beta, information_ratio, paired
from core.ledger.scores.ballots import ballot_figures
from core.ledger.scores.curve import Closes, Curve
from core.ledger.scores.drawdown import deepest_fall
from core.ledger.scores.figure import figure
from core.ledger.scores.trades import trade_figures


def scorecard(
    season: Season,
    member: str,
    kind: str,
    curve: Curve,
    trades: TradeTotals,
    ballots: BallotTotals,
    benchmark: Closes | None,
    rules: Scores,
    *,
    first: date | None = None,
) -> Scorecard:
    """Return the figures from the session `first` on, or of the whole season.

    `trades` and `ballots` are those of the same period: fills from `first` on, and ballots whose entry is
    there. What is measured starts from the last known value before `first`, else from the starting capital.
    `luck` is left to `core.ledger.scores.luck`, which takes longer. What happened (value, return, drawdown)
    needs one observation; what estimates how it goes on (a rate, a ratio, anything annualised) the minimum
    samples of `rules`.
    """
    part = curve if first is None else curve.since(first)
    fall = deepest_fall(part)
    cost = _token_cost(part)
    figures = {
        **_money_figures(part, cost),
        **_daily_figures(part, fall, rules),
        **_benchmark_figures(part, benchmark, rules),
        **trade_figures(trades, rules),
        **ballot_figures(ballots, cost, rules),
    }
    return Scorecard(
        season=season,
        member=member,
        kind=kind,
        first=part.values[0].session if part.values else None,
        last=part.values[-1].session if part.values else None,
        figures={metric: figures[metric] for metric in Metric},
        drawdown=fall,
    )


def _token_cost(part: Curve) -> Decimal | None:
    return part.values[-1].token_cost_usd - part.base_tokens_usd if part.values else None


def _money_figures(part: Curve, cost: Decimal | None) -> dict[Metric, Figure]:
    """Return value, profit, total return and what tokens change about it; exact, None while unpriced.

    The return is (last value - base) / base; after tokens, as if the portfolio had paid for them:
    (last value - token cost - base) / base.
    """
    value, base, days = part.last_usd, part.base_usd, int(np.count_nonzero(part.priced))
    gained = None if value is None else value - base
    grown = gained is not None and base > 0
    return {
        Metric.VALUE: figure(value, days),
        Metric.PNL: figure(gained, days),
        Metric.RETURN: figure(float(gained / base) if gained is not None and grown else None, days),
        Metric.TOKEN_COST: figure(cost, len(part.values)),
        Metric.RETURN_AFTER_TOKENS: figure(
            float((gained - cost) / base) if gained is not None and cost is not None and grown else None, days
        ),
    }


def _daily_figures(part: Curve, fall: Drawdown | None, rules: Scores) -> dict[Metric, Figure]:
    """Return the figures of daily returns and values.

    Exposure is the mean over priced sessions of (long + short) / value. Turnover is what was bought and sold
    in the period over the mean of its known values: both sides, not annualised. The definitions of these two
    are our own.
    """
    daily, enough, risk_free = part.returns, rules.min_days, float(rules.risk_free)
    sample = len(daily)
    growth = None
    if part.last_usd is not None and part.base_usd > 0:
        growth = of.annualised(float((part.last_usd - part.base_usd) / part.base_usd), part.sessions)
    depth = (fall.depth if fall else 0.0) if sample else None
    won, moved = of.day_wins(daily)
    known = part.value[part.priced]
    positive = known > 0
    held = (part.gross[part.priced][positive] / known[positive]) if positive.any() else None
    mean = float(known.mean()) if len(known) else 0.0
    return {
        Metric.ANNUAL_RETURN: figure(growth, sample, enough),
        Metric.VOLATILITY: figure(of.volatility(daily), sample, enough),
        Metric.SHARPE: figure(of.sharpe(daily, risk_free), sample, enough),
        Metric.SORTINO: figure(of.sortino(daily, risk_free), sample, enough),
        Metric.MAX_DRAWDOWN: figure(depth, sample),
        Metric.CALMAR: figure(of.calmar(growth, depth), sample, enough),
        Metric.EXPOSURE: figure(
            None if held is None else float(held.mean()), 0 if held is None else len(held)
        ),
        Metric.TURNOVER: figure(float(part.traded.sum()) / mean if mean > 0 else None, len(known)),
        Metric.DAY_WIN_RATE: figure(won, moved, enough),
    }


def _benchmark_figures(part: Curve, benchmark: Closes | None, rules: Scores) -> dict[Metric, Figure]:
    """Return the figures against the benchmark, made from the sessions for which both sides are known."""
    if benchmark is None:
        return dict.fromkeys(
            (Metric.ALPHA, Metric.BETA, Metric.INFORMATION_RATIO), Figure(value=None, sample=0)
        )
    both = paired(part, benchmark)
    sample, enough = len(both.own), rules.min_days
    slope, risk_free = beta(both.own, both.benchmark), float(rules.risk_free)
    return {
        Metric.ALPHA: figure(alpha(both.own, both.benchmark, slope, risk_free), sample, enough),
        Metric.BETA: figure(slope, sample, enough),
        Metric.INFORMATION_RATIO: figure(information_ratio(both.own, both.benchmark), sample, enough),
    }
