"""Quiet hours delay what comes in them, by the chat's wall clock, and drop nothing."""

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.subscription import ChatTerms
from core.schedule.wall_clock import awake, quiet_end
from tests.schedule_scene import planned, utc

NEW_YORK = "America/New_York"
NIGHT = ChatTerms(quiet_from=time(22), quiet_until=time(7))


@pytest.mark.parametrize(
    ("begins", "ends", "at", "due"),
    [
        pytest.param("22:00", "07:00", "2025-11-27T02:59", "2025-11-27T02:59", id="before they begin"),
        pytest.param("22:00", "07:00", "2025-11-27T03:00", "2025-11-27T12:00", id="as they begin"),
        pytest.param("22:00", "07:00", "2025-11-27T11:59", "2025-11-27T12:00", id="after midnight"),
        pytest.param("22:00", "07:00", "2025-11-27T12:00", "2025-11-27T12:00", id="as they end"),
        pytest.param("12:00", "13:30", "2025-11-27T17:15", "2025-11-27T18:30", id="over noon"),
        pytest.param("22:00", "22:00", "2025-11-27T03:00", "2025-11-27T03:00", id="none"),
        pytest.param("22:00", "07:00", "2025-11-02T02:30", "2025-11-02T12:00", id="an hour longer in autumn"),
        pytest.param(
            "22:00", "07:00", "2026-03-08T04:00", "2026-03-08T11:00", id="an hour shorter in spring"
        ),
        pytest.param(
            "22:00", "02:30", "2026-03-08T06:59", "2026-03-08T07:00", id="to a time that is skipped"
        ),
        pytest.param(
            "02:30", "04:00", "2026-03-08T07:00", "2026-03-08T08:00", id="from a time that is skipped"
        ),
        pytest.param("22:00", "01:30", "2025-11-02T05:29", "2025-11-02T05:30", id="to the first of two"),
        pytest.param("22:00", "01:30", "2025-11-02T06:10", "2025-11-02T06:10", id="not to the second of two"),
    ],
)
def test_what_falls_into_quiet_hours_is_due_at_their_end(begins: str, ends: str, at: str, due: str) -> None:
    terms = ChatTerms(quiet_from=time.fromisoformat(begins), quiet_until=time.fromisoformat(ends))
    assert quiet_end(terms, NEW_YORK, utc(at)) == utc(due)


@pytest.mark.parametrize(
    ("since", "until", "minutes"),
    [
        ("2025-11-27T02:00", "2025-11-27T03:00", 60),
        ("2025-11-27T02:00", "2025-11-27T04:00", 60),
        ("2025-11-27T02:00", "2025-11-27T12:30", 90),
        ("2025-11-27T04:00", "2025-11-27T05:00", 0),
        ("2025-11-27T02:00", "2025-11-29T13:00", 60 + 2 * 15 * 60 + 60),
    ],
)
def test_time_awake_is_what_lies_outside_quiet_hours(since: str, until: str, minutes: int) -> None:
    assert awake(NIGHT, NEW_YORK, utc(since), utc(until)) == timedelta(minutes=minutes)
    assert awake(ChatTerms(), NEW_YORK, utc(since), utc(until)) == utc(until) - utc(since)


def test_quiet_hours_are_those_of_the_chats_zone() -> None:
    at = utc("2025-11-27T03:00")
    assert quiet_end(NIGHT, NEW_YORK, at) == utc("2025-11-27T12:00")
    assert quiet_end(NIGHT.model_copy(update={"zone": "Asia/Tokyo"}), NEW_YORK, at) == at


def test_without_both_ends_there_are_no_quiet_hours() -> None:
    at = utc("2025-11-27T03:00")
    assert quiet_end(ChatTerms(quiet_from=time(22)), NEW_YORK, at) == at
    assert quiet_end(ChatTerms(quiet_until=time(22)), NEW_YORK, at) == at


def test_quiet_hours_move_when_a_slot_is_due_and_neither_its_name_nor_its_time() -> None:
    (slot,) = planned("digest daily 23:00", "2025-11-26T12:00", terms=NIGHT)
    assert (slot.key, slot.at, slot.due_at) == (
        "2025-11-27T04:00Z",
        utc("2025-11-27T04:00"),
        utc("2025-11-27T12:00"),
    )


@given(
    at=st.datetimes(datetime(2025, 10, 1), datetime(2026, 4, 30), timezones=st.just(UTC)),  # noqa: DTZ001 - zoned
    begins=st.times(),
    ends=st.times(),
    zone=st.sampled_from([NEW_YORK, "Europe/London", "Australia/Lord_Howe", "America/Havana", "Asia/Tokyo"]),
    later=st.timedeltas(timedelta(), timedelta(hours=30)),
)
def test_quiet_hours_end_within_a_day_are_over_then_and_keep_the_order(
    at: datetime, begins: time, ends: time, zone: str, later: timedelta
) -> None:
    terms = ChatTerms(zone=zone, quiet_from=begins, quiet_until=ends)
    due = quiet_end(terms, "UTC", at)
    assert at <= due <= at + timedelta(hours=25)
    assert quiet_end(terms, "UTC", due) == due
    assert due <= quiet_end(terms, "UTC", at + later)
