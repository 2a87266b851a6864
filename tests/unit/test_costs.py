"""What costs are worked out to: forecasts, shares and prices of decisions, and n/a below a minimum."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.cost_period import begins
from core.domain.costs import MIN_DAYS, CostLine, Hour, forecast, nearest_rank
from core.domain.errors import Refused
from core.domain.usage import Spend

NOON = datetime(2025, 10, 15, 12, tzinfo=UTC)
"""A Wednesday, half way through its month."""
NEW_YORK = ZoneInfo("America/New_York")


def every_day(usd: str, hour: int, *, days: int = 28, until: datetime = NOON) -> dict[Hour, Decimal]:
    """The same cost at the same hour of each day, today too where that hour has come."""
    today = until.date()
    made = {Hour(today - timedelta(days=n), hour): Decimal(usd) for n in range(1, days + 1)}
    return made | ({Hour(today, hour): Decimal(usd)} if hour < until.hour else {})


def test_what_came_every_afternoon_comes_this_afternoon_and_on_every_day_left_of_the_month() -> None:
    found = forecast(every_day("2", 15), NOON, date(2025, 1, 1))
    assert (found.today_usd, found.day_end_usd) == (Decimal(0), Decimal(2))
    assert (found.month_usd, found.month_end_usd) == (Decimal(28), Decimal(62))
    assert found.days == 28


def test_what_is_spent_in_the_morning_is_not_expected_again() -> None:
    found = forecast(every_day("2", 9), NOON, date(2025, 1, 1))
    assert (found.today_usd, found.day_end_usd) == (Decimal(2), Decimal(2))
    assert found.month_end_usd == Decimal(62)


def test_of_the_hour_that_goes_on_the_part_that_is_left_is_expected() -> None:
    found = forecast(every_day("4", 12), NOON.replace(minute=45), date(2025, 1, 1))
    assert found.day_end_usd == Decimal(1)


def test_each_weekday_is_expected_as_it_was() -> None:
    weekdays = {hour: usd for hour, usd in every_day("1", 9).items() if hour.day.isoweekday() <= 5}
    found = forecast(weekdays, NOON, date(2025, 1, 1))
    assert found.month_end_usd == Decimal(23), "October 2025 has twenty-three weekdays"


def test_days_before_the_first_call_are_no_days_without_cost() -> None:
    found = forecast(every_day("2", 15, days=7), NOON, NOON.date() - timedelta(days=7))
    assert (found.days, found.day_end_usd) == (MIN_DAYS, Decimal(2))


@pytest.mark.parametrize("days", [0, 1, MIN_DAYS - 1])
def test_below_seven_whole_days_nothing_is_forecast(days: int) -> None:
    found = forecast(every_day("2", 9, days=days), NOON, NOON.date() - timedelta(days=days))
    assert (found.day_end_usd, found.month_end_usd, found.days) == (None, None, days)
    assert found.today_usd == Decimal(2)


def test_without_any_call_nothing_is_forecast() -> None:
    assert forecast({}, NOON, None).days == 0


@given(
    st.dictionaries(
        st.builds(
            Hour,
            st.integers(0, 40).map(lambda n: NOON.date() - timedelta(days=n)),
            st.integers(0, 23),
        ),
        st.decimals(0, 100, places=4),
    ),
    st.integers(0, 23),
)
def test_a_forecast_is_never_less_than_what_is_spent(hours: dict[Hour, Decimal], hour: int) -> None:
    now = NOON.replace(hour=hour)
    past = {one: usd for one, usd in hours.items() if one.day < now.date() or one.hour <= hour}
    found = forecast(past, now, date(2025, 1, 1))
    assert found.day_end_usd is not None
    assert found.month_end_usd is not None
    assert found.day_end_usd >= found.today_usd
    assert found.month_end_usd >= found.month_usd
    assert found.month_end_usd - found.month_usd >= found.day_end_usd - found.today_usd


def test_a_percentile_is_the_nearest_rank() -> None:
    counts = dict.fromkeys(range(1, 21), 1)
    assert (nearest_rank(counts, 50), nearest_rank(counts, 95), nearest_rank(counts, 100)) == (10, 19, 20)
    assert nearest_rank({7: 1}, 95) == 7
    assert nearest_rank({}, 50) is None


def test_a_decision_costs_all_calls_over_the_ballots_and_a_right_one_over_the_right_ones() -> None:
    line = CostLine(spend=Spend(cost_usd=Decimal("1.20")), ballots=40, settled=12, right=6)
    assert line.usd_per_ballot == Decimal("0.03")
    assert line.usd_per_right(12) == Decimal("0.2")
    assert line.usd_per_right(13) is None
    assert CostLine(settled=12).usd_per_right(10) is None
    assert CostLine().usd_per_ballot is None


def test_calls_that_we_ended_are_neither_successes_nor_failures() -> None:
    line = CostLine(sent=12, answered=9, cancelled=2, from_cache=4)
    assert (line.success, line.cache_share) == (Decimal("0.9"), Decimal("0.25"))
    assert (CostLine(sent=2, cancelled=2).success, CostLine().cache_share) == (None, None)


def test_a_period_begins_at_a_midnight_of_the_zone() -> None:
    now = datetime(2025, 11, 3, 2, tzinfo=UTC)
    assert begins("today", now, NEW_YORK) == datetime(2025, 11, 2, 4, tzinfo=UTC)
    assert begins("7d", now, NEW_YORK) == datetime(2025, 10, 27, 4, tzinfo=UTC)
    assert begins("all", now, NEW_YORK) is None


@pytest.mark.parametrize("text", ["", "0d", "soon", "99999999d", "7"])
def test_what_is_no_period_is_refused(text: str) -> None:
    with pytest.raises(Refused, match="is not a period: write today, all, or days"):
        begins(text, datetime(2025, 11, 3, tzinfo=UTC), NEW_YORK)
