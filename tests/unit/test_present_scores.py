"""Figures in words: never a sentinel, always the sample where there is too little of it."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.present.scores import (
    figure_text,
    luck_interval,
    luck_sentence,
    metric_label,
    metric_meaning,
    metric_short,
    needed_for,
)
from core.domain.scores import Figure, Luck, Metric, Scorecard
from core.domain.season import Season
from tests.report_figures import MINIMUMS


@pytest.mark.parametrize(
    ("metric", "value", "told"),
    [
        (Metric.VALUE, Decimal("10231.404"), "$10,231.40"),
        (Metric.PNL, Decimal("-12.5"), "−$12.50"),
        (Metric.RETURN, 0.1234, "+12.34 %"),
        (Metric.ANNUAL_RETURN, -0.004, "−0.40 %"),
        (Metric.VOLATILITY, 0.1875, "18.8 %"),
        (Metric.SHARPE, -0.066, "−0.07"),
        (Metric.MAX_DRAWDOWN, 0.103, "−10.30 %"),
        (Metric.MAX_DRAWDOWN, -0.103, "−10.30 %"),
        (Metric.MAX_DRAWDOWN, 0.0, "0.00 %"),
        (Metric.TRADES, 14.0, "14"),
        (Metric.HIT_RATE_5, 0.5, "50.0 %"),
        (Metric.TOKEN_COST, Decimal("0.0123"), "$0.012"),
        (Metric.BEST_TRADE, Decimal("213.4"), "+$213.40"),
        (Metric.PROFIT_FACTOR, 1e15, "1.0e+15"),
    ],
)
def test_each_figure_has_its_form(metric: Metric, value: Decimal | float, told: str) -> None:
    assert figure_text(metric, Figure(value=value, sample=100), MINIMUMS) == told


@pytest.mark.parametrize(
    ("metric", "sample", "told"),
    [
        (Metric.SHARPE, 3, "n/a (3 of 20 days)"),
        (Metric.SHARPE, 60, "n/a (60 days)"),
        (Metric.WIN_RATE, 1, "n/a (1 of 5 closed trades)"),
        (Metric.HIT_RATE_20, 0, "n/a (0 of 10 settled ballots)"),
        (Metric.VALUE, 0, "n/a"),
    ],
)
def test_a_missing_figure_says_what_it_lacks(metric: Metric, sample: int, told: str) -> None:
    assert figure_text(metric, Figure(value=None, sample=sample), MINIMUMS) == told


def test_without_the_minimums_the_sample_alone_is_told() -> None:
    assert figure_text(Metric.SHARPE, Figure(value=None, sample=3)) == "n/a (3 days)"
    assert figure_text(Metric.SHARPE, None) == "n/a"


@given(st.sampled_from(Metric), st.floats(), st.integers(0, 1000))
def test_any_float_has_words_and_what_is_no_number_is_na(metric: Metric, value: float, sample: int) -> None:
    told = figure_text(metric, Figure.model_construct(value=value, sample=sample), MINIMUMS)
    assert "inf" not in told.lower()
    assert "nan" not in told.lower()
    assert len(told) < 50


def test_every_metric_has_its_words() -> None:
    labels = [metric_label(metric) for metric in Metric]
    assert all("hit rate" in metric_label(one).lower() for one in Metric if one.value.startswith("hit_rate"))
    shorts = [metric_short(metric) for metric in Metric]
    assert len(set(labels)) == len(set(shorts)) == len(Metric)
    for metric in Metric:
        assert metric_meaning(metric).endswith(".")
        assert len(metric_short(metric)) <= 8
        assert needed_for(metric, MINIMUMS) in {None, *MINIMUMS}


def card(luck: Luck | None, trades: int = 14) -> Scorecard:
    return Scorecard(
        season=Season.LIVE,
        member="gpt-5",
        kind="llm",
        first=None,
        last=None,
        figures={Metric.TRADES: Figure(value=float(trades), sample=trades)},
        luck=luck,
    )


def luck(low: float, high: float) -> Luck:
    return Luck(difference=(low + high) / 2, low=low, high=high, level=0.95, sessions=96, trades=14)


def test_luck_is_one_plain_sentence() -> None:
    assert luck_sentence(card(luck(-0.1, 0.3)), "SPY") == "14 trades: cannot be told from SPY yet."
    assert luck_sentence(card(luck(0.02, 0.3)), "SPY") == (
        "14 trades in 96 sessions: ahead of SPY by more than chance explains "
        "(+2.00 % to +30.00 % a year, at 95 %)."
    )
    assert "behind SPY by more than chance" in luck_sentence(card(luck(-0.3, -0.02)), "SPY")
    assert luck_sentence(card(None), "SPY") == "14 trades: too short a record to compare with SPY."
    assert luck_sentence(card(None, 1), "SPY") == "1 trade: too short a record to compare with SPY."
    assert luck_sentence(card(None), "SPY", priced=False) == "14 trades: no prices of SPY to compare with."
    assert luck_interval(card(None)) == "n/a"
