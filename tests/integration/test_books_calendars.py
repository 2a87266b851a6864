"""Half days, holidays, weekends, and instruments with sessions of their own."""

from contextlib import aclosing
from datetime import date
from decimal import Decimal
from pathlib import Path

from core.domain.books import OrderState
from core.domain.season import Season
from tests.market_days import PLAIN, Days, at, evening, market_days

WEEK = ["2025-10-27", "2025-10-28", "2025-10-29", "2025-10-30", "2025-10-31"]
WEEKEND = [*WEEK, "2025-11-01", "2025-11-02", "2025-11-03", "2025-11-04"]


def flat(days: list[str], price: str = "100") -> dict[str, str]:
    return {day: ",".join([price] * 4) for day in days}


async def fills(days: Days) -> list[tuple[str, str, Decimal, str]]:
    """Ticker, session, price and moment of all fills."""
    return [
        (row["ticker"], row["session"].isoformat(), row["price"], f"{row['filled_at']:%m-%d %H:%M}")
        for row in await days.rows("fills")
    ]


async def test_an_order_of_a_holiday_eve_fills_on_the_half_day_that_follows(tmp_path: Path) -> None:
    # Thanksgiving is on Thursday the 27th; Friday closes at 13:00 in New York.
    session = ["2025-11-24", "2025-11-25", "2025-11-26", "2025-11-28", "2025-12-01"]
    async with market_days(tmp_path, trading=PLAIN | {"cash_interest": "0.0365"}) as days:
        days.market.prices("NVDA", flat(session) | {"2025-11-28": "104,105,103,105"})
        await days.buy("NVDA", evening("2025-11-26"))
        await days.keep(at("2025-11-27", 19))
        assert await days.rows("fills") == []
        await days.keep(at("2025-11-28", 18))
        assert await fills(days) == [("NVDA", "2025-11-28", 104, "11-28 14:30")]
        (close,) = await days.rows("sessions")
        assert f"{close['closed_at']:%m-%d %H:%M}" == "11-28 18:00"
        # Three nights lie between the half day and Monday's close.
        interest = [
            row["amount_usd"] for row in await days.rows("cash_movements") if row["kind"] == "interest"
        ]
        assert interest == [Decimal("2.38")]


async def test_orders_wait_over_a_long_weekend(tmp_path: Path) -> None:
    # Monday 2025-09-01 is Labor Day.
    session = ["2025-08-28", "2025-08-29", "2025-09-02", "2025-09-03"]
    async with market_days(tmp_path) as days:
        days.market.prices("NVDA", flat(session))
        record = await days.buy("NVDA", evening("2025-08-29"))
        for day in ("2025-08-30", "2025-08-31", "2025-09-01"):
            await days.keep(evening(day))
        assert (await days.order(record)).state is OrderState.PENDING
        await days.keep(at("2025-09-02", 14))
        assert await fills(days) == [("NVDA", "2025-09-02", 100, "09-02 13:30")]


async def test_a_crypto_pair_fills_at_midnight_also_at_the_weekend(tmp_path: Path) -> None:
    async with market_days(tmp_path) as days:
        days.market.prices("NVDA", flat(WEEKEND[:5] + WEEKEND[7:]))
        days.market.prices("BTC-USD", flat(WEEKEND) | {"2025-11-02": "50,50,50,50"})
        await days.buy("NVDA", evening("2025-10-31"))
        record = await days.buy("BTC-USD", at("2025-11-01", 12))
        await days.keep(at("2025-11-02", 6))
        assert await fills(days) == [("BTC-USD", "2025-11-02", 50, "11-02 00:00")]
        await days.keep(evening("2025-11-03"))
        assert await fills(days) == [
            ("BTC-USD", "2025-11-02", 50, "11-02 00:00"),
            ("NVDA", "2025-11-03", 100, "11-03 14:30"),
        ]
        assert (await days.order(record)).state is OrderState.FILLED
        # The books go from Friday's close to Monday's; what was traded between belongs to Monday.
        (monday,) = [row for row in await days.rows("daily_values") if row["session"].day == 3]
        assert monday["traded_usd"] == 3_000


async def test_a_weekend_order_fills_even_if_nobody_kept_the_books_before_monday(tmp_path: Path) -> None:
    async with market_days(tmp_path) as days:
        days.market.prices("BTC-USD", flat(WEEKEND) | {"2025-11-02": "50,50,50,50"})
        await days.buy("BTC-USD", at("2025-11-01", 12))
        await days.keep(evening("2025-11-03"))
        assert await fills(days) == [("BTC-USD", "2025-11-02", 50, "11-02 00:00")]


async def test_a_stop_of_saturday_is_reached_by_saturdays_bar_alone(tmp_path: Path) -> None:
    saturday = {"2025-11-01": "100,100,70,90"}
    async with market_days(tmp_path) as days:
        days.market.prices("BTC-USD", flat(WEEKEND) | saturday)
        await days.buy("BTC-USD", at("2025-10-30", 12), stop_loss=80)
        await days.keep(at("2025-11-01", 23))
        assert [row["side"] for row in await days.rows("fills")] == ["buy"]
        await days.keep(at("2025-11-02", 1))
        # Bought again on Sunday: Saturday's low is not held against it, however often the books are kept.
        days.say("BUY", target_weight=0.2, stop_loss=80)
        await days.start(trading=PLAIN | {"stop_cooldown_sessions": 0})
        await days.run("BTC-USD", at("2025-11-02", 2))
        for moment in (
            at("2025-11-03", 1),
            at("2025-11-03", 2),
            evening("2025-11-03"),
            evening("2025-11-04"),
        ):
            await days.keep(moment)
        assert [(row["side"], f"{row['filled_at']:%d %H}") for row in await days.rows("fills")] == [
            ("buy", "31 00"),
            ("sell", "02 00"),
            ("buy", "03 00"),
        ]
        assert await days.shares("BTC-USD") > 0


async def test_a_foreign_listing_keeps_its_own_hours(tmp_path: Path) -> None:
    async with market_days(tmp_path) as days:
        days.market.prices("NVDA", flat(WEEK))
        days.market.prices("SAP.DE", flat(WEEK) | {"2025-10-30": "90,91,89,90"})
        await days.buy("NVDA", evening("2025-10-27"))
        await days.buy("SAP.DE", at("2025-10-29", 18))
        await days.keep(at("2025-10-30", 9))
        assert (await fills(days))[-1] == ("SAP.DE", "2025-10-30", 90, "10-30 08:00")


async def test_a_benchmark_keeps_its_level_through_splits_dividends_and_gaps(tmp_path: Path) -> None:
    async with market_days(tmp_path) as days:
        days.market.prices("NVDA", flat(WEEKEND[:5] + WEEKEND[7:]))
        spy = flat(WEEK, "100") | {
            "2025-10-29": "50,50,50,50",
            "2025-10-31": "40,40,40,40",
            "2025-11-03": "44,44,44,44",
        }
        del spy["2025-10-30"]
        days.market.prices("SPY", spy)
        days.market.actions("SPY", "2025-10-29,split,2", "2025-10-30,dividend,2", "2025-11-03,dividend,1")
        await days.buy("NVDA", evening("2025-10-27"))
        for day in (*WEEK[1:], "2025-11-03"):
            await days.keep(evening(day))
        levels = [(row["benchmark"], row["benchmark_units"]) for row in await days.rows("sessions")]
        assert levels == [
            (100, 1),
            (50, 2),
            (None, None),
            (40, 2 * (1 + Decimal(2) / 40)),
            (44, 2 * (1 + Decimal(2) / 40) * (1 + Decimal(1) / 44)),
        ]


async def test_in_a_replay_the_holiday_of_one_exchange_does_not_prolong_the_brake_of_another(
    tmp_path: Path,
) -> None:
    # On 1 May Frankfurt is closed and New York is not. The fall of 30 April brakes that session alone.
    april = ["2025-04-28", "2025-04-29", "2025-04-30"]
    may = ["2025-05-01", "2025-05-02"]
    rule = [{"name": "buy_and_hold", "kind": "baseline"}]
    async with market_days(tmp_path, members=rule, trading=PLAIN | {"max_position": "0.4"}) as days:
        days.market.prices("SAP.DE", flat([*april, may[1]]))
        days.market.prices("NVDA", flat(april[:2]) | flat([april[2], *may], "75"))
        days.market.prices("AMD", flat(may))
        asked = (date(2025, 4, 28), date(2025, 5, 2), ("SAP.DE", "NVDA", "AMD"))
        async with aclosing(days.app.replay(*asked, season=Season("may"))) as steps:
            assert [progress.sessions_done async for progress in steps] == [1, 2, 3, 4, 5]
        bought = [
            (row["ticker"], row["session"].isoformat()) for row in await days.rows("fills", Season("may"))
        ]
    assert bought == [("SAP.DE", "2025-04-29"), ("NVDA", "2025-04-29"), ("AMD", "2025-05-02")]
