import asyncio
from datetime import date, timedelta
from decimal import Decimal

import pytest

from core.domain.errors import VendorFailure, VendorRateLimited
from core.market import remembered
from core.market.remembered import RememberedVendor
from tests.vendor_double import Vendor, bars_to, dividend, split

START, END = date(2025, 9, 1), date(2025, 10, 31)
DAY = timedelta(days=1)


def vendor() -> Vendor:
    one = Vendor("one", bars_to(END, 60))
    one.acts = [dividend("2025-09-15", "0.5"), split("2025-10-15", "4")]
    one.quoted = "EUR"
    one.rates = {START + number * DAY: Decimal("1.1") for number in range(90)}
    return one


async def test_every_part_of_the_span_comes_from_one_question() -> None:
    one, again = vendor(), vendor()
    kept = RememberedVendor(one, START, END)

    for first, last in [(START, END), (START + DAY, date(2025, 9, 15)), (END - DAY, END), (END, START)]:
        assert await kept.daily_bars("NVDA", first, last) == await again.daily_bars("NVDA", first, last)
        assert await kept.actions("NVDA", first, last) == await again.actions("NVDA", first, last)
        assert await kept.usd_rates("EUR", first, last) == await again.usd_rates("EUR", first, last)
    assert [await kept.currency("NVDA") for _ in range(2)] == ["EUR", "EUR"]
    assert one.asked == one.acts_asked == [("NVDA", START, END)]
    assert one.rates_asked == [("EUR", START, END)]


async def test_who_asks_at_the_same_time_waits_for_the_same_answer() -> None:
    one = vendor()
    kept = RememberedVendor(one, START, END)

    await asyncio.gather(*(kept.daily_bars("NVDA", START, END) for _ in range(5)))

    assert len(one.asked) == 1


async def test_what_reaches_beyond_the_span_goes_to_the_vendor() -> None:
    one = vendor()
    kept = RememberedVendor(one, START, END)

    await kept.actions("NVDA", START - DAY, END)
    await kept.usd_rates("EUR", START, END + DAY)

    assert one.acts_asked == [("NVDA", START - DAY, END)]
    assert one.rates_asked == [("EUR", START, END + DAY)]


async def test_beyond_the_most_names_nothing_more_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remembered, "_MOST_NAMES", 1)
    one = vendor()
    kept = RememberedVendor(one, START, END)

    for ticker in ("NVDA", "AMD", "NVDA", "AMD"):
        await kept.actions(ticker, END - DAY, END)

    assert one.acts_asked == [("NVDA", START, END), *[("AMD", END - DAY, END)] * 2]


async def test_a_failure_is_not_kept() -> None:
    one = vendor()
    kept = RememberedVendor(one, START, END)
    one.acts_failure = VendorRateLimited("one", "later")

    with pytest.raises(VendorFailure):
        await kept.actions("NVDA", START, END)
    one.acts_failure = None

    assert len(await kept.actions("NVDA", START, END)) == 2
