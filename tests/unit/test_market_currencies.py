from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.bars import Bar
from core.domain.errors import BadVendorData
from core.market.calendar import MarketCalendar
from core.market.currencies import Currency, Rate, Rates, currency_from, in_usd

EURO = Currency("EUR")
XETRA = MarketCalendar().of("SAP.DE")
FRIDAY, MONDAY = date(2025, 10, 24), date(2025, 10, 27)


def rates(*days: tuple[date, str], currency: Currency = EURO) -> Rates:
    return Rates("yfinance", currency, [Rate(day, Decimal(usd)) for day, usd in days])


@pytest.mark.parametrize(
    ("told", "meant"),
    [("EUR", Currency("EUR")), ("GBp", Currency("GBP", 100)), ("ZAc", Currency("ZAR", 100))],
)
def test_pence_and_other_hundredths_belong_to_their_currency(told: str, meant: Currency) -> None:
    assert currency_from("yfinance", "VOD.L", told) == meant


@pytest.mark.parametrize("told", ["", "eur", "EURO", "€", "E\x00R", "E" * 99])
def test_an_unknown_currency_is_refused_by_name(told: str) -> None:
    with pytest.raises(BadVendorData, match=r"yfinance: VOD\.L: the prices are in “") as caught:
        currency_from("yfinance", "VOD.L", told)

    assert len(str(caught.value)) < 100
    assert str(caught.value).isprintable()


def test_a_session_has_the_last_rate_that_was_final_when_it_opened() -> None:
    known = rates((FRIDAY, "1.10"), (MONDAY, "1.20"))

    assert known.usd("SAP.DE", XETRA.opening(MONDAY)) == Decimal("1.10")  # Friday's, over the weekend
    assert known.usd("SAP.DE", XETRA.opening(date(2025, 10, 28))) == Decimal("1.20")


def test_hundredths_are_worth_a_hundredth() -> None:
    pence = rates((FRIDAY, "1.25"), currency=Currency("GBP", 100))

    assert pence.usd("VOD.L", XETRA.opening(MONDAY)) == Decimal("0.0125")


def test_a_rate_may_be_five_days_old_and_no_more() -> None:
    known = rates((FRIDAY, "1.10"))
    last, too_late = (datetime(2025, 10, day, 8, tzinfo=UTC) for day in (29, 30))

    assert known.usd("SAP.DE", last) == Decimal("1.10")
    with pytest.raises(BadVendorData) as caught:
        known.usd("SAP.DE", too_late)
    assert str(caught.value) == (
        "yfinance: SAP.DE: there is no rate of EUR in USD from the 5 days before 2025-10-30"
    )
    with pytest.raises(BadVendorData, match="there is no rate"):
        rates().usd("SAP.DE", last)


@given(st.lists(st.tuples(st.dates(date(2025, 10, 1), date(2025, 11, 30)), st.integers(1, 900)), max_size=40))
def test_no_rate_from_the_day_of_the_session_or_later_has_an_effect(days: list[tuple[date, int]]) -> None:
    opens = datetime(2025, 10, 27, 8, tzinfo=UTC)
    every = {FRIDAY: Decimal(5)} | {day: Decimal(usd) for day, usd in days}
    known_then = [Rate(day, usd) for day, usd in every.items() if day < opens.date()]

    now = Rates("v", EURO, [Rate(day, usd) for day, usd in every.items()])

    assert now.usd("SAP.DE", opens) == Rates("v", EURO, known_then).usd("SAP.DE", opens)


def test_prices_are_multiplied_and_the_volume_is_left() -> None:
    bar = Bar(
        date=MONDAY, open=Decimal(1), high=Decimal(3), low=Decimal(1), close=Decimal("0.0000005"), volume=7
    )

    changed = in_usd(bar, Decimal("1.1"))

    assert (changed.open, changed.high, changed.volume) == (Decimal("1.1"), Decimal("3.3"), 7)
    assert changed.close == Decimal("0.000001")
