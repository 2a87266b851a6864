"""The figures of a leaderboard in words: their names, how each is written, and whether it may be luck."""

import math
from collections.abc import Callable
from decimal import Decimal
from typing import NamedTuple

from bot.present import numbers
from core.domain.scores import Figure, Metric, Scorecard
from core.domain.season_report import Minimums

_NONE = "n/a"
# A quotient of next to nothing can be of any size; written out it would fill the page.
_BEYOND_WORDS = Decimal(10) ** 12
_DAYS, _TRADES, _SETTLED, _ANY = "day", "closed trade", "settled ballot", ""


class _Words(NamedTuple):
    """A metric's name, the name where room is short, what its sample counts, and what it says."""

    label: str
    short: str
    sample: str
    meaning: str


_WORDS = {
    Metric.VALUE: _Words("Value", "Value", _ANY, "Cash and holdings at the last mark."),
    Metric.PNL: _Words("Profit or loss", "P&L", _ANY, "Value less what was paid in."),
    Metric.RETURN: _Words("Return", "Return", _ANY, "Growth over the whole period, fees included."),
    Metric.ANNUAL_RETURN: _Words(
        "Return a year", "A year", _DAYS, "The return, if a year of 252 sessions went on like this."
    ),
    Metric.VOLATILITY: _Words(
        "Volatility", "Volat.", _DAYS, "Spread of daily returns, as a year's standard deviation."
    ),
    Metric.SHARPE: _Words(
        "Sharpe ratio", "Sharpe", _DAYS, "Return above the risk-free rate for each unit of volatility."
    ),
    Metric.SORTINO: _Words(
        "Sortino ratio", "Sortino", _DAYS, "As Sharpe, but only losses count as volatility."
    ),
    Metric.MAX_DRAWDOWN: _Words(
        "Maximum drawdown", "Max DD", _ANY, "The deepest fall from a peak to a later low."
    ),
    Metric.CALMAR: _Words("Calmar ratio", "Calmar", _DAYS, "Return a year over the maximum drawdown."),
    Metric.EXPOSURE: _Words("Exposure", "Exposure", _ANY, "Mean share of the value that was invested."),
    Metric.TURNOVER: _Words("Turnover", "Turnover", _ANY, "Bought and sold, over the mean value."),
    Metric.TRADES: _Words("Trades", "Trades", _ANY, "Fills, both buys and sells."),
    Metric.WIN_RATE: _Words(
        "Win rate of trades", "Wins", _TRADES, "Closed trades that earned, at average cost and after fees."
    ),
    Metric.DAY_WIN_RATE: _Words(
        "Win rate of days", "Days won", _DAYS, "Sessions that ended above the one before."
    ),
    Metric.PROFIT_FACTOR: _Words(
        "Profit factor", "PF", _TRADES, "Gains of closed trades over the losses of closed trades."
    ),
    Metric.BEST_TRADE: _Words("Best trade", "Best", _TRADES, "The largest gain of one closed trade."),
    Metric.WORST_TRADE: _Words("Worst trade", "Worst", _TRADES, "The largest loss of one closed trade."),
    Metric.ALPHA: _Words(
        "Alpha a year", "Alpha", _DAYS, "Return a year that the moves of the benchmark do not explain."
    ),
    Metric.BETA: _Words("Beta", "Beta", _DAYS, "How far the value moves when the benchmark moves by one."),
    Metric.INFORMATION_RATIO: _Words(
        "Information ratio", "IR", _DAYS, "Return above the benchmark's for each unit of distance from it."
    ),
    Metric.HIT_RATE_1: _Words(
        "Hit rate after 1 session", "Hit 1", _SETTLED, "Directions that were right at the next close."
    ),
    Metric.HIT_RATE_5: _Words(
        "Hit rate after 5 sessions", "Hit 5", _SETTLED, "Directions that were right after five sessions."
    ),
    Metric.HIT_RATE_20: _Words(
        "Hit rate after 20 sessions", "Hit 20", _SETTLED, "Directions that were right after twenty sessions."
    ),
    Metric.TOKEN_COST: _Words("Token cost", "Tokens", _ANY, "What the model calls have cost."),
    Metric.RETURN_AFTER_TOKENS: _Words(
        "Return after token cost", "Net", _ANY, "The return, had the model calls been paid from the books."
    ),
    Metric.USD_PER_RIGHT: _Words(
        "Cost of a right decision", "$/right", _SETTLED, "Token cost over the ballots that were right."
    ),
}


def _share(value: Decimal) -> str:
    return f"{numbers.rounded(value * 100, 1)} %"


_FORMATS: dict[Metric, Callable[[Decimal], str]] = {
    Metric.VALUE: numbers.usd,
    Metric.PNL: numbers.usd_change,
    Metric.BEST_TRADE: numbers.usd_change,
    Metric.WORST_TRADE: numbers.usd_change,
    Metric.TOKEN_COST: numbers.cost,
    Metric.USD_PER_RIGHT: numbers.cost,
    Metric.RETURN: numbers.percent_change,
    Metric.ANNUAL_RETURN: numbers.percent_change,
    Metric.ALPHA: numbers.percent_change,
    Metric.RETURN_AFTER_TOKENS: numbers.percent_change,
    Metric.MAX_DRAWDOWN: lambda value: numbers.percent_change(-abs(value)),
    Metric.VOLATILITY: _share,
    Metric.EXPOSURE: _share,
    Metric.WIN_RATE: _share,
    Metric.DAY_WIN_RATE: _share,
    Metric.HIT_RATE_1: _share,
    Metric.HIT_RATE_5: _share,
    Metric.HIT_RATE_20: _share,
    Metric.TRADES: numbers.whole,
}


def metric_label(metric: Metric) -> str:
    """Return the metric's name: `Sharpe ratio`."""
    return _WORDS[metric].label


def metric_within(metric: Metric) -> str:
    """Return a metric's name within a sentence; names of people keep their capital."""
    label = metric_label(metric)
    return label if label.startswith(("Sharpe", "Sortino", "Calmar")) else label[0].lower() + label[1:]


def metric_short(metric: Metric) -> str:
    """Return the metric's name where there is little room: `Sharpe`, `Max DD`."""
    return _WORDS[metric].short


def metric_meaning(metric: Metric) -> str:
    """Say in one sentence what the metric tells."""
    return _WORDS[metric].meaning


def figure_text(metric: Metric, figure: Figure | None, minimums: Minimums | None = None) -> str:
    """Write a figure: `+12.30 %`, `1.42`, `$10,231.40`, or `n/a (3 of 20 days)` below the minimum sample.

    A figure that its formula cannot give although the sample suffices (a Sharpe ratio without any
    volatility) is `n/a (60 days)`.
    """
    if figure is None:
        return _NONE
    value = figure.value
    if value is None or not math.isfinite(value):
        return _missing(metric, figure.sample, minimums)
    exact = value if isinstance(value, Decimal) else Decimal(repr(float(value)))
    if abs(exact) >= _BEYOND_WORDS:
        return f"{exact:.1e}"
    return _FORMATS.get(metric, numbers.ratio)(exact)


def _missing(metric: Metric, sample: int, minimums: Minimums | None) -> str:
    unit = _WORDS[metric].sample
    if not unit:
        return _NONE
    needed = needed_for(metric, minimums) if minimums else None
    if needed is None or sample >= needed:
        return f"{_NONE} ({numbers.counted(sample, unit)})"
    return f"{_NONE} ({numbers.whole(sample)} of {numbers.counted(needed, unit)})"


def needed_for(metric: Metric, minimums: Minimums) -> int | None:
    """Return the sample below which the metric is n/a, or None where it needs none."""
    needed = {_DAYS: minimums.days, _TRADES: minimums.trades, _SETTLED: minimums.settled}
    return needed.get(_WORDS[metric].sample)


def luck_sentence(card: Scorecard, benchmark: str, *, priced: bool = True) -> str:
    """Say in one sentence whether a member can be told from the benchmark, if that has prices (`priced`).

    For instance `14 trades: cannot be told from SPY yet.`
    """
    trades = card.figures.get(Metric.TRADES)
    luck = card.luck
    if luck is None:
        count = int(trades.value or 0) if trades else 0
        if not priced:
            return f"{numbers.counted(count, 'trade')}: no prices of {benchmark} to compare with."
        return f"{numbers.counted(count, 'trade')}: too short a record to compare with {benchmark}."
    told = numbers.counted(luck.trades, "trade")
    if not luck.told_apart:
        return f"{told}: cannot be told from {benchmark} yet."
    side = "ahead of" if luck.difference > 0 else "behind"
    return (
        f"{told} in {numbers.counted(luck.sessions, 'session')}: {side} {benchmark} "
        f"by more than chance explains ({luck_interval(card)})."
    )


def luck_interval(card: Scorecard) -> str:
    """Write the interval of the difference to the benchmark: `−3.10 % to +12.00 % a year, at 95 %`."""
    luck = card.luck
    if luck is None:
        return _NONE
    low, high = (numbers.percent_change(Decimal(repr(edge))) for edge in (luck.low, luck.high))
    return f"{low} to {high} a year, at {luck.level * 100:g} %"
