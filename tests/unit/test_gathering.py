"""The gathering: chains of vendors that answer, hang, refuse, break or have nothing."""

import asyncio
import json
import logging
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import settings as checks
from hypothesis import strategies as st

from core.clock import ManualClock
from core.config import Settings
from core.config.market import EvidenceLimits
from core.domain.errors import (
    StoreError,
    VendorFailure,
    VendorNotConfigured,
    VendorRateLimited,
    VendorTimeout,
)
from core.domain.evidence_items import NOTHING_GATHERED, EvidenceKind, Gathered
from core.domain.vendor_answers import Question
from core.market.asked_vendor import AskedVendor
from core.market.evidence_vendors import build_gatherer
from core.market.gathering import Gatherer, KindChain
from tests.evidence_double import (
    AS_OF,
    FULL,
    HOUR,
    EvidenceDouble,
    Remembered,
    ask_news,
    asked,
    filing,
    identity,
    mood,
    news,
    reading,
    snapshot,
)
from tests.shared_clock import settled


def gatherer(*vendors: AskedVendor, named: bool = True, limits: EvidenceLimits | None = None) -> Gatherer:
    """All vendors in the chain of every kind."""
    chains = {kind: KindChain(vendors, named) for kind in EvidenceKind}
    return Gatherer(chains, vendors, limits or EvidenceLimits())


def news_gatherer(*vendors: AskedVendor) -> Gatherer:
    return Gatherer({EvidenceKind.NEWS: KindChain(vendors, named=True)}, vendors, EvidenceLimits())


def reasons(gathered: Gathered) -> list[tuple[str, str, str]]:
    return [(one.kind.value, one.vendor, one.reason) for one in gathered.absences]


async def forever() -> None:
    await asyncio.Event().wait()


async def test_one_vendor_hangs_one_is_rate_limited_and_the_third_answers() -> None:
    hanging = asked("hanging", EvidenceDouble(news=forever), timeout_s=0.01, grace_s=0.0)
    refusing = asked("refusing", EvidenceDouble(news=VendorRateLimited("refusing", "asks to slow down.")))
    answering = asked("answering", EvidenceDouble(news=FULL["news"]))

    gathered = await news_gatherer(hanging, refusing, answering).gather("NVDA", AS_OF, live=True)

    assert [item.title for item in gathered.news] == ["one", "two"]
    assert reasons(gathered) == [
        ("news", "hanging", "no answer within 0.01 seconds"),
        ("news", "refusing", "asks to slow down"),
    ]


async def test_of_each_kind_the_first_vendor_with_something_wins() -> None:
    first, second = EvidenceDouble(news=FULL["news"]), EvidenceDouble(**FULL)

    gathered = await gatherer(asked("first", first), asked("second", second)).gather("NVDA", AS_OF, live=True)

    assert second.times("news") == 0
    assert gathered.identity == identity()
    assert gathered.fundamentals == FULL["filings"]
    assert gathered.snapshot == snapshot()
    assert (gathered.sentiment, gathered.macro) == (FULL["moods"], FULL["readings"])
    assert reasons(gathered) == [
        ("identity", "first", "has none"),
        ("fundamentals", "first", "has none"),
        ("fundamentals", "first", "has no ratios of the moment"),
        ("sentiment", "first", "has none"),
        ("macro", "first", "has none"),
    ]


async def test_when_nobody_has_anything_each_vendor_says_why() -> None:
    one = asked("one", EvidenceDouble(news=VendorNotConfigured("one", "no key, the variable KEY is not set")))
    two = asked("two", EvidenceDouble())

    gathered = await news_gatherer(one, two).gather("NVDA", AS_OF, live=False)

    assert gathered.news == ()
    assert reasons(gathered) == [
        ("news", "one", "no key, the variable KEY is not set"),
        ("news", "two", "has none"),
    ]


async def test_what_is_left_after_the_cut_decides_who_has_something() -> None:
    only_new = asked("new", EvidenceDouble(news=(news("tomorrow", AS_OF + HOUR),)))
    archive = asked("archive", EvidenceDouble(news=(news("yesterday", AS_OF - HOUR),)))

    gathered = await news_gatherer(only_new, archive).gather("NVDA", AS_OF, live=False)

    assert [item.title for item in gathered.news] == ["yesterday"]
    assert reasons(gathered) == [("news", "new", "has none")]


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (ZeroDivisionError("https://example.com/?key=made-up-secret"), "it failed inside"),
        (TimeoutError(), "no answer within 6 seconds"),
        ([{"title": 3}], "its answer could not be read"),
        ("<html>sorry</html>", "its answer could not be read"),
        (None, "its answer could not be read"),
        (VendorFailure("one", " \u200b "), "gave nothing usable"),
        (VendorFailure("one", "x" * 5000), f"{'x' * 198} …"),
        (asyncio.CancelledError(), "it was stopped"),
    ],
)
async def test_a_bug_of_one_vendor_is_an_absence_and_its_words_stay_inside(
    said: object, reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.ERROR)
    said = said if isinstance(said, BaseException) else lambda value=said: value

    gathered = await news_gatherer(asked("one", EvidenceDouble(news=said))).gather("NVDA", AS_OF, live=True)

    assert reasons(gathered) == [("news", "one", reason)]
    inside = reason in {"it failed inside", "its answer could not be read"}
    assert bool(caplog.records) is inside


async def test_a_vendor_that_cannot_be_made_is_an_absence() -> None:
    def made() -> None:
        raise ImportError("no such module")

    gathered = await news_gatherer(asked("one", EvidenceDouble(), made=made)).gather("NVDA", AS_OF, live=True)

    assert reasons(gathered) == [("news", "one", "it failed inside")]


async def test_for_the_past_no_snapshot_is_asked_for_and_undated_items_are_dropped() -> None:
    vendor = EvidenceDouble(**{**FULL, "news": (news("no date", None),), "moods": (mood("no date", None),)})

    past = await gatherer(asked("one", vendor)).gather("NVDA", AS_OF, live=False)
    present = await gatherer(asked("one", vendor)).gather("NVDA", AS_OF, live=True)

    assert (past.snapshot, past.news, past.sentiment) == (None, (), ())
    assert (present.snapshot, len(present.news), len(present.sentiment)) == (snapshot(), 1, 1)
    assert vendor.times("snapshot") == 1


async def test_a_kind_of_which_nothing_may_be_shown_is_not_asked_for() -> None:
    limits = EvidenceLimits(news_items=0, sentiment_characters=0, filings=0, macro_readings=0)
    vendor = EvidenceDouble(**FULL)

    gathered = await gatherer(asked("one", vendor), limits=limits).gather("NVDA", AS_OF, live=False)

    assert {question for question, _ in vendor.asked} == {"identity"}
    assert gathered == Gathered(identity=identity())


async def test_vendors_that_came_with_prices_alone_are_left_out_where_only_named_ones_are_wanted() -> None:
    vendor = EvidenceDouble(**FULL)

    derived = gatherer(asked("one", vendor), named=False)

    assert await derived.gather("NVDA", AS_OF, live=False, named_only=True) is NOTHING_GATHERED
    assert vendor.asked == []
    assert (await derived.gather("NVDA", AS_OF, live=False)).news


async def test_nothing_configured_is_nothing_asked() -> None:
    settings = Settings.model_validate({"market": {"prices": ["csv", "sample"]}})
    empty = build_gatherer(settings, ManualClock(AS_OF), Remembered())

    assert await empty.gather("NVDA", AS_OF, live=True) is NOTHING_GATHERED


async def test_all_kinds_are_asked_at_the_same_time() -> None:
    waiting = asyncio.Event()
    doubles = [
        EvidenceDouble(**{method: waiting.wait}) for method in ("identity", "news", "filings", "moods")
    ]
    kinds = [EvidenceKind.IDENTITY, EvidenceKind.NEWS, EvidenceKind.FUNDAMENTALS, EvidenceKind.SENTIMENT]
    chains = {
        kind: KindChain((asked(kind.value, double),), named=True)
        for kind, double in zip(kinds, doubles, strict=True)
    }

    task = asyncio.create_task(Gatherer(chains, (), EvidenceLimits()).gather("NVDA", AS_OF, live=False))
    await settled()

    assert [len(double.asked) for double in doubles] == [1, 1, 1, 1]
    task.cancel()


@checks(max_examples=30)
@given(
    st.lists(st.integers(-200, 200), max_size=12),
    st.lists(st.integers(1, 200), max_size=6),
    st.booleans(),
    st.integers(0, 3),
)
def test_what_is_later_than_the_moment_changes_not_one_byte(
    hours: list[int], later: list[int], emptied: bool, order: int
) -> None:
    def gathered(shown: list[int]) -> str:
        items = tuple(news(f"title {hour}", AS_OF + hour * HOUR) for hour in shown)
        posts = tuple(mood(f"post {hour}", AS_OF + hour * HOUR) for hour in shown)
        days = [(AS_OF + hour * HOUR).date() for hour in shown]
        filed = tuple(filing("2025-07-27", day.isoformat()) for day in days)
        released = tuple(reading("GDP", "2025-04-01", day.isoformat()) for day in days)
        said = {"news": items, "moods": posts, "filings": filed, "readings": released}
        one, two = asked("one", EvidenceDouble(**said)), asked("two", EvidenceDouble(**FULL))
        result = asyncio.run(gatherer(one, two).gather("NVDA", AS_OF, live=False))
        return result.model_dump_json()

    known = [hour for hour in hours if hour <= 0]
    changed = [*known, *later]
    changed = changed[order:] + changed[:order]

    assert gathered(known if emptied else hours) == gathered(changed)


async def test_the_same_answers_give_the_same_bytes_fresh_or_remembered() -> None:
    memory, vendor = Remembered(), EvidenceDouble(**FULL)
    one = gatherer(asked("one", vendor, memory=memory))
    two = gatherer(asked("one", vendor, memory=memory))

    fresh = await one.gather("NVDA", AS_OF, live=True)
    times = len(vendor.asked)
    kept = await two.gather("NVDA", AS_OF, live=True)

    assert fresh.model_dump_json() == kept.model_dump_json()
    assert len(vendor.asked) == times


async def test_an_empty_answer_is_remembered_and_a_failure_is_not() -> None:
    memory = Remembered()
    empty, failing = EvidenceDouble(), EvidenceDouble(identity=VendorTimeout("two", "too slow"))
    for _ in range(3):
        chain = gatherer(asked("one", empty, memory=memory), asked("two", failing, memory=memory))
        await chain.gather("NVDA", AS_OF, live=True)

    assert (empty.times("identity"), empty.times("snapshot")) == (1, 1)
    assert failing.times("identity") == 3


async def test_a_remembered_answer_is_uncut_so_that_another_moment_has_its_own() -> None:
    vendor = EvidenceDouble(filings=(filing("2025-07-27", "2025-10-28"),))
    chain = gatherer(asked("one", vendor))

    early = await chain.gather("NVDA", AS_OF - timedelta(days=1), live=False)
    late = await chain.gather("NVDA", AS_OF, live=False)

    assert (len(early.fundamentals), len(late.fundamentals)) == (0, 1)
    assert vendor.times("filings") == 1


async def test_for_the_past_each_moment_is_asked_for_by_itself() -> None:
    vendor = EvidenceDouble(news=FULL["news"])
    chain = news_gatherer(asked("one", vendor))

    for as_of in (AS_OF, AS_OF, AS_OF - HOUR):
        await chain.gather("NVDA", as_of, live=False)

    assert [words[2] for question, words in vendor.asked] == [AS_OF, AS_OF - HOUR]
    assert vendor.asked[0][1] == ("NVDA", AS_OF - timedelta(days=7), AS_OF)


async def test_what_is_of_the_whole_market_is_asked_once_for_all_tickers() -> None:
    vendor = EvidenceDouble(**FULL)
    chain = gatherer(asked("one", vendor))

    await asyncio.gather(*(chain.gather(ticker, AS_OF, live=True) for ticker in ("NVDA", "AAPL", "MSFT")))

    assert (vendor.times("readings"), vendor.times("news")) == (1, 3)


async def test_a_kept_answer_about_the_whole_market_is_read_once_and_a_newer_one_again() -> None:
    memory, vendor = Remembered(), EvidenceDouble(**FULL)
    chain = gatherer(asked("one", vendor, memory=memory))
    for _ in range(2):
        first = await chain.gather("NVDA", AS_OF, live=True)
    second = await chain.gather("AAPL", AS_OF, live=True)
    (key,) = [key for key in memory.kept if key.question is Question.READINGS]
    text, expires = memory.kept[key]
    memory.kept[key] = text.replace("4.1", "4.2"), expires
    third = await chain.gather("MSFT", AS_OF, live=True)

    assert first.macro[0] is second.macro[0]
    assert [str(each.macro[0].value) for each in (first, second, third)] == ["4.1", "4.1", "4.2"]


async def test_a_memory_that_fails_costs_a_question_and_no_run(caplog: pytest.LogCaptureFixture) -> None:
    memory = Remembered()
    memory.failure = StoreError("The database is busy.")
    vendor = EvidenceDouble(news=FULL["news"])

    gathered = await news_gatherer(asked("one", vendor, memory=memory)).gather("NVDA", AS_OF, live=True)

    assert len(gathered.news) == 2
    assert gathered.absences == ()
    assert "The database is busy." in caplog.text


async def test_those_who_ask_the_same_at_once_share_one_question_also_when_one_of_them_leaves() -> None:
    answer = asyncio.Event()

    async def slow() -> object:
        await answer.wait()
        return FULL["news"]

    double = EvidenceDouble(news=slow)
    vendor = asked("one", double)
    waiting = [asyncio.create_task(ask_news(vendor)) for _ in range(3)]
    await settled()
    waiting[0].cancel()
    await settled()
    answer.set()

    assert len(await waiting[1]) == len(await waiting[2]) == 2
    assert waiting[0].cancelled()
    assert double.times("news") == 1


async def test_closing_stops_a_question_and_closes_the_vendor() -> None:
    double = EvidenceDouble(news=forever)
    vendor = asked("one", double)
    waiting = asyncio.create_task(ask_news(vendor))
    await settled()

    await Gatherer({}, (vendor,), EvidenceLimits()).close()

    with pytest.raises(VendorFailure, match="it was stopped"):
        await waiting
    assert double.closed


def test_a_gathering_says_the_same_in_json_again() -> None:
    gathered = asyncio.run(gatherer(asked("one", EvidenceDouble(**FULL))).gather("NVDA", AS_OF, live=True))

    assert Gathered.model_validate(json.loads(gathered.model_dump_json())) == gathered
    assert gathered.macro[0].period == date(2025, 4, 1)
    assert gathered.news[0].published_at == datetime(2025, 10, 29, 20, tzinfo=UTC)
