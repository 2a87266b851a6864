from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.evidence_items import Figure, Filing
from core.market.ratios import EQUITY, REVENUE, TOTAL_DEBT, with_ratios

NAMES = ("revenue", "gross profit", "operating income", "net income", "total debt", "equity")
END = date(2025, 9, 27)
amounts = st.decimals(-(10**18), 10**18, places=2)


def filing(end: date = END, *, annual: bool = True, unit: str = "USD", **figures: str | Decimal) -> Filing:
    told = tuple(
        Figure(name=name.replace("_", " "), value=Decimal(value), unit=unit)
        for name, value in figures.items()
    )
    return Filing(vendor="x", period_end=end, annual=annual, figures=told)


def ratios(*filings: Filing) -> list[dict[str, str]]:
    return [
        {figure.name: str(figure.value) for figure in one.figures if figure.unit == "ratio"}
        for one in with_ratios(filings)
    ]


def test_margins_are_shares_of_revenue_and_debt_is_measured_by_equity() -> None:
    told = filing(
        revenue="300",
        gross_profit="100",
        operating_income="60",
        net_income="-20",
        total_debt="50",
        equity="40",
    )

    assert ratios(told) == [
        {
            "gross margin": "0.3333",
            "operating margin": "0.2000",
            "net margin": "-0.0667",
            "debt to equity": "1.2500",
        }
    ]


@pytest.mark.parametrize("whole", ["0", "-5"])
def test_nothing_is_divided_by_zero_or_less(whole: str) -> None:
    told = filing(revenue=whole, net_income="5", total_debt="5", equity=whole)

    assert ratios(told) == [{}]


@pytest.mark.parametrize(
    ("days", "grows"), [(349, False), (350, True), (364, True), (371, True), (381, False)]
)
def test_revenue_grows_from_a_period_that_ended_a_year_before(days: int, grows: bool) -> None:
    before = filing(END - timedelta(days=days), revenue="400")

    latest, _ = ratios(filing(revenue="500"), before)

    assert latest == ({"revenue growth": "0.2500"} if grows else {})


def test_a_quarter_does_not_grow_from_a_year() -> None:
    before = filing(END - timedelta(days=364), annual=True, revenue="400")

    assert ratios(filing(annual=False, revenue="500"), before) == [{}, {}]


def test_revenue_in_another_currency_is_not_compared() -> None:
    before = filing(END - timedelta(days=364), unit="EUR", revenue="400")

    assert ratios(filing(revenue="500"), before) == [{}, {}]


@given(st.dictionaries(st.sampled_from(NAMES), amounts), st.dictionaries(st.sampled_from(NAMES), amounts))
def test_whatever_the_figures_they_stay_and_the_ratios_follow_from_them(
    now: dict[str, Decimal], then: dict[str, Decimal]
) -> None:
    latest, before = filing(**now), filing(END - timedelta(days=365), **then)

    told, _ = with_ratios((latest, before))

    assert told.figures[: len(latest.figures)] == latest.figures
    values = {figure.name: figure.value for figure in told.figures}
    if "debt to equity" in values:
        assert abs(values["debt to equity"] * now[EQUITY] - now[TOTAL_DEBT]) <= now[EQUITY] * Decimal(
            "0.0001"
        )
    if "revenue growth" in values:
        assert then[REVENUE] > 0
        assert (values["revenue growth"] > 0) <= (now[REVENUE] > then[REVENUE])
