"""Splits and dividends, over several days."""

import asyncio
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from core.domain.books import OrderState
from tests.market_days import at, evening, market_days

BEFORE = {"2025-10-27": "100,102,99,100", "2025-10-28": "100,101,99,100", "2025-10-29": "100,101,99,100"}
SPLIT = BEFORE | {"2025-10-30": "25,26,24,25", "2025-10-31": "26,27,25,26"}
STEADY = BEFORE | {"2025-10-30": "100,101,99,100", "2025-10-31": "100,101,99,100"}


async def test_a_split_adjusts_holdings_levels_and_marks_and_leaves_the_value(tmp_path: Path) -> None:
    async with market_days(tmp_path) as days:
        days.market.prices("NVDA", SPLIT)
        days.market.actions("NVDA", "2025-10-30,split,4")
        await days.buy("NVDA", evening("2025-10-27"), stop_loss=80, take_profit=140)
        await days.keep(evening("2025-10-29"))
        assert await days.value("2025-10-29") == 10_000
        await days.keep(at("2025-10-30", 14))
        statement = await days.app.portfolio("claude")
        (holding,) = statement.holdings
        assert (holding.position.shares, holding.position.average_cost) == (80, 25)
        assert (holding.position.stop_loss, holding.position.take_profit) == (20, 35)
        assert statement.value_usd == 10_000
        await days.keep(evening("2025-10-30"))
        assert await days.value("2025-10-30") == 10_000
        (moved,) = await days.rows("share_movements")
        assert (moved["shares_before"], moved["shares_after"], moved["ratio"]) == (20, 80, 4)
        assert moved["at"] == at("2025-10-30", 13, 30)


async def test_a_split_between_decision_and_fill_adjusts_the_order(tmp_path: Path) -> None:
    async with market_days(tmp_path) as days:
        days.market.prices("NVDA", SPLIT)
        days.market.actions("NVDA", "2025-10-30,split,4")
        record = await days.buy("NVDA", evening("2025-10-29"), stop_loss=80, take_profit=140)
        assert (await days.order(record)).shares == 20
        await days.keep(evening("2025-10-30"))
        order = await days.order(record)
        assert order.state is OrderState.FILLED
        assert (order.shares, order.reference_price, order.stop_loss, order.take_profit) == (80, 25, 20, 35)
        (fill,) = await days.rows("fills")
        assert (fill["shares"], fill["price"], fill["amount_usd"]) == (80, 25, -2000)
        assert (await days.app.portfolio("claude")).holdings[0].position.stop_loss == 20


async def test_a_run_in_the_session_of_a_split_sizes_by_new_shares(tmp_path: Path) -> None:
    async with market_days(tmp_path) as days:
        days.market.prices("NVDA", SPLIT, until="2025-10-29")
        days.market.actions("NVDA", "2025-10-30,split,4")
        await days.buy("NVDA", evening("2025-10-27"))
        # The day's bar is not there yet, but its split is in force, in the evidence and in the books.
        record = await days.sell("NVDA", at("2025-10-30", 15), 0.1)
        assert record.seats[0].briefing.equity_usd == 10_000
        assert (await days.order(record)).shares == 40
        days.market.prices("NVDA", SPLIT)
        await days.keep(evening("2025-10-31"))
        assert await days.shares("NVDA") == 40
        assert len(await days.rows("share_movements")) == 1


async def test_a_reverse_split_pays_for_the_share_that_is_left_over(tmp_path: Path) -> None:
    trading = {"fractional": False, "fee_bps": "0", "slippage_bps": "0"}
    async with market_days(tmp_path, trading=trading) as days:
        days.market.prices("NVDA", BEFORE | {"2025-10-30": "310,320,300,310"})
        days.market.actions("NVDA", "2025-10-30,split,0.333333333333")
        await days.buy("NVDA", evening("2025-10-27"))
        await days.keep(evening("2025-10-30"))
        assert await days.shares("NVDA") == 6
        (paid,) = [row for row in await days.rows("cash_movements") if row["kind"] == "cash_in_lieu"]
        # 20 shares become 6 and two thirds; before the split the two thirds were two shares at $100.
        assert paid["amount_usd"] == Decimal("200.00")
        assert await days.cash() == 8_200
        assert await days.value("2025-10-30") == 8_200 + 6 * 310


async def test_an_order_that_a_reverse_split_leaves_nothing_of_is_cancelled(tmp_path: Path) -> None:
    trading = {"fractional": False, "fee_bps": "0", "slippage_bps": "0"}
    async with market_days(tmp_path, trading=trading) as days:
        days.market.prices("NVDA", BEFORE | {"2025-10-30": "10000,10000,10000,10000"})
        days.market.actions("NVDA", "2025-10-30,split,0.01")
        record = await days.buy("NVDA", evening("2025-10-29"))
        await days.keep(evening("2025-10-30"))
        order = await days.order(record)
        assert order.state is OrderState.CANCELLED
        assert order.reason == "the split of NVDA left less than one share of the order"
        assert await days.cash() == 10_000


async def test_a_dividend_is_paid_once_to_who_held_before_its_day(tmp_path: Path) -> None:
    async with market_days(tmp_path) as days:
        days.market.prices("NVDA", STEADY)
        days.market.actions("NVDA", "2025-10-30,dividend,1.25")
        await days.buy("NVDA", evening("2025-10-27"))
        for moment in (at("2025-10-30", 14), at("2025-10-30", 14), evening("2025-10-30")):
            await days.keep(moment)
        await days.start()
        await days.keep(evening("2025-10-31"))
        (paid,) = [row for row in await days.rows("cash_movements") if row["kind"] == "dividend"]
        assert (paid["amount_usd"], paid["at"]) == (25, at("2025-10-30", 13, 30))
        assert await days.cash() == 8_025
        assert await days.value("2025-10-30") == 10_025


async def test_until_the_first_price_after_it_a_dividend_leaves_the_value(tmp_path: Path) -> None:
    async with market_days(tmp_path) as days:
        days.market.prices("NVDA", STEADY)
        days.market.actions("NVDA", "2025-10-30,dividend,1.25")
        await days.buy("NVDA", evening("2025-10-27"))
        await days.keep(at("2025-10-30", 14))
        statement = await days.app.portfolio("claude")
        assert (statement.cash_usd, statement.value_usd) == (8_025, 10_000)


@pytest.mark.parametrize("bought_on", ["2025-10-29", "2025-10-30"])
async def test_who_buys_on_the_day_of_a_dividend_or_later_gets_none(tmp_path: Path, bought_on: str) -> None:
    async with market_days(tmp_path) as days:
        days.market.prices("NVDA", STEADY)
        days.market.actions("NVDA", "2025-10-30,dividend,1.25")
        await days.buy("NVDA", evening(bought_on))
        await days.keep(evening("2025-10-31"))
        assert await days.shares("NVDA") == 20
        assert await days.cash() == 8_000


async def test_a_fill_of_a_look_back_gets_no_dividend_of_before_it(tmp_path: Path) -> None:
    async with market_days(tmp_path) as days:
        days.market.prices("NVDA", STEADY)
        days.market.actions("NVDA", "2025-10-28,dividend,3")
        days.say("BUY", target_weight=0.2)
        record = await days.run("NVDA", evening("2025-10-31"), as_of=evening("2025-10-28"))
        assert record.fills[0].session.isoformat() == "2025-10-29"
        await days.keep(evening("2025-10-31") + timedelta(minutes=5))
        assert await days.cash() == 8_000


async def test_a_dividend_that_the_vendor_tells_late_goes_to_who_held_then(tmp_path: Path) -> None:
    async with market_days(tmp_path) as days:
        days.market.prices("NVDA", STEADY)
        await days.buy("NVDA", evening("2025-10-27"))
        await days.buy("NVDA", evening("2025-10-29"), 0.25)
        await days.keep(evening("2025-10-30"))
        assert await days.shares("NVDA") == 25
        days.market.actions("NVDA", "2025-10-29,dividend,2")
        await days.start()
        await days.keep(evening("2025-10-31"))
        (paid,) = [row for row in await days.rows("cash_movements") if row["kind"] == "dividend"]
        assert (paid["amount_usd"], paid["at"]) == (40, at("2025-10-29", 13, 30))


async def test_a_split_that_comes_to_light_after_a_trade_leaves_that_holding_to_a_person(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with market_days(tmp_path) as days:
        days.market.prices("NVDA", STEADY)
        await days.buy("NVDA", evening("2025-10-27"))
        await days.buy("NVDA", evening("2025-10-29"), 0.25)
        await days.keep(evening("2025-10-30"))
        days.market.actions("NVDA", "2025-10-29,split,2")
        await days.start()
        await days.keep(evening("2025-10-31"))
        assert await days.shares("NVDA") == 25
        assert await days.rows("share_movements") == []
        assert "the split of NVDA on 2025-10-29 came to light after claude had traded it" in caplog.text


async def test_two_processes_that_keep_the_same_books_pay_a_dividend_once(tmp_path: Path) -> None:
    async with market_days(tmp_path) as days:
        days.market.prices("NVDA", STEADY)
        days.market.actions("NVDA", "2025-10-30,dividend,1.25")
        await days.buy("NVDA", evening("2025-10-27"))
        first = days.app
        second = await days.start()
        days.clock.set(evening("2025-10-31"))
        await asyncio.gather(*(app.keep_books() for app in (first, second, first, second)))
        kinds = [row["kind"] for row in await days.rows("cash_movements")]
        assert kinds.count("dividend") == 1
        assert len(await days.rows("sessions")) == 4
        assert await days.value("2025-10-31") == 10_025


async def test_a_run_that_looks_back_shows_its_verdict_trades_nothing_and_books_nothing_twice(
    tmp_path: Path,
) -> None:
    async with market_days(tmp_path) as days:
        days.market.prices("NVDA", STEADY)
        days.market.actions("NVDA", "2025-10-30,dividend,1.25")
        await days.buy("NVDA", evening("2025-10-27"))
        await days.keep(evening("2025-10-30"))
        days.say("SELL")
        record = await days.run("NVDA", evening("2025-10-31"), as_of=evening("2025-10-29"))
        assert record.verdict is not None
        assert record.verdict.decision == "SELL"
        assert record.orders[0].state is OrderState.CANCELLED
        assert record.orders[0].reason == "books only go forward: they have gone through 2025-10-30"
        await days.keep(evening("2025-10-31"))
        assert await days.cash() == 8_025
        assert await days.shares("NVDA") == 20
