"""Imported books stand beside others in a season, and go on with it."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from core.app.app import App
from core.domain.errors import Refused
from core.domain.member import MemberKind
from core.domain.season import Season
from core.store.season_tables import corporate_actions, holdings, seasons, sessions
from tests.import_scene import Open, imported, june, proved, rows, values, write_log

pytest_plugins = ["tests.storage", "tests.arena_fixtures", "tests.import_fixtures"]


async def test_a_second_log_is_valued_at_every_session_that_the_season_has_passed(
    open_arena: Open, tmp_path: Path
) -> None:
    app = await open_arena()
    await imported(app, write_log(tmp_path, "2 buy NVDA 10", "17 none - 0"), "first")
    done = await imported(app, write_log(tmp_path, "6 buy ORLY 1", "11 sell ORLY 5"), "second")
    assert (done.first, done.last, done.sessions) == (june(6), june(17), 8)
    # 8500 + 5 * 100 + 10 * 101
    assert (await values(app, "second"))[june(17)] == Decimal(10_010)
    assert len(await values(app, "first")) == 12
    await proved(app, "league", "second")


async def test_a_longer_log_carries_the_books_of_the_others_on_and_no_action_is_applied_twice(
    open_arena: Open, tmp_path: Path
) -> None:
    app = await open_arena()
    await imported(app, write_log(tmp_path, "3 buy ORLY 2", "3 buy NVDA 10"), "first")
    done = await imported(app, write_log(tmp_path, "4 buy ORLY 1", "12 sell ORLY 15"), "second")
    assert (done.last, done.value_usd) == (june(12), Decimal(10_000))
    # 10000 - 3000 - 1030 + 30 * 101 + 10 * 112.50 + 2.50
    assert (await values(app, "first"))[june(12)] == Decimal("10127.50")
    third = await imported(app, write_log(tmp_path, "11 buy ORLY 10", "16 none - 0"), "third")
    assert third.value_usd == Decimal(10_010)
    applied = [(row["ticker"], row["kind"]) for row in await rows(app, corporate_actions, "league")]
    assert sorted(applied) == [("NVDA", "dividend"), ("ORLY", "split")]
    held = {
        row["member"]: row["shares"] for row in await rows(app, holdings, "league") if row["ticker"] == "ORLY"
    }
    assert held == {"first": 30, "third": 10}
    for member in ("first", "second", "third"):
        await proved(app, "league", member)


async def test_the_season_goes_on_from_where_the_log_has_left_it(open_arena: Open, tmp_path: Path) -> None:
    app = await open_arena()
    # Bought after the split, sold before the dividend: neither is booked later.
    log = write_log(tmp_path, "10 buy ORLY 10", "10 buy NVDA 1", "11 sell NVDA 1")
    await imported(app, log, "elsewhere", "live")
    await app.keep_books()
    passed = await rows(app, sessions, "live")
    assert [row["session"].day for row in passed] == [10, 11, 12, 13, 16, 17, 18, 20, 23]
    assert [row["benchmark"] for row in passed] == [500 + row["session"].day for row in passed]
    assert (await values(app, "elsewhere", "live"))[june(23)] == Decimal(10_011)
    (season,) = await rows_of_season(app, "live")
    assert (season["kind"], season["state"]) == ("live", "open")
    await proved(app, "live", "elsewhere")


async def rows_of_season(app: App, name: str) -> list[dict[str, Any]]:
    async with app._store.database.read() as connection:
        query = seasons.select().where(seasons.c.name == name)
        return [dict(row) for row in (await connection.execute(query)).mappings()]


async def test_a_season_made_by_an_import_is_no_replay_and_holds_the_sessions_with_the_benchmark(
    open_arena: Open, tmp_path: Path
) -> None:
    app = await open_arena()
    await imported(app, write_log(tmp_path, "6 buy NVDA 1", "10 sell NVDA 1"))
    (season,) = await rows_of_season(app, "league")
    assert (season["kind"], season["benchmark"], season["plan"]) == ("import", "SPY", None)
    passed = await rows(app, sessions, "league")
    assert [(row["session"], row["benchmark"], row["benchmark_units"]) for row in passed] == [
        (june(6), 506, 1),
        (june(9), 509, 1),
        (june(10), 510, 1),
    ]


async def test_a_log_from_before_its_season_is_told_to_go_elsewhere(open_arena: Open, tmp_path: Path) -> None:
    app = await open_arena()
    await imported(app, write_log(tmp_path, "6 buy NVDA 1"), "first")
    with pytest.raises(
        Refused, match=r"^Season league begins on 2025-06-06, and log\.csv on 2025-06-05; import it"
    ):
        await imported(app, write_log(tmp_path, "5 buy NVDA 1"))


async def test_a_log_may_stand_beside_a_replay_but_not_drive_it_on(open_arena: Open, tmp_path: Path) -> None:
    app = await open_arena(arena={"committee": False, "crowd": False})
    async for _ in app.replay(june(3), june(6), ["NVDA"], season=Season("again")):
        pass
    with pytest.raises(
        Refused, match=r"^The replay again has come to 2025-06-06, and log\.csv goes to 2025-06-09"
    ):
        await imported(app, write_log(tmp_path, "3 buy NVDA 1", "9 sell NVDA 1"), season="again")
    done = await imported(app, write_log(tmp_path, "4 buy NVDA 10"), season="again")
    assert (done.last, done.value_usd) == (june(6), Decimal(10_025))
    assert len(await values(app, "buy_and_hold", "again")) == 4


async def test_a_member_that_trades_by_its_ballots_is_left_alone_and_its_name_is_known_by_any_capitals(
    open_arena: Open, tmp_path: Path
) -> None:
    app = await open_arena(arena={"committee": False, "crowd": False})
    async for _ in app.replay(june(3), june(6), ["NVDA"], season=Season("again")):
        pass
    log = write_log(tmp_path, "4 buy NVDA 10")
    with pytest.raises(Refused, match=r"^buy_and_hold has books in season again already"):
        await imported(app, log, "Buy_And_Hold", "again")
    assert (await imported(app, log, "Buy_And_Hold")).member == "buy_and_hold"


async def test_who_was_imported_is_a_member_that_takes_no_part_in_runs(
    open_arena: Open, tmp_path: Path
) -> None:
    app = await open_arena()
    await imported(app, write_log(tmp_path, "4 buy NVDA 10"))
    member = await app.member("elsewhere")
    assert (member.kind, member.enabled, member.route) == (MemberKind.IMPORTED, False, ())
    again = await open_arena()
    assert await again.member("elsewhere") == member


async def test_sample_prices_stay_out_of_the_live_books_and_others_out_of_the_sample_ones(
    open_arena: Open, tmp_path: Path
) -> None:
    mixed = await open_arena(market={"prices": ["csv", "sample"], "csv": {"dir": str(tmp_path / "prices")}})
    log = write_log(tmp_path, "2012-06-04 buy IBM 1")
    with pytest.raises(
        Refused, match=r"^The prices of IBM come from the bundled sample and stay out of the live"
    ):
        await imported(mixed, log, season=None)
    with pytest.raises(Refused, match=r"^The prices of NVDA come from csv and stay out of the sample books"):
        await imported(mixed, write_log(tmp_path, "3 buy NVDA 1", name="new.csv"), season="sample")
    assert (await imported(mixed, log)).trades == 1
    sample = await open_arena(market={"prices": ["sample"]})
    done = await imported(sample, log, season=None)
    assert (done.season, done.value_usd) == (
        Season.SAMPLE,
        (await values(sample, "elsewhere", "sample"))[done.last],
    )
