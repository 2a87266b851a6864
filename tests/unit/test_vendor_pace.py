"""A vendor is asked at its own pace, and left alone when it asks for that."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.clock import ManualClock
from core.domain.errors import (
    VendorRateLimited,
)
from core.domain.vendor_answers import Question
from core.market.vendor_pace import COOL_DOWN_S, Rate, VendorPace
from tests.evidence_double import (
    AS_OF,
    FULL,
    EvidenceDouble,
    ask_news,
    asked,
)
from tests.shared_clock import SharedClock, settled


async def test_a_rate_limited_vendor_is_left_alone_until_the_cool_down_is_over() -> None:
    clock = ManualClock(AS_OF)
    double = EvidenceDouble(news=VendorRateLimited("one", "asks to slow down"))
    vendor = asked("one", double, clock=clock)
    with pytest.raises(VendorRateLimited, match="asks to slow down"):
        await ask_news(vendor)

    clock.advance(COOL_DOWN_S - 1)
    for ticker in ("NVDA", "AAPL"):
        with pytest.raises(VendorRateLimited, match="asks to slow down"):
            await ask_news(vendor, ticker)
    assert double.times("news") == 1

    clock.advance(1)
    double.said["news"] = FULL["news"]
    assert len(await ask_news(vendor)) == 2


async def test_what_is_remembered_is_told_also_while_the_vendor_is_left_alone() -> None:
    clock = ManualClock(AS_OF)
    double = EvidenceDouble(news=FULL["news"], identity=VendorRateLimited("one", "asks to slow down"))
    vendor = asked("one", double, clock=clock)
    await ask_news(vendor)
    with pytest.raises(VendorRateLimited):
        await vendor.ask(Question.IDENTITY, "NVDA", "", "NVDA")

    assert len(await ask_news(vendor)) == 2


async def test_questions_wait_for_the_vendors_pace_and_those_that_would_wait_too_long_are_not_put() -> None:
    clock = SharedClock(AS_OF)
    double = EvidenceDouble()
    vendor = asked("one", double, clock=clock, rate=Rate(2, 10.0), timeout_s=22.0)

    waiting = [asyncio.create_task(ask_news(vendor, f"T{number}")) for number in range(5)]
    await settled()
    assert double.times("news") == 2
    with pytest.raises(VendorRateLimited, match="no questions are left for now"):
        await waiting[4]
    await clock.passing(10)
    assert double.times("news") == 4
    assert [task.done() for task in waiting] == [True] * 5


@given(
    st.lists(st.floats(0, 5), min_size=1, max_size=40), st.integers(1, 5), st.floats(0.5, 20), st.floats(0, 9)
)
def test_no_stretch_of_time_holds_more_questions_than_the_rate(
    pauses: list[float], asks: int, seconds: float, patience: float
) -> None:
    async def starts() -> list[float]:
        clock, found = ManualClock(AS_OF), list[float]()
        pace = VendorPace("one", Rate(asks, seconds), clock)
        for pause in pauses:
            clock.advance(pause)
            try:
                await pace.admit(patience)
            except VendorRateLimited:
                continue
            found.append(clock.monotonic())
        return found

    found = asyncio.run(starts())
    assert all(later - first > seconds - 1e-6 for first, later in zip(found, found[asks:], strict=False))
