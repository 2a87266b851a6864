import asyncio
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from core.clock import ManualClock
from core.config import Settings
from core.domain.bars import Bar
from core.domain.errors import (
    BadTicker,
    BadVendorData,
    NoPrices,
    Refused,
    VendorFailure,
    VendorNotConfigured,
    VendorRateLimited,
    VendorTimeout,
)
from core.market.chain import PriceChain, build_chain
from core.market.port import PriceVendor
from tests.vendor_double import CALENDAR, Vendor, bar, bars_to

CLOSE_29 = datetime(2025, 10, 29, 20, tzinfo=UTC)
NOW = datetime(2025, 11, 5, 12, tzinfo=UTC)


class Silent(Vendor):
    async def daily_bars(self, ticker: str, start: date, end: date) -> tuple[Bar, ...]:
        await asyncio.Event().wait()
        raise AssertionError("unreachable")


def chain(*vendors: PriceVendor, now: datetime = NOW, timeout_s: float = 5) -> PriceChain:
    return PriceChain(vendors, CALENDAR, ManualClock(now), 3, timeout_s)


async def causes(*vendors: PriceVendor, as_of: datetime | None = CLOSE_29, timeout_s: float = 5) -> NoPrices:
    with pytest.raises(NoPrices) as caught:
        await chain(*vendors, timeout_s=timeout_s).bars("NVDA", as_of)
    return caught.value


async def test_the_first_vendor_with_good_bars_wins_and_no_other_is_asked() -> None:
    first, second = Vendor("one", bars_to(date(2025, 10, 29))), Vendor("two", bars_to(date(2025, 10, 29)))

    series = await chain(first, second).bars("nvda", CLOSE_29)

    assert (series.ticker, series.source, series.as_of) == ("NVDA", "one", CLOSE_29)
    assert len(series.bars) == 300
    assert series.last.date == date(2025, 10, 29)
    assert second.asked == []


async def test_no_bar_counts_before_its_session_has_closed() -> None:
    held = bars_to(date(2025, 11, 4))
    vendor = Vendor("one", held)

    during = await chain(vendor).bars("NVDA", CLOSE_29 - timedelta(seconds=1))
    after = await chain(vendor).bars("NVDA", CLOSE_29)

    assert during.last.date == date(2025, 10, 28)
    assert after.last.date == date(2025, 10, 29)


async def test_later_bars_never_change_what_was_seen_at_a_moment() -> None:
    then = Vendor("one", bars_to(date(2025, 10, 29)))
    later = Vendor("one", [*bars_to(date(2025, 10, 29)), bar(date(2025, 10, 30), "99")])

    assert await chain(then).bars("NVDA", CLOSE_29) == await chain(later).bars("NVDA", CLOSE_29)


async def test_the_running_sessions_bar_is_left_out_even_if_a_vendor_gives_it_unasked() -> None:
    vendor = Vendor("one", bars_to(date(2025, 10, 29)))
    vendor.honours_range = False

    series = await chain(vendor).bars("NVDA", CLOSE_29 - timedelta(hours=1))

    assert series.last.date == date(2025, 10, 28)


async def test_bars_from_after_the_moment_are_refused_by_name() -> None:
    vendor = Vendor("one", bars_to(date(2025, 10, 30)))
    vendor.honours_range = False

    refused = await causes(vendor)

    assert "one: NVDA 2025-10-30: the bar is from after 2025-10-29 20:00 UTC" in str(refused)


async def test_a_half_day_counts_from_its_early_close() -> None:
    vendor = Vendor("one", bars_to(date(2025, 11, 28)))
    at = datetime(2025, 11, 28, 18, tzinfo=UTC)

    series = await chain(vendor, now=at).bars("NVDA", None)

    assert (series.last.date, series.as_of) == (date(2025, 11, 28), at)


async def test_a_crypto_pair_counts_days() -> None:
    vendor = Vendor("one", bars_to(date(2025, 11, 2), ticker="BTC-USD"))
    sunday_noon = datetime(2025, 11, 2, 12, tzinfo=UTC)

    series = await chain(vendor).bars("BTC-USD", sunday_noon)

    assert series.last.date == date(2025, 11, 1)
    assert len(series.bars) == 300


async def test_without_a_moment_it_is_the_clocks_now_or_the_archives_own() -> None:
    current = Vendor("one", bars_to(date(2025, 11, 4)))
    archive = Vendor("old", bars_to(date(2013, 3, 1)))
    archive.archive_ends = datetime(2013, 2, 28, 21, tzinfo=UTC)
    archive.caveat = "old prices"

    assert (await chain(current).bars("NVDA", None)).as_of == NOW
    series = await chain(archive).bars("NVDA", None)
    assert (series.as_of, series.last.date) == (archive.archive_ends, date(2013, 2, 28))
    assert series.caveat == "old prices"


async def test_an_archive_does_not_pass_for_todays_prices_at_a_given_moment() -> None:
    archive = Vendor("old", bars_to(date(2025, 10, 22)))
    archive.archive_ends = datetime(2025, 10, 22, 20, tzinfo=UTC)

    assert "the last bar is 5 sessions old" in str(await causes(archive))


async def test_bars_that_fail_the_checks_are_that_vendors_failure_and_the_next_is_asked() -> None:
    good = bars_to(date(2025, 10, 29))
    for bad in (good[::-1], (*good, good[-1]), bars_to(date(2025, 10, 20))):
        series = await chain(Vendor("bad", bad), Vendor("good", good)).bars("NVDA", CLOSE_29)
        assert series.source == "good"


async def test_when_nobody_has_prices_one_sentence_names_each_vendor_and_the_samples_tickers() -> None:
    good = bars_to(date(2025, 10, 29))
    refused = await causes(
        Vendor("yfinance", failure=VendorRateLimited("yfinance", "Yahoo asks to slow down")),
        Vendor("alpha_vantage", failure=VendorNotConfigured("alpha_vantage", "no key.")),
        Vendor("csv", (*good, good[-1])),
        Vendor("sample"),
    )

    assert str(refused) == (
        "Prices for NVDA could not be had (yfinance: Yahoo asks to slow down; alpha_vantage: no key; "
        "csv: NVDA 2025-10-29: the date is there twice; "
        "sample: has no bars of NVDA from 2024-08-20 to 2025-10-29); "
        "the bundled sample holds AAPL, GOOG, IBM and MSFT."
    )
    assert [type(cause) for cause in refused.causes] == [
        VendorRateLimited,
        VendorNotConfigured,
        BadVendorData,
        VendorFailure,
    ]


async def test_a_vendor_that_does_not_answer_is_passed_over() -> None:
    refused = await causes(Silent("slow"), timeout_s=0.05)
    series = await chain(Silent("slow"), Vendor("good", bars_to(date(2025, 10, 29))), timeout_s=0.05).bars(
        "NVDA", CLOSE_29
    )

    assert type(refused.causes[0]) is VendorTimeout
    assert series.source == "good"


async def test_a_moment_in_the_future_or_outside_the_calendar_is_refused() -> None:
    vendor = Vendor("one", bars_to(date(2025, 10, 29)))

    with pytest.raises(Refused, match="lies in the future"):
        await chain(vendor).bars("NVDA", NOW + timedelta(seconds=1))
    with pytest.raises(Refused, match="outside"):
        await chain(vendor).bars("NVDA", datetime(1, 1, 1, tzinfo=UTC))
    assert vendor.asked == []


@pytest.mark.parametrize("text", ["", "../x", "NVDA;DROP", "A" * 16, "🚀"])
async def test_hostile_tickers_reach_no_vendor(text: str) -> None:
    vendor = Vendor("one", bars_to(date(2025, 10, 29)))

    with pytest.raises(BadTicker):
        await chain(vendor).bars(text, CLOSE_29)
    with pytest.raises(BadTicker):
        await chain(vendor).bar_after(text, date(2025, 10, 29), "one", NOW)
    assert vendor.asked == []


class TestTheBarAfterASession:
    held = (bar(date(2025, 10, 31), "10"), bar(date(2025, 11, 3), "11"), bar(date(2025, 11, 4), "12"))
    friday = date(2025, 10, 31)
    monday_opens = datetime(2025, 11, 3, 14, 30, tzinfo=UTC)

    async def test_it_is_known_from_the_open_of_the_next_session_and_not_before(self) -> None:
        vendor = Vendor("one", self.held)
        prices = chain(vendor)

        early = self.monday_opens - timedelta(seconds=1)
        assert await prices.bar_after("NVDA", self.friday, "one", early) is None
        assert vendor.asked == []
        assert await prices.bar_after("NVDA", self.friday, "one", self.monday_opens) == self.held[1]

    async def test_it_is_the_first_one_however_late_one_asks(self) -> None:
        found = await chain(Vendor("one", self.held)).bar_after("NVDA", self.friday, "one", NOW)

        assert found == self.held[1]

    async def test_it_waits_while_the_vendor_has_not_published_it(self) -> None:
        vendor = Vendor("one", self.held[:1])

        assert await chain(vendor).bar_after("NVDA", self.friday, "one", self.monday_opens) is None

    async def test_it_comes_from_the_named_vendor_alone(self) -> None:
        other, source = Vendor("one", self.held), Vendor("two", failure=VendorRateLimited("two", "later"))

        with pytest.raises(NoPrices, match="two: later"):
            await chain(other, source).bar_after("NVDA", self.friday, "two", NOW)
        with pytest.raises(NoPrices, match="gone: is not among"):
            await chain(other).bar_after("NVDA", self.friday, "gone", NOW)
        assert other.asked == []

    async def test_a_broken_one_is_refused(self) -> None:
        twice = Vendor("one", (self.held[1], self.held[1]))

        with pytest.raises(NoPrices, match="the date is there twice"):
            await chain(twice).bar_after("NVDA", self.friday, "one", NOW)


async def test_a_vendor_that_lacks_a_ticker_says_what_it_holds_where_that_is_little() -> None:
    small, large, other = Vendor("small"), Vendor("large"), Vendor("other")
    small.tickers_held = ("AAPL",)
    large.tickers_held = tuple(f"T{number}" for number in range(11))
    other.tickers_held = ("NVDA",)

    refused = await causes(small, large, other)

    assert [cause.reason for cause in refused.causes] == [
        "holds only AAPL",
        "does not hold NVDA",
        "has no bars of NVDA from 2024-08-20 to 2025-10-29",
    ]


async def test_closing_the_chain_closes_every_vendor() -> None:
    vendors = [Vendor("one"), Vendor("two")]

    await chain(*vendors).close()

    assert all(vendor.closed for vendor in vendors)


async def test_the_settings_order_the_chain_and_name_each_vendor_once() -> None:
    market = {"prices": ["csv", "yfinance", "sample", "alpha_vantage", "csv"]}
    built = build_chain(Settings.model_validate({"market": market}), CALENDAR, ManualClock(NOW))

    assert [vendor.name for vendor in built.vendors] == ["csv", "yfinance", "sample", "alpha_vantage"]
    await built.close()


async def test_with_the_sample_behind_an_empty_folder_there_are_prices_and_a_next_open(
    tmp_path: Path,
) -> None:
    market = {"prices": ["csv", "sample"], "csv": {"dir": str(tmp_path)}}
    built = build_chain(Settings.model_validate({"market": market}), CALENDAR, ManualClock(NOW))

    series = await built.bars("AAPL", None)
    following = await built.bar_after("AAPL", series.last.date, series.source, NOW)

    assert (series.source, series.last.date) == ("sample", date(2013, 2, 28))
    assert series.caveat is not None
    assert following is not None
    assert following.date == date(2013, 3, 1)
    with pytest.raises(NoPrices) as caught:
        await built.bars("NVDA", None)
    assert str(caught.value) == (
        "Prices for NVDA could not be had (csv: does not hold NVDA; "
        "sample: holds only AAPL, GOOG, IBM and MSFT)."
    )
