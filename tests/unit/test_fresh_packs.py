"""Who waits for a pack that another run is freezing: they share its failure, but not its being stopped."""

import asyncio

import pytest

from core.clock import ManualClock
from core.domain.errors import NoPrices
from core.domain.evidence import Evidence
from core.market.calendar import MarketCalendar
from core.pipeline.fresh_packs import FreshPacks
from tests import packs

PACK = packs.evidence()


class Vendor:
    """Freezes a pack when it is told to, and counts how often it was asked."""

    def __init__(self) -> None:
        self.asked = 0
        self.is_asked = asyncio.Event()
        self.answers = asyncio.Event()
        self.failure: NoPrices | None = None

    async def freeze(self) -> Evidence:
        self.asked += 1
        self.is_asked.set()
        await self.answers.wait()
        if self.failure:
            raise self.failure
        return PACK


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(PACK.as_of)


@pytest.fixture
def fresh(clock: ManualClock) -> FreshPacks:
    return FreshPacks(60, MarketCalendar(), clock)


async def waiting(
    fresh: FreshPacks, vendor: Vendor, count: int
) -> list["asyncio.Task[tuple[Evidence, bool]]"]:
    """Let so many ask at once, and wait until the first of them has asked the vendor."""
    asking = [asyncio.create_task(fresh.get("NVDA", vendor.freeze)) for _ in range(count)]
    await vendor.is_asked.wait()
    return asking


async def test_all_who_wait_hear_of_a_failure_and_the_vendor_is_asked_once(fresh: FreshPacks) -> None:
    vendor = Vendor()
    asking = await waiting(fresh, vendor, 20)
    vendor.failure = NoPrices("No vendor answered.")
    vendor.answers.set()
    told = await asyncio.gather(*asking, return_exceptions=True)
    assert [str(one) for one in told] == ["No vendor answered."] * 20
    assert vendor.asked == 1


async def test_who_asks_after_a_failure_tries_anew(fresh: FreshPacks) -> None:
    vendor = Vendor()
    vendor.failure = NoPrices("No vendor answered.")
    vendor.answers.set()
    with pytest.raises(NoPrices):
        await fresh.get("NVDA", vendor.freeze)
    vendor.failure = None
    assert await fresh.get("NVDA", vendor.freeze) == (PACK, False)
    assert await fresh.get("NVDA", vendor.freeze) == (PACK, True)


async def test_one_who_is_stopped_while_freezing_takes_nobody_along(fresh: FreshPacks) -> None:
    vendor = Vendor()
    first, second, third = await waiting(fresh, vendor, 3)
    first.cancel()
    vendor.answers.set()
    assert await asyncio.gather(second, third) == [(PACK, False), (PACK, True)]
    assert first.cancelled()
    assert vendor.asked == 2


async def test_a_pack_from_before_the_clock_was_set_back_is_not_shared(
    fresh: FreshPacks, clock: ManualClock
) -> None:
    vendor = Vendor()
    vendor.answers.set()
    await fresh.get("NVDA", vendor.freeze)
    clock.advance(-8 * 3600)  # before the open, so that the exchange was as closed as it is now

    assert await fresh.get("NVDA", vendor.freeze) == (PACK, False)
