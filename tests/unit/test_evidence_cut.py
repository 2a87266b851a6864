"""What may pass into evidence, whatever vendors say."""

import random
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.config.market import EvidenceLimits
from core.domain.evidence_items import Filing, MacroReading, Mood, NewsItem
from core.market.evidence_cut import (
    SNAPSHOT_WITHIN,
    cut_filings,
    cut_moods,
    cut_news,
    cut_readings,
    cut_snapshot,
)
from tests.evidence_double import AS_OF, figure, filing, mood, news, reading, snapshot

LIMITS = EvidenceLimits()
SECOND = timedelta(seconds=1)
DAY = timedelta(days=1)

offsets = st.timedeltas(timedelta(days=-12), timedelta(days=12)) | st.sampled_from(
    [timedelta(0), SECOND, -SECOND]
)
zones = st.integers(-14, 14).map(lambda hours: timezone(timedelta(hours=hours)))
moments = st.builds(lambda offset, zone: (AS_OF + offset).astimezone(zone), offsets, zones)
words = st.text("abc ABC!?", min_size=1, max_size=6).filter(str.strip)
urls = st.sampled_from(
    [
        "https://a.example/1",
        "https://a.example/1?utm_source=x",
        "https://a.example/1?id=2",
        "https://B.example/2#top",
    ]
)
items = st.builds(
    NewsItem,
    title=words,
    summary=st.text(max_size=10),
    vendor=st.just("one"),
    published_at=st.none() | moments,
    url=st.none() | urls,
)
moods = st.builds(Mood, vendor=st.just("one"), at=st.none() | moments, text=st.text(max_size=10))
days = st.dates(date(2025, 6, 1), date(2025, 12, 31))
filings = st.builds(
    Filing,
    vendor=st.just("one"),
    period_end=days,
    annual=st.booleans(),
    figures=st.sampled_from([(), (figure(),), (figure(value="13"),)]),
    filed_on=st.none() | days,
    reported_on=st.none() | days,
)
readings = st.builds(
    MacroReading,
    vendor=st.just("one"),
    series=st.sampled_from(["GDP", "UNRATE"]),
    title=st.just("A series"),
    period=days,
    released_on=days,
    value=st.decimals(0, 10, places=1),
)
limits = st.builds(
    EvidenceLimits,
    news_items=st.integers(0, 4),
    news_characters=st.integers(0, 60),
    news_days=st.integers(1, 9),
    sentiment_items=st.integers(0, 4),
    sentiment_characters=st.integers(0, 60),
    sentiment_days=st.integers(1, 9),
    filings=st.integers(0, 4),
    macro_readings=st.integers(0, 3),
)


def later(at: datetime | None) -> bool:
    return at is not None and at > AS_OF


@given(st.lists(items), limits, st.booleans())
def test_no_news_from_after_the_moment_passes_and_the_caps_hold(
    said: list[NewsItem], configured: EvidenceLimits, live: bool
) -> None:
    cut = cut_news(said, AS_OF, configured, live=live)

    times = [item.published_at for item in cut]
    dated = [at for at in times if at is not None]
    assert all(AS_OF - timedelta(days=configured.news_days) <= at <= AS_OF for at in dated)
    assert dated == sorted(dated, reverse=True)
    assert times == [*dated, *([None] * (len(times) - len(dated)))]
    assert live or None not in times
    assert len(cut) <= configured.news_items
    signs = sum(len(item.title) + len(item.summary) + len(item.publisher) for item in cut)
    assert signs <= configured.news_characters


@given(st.lists(items), limits, st.booleans(), st.lists(items), st.randoms(use_true_random=False))
def test_news_from_after_the_moment_and_the_order_of_telling_change_nothing(
    said: list[NewsItem],
    configured: EvidenceLimits,
    live: bool,
    others: list[NewsItem],
    chance: random.Random,
) -> None:
    known = cut_news(said, AS_OF, configured, live=live)
    then = [item for item in said if not later(item.published_at)]
    more = [*said, *(item for item in others if later(item.published_at))]
    chance.shuffle(more)

    assert cut_news(then, AS_OF, configured, live=live) == known
    assert cut_news(more, AS_OF, configured, live=live) == known


@given(st.lists(items))
def test_no_two_items_share_an_address_or_a_title(said: list[NewsItem]) -> None:
    cut = cut_news(said, AS_OF, LIMITS, live=True)

    titles = ["".join(filter(str.isalnum, item.title.casefold())) or item.title for item in cut]
    addresses = [item.url.partition("#")[0].lower().removesuffix("?utm_source=x") for item in cut if item.url]
    assert len(set(titles)) == len(titles)
    assert len(set(addresses)) == len(addresses)


@given(st.lists(moods), limits, st.booleans(), st.randoms(use_true_random=False))
def test_no_mood_from_after_the_moment_passes_and_the_order_of_telling_changes_nothing(
    said: list[Mood], configured: EvidenceLimits, live: bool, chance: random.Random
) -> None:
    cut = cut_moods(said, AS_OF, configured, live=live)
    then = [one for one in said if not later(one.at)]
    chance.shuffle(then)

    assert cut_moods(then, AS_OF, configured, live=live) == cut
    dated = [one.at for one in cut if one.at is not None]
    assert all(AS_OF - timedelta(days=configured.sentiment_days) <= at <= AS_OF for at in dated)
    assert dated == sorted(dated, reverse=True)
    assert live or len(dated) == len(cut)
    assert len(cut) <= configured.sentiment_items
    assert sum(len(one.text) for one in cut) <= configured.sentiment_characters


@given(st.lists(filings), limits, st.randoms(use_true_random=False))
def test_no_figures_pass_that_were_not_known_yet(
    said: list[Filing], configured: EvidenceLimits, chance: random.Random
) -> None:
    cut = cut_filings(said, AS_OF, configured)

    assert all(one.known_on is not None and one.known_on < AS_OF.date() for one in cut)
    told = [one.filed_on or one.reported_on for one in cut]
    assert all(
        one.figures and (day is None) != (one.lag_days is None) for one, day in zip(cut, told, strict=True)
    )
    periods = [(one.period_end, one.annual) for one in cut]
    assert periods == sorted(set(periods), reverse=True)
    assert len(cut) <= configured.filings
    then = [one for one in said if (day := one.filed_on or one.reported_on) is None or day < AS_OF.date()]
    chance.shuffle(then)
    assert cut_filings(then, AS_OF, configured) == cut


@given(st.lists(readings), limits, st.randoms(use_true_random=False))
def test_no_reading_passes_before_its_release(
    said: list[MacroReading], configured: EvidenceLimits, chance: random.Random
) -> None:
    cut = cut_readings(said, AS_OF, configured)

    assert all(one.released_on < AS_OF.date() for one in cut)
    for name in ("GDP", "UNRATE"):
        periods = [one.period for one in cut if one.series == name]
        assert periods == sorted(set(periods), reverse=True)
        assert len(periods) <= configured.macro_readings
    then = [one for one in said if one.released_on < AS_OF.date()]
    chance.shuffle(then)
    assert cut_readings(then, AS_OF, configured) == cut


def test_news_of_the_very_moment_passes_and_a_second_later_does_not() -> None:
    said = [news("on time"), news("too late", AS_OF + SECOND), news("too old", AS_OF - 7 * DAY - SECOND)]

    assert [item.title for item in cut_news(said, AS_OF, LIMITS, live=True)] == ["on time"]


def test_the_earliest_of_the_same_news_is_kept() -> None:
    said = [
        news("Shares jump!", AS_OF - SECOND, url="https://a.example/x?from=feed"),
        news("SHARES JUMP", AS_OF - 3 * SECOND),
        news("Another title", AS_OF - 2 * SECOND, url="https://A.example/x/#top"),
        news("shares: jump", None),
    ]

    cut = cut_news(said, AS_OF, LIMITS, live=True)

    assert [(item.title, item.published_at) for item in cut] == [
        ("Another title", AS_OF - 2 * SECOND),
        ("SHARES JUMP", AS_OF - 3 * SECOND),
    ]


def test_items_are_whole_and_none_is_taken_after_the_first_that_does_not_fit() -> None:
    said = [news("aaaa", AS_OF), news("b" * 20, AS_OF - SECOND), news("cc", AS_OF - 2 * SECOND)]

    cut = cut_news(said, AS_OF, EvidenceLimits(news_characters=10), live=True)

    assert [item.title for item in cut] == ["aaaa"]


def test_times_come_out_in_utc_whatever_their_zone() -> None:
    tokyo = AS_OF.astimezone(timezone(timedelta(hours=9)))

    (item,) = cut_news([news("x", tokyo)], AS_OF, LIMITS, live=False)

    assert item.published_at is not None
    assert item.published_at.tzinfo is UTC
    assert item.model_dump_json() == news("x", AS_OF).model_dump_json()


def test_the_lag_is_put_in_where_nobody_knows_the_day_of_the_filing() -> None:
    said = [
        filing("2025-09-13"),
        filing("2025-09-14"),
        filing("2025-07-30", annual=True),
        filing("2025-07-31", annual=True),
        filing("2025-06-30", "2025-08-01", lag_days=3),
    ]

    cut = cut_filings(said, AS_OF, LIMITS)

    assert [(one.period_end, one.lag_days, one.known_on) for one in cut] == [
        (date(2025, 9, 13), 45, date(2025, 10, 28)),
        (date(2025, 7, 30), 90, date(2025, 10, 28)),
        (date(2025, 6, 30), None, date(2025, 8, 1)),
    ]


def test_the_restatement_that_was_known_last_counts() -> None:
    first = filing("2025-06-30", "2025-08-01")
    restated = filing("2025-06-30", "2025-09-01", figures=(figure(value="11"),))
    not_yet = filing("2025-06-30", "2025-11-01", figures=(figure(value="9"),))

    assert cut_filings([not_yet, restated, first], AS_OF, LIMITS) == (restated,)


@pytest.mark.parametrize("hour", [0, 11, 23])
def test_what_became_known_on_the_very_day_counts_from_the_day_after_whatever_the_hour(hour: int) -> None:
    at = datetime(2025, 10, 29, hour, 59, tzinfo=UTC)
    filed = filing("2025-09-30", "2025-10-29")
    reported = filing("2025-09-30", reported_on=date(2025, 10, 29))
    released = reading("GDP", "2025-07-01", "2025-10-29")
    before = reading("GDP", "2025-07-01", "2025-09-25", "3.8")

    assert cut_filings([filed], at, LIMITS) == ()
    assert cut_filings([filed], at + DAY, LIMITS) == (filed.model_copy(update={"lag_days": None}),)
    assert cut_filings([reported], at, LIMITS) == ()
    assert cut_filings([reported], at + DAY, LIMITS) == (reported,)
    assert cut_readings([released, before], at, LIMITS) == (before,)
    assert cut_readings([released, before], at + DAY, LIMITS) == (released,)


def test_the_day_is_that_of_utc_wherever_the_moment_was_told() -> None:
    evening = datetime(2025, 10, 29, 21, 30, tzinfo=timezone(timedelta(hours=-4)))

    assert cut_filings([filing("2025-09-30", "2025-10-29")], evening, LIMITS)
    assert cut_readings([reading("GDP", "2025-07-01", "2025-10-29")], evening, LIMITS)


def test_a_snapshot_is_for_the_present_alone_and_not_from_the_future() -> None:
    soon = snapshot(AS_OF + SECOND)

    assert cut_snapshot(soon, AS_OF, live=True) == soon
    assert cut_snapshot(soon, AS_OF, live=False) is None
    assert cut_snapshot(snapshot(AS_OF + SNAPSHOT_WITHIN + SECOND), AS_OF, live=True) is None
    assert cut_snapshot(soon.model_copy(update={"figures": ()}), AS_OF, live=True) is None
    assert cut_snapshot(None, AS_OF, live=True) is None


def test_of_several_releases_the_last_one_known_counts() -> None:
    said = [
        reading("UNRATE", "2025-08-01", "2025-09-05", "4.3"),
        reading("UNRATE", "2025-08-01", "2025-10-03", "4.4"),
        reading("UNRATE", "2025-08-01", "2025-11-20", "4.5"),
        reading("GDP", "2025-07-01", "2025-10-29"),
    ]

    (known,) = cut_readings(said, AS_OF, LIMITS)

    assert known.value == Decimal("4.4")


def test_equal_times_have_one_order() -> None:
    said = [news("b"), news("a"), news("c")]

    one, two = (cut_news(order, AS_OF, LIMITS, live=True) for order in (said, said[::-1]))

    assert one == two
    assert [mood.text for mood in cut_moods([mood("y"), mood("x"), mood("y")], AS_OF, LIMITS, live=True)] == [
        "y",
        "x",
    ]
