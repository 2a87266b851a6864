"""Short positions, borrow fees, margin calls and interest, over several days."""

from decimal import Decimal
from pathlib import Path
from typing import Any

from core.domain.books import OrderCause, OrderState
from tests.market_days import PLAIN, Days, at, evening, market_days

SHORTS = PLAIN | {"allow_short": True}
START = {"2025-10-27": "100,102,99,100", "2025-10-28": "100,101,99,100"}
STEADY = START | {
    "2025-10-29": "100,101,99,100",
    "2025-10-30": "100,101,99,100",
    "2025-10-31": "100,101,99,100",
    "2025-11-03": "100,101,99,100",
}


async def moves(days: Days, kind: str) -> list[tuple[str, str, Decimal]]:
    """Session, ticker and amount of all movements of a kind."""
    return [
        (row["session"].isoformat(), row["ticker"], row["amount_usd"])
        for row in await days.rows("cash_movements")
        if row["kind"] == kind
    ]


async def test_a_short_position_pays_its_borrow_fee_for_every_night(tmp_path: Path) -> None:
    async with market_days(tmp_path, trading=SHORTS | {"borrow_fee": "0.365"}) as days:
        days.market.prices("NVDA", STEADY)
        await days.sell("NVDA", evening("2025-10-29"), -0.2)
        await days.keep(evening("2025-10-30"))
        assert await days.shares("NVDA") == -20
        assert await days.value("2025-10-30") == 9_998
        await days.keep(evening("2025-11-03"))
        # A thousandth of $2,000 a night, three of them over the weekend, none for the night before.
        assert await moves(days, "borrow") == [
            ("2025-10-30", "NVDA", Decimal("-2.00")),
            ("2025-10-31", "NVDA", Decimal("-6.00")),
            ("2025-11-03", "NVDA", Decimal("-2.00")),
        ]
        (close,) = [
            row for row in await days.rows("daily_values") if row["session"].isoformat() == "2025-11-03"
        ]
        assert (close["cash_usd"], close["short_usd"], close["value_usd"]) == (11_990, 2_000, 9_990)


async def test_a_short_position_owes_the_dividend(tmp_path: Path) -> None:
    async with market_days(tmp_path, trading=SHORTS | {"borrow_fee": "0"}) as days:
        days.market.prices("NVDA", STEADY)
        days.market.actions("NVDA", "2025-10-30,dividend,1.5")
        await days.sell("NVDA", evening("2025-10-27"), -0.2)
        await days.keep(evening("2025-10-30"))
        assert await moves(days, "dividend") == [("2025-10-30", "NVDA", Decimal("-30.00"))]


async def test_a_split_multiplies_what_is_owed(tmp_path: Path) -> None:
    async with market_days(tmp_path, trading=SHORTS | {"borrow_fee": "0"}) as days:
        days.market.prices("NVDA", START | {"2025-10-29": "50,51,49,50"})
        days.market.actions("NVDA", "2025-10-29,split,2")
        await days.sell("NVDA", evening("2025-10-27"), -0.2, stop_loss=130)
        await days.keep(evening("2025-10-29"))
        (held,) = (await days.app.portfolio("claude")).holdings
        assert (held.position.shares, held.position.average_cost, held.position.stop_loss) == (-40, 50, 65)
        assert await days.value("2025-10-29") == 10_000


async def test_a_stop_above_closes_a_short_position(tmp_path: Path) -> None:
    async with market_days(tmp_path, trading=SHORTS | {"borrow_fee": "0"}) as days:
        days.market.prices("NVDA", START | {"2025-10-29": "101,112,100,111"})
        await days.sell("NVDA", evening("2025-10-27"), -0.2, stop_loss=110, take_profit=80)
        await days.keep(evening("2025-10-29"))
        assert await days.shares("NVDA") == 0
        assert await days.cash() == 12_000 - 20 * 110


ROCKET = START | {
    "2025-10-29": "100,101,99,100",
    "2025-10-30": "300,480,300,480",
    "2025-10-31": "500,510,490,500",
}
MUCH = SHORTS | {"max_position": 1, "max_gross_exposure": 2, "borrow_fee": "0"}


async def test_equity_that_carries_its_short_positions_is_not_called(tmp_path: Path) -> None:
    async with market_days(tmp_path, trading=MUCH) as days:
        days.market.prices("NVDA", START | {"2025-10-29": "100,160,99,160", "2025-10-30": "170,171,159,160"})
        await days.sell("NVDA", evening("2025-10-27"), -0.9)
        await days.keep(evening("2025-10-29"))
        # Equity of $4,600, and 30 % of the $14,400 that are owed are $4,320.
        assert [row["cause"] for row in await days.rows("orders")] == ["ballot"]
        await days.keep(evening("2025-10-30"))
        assert await days.shares("NVDA") == -90


async def test_margin_calls_close_the_short_positions_of_each_member_at_the_next_open(tmp_path: Path) -> None:
    members = [{"name": name, "route": [f"loopback:{name}/{name}-1"]} for name in ("claude", "gpt5")]
    async with market_days(tmp_path, trading=MUCH, members=members) as days:
        days.market.prices("NVDA", START | {"2025-10-29": "100,181,99,180", "2025-10-30": "185,186,165,166"})
        days.say("SELL", "gpt5", target_weight=-0.8)
        await days.sell("NVDA", evening("2025-10-27"), -0.9)
        await days.keep(evening("2025-10-29"))
        called = {row["member"]: row for row in await days.rows("orders") if row["cause"] == "margin_call"}
        # Equity 2,800 against 30 % of 16,200; and 3,600 against 30 % of 14,400.
        assert {name: row["shares"] for name, row in called.items()} == {"claude": 90, "gpt5": 80}
        assert {row["state"] for row in called.values()} == {"pending"}
        await days.keep(evening("2025-10-30"))
        assert (await days.shares("NVDA"), await days.shares("NVDA", "gpt5")) == (0, 0)
        assert await days.cash() == 19_000 - 90 * 185


async def test_a_ballot_cannot_get_rid_of_a_margin_call(tmp_path: Path) -> None:
    async with market_days(tmp_path, trading=MUCH) as days:
        days.market.prices("NVDA", START | {"2025-10-29": "100,181,99,180", "2025-10-30": "185,186,165,166"})
        await days.sell("NVDA", evening("2025-10-27"), -0.9)
        order = await days.order(await days.buy("NVDA", evening("2025-10-29"), 0.1))
        assert order.state is OrderState.CANCELLED
        assert order.reason == "a margin call closes NVDA at the next open"
        await days.keep(evening("2025-10-30"))
        assert await days.shares("NVDA") == 0


async def test_a_margin_call_cancels_what_was_ordered_for_the_position(tmp_path: Path) -> None:
    async with market_days(tmp_path, trading=MUCH) as days:
        days.market.prices("NVDA", START | {"2025-10-29": "100,181,99,180", "2025-10-30": "185,186,165,166"})
        await days.sell("NVDA", evening("2025-10-27"), -0.9)
        waiting = await days.buy("NVDA", at("2025-10-29", 15), 0.0)
        await days.keep(evening("2025-10-29"))
        assert (await days.order(waiting)).reason == "a margin call closes NVDA at the next open"
        await days.keep(evening("2025-10-30"))
        assert await days.shares("NVDA") == 0


async def test_who_cannot_pay_for_all_that_is_owed_closes_what_the_cash_pays_for(tmp_path: Path) -> None:
    async with market_days(tmp_path, trading=MUCH) as days:
        days.market.prices("NVDA", ROCKET)
        await days.sell("NVDA", evening("2025-10-27"), -0.9)
        await days.keep(evening("2025-10-30"))
        assert await days.value("2025-10-30") == 19_000 - 90 * 480
        await days.keep(evening("2025-10-31"))
        assert await days.shares("NVDA") == -52
        assert await days.cash() == 0
        (fill,) = [row for row in await days.rows("fills") if row["side"] == "buy"]
        assert [clamp.note for clamp in fill["clamps"]] == ["cash of $19,000.00 pays for 38 of 90 shares"]
        # What is left is called for again, and cannot be paid for.
        days.market.prices("NVDA", ROCKET | {"2025-11-03": "500,510,490,500"})
        await days.keep(evening("2025-11-03"))
        newest = [row for row in await days.rows("orders") if row["cause"] == OrderCause.MARGIN_CALL]
        assert [row["state"] for row in newest] == ["filled", "cancelled", "pending"]
        assert newest[1]["reason"] == "the cash of $0.00 pays for nothing at $500.00 a share"


async def test_cash_earns_interest_for_the_nights_it_lies_there(tmp_path: Path) -> None:
    async with market_days(tmp_path, trading=PLAIN | {"cash_interest": "0.0365"}) as days:
        days.market.prices("NVDA", STEADY)
        await days.buy("NVDA", evening("2025-10-29"))
        await days.keep(evening("2025-10-31"))
        # A ten-thousandth a night: one of $8,000, then three of $8,000.80.
        assert await moves(days, "interest") == [
            ("2025-10-30", "", Decimal("0.80")),
            ("2025-10-31", "", Decimal("2.40")),
        ]
        assert await days.value("2025-10-31") == Decimal("10003.20")


async def test_without_a_rate_no_interest_is_booked(tmp_path: Path) -> None:
    async with market_days(tmp_path) as days:
        days.market.prices("NVDA", STEADY)
        await days.buy("NVDA", evening("2025-10-29"))
        await days.keep(evening("2025-10-31"))
        assert await moves(days, "interest") == []


async def test_short_positions_that_are_not_allowed_any_more_can_still_be_closed(tmp_path: Path) -> None:
    async with market_days(tmp_path, trading=SHORTS | {"borrow_fee": "0.365"}) as days:
        days.market.prices("NVDA", STEADY)
        await days.sell("NVDA", evening("2025-10-27"), -0.2)
        await days.keep(evening("2025-10-28"))
        await days.start(trading=PLAIN | {"allow_short": False, "borrow_fee": "0.365"})
        await days.keep(evening("2025-10-29"))
        assert len(await moves(days, "borrow")) == 2
        await days.buy("NVDA", evening("2025-10-29"), 0.1)
        await days.keep(evening("2025-10-30"))
        assert await days.shares("NVDA") > 0


async def test_a_holding_that_turns_around_takes_the_levels_of_its_ballot(tmp_path: Path) -> None:
    async with market_days(tmp_path, trading=SHORTS) as days:
        days.market.prices("NVDA", STEADY)
        await days.buy("NVDA", evening("2025-10-27"), 0.2, stop_loss=80, take_profit=150)
        record: Any = await days.sell("NVDA", evening("2025-10-28"), -0.1, take_profit=70)
        await days.keep(evening("2025-10-29"))
        (held,) = (await days.app.portfolio("claude")).holdings
        assert (held.position.shares, held.position.stop_loss, held.position.take_profit) == (-10, None, 70)
        assert [row["run_id"] for row in await days.rows("holdings")] == [record.run_id]
