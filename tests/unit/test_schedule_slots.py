"""When the next slot is: the hard cases, one by one."""

from datetime import UTC, datetime, timedelta

import pytest

from core.domain.errors import Refused
from core.domain.subscription import AtCron, AtTime, ChatTerms, Topic, Wanted
from core.market.calendar import MarketCalendar
from core.schedule.reading import read_wanted
from core.schedule.slots import next_slot, upcoming
from tests.schedule_scene import CALENDAR, NO_TERMS, ZONE, about, keys, planned, utc


@pytest.mark.parametrize(
    ("line", "after", "expected"),
    [
        pytest.param(
            "digest daily 1:30",
            "2025-11-02T00:00",
            ["2025-11-02T05:30Z", "2025-11-03T06:30Z"],
            id="a time that New York shows twice in autumn means the first",
        ),
        pytest.param(
            "digest daily 1:30",
            "2025-11-02T06:10",
            ["2025-11-03T06:30Z"],
            id="the second of the two in New York is none, even to one who asks just before it",
        ),
        pytest.param(
            "digest daily 2:30",
            "2026-03-08T00:00",
            ["2026-03-08T07:00Z", "2026-03-09T06:30Z"],
            id="a time that New York skips in spring means the moment at which it is skipped",
        ),
        pytest.param(
            "digest daily 1:30 Europe/London",
            "2025-10-25T12:00",
            ["2025-10-26T00:30Z", "2025-10-27T01:30Z"],
            id="a time that London shows twice in autumn means the first",
        ),
        pytest.param(
            "digest daily 1:30 Europe/London",
            "2026-03-28T12:00",
            ["2026-03-29T01:00Z", "2026-03-30T00:30Z"],
            id="a time that London skips in spring means the moment at which it is skipped",
        ),
        pytest.param(
            "digest daily 1:45 Australia/Lord_Howe",
            "2026-04-04T12:00",
            ["2026-04-04T14:45Z", "2026-04-05T15:15Z"],
            id="Lord Howe repeats half an hour, and the first counts",
        ),
        pytest.param(
            "digest daily 2:15 Australia/Lord_Howe",
            "2025-10-04T12:00",
            ["2025-10-04T15:30Z", "2025-10-05T15:15Z"],
            id="Lord Howe skips half an hour, and the moment of the jump counts",
        ),
        pytest.param(
            "digest fridays 9:00 Pacific/Apia",
            "2011-12-29T00:00",
            ["2011-12-30T10:00Z", "2012-01-05T19:00Z"],
            id="a day that Samoa left out means the moment at which it is left out",
        ),
        pytest.param(
            "digest cron */30 * * * *",
            "2026-03-08T06:00",
            ["2026-03-08T06:30Z", "2026-03-08T07:00Z", "2026-03-08T07:30Z"],
            id="the half hours that are skipped fall together with the one after them",
        ),
        pytest.param(
            "digest cron */30 * * * *",
            "2025-11-02T04:30",
            ["2025-11-02T05:00Z", "2025-11-02T05:30Z", "2025-11-02T07:00Z"],
            id="the half hours that come twice are not doubled",
        ),
        pytest.param(
            "digest cron 0 9 29 2 * UTC",
            "2025-01-01T00:00",
            ["2028-02-29T09:00Z", "2032-02-29T09:00Z"],
            id="the 29th of February waits for its year",
        ),
        pytest.param(
            "digest cron 0 9 29 2 * UTC",
            "2096-02-29T09:00",
            ["2104-02-29T09:00Z"],
            id="and where a century has none, for eight",
        ),
        pytest.param(
            "digest daily 16:00 UTC",
            "2028-02-28T16:00",
            ["2028-02-29T16:00Z", "2028-03-01T16:00Z"],
            id="a leap day is a day",
        ),
        pytest.param(
            "verdicts NVDA 30 minutes before the close",
            "2025-11-26T20:29",
            ["2025-11-26T20:30Z", "2025-11-28T17:30Z", "2025-12-01T20:30Z"],
            id="before the close is earlier on the half day after Thanksgiving, and never on Thanksgiving",
        ),
        pytest.param(
            "verdicts NVDA after close",
            "2025-12-23T22:00",
            ["2025-12-24T18:15Z", "2025-12-26T21:15Z"],
            id="after the close is earlier on Christmas Eve",
        ),
        pytest.param(
            "verdicts NVDA weekdays 16:30",
            "2026-07-02T20:30",
            ["2026-07-06T20:30Z"],
            id="no verdicts on the Friday to which Independence Day moves",
        ),
        pytest.param(
            "digest weekdays 16:30",
            "2026-07-02T20:30",
            ["2026-07-03T20:30Z"],
            id="other topics come on every named day, trading or not",
        ),
        pytest.param(
            "digest after close",
            "2026-07-02T20:15",
            ["2026-07-06T20:15Z"],
            id="by the session other topics come on the sessions of the arena's exchange",
        ),
        pytest.param(
            "leaderboard fridays after close",
            "2026-06-26T20:15",
            ["2026-07-10T20:15Z"],
            id="a Friday without a session is left out",
        ),
        pytest.param(
            "verdicts NVDA weekdays 16:30",
            "2025-12-31T21:30",
            ["2026-01-02T21:30Z"],
            id="the year ends with a holiday",
        ),
        pytest.param(
            "digest daily 0:00",
            "2025-12-31T22:00",
            ["2026-01-01T05:00Z"],
            id="the year ends in the chat's zone",
        ),
        pytest.param(
            "verdicts BTC-USD fridays after close",
            "2025-11-27T00:00",
            ["2025-11-29T00:15Z"],
            id="the days of a session are those of its date, though a crypto pair's Friday ends on Saturday",
        ),
        pytest.param(
            "verdicts BTC-USD after close",
            "2025-11-27T00:05",
            ["2025-11-27T00:15Z", "2025-11-28T00:15Z"],
            id="the slot of yesterday's session may still be to come",
        ),
        pytest.param(
            "verdicts NVDA 12 hours after close",
            "2025-11-27T00:05",
            ["2025-11-27T09:00Z", "2025-11-29T06:00Z"],
            id="as far as twelve hours after it",
        ),
        pytest.param(
            "verdicts 7203.T before open",
            "2025-11-30T12:00",
            ["2025-11-30T23:30Z", "2025-12-01T23:30Z"],
            id="before Tokyo opens is the evening before in UTC",
        ),
        pytest.param(
            "verdicts 600519.SS after close",
            "2025-09-30T08:00",
            ["2025-10-09T07:15Z"],
            id="a week with no session by the session",
        ),
        pytest.param(
            "verdicts 600519.SS weekdays 15:30 Asia/Shanghai",
            "2025-09-30T08:00",
            ["2025-10-09T07:30Z"],
            id="a week with no session by the wall clock",
        ),
        pytest.param(
            "verdicts NVDA after open",
            "2001-09-10T21:00",
            ["2001-09-17T13:45Z"],
            id="a week in which the exchange did not open",
        ),
        pytest.param(
            "verdicts NVDA after close",
            "2026-11-10T12:00",
            ["2026-11-10T21:15Z"],
            # If it closes unexpectedly after all, there is no bar of this day, and the worker has to say so.
            id="a session that the calendar promises has its slot, whatever happens",
        ),
    ],
)
def test_the_next_slots_are(line: str, after: str, expected: list[str]) -> None:
    assert keys(line, after, len(expected)) == expected


@pytest.mark.parametrize(
    "line",
    [
        "verdicts NVDA weekends 10:00",
        "leaderboard saturdays after close",
        "verdicts NVDA cron 0 9 25 12 *",
    ],
)
def test_what_never_comes_has_no_slot(line: str) -> None:
    assert keys(line, "2025-11-26T12:00") == []


def test_a_slot_is_strictly_later_to_the_second() -> None:
    wanted = read_wanted(["digest daily 16:30 UTC"])
    for second, expected in ((-1, "2025-11-26T16:30Z"), (0, "2025-11-27T16:30Z"), (59, "2025-11-27T16:30Z")):
        after = utc("2025-11-26T16:30") + timedelta(seconds=second)
        found = next_slot(wanted, NO_TERMS, CALENDAR, ZONE, (), after)
        assert found is not None
        assert found.key == expected


def test_a_slot_is_told_in_utc_whatever_the_zone_of_the_question() -> None:
    wanted = read_wanted(["digest daily 16:30"])
    found = next_slot(
        wanted, NO_TERMS, CALENDAR, ZONE, (), datetime.fromisoformat("2025-11-26T16:29:00-05:00")
    )
    assert found is not None
    assert found.key == "2025-11-26T21:30Z"
    assert found.at == utc("2025-11-26T21:30")
    assert found.at.tzinfo is UTC


def test_the_zone_is_that_of_the_time_else_of_the_chat_else_of_the_arena() -> None:
    chat = ChatTerms(zone="Europe/London")
    after = "2025-11-26T00:00"
    assert planned("digest daily 9:00", after)[0].key == "2025-11-26T14:00Z"
    assert planned("digest daily 9:00", after, terms=chat)[0].key == "2025-11-26T09:00Z"
    assert planned("digest daily 9:00 Asia/Tokyo", after, terms=chat)[0].key == "2025-11-27T00:00Z"
    assert planned("digest cron 0 9 * * *", after, terms=chat)[0].key == "2025-11-26T09:00Z"


def test_a_chat_that_changes_its_zone_has_its_next_slot_by_the_new_one() -> None:
    delivered = "2025-11-26T09:00"
    assert planned("digest daily 9:00", delivered, terms=ChatTerms(zone="Europe/London"))[0].key == (
        "2025-11-27T09:00Z"
    )
    assert planned("digest daily 9:00", delivered, terms=ChatTerms(zone="America/New_York"))[0].key == (
        "2025-11-26T14:00Z"
    )


def test_verdicts_are_about_the_tickers_that_trade_that_day() -> None:
    assert about("verdicts NVDA,SAP.DE,BTC-USD daily 12:00 UTC", "2025-11-26T12:00", 4) == [
        ("2025-11-27T12:00Z", ("SAP.DE", "BTC-USD")),  # Thanksgiving
        ("2025-11-28T12:00Z", ("NVDA", "SAP.DE", "BTC-USD")),
        ("2025-11-29T12:00Z", ("BTC-USD",)),  # a Saturday
        ("2025-11-30T12:00Z", ("BTC-USD",)),
    ]


def test_the_day_of_the_wall_decides_on_which_session_a_slot_is_about() -> None:
    # Friday evening in New York is Saturday in Tokyo, and the verdict is about Friday.
    assert about("verdicts 7203.T daily 20:00", "2025-11-27T12:00", 3) == [
        ("2025-11-28T01:00Z", ("7203.T",)),
        ("2025-11-29T01:00Z", ("7203.T",)),
        ("2025-12-02T01:00Z", ("7203.T",)),
    ]


def test_each_ticker_goes_by_the_close_of_its_own_exchange() -> None:
    assert about("verdicts SAP.DE,NVDA daily after close", "2025-11-26T12:00", 4) == [
        ("2025-11-26T16:45Z", ("SAP.DE",)),
        ("2025-11-26T21:15Z", ("NVDA",)),
        ("2025-11-27T16:45Z", ("SAP.DE",)),
        ("2025-11-28T16:45Z", ("SAP.DE",)),
    ]


def test_tickers_whose_exchanges_close_together_share_a_slot_on_days_on_which_they_do() -> None:
    assert about("verdicts SHOP.TO,NVDA,AAPL daily after close", "2025-11-26T12:00", 4) == [
        ("2025-11-26T21:15Z", ("SHOP.TO", "NVDA", "AAPL")),
        ("2025-11-27T21:15Z", ("SHOP.TO",)),
        ("2025-11-28T18:15Z", ("NVDA", "AAPL")),
        ("2025-11-28T21:15Z", ("SHOP.TO",)),
    ]


def test_a_watchlist_is_read_when_the_slot_is_planned() -> None:
    line, after = "verdicts watchlist weekdays 16:30", "2025-11-26T12:00"
    (one,) = planned(line, after, watchlist=("NVDA",))
    (other,) = planned(line, after, watchlist=["AAPL", "SAP.DE"])
    assert (one.key, one.tickers) == ("2025-11-26T21:30Z", ("NVDA",))
    assert (other.key, other.tickers) == ("2025-11-26T21:30Z", ("AAPL", "SAP.DE"))


@pytest.mark.parametrize(
    ("line", "key"),
    [
        ("verdicts watchlist weekdays 16:30", "2025-11-27T21:30Z"),
        ("verdicts watchlist after close", "2025-11-28T18:15Z"),
    ],
)
def test_an_empty_watchlist_has_slots_about_no_ticker(line: str, key: str) -> None:
    (slot,) = planned(line, "2025-11-26T22:00")
    assert (slot.key, slot.tickers) == (key, ())


def test_other_topics_are_about_no_ticker_and_do_not_look_at_the_watchlist() -> None:
    (slot,) = planned("digest after close", "2025-11-26T12:00", watchlist=("SAP.DE",))
    assert (slot.key, slot.tickers) == ("2025-11-26T21:15Z", ())


def test_alerts_have_no_slots() -> None:
    assert planned("alerts on", "2025-11-26T12:00") == []
    wanted = read_wanted(["alerts"])
    assert next_slot(wanted, NO_TERMS, CALENDAR, ZONE, (), utc("2025-11-26T12:00")) is None


def test_seconds_of_a_wish_are_left_out() -> None:
    at = utc("2025-11-26T09:30").time().replace(second=45)
    wanted = Wanted(topic=Topic.DIGEST, when=AtTime(days=(3,), at=at, zone="UTC"))
    found = next_slot(wanted, NO_TERMS, CALENDAR, ZONE, (), utc("2025-11-26T09:00"))
    assert found is not None
    assert found.at == utc("2025-11-26T09:30")


def test_a_cron_expression_that_cannot_be_read_is_refused_also_here() -> None:
    wanted = Wanted(topic=Topic.DIGEST, when=AtCron(expression="0 0 30 2 *"))
    with pytest.raises(Refused, match="No year has the day"):
        next_slot(wanted, NO_TERMS, CALENDAR, ZONE, (), utc("2025-11-26T09:00"))


def test_slots_of_a_stretch_end_with_it_or_with_the_limit() -> None:
    wanted = read_wanted(["digest daily 12:00 UTC"])
    first, last = utc("2025-11-26T12:00"), utc("2025-11-29T12:00")
    found = upcoming(wanted, NO_TERMS, CALENDAR, ZONE, (), first, last, 10)
    assert [slot.key for slot in found] == ["2025-11-27T12:00Z", "2025-11-28T12:00Z", "2025-11-29T12:00Z"]
    assert upcoming(wanted, NO_TERMS, CALENDAR, ZONE, (), first, last, 2) == found[:2]
    assert upcoming(wanted, NO_TERMS, CALENDAR, ZONE, (), first, first, 2) == ()


def test_like_wishes_of_many_chats_ask_the_calendar_once() -> None:
    class Counting(MarketCalendar):
        asked = 0

        def of(self, ticker: str):  # type: ignore[no-untyped-def]  # as the base class has it
            self.asked += 1
            return super().of(ticker)

    calendar = Counting()
    for second in range(50):
        wanted = read_wanted(["verdicts NVDA weekdays 16:30"])
        after = utc("2025-11-26T12:00") + timedelta(seconds=second)
        assert next_slot(wanted, ChatTerms(), calendar, ZONE, (), after) is not None
    assert calendar.asked == 1
