"""When a live season trades: from its first moment to the close of its last session."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.errors import Refused
from core.domain.live_season import LiveSeason
from core.domain.season import Season
from core.pipeline.season_days import check_trading, days_of, hindsight, last_close
from tests.vendor_double import CALENDAR

ZONE = ZoneInfo("America/New_York")
DAYS = st.dates(date(2024, 1, 2), date(2026, 12, 31))


def season(first: date, last: date | None, **more: object) -> LiveSeason:
    begins = datetime.combine(first, time(), ZONE).astimezone(UTC)
    facts = {"season": Season("autumn"), "begins_at": begins, "first_day": first, "last_day": last}
    return LiveSeason.model_validate(facts | more)


def trades(live: LiveSeason, now: datetime) -> bool:
    try:
        check_trading(live, CALENDAR, now, ZONE)
    except Refused:
        return False
    return True


@given(first=DAYS, length=st.integers(0, 200), hours=st.integers(-100, 6000))
def test_a_season_trades_from_its_first_midnight_to_its_last_close(
    first: date, length: int, hours: int
) -> None:
    live = season(first, first + timedelta(days=length))
    end = last_close(live, CALENDAR)
    assert end is not None
    assert end.astimezone(ZONE).date() <= first + timedelta(days=length)
    following = CALENDAR.exchange.after(end.astimezone(ZONE).date())
    assert following.day > first + timedelta(days=length)
    now = live.begins_at + timedelta(hours=hours)
    assert trades(live, now) == (live.begins_at <= now < end)


@given(first=DAYS, length=st.integers(5, 200), hours=st.integers(0, 6000))
def test_the_day_of_a_season_only_grows_and_never_passes_the_last(
    first: date, length: int, hours: int
) -> None:
    live = season(first, first + timedelta(days=length))
    now = live.begins_at + timedelta(hours=hours)
    day, days = days_of(live, CALENDAR, now, ZONE)
    later, same = days_of(live, CALENDAR, now + timedelta(days=1), ZONE)
    assert days is not None
    assert 0 <= day <= later <= days
    assert same == days


def test_a_half_day_ends_a_season_at_its_early_close() -> None:
    live = season(date(2025, 11, 3), date(2025, 11, 28))
    assert last_close(live, CALENDAR) == datetime(2025, 11, 28, 18, tzinfo=UTC)


def test_without_a_last_day_a_season_goes_on() -> None:
    live = season(date(2025, 11, 3), None)
    assert last_close(live, CALENDAR) is None
    assert trades(live, datetime(2099, 1, 1, tzinfo=UTC))
    assert days_of(live, CALENDAR, datetime(2025, 11, 5, 12, tzinfo=UTC), ZONE) == (3, None)


def test_a_frozen_season_does_not_trade_though_its_last_day_is_to_come() -> None:
    ended = datetime(2025, 11, 5, 21, tzinfo=UTC)
    live = season(date(2025, 11, 3), date(2025, 12, 31), ended_at=ended)
    with pytest.raises(Refused, match="The season autumn ended on 2025-11-05; nothing is asked or traded"):
        check_trading(live, CALENDAR, ended + timedelta(hours=1), ZONE)
    assert hindsight(live, ended + timedelta(days=1)) == "the season has ended"


def test_the_first_season_begins_with_its_first_run_whenever_that_looks_back_to() -> None:
    check_trading(None, CALENDAR, datetime(2025, 11, 5, tzinfo=UTC), ZONE)
    first = LiveSeason(season=Season.LIVE, begins_at=datetime(2025, 11, 5, tzinfo=UTC))
    assert hindsight(first, datetime(2025, 1, 1, tzinfo=UTC)) is None
    assert hindsight(None, datetime(2025, 1, 1, tzinfo=UTC)) is None


def test_a_ballot_whose_open_came_before_the_season_is_hindsight() -> None:
    live = season(date(2025, 11, 3), None)
    assert hindsight(live, live.begins_at) == "books only go forward: the season began on 2025-11-03"
    assert hindsight(live, live.begins_at + timedelta(hours=1)) is None
