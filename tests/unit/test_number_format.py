"""How figures are written for members."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.pipeline.number_format import figure, moment


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("46743000000", "46.743 billion"),
        ("-1250000", "-1.25 million"),
        ("5046000000000", "5.046 trillion"),
        ("1E+18", "1000000 trillion"),
        ("324.368", "324.368"),
        ("58.9000", "58.9"),
        ("30485.72912345", "30485.7291"),
        ("0.524149", "0.5241"),
        ("0.00001234567", "0.00001235"),
        ("-0.0002", "-0.0002"),
        ("0", "0"),
        ("-0.0", "0"),
        ("1E-300", "0"),
    ],
)
def test_a_figure_is_always_written_in_the_same_way(value: str, written: str) -> None:
    assert figure(Decimal(value)) == written


@given(st.decimals(-(10**18), 10**18, allow_nan=False, allow_infinity=False))
def test_a_written_figure_is_the_figure_but_for_its_last_digits(value: Decimal) -> None:
    number, _, word = figure(value).partition(" ")
    size = {"": 1, "million": 10**6, "billion": 10**9, "trillion": 10**12}[word]
    assert len(figure(value)) < 30
    assert abs(Decimal(number) * size - value) <= max(abs(value) * Decimal("0.0006"), Decimal("1E-12"))


def test_times_are_in_utc_to_the_minute() -> None:
    assert moment(datetime(2025, 10, 29, 12, 30, 59, tzinfo=UTC)) == "2025-10-29 12:30"
    assert moment(datetime(2025, 10, 29, 23, 30, tzinfo=timezone(timedelta(hours=-4)))) == "2025-10-30 03:30"
    assert moment(None) == "undated"
