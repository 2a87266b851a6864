from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from core.domain.bars import Bar
from core.domain.errors import BadVendorData
from core.market.calendar import MarketCalendar
from core.market.checks import check_shape, check_time

SESSIONS = MarketCalendar().of("NVDA")


def bar(day: str, prices: str = "10 11 9 10.5", volume: int = 100) -> Bar:
    opened, high, low, close = map(Decimal, prices.split())
    return Bar(date=date.fromisoformat(day), open=opened, high=high, low=low, close=close, volume=volume)


GOOD = (bar("2025-10-27"), bar("2025-10-28"), bar("2025-10-29"))


def fault_of_shape(*bars: Bar) -> str:
    with pytest.raises(BadVendorData) as caught:
        check_shape("csv", "NVDA", bars)
    assert caught.value.vendor == "csv"
    return caught.value.reason


def test_good_bars_pass() -> None:
    check_shape("csv", "NVDA", GOOD)
    check_shape("csv", "NVDA", ())
    check_time(
        "csv", "NVDA", GOOD, sessions=SESSIONS, as_of=datetime(2025, 10, 29, 20, tzinfo=UTC), max_age=3
    )


def test_bars_out_of_order_are_refused() -> None:
    assert fault_of_shape(GOOD[1], GOOD[0]) == "NVDA 2025-10-27: the bar stands after that of 2025-10-28"


def test_a_doubled_date_is_refused() -> None:
    assert fault_of_shape(GOOD[0], GOOD[1], GOOD[1]) == "NVDA 2025-10-28: the date is there twice"


def test_a_high_below_the_low_is_refused() -> None:
    assert fault_of_shape(bar("2025-10-29", "10 9.99 10 10")) == "NVDA 2025-10-29: high 9.99 is below low 10"


@pytest.mark.parametrize(
    ("prices", "fault"),
    [
        ("12 11 9 10", "open 12 lies outside 9 to 11"),
        ("8 11 9 10", "open 8 lies outside 9 to 11"),
        ("10 11 9 11.01", "close 11.01 lies outside 9 to 11"),
        ("10 11 9 8.99", "close 8.99 lies outside 9 to 11"),
    ],
)
def test_an_open_or_close_outside_low_to_high_is_refused(prices: str, fault: str) -> None:
    assert fault_of_shape(bar("2025-10-29", prices)) == f"NVDA 2025-10-29: {fault}"


def test_one_basis_point_of_rounding_is_forgiven_and_no_more() -> None:
    check_shape("csv", "NVDA", [bar("2025-10-29", "100.01 100 90 95")])

    assert "open 100.02" in fault_of_shape(bar("2025-10-29", "100.02 100 90 95"))


@pytest.mark.parametrize("as_of", ["2025-10-29T19:59:59", "2025-10-29T13:00", "2025-10-28T21:00"])
def test_a_bar_that_was_not_final_at_the_moment_is_refused(as_of: str) -> None:
    moment = datetime.fromisoformat(as_of).replace(tzinfo=UTC)

    with pytest.raises(BadVendorData, match="csv: NVDA 2025-10-29: the bar is from after"):
        check_time("csv", "NVDA", GOOD, sessions=SESSIONS, as_of=moment, max_age=3)


def test_a_last_bar_may_be_as_many_sessions_old_as_allowed_and_no_more() -> None:
    # Monday 3 November is the third session after Wednesday 29 October.
    monday, tuesday = (datetime(2025, 11, day, 21, tzinfo=UTC) for day in (3, 4))

    check_time("csv", "NVDA", GOOD, sessions=SESSIONS, as_of=monday, max_age=3)
    with pytest.raises(BadVendorData, match="NVDA 2025-10-29: the last bar is 4 sessions old"):
        check_time("csv", "NVDA", GOOD, sessions=SESSIONS, as_of=tuesday, max_age=3)
