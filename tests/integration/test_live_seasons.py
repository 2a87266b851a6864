"""A live season ends once, stays as it was for ever, and the next one begins afresh."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
import pytest_asyncio
from sqlalchemy import event

from core.domain.books import OrderState
from core.domain.errors import NotFound, Refused, StoreError
from core.domain.evidence import Evidence
from core.domain.live_season import FinalTable
from core.domain.run import RunRecord, RunState
from core.domain.season import Season
from core.domain.verdict import Verdict
from core.store.store import Store
from tests.market_days import BOOKS, LIVE, Days, at, evening, market_days, rows

pytest_plugins = ("tests.storage",)

AUTUMN = Season("autumn")
WEEK = ["2025-10-27", "2025-10-28", "2025-10-29", "2025-10-30", "2025-10-31", "2025-11-03", "2025-11-04"]
LAST = date(2025, 10, 29)
OVER = evening("2025-10-29")


@pytest_asyncio.fixture
async def days(url: str, tmp_path: Path) -> AsyncIterator[Days]:
    """NVDA goes from 100 by 10 a day; claude buys it on the first evening, for 20 shares at 110."""
    async with market_days(tmp_path, url=url) as scene:
        closes = {day: 100 + 10 * number for number, day in enumerate(WEEK)}
        scene.market.prices("NVDA", {day: ",".join([str(close)] * 4) for day, close in closes.items()})
        scene.market.flat("SPY", "400", WEEK)
        await scene.buy("NVDA", evening("2025-10-27"), weight=0.2)
        yield scene


async def ends(days: Days) -> None:
    """Let the season end on the 29th, with an order that waits for the next open."""
    await days.app.end_season_on(LAST)
    await days.sell("NVDA", at("2025-10-29", 15))
    days.clock.set(OVER)


async def books_of(store: Store, season: Season = LIVE) -> list[object]:
    return [await rows(store, table, season) for table in BOOKS]


async def frozen(days: Days) -> FinalTable:
    table = await days.app.freeze_if_due()
    assert table is not None
    return table


async def test_a_season_is_frozen_after_the_close_of_its_last_day(days: Days) -> None:
    await ends(days)
    days.clock.set(at("2025-10-29", 19))
    assert await days.app.freeze_if_due() is None
    days.clock.set(OVER)
    table = await frozen(days)
    assert (table.season, table.first, table.last) == (LIVE, date(2025, 10, 28), LAST)
    assert table.ended_at == at("2025-10-29", 20)
    (line,) = table.lines
    assert (line.rank, line.member, line.trades) == (1, "claude", 1)
    # 20 shares were bought at 110 and are worth 120.
    assert (line.value_usd, line.return_ratio) == (Decimal(10200), Decimal("0.02"))
    assert line.max_drawdown == 0
    assert table.winner == line
    assert table.runs == 2


async def test_a_last_day_without_a_session_means_the_session_before(days: Days) -> None:
    await days.app.end_season_on(date(2025, 11, 2))
    days.clock.set(at("2025-10-31", 19))
    assert await days.app.freeze_if_due() is None
    days.clock.set(evening("2025-10-31"))
    assert (await frozen(days)).last == date(2025, 10, 31)


async def test_orders_that_wait_are_cancelled_because_the_season_has_ended(days: Days) -> None:
    await ends(days)
    (waits,) = await days.store.books.pending(LIVE)
    await frozen(days)
    (order,) = [row for row in await days.rows("orders") if row["id"] == waits.id]
    assert (order["state"], order["reason"]) == (OrderState.CANCELLED, "the season has ended")
    assert order["ended_at"] == at("2025-10-29", 20)


async def test_a_frozen_season_never_changes_though_prices_do(days: Days) -> None:
    await ends(days)
    table = await frozen(days)
    before, board = await books_of(days.store), await days.app.leaderboard(LIVE)
    scores = await days.app._scoreboard.scorecards(LIVE)
    for day in ("2025-10-31", "2025-11-04"):
        await days.keep(evening(day))
    await days.start()
    await days.keep(evening("2025-11-04"))
    assert await books_of(days.store) == before
    assert await days.app.leaderboard(LIVE) == board
    assert await days.app._scoreboard.scorecards(LIVE) == scores
    assert await days.app.final_table(LIVE) == table


async def test_days_after_the_end_are_not_in_the_books_however_late_it_is_frozen(days: Days) -> None:
    await ends(days)
    await days.keep(evening("2025-11-04"))
    sessions = [row["session"] for row in await days.rows("sessions")]
    assert sessions[-1] == LAST
    (table,) = await days.app.season_finals()
    assert table.lines[0].value_usd == 10_200
    assert table.ended_at == at("2025-10-29", 20)


async def test_a_stop_is_not_checked_any_more(days: Days) -> None:
    await days.buy("NVDA", at("2025-10-28", 15), weight=0.3, stop_loss=105)
    await days.app.end_season_on(LAST)
    await days.keep(OVER)
    days.market.prices("NVDA", {"2025-10-30": "50,50,50,50", "2025-10-31": "50,50,50,50"})
    shares = await days.shares("NVDA")
    await days.keep(evening("2025-10-31"))
    assert await days.shares("NVDA") == shares > 0


async def test_books_that_wait_for_the_last_prices_are_not_frozen_before(days: Days) -> None:
    await days.app.end_season_on(LAST)
    until = dict.fromkeys(WEEK[:2], "100,100,100,100")
    days.market.prices("NVDA", until)
    days.market.prices("SPY", until)
    days.clock.set(OVER)
    await days.start()
    assert await days.app.freeze_if_due() is None
    assert (await days.app.season_status()).live is not None
    with pytest.raises(Refused, match="The season live ended on 2025-10-29"):
        await days.buy("NVDA", OVER)
    days.market.flat("NVDA", "100", WEEK)
    days.market.flat("SPY", "100", WEEK)
    await days.start()
    assert (await frozen(days)).last == LAST


async def test_a_table_is_returned_once_whoever_asks_and_however_often(days: Days) -> None:
    await ends(days)
    one, other = days.app, await days.start()
    found = await asyncio.gather(*(app.freeze_if_due() for app in (one, other, one, other)))
    assert len([table for table in found if table]) == 1
    assert await other.freeze_if_due() is None
    assert len(await days.app.season_finals()) == 1


class Killed(Exception):
    """The process is gone."""


@contextmanager
def killed_at(store: Store, number: int) -> Iterator[list[str]]:
    """Die when the change with this number is made and not committed; what is given lists the changes."""
    changes: list[str] = []

    def statement(*told: object) -> None:
        if str(told[2]).startswith(("INSERT", "UPDATE", "DELETE")):
            changes.append(str(told[2]))
            if len(changes) == number:
                raise Killed

    engine = store.database.sync_engine
    event.listen(engine, "after_cursor_execute", statement)
    try:
        yield changes
    finally:
        event.remove(engine, "after_cursor_execute", statement)


async def test_a_freeze_that_dies_anywhere_is_made_whole_by_the_next(days: Days) -> None:
    await ends(days)
    await days.app._live.keep()
    number, died, table = 0, 0, None
    while table is None:
        number += 1
        with killed_at(days.store, number):
            try:
                table = await days.app.freeze_if_due()
            except Killed:
                died += 1
                live = await days.store.live.get(LIVE)
                assert live is not None
                assert not live.ended
                assert await days.store.live.finals() == ()
                assert len(await days.store.books.pending(LIVE)) == 1
    # Of the order, of the season, and of its table.
    assert died == 3
    assert await days.store.books.pending(LIVE) == ()
    assert await days.app.season_finals() == (table,)
    assert await days.app.audit() == ()


async def test_a_start_that_dies_anywhere_is_finished_by_the_same_words(days: Days) -> None:
    days.clock.set(evening("2025-10-28"))
    number, begun = 0, None
    while begun is None:
        number += 1
        with killed_at(days.store, number):
            try:
                begun = await days.app.start_season(AUTUMN)
            except Killed:
                names = await days.app.seasons()
                assert (AUTUMN in names) == (len(await days.store.books.accounts(AUTUMN)) == 1)
    live = await days.store.live.current()
    assert live is not None
    assert (live.season, live.first_day, live.ended) == (AUTUMN, date(2025, 10, 28), False)
    assert [table.season for table in await days.app.season_finals()] == [LIVE]
    assert await days.app.audit() == ()


async def test_a_run_between_seasons_is_refused_with_what_to_do(days: Days) -> None:
    await ends(days)
    with pytest.raises(Refused) as refused:
        await days.buy("NVDA", evening("2025-10-30"))
    assert str(refused.value) == (
        "The season live ended on 2025-10-29; nothing is asked or traded until the next one. "
        "Start another with conclave season start NAME, or /season start NAME."
    )
    assert (await days.app.season_finals())[0].season == LIVE


async def test_a_run_that_goes_on_when_the_season_ends_has_a_verdict_and_no_trade(
    days: Days, monkeypatch: pytest.MonkeyPatch
) -> None:
    committee = days.app._runs._committee
    count = committee.count

    async def ends_meanwhile(heard: RunRecord, evidence: Evidence) -> Verdict:
        await days.app.end_season()
        return await count(heard, evidence)

    monkeypatch.setattr(committee, "count", ends_meanwhile)
    record = await days.buy("NVDA", at("2025-10-29", 15))
    assert record.state is RunState.FINISHED
    assert record.verdict is not None
    assert record.fills == ()
    (order,) = record.orders
    assert (order.state, order.shares, order.reason) == (OrderState.CANCELLED, 0, "the season has ended")
    board = await days.app.leaderboard(LIVE)
    assert board.standings[0].token_cost_usd == (await days.app.final_table(LIVE)).lines[0].token_cost_usd
    assert await days.app.audit() == ()


async def test_a_fresh_season_begins_with_the_cash_and_nothing_else(days: Days) -> None:
    days.clock.set(evening("2025-10-28"))
    started = await days.app.start_season(AUTUMN, last=date(2025, 11, 28))
    assert started.before is not None
    assert started.before.season == LIVE
    board = await days.app.leaderboard()
    assert board.season == AUTUMN
    assert [(one.member, one.value_usd, one.trades) for one in board.standings] == [("claude", 10_000, 0)]
    record = await days.buy("NVDA", evening("2025-10-29"), weight=0.13)
    assert (record.season, record.is_replay) == (AUTUMN, False)
    assert record.seats[0].briefing.portfolio.positions == ()
    await days.keep(evening("2025-10-30"))
    (fill,) = await days.rows("fills", AUTUMN)
    assert (fill["session"], fill["price"]) == (date(2025, 10, 30), 130)
    sessions = [row["session"] for row in await days.rows("sessions", AUTUMN)]
    assert sessions == [date(2025, 10, 29), date(2025, 10, 30)]
    assert await days.app.audit() == ()


async def test_the_history_of_a_season_can_be_read_when_another_goes_on(days: Days, tmp_path: Path) -> None:
    await days.keep(evening("2025-10-28"))
    before = await days.app.leaderboard(LIVE)
    await days.app.start_season(AUTUMN)
    await days.buy("NVDA", evening("2025-10-29"))
    assert await days.app.leaderboard(LIVE) == before
    assert (await days.app.portfolio("claude", LIVE)).holdings[0].position.shares == 20
    assert (await days.app.season_report(LIVE)).season == LIVE
    exported = await days.app.export(LIVE, tmp_path / "out", ("json",), force=False)  # type: ignore[arg-type]
    assert exported.rows["fills"] == 1
    assert await days.app.seasons() == (LIVE, AUTUMN)
    assert (await days.app.record("NVDA")).season == AUTUMN


async def test_a_ballot_from_before_the_season_does_not_trade_in_it(days: Days) -> None:
    days.clock.set(at("2025-10-29", 15))
    await days.app.start_season(AUTUMN)
    days.say("BUY", target_weight=0.2)
    record = await days.run("NVDA", at("2025-10-29", 16), as_of=evening("2025-10-27"))
    (order,) = record.orders
    assert order.reason == "books only go forward: the season began on 2025-10-29"


async def test_a_season_that_begins_later_is_not_traded_before(days: Days) -> None:
    days.clock.set(evening("2025-10-28"))
    await days.app.start_season(AUTUMN, date(2025, 10, 31))
    with pytest.raises(Refused, match="The season autumn begins on 2025-10-31; nothing is asked"):
        await days.buy("NVDA", evening("2025-10-30"))
    assert (await days.buy("NVDA", evening("2025-10-31"))).season == AUTUMN
    assert [row["session"] for row in await days.rows("sessions", AUTUMN)] == [date(2025, 10, 31)]


async def test_two_processes_that_start_a_season_leave_one_that_is_open(days: Days) -> None:
    days.clock.set(evening("2025-10-28"))
    one, other = days.app, await days.start()
    starts = (one.start_season(Season("one")), other.start_season(Season("other")))
    found = await asyncio.gather(*starts, return_exceptions=True)
    assert all(not isinstance(each, BaseException) or isinstance(each, Refused) for each in found)
    lines = [line for line in await days.app.season_lines() if line.kind == "live" and not line.ended]
    assert len(lines) == 1
    assert await days.app.audit() == ()


@pytest.mark.parametrize(
    ("name", "first", "last", "told"),
    [
        ("live", None, None, "There is a season called live already"),
        ("sample", None, None, "There is a season called sample already"),
        ("rerun-4f7k2m9q", None, None, "The name rerun-4f7k2m9q is that of a run which asks again"),
        ("past", "2025-10-01", None, "A season cannot begin in the past, on 2025-10-01"),
        ("wrong", "2025-11-05", "2025-11-04", "The last day, 2025-11-04, lies before the first, 2025-11-05"),
        ("shut", "2025-11-01", "2025-11-02", "The exchange is closed from 2025-11-01 to 2025-11-02"),
        ("late", "2025-10-28", "2025-10-28", "The last session until 2025-10-28 has closed already"),
    ],
)
async def test_a_season_that_cannot_be_is_refused_and_nothing_is_frozen(
    days: Days, name: str, first: str | None, last: str | None, told: str
) -> None:
    days.clock.set(evening("2025-10-28"))
    span = [date.fromisoformat(day) if day else None for day in (first, last)]
    with pytest.raises(Refused, match=told):
        await days.app.start_season(Season(name), *span)
    assert await days.app.season_finals() == ()


async def test_the_name_of_a_season_is_not_given_twice(days: Days) -> None:
    days.clock.set(evening("2025-10-28"))
    await days.app.start_season(AUTUMN)
    with pytest.raises(Refused, match="There is a season called autumn already"):
        await days.app.start_season(AUTUMN)
    with pytest.raises(Refused, match="autumn holds something else already"):
        async for _ in days.app.replay(date(2025, 10, 27), date(2025, 10, 28), ["NVDA"], season=AUTUMN):
            pass


async def test_a_season_tells_its_day_and_who_leads(days: Days) -> None:
    await days.keep(evening("2025-10-28"))
    assert (await days.app.season_status()).days_left is None
    await days.app.end_season_on(date(2025, 10, 31))
    status = await days.app.season_status()
    assert (status.day, status.days, status.days_left) == (2, 5, 3)
    assert (status.leader, status.leader_return) == ("claude", 0)
    days.clock.set(evening("2025-11-03"))
    status = await days.app.season_status()
    assert (status.day, status.days, status.days_left) == (5, 5, 0)
    assert status.live is not None
    assert status.live.ended
    assert [table.season for table in status.past] == [LIVE]


async def test_a_season_is_ended_by_hand_once(days: Days) -> None:
    days.clock.set(evening("2025-10-28"))
    table = await days.app.end_season()
    assert table is not None
    assert table.last == date(2025, 10, 28)
    assert await days.app.end_season() is None
    with pytest.raises(Refused, match="The season live has ended already"):
        await days.app.end_season_on(LAST)
    with pytest.raises(NotFound, match="no final table of autumn"):
        await days.app.final_table(AUTUMN)


async def test_a_final_table_cannot_be_changed_in_the_database(days: Days) -> None:
    await ends(days)
    await frozen(days)
    for statement in ("UPDATE season_finals SET at = 0", "DELETE FROM season_finals"):
        with pytest.raises(StoreError, match="append-only"):
            async with days.store.database.write() as connection:
                await connection.exec_driver_sql(statement)
