"""Figures by AI-Trader's definitions, each worked out here with the standard library alone."""

import statistics
from datetime import date
from decimal import Decimal

import pytest

from core.domain.scores import DailyValue
from core.ledger.scores.curve import Curve
from core.ledger.scores.peers import AiTraderFigures, ai_trader
from tests.curves import curve_of, day

NOTHING = dict.fromkeys(AiTraderFigures.model_fields)


def test_each_figure_is_that_of_its_definition() -> None:
    values = [10100, 10050, 10050, 9900, 10300]
    returns = [0.01, 10050 / 10100 - 1, 0, 9900 / 10050 - 1, 10300 / 9900 - 1]
    deviation = statistics.stdev(returns) * 252**0.5
    found = ai_trader(curve_of(*values), start=day(-1))
    assert found == AiTraderFigures(
        cumulative_return=0.03,
        annualised_return=round(1.03 ** (365 / 5) - 1, 4),
        sharpe=round((statistics.mean(returns) * 252 - 0.02) / deviation, 4),
        volatility=round(deviation, 4),
        max_drawdown=round(200 / 10100, 4),
        drawdown_peak=day(0),
        drawdown_trough=day(3),
        win_rate=0.4,
        profit_loss_ratio=round(
            statistics.mean([returns[0], returns[4]]) / -statistics.mean([returns[1], returns[3]]), 4
        ),
    )


def test_a_weekend_counts_as_days_of_the_calendar() -> None:
    nothing = [Decimal(0)] * 5
    values = [
        DailyValue(date(2024, 1, 5), Decimal(10000), *nothing),
        DailyValue(date(2024, 1, 8), Decimal(10010), *nothing),
    ]
    found = ai_trader(Curve.of(values, Decimal(10000)))
    assert found.annualised_return == round(1.001 ** (365 / 3) - 1, 4)


def test_a_session_that_cannot_be_priced_is_left_out_and_not_worth_nothing() -> None:
    with_gap, without = ai_trader(curve_of(10100, None, 9999)), ai_trader(curve_of(10100, 9999))
    assert with_gap.max_drawdown == without.max_drawdown == 0.01
    assert with_gap.volatility == without.volatility
    assert ai_trader(curve_of(10100, None)).cumulative_return is None


@pytest.mark.parametrize("values", [(), (None,), (None, None)])
def test_without_a_value_nothing_is_made_up(values: tuple[None, ...]) -> None:
    assert ai_trader(curve_of(*values)) == AiTraderFigures(**NOTHING)


def test_values_that_never_move_have_no_sharpe_ratio() -> None:
    found = ai_trader(curve_of(10000, 10000, 10000))
    assert found.sharpe is None
    assert found.profit_loss_ratio is None
    assert (found.volatility, found.win_rate, found.max_drawdown) == (0, 0, 0)
