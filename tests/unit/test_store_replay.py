"""What follows from fills: holdings, their average cost, and won trades."""

from datetime import timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core.domain.books import Position, Side
from core.domain.errors import StoreError
from core.store.replay import Booked, after_fill, check_never_negative, in_order, replay, usable_at
from tests.store_values import START


def booked(  # one line a fill reads best
    side: Side, shares: str, price: str, fee: str = "0", minute: int = 0, ticker: str = "NVDA"
) -> Booked:
    amount = (Decimal(shares) * Decimal(price)).quantize(Decimal("0.01"))
    at = START + timedelta(minutes=minute)
    signed = -amount if side is Side.BUY else amount
    return Booked(ticker, side, Decimal(shares), Decimal(price), signed, Decimal(fee), at)


def test_buys_average_in_and_sells_leave_the_average_alone() -> None:
    fills = [
        booked(Side.BUY, "10", "100"),
        booked(Side.BUY, "20", "101"),
        booked(Side.SELL, "5", "300"),
    ]
    (position,) = replay(fills).positions()
    assert position == Position(ticker="NVDA", shares=Decimal(25), average_cost=Decimal("100.666667"))


def test_a_holding_that_was_sold_out_starts_anew() -> None:
    fills = [booked(Side.BUY, "10", "100"), booked(Side.SELL, "10", "90"), booked(Side.BUY, "1", "50")]
    (position,) = replay(fills).positions()
    assert position.average_cost == Decimal(50)


@pytest.mark.parametrize(
    ("price", "fee", "won"),
    [("101", "0", 1), ("101", "10", 0), ("101", "9.99", 1), ("100", "0", 0), ("99", "0", 0)],
)
def test_a_sell_is_won_when_its_price_after_the_fee_is_above_the_average(
    price: str, fee: str, won: int
) -> None:
    tally = replay([booked(Side.BUY, "20", "100"), booked(Side.SELL, "10", price, fee)])
    assert (tally.trades, tally.closed_trades, tally.wins) == (2, 1, won)


def test_selling_at_an_average_that_was_rounded_on_the_way_is_not_won() -> None:
    # The average is exactly 24, but carried with sixty digits it arrives at 23.999… with sixty nines.
    buys = [("7", "34"), ("6", "13"), ("4", "24"), ("2", "22")]
    fills = [booked(Side.BUY, shares, price) for shares, price in buys]
    assert replay([*fills, booked(Side.SELL, "1", "24")]).wins == 0
    assert replay([*fills, booked(Side.SELL, "1", "24.01")]).wins == 1


@given(
    st.lists(
        st.tuples(st.sampled_from(Side), st.integers(1, 50), st.sampled_from(["33.333333", "33.33"])),
        min_size=1,
        max_size=30,
    )
)
@example([(Side.BUY, 2, "33.333333"), (Side.SELL, 2, "33.333333")])
def test_trades_are_won_that_are_booked_with_a_profit(trades: list[tuple[Side, int, str]]) -> None:
    # Amounts are booked in whole cents, so a trade at its very average may earn half a cent or lose it.
    fills = [booked(side, f"0.{shares:02}", price) for side, shares, price in trades]
    held, profits = None, []
    for fill in fills:
        held, closed = after_fill(held, fill)
        profits += [closed.pnl_usd] if closed else []
    assert replay(fills).wins == sum(pnl > 0 for pnl in profits)


@given(st.lists(st.tuples(st.integers(1, 10**9), st.integers(1, 10**9)), min_size=1, max_size=30))
def test_the_average_cost_is_the_exact_one_to_six_places(buys: list[tuple[int, int]]) -> None:
    fills = [booked(Side.BUY, f"{shares}e-6", f"{price}e-6") for shares, price in buys]
    exact = Fraction(sum(shares * price for shares, price in buys), sum(shares for shares, _ in buys)) / 10**6
    (position,) = replay(fills).positions()
    assert abs(Fraction(position.average_cost) - exact) <= Fraction(1, 2 * 10**6)


def test_what_a_fill_in_the_past_may_use_is_the_least_from_then_on() -> None:
    fills = [
        booked(Side.BUY, "10", "100", minute=1),
        booked(Side.SELL, "4", "100", minute=3),
        booked(Side.BUY, "2", "300", minute=5, ticker="AAPL"),
        booked(Side.BUY, "9", "10", minute=6),
    ]
    early = usable_at("alpha", Decimal(2000), fills, START + timedelta(minutes=2))
    assert early.cash_usd == Decimal(710)
    assert {held.ticker: held.shares for held in early.positions} == {"NVDA": Decimal(6)}
    late = usable_at("alpha", Decimal(2000), fills, START + timedelta(minutes=6))
    assert late.cash_usd == Decimal(710)
    assert {held.ticker: held.shares for held in late.positions} == {"NVDA": Decimal(15), "AAPL": Decimal(2)}


_TRADES = st.lists(
    st.tuples(st.sampled_from(Side), st.sampled_from(["A", "B"]), st.integers(1, 20), st.integers(0, 9)),
    max_size=12,
)


@given(_TRADES, st.sampled_from(Side), st.integers(0, 9))
def test_a_fill_within_what_is_usable_is_never_refused_and_one_beyond_always(
    trades: list[tuple[Side, str, int, int]], side: Side, minute: int
) -> None:
    history: list[Booked] = []
    for way, ticker, shares, when in trades:
        wider = in_order([*history, booked(way, str(shares), "10", minute=when, ticker=ticker)])
        try:
            check_never_negative("alpha", Decimal(500), wider)
        except StoreError:
            continue
        history = wider
    usable = usable_at("alpha", Decimal(500), history, START + timedelta(minutes=minute))
    held = usable.position("A")
    most = usable.cash_usd / 10 if side is Side.BUY else (held.shares if held else Decimal(0))
    if most > 0:
        fits = booked(side, str(most), "10", minute=minute, ticker="A")
        check_never_negative("alpha", Decimal(500), in_order([*history, fits]))
    beyond = booked(side, str(most + 1), "10", minute=minute, ticker="A")
    with pytest.raises(StoreError, match="would"):
        check_never_negative("alpha", Decimal(500), in_order([*history, beyond]))
