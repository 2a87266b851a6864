"""An answer of which a part could not be had: used, named as lacking it, and asked for again soon."""

from datetime import timedelta

import pytest

from core.clock import ManualClock
from core.config.market import EvidenceLimits
from core.domain.errors import VendorRateLimited, VendorTimeout, VendorUnreachable
from core.domain.evidence_items import EvidenceKind, Gathered, MacroReading, NewsItem
from core.market.asked_vendor import PARTLY_KEPT_S, AskedVendor
from core.market.evidence_port import Missing, Partly
from core.market.gathering import Gatherer, KindChain
from core.pipeline.facts import evidence_text
from tests import packs
from tests.evidence_double import AS_OF, FULL, EvidenceDouble, Remembered, asked, news, reading

LOST = Missing("CPIAUCSL", VendorTimeout("fred", "no answer within 10 seconds."))
GDP = reading("GDP", "2025-04-01", "2025-07-30")
CPI = reading("CPIAUCSL", "2025-09-01", "2025-10-24")
LACKING: Partly[MacroReading] = Partly((GDP,), (LOST,))
HALF: Partly[NewsItem] = Partly(
    (news("own"),), (Missing("the news of the market", VendorUnreachable("one", "HTTP 500")),)
)


def gatherer(kind: EvidenceKind, *vendors: AskedVendor) -> Gatherer:
    return Gatherer({kind: KindChain(vendors, True)}, vendors, EvidenceLimits())


async def macro(*vendors: AskedVendor) -> Gathered:
    return await gatherer(EvidenceKind.MACRO, *vendors).gather("NVDA", AS_OF, live=True)


def reasons(gathered: Gathered) -> list[tuple[str, str]]:
    return [(one.vendor, one.reason) for one in gathered.absences]


async def test_what_was_had_is_used_and_what_is_missing_is_an_absence() -> None:
    pack = await macro(asked("fred", EvidenceDouble(readings=LACKING)))

    assert pack.macro == (GDP,)
    assert reasons(pack) == [("fred", "without CPIAUCSL (no answer within 10 seconds)")]


async def test_the_parts_are_asked_for_again_after_a_minute_and_a_whole_answer_is_kept() -> None:
    clock, memory = ManualClock(AS_OF), Remembered()
    answers = [LACKING, (GDP, CPI)]
    double = EvidenceDouble(readings=lambda: answers.pop(0))
    vendor = asked("fred", double, clock=clock, memory=memory)

    first = await macro(vendor)
    clock.advance(PARTLY_KEPT_S - 1)
    assert await macro(vendor) == first
    assert double.times("readings") == 1
    assert memory.kept == {}

    clock.advance(2)
    whole = await macro(vendor)
    clock.advance(3600)
    assert await macro(vendor) == whole
    assert {one.series for one in whole.macro} == {"GDP", "CPIAUCSL"}
    assert whole.absences == ()
    assert double.times("readings") == 2


async def test_news_of_another_process_are_those_that_were_whole() -> None:
    memory = Remembered()
    broken = asked("one", EvidenceDouble(news=HALF), memory=memory)
    sound = asked("one", EvidenceDouble(news=FULL["news"]), memory=memory)

    half = await gatherer(EvidenceKind.NEWS, broken).gather("NVDA", AS_OF, live=True)
    whole = await gatherer(EvidenceKind.NEWS, sound).gather("NVDA", AS_OF, live=True)

    assert [item.title for item in half.news] == ["own"]
    assert reasons(half) == [("one", "without the news of the market (HTTP 500)")]
    assert [item.title for item in whole.news] == ["one", "two"]


async def test_where_nothing_is_left_the_next_vendor_is_asked_and_both_reasons_are_told() -> None:
    none = asked("first", EvidenceDouble(readings=Partly((), (LOST,))))
    pack = await macro(none, asked("second", EvidenceDouble(readings=(GDP,))))

    assert pack.macro == (GDP,)
    assert reasons(pack) == [
        ("first", "without CPIAUCSL (no answer within 10 seconds)"),
        ("first", "has none"),
    ]


async def test_a_part_that_was_refused_for_asking_too_often_leaves_the_vendor_alone() -> None:
    refused = Partly((GDP,), (Missing("CPIAUCSL", VendorRateLimited("fred", "asks to slow down")),))
    clock, double = ManualClock(AS_OF), EvidenceDouble(readings=refused)
    vendor = asked("fred", double, clock=clock)
    await macro(vendor)

    later = gatherer(EvidenceKind.MACRO, vendor)
    pack = await later.gather("NVDA", AS_OF - timedelta(days=3), live=False)

    assert reasons(pack) == [("fred", "asks to slow down")]
    assert double.times("readings") == 1


async def test_members_read_what_is_missing_in_the_first_line_of_the_section() -> None:
    lost = (await macro(asked("one", EvidenceDouble(readings=LACKING)))).absences

    text = evidence_text(packs.evidence(2).model_copy(update={"macro": (GDP,), "absences": lost}))

    assert "macro: 1 reading, without CPIAUCSL (no answer within 10 seconds)\n" in text


@pytest.mark.parametrize("vendor", ["first", "alpha_vantage"])
async def test_the_reasons_of_vendors_before_the_one_that_answered_stay_out_of_the_section(
    vendor: str,
) -> None:
    lost = (await macro(asked(vendor, EvidenceDouble(readings=LACKING)))).absences

    text = evidence_text(packs.evidence(2).model_copy(update={"macro": (GDP,), "absences": lost}))

    assert "macro: 1 reading\n" in text
