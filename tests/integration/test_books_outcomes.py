"""What became of ballots, settled by the books; and a small example worked out by hand, to the cent."""

from decimal import Decimal
from pathlib import Path

from tests.market_days import Days, at, evening, market_days

SESSIONS = [
    *(f"2025-10-{day:02}" for day in (1, 2, 3, 6, 7, 8, 9, 10, 13, 14, 15, 16, 17, 20, 21, 22, 23, 24)),
    *(f"2025-10-{day}" for day in (27, 28, 29, 30, 31)),
]


def rising(start: int = 100) -> dict[str, str]:
    """Every session opens at what the one before closed at, and closes a dollar higher."""
    return {
        day: f"{start + number},{start + number + 1},{start + number},{start + number + 1}"
        for number, day in enumerate(SESSIONS)
    }


async def settled(days: Days, **which: object) -> dict[int, dict[str, object]]:
    found = await days.rows("outcomes")
    return {row["horizon"]: row for row in found if all(row[name] == value for name, value in which.items())}


async def test_ballots_are_settled_after_one_five_and_twenty_sessions(tmp_path: Path) -> None:
    async with market_days(tmp_path) as days:
        days.market.prices("NVDA", rising())
        days.market.prices("SPY", dict.fromkeys(SESSIONS, "400,404,400,404"))
        record = await days.buy("NVDA", evening("2025-10-01"))
        await days.keep(evening("2025-10-01"))
        assert await settled(days) == {}
        await days.keep(evening("2025-10-02"))
        assert set(await settled(days)) == {1}
        await days.keep(evening("2025-10-08"))
        assert set(await settled(days)) == {1, 5}
        await days.keep(evening("2025-10-29"))
        found = await settled(days, run_id=record.run_id)
        facts = {
            horizon: (
                row["entry_price"],
                row["exit_session"].isoformat(),
                row["exit_price"],
                row["settled_at"],
            )
            for horizon, row in found.items()
        }
        assert facts == {
            1: (101, "2025-10-02", 102, at("2025-10-02", 20)),
            5: (101, "2025-10-08", 106, at("2025-10-08", 20)),
            20: (101, "2025-10-29", 121, at("2025-10-29", 20)),
        }
        assert found[5]["return_ratio"] == (Decimal(106) / 101 - 1).quantize(Decimal("1e-12"))
        assert found[5]["benchmark_return"] == Decimal("0.01")


async def test_a_hold_is_settled_too_and_splits_and_dividends_are_in_the_return(tmp_path: Path) -> None:
    async with market_days(tmp_path) as days:
        bars = rising() | dict.fromkeys(SESSIONS[4:], "50,50,50,50")
        days.market.prices("NVDA", bars)
        days.market.actions("NVDA", "2025-10-02,dividend,9", "2025-10-03,dividend,1", "2025-10-07,split,2")
        days.say("HOLD")
        await days.run("NVDA", evening("2025-10-01"))
        await days.keep(evening("2025-10-10"))
        found = await settled(days)
        # The dividend of the entry's own day went to who held before; one share became two of $50.
        assert found[5]["return_ratio"] == (Decimal(101) / 101 - 1).quantize(Decimal("1e-12"))
        assert found[5]["action"] == "HOLD"
        assert found[1]["benchmark_return"] is None


async def test_an_instrument_that_stopped_trading_is_settled_at_its_last_close(tmp_path: Path) -> None:
    async with market_days(tmp_path) as days:
        days.market.prices("NVDA", rising())
        days.market.prices("AAPL", {day: prices for day, prices in rising().items() if day <= "2025-10-06"})
        await days.buy("NVDA", evening("2025-10-01"))
        days.say("SELL")
        await days.run("AAPL", evening("2025-10-01"))
        for day in SESSIONS[1:13]:
            await days.keep(evening(day))
        found = await settled(days, ticker="AAPL")
        assert (found[5]["exit_session"].isoformat(), found[5]["exit_price"]) == ("2025-10-06", 104)  # type: ignore[attr-defined]
        # Nobody could know on the last day itself that no price would come any more.
        assert found[5]["settled_at"] == at("2025-10-14", 20)


async def test_a_weekend_ballot_on_a_crypto_pair_is_measured_by_the_sessions_within(tmp_path: Path) -> None:
    week = ["2025-10-31", *(f"2025-11-0{day}" for day in range(1, 8))]
    async with market_days(tmp_path) as days:
        days.market.prices(
            "BTC-USD", {day: f"{100 + n},{101 + n},{100 + n},{101 + n}" for n, day in enumerate(week)}
        )
        spy = {
            "2025-10-31": "400,400,400,400",
            "2025-11-03": "400,420,400,404",
            "2025-11-04": "404,420,404,408",
        }
        spy |= {"2025-11-05": "408,412,408,412", "2025-11-06": "412,416,412,416", "2025-11-07": "1,1,1,1"}
        days.market.prices("SPY", spy)
        days.say("BUY", target_weight=0.2)
        await days.run("BTC-USD", at("2025-11-01", 12))
        await days.keep(evening("2025-11-07"))
        found = await settled(days)
        assert found[1]["exit_session"].isoformat() == "2025-11-02"  # type: ignore[attr-defined]
        assert found[1]["settled_at"] == at("2025-11-03", 0)
        assert found[1]["benchmark_return"] is None
        # Five days from Sunday's open to Thursday's midnight: SPY from Monday's open to Thursday's close.
        assert found[5]["exit_session"].isoformat() == "2025-11-06"  # type: ignore[attr-defined]
        assert found[5]["benchmark_return"] == Decimal("0.04")


async def test_a_small_example_by_hand_to_the_cent(tmp_path: Path) -> None:
    trading = {"fee_bps": "10", "slippage_bps": "20", "cash_interest": "0.05"}
    async with market_days(tmp_path, trading=trading) as days:
        days.market.prices(
            "NVDA",
            {
                "2025-10-27": "99,101,98,100",
                "2025-10-28": "101,104,100,103",
                "2025-10-29": "104,105,101,102",
                "2025-10-30": "52,54,50,53",
                "2025-10-31": "54,55,53,54",
            },
        )
        days.market.actions("NVDA", "2025-10-29,dividend,0.40", "2025-10-30,split,2")
        await days.buy("NVDA", evening("2025-10-27"), 0.2)
        await days.keep(evening("2025-10-28"))
        # 20 shares at 101 x 1.002 = 101.202: $2,024.04, fee $2.02; a night of $7,973.94 at 5 %: $1.09.
        assert await days.cash() == Decimal("7975.03")
        assert await days.value("2025-10-28") == Decimal("10035.03")
        await days.keep(evening("2025-10-29"))
        # A dividend of $8.00, and a night of $7,983.03: $1.09.
        assert await days.cash() == Decimal("7984.12")
        assert await days.value("2025-10-29") == Decimal("10024.12")
        sale = await days.sell("NVDA", evening("2025-10-30"), 0.1)
        # 40 shares of $53 after the split and a night of $7,984.12: $1.09.
        assert sale.seats[0].briefing.equity_usd == Decimal("7985.21") + 2_120
        # A tenth of $10,105.21 at $53 are 19.066433 shares, so 20.933567 are sold.
        assert (await days.order(sale)).shares == Decimal("20.933567")
        await days.keep(evening("2025-10-31"))
        # Sold at 54 x 0.998 = 53.892: $1,128.15, fee $1.13; then three nights of $9,112.23: $3.74.
        assert await days.cash() == Decimal("9115.97")
        assert await days.value("2025-10-31") == Decimal("9115.97") + Decimal("1029.59")
        (closed,) = await days.rows("closed_trades")
        # Bought at 101.202 before the split, so at 50.601.
        assert closed["cost_usd"] == Decimal("1059.25942377")
        assert closed["pnl_usd"] == Decimal("1128.15") - Decimal("1.13") - Decimal("1059.25942377")
