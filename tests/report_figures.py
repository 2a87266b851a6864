"""Values, figures and calibrations of a season, drawn from the bundled sample prices.

The values follow real closes; who held what is thrown with a fixed seed. Figures that need more than a line
to compute are thrown as well: how they are computed is tested where that is done.
"""

import math
import random
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from itertools import pairwise
from pathlib import Path
from statistics import fmean, stdev

from core.domain.bars import Bar
from core.domain.calibration import Calibration, ReliabilityBin
from core.domain.scores import DailyValue, Drawdown, Figure, Luck, Metric, Scorecard
from core.domain.season import Season
from core.domain.season_report import (
    Curve,
    Minimums,
    underwater,
)
from core.domain.values import to_ratio
from core.market.daily_csv import read_bars
from core.market.sample_vendor import SAMPLE_TICKERS

FIRST, SESSIONS = 120, 106
SEASON = Season("replay-2012-spring")
MADE_AT = datetime(2013, 3, 2, 9, 30, tzinfo=UTC)
CASH = Decimal("10000.00")
MINIMUMS = Minimums(days=20, trades=5, settled=10)


@cache
def bars(ticker: str) -> tuple[Bar, ...]:
    folder = Path(__file__).parents[1] / "core" / "market" / "sample"
    return read_bars("sample", folder / f"{ticker}.csv", date.min, date.max)[FIRST : FIRST + SESSIONS]


def sessions() -> tuple[date, ...]:
    return tuple(bar.date for bar in bars("GOOG"))


def curve(member: str, kind: str, sessions_: int = SESSIONS) -> Curve:
    """Hold shares of the four tickers, thrown anew every ten sessions."""
    thrown = random.Random(member)
    closes = {ticker: [float(bar.close) for bar in bars(ticker)] for ticker in SAMPLE_TICKERS}
    value, weights, days = float(CASH), dict.fromkeys(SAMPLE_TICKERS, 0.0), []
    for number, session in enumerate(sessions()[:sessions_]):
        if number:
            value *= 1 + sum(
                weight * (closes[ticker][number] / closes[ticker][number - 1] - 1)
                for ticker, weight in weights.items()
            )
        traded = number % 10 == 0
        if traded:
            weights = {ticker: thrown.choice([0.0, 0.1, 0.25, 0.25]) for ticker in SAMPLE_TICKERS}
        worth = Decimal(f"{value:.2f}")
        held = (worth * Decimal(str(sum(weights.values())))).quantize(Decimal("0.01"))
        days.append(
            DailyValue(
                session=session,
                value_usd=worth,
                cash_usd=worth - held,
                long_usd=held,
                short_usd=Decimal(0),
                traded_usd=held / 4 if traded else Decimal(0),
                token_cost_usd=Decimal(number) / 50 if kind == "llm" else Decimal(0),
            )
        )
    return Curve(member, kind, tuple(days))


def benchmark_curve() -> tuple[tuple[date, Decimal], ...]:
    """An equal part in each of the four, in place of a benchmark that the sample does not hold."""
    parts = [[float(bar.close / bars(ticker)[0].close) for bar in bars(ticker)] for ticker in SAMPLE_TICKERS]
    return tuple(
        (session, Decimal(f"{fmean(part[number] for part in parts) * float(CASH):.2f}"))
        for number, session in enumerate(sessions())
    )


def deepest(days: Curve) -> Drawdown | None:
    depths = [(day, under) for day, under in underwater(days.days) if under is not None]
    if not depths:
        return None
    trough, depth = min(depths, key=lambda each: each[1])
    before = [(value or Decimal(0), day) for day, value in days.days if day <= trough]
    peak_value, peak = max(before)
    after = [day for day, value in days.days if day > trough and value is not None and value >= peak_value]
    return Drawdown(depth=-depth, peak=peak, trough=trough, recovered=after[0] if after else None)


def scorecard(days: Curve) -> Scorecard:
    thrown = random.Random(f"figures of {days.member}")
    values = [float(day.value_usd) for day in days.values if day.value_usd is not None]
    daily = [after / before - 1 for before, after in pairwise(values)]
    enough = len(daily) >= MINIMUMS.days
    end = Decimal(f"{values[-1]:.2f}") if values else CASH
    spread = stdev(daily) * math.sqrt(252) if enough else 0.0
    fallen = deepest(days)
    trades = thrown.randint(8, 60)
    settled = thrown.randint(4, 40) if days.kind != "crowd" else 3
    cost = days.values[-1].token_cost_usd if days.values else Decimal(0)

    def of_days(value: float) -> Figure:
        return Figure(value=value if enough else None, sample=len(daily))

    def of_ballots(value: float | Decimal) -> Figure:
        return Figure(value=value if settled >= MINIMUMS.settled else None, sample=settled)

    figures = {
        Metric.VALUE: Figure(value=end, sample=len(values)),
        Metric.PNL: Figure(value=end - CASH, sample=len(values)),
        Metric.RETURN: Figure(value=float(end / CASH - 1), sample=len(values)),
        Metric.ANNUAL_RETURN: of_days(float(end / CASH) ** (252 / max(len(daily), 1)) - 1),
        Metric.VOLATILITY: of_days(spread),
        Metric.SHARPE: of_days(fmean(daily) * 252 / spread if spread else 0.0),
        Metric.SORTINO: of_days(thrown.uniform(-1, 3)),
        Metric.MAX_DRAWDOWN: Figure(value=fallen.depth if fallen else None, sample=len(values)),
        Metric.CALMAR: of_days(thrown.uniform(-1, 4)),
        Metric.EXPOSURE: Figure(value=thrown.uniform(0.3, 0.9), sample=len(values)),
        Metric.TURNOVER: Figure(value=thrown.uniform(1, 8), sample=len(values)),
        Metric.TRADES: Figure(value=float(trades), sample=trades),
        Metric.WIN_RATE: Figure(value=thrown.uniform(0.3, 0.7), sample=trades // 2),
        Metric.DAY_WIN_RATE: of_days(thrown.uniform(0.4, 0.6)),
        Metric.PROFIT_FACTOR: Figure(value=thrown.uniform(0.7, 2.2), sample=trades // 2),
        Metric.BEST_TRADE: Figure(value=Decimal("213.40"), sample=trades // 2),
        Metric.WORST_TRADE: Figure(value=Decimal("-98.75"), sample=trades // 2),
        Metric.ALPHA: of_days(thrown.uniform(-0.1, 0.2)),
        Metric.BETA: of_days(thrown.uniform(0.2, 1.1)),
        Metric.INFORMATION_RATIO: of_days(thrown.uniform(-1, 1)),
        Metric.HIT_RATE_1: of_ballots(thrown.uniform(0.4, 0.6)),
        Metric.HIT_RATE_5: of_ballots(thrown.uniform(0.4, 0.65)),
        Metric.HIT_RATE_20: of_ballots(thrown.uniform(0.4, 0.7)),
        Metric.TOKEN_COST: Figure(value=cost, sample=trades),
        Metric.RETURN_AFTER_TOKENS: Figure(value=float((end - cost) / CASH - 1), sample=len(values)),
        Metric.USD_PER_RIGHT: of_ballots(Decimal("0.071") if days.kind == "llm" else Decimal(0)),
    }
    middle = thrown.uniform(-0.4, 0.4)
    luck = Luck(
        difference=middle, low=middle - 0.3, high=middle + 0.3, level=0.95, sessions=len(daily), trades=trades
    )
    return Scorecard(
        season=SEASON,
        member=days.member,
        kind=days.kind,
        first=days.values[0].session if values else None,
        last=days.values[-1].session if values else None,
        figures=figures,
        drawdown=fallen,
        luck=luck if enough else None,
    )


def calibration(member: str, horizon: int = 5) -> Calibration:
    thrown = random.Random(ascii(member))
    bins = []
    for tenth in range(10):
        low, high = tenth / 10, (tenth + 1) / 10
        count = [0, 0, 0, 0, 2, 9, 14, 11, 6, 1][tenth]
        stated = thrown.uniform(low, high)
        bins.append(
            ReliabilityBin(
                low=ratio(low),
                high=ratio(high),
                count=count,
                mean_confidence=ratio(stated) if count else None,
                right_fraction=ratio(stated * 0.7 + thrown.uniform(-0.05, 0.2)) if count else None,
            )
        )
    return Calibration(
        season=SEASON,
        member=member,
        as_of=MADE_AT,
        horizon=horizon,
        bins=tuple(bins),
        brier=Figure(value=0.2413, sample=43),
        ece=Figure(value=0.0871, sample=43),
        settled=43,
        holds=5,
        configured=Decimal(1),
        hit_rates={horizon: Figure(value=0.58, sample=43)},
    )


def ratio(value: float) -> Decimal:
    return to_ratio(Decimal(repr(min(1.0, max(0.0, value)))))
