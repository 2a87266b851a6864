"""Cron expressions mean what cron(5) says."""

from datetime import date, time, timedelta

import pytest

from core.domain.errors import Refused
from core.schedule.cron import parse_cron


def days(expression: str, first: str, count: int) -> list[str]:
    """The days of `count` from `first` on which the expression has times."""
    cron = parse_cron(expression)
    all_days = (date.fromisoformat(first) + timedelta(days=number) for number in range(count))
    return [day.isoformat()[5:] for day in all_days if cron.on(day)]


def times(expression: str) -> list[str]:
    return [f"{at:%H:%M}" for at in parse_cron(expression).times]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ("30 16", ["16:30"]),
        ("0,30 9", ["09:00", "09:30"]),
        ("*/20 9-10", ["09:00", "09:20", "09:40", "10:00", "10:20", "10:40"]),
        ("5-15/5 0", ["00:05", "00:10", "00:15"]),
        ("50/4 23", ["23:50", "23:54", "23:58"]),
        ("0 */9", ["00:00", "09:00", "18:00"]),
        ("15,0 8,7", ["07:00", "07:15", "08:00", "08:15"]),
    ],
)
def test_minutes_and_hours_are_lists_ranges_and_steps(fields: str, expected: list[str]) -> None:
    assert times(f"{fields} * * *") == expected


def test_all_stars_are_every_minute() -> None:
    cron = parse_cron("* * * * *")
    assert len(cron.times) == 24 * 60
    assert (cron.times[0], cron.times[-1]) == (time(), time(23, 59))
    assert cron.on(date(2025, 11, 27))


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ("* * 1-5", ["11-26", "11-27", "11-28", "12-01", "12-02"]),
        ("* * 0", ["11-30"]),
        ("* * 7", ["11-30"]),
        ("* * Sun", ["11-30"]),
        ("* * mon,wed", ["11-26", "12-01"]),
        ("* * FRI-SUN", ["11-28", "11-29", "11-30"]),
        ("* * */3", ["11-26", "11-29", "11-30"]),
        ("1,28 * *", ["11-28", "12-01"]),
        ("* dec *", ["12-01", "12-02"]),
        ("29-31 nov-dec *", ["11-29", "11-30"]),
    ],
)
def test_days_are_those_of_month_and_week_and_sunday_is_0_or_7(fields: str, expected: list[str]) -> None:
    # A Wednesday and the week after it.
    assert days(f"0 9 {fields}", "2025-11-26", 7) == expected


def test_a_day_of_the_month_and_a_weekday_mean_either() -> None:
    assert days("0 9 27 * sun", "2025-11-26", 7) == ["11-27", "11-30"]
    assert days("0 9 27 dec sun", "2025-11-26", 7) == []


def test_but_both_where_one_of_them_begins_with_a_star() -> None:
    assert days("0 9 */2 * fri,sat", "2025-11-26", 7) == ["11-29"]
    assert days("0 9 27-30 * */7", "2025-11-26", 7) == ["11-30"]


@pytest.mark.parametrize(
    ("expression", "sentence"),
    [
        ("", "five fields"),
        ("@daily", "five fields"),
        ("0 9 * *", "not 4"),
        ("0 9 * * * *", "not 6"),
        ("60 9 * * *", "“60” is no minute"),
        ("0 24 * * *", "“24” is no hour"),
        ("0 9 0 * *", "“0” is no day of the month"),
        ("0 9 32 * *", "“32” is no day of the month"),
        ("0 9 * 13 *", "“13” is no month"),
        ("0 9 * * 8", "“8” is no weekday"),
        ("0 9 * * nov", "“nov” is no weekday"),
        ("0 9 * mon *", "“mon” is no month"),
        ("0 17-9 * * *", "“17-9” is no hour"),
        ("*/0 9 * * *", "is no minute"),
        ("1,,2 9 * * *", "“” is no minute"),
        ("-5 9 * * *", "“-5” is no minute"),
        ("0 9 L * *", "“l” is no day of the month"),
        ("0 9 * * 5#2", "“5#2” is no weekday"),
        ("٣ 9 * * *", "is no minute"),
        ("0 9 31 2 *", "No year has the day"),
        ("0 9 30,31 feb *", "No year has the day"),
        ("0 9 31 4,6,9,11 *", "No year has the day"),
        (",".join(["1"] * 99) + " 9 * * *", "longer than 100"),
    ],
)
def test_what_is_none_is_refused_with_an_example(expression: str, sentence: str) -> None:
    with pytest.raises(Refused, match=sentence) as caught:
        parse_cron(expression)
    assert "cron 30 16 * * 1-5" in str(caught.value)
    assert len(str(caught.value)) < 250


@pytest.mark.parametrize("expression", ["0 9 29 2 *", "0 9 31 2 mon", "0 9 31 1,2 *"])
def test_days_that_come_at_times_are_possible(expression: str) -> None:
    parse_cron(expression)
