from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.market.figures import (
    SNAPSHOT_FIGURES,
    STATEMENT_FIGURES,
    STATEMENT_RATIOS,
    period_figures,
    snapshot_figures,
)

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


def found(told: dict[str, Decimal], before: dict[str, Decimal] | None = None) -> dict[str, Decimal]:
    return {figure.name: figure.value for figure in period_figures(told, "USD", before)}


def test_all_figures_and_ratios_come_in_their_fixed_order_with_their_units() -> None:
    figures = period_figures(YEAR, "EUR", {"revenue": Decimal(61860000000)})

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


def test_a_figure_of_endless_digits_is_cut_and_one_next_to_nothing_left_out() -> None:
    figures = found({"revenue": Decimal("1." + "3" * 10_000), "cash": Decimal("1E-9000000")})

    assert list(figures) == ["revenue"]
    assert len(str(figures["revenue"])) < 40


@given(ANY_FIGURES, st.none() | ANY_FIGURES)
def test_whatever_is_told_the_figures_are_finite_named_and_in_order(
    told: dict[str, Decimal], before: dict[str, Decimal] | None
) -> None:
    names = [figure.name for figure in period_figures(told, "USD", before)]

    order = [*STATEMENT_FIGURES, *STATEMENT_RATIOS]
    assert names == [name for name in order if name in names]
    assert set(names) <= {*told, *STATEMENT_RATIOS, "free cash flow"}


@given(st.dictionaries(st.sampled_from([*SNAPSHOT_FIGURES, "another name"]), NUMBERS))
def test_a_snapshot_has_its_figures_in_order_and_ratios_with_four_places(told: dict[str, Decimal]) -> None:
    figures = snapshot_figures(told, "GBP")

    names = [figure.name for figure in figures]
    assert names == [name for name in SNAPSHOT_FIGURES if name in names]
    for figure in figures:
        assert figure.unit == ("GBP" if figure.name == "market cap" else "ratio")
        assert figure.unit == "GBP" or figure.value.as_tuple().exponent == -4
