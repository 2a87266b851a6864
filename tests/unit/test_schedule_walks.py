"""Slots from one to the next, against a walk over every minute of the wall clock and over every session."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import example, given, settings
from hypothesis import strategies as st

from core.domain.subscription import EVERY_DAY, AtCron, AtSession, AtTime, Topic, Wanted
from core.schedule.slots import next_slot, upcoming
from tests.schedule_scene import CALENDAR, NO_TERMS, ZONE, utc

MINUTE = timedelta(minutes=1)
DAYS = timedelta(days=3)
CHANGES = [
    ("America/New_York", "2025-11-02T06:00"),
    ("America/New_York", "2026-03-08T07:00"),
    ("Europe/London", "2025-10-26T01:00"),
    ("Europe/London", "2026-03-29T01:00"),
    ("Australia/Lord_Howe", "2026-04-04T15:00"),
    ("Australia/Lord_Howe", "2025-10-04T15:30"),
    ("America/Havana", "2025-11-02T05:00"),  # from one o'clock back to midnight
    ("America/Asuncion", "2024-03-24T03:00"),  # from midnight back to the day before
    ("America/Santiago", "2025-09-07T04:00"),  # midnight is skipped
    ("Africa/Casablanca", "2026-02-15T02:00"),
    ("Antarctica/Troll", "2026-03-29T01:00"),  # two hours at once
    ("Pacific/Apia", "2011-12-30T10:00"),  # a whole day at once
    ("Asia/Tokyo", "2026-01-01T00:00"),  # none
]
WEEKDAYS = st.sets(st.integers(1, 7), min_size=1).map(lambda days: tuple(sorted(days)))
NIGHTLY = st.builds(
    lambda hour, minute: utc(f"2025-01-01T{hour:02}:{minute:02}").time(),
    st.integers(0, 3),
    st.integers(0, 59),
)
MINUTES = st.times().map(lambda at: at.replace(second=0, microsecond=0))
AT_TIME = st.builds(AtTime, days=WEEKDAYS, at=NIGHTLY | MINUTES)
AT_CRON = st.tuples(
    st.sampled_from(["0", "*/20", "*/7", "15,45", "59", "*"]),
    st.sampled_from(["*", "0-3", "1,2", "*/2", "23", "2"]),
    st.sampled_from(["*", "*/2", "29", "1-8"]),
    st.just("*"),
    st.sampled_from(["*", "sun", "1-5", "0,6"]),
).map(lambda fields: AtCron(expression=" ".join(fields)))


def wall(at: datetime, zone: ZoneInfo) -> datetime:
    return at.astimezone(zone).replace(tzinfo=None)


def means(when: AtTime | AtCron, shown: datetime) -> bool:
    """Whether the wall clock shows a time that is wanted; cron by sets that are written out here."""
    if isinstance(when, AtTime):
        return shown.isoweekday() in when.days and shown.time() == when.at
    minute, hour, day, _, weekday = when.expression.split()
    fits_clock = listed(minute, 0, 59, shown.minute) and listed(hour, 0, 23, shown.hour)
    fits_date = listed(day, 1, 31, shown.day)
    fits_weekday = listed(weekday.replace("sun", "0"), 0, 6, shown.isoweekday() % 7)
    either = not day.startswith("*") and not weekday.startswith("*")
    return fits_clock and (fits_date or fits_weekday if either else fits_date and fits_weekday)


def listed(field: str, lowest: int, highest: int, number: int) -> bool:
    if field.startswith("*"):
        return (number - lowest) % int(field.partition("/")[2] or 1) == 0
    for part in field.split(","):
        first, _, last = part.partition("-")
        if int(first) <= number <= int(last or first):
            return True
    return False


def walked(when: AtTime | AtCron, zone: ZoneInfo, first: datetime, last: datetime) -> Iterator[datetime]:
    """Every minute of (first, last] by which the wall clock has come for the first time to a wanted time."""
    # The furthest that the wall has been, so that what is shown again is nothing new.
    furthest = max(wall(first - number * MINUTE, zone) for number in range(180))
    at = first
    while at < last:
        at += MINUTE
        new = wall(at, zone) - furthest
        passed = [furthest + number * MINUTE for number in range(1, new // MINUTE + 1)]
        furthest = max(furthest, wall(at, zone))
        if any(means(when, shown) for shown in passed):
            yield at


@settings(max_examples=60)
@given(
    change=st.sampled_from(CHANGES),
    before=st.integers(0, 2 * 24 * 60),
    when=AT_TIME | AT_CRON,
)
@example(CHANGES[0], 600, AtCron(expression="*/7 * * * *"))
@example(CHANGES[11], 600, AtCron(expression="*/20 1,2 * * *"))
def test_no_time_of_the_wall_clock_is_skipped_or_doubled(
    change: tuple[str, str], before: int, when: AtTime | AtCron
) -> None:
    name, moment = change
    zone = ZoneInfo(name)
    first = utc(moment) - before * MINUTE
    wanted = Wanted(topic=Topic.DIGEST, when=when.model_copy(update={"zone": name}))
    found = upcoming(wanted, NO_TERMS, CALENDAR, ZONE, (), first, first + DAYS, 10_000)
    assert [slot.at for slot in found] == list(walked(when, zone, first, first + DAYS))


MARKETS = ["NVDA", "SAP.DE", "VOD.L", "7203.T", "600519.SS", "BTC-USD", "BHP.AX"]
AT_SESSION = st.builds(
    AtSession,
    edge=st.sampled_from(["open", "close"]),
    minutes=st.integers(-720, 720),
    days=st.just(EVERY_DAY) | WEEKDAYS,
)
AFTER = st.datetimes(datetime(2025, 9, 1), datetime(2026, 4, 30), timezones=st.just(UTC))  # noqa: DTZ001 - zoned
TICKERS = st.lists(st.sampled_from(MARKETS), min_size=1, max_size=3, unique=True).map(tuple)


@given(tickers=TICKERS, when=AT_SESSION, after=AFTER)
def test_each_session_of_each_ticker_has_its_moment_in_one_slot(
    tickers: tuple[str, ...], when: AtSession, after: datetime
) -> None:
    until = after + timedelta(days=20)
    moments: dict[datetime, set[str]] = {}
    for ticker in tickers:
        sessions = CALENDAR.of(ticker).between(date(2025, 8, 1), date(2026, 7, 1))
        for day, opens, closes in sessions:
            at = (opens if when.edge == "open" else closes) + timedelta(minutes=when.minutes)
            if day.isoweekday() in when.days and after < at <= until:
                moments.setdefault(at, set()).add(ticker)
    wanted = Wanted(topic=Topic.VERDICTS, when=when, tickers=tickers)
    found = upcoming(wanted, NO_TERMS, CALENDAR, ZONE, (), after, until, 10_000)
    assert {slot.at: set(slot.tickers) for slot in found} == moments
    assert [slot.at for slot in found] == sorted(moments)


@given(tickers=TICKERS, when=AT_TIME | AT_CRON | AT_SESSION, after=AFTER, part=st.floats(0, 1))
def test_the_next_slot_depends_on_the_moment_and_not_on_the_way_to_it(
    tickers: tuple[str, ...], when: AtTime | AtCron | AtSession, after: datetime, part: float
) -> None:
    wanted = Wanted(topic=Topic.VERDICTS, when=when, tickers=tickers)

    def following(moment: datetime) -> datetime | None:
        found = next_slot(wanted, NO_TERMS, CALENDAR, ZONE, (), moment)
        if found is not None:
            assert found.at > moment
            assert found.due_at == found.at
            assert found.key == found.at.strftime("%Y-%m-%dT%H:%MZ")
            assert found.tickers
        return found and found.at

    first = following(after)
    if first is None:
        return
    between = after + (first - after) * part
    assert following(min(between, first - timedelta(microseconds=1))) == first
    second = following(first)
    assert second is None or second > first
    assert upcoming(wanted, NO_TERMS, CALENDAR, ZONE, (), after, second or first, 2)[-1].at == (
        second or first
    )
