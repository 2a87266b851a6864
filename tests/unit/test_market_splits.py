from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.actions import CorporateAction
from core.domain.bars import Bar
from core.market.splits import adjusted, growth, rescaled, split_ratio
from core.market.yfinance_vendor import as_traded
from tests.vendor_double import dividend, split

FIRST = date(2025, 6, 2)
RATIOS = [Decimal(text) for text in ("2", "3", "4", "7", "15", "20", "1.5", "0.1", "0.05", "0.25", "1.046")]
ratios = st.sampled_from(RATIOS)
cents = st.integers(1, 5_000_000).map(lambda number: Decimal(number) / 100)


def bar(day: date, close: Decimal, volume: int = 1000) -> Bar:
    return Bar(date=day, open=close, high=close, low=close, close=close, volume=volume)


@st.composite
def histories(draw: st.DrawFn) -> tuple[list[Bar], list[CorporateAction]]:
    closes = draw(st.lists(cents, min_size=1, max_size=12))
    bars = [bar(FIRST + timedelta(days=number), close) for number, close in enumerate(closes)]
    days = draw(st.lists(st.integers(0, 14), unique=True, max_size=3))
    splits = [split((FIRST + timedelta(days=day)).isoformat(), str(draw(ratios))) for day in days]
    return bars, splits


def test_bars_from_before_a_split_are_divided_and_later_ones_are_not() -> None:
    before, on_the_day = date(2025, 6, 9), date(2025, 6, 10)
    bars = [bar(before, Decimal("1348.10"), 400_000), bar(on_the_day, Decimal("91.71"), 5_000_000)]

    first, second = adjusted(bars, [split("2025-06-10", "15")])

    assert (first.close, first.volume) == (Decimal("89.873333"), 6_000_000)
    assert second == bars[1]


def test_a_reverse_split_makes_earlier_prices_larger_and_volumes_smaller() -> None:
    (first,) = adjusted([bar(date(2025, 6, 9), Decimal("1.23"), 1_004)], [split("2025-06-10", "0.1")])

    assert (first.close, first.volume) == (Decimal("12.3"), 100)


def test_splits_multiply_and_dividends_change_nothing() -> None:
    actions = [split("2025-06-10", "2"), split("2025-06-12", "3"), dividend("2025-06-11", "50")]

    assert growth(date(2025, 6, 9), actions) == 6
    assert growth(date(2025, 6, 10), actions) == 3
    assert growth(date(2025, 6, 12), actions) == 1
    assert adjusted([bar(FIRST, Decimal(9))], [dividend("2025-06-11", "50")]) == (bar(FIRST, Decimal(9)),)


def test_the_smallest_price_stays_above_zero() -> None:
    (tiny,) = adjusted([bar(FIRST, Decimal("0.000001"))], [split("2025-06-10", "1000")])

    assert tiny.close == Decimal("0.000001")


@given(histories())
def test_taking_a_split_out_again_gives_the_same_to_rounding(
    given_history: tuple[list[Bar], list[CorporateAction]],
) -> None:
    bars, splits = given_history

    for was, shown in zip(bars, adjusted(bars, splits), strict=True):
        ratio = growth(was.date, splits)
        back = rescaled(shown, 1 / ratio)
        assert abs(back.close - was.close) <= Decimal("0.0000005") * ratio + Decimal("0.000001")
        assert abs(back.volume - was.volume) <= Decimal("0.5") / ratio + Decimal("0.5")


@given(cents, ratios)
def test_a_price_that_yahoo_divided_and_cut_to_a_short_float_is_read_back_to_the_cent(
    traded: Decimal, ratio: Decimal
) -> None:
    assert as_traded(float(np.float32(float(traded / ratio))), ratio) == traded


@given(cents, ratios)
def test_a_price_that_yahoo_divided_in_a_long_float_is_read_back_to_the_cent(
    traded: Decimal, ratio: Decimal
) -> None:
    assert as_traded(float(traded / ratio), ratio) == traded


@pytest.mark.parametrize(
    ("given_ratio", "meant"),
    [
        ("15.0000", "15"),
        ("0.1000", "0.1"),
        ("1.5", "1.5"),
        ("0.3333", "0.333333333333"),
        ("0.3333333333333333", "0.333333333333"),
        ("0.6666666666666666", "0.666666666667"),
        ("0.0333", "0.033333333333"),
        ("1.3333", "1.333333333333"),
        ("1.0460", "1.0460"),
        ("0.33", "0.33"),
        ("1.046", "1.046"),
    ],
)
def test_a_rounded_ratio_is_read_as_the_simple_fraction_that_it_stands_for(
    given_ratio: str, meant: str
) -> None:
    assert split_ratio(Decimal(given_ratio)) == Decimal(meant)
