"""A log of trades becomes a member's books to the cent, or changes nothing at all."""

import asyncio
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from core.clock import ManualClock
from core.domain.books import OrderCause
from core.domain.errors import ConclaveError, Refused, StoreError
from core.domain.trade_log import LogPrice
from core.store import locked_imports
from core.store.season_tables import daily_values, imports, sessions, share_movements
from core.store.tables import accounts, cash_movements, fills, marks, orders
from tests.import_scene import NOW, Open, at, everything, imported, june, proved, rows, values, write_log

pytest_plugins = ["tests.storage", "tests.arena_fixtures", "tests.import_fixtures"]


async def test_a_log_is_booked_to_the_cent_over_a_split_and_a_dividend(
    open_arena: Open, tmp_path: Path
) -> None:
    app = await open_arena()
    log = write_log(
        tmp_path,
        "2 none - 0",
        "3 buy NVDA 10",  # 10 at 103.00
        "6 buy ORLY 2.5",  # 2.5 at 1500.00
        "10 sell ORLY 7.5",  # 37.5 are held since the open; 7.5 at 100.00
        "12 buy NVDA 0",
        "12 sell NVDA 4",  # 4 at 112.00, after the dividend on 10
        "16 none - 0",
    )
    done = await imported(app, log)
    assert await values(app, "elsewhere") == {
        june(2): Decimal(10000),
        june(3): Decimal(10005),  # 8970 + 10 * 103.50
        june(4): Decimal(10015),
        june(5): Decimal(10025),
        june(6): Decimal(10035),  # 5220 + 10 * 106.50 + 2.5 * 1500
        june(9): Decimal(10065),
        june(10): Decimal(10105),  # 5970 + 10 * 110.50 + 30 * 101
        june(11): Decimal(10115),
        june(12): Decimal("10125.50"),  # 5970 + 2.50 + 448 + 6 * 112.50 + 30 * 101
        june(13): Decimal("10131.50"),
        june(16): Decimal("10149.50"),
    }
    assert (done.rows, done.trades, done.without_trade, done.sessions) == (7, 4, 3, 11)
    assert (done.first, done.last, done.value_usd) == (june(2), june(16), Decimal("10149.50"))
    (split,) = await rows(app, share_movements, "league")
    assert (split["shares_before"], split["shares_after"], split["at"]) == (
        Decimal("2.5"),
        Decimal("37.5"),
        at(10, 13, 30),
    )
    (paid,) = [row for row in await rows(app, cash_movements, "league") if row["kind"] == "dividend"]
    assert (paid["amount_usd"], paid["at"], paid["session"]) == (Decimal("2.50"), at(12, 13, 30), june(12))
    traded = {row["session"]: row["traded_usd"] for row in await rows(app, daily_values, "league")}
    assert (traded[june(6)], traded[june(9)], traded[june(12)]) == (Decimal(3750), 0, Decimal(448))
    await proved(app, "league", "elsewhere")


async def test_every_fill_has_its_order_its_movements_and_the_line_it_came_from(
    open_arena: Open, tmp_path: Path
) -> None:
    app = await open_arena()
    await imported(app, write_log(tmp_path, "3 buy NVDA 10", "4 none - 0", "5 sell NVDA 3.5"))
    (note,) = await rows(app, imports, "league")
    assert (note["member"], note["file_name"], note["price"], note["rows"], note["at"]) == (
        "elsewhere",
        "log.csv",
        "open",
        3,
        NOW,
    )
    bought, sold = await rows(app, fills, "league")
    assert [fill["id"] for fill in (bought, sold)] == [f"{note['id']}-2", f"{note['id']}-4"]
    assert (sold["shares"], sold["price"], sold["amount_usd"], sold["fee_usd"]) == (
        Decimal("3.5"),
        Decimal(105),
        Decimal("367.50"),
        0,
    )
    assert (sold["session"], sold["filled_at"]) == (june(5), at(5, 13, 30))
    for order, fill in zip(await rows(app, orders, "league"), (bought, sold), strict=True):
        assert (order["id"], order["cause"], order["import_id"]) == (
            fill["order_id"],
            OrderCause.IMPORT,
            note["id"],
        )
        assert (order["state"], order["ended_at"], order["run_id"]) == ("filled", fill["filled_at"], None)
        assert order["decided_session"] == fill["session"]
    moved = [
        (row["kind"], row["amount_usd"], row["fill_id"]) for row in await rows(app, cash_movements, "league")
    ]
    assert moved == [
        ("deposit", 10_000, None),
        ("trade", -1030, bought["id"]),
        ("fee", 0, bought["id"]),
        ("trade", Decimal("367.50"), sold["id"]),
        ("fee", 0, sold["id"]),
    ]
    (account,) = await rows(app, accounts, "league")
    assert account["opened_at"] == at(3, 13, 30)


async def test_a_log_can_be_booked_at_the_close_or_at_its_own_prices(
    open_arena: Open, tmp_path: Path
) -> None:
    app = await open_arena()
    log = write_log(tmp_path, "3 buy NVDA 2 103.25", "4 sell NVDA 1 250", "5 sell NVDA 1 90")
    await imported(app, log, season="close", price=LogPrice.CLOSE)
    own = await imported(app, log, season="own", price=LogPrice.COLUMN)
    late = [(row["price"], row["filled_at"]) for row in await rows(app, fills, "close")]
    assert late == [
        (Decimal("103.5"), at(3, 20)),
        (Decimal("104.5"), at(4, 20)),
        (Decimal("105.5"), at(5, 20)),
    ]
    assert (await values(app, "elsewhere", "close"))[june(3)] == Decimal(10_000)
    early = [(row["price"], row["filled_at"]) for row in await rows(app, fills, "own")]
    assert early == [
        (Decimal("103.25"), at(3, 13, 30)),
        (Decimal(250), at(4, 13, 30)),
        (Decimal(90), at(5, 13, 30)),
    ]
    assert (own.outside_range, own.first_outside) == (2, 3)
    # A log's own price is nobody's mark.
    assert {row["price"] for row in await rows(app, marks, "own")} == {Decimal("103.5"), Decimal("104.5")}


async def test_costs_are_added_only_when_they_are_asked_for(open_arena: Open, tmp_path: Path) -> None:
    app = await open_arena(trading={"slippage_bps": 100, "fee_bps": 50})
    log = write_log(tmp_path, "3 buy NVDA 10", "4 sell NVDA 10")
    await imported(app, log, season="dear", costs=True)
    dear = [(row["price"], row["amount_usd"], row["fee_usd"]) for row in await rows(app, fills, "dear")]
    assert dear == [
        (Decimal("104.03"), Decimal("-1040.30"), Decimal("5.20")),
        (Decimal("102.96"), Decimal("1029.60"), Decimal("5.15")),
    ]
    assert (await values(app, "elsewhere", "dear"))[june(4)] == Decimal("9978.95")
    await proved(app, "dear", "elsewhere")
    assert (await imported(app, log, season="free")).value_usd == Decimal(10010)


REFUSED = {
    "overdraws": (
        ["3 buy NVDA 50", "4 buy NVDA 47"],
        "line 3: it costs $4,888.00, and the cash is $4,850.00 then",
    ),
    "oversells": (
        ["3 buy NVDA 5", "4 sell NVDA 5.000001"],
        "line 3: it sells 5.000001 NVDA, and 5 are held then",
    ),
    "sells before it buys": (
        ["3 sell NVDA 1", "3 buy NVDA 1"],
        "line 2: it sells 1 NVDA, and 0 are held then",
    ),
    "sells shares of before a split": (
        ["6 buy ORLY 2", "10 sell ORLY 31"],
        "line 3: it sells 31 ORLY, and 30 are held",
    ),
    "trades on a holiday": (
        ["18 buy NVDA 1", "19 sell NVDA 1"],
        "line 3: the market of NVDA was closed on 2025-06-19",
    ),
    "trades at a weekend": (["7 buy NVDA 1"], "line 2: the market of NVDA was closed on 2025-06-07"),
    "trades abroad on a day off": (
        ["9 buy SAP.DE 1"],
        "line 2: there are no prices of SAP.DE since 2025-06-09 (asked: csv)",
    ),
    "names nothing that is known": (
        ["3 buy NVDA 1", "4 buy ZZZ 1"],
        "line 3: there are no prices of ZZZ since 2025-06-03",
    ),
    "trades in the future": (
        ["3 buy NVDA 1", "2025-07-01 sell NVDA 1"],
        "line 3: the session of NVDA on 2025-07-01 has not closed yet",
    ),
    "trades before prices begin": (
        ["2025-05-30 buy NVDA 1"],
        "line 2: csv has no price of NVDA on 2025-05-30",
    ),
    "is larger than any books": (
        ["3 buy NVDA 999999999"],
        "line 2: an amount of $102,999,999,897.00 is more than the books can hold",
    ),
    "holds nothing that has happened": (
        ["2025-06-24 none - 0"],
        "No session from 2025-06-24 to 2025-06-24 has closed yet",
    ),
}


@pytest.mark.parametrize("which", REFUSED)
async def test_a_log_that_cannot_be_booked_is_refused_by_its_line_and_changes_nothing(
    which: str, open_arena: Open, tmp_path: Path
) -> None:
    app = await open_arena()
    await imported(app, write_log(tmp_path, "2 buy NVDA 1", "5 none - 0"), "first")
    before = await everything(app)
    lines, why = REFUSED[which]
    with pytest.raises(Refused) as caught:
        await imported(app, write_log(tmp_path, *lines), season="fresh")
    assert why in str(caught.value)
    assert str(caught.value).endswith("Nothing was imported.")
    assert await everything(app) == before
    with pytest.raises(Refused):
        await imported(app, write_log(tmp_path, *lines))
    assert await everything(app) == before


async def test_a_short_sale_is_refused_even_where_short_positions_are_allowed(
    open_arena: Open, tmp_path: Path
) -> None:
    app = await open_arena(trading={"allow_short": True})
    with pytest.raises(Refused, match="it sells 1 NVDA, and 0 are held"):
        await imported(app, write_log(tmp_path, "3 sell NVDA 1"))


async def test_a_member_has_one_log_in_a_season_and_the_same_file_is_known_again(
    open_arena: Open, tmp_path: Path
) -> None:
    app = await open_arena()
    log = write_log(tmp_path, "3 buy NVDA 1")
    await imported(app, log)
    before = await everything(app)
    with pytest.raises(Refused, match=r"^log\.csv is in the books of elsewhere in season league already\.$"):
        await imported(app, log, "ELSEWHERE")
    with pytest.raises(Refused, match=r"^elsewhere has books in season league already; import"):
        await imported(app, write_log(tmp_path, "3 buy NVDA 1", "4 sell NVDA 1"))
    assert await everything(app) == before
    await imported(app, log, "another")
    await imported(app, log, season="second")


async def test_of_two_imports_at_once_one_is_booked_and_the_other_refused(
    open_arena: Open, tmp_path: Path
) -> None:
    one, other = await open_arena(), await open_arena()
    log = write_log(tmp_path, "3 buy NVDA 1", "6 sell NVDA 1")
    ended = await asyncio.gather(imported(one, log), imported(other, log), return_exceptions=True)
    refused = [each for each in ended if isinstance(each, ConclaveError)]
    assert [type(each) for each in refused] == [Refused]
    assert len(await rows(one, fills, "league")) == 2
    await proved(one, "league", "elsewhere")


async def test_two_members_at_once_come_into_one_new_season(open_arena: Open, tmp_path: Path) -> None:
    one, other = await open_arena(), await open_arena()
    log = write_log(tmp_path, "3 buy NVDA 1", "6 sell NVDA 1")
    await asyncio.gather(imported(one, log, "left"), imported(other, log, "right"))
    left, right = await values(one, "left"), await values(one, "right")
    assert left == right
    assert len(left) == len(await rows(one, sessions, "league")) == 4
    numbers = [member.number for member in await one.members()]
    assert len(set(numbers)) == len(numbers)


@pytest.mark.parametrize("method", ["begin", "add_sessions", "add_actions", "write", "finish"])
async def test_an_import_that_breaks_in_the_middle_leaves_nothing(
    method: str, open_arena: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = await open_arena()
    before = await everything(app)
    whole = getattr(locked_imports.LockedImports, method)

    async def breaks(*arguments: Any, **more: Any) -> None:
        await whole(*arguments, **more)
        raise StoreError("the power is gone")

    log = write_log(tmp_path, "6 buy ORLY 1", "10 sell ORLY 15")
    with monkeypatch.context() as broken:
        broken.setattr(locked_imports.LockedImports, method, breaks)
        with pytest.raises(StoreError, match="the power is gone"):
            await imported(app, log)
    assert await everything(app) == before
    assert (await imported(app, log)).trades == 2


async def test_a_pair_may_trade_at_the_weekend_and_is_in_the_books_of_the_next_session(
    open_arena: Open, tmp_path: Path
) -> None:
    app = await open_arena()
    done = await imported(app, write_log(tmp_path, "7 buy PAIR-USD 10", "8 sell PAIR-USD 4"))
    assert (done.first, done.last, done.value_usd) == (june(9), june(9), Decimal(10_000))
    assert [row["filled_at"] for row in await rows(app, fills, "league")] == [at(7, 0), at(8, 0)]
    (value,) = await rows(app, daily_values, "league")
    assert (value["long_usd"], value["traded_usd"]) == (Decimal(120), Decimal(280))
    (account,) = await rows(app, accounts, "league")
    assert account["opened_at"] == at(7, 0)
    await proved(app, "league", "elsewhere")


async def test_trades_of_one_day_are_booked_in_the_order_of_their_markets(
    open_arena: Open, tmp_path: Path
) -> None:
    app = await open_arena()
    # The pair's day opens at midnight, before New York: the cash of the sale is not there yet.
    log = write_log(tmp_path, "3 buy NVDA 97", "4 sell NVDA 97", "4 buy PAIR-USD 400")
    with pytest.raises(Refused, match=r"line 4: it costs \$8,000\.00, and the cash is \$9\.00 then"):
        await imported(app, log)
    late = write_log(tmp_path, "3 buy NVDA 96", "4 sell NVDA 96", "4 buy PAIR-USD 400")
    done = await imported(app, late, price=LogPrice.CLOSE)
    # The pair's day closes at midnight, after New York's: it is in the books of the day after.
    assert done.last == june(5)
    assert (await values(app, "elsewhere"))[june(5)] == Decimal(10096)


async def test_a_trade_later_than_any_close_that_there_was_is_refused(
    open_arena: Open, tmp_path: Path
) -> None:
    app = await open_arena(clock=ManualClock(at(22, 12)))
    with pytest.raises(Refused, match="line 2: the books can go to the close of 2025-06-20 by now"):
        await imported(app, write_log(tmp_path, "21 buy PAIR-USD 1"))


async def test_cash_earns_interest_at_each_close_where_it_is_paid(open_arena: Open, tmp_path: Path) -> None:
    app = await open_arena(trading={"cash_interest": "0.0365"})
    await imported(app, write_log(tmp_path, "5 buy NVDA 10", "9 none - 0"))
    earned = [
        row["amount_usd"] for row in await rows(app, cash_movements, "league") if row["kind"] == "interest"
    ]
    # One night, a weekend, one night: 8950 at a ten thousandth a day, and what that has earned.
    assert earned == [Decimal("0.90"), Decimal("2.69"), Decimal("0.90")]
    await proved(app, "league", "elsewhere")


async def test_a_fraction_that_a_split_leaves_is_paid_where_shares_are_whole(
    open_arena: Open, tmp_path: Path
) -> None:
    app = await open_arena(trading={"fractional": False})
    (tmp_path / "prices" / "ORLY.actions.csv").write_text("date,kind,value\n2025-06-10,split,1.5\n")
    await imported(app, write_log(tmp_path, "6 buy ORLY 1", "10 none - 0"))
    (paid,) = [row for row in await rows(app, cash_movements, "league") if row["kind"] == "cash_in_lieu"]
    # Half a share at the last price before the split, 1500 / 1.5.
    assert paid["amount_usd"] == Decimal(500)
    await proved(app, "league", "elsewhere")


async def test_a_holding_is_marked_in_new_shares_when_the_day_of_its_split_has_no_price(
    open_arena: Open, tmp_path: Path
) -> None:
    app = await open_arena()
    file = tmp_path / "prices" / "ORLY.csv"
    kept = [line for line in file.read_text().splitlines() if not line.startswith("2025-06-10")]
    file.write_text("\n".join(kept) + "\n")
    await imported(app, write_log(tmp_path, "6 buy ORLY 1", "11 none - 0"))
    found = await values(app, "elsewhere")
    assert (found[june(9)], found[june(10)], found[june(11)]) == (10_000, 10_000, 10_015)


async def test_a_holding_whose_prices_end_has_no_value_and_never_counts_as_nothing(
    open_arena: Open, tmp_path: Path
) -> None:
    app = await open_arena()
    file = tmp_path / "prices" / "ORLY.csv"
    file.write_text(
        "\n".join(line for line in file.read_text().splitlines() if line < "2025-06-10" or "d" in line)
    )
    done = await imported(app, write_log(tmp_path, "6 buy ORLY 1", "23 none - 0"))
    assert done.value_usd is None
    found = await values(app, "elsewhere")
    assert (found[june(20)], found[june(23)]) == (Decimal(10_000), None)
