"""A portfolio begins again: its books are closed at the last marks, and no jump counts as a return."""

from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text, update

from bot.cards import DialogueCard
from bot.documents import leaderboard_document, portfolio_document
from bot.present.leaderboard import leaderboard_card
from bot.present.portfolio import portfolio_card
from bot.present.season import final_card
from bot.report.view import overview
from core.app.auditing import audit
from core.domain.bars import Mark
from core.domain.books import MovementKind, OrderCause, OrderState, Side
from core.domain.errors import Refused
from core.domain.export import ExportFormat
from core.domain.scores import Metric
from core.domain.season import Season
from core.market.calendar import MarketCalendar
from core.pipeline.resetting import WHY, reset_books
from core.store.store import Store
from core.store.tables import cash_movements
from tests import arena, recompute
from tests.chat_scene import ALICE, BOB, Chat, told
from tests.market_days import LIVE, PLAIN, Days, at, evening, market_days
from tests.store_values import START, begun, fill_of, order_of

pytest_plugins = ("tests.storage",)

WEEK = ["2025-10-27", "2025-10-28", "2025-10-29", "2025-10-30", "2025-10-31", "2025-11-03", "2025-11-04"]
PRICES = {
    "2025-10-27": "100,100,100,100",
    "2025-10-28": "100,120,100,120",
    "2025-10-29": "120,130,120,130",
    "2025-10-30": "130,130,110,110",
    "2025-10-31": "110,121,110,121",
    "2025-11-03": "121,121,121,121",
    "2025-11-04": "121,133.1,121,133.1",
}
TWO: dict[str, Any] = {
    "members": [{"name": name, "route": [f"loopback:{name}/{name}-1"]} for name in ("claude", "gpt5")],
    "access": {"admins": [ALICE.id], "people": [{"id": BOB.id, "role": "runner"}]},
    "arena": {"benchmark": "NVDA"},
    "scores": {"min_days": 2, "min_trades": 1},
}


async def risen(days: Days) -> None:
    """Let both buy 20 NVDA at 100 on the 28th, and wait to buy more; by its close they have won 400 each."""
    days.market.prices("NVDA", PRICES)
    days.say("BUY", "gpt5", target_weight=0.2)
    await days.buy("NVDA", evening("2025-10-27"), 0.2)
    days.say("BUY", "gpt5", target_weight=0.25)
    await days.buy("NVDA", evening("2025-10-28"), 0.25)
    assert await days.value("2025-10-28") == 10_400


async def reset(days: Days, chat: Chat | None = None) -> DialogueCard:
    chat = chat or Chat(days)
    card = await chat.click(await chat.say("reset claude"), "Yes, reset claude")
    assert isinstance(card, DialogueCard), card
    return card


async def test_everything_is_closed_at_its_mark_and_the_cash_is_what_all_began_with(tmp_path: Path) -> None:
    async with market_days(tmp_path, **TWO) as days:
        await risen(days)
        chat = Chat(days)
        assert "needs the role admin" in told(await chat.say("reset claude", BOB))
        asked = await chat.say("reset claude")
        assert isinstance(asked, DialogueCard)
        assert asked.title == "Reset the portfolio of claude in the season live?"
        assert asked.text.startswith(
            "It is worth $10,400.00. 1 holding closed at the last marks, 1 waiting order cancelled, "
            "cash back to $10,000.00"
        )
        done = await chat.click(asked, "Yes, reset claude")
        assert isinstance(done, DialogueCard)
        assert done.text == "It was worth $10,400.00 and begins again with $10,000.00."
        books = await days.store.books.portfolio(LIVE, "claude")
        assert (books.cash_usd, books.positions) == (10_000, ())
        assert [order.member for order in await days.store.books.pending(LIVE)] == ["gpt5"]
        mine = [row for row in await days.rows("orders") if row["member"] == "claude"]
        assert [(row["cause"], row["state"], row["reason"]) for row in mine] == [
            ("ballot", "filled", None),
            ("ballot", "cancelled", WHY),
            ("reset", "filled", None),
        ]
        (closed,) = [row for row in await days.rows("fills") if row["order_id"] == mine[-1]["id"]]
        assert (closed["price"], closed["amount_usd"], closed["fee_usd"]) == (120, 2_400, 0)
        moved = [row for row in await days.rows("cash_movements") if row["kind"] == MovementKind.RESET]
        assert [(row["member"], row["amount_usd"], row["fill_id"]) for row in moved] == [
            ("claude", -400, None)
        ]
        assert await days.app.audit() == ()
        assert await days.app.running_check() == ()
        assert await days.shares("NVDA", "gpt5") == 20


async def test_what_it_was_worth_is_told_everywhere_and_its_history_stays(tmp_path: Path) -> None:
    async with market_days(tmp_path, **TWO) as days:
        await risen(days)
        await reset(days)
        board = leaderboard_card(await days.app.leaderboard())
        warnings = {line.member: line.warning for line in board.standings}
        assert warnings == {"claude": "reset on 2025-10-28 (was $10,400.00)", "gpt5": None}
        statement = await days.app.portfolio("claude")
        card = portfolio_card(statement, ZoneInfo("UTC"))
        assert ("Reset on", "2025-10-28, was $10,400.00") in card.facts
        assert card.history[:2] == (
            "2025-10-28 the portfolio was reset, cash brought to the start: −$400.00",
            "2025-10-28 reset, NVDA: sold 20",
        )
        assert [fill.side for fill in statement.fills] == [Side.SELL, Side.BUY]
        assert portfolio_document(statement)["history"][0]["kind"] == "reset"


async def test_value_and_returns_begin_anew_and_trades_still_count(tmp_path: Path) -> None:
    async with market_days(tmp_path, **TWO) as days:
        await risen(days)
        before = {one.member: one for one in (await days.app.leaderboard()).standings}
        assert before["claude"].return_ratio == Decimal("0.04")
        await reset(days)
        (now,) = [one for one in (await days.app.leaderboard()).standings if one.member == "claude"]
        assert (now.value_usd, now.pnl_usd, now.return_ratio) == (10_000, 0, 0)
        assert (now.trades, now.closed_trades, now.win_rate) == (2, 1, 1)
        assert now.figures[Metric.SHARPE].sample == 0
        await days.buy("NVDA", evening("2025-10-29"), 0.2)  # at 130, of which 15.38 shares
        await days.keep(evening("2025-10-30"))
        (now,) = [one for one in (await days.app.leaderboard()).standings if one.member == "claude"]
        lost = await days.value("2025-10-30")
        assert lost is not None
        assert lost < 10_000
        assert now.pnl_usd == lost - 10_000
        assert now.figures[Metric.MAX_DRAWDOWN].value == pytest.approx(float(1 - lost / 10_000))
        assert now.figures[Metric.DAY_WIN_RATE].sample == 1
        (curve,) = [c for c in (await days.app.season_report()).curves if c.member == "claude"]
        assert [value.session.isoformat() for value in curve.values] == ["2025-10-29", "2025-10-30"]
        assert await days.app.audit() == ()


async def test_a_reset_within_a_day_is_no_gain_and_no_brake_of_the_next(tmp_path: Path) -> None:
    async with market_days(tmp_path, **TWO, trading=PLAIN | {"daily_drawdown_brake": "0.01"}) as days:
        await risen(days)
        days.clock.set(at("2025-10-29", 16))
        await reset(days)
        record = await days.buy("NVDA", at("2025-10-29", 17), 0.2)
        (order,) = [o for o in record.orders if o.member == "claude"]
        assert (order.state, order.clamps) == (OrderState.PENDING, ())
        await days.keep(evening("2025-10-29"))
        assert await days.value("2025-10-29") == 10_000
        (row,) = [
            r
            for r in await days.rows("daily_values")
            if (r["member"], str(r["session"])) == ("claude", WEEK[2])
        ]
        assert row["traded_usd"] == 0


async def test_an_export_with_resets_is_recomputed(tmp_path: Path) -> None:
    async with market_days(tmp_path, **TWO) as days:
        await risen(days)
        await reset(days)
        await days.buy("NVDA", evening("2025-10-29"), 0.2)
        days.clock.set(at("2025-10-30", 16))
        await reset(days)
        await days.buy("NVDA", evening("2025-10-30"), 0.2)
        for day in WEEK[4:]:
            await days.keep(evening(day))
        await days.app.export(LIVE, tmp_path / "out", [ExportFormat.JSON, ExportFormat.CSV], force=False)
        season = recompute.Season(tmp_path / "out")
        assert list(recompute.differences(season)) == []
        assert season.books["claude"].anew == {d for d in season.sessions if d.isoformat() >= "2025-10-30"}
        for period in ("all", "7d", "4d"):
            found = recompute.figures(season, None if period == "all" else int(period[0]))
            board = await days.app.leaderboard(period=period)
            for one in board.standings:
                for metric, figure in one.figures.items():
                    mine = found[one.member][metric]
                    assert mine.sample == figure.sample, (period, one.member, metric)
                    assert (mine.value is None) == (figure.value is None), (period, one.member, metric)
                    if mine.value is not None:
                        assert float(mine.value) == pytest.approx(float(figure.value or 0), abs=1e-9)
        assert await days.app.audit() == ()


async def test_digest_report_and_final_table_count_no_jump_and_say_that_there_was_one(tmp_path: Path) -> None:
    async with market_days(tmp_path, **TWO) as days:
        await risen(days)
        await reset(days)
        await days.keep(evening("2025-10-29"))
        digest = await days.app.digest(LIVE, evening("2025-10-27"), evening("2025-10-29"))
        earned = {one.member: one.change_ratio for one in digest.earnings}
        assert earned["claude"] == 0
        assert earned["gpt5"] > 0
        sentences = overview(await days.app.season_report())
        again = "claude was reset on 2025-10-28 (was $10,400.00)"
        assert f"{again}; its value, its returns and its curve begin there." in sentences
        table = await days.app.end_season()
        assert table is not None
        rows = {line.member: line.warning for line in final_card(table).standings}
        assert rows["claude"] == "reset on 2025-10-28 (was $10,400.00)"
        document = leaderboard_document(await days.app.leaderboard())
        (line,) = [one for one in document["standings"] if one["member"] == "claude"]
        assert (line["reset_on"], Decimal(line["reset_was_usd"])) == ("2025-10-28", 10_400)


async def test_a_ballot_from_before_the_reset_does_not_trade_after_it(tmp_path: Path) -> None:
    async with market_days(tmp_path, **TWO) as days:
        await risen(days)
        days.say("SELL", "gpt5")
        days.clock.set(evening("2025-10-29"))
        app, done, last = days.app, False, None
        days.slow_down(0.5)  # so that the run cannot end before the reset
        async for event in app.run(arena.request("NVDA", preset="quick")):
            if not done:
                done = True
                await app.resets.reset(await app.member("claude"), LIVE)
            last = event
        assert last is not None
        orders = {order.member: order for order in arena.ended([last]).orders}
        assert orders["claude"].reason == "the portfolio was reset after this was decided"
        assert orders["gpt5"].state is OrderState.PENDING
        assert await app.audit() == ()


async def test_what_cannot_be_reset_is_refused_in_a_sentence(tmp_path: Path) -> None:
    async with market_days(tmp_path, **TWO) as days:
        chat = Chat(days)
        assert told(await chat.say("reset claude")).startswith("No live season has begun yet")
        days.market.prices("NVDA", PRICES)
        days.say("BUY", "gpt5", target_weight=0.2)
        days.say("BUY", target_weight=0.2)
        await days.run("NVDA", evening("2025-10-27"), members=("gpt5",))
        assert told(await chat.say("reset claude")).startswith("claude has no books in the season live yet")
        asked = await chat.say("reset gpt5")
        await days.app.end_season()
        assert told(await chat.say("reset gpt5")).startswith("The season live has ended and stays as it is")
        assert told(await chat.click(asked, "Yes, reset gpt5")).startswith("The season live has ended")


async def test_books_that_wait_for_prices_are_not_reset(tmp_path: Path) -> None:
    async with market_days(tmp_path, **TWO) as days:
        await risen(days)
        days.market.breaks("NVDA")
        days.clock.set(evening("2025-10-29"))
        assert "wait for the prices of a session that has closed" in told(
            await Chat(days).say("reset claude")
        )
        assert await days.shares("NVDA") == 20


async def opened(store: Store, *, mark: bool = True) -> None:
    """Alpha holds 10 NVDA, is short of 20 AAPL, and waits to buy more."""
    await begun(store)
    await begun(store, "run00002", ticker="AAPL")
    async with store.books.locked(Season.LIVE) as books:
        await books.sessions.open_season("live", "SPY", START)
        await books.open_accounts(["alpha"], Decimal(10_000), START)
        aapl = {"ticker": "AAPL", "run_id": "run00002"}
        for order in (order_of("long"), order_of("short", side=Side.SELL, shares="20", **aapl)):
            await books.add_order(order)
            await books.fill_order(fill_of(order), shorts=True)
        await books.add_order(order_of("waits"))
        at_once = START + timedelta(hours=18)
        for ticker, price in (("NVDA", "150"), ("AAPL", "1000")):
            if mark or ticker == "NVDA":
                await books.add_mark(Mark(ticker=ticker, price=Decimal(price), at=at_once, source="csv"))


async def now_reset(store: Store) -> Decimal:
    async with store.books.locked(Season.LIVE) as books:
        return await reset_books(books, "alpha", MarketCalendar(), START + timedelta(hours=19))


async def state(store: Store) -> tuple[Any, ...]:
    books = store.books
    orders = [order.id for order in await books.pending(Season.LIVE)]
    return await books.portfolio(Season.LIVE, "alpha"), orders, await books.fills(Season.LIVE, "alpha", 9)


async def test_who_has_lost_more_than_all_begins_again_as_well(store: Store) -> None:
    await opened(store)
    assert await now_reset(store) < 0
    portfolio, waiting, fills = await state(store)
    assert (portfolio.cash_usd, portfolio.positions, waiting) == (10_000, (), [])
    assert [(fill.ticker, fill.side) for fill in fills[:2]] == [("AAPL", Side.BUY), ("NVDA", Side.SELL)]
    # The runs of this scene are made up, and without ballots.
    found = await audit(store, shorts=True)
    assert [one for one in found if one.rule not in {"ballot", "seat", "run"}] == []


@pytest.mark.parametrize("crash_at", ["LockedBooks.fill_order", "LockedMovements.reset"])
async def test_a_crash_on_the_way_leaves_the_books_as_they_were(
    store: Store, monkeypatch: pytest.MonkeyPatch, crash_at: str
) -> None:
    await opened(store)
    before = await state(store)

    async def crash(*_: object, **__: object) -> None:
        raise RuntimeError("the power is gone")

    where = "locked_books" if crash_at.startswith("LockedBooks") else "locked_movements"
    with monkeypatch.context() as patch:
        patch.setattr(f"core.store.{where}.{crash_at}", crash)
        with pytest.raises(RuntimeError):
            await now_reset(store)
    assert await state(store) == before
    await now_reset(store)
    assert (await state(store))[0].cash_usd == 10_000


async def test_a_holding_that_cannot_be_priced_keeps_everything_as_it_is(store: Store) -> None:
    await opened(store, mark=False)
    before = await state(store)
    with pytest.raises(Refused, match="AAPL cannot be priced, so the books of alpha cannot be closed now"):
        await now_reset(store)
    assert await state(store) == before


async def test_an_audit_sees_a_reset_that_brought_another_amount(store: Store) -> None:
    await opened(store)
    async with store.books.locked(Season.LIVE) as books:
        await reset_books(books, "alpha", MarketCalendar(), START + timedelta(hours=19))
        later = START + timedelta(hours=20)
        await books.sessions.reset("alpha", later)
    assert not [one for one in await audit(store, shorts=True) if one.rule == "reset"]
    async with store.database.write() as connection:
        off = "DROP TRIGGER cash_movements_no_update"
        if not store.database.is_sqlite:
            off = "SET session_replication_role = replica"
        await connection.execute(text(off))
        change = update(cash_movements).where(cash_movements.c.kind == MovementKind.RESET)
        await connection.execute(change.values(amount_usd=cash_movements.c.amount_usd + Decimal(1)))
    found = [one.sentence for one in await audit(store, shorts=True) if one.rule == "reset"]
    assert [sentence.partition(" should ")[2] for sentence in found] == [
        "be 10000 USD, and is 10001 USD.",
        "be 10000 USD, and is 10002 USD.",
    ]


async def test_an_audit_sees_a_holding_closed_without_the_cash(store: Store) -> None:
    await opened(store)
    async with store.books.locked(Season.LIVE) as books:
        order = order_of("closed", side=Side.SELL, cause=OrderCause.RESET)
        await books.add_order(order)
        await books.fill_order(fill_of(order, filled_at=START + timedelta(hours=19)), shorts=True)
    (found,) = [one for one in await audit(store, shorts=True) if one.rule == "reset"]
    assert "the reset a microsecond after it should be there, and is missing" in found.sentence
