from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.market.figures import (
    SNAPSHOT_FIGURES,
    STATEMENT_FIGURES,
    STATEMENT_RATIOS,
    Amount,
    Amounts,
    figures_by_period,
    period_figures,
    snapshot_figures,
    year_before,
)

END = date(2025, 9, 27)

YEAR = {
    "revenue": Decimal(62753000000),
    "gross profit": Decimal(35551000000),
    "operating income": Decimal(10074000000),
    "net income": Decimal(6023000000),
    "diluted EPS": Decimal("6.43"),
    "total assets": Decimal(137175000000),
    "total liabilities": Decimal(109783000000),
    "equity": Decimal(27307000000),
    "cash": Decimal(13947000000),
    "total debt": Decimal(58396000000),
    "operating cash flow": Decimal(13445000000),
    "capital expenditure": Decimal(1685000000),
    "shares outstanding": Decimal(937200000),
}
NAMES = st.sampled_from([*STATEMENT_FIGURES, "another name"])
NUMBERS = st.decimals() | st.builds(
    lambda digits, power: Decimal(digits).scaleb(power),
    st.integers(-(10**6), 10**6),
    st.integers(-99_000, 20),
)
ANY_FIGURES = st.dictionaries(NAMES, NUMBERS, max_size=20)


def amounts(told: Mapping[str, Decimal], currency: str = "USD") -> Amounts:
    return {name: Amount(value, currency) for name, value in told.items()}


def found(told: Mapping[str, Decimal], before: Mapping[str, Decimal] | None = None) -> dict[str, Decimal]:
    figures = period_figures(amounts(told), None if before is None else amounts(before))
    return {figure.name: figure.value for figure in figures}


def test_all_figures_and_ratios_come_in_their_fixed_order_with_their_units() -> None:
    figures = period_figures(amounts(YEAR, "EUR"), amounts({"revenue": Decimal(61860000000)}, "EUR"))

    assert [figure.name for figure in figures] == [*STATEMENT_FIGURES, *STATEMENT_RATIOS]
    units = {figure.name: figure.unit for figure in figures}
    assert units["revenue"] == units["diluted EPS"] == units["free cash flow"] == "EUR"
    assert units["shares outstanding"] == "shares"
    assert {units[name] for name in STATEMENT_RATIOS} == {"ratio"}


def test_ratios_have_four_places() -> None:
    figures = found(YEAR, {"revenue": Decimal(61860000000)})

    assert {name: str(figures[name]) for name in STATEMENT_RATIOS} == {
        "gross margin": "0.5665",
        "operating margin": "0.1605",
        "net margin": "0.0960",
        "debt to equity": "2.1385",
        "revenue growth": "0.0144",
    }
    assert figures["free cash flow"] == Decimal(11760000000)


@pytest.mark.parametrize("sign", [1, -1])
def test_capital_expenditure_is_what_was_spent_whichever_sign_the_vendor_gives_it(sign: int) -> None:
    figures = found({"operating cash flow": Decimal(10), "capital expenditure": Decimal(3) * sign})

    assert figures == {"operating cash flow": 10, "capital expenditure": 3, "free cash flow": 7}


def test_the_vendors_own_free_cash_flow_stands_where_it_cannot_be_worked_out() -> None:
    assert found({"free cash flow": Decimal(5)}) == {"free cash flow": 5}


@pytest.mark.parametrize("nothing", [Decimal(0), Decimal(-1), Decimal("NaN"), Decimal("Infinity")])
def test_a_ratio_to_nothing_or_less_is_left_out(nothing: Decimal) -> None:
    told = {"gross profit": Decimal(1), "revenue": nothing, "total debt": Decimal(1), "equity": nothing}

    assert not set(found(told)) & set(STATEMENT_RATIOS)
    assert "revenue growth" not in found({"revenue": Decimal(1)}, {"revenue": nothing})


def test_revenue_that_falls_is_growth_below_zero() -> None:
    assert found({"revenue": Decimal(3)}, {"revenue": Decimal(4)})["revenue growth"] == Decimal("-0.2500")


def test_figures_in_two_currencies_keep_them_and_make_no_ratio_and_no_difference() -> None:
    told = {
        "revenue": Amount(Decimal(400), "EUR"),
        "net income": Amount(Decimal(40), "USD"),
        "operating cash flow": Amount(Decimal(50), "EUR"),
        "capital expenditure": Amount(Decimal(-10), "USD"),
        "free cash flow": Amount(Decimal(41), "EUR"),
    }

    figures = period_figures(told, amounts({"revenue": Decimal(300)}, "USD"))

    assert [(figure.name, figure.value, figure.unit) for figure in figures] == [
        ("revenue", 400, "EUR"),
        ("net income", 40, "USD"),
        ("operating cash flow", 50, "EUR"),
        ("capital expenditure", 10, "USD"),
        ("free cash flow", 41, "EUR"),
    ]


@pytest.mark.parametrize(
    ("days", "grows"), [(349, False), (350, True), (364, True), (371, True), (380, True), (381, False)]
)
def test_revenue_grows_from_a_period_that_ended_350_to_380_days_before(days: int, grows: bool) -> None:
    periods = {
        END - timedelta(days=days): amounts({"revenue": Decimal(400)}),
        END: amounts({"revenue": Decimal(500)}),
    }

    (latest, figures), (before, _) = figures_by_period(periods)

    assert (latest, before) == (END, END - timedelta(days=days))
    growth = [figure.value for figure in figures if figure.name == "revenue growth"]
    assert growth == ([Decimal("0.25")] if grows else [])


def test_a_period_without_figures_is_left_out() -> None:
    assert list(figures_by_period({END: {}, date(2024, 9, 28): amounts({"revenue": Decimal("NaN")})})) == []


@given(st.dates(), st.sets(st.integers(-800, 800)))
def test_the_year_before_is_the_nearest_to_365_days_whatever_else_there_is(end: date, days: set[int]) -> None:
    ends = {
        date.fromordinal(end.toordinal() - back)
        for back in days
        if date.min.toordinal() <= end.toordinal() - back <= date.max.toordinal()
    }

    chosen = year_before(end, ends)

    apart = {abs((end - day).days - 365) for day in ends if 350 <= (end - day).days <= 380}
    assert (chosen is None) == (not apart)
    assert chosen is None or (chosen in ends and abs((end - chosen).days - 365) == min(apart))


def test_a_figure_of_endless_digits_is_cut_and_one_next_to_nothing_left_out() -> None:
    figures = found({"revenue": Decimal("1." + "3" * 10_000), "cash": Decimal("1E-9000000")})

    assert list(figures) == ["revenue"]
    assert len(str(figures["revenue"])) < 40


@given(ANY_FIGURES, st.none() | ANY_FIGURES)
def test_whatever_is_told_the_figures_are_finite_named_and_in_order(
    told: dict[str, Decimal], before: dict[str, Decimal] | None
) -> None:
    names = list(found(told, before))

    order = [*STATEMENT_FIGURES, *STATEMENT_RATIOS]
    assert names == [name for name in order if name in names]
    assert set(names) <= {*told, *STATEMENT_RATIOS, "free cash flow"}


WHOLE_NUMBERS = st.integers(-(10**18), 10**18).map(Decimal)
STATED = st.dictionaries(st.sampled_from(["revenue", "net income", "total debt", "equity"]), WHOLE_NUMBERS)


@given(STATED, STATED)
def test_whatever_the_figures_they_stay_and_the_ratios_follow_from_them(
    now: dict[str, Decimal], then: dict[str, Decimal]
) -> None:
    values = found(now, then)

    assert {name: values[name] for name in now} == now
    for name, part, whole in (
        ("net margin", "net income", "revenue"),
        ("debt to equity", "total debt", "equity"),
    ):
        if name in values:
            assert now[whole] > 0
            assert abs(values[name] * now[whole] - now[part]) <= now[whole] * Decimal("0.0001")
    if "revenue growth" in values:
        assert then["revenue"] > 0
        assert (values["revenue growth"] > 0) <= (now["revenue"] > then["revenue"])


@given(st.dictionaries(st.sampled_from([*SNAPSHOT_FIGURES, "another name"]), NUMBERS))
def test_a_snapshot_has_its_figures_in_order_and_ratios_with_four_places(told: dict[str, Decimal]) -> None:
    figures = snapshot_figures(told, "GBP")

    names = [figure.name for figure in figures]
    assert names == [name for name in SNAPSHOT_FIGURES if name in names]
    for figure in figures:
        assert figure.unit == ("GBP" if figure.name == "market cap" else "ratio")
        assert figure.unit == "GBP" or figure.value.as_tuple().exponent == -4
