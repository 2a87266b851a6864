"""What a chat may write after /subscribe, and the same in the one form in which it is shown."""

from datetime import time
from zoneinfo import available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.errors import Refused
from core.domain.instrument import parse_ticker
from core.domain.stage import Preset
from core.domain.subscription import EVERY_DAY, WEEKDAYS, AtCron, AtSession, AtTime, Topic, Wanted
from core.schedule.clock_words import read_zone
from core.schedule.reading import read_wanted
from core.schedule.vocabulary import DAY_NAMES, FILLERS
from core.schedule.wording import in_words, line_of


@pytest.mark.parametrize(
    ("line", "canonical"),
    [
        ("verdicts NVDA,AAPL weekdays 16:30", "verdicts NVDA,AAPL weekdays 16:30"),
        ("Verdicts nvda, aapl, on WEEKDAYS at 4:30 PM", "verdicts NVDA,AAPL weekdays 16:30"),
        ("verdicts $nvda and brk-b every weekday, 4:30pm", "verdicts NVDA,BRK-B weekdays 16:30"),
        ("verdicts NVDA NVDA,nvda daily 9:05", "verdicts NVDA daily 09:05"),
        (
            "verdicts watchlist 30 minutes before the close",
            "verdicts watchlist daily 30 minutes before close",
        ),
        ("verdicts for the watchlist, daily at close", "verdicts watchlist daily at close"),
        ("verdicts NVDA BTC-USD daily after close quick", "verdicts NVDA,BTC-USD daily after close quick"),
        ("verdicts NVDA quick mon-wed 9:00", "verdicts NVDA mondays,tuesdays,wednesdays 09:00 quick"),
        ("verdicts NVDA daily 16:30 preset deep", "verdicts NVDA daily 16:30 deep"),
        ("daily verdicts NVDA 16:30", "verdicts NVDA daily 16:30"),
        ("verdicts NVDA cron 30 16 * * 1-5", "verdicts NVDA cron 30 16 * * 1-5"),
        (
            "verdicts NVDA CRON 0,30 16 * * MON,FRI europe/london deep",
            "verdicts NVDA cron 0,30 16 * * mon,fri Europe/London deep",
        ),
        ("leaderboard fridays 17:00 America/New_York", "leaderboard fridays 17:00 America/New_York"),
        ("leaderboard mon,thu 9:05", "leaderboard mondays,thursdays 09:05"),
        ("leaderboard thursday and Tues 9:05", "leaderboard tuesdays,thursdays 09:05"),
        ("leaderboard fri-mon 12am", "leaderboard mondays,fridays,saturdays,sundays 00:00"),
        ("leaderboard", "leaderboard fridays after close"),
        ("leaderboard weekly", "leaderboard fridays after close"),
        ("leaderboard sundays", "leaderboard sundays after close"),
        ("leaderboard 17:00", "leaderboard fridays 17:00"),
        ("leaderboard daily after close", "leaderboard daily after close"),
        ("digest", "digest daily after close"),
        ("daily digest", "digest daily after close"),
        ("digest daily after close", "digest daily after close"),
        ("digest every day 15 minutes after the market closes", "digest daily after close"),
        ("digest before open", "digest daily 30 minutes before open"),
        ("digest before the market opens", "digest daily 30 minutes before open"),
        ("digest before close", "digest daily 30 minutes before close"),
        ("digest after open", "digest daily after open"),
        ("digest 1 hour after open", "digest daily 1 hour after open"),
        ("digest 90min after open", "digest daily 90 minutes after open"),
        ("digest 12h before open", "digest daily 12 hours before open"),
        ("digest at the open", "digest daily at open"),
        ("digest 0 minutes after close", "digest daily at close"),
        ("digest weekends 10am", "digest weekends 10:00"),
        ("digest sat sun 12 pm", "digest weekends 12:00"),
        ("digest daily 8:00 utc", "digest daily 08:00 UTC"),
        ("weekly review saturdays 10:00", "review saturdays 10:00"),
        ("review", "review saturdays 10:00"),
        ("Weekly Review", "review saturdays 10:00"),
        ("review sundays", "review sundays 10:00"),
        ("review 9:00 Asia/Tokyo", "review saturdays 09:00 Asia/Tokyo"),
        ("review Asia/Tokyo", "review saturdays 10:00 Asia/Tokyo"),
        ("alerts on", "alerts"),
        ("ALERTS", "alerts"),
        ("verdicts NVDA,ON,SUN weekdays 16:30", "verdicts NVDA,$ON,$SUN weekdays 16:30"),
        ("verdicts $open 16:30", "verdicts $OPEN daily 16:30"),
        ("verdicts CRON 16:30", "verdicts $CRON daily 16:30"),
        ("verdicts cron 30 minutes before close", "verdicts $CRON daily 30 minutes before close"),
        ("verdicts A M PM 16:30", "verdicts A,M,PM daily 16:30"),
        (
            "verdicts 7203.T 0700.HK ^GSPC EURUSD=X 16:30",
            "verdicts 7203.T,0700.HK,^GSPC,EURUSD=X daily 16:30",
        ),
    ],
)
def test_a_line_is_understood(line: str, canonical: str) -> None:
    wanted = read_wanted(line.split(" "))
    assert line_of(wanted) == canonical
    assert read_wanted([line]) == wanted


def test_a_line_becomes_the_wish_that_it_says() -> None:
    assert read_wanted(["verdicts NVDA,AAPL weekdays 16:30 Europe/London deep"]) == Wanted(
        topic=Topic.VERDICTS,
        when=AtTime(days=WEEKDAYS, at=time(16, 30), zone="Europe/London"),
        tickers=("NVDA", "AAPL"),
        preset=Preset.DEEP,
    )
    assert read_wanted(["verdicts watchlist before close"]) == Wanted(
        topic=Topic.VERDICTS, when=AtSession(edge="close", minutes=-30, days=EVERY_DAY)
    )
    assert read_wanted(["digest after close"]).when == AtSession(edge="close", minutes=15)
    assert read_wanted(["digest cron 0 9 * * 1"]).when == AtCron(expression="0 9 * * 1")
    assert read_wanted(["alerts"]) == Wanted(topic=Topic.ALERTS)


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("", "What should I send"),
        ("weather daily", "can't subscribe you to “weather”"),
        ("digets daily", "Did you mean digest"),
        ("alerts daily", "at no set time"),
        ("alerts off", "/unsubscribe NUMBER"),
        ("verdicts", "Which tickers"),
        ("verdicts weekdays 16:30", "Which tickers"),
        ("verdicts ON weekdays 16:30", r"If ON is one, write \$ON"),
        ("verdicts cron 30 16 * * 1-5", "Which tickers"),
        ("verdicts NVDA", "When"),
        ("verdicts NVDA weekdays", "When"),
        ("verdicts A,B,C,D,E,F weekdays 16:30", "6 tickers; a subscription takes up to 5"),
        ("verdicts NVDA watchlist 16:30", "either the watchlist or tickers"),
        ("verdicts AAPL,watchlist 16:30", "either the watchlist or tickers"),
        ("verdicts N/DA! weekdays 16:30", "Which tickers"),
        ("verdicts NVDA! weekdays 16:30", "“NVDA!” is not a ticker"),
        ("verdicts NVDA weekdais 16:30", "Did you mean weekdays"),
        ("verdicts NVDA weekdays 16:30 AAPL", "tickers come before the time"),
        ("verdicts NVDA weekdays AAPL 16:30", "tickers come first"),
        ("verdicts NVDA weekdays 16:30 fast", "“fast” is neither a preset"),
        ("verdicts NVDA weekdays 16:30 quik", "Did you mean quick"),
        ("verdicts NVDA weekdays 16:30 preset fast", "“fast” is not a preset"),
        ("verdicts NVDA weekdays 16:30 preset", "is not a preset"),
        ("verdicts NVDA weekdays 16:30 quick deep", "one preset, quick or deep"),
        ("digest quick", "Only verdicts take a preset"),
        ("digest NVDA daily", "“NVDA” as a time"),
        ("digest 25:00", "“25:00” is no time of day"),
        ("digest 16:60", "“16:60” is no time of day"),
        ("digest 16:30:00", "is no time of day"),
        ("digest 13pm", "“13pm” is no time of day"),
        ("digest 0am", "“0am” is no time of day"),
        ("digest 9", "“9” is no time of day"),
        ("digest 9:00 17:00", "one time"),
        ("digest 9:00 after close", "one time"),
        ("digest 9:00 Foo/Bar", "don't know the time zone “foo/bar”"),
        ("digest 9:00 Europe/Londn", "Did you mean Europe/London"),
        ("digest 9:00 Europe/London Asia/Tokyo", "one time zone"),
        ("digest after close Europe/London", "no time zone of your choice"),
        ("digest 30 minutes", "before or after what"),
        ("digest 30 minutes before", "Before what"),
        ("digest after lunch", "After what"),
        ("digest 13 hours after close", "more than 12 hours"),
        ("digest weekly", "Weekly on which day"),
        ("digest cron 0 0 31 2 *", "No year has the day"),
        ("digest cron 0 0 *", "five fields"),
        ("digest cron 0 99 * * *", "“99” is no hour"),
        ("digest fridays cron 0 9 * * *", "names its days itself"),
        ("digest dayly", "Did you mean daily"),
    ],
)
def test_anything_else_is_refused_with_a_sentence_of_its_own(line: str, sentence: str) -> None:
    with pytest.raises(Refused, match=sentence) as caught:
        read_wanted(line.split())
    assert str(caught.value)[-1] in "?." or "/subscribe" in str(caught.value)


@given(
    st.lists(
        st.sampled_from(
            [*Topic, "NVDA", "$ON", "16:30", "30", "minutes", "after", "the", "close", "cron", "*"]
        )
        | st.sampled_from(
            ["mon,thu", "quick", "weekdays", "Europe/London", ",", "weekly", "preset", "watchlist"]
        )
        | st.text(max_size=12),
        max_size=12,
    )
)
def test_any_words_are_a_wish_or_a_short_refusal(words: list[str]) -> None:
    try:
        wanted = read_wanted(words)
    except Refused as refused:
        assert str(refused).isprintable()
        assert len(str(refused)) < 300
    else:
        assert read_wanted([line_of(wanted)]) == wanted


DAYS = st.sets(st.integers(1, 7), min_size=1).map(lambda days: tuple(sorted(days)))
MINUTES = st.times().map(lambda at: at.replace(second=0, microsecond=0))
ZONES = st.none() | st.sampled_from(sorted(available_timezones() - {"localtime", "Factory", "posixrules"}))
CRON = st.tuples(
    st.sampled_from(["0", "*/15", "5,35", "10-20/5"]),
    st.sampled_from(["9", "*", "8-17"]),
    st.sampled_from(["*", "1", "1,15", "28-31"]),
    st.sampled_from(["*", "jan", "1-6"]),
    st.sampled_from(["*", "mon-fri", "0", "sat,sun"]),
).map(" ".join)
WHEN = st.one_of(
    st.builds(AtTime, days=DAYS, at=MINUTES, zone=ZONES),
    st.builds(AtSession, edge=st.sampled_from(["open", "close"]), minutes=st.integers(-720, 720), days=DAYS),
    st.builds(AtCron, expression=CRON, zone=ZONES),
)
# Words of times may be tickers too.
TICKERS = st.from_regex(r"\A\^?[A-Z0-9](?:[A-Z0-9=-]{0,8}[A-Z0-9])?\Z").map(str) | st.sampled_from(
    [
        *sorted({word.upper() for word in (*FILLERS, *DAY_NAMES) if word.isalpha()}),
        "CRON",
        "WATCHLIST",
        "MON",
        "OPEN",
        "UTC",
        "30",
        "10AM",
        "MON-FRI",
        "QUICK",
        "PRESET",
        "WEEKLY",
        "BRK.B",
    ]
)
WISHES = st.one_of(
    st.just(Wanted(topic=Topic.ALERTS)),
    st.builds(Wanted, topic=st.sampled_from([Topic.DIGEST, Topic.REVIEW, Topic.LEADERBOARD]), when=WHEN),
    st.builds(
        Wanted,
        topic=st.just(Topic.VERDICTS),
        when=WHEN,
        tickers=st.lists(TICKERS.map(parse_ticker), max_size=5, unique=True).map(tuple),
        preset=st.none() | st.sampled_from(Preset),
    ),
)


@given(WISHES)
def test_the_line_of_a_wish_is_read_as_that_wish_in_any_case(wanted: Wanted) -> None:
    line = line_of(wanted)
    assert read_wanted(line.split()) == wanted
    assert read_wanted([line.upper()]) == wanted


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("verdicts NVDA weekdays 16:30", "on weekdays at 16:30 (America/New_York)"),
        ("verdicts NVDA daily 9:05 Europe/London", "every day at 09:05 (Europe/London)"),
        ("verdicts watchlist 30 minutes before the close", "30 minutes before the close"),
        ("digest daily after close", "every day after the close"),
        ("digest at open", "every day at the open"),
        ("digest 1 hour after open", "1 hour after the open"),
        ("digest 2 hours before open weekdays", "on weekdays 2 hours before the open"),
        ("leaderboard", "on Fridays after the close"),
        ("leaderboard mon,thu,sat 9:00", "on Mondays, Thursdays and Saturdays at 09:00 (America/New_York)"),
        ("review weekends", "on weekends at 10:00 (America/New_York)"),
        ("digest cron 0 9 1 * *", "by cron 0 9 1 * * (America/New_York)"),
        ("alerts", "when something happens"),
    ],
)
def test_a_time_is_told_in_words(line: str, words: str) -> None:
    assert in_words(read_wanted([line]).when, "America/New_York") == words


def test_a_zone_is_read_in_any_case_and_spelt_as_the_database_has_it() -> None:
    assert read_zone("america/new_york") == "America/New_York"
    assert read_zone(" utc ") == "UTC"
    with pytest.raises(Refused, match="don't know the time zone “Mars/Base”"):
        read_zone("Mars/Base")
