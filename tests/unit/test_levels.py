"""Stops and take-profits against a bar; interest, borrow fees and margin."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.config.settings import Trading
from core.domain.bars import Bar
from core.domain.books import OrderCause, Position
from core.ledger.carrying import borrow_fee, interest, margin_called
from core.ledger.levels import Hit, hit, sensible

STOP, TAKE = OrderCause.STOP, OrderCause.TAKE_PROFIT


def bar(ohlc: str) -> Bar:
    opened, high, low, close = map(Decimal, ohlc.split())
    return Bar(date=date(2025, 10, 29), open=opened, high=high, low=low, close=close, volume=1)


def held(shares: str, stop: str | None, take: str | None) -> Position:
    levels = {"stop_loss": stop and Decimal(stop), "take_profit": take and Decimal(take)}
    return Position(ticker="NVDA", shares=Decimal(shares), average_cost=Decimal(100), **levels)


@pytest.mark.parametrize(
    ("shares", "stop", "take", "ohlc", "reached"),
    [
        ("1", "95", "120", "100 105 96 101", None),
        ("1", "95", "120", "100 105 95 101", Hit(STOP, Decimal(95))),
        ("1", "95", "120", "92 93 90 91", Hit(STOP, Decimal(92))),
        ("1", "95", "120", "100 120 99 101", Hit(TAKE, Decimal(120))),
        ("1", "95", "120", "125 130 121 126", Hit(TAKE, Decimal(125))),
        ("1", "95", "120", "100 121 94 101", Hit(STOP, Decimal(95))),
        ("1", None, "120", "100 121 94 101", Hit(TAKE, Decimal(120))),
        ("1", None, None, "100 900 1 101", None),
        ("-1", "105", "80", "100 104 81 90", None),
        ("-1", "105", "80", "100 105 99 104", Hit(STOP, Decimal(105))),
        ("-1", "105", "80", "110 112 109 111", Hit(STOP, Decimal(110))),
        ("-1", "105", "80", "100 101 80 81", Hit(TAKE, Decimal(80))),
        ("-1", "105", "80", "75 78 74 76", Hit(TAKE, Decimal(75))),
        ("-1", "105", "80", "100 106 79 90", Hit(STOP, Decimal(105))),
    ],
)
def test_a_level_is_reached_at_the_price_that_the_market_gave(
    shares: str, stop: str | None, take: str | None, ohlc: str, reached: Hit | None
) -> None:
    assert hit(held(shares, stop, take), bar(ohlc)) == reached


_PRICE = st.decimals(1, 200, places=2)


@given(_PRICE, _PRICE, _PRICE, _PRICE, _PRICE, _PRICE, st.sampled_from(["5", "-5"]))
def test_a_level_never_gives_a_price_that_was_not_in_the_bar(
    a: Decimal, b: Decimal, c: Decimal, d: Decimal, stop: Decimal, take: Decimal, shares: str
) -> None:
    low, first, second, high = sorted((a, b, c, d))
    seen = Bar(date=date(2025, 10, 29), open=first, high=high, low=low, close=second, volume=1)
    reached = hit(held(shares, str(stop), str(take)), seen)
    if reached:
        assert low <= reached.price <= high


@pytest.mark.parametrize(
    ("shares", "stop", "take", "kept"),
    [
        ("1", "90", "110", ("90", "110")),
        ("1", "110", "90", (None, None)),
        ("1", "100", "100", (None, None)),
        ("-1", "110", "90", ("110", "90")),
        ("-1", "90", "110", (None, None)),
        ("1", None, None, (None, None)),
    ],
)
def test_a_level_on_the_wrong_side_is_left_out(
    shares: str, stop: str | None, take: str | None, kept: tuple[str | None, str | None]
) -> None:
    found = sensible(
        Decimal(shares),
        Decimal(100),
        stop and Decimal(stop),
        take and Decimal(take),  # type: ignore[arg-type]
    )
    assert found == tuple(level and Decimal(level) for level in kept)


RULES = Trading(cash_interest=Decimal("0.05"), borrow_fee=Decimal("0.03"), allow_short=True)


def test_interest_is_simple_on_actual_days_of_a_year_of_365() -> None:
    assert interest(Decimal(10_000), Decimal(0), 1, RULES) == Decimal("1.37")
    assert interest(Decimal(10_000), Decimal(0), 3, RULES) == Decimal("4.11")
    assert interest(Decimal(10_000), Decimal(0), 365, RULES) == 500


def test_cash_that_is_owed_earns_nothing_and_neither_does_debt() -> None:
    assert interest(Decimal(12_000), Decimal(2_000), 1, RULES) == Decimal("1.37")
    assert interest(Decimal(1_000), Decimal(2_000), 1, RULES) == 0
    assert interest(Decimal(-5), Decimal(0), 30, RULES) == 0


def test_borrowing_costs_by_the_day() -> None:
    assert borrow_fee(Decimal(2_000), 1, RULES) == Decimal("0.16")
    assert borrow_fee(Decimal(2_000), 3, RULES) == Decimal("0.49")


def test_margin_is_called_below_the_maintenance_and_not_at_it() -> None:
    assert not margin_called(Decimal(300), [Decimal(600), Decimal(400)], RULES)
    assert margin_called(Decimal("299.99"), [Decimal(600), Decimal(400)], RULES)
    assert not margin_called(Decimal(-5), [], RULES)
