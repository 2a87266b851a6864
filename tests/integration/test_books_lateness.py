"""Prices that come late, fail, or never come: what waits for them and what does not."""

from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from core.domain.books import OrderState
from core.domain.errors import VendorTimeout
from core.domain.season import Season
from core.market.csv_vendor import CsvVendor
from tests.market_days import Days, evening, market_days

TWO_WEEKS = [
    *(f"2025-10-{day}" for day in (27, 28, 29, 30, 31)),
    *(f"2025-11-{day:02}" for day in (3, 4, 5, 6, 7, 10, 11, 12, 13, 14)),
]


def bars(price: str = "100", until: str = "9999") -> dict[str, str]:
    return {day: ",".join([price] * 4) for day in TWO_WEEKS if day <= until}


async def sessions(days: Days, season: Season = Season.LIVE) -> list[str]:
    return [row["session"].isoformat() for row in await days.rows("sessions", season)]


async def test_books_wait_for_the_close_of_a_session_and_then_catch_up(tmp_path: Path) -> None:
    async with market_days(tmp_path) as days:
        days.market.prices("NVDA", bars(until="2025-10-28"))
        record = await days.buy("NVDA", evening("2025-10-28"), stop_loss=90)
        await days.keep(evening("2025-10-29"))
        await days.keep(evening("2025-10-30"))
        assert await sessions(days) == []
        assert (await days.order(record)).state is OrderState.PENDING
        late = bars() | {"2025-10-30": "100,100,85,95"}
        days.market.prices("NVDA", late)
        await days.keep(evening("2025-10-30") + timedelta(minutes=15))
        assert await sessions(days) == ["2025-10-29", "2025-10-30"]
        fills = [(row["session"].isoformat(), row["price"]) for row in await days.rows("fills")]
        assert fills == [("2025-10-29", 100), ("2025-10-30", 90)]
        assert [await days.value(day) for day in ("2025-10-29", "2025-10-30")] == [10_000, 9_800]


async def test_a_vendor_that_is_down_holds_up_its_books_and_no_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with market_days(tmp_path) as days:
        days.market.prices("NVDA", bars())
        await days.buy("NVDA", evening("2025-10-27"))
        await days.keep(evening("2025-10-28"))
        with monkeypatch.context() as patch:

            async def down(self: CsvVendor, *asked: object) -> None:
                raise VendorTimeout(self.name, "no answer within 10 seconds")

            patch.setattr(CsvVendor, "daily_bars", down)
            await days.keep(evening("2025-10-29"))
            assert await sessions(days) == ["2025-10-28"]
            await days.start(market={"prices": ["sample"]})
            days.say("BUY", target_weight=0.2)
            day = evening("2013-02-20").replace(hour=21)
            other = await days.run("AAPL", evening("2025-10-29"), as_of=day)
            assert other.fills[0].season == Season.SAMPLE
        await days.start()
        await days.keep(evening("2025-10-30"))
        assert await sessions(days) == ["2025-10-28", "2025-10-29", "2025-10-30"]
        assert await days.value("2025-10-29") == 10_000


async def test_a_ticker_whose_vendor_fails_for_long_does_not_hold_the_books_for_ever(tmp_path: Path) -> None:
    async with market_days(tmp_path) as days:
        for ticker in ("NVDA", "AAPL"):
            days.market.prices(ticker, bars())
            await days.buy(ticker, evening("2025-10-27"))
        await days.keep(evening("2025-10-28"))
        days.market.breaks("AAPL")
        passed = []
        for day in TWO_WEEKS[2:]:
            await days.keep(evening(day))
            passed.append(len(await sessions(days)))
        # Three sessions of patience, then one at a time, and after three without a price no more waiting.
        assert passed == [1, 1, 1, 2, 3, 7, 8, 9, 10, 11, 12, 13, 14]
        assert await days.value("2025-11-07") == 10_000
        assert await days.value("2025-11-10") is None
        (holding,) = [h for h in (await days.app.portfolio("claude")).holdings if h.unpriced]
        assert holding.unpriced == "AAPL cannot be priced since 2025-10-28"
        assert (await days.app.leaderboard()).standings[0].value_usd is None


async def test_an_instrument_that_stops_trading_is_seen_by_what_others_have(tmp_path: Path) -> None:
    async with market_days(tmp_path) as days:
        for ticker in ("NVDA", "AAPL"):
            days.market.prices(ticker, bars(until="2025-10-28" if ticker == "AAPL" else "9999"))
            await days.buy(ticker, evening("2025-10-27"))
        await days.keep(evening("2025-10-29"))
        assert await sessions(days) == ["2025-10-28", "2025-10-29"]
        await days.keep(evening("2025-11-14"))
        # The mark is of October 28: ten days later it still values the holding, and then no more.
        assert await days.value("2025-11-07") == 10_000
        assert [await days.value(day) for day in ("2025-11-10", "2025-11-14")] == [None, None]
        close = {row["session"].isoformat(): row for row in await days.rows("daily_values")}["2025-11-14"]
        assert (close["cash_usd"], close["long_usd"]) == (6_000, 2_000)


async def test_a_member_that_cannot_be_valued_does_not_trade(tmp_path: Path) -> None:
    async with market_days(tmp_path) as days:
        for ticker in ("NVDA", "AAPL"):
            days.market.prices(ticker, bars(until="2025-10-28" if ticker == "AAPL" else "9999"))
        await days.buy("AAPL", evening("2025-10-27"))
        record = await days.buy("NVDA", evening("2025-11-13"))
        assert record.seats[0].briefing.equity_usd is None
        order = await days.order(record)
        assert order.reason == "a holding cannot be priced, so the size of a trade is unknown"


async def test_an_order_for_what_does_not_trade_is_cancelled_after_five_sessions(tmp_path: Path) -> None:
    async with market_days(tmp_path) as days:
        days.market.prices("NVDA", bars())
        days.market.prices("AAPL", bars(until="2025-10-28"))
        await days.buy("NVDA", evening("2025-10-27"))
        record = await days.buy("AAPL", evening("2025-10-28"))
        await days.keep(evening("2025-11-03"))
        assert (await days.order(record)).state is OrderState.PENDING
        await days.keep(evening("2025-11-04"))
        order = await days.order(record)
        assert order.state is OrderState.CANCELLED
        assert order.reason == "AAPL did not trade in the 5 sessions after the decision"


async def test_an_order_whose_prices_fail_for_as_long_is_cancelled_with_that_reason(tmp_path: Path) -> None:
    async with market_days(tmp_path) as days:
        days.market.prices("AAPL", bars())
        record = await days.buy("AAPL", evening("2025-10-28"))
        days.market.breaks("AAPL")
        for day in TWO_WEEKS[2:]:
            await days.keep(evening(day))
        order = await days.order(record)
        assert order.state is OrderState.CANCELLED
        assert order.reason == "no prices of AAPL could be had in the 5 sessions after the decision"


async def test_an_order_fills_at_the_first_open_after_a_halt(tmp_path: Path) -> None:
    async with market_days(tmp_path) as days:
        days.market.prices("NVDA", bars())
        halted = {day: prices for day, prices in bars().items() if day not in {"2025-10-29", "2025-10-30"}}
        days.market.prices("AAPL", halted | {"2025-10-31": "80,80,80,80"})
        await days.buy("NVDA", evening("2025-10-27"))
        record = await days.buy("AAPL", evening("2025-10-28"))
        for day in ("2025-10-29", "2025-10-30", "2025-10-31"):
            await days.keep(evening(day))
        (fill,) = (await days.app.record(record.run_id)).fills
        assert (fill.session.isoformat(), fill.price) == ("2025-10-31", 80)


async def test_an_order_that_fills_late_never_fills_before_a_close_that_was_passed(tmp_path: Path) -> None:
    async with market_days(tmp_path) as days:
        days.market.prices("NVDA", bars())
        days.market.prices("AAPL", bars(until="2025-10-28"))
        await days.buy("NVDA", evening("2025-10-27"))
        record = await days.buy("AAPL", evening("2025-10-28"))
        await days.keep(evening("2025-10-29"))
        assert await sessions(days) == ["2025-10-28", "2025-10-29"]
        days.market.prices("AAPL", bars() | {"2025-10-29": "70,70,70,70", "2025-10-30": "75,75,75,75"})
        await days.keep(evening("2025-10-30"))
        (fill,) = (await days.app.record(record.run_id)).fills
        assert (fill.session.isoformat(), fill.price) == ("2025-10-30", 75)


async def test_a_ballot_is_not_settled_by_an_older_close_while_the_vendor_is_late(tmp_path: Path) -> None:
    async with market_days(tmp_path) as days:
        days.market.prices("NVDA", bars())
        days.market.prices("AAPL", bars(until="2025-10-28"))
        await days.buy("NVDA", evening("2025-10-27"))
        days.say("HOLD")
        record = await days.run("AAPL", evening("2025-10-27"))
        await days.run("AAPL", evening("2025-10-28"))
        days.market.prices("AAPL", bars() | {"2025-10-29": "90,99,90,99"}, until="2025-10-29")
        await days.keep(evening("2025-10-28"))
        await days.keep(evening("2025-10-30"))
        first = [
            row for row in await days.rows("outcomes") if row["ticker"] == "AAPL" and row["horizon"] == 1
        ]
        assert [(row["run_id"] == record.run_id, row["return_ratio"]) for row in first] == [
            (True, 0),
            (False, Decimal("0.1")),
        ]
