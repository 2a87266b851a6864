"""Stops, take-profits, the cooldown and the drawdown brake, over several days."""

from decimal import Decimal
from pathlib import Path

import pytest

from core.domain.books import OrderCause, OrderState
from tests.market_days import LIVE, Days, at, evening, market_days

START = {"2025-10-27": "100,102,99,100", "2025-10-28": "100,101,99,100"}
AFTER = {"2025-10-30": "90,91,89,90", "2025-10-31": "90,91,89,90", "2025-11-03": "90,91,89,90"}


async def closing(days: Days, ticker: str = "NVDA") -> list[tuple[str, str, Decimal]]:
    """Cause, session and price of the fills that closed something."""
    orders = {row["id"]: row for row in await days.rows("orders")}
    return [
        (orders[fill["order_id"]]["cause"], fill["session"].isoformat(), fill["price"])
        for fill in await days.rows("fills")
        if orders[fill["order_id"]]["cause"] != "ballot" and fill["ticker"] == ticker
    ]


@pytest.mark.parametrize(
    ("bar", "cause", "price"),
    [
        ("98,99,90,97", "stop", "95"),
        ("92,99,90,97", "stop", "92"),
        ("100,121,99,118", "take_profit", "120"),
        ("125,130,124,126", "take_profit", "125"),
        ("100,130,90,100", "stop", "95"),
    ],
    ids=["within the session", "by a gap", "take-profit", "take-profit by a gap", "both in one bar"],
)
async def test_a_level_that_a_session_reaches_closes_the_holding(
    tmp_path: Path, bar: str, cause: str, price: str
) -> None:
    async with market_days(tmp_path) as days:
        days.market.prices("NVDA", START | {"2025-10-29": bar} | AFTER)
        record = await days.buy("NVDA", evening("2025-10-27"), stop_loss=95, take_profit=120)
        await days.keep(evening("2025-10-29"))
        assert await closing(days) == [(cause, "2025-10-29", Decimal(price))]
        assert await days.shares("NVDA") == 0
        assert await days.cash() == 8_000 + 20 * Decimal(price)
        (order,) = [row for row in await days.rows("orders") if row["cause"] != "ballot"]
        assert order["run_id"] == record.run_id
        assert order["decided_session"].isoformat() == "2025-10-29"


async def test_after_a_stop_nothing_is_bought_until_a_session_later(tmp_path: Path) -> None:
    async with market_days(tmp_path) as days:
        days.market.prices("NVDA", START | {"2025-10-29": "98,99,90,92"} | AFTER)
        await days.buy("NVDA", evening("2025-10-27"), stop_loss=95)
        refused = await days.order(await days.buy("NVDA", evening("2025-10-29")))
        assert refused.state is OrderState.CANCELLED
        assert refused.reason == "the stop of NVDA was hit on 2025-10-29: nothing is added so soon after"
        assert [clamp.rule for clamp in refused.clamps] == ["cooldown"]
        allowed = await days.order(await days.buy("NVDA", evening("2025-10-30")))
        assert allowed.state is OrderState.PENDING


async def test_a_bar_of_before_the_purchase_reaches_no_level(tmp_path: Path) -> None:
    async with market_days(tmp_path, trading={"fill": "last"}) as days:
        # Bought in the afternoon, after the low of that session.
        days.market.prices("NVDA", START | {"2025-10-29": "98,99,80,97", "2025-10-30": "97,99,96,98"})
        await days.buy("NVDA", at("2025-10-29", 19), stop_loss=90)
        await days.keep(evening("2025-10-30"))
        assert await days.shares("NVDA") > 0
        assert await closing(days) == []


async def test_the_bar_of_the_opening_fill_counts(tmp_path: Path) -> None:
    async with market_days(tmp_path) as days:
        days.market.prices("NVDA", START | {"2025-10-29": "100,101,94,96"} | AFTER)
        await days.buy("NVDA", evening("2025-10-28"), stop_loss=95)
        await days.keep(evening("2025-10-29"))
        assert await closing(days) == [("stop", "2025-10-29", 95)]


async def test_what_opens_beyond_its_own_stop_is_closed_at_that_open(tmp_path: Path) -> None:
    async with market_days(tmp_path) as days:
        days.market.prices("NVDA", START | {"2025-10-29": "90,99,89,96"} | AFTER)
        await days.buy("NVDA", evening("2025-10-28"), stop_loss=95)
        await days.keep(evening("2025-10-29"))
        assert await closing(days) == [("stop", "2025-10-29", 90)]
        assert await days.cash() == 10_000


async def test_a_stop_cancels_what_was_ordered_for_the_holding(tmp_path: Path) -> None:
    async with market_days(tmp_path) as days:
        days.market.prices("NVDA", START | {"2025-10-29": "98,99,90,92"} | AFTER)
        await days.buy("NVDA", evening("2025-10-27"), stop_loss=95)
        waiting = await days.sell("NVDA", at("2025-10-29", 15), 0.1)
        await days.keep(evening("2025-10-30"))
        order = await days.order(waiting)
        assert order.state is OrderState.CANCELLED
        assert order.reason == "the stop of NVDA was reached on 2025-10-29"


async def test_a_ballot_without_levels_leaves_those_that_stand(tmp_path: Path) -> None:
    async with market_days(tmp_path) as days:
        days.market.prices("NVDA", START | {"2025-10-29": "100,101,99,100", "2025-10-30": "100,101,99,100"})
        await days.buy("NVDA", evening("2025-10-27"), 0.1, stop_loss=80, take_profit=150)
        await days.buy("NVDA", evening("2025-10-28"), 0.2, stop_loss=85)
        await days.keep(evening("2025-10-29"))
        (held,) = (await days.store.books.portfolio(LIVE, "claude")).positions
        assert (held.shares, held.stop_loss, held.take_profit) == (20, 85, 150)


async def test_a_fall_in_one_session_brakes_all_buying_until_the_next(tmp_path: Path) -> None:
    async with market_days(
        tmp_path, trading={"max_position": 1, "fee_bps": "0", "slippage_bps": "0"}
    ) as days:
        days.market.prices("NVDA", START | {"2025-10-29": "98,99,90,93"} | AFTER)
        days.market.prices("AAPL", START | {"2025-10-29": "100,101,99,100"} | AFTER)
        await days.buy("NVDA", evening("2025-10-27"), 0.8)
        braked = await days.order(await days.buy("AAPL", evening("2025-10-29"), 0.1))
        assert braked.state is OrderState.CANCELLED
        note = "equity fell 5.6% since the last close: nothing is added until the next session"
        assert braked.reason == note
        assert [(clamp.rule, clamp.note) for clamp in braked.clamps] == [("drawdown brake", note)]
        sold = await days.order(await days.sell("NVDA", evening("2025-10-29"), 0.1))
        assert sold.state is OrderState.PENDING
        again = await days.order(await days.buy("AAPL", evening("2025-10-31"), 0.1))
        assert again.state is OrderState.PENDING


async def test_the_brake_works_in_the_first_session_too(tmp_path: Path) -> None:
    async with market_days(
        tmp_path, trading={"max_position": 1, "fee_bps": "0", "slippage_bps": "0"}
    ) as days:
        days.market.prices("NVDA", START | {"2025-10-29": "98,99,90,93"})
        days.market.prices("AAPL", START | {"2025-10-28": "100,101,90,90"})
        await days.buy("AAPL", evening("2025-10-27"), 0.9)
        braked = await days.order(await days.buy("NVDA", evening("2025-10-28"), 0.1))
        assert [clamp.rule for clamp in braked.clamps] == ["drawdown brake"]


async def test_orders_that_wait_count_towards_the_largest_exposure(tmp_path: Path) -> None:
    async with market_days(
        tmp_path, trading={"max_position": 1, "fee_bps": "0", "slippage_bps": "0"}
    ) as days:
        for ticker in ("NVDA", "AAPL"):
            days.market.prices(ticker, START)
        await days.buy("NVDA", evening("2025-10-27"), 0.7)
        second = await days.order(await days.buy("AAPL", evening("2025-10-27"), 0.7))
        assert second.shares == 30
        assert [clamp.note for clamp in second.clamps] == [
            "all holdings together may be 100% of equity: $3,000.00 are left"
        ]


async def test_a_stop_and_its_cause_are_on_the_orders_of_the_run(tmp_path: Path) -> None:
    async with market_days(tmp_path) as days:
        days.market.prices("NVDA", START | {"2025-10-29": "98,99,90,92"} | AFTER)
        record = await days.buy("NVDA", evening("2025-10-27"), stop_loss=95)
        await days.keep(evening("2025-10-29"))
        causes = [order.cause for order in (await days.app.record(record.run_id)).orders]
        assert causes == [OrderCause.BALLOT, OrderCause.STOP]
