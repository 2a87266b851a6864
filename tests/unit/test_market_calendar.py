from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.errors import Refused
from core.market.calendar import FIRST_DAY, LAST_DAY, MarketCalendar, moment_from
from core.market.exchanges import EXCHANGES, exchange_of

CALENDAR = MarketCalendar()
NEW_YORK = CALENDAR.of("NVDA")
CRYPTO = CALENDAR.of("BTC-USD")


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("day", "opens", "closes"),
    [
        ("2025-10-29", "2025-10-29T13:30", "2025-10-29T20:00"),  # summer time
        ("2025-11-03", "2025-11-03T14:30", "2025-11-03T21:00"),  # the Monday after the clocks went back
        ("2025-03-07", "2025-03-07T14:30", "2025-03-07T21:00"),
        ("2025-03-10", "2025-03-10T13:30", "2025-03-10T20:00"),  # the Monday after they went forward
        ("2025-11-28", "2025-11-28T14:30", "2025-11-28T18:00"),  # half day after Thanksgiving
        ("2000-03-01", "2000-03-01T14:30", "2000-03-01T21:00"),
    ],
)
def test_a_session_has_its_hours_in_utc(day: str, opens: str, closes: str) -> None:
    session = NEW_YORK.session(date.fromisoformat(day))

    assert session is not None
    assert (session.opens, session.closes) == (utc(opens), utc(closes))


@pytest.mark.parametrize(
    "day",
    ["2025-06-19", "2025-07-04", "2025-09-01", "2025-10-25", "2001-09-12", "2012-10-29", "2004-06-11"],
)
def test_holidays_weekends_and_unplanned_closures_have_no_session(day: str) -> None:
    assert NEW_YORK.session(date.fromisoformat(day)) is None


def test_the_next_session_is_found_across_a_weekend_and_across_the_longest_closure() -> None:
    assert NEW_YORK.after(date(2025, 10, 31)).day == date(2025, 11, 3)
    assert NEW_YORK.after(date(2001, 9, 10)).day == date(2001, 9, 17)


def test_a_session_has_closed_at_its_close_and_not_a_second_before() -> None:
    close = utc("2025-10-29T20:00")

    assert NEW_YORK.last_closed(close).day == date(2025, 10, 29)
    assert NEW_YORK.last_closed(close - timedelta(seconds=1)).day == date(2025, 10, 28)


def test_the_exchange_is_open_from_its_open_until_just_before_its_close() -> None:
    assert not NEW_YORK.is_open(utc("2025-10-29T13:29:59"))
    assert NEW_YORK.is_open(utc("2025-10-29T13:30"))
    assert NEW_YORK.is_open(utc("2025-10-29T19:59:59"))
    assert not NEW_YORK.is_open(utc("2025-10-29T20:00"))
    assert not NEW_YORK.is_open(utc("2025-11-28T18:30"))


def test_sessions_between_two_days_count_both_ends() -> None:
    found = NEW_YORK.between(date(2025, 7, 3), date(2025, 7, 7))

    assert [session.day for session in found] == [date(2025, 7, 3), date(2025, 7, 7)]


def test_the_age_of_a_bar_counts_closed_sessions_only() -> None:
    assert NEW_YORK.age(date(2025, 10, 24), utc("2025-10-27T19:59")) == 0
    assert NEW_YORK.age(date(2025, 10, 24), utc("2025-10-27T20:00")) == 1
    assert NEW_YORK.age(date(2025, 10, 24), utc("2025-10-26T12:00")) == 0


def test_going_back_counts_sessions_and_starts_at_the_last_one_before_a_closed_day() -> None:
    assert NEW_YORK.back(date(2025, 10, 26)).day == date(2025, 10, 24)
    assert NEW_YORK.back(date(2025, 9, 2), 1).day == date(2025, 8, 29)


def test_a_crypto_pair_trades_every_day_and_closes_at_midnight_utc() -> None:
    saturday = date(2025, 10, 25)

    session = CRYPTO.session(saturday)

    assert session is not None
    assert session.closes == utc("2025-10-26T00:00")
    assert CRYPTO.is_open(utc("2025-12-25T03:00"))
    assert CRYPTO.last_closed(utc("2025-10-26T12:00")).day == saturday
    assert CRYPTO.after(saturday).day == date(2025, 10, 26)


@pytest.mark.parametrize("ticker", ["BRK-B", "NVDA", "^GSPC", "EURUSD=X", "BF-B"])
def test_a_dash_alone_makes_no_crypto_pair(ticker: str) -> None:
    assert CALENDAR.of(ticker) is CALENDAR.exchange


def test_a_day_without_a_session_is_final_when_it_has_ended() -> None:
    assert NEW_YORK.closing(date(2025, 7, 4)) == utc("2025-07-05T00:00")
    assert NEW_YORK.opening(date(2025, 7, 4)) == utc("2025-07-05T00:00")


def test_weekdays_beyond_the_known_years_count_as_full_sessions() -> None:
    far = NEW_YORK.session(date(2075, 7, 4))  # a Thursday
    saturday = NEW_YORK.session(date(2075, 7, 6))

    assert far is not None
    assert far.closes - far.opens == timedelta(hours=6, minutes=30)
    assert saturday is None
    assert NEW_YORK.after(date(2060, 12, 31)).day == date(2061, 1, 3)
    assert NEW_YORK.back(date(1970, 1, 1)).day == date(1969, 12, 31)


@given(
    st.datetimes(datetime(1971, 1, 1), datetime(2100, 12, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - zoned
)
def test_the_last_closed_session_is_the_one_before_the_next_to_close(at: datetime) -> None:
    for sessions in (NEW_YORK, CRYPTO):
        last = sessions.last_closed(at)

        assert last.closes <= at < sessions.after(last.day).closes
        assert sessions.age(last.day, at) == 0
        assert sessions.is_open(at) == (sessions.after(last.day).opens <= at)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2025-10-29T15:30:00-04:00", "2025-10-29T19:30"),
        ("2025-10-29T19:30:00Z", "2025-10-29T19:30"),
        (" 2025-10-29 19:30+00:00 ", "2025-10-29T19:30"),
        ("2025-10-29", "2025-10-29T20:00"),
        ("2025-11-28", "2025-11-28T18:00"),
        ("2025-10-26", "2025-10-24T20:00"),
        ("2025-07-04", "2025-07-03T17:00"),
        ("2012-06-01", "2012-06-01T20:00"),
    ],
)
def test_a_moment_is_a_time_with_offset_or_the_close_of_a_date(text: str, moment: str) -> None:
    found = moment_from(text, CALENDAR)

    assert found == utc(moment)
    assert found.utcoffset() == timedelta(0)


def test_a_time_without_an_offset_is_refused_and_told_how() -> None:
    with pytest.raises(Refused, match="needs its offset from UTC"):
        moment_from("2025-10-29T15:30:00", CALENDAR)


@pytest.mark.parametrize(
    "text",
    ["", "yesterday", "2025-13-01", "2025-02-30", "29.10.2025", "2025-10-29T25:00Z", "\x00", "x" * 999],
)
def test_what_is_no_moment_is_refused_in_one_short_sentence(text: str) -> None:
    with pytest.raises(Refused, match="is no moment") as caught:
        moment_from(text, CALENDAR)

    assert len(str(caught.value)) < 200


@pytest.mark.parametrize("text", ["0001-01-01", "9999-12-31", "0001-01-01T00:00:00+14:00", "1969-12-31"])
def test_a_moment_outside_the_known_years_is_refused(text: str) -> None:
    with pytest.raises(Refused, match="outside the years"):
        moment_from(text, CALENDAR)


@given(st.text(max_size=40))
def test_any_text_gives_a_moment_or_a_refusal(text: str) -> None:
    try:
        found = moment_from(text, CALENDAR)
    except Refused as refused:
        assert str(refused).isprintable()
    else:
        assert FIRST_DAY <= found.date() <= LAST_DAY


@pytest.mark.parametrize(
    ("ticker", "day", "opens", "closes"),
    [
        ("VOD.L", "2025-10-29", "2025-10-29T08:00", "2025-10-29T16:30"),
        ("SAP.DE", "2025-07-04", "2025-07-04T07:00", "2025-07-04T15:30"),
        ("7203.T", "2025-10-29", "2025-10-29T00:00", "2025-10-29T06:30"),
        ("0700.HK", "2025-10-28", "2025-10-28T01:30", "2025-10-28T08:00"),
        ("SHOP.TO", "2025-10-29", "2025-10-29T13:30", "2025-10-29T20:00"),
        ("D05.SI", "2025-10-29", "2025-10-29T01:00", "2025-10-29T09:00"),
        ("600519.SS", "2025-10-29", "2025-10-29T01:30", "2025-10-29T07:00"),
    ],
)
def test_a_foreign_listing_trades_at_its_own_exchange(ticker: str, day: str, opens: str, closes: str) -> None:
    session = CALENDAR.of(ticker).session(date.fromisoformat(day))

    assert session is not None
    assert (session.opens, session.closes) == (utc(opens), utc(closes))


def test_a_foreign_exchange_has_holidays_of_its_own() -> None:
    assert CALENDAR.of("SAP.DE").session(date(2025, 5, 1)) is None
    assert CALENDAR.of("7203.T").session(date(2025, 11, 3)) is None
    assert CALENDAR.of("VOD.L") is CALENDAR.of("BP.L")


def test_beyond_the_years_known_of_an_exchange_weekdays_count() -> None:
    tokyo = CALENDAR.of("7203.T")

    assert tokyo.session(date(1985, 6, 3)) is not None  # a Monday
    assert tokyo.session(date(1985, 6, 2)) is None


@pytest.mark.parametrize("ticker", ["BRK.B", "BF.A", "X.UNKNOWN"])
def test_a_class_of_shares_or_an_unknown_suffix_is_no_other_exchange(ticker: str) -> None:
    assert CALENDAR.of(ticker) is CALENDAR.exchange


def test_the_calendar_library_knows_every_exchange_that_a_suffix_names() -> None:
    import exchange_calendars

    known = set(exchange_calendars.get_calendar_names(include_aliases=False))

    assert {exchange_of(f"X.{suffix}") for suffix in EXCHANGES} <= known


@given(
    st.sampled_from(["NVDA", "7203.T", "BHP.AX", "BTC-USD"]),
    st.dates(date(1969, 11, 1), date(2061, 3, 1)),
    st.integers(0, 70),
)
def test_long_ways_lead_where_single_steps_do(ticker: str, day: date, count: int) -> None:
    sessions = CALENDAR.of(ticker)
    ahead, before = [], []
    for number in range(150):
        ahead.append(sessions.session(day + timedelta(days=number)))
        before.append(sessions.session(day - timedelta(days=number)))
    past = [found for found in before if found]
    later = [found for found in ahead[1:] if found]

    assert sessions.back(day, count) == past[count]
    assert sessions.after(day, count + 1) == later[count]
    assert sessions.between(day, day + timedelta(days=count)) == tuple(
        found for found in ahead[: count + 1] if found
    )


@pytest.mark.parametrize("exchange", ["AS", "AX", "DE", "HK", "L", "NZ", "SA", "SR", "T", "TO", "", "USD"])
def test_a_day_has_opened_once_its_first_price_is_known(exchange: str) -> None:
    ticker = {"": "NVDA", "USD": "BTC-USD"}.get(exchange, f"X.{exchange}")
    sessions = CALENDAR.of(ticker)
    for day in (date(2025, 1, 1) + timedelta(days=number) for number in range(365)):
        opens = sessions.opening(day)
        assert sessions.has_opened(day, opens)
        assert not sessions.has_opened(day, opens - timedelta(seconds=1))
