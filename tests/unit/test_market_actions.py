import logging
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.clock import ManualClock
from core.domain.actions import ActionKind, CorporateAction
from core.domain.bars import Bar
from core.domain.errors import BadTicker, NoPrices, VendorRateLimited
from core.market.chain import PriceChain
from core.market.memory import RangeMemory
from core.pipeline.evidence import build_evidence
from tests.vendor_double import CALENDAR, Vendor, bar, bars_to, dividend, split

CLOSE_29 = datetime(2025, 10, 29, 20, tzinfo=UTC)
OPEN_30 = datetime(2025, 10, 30, 13, 30, tzinfo=UTC)
NOW = datetime(2025, 11, 5, 12, tzinfo=UTC)
FIRST, LAST = date(2025, 10, 1), date(2025, 10, 31)
LIMITED = VendorRateLimited("one", "asks to slow down")


def chain(*vendors: Vendor, clock: ManualClock | None = None) -> PriceChain:
    return PriceChain(vendors, CALENDAR, clock or ManualClock(NOW), 3, 5)


def vendor(*acts: CorporateAction) -> Vendor:
    made = Vendor("one", bars_to(date(2025, 11, 4)))
    made.acts = list(acts)
    return made


class TestActions:
    async def test_they_come_by_date_with_a_split_before_a_dividend_of_its_day(self) -> None:
        one = vendor(
            dividend("2025-10-20", "1"),
            dividend("2025-10-10", "2"),
            split("2025-10-20", "4"),
            split("2025-11-03", "2"),
        )

        found = await chain(one).actions("nvda", FIRST, LAST, "one")

        assert [(action.ex_date.day, action.kind) for action in found] == [
            (10, ActionKind.DIVIDEND),
            (20, ActionKind.SPLIT),
            (20, ActionKind.DIVIDEND),
        ]

    async def test_they_come_from_the_named_vendor_alone(self) -> None:
        first, second = vendor(split("2025-10-20", "4")), Vendor("two")

        assert await chain(first, second).actions("NVDA", FIRST, LAST, "two") == ()
        assert first.acts_asked == []
        with pytest.raises(NoPrices, match="gone: is not among"):
            await chain(first).actions("NVDA", FIRST, LAST, "gone")

    @pytest.mark.parametrize(
        ("acts", "fault"),
        [
            ([split("2025-10-20", "4")] * 2, "NVDA 2025-10-20: the split is there twice"),
            (
                [dividend("2025-10-20", "1"), dividend("2025-10-20", "2")],
                "NVDA 2025-10-20: the dividend is there twice",
            ),
            ([split("2025-10-20", "1001")], "a split of 1001 for one is not plausible"),
            ([split("2025-10-20", "0.0009")], r"a split of 0\.0009 for one is not plausible"),
            ([dividend("2025-10-20", "1e300")], r"a dividend of 1e\+300 a share is not plausible"),
            ([split("2025-10-20", "4", "IBM")], "the split is of another ticker"),
        ],
    )
    async def test_what_cannot_be_is_refused_by_name(self, acts: list[CorporateAction], fault: str) -> None:
        with pytest.raises(NoPrices, match=f"Splits and dividends of NVDA could not be had .one: .*{fault}"):
            await chain(vendor(*acts)).actions("NVDA", FIRST, LAST, "one")

    async def test_the_largest_splits_are_taken(self) -> None:
        one = vendor(split("2025-10-20", "1000"), split("2025-10-21", "0.001"))

        assert len(await chain(one).actions("NVDA", FIRST, LAST, "one")) == 2

    async def test_a_hostile_ticker_reaches_no_vendor(self) -> None:
        one = vendor()

        with pytest.raises(BadTicker):
            await chain(one).actions("../x", FIRST, LAST, "one")
        with pytest.raises(BadTicker):
            await chain(one).raw_bars("../x", FIRST, LAST, "one", NOW)
        assert (one.acts_asked, one.asked) == ([], [])

    async def test_a_vendor_is_asked_once_an_hour_for_what_was_asked_before(self) -> None:
        clock = ManualClock(NOW)
        one = vendor(split("2025-10-20", "4"))
        prices = chain(one, clock=clock)

        await prices.bars("NVDA", CLOSE_29)
        for _ in range(2):
            assert len(await prices.actions("NVDA", FIRST, LAST, "one")) == 1
        assert len(one.acts_asked) == 1

        clock.advance(3600)
        await prices.actions("NVDA", FIRST, LAST, "one")
        assert len(one.acts_asked) == 2

    async def test_a_failure_is_not_remembered(self) -> None:
        one = vendor(split("2025-10-20", "4"))
        one.acts_failure = LIMITED
        prices = chain(one)

        with pytest.raises(NoPrices, match="asks to slow down"):
            await prices.actions("NVDA", FIRST, LAST, "one")
        one.acts_failure = None

        assert len(await prices.actions("NVDA", FIRST, LAST, "one")) == 1


class TestTheMemory:
    async def test_a_wider_range_is_asked_for_whole_and_the_oldest_name_is_dropped(self) -> None:
        memory: RangeMemory[int] = RangeMemory(ManualClock(NOW), most=2)
        asked: list[tuple[date, date]] = []

        async def ask(start: date, end: date) -> list[int]:
            asked.append((start, end))
            return [len(asked)]

        tomorrow = NOW.date() + timedelta(days=1)
        assert await memory.recall("v", "A", FIRST, LAST, ask) == (1,)
        assert await memory.recall("v", "A", FIRST, tomorrow, ask) == (1,)
        assert await memory.recall("v", "A", date(2025, 1, 1), FIRST, ask) == (2,)
        assert asked == [(FIRST, tomorrow), (date(2025, 1, 1), tomorrow)]

        await memory.recall("v", "B", FIRST, LAST, ask)
        await memory.recall("v", "C", FIRST, LAST, ask)
        assert await memory.recall("v", "B", FIRST, LAST, ask) == (3,)
        assert await memory.recall("v", "A", FIRST, LAST, ask) == (5,)


class TestEvidence:
    async def test_it_is_in_the_shares_of_its_moment(self) -> None:
        series = await chain(vendor(split("2025-10-27", "4"))).bars("NVDA", CLOSE_29)

        closes = {shown.date.isoformat(): (shown.close, shown.volume) for shown in series.bars[-4:]}
        assert closes["2025-10-24"] == (Decimal("2.5"), 4)
        assert closes["2025-10-27"] == (Decimal(10), 1)
        assert series.caveat is None

    async def test_a_split_counts_from_the_open_of_its_day_and_not_before(self) -> None:
        one = vendor(split("2025-10-30", "4"))

        before = await chain(one).bars("NVDA", OPEN_30 - timedelta(seconds=1))
        after = await chain(one).bars("NVDA", OPEN_30)

        assert (before.last.date, before.last.close) == (date(2025, 10, 29), Decimal(10))
        assert (after.last.date, after.last.close) == (date(2025, 10, 29), Decimal("2.5"))

    async def test_the_running_session_is_in_the_shares_that_trade(self) -> None:
        one = Vendor("one", [*bars_to(date(2025, 10, 29)), bar(date(2025, 10, 30), "2.6")])
        one.acts = [split("2025-10-30", "4")]
        at = OPEN_30 + timedelta(hours=1)

        series = await chain(one, clock=ManualClock(at)).bars("NVDA", None)

        assert series.last.close == Decimal("2.5")
        assert series.running is not None
        assert series.running.close == Decimal("2.6")

    async def test_an_exchange_that_opens_before_midnight_utc_splits_then(self) -> None:
        held = bars_to(date(2025, 10, 29), ticker="BHP.AX")
        one = Vendor("one", held)
        one.acts = [split("2025-10-30", "4", "BHP.AX")]
        opens = datetime(2025, 10, 29, 23, tzinfo=UTC)  # ten in the morning of the 30th in Sydney

        before = await chain(one).bars("BHP.AX", opens - timedelta(seconds=1))
        after = await chain(one).bars("BHP.AX", opens)

        assert (before.last.close, after.last.close) == (Decimal(10), Decimal("2.5"))

    async def test_a_vendor_that_cannot_tell_splits_leaves_the_prices_raw_and_the_series_says_so(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        one = vendor(split("2025-10-27", "4"))
        one.acts_failure = LIMITED
        one.caveat = "Old prices."

        with caplog.at_level(logging.WARNING):
            series = await chain(one).bars("NVDA", CLOSE_29)

        assert {shown.close for shown in series.bars} == {Decimal(10)}
        assert series.caveat == (
            "Old prices. Splits could not be looked up, so prices from before one are as traded."
        )
        assert "NVDA is used as traded: one: asks to slow down" in caplog.text

    @settings(deadline=None, max_examples=60)
    @given(
        st.lists(
            st.tuples(
                st.dates(date(2025, 10, 30), date(2026, 1, 1)),
                st.decimals(Decimal("0.0001"), Decimal(5000), places=4),
                st.sampled_from(ActionKind),
            ),
            max_size=6,
        )
    )
    async def test_no_later_action_changes_a_byte(
        self, later: list[tuple[date, Decimal, ActionKind]]
    ) -> None:
        known = [split("2025-10-27", "4"), dividend("2025-10-28", "0.5")]
        acts = [
            CorporateAction(ticker="NVDA", kind=kind, ex_date=day, value=value, source="one")
            for day, value, kind in later
        ]

        then = await chain(vendor(*known)).bars("NVDA", CLOSE_29)
        now = await chain(vendor(*known, *acts)).bars("NVDA", CLOSE_29)

        packs = [build_evidence(series, session_open=False) for series in (then, now)]
        assert packs[0].canonical == packs[1].canonical


class TestEverythingElseIsRaw:
    async def test_following_bars_know_no_split(self) -> None:
        prices = chain(vendor(split("2025-10-29", "4"), split("2025-11-03", "3")))

        following = await prices.bar_after("NVDA", date(2025, 10, 27), "one", NOW)

        assert following is not None
        assert following.close == Decimal(10)

    async def test_raw_bars_are_those_of_the_range_that_have_opened(self) -> None:
        one = vendor(split("2025-10-29", "4"))
        one.honours_range = False

        found = await chain(one).raw_bars("NVDA", date(2025, 10, 27), date(2025, 10, 31), "one", OPEN_30)

        assert [raw.date.day for raw in found] == [27, 28, 29, 30]
        assert {raw.close for raw in found} == {Decimal(10)}

    async def test_raw_bars_of_a_broken_or_missing_vendor_are_refused(self) -> None:
        twice = Vendor("one", [bar(date(2025, 10, 27))] * 2)

        with pytest.raises(NoPrices, match="the date is there twice"):
            await chain(twice).raw_bars("NVDA", FIRST, LAST, "one", NOW)
        with pytest.raises(NoPrices, match="gone: is not among"):
            await chain(twice).raw_bars("NVDA", FIRST, LAST, "gone", NOW)


class TestAForeignListing:
    """SAP.DE at ten euros each day, while the euro goes from $1.10 to $1.20 on Monday, 27 October."""

    @pytest.fixture
    def xetra(self) -> Vendor:
        one = Vendor("one", bars_to(date(2025, 11, 4), ticker="SAP.DE"))
        one.quoted = "EUR"
        one.rates = {
            day: Decimal("1.10") if day < date(2025, 10, 27) else Decimal("1.20")
            for day in (date(2024, 1, 1) + timedelta(days=number) for number in range(700))
            if day.isoweekday() <= 5
        }
        return one

    async def test_each_session_is_converted_at_the_rate_known_at_its_open(self, xetra: Vendor) -> None:
        series = await chain(xetra).bars("SAP.DE", CLOSE_29)

        closes = {shown.date.day: shown.close for shown in series.bars[-3:]}
        assert closes == {27: Decimal(11), 28: Decimal(12), 29: Decimal(12)}
        assert (series.currency, series.caveat) == ("EUR", "Converted from EUR at each day's rate.")

    async def test_raw_bars_and_dividends_are_in_dollars_too(self, xetra: Vendor) -> None:
        xetra.acts = [split("2025-10-27", "2", "SAP.DE"), dividend("2025-10-28", "0.5", "SAP.DE")]
        prices = chain(xetra)
        monday = date(2025, 10, 27)

        assert [raw.open for raw in await prices.raw_bars("SAP.DE", monday, monday, "one", NOW)] == [
            Decimal(11)
        ]
        cut, paid = await prices.actions("SAP.DE", FIRST, LAST, "one")
        assert (cut.value, paid.value) == (Decimal(2), Decimal("0.6"))
        assert len(xetra.rates_asked) == 1

    async def test_pence_are_a_hundredth_of_a_pound(self, xetra: Vendor) -> None:
        xetra.quoted = "GBp"

        series = await chain(xetra).bars("VOD.L", CLOSE_29)

        assert (series.last.close, series.currency) == (Decimal("0.12"), "GBP")
        assert xetra.rates_asked[0][0] == "GBP"

    async def test_without_a_rate_or_with_an_unknown_currency_there_are_no_prices(
        self, xetra: Vendor
    ) -> None:
        xetra.rates = {}
        with pytest.raises(NoPrices, match="there is no rate of EUR in USD from the 5 days before"):
            await chain(xetra).bars("SAP.DE", CLOSE_29)

        xetra.quoted = "Shells"
        with pytest.raises(NoPrices, match="the prices are in “Shells”, which is no known currency"):
            await chain(xetra).bars("SAP.DE", CLOSE_29)

    async def test_later_rates_never_change_what_was_seen_at_a_moment(self, xetra: Vendor) -> None:
        now = await chain(xetra).bars("SAP.DE", CLOSE_29)
        xetra.rates = {day: rate for day, rate in xetra.rates.items() if day < CLOSE_29.date()}

        assert await chain(xetra).bars("SAP.DE", CLOSE_29) == now


def test_the_double_gives_bars_of_the_exchange_asked_for() -> None:
    held: tuple[Bar, ...] = bars_to(date(2025, 5, 2), 3, "SAP.DE")

    assert [one.date.day for one in held] == [29, 30, 2]  # 1 May is a holiday in Frankfurt
