"""The books balance, change in one piece, and are never rewritten."""

import asyncio
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import insert, text

from core.clock import ManualClock
from core.domain.bars import Mark
from core.domain.books import Clamp, MovementKind, OrderState, Side
from core.domain.errors import StoreError
from core.domain.member import MemberKind
from core.domain.season import Season
from core.store.store import Store
from core.store.tables import accounts, cash_movements, fills
from tests.store_values import START, begun, fill_of, order_of

pytest_plugins = ("tests.storage",)

HOUR = timedelta(hours=1)
LIVE = Season.LIVE


async def opened(store: Store, cash: str = "10000.00") -> None:
    await begun(store)
    async with store.books.locked(LIVE) as books:
        for member in ("alpha", "beta"):
            await books.open_accounts([member], Decimal(cash), START)


async def traded(  # one line a trade reads best
    store: Store, order_id: str, side: Side, shares: str, price: str, hour: int, fee: str = "1.00"
) -> None:
    order = order_of(order_id, side=side, shares=shares, created_at=START + hour * HOUR)
    async with store.books.locked(LIVE) as books:
        await books.add_order(order)
        await books.fill_order(fill_of(order, price, fee, filled_at=START + hour * HOUR))


async def test_the_initial_cash_is_deposited_once(store: Store) -> None:
    await begun(store)
    async with store.books.locked(LIVE) as books:
        assert await books.open_accounts(["alpha"], Decimal("10000.00"), START)
        assert not await books.open_accounts(["alpha"], Decimal("10000.00"), START)
    assert (await store.books.portfolio(LIVE, "alpha")).cash_usd == Decimal(10_000)
    assert (await store.books.portfolio(Season.SAMPLE, "alpha")).cash_usd == 0
    assert (await store.books.portfolio(LIVE, "beta")).cash_usd == 0


async def test_an_account_needs_a_member_and_money(store: Store) -> None:
    await begun(store)
    for member, amount in (("stranger", "100"), ("alpha", "0")):
        with pytest.raises(StoreError, match="refused"):
            async with store.books.locked(LIVE) as books:
                await books.open_accounts([member], Decimal(amount), START)
    assert await store.books.accounts(LIVE) == ()


async def test_a_fill_moves_shares_and_cash_and_ends_the_order(store: Store) -> None:
    await opened(store)
    half = Clamp(rule="cash", note="Only half of it could be paid.")
    wish = Clamp(rule="max position", note="At most a quarter in one ticker.")
    order = order_of("order1", shares="10", clamps=(wish,))
    fill = fill_of(order, price="200.04", fee="0.10", shares=Decimal("5.5"), clamps=(half,))
    async with store.books.locked(LIVE) as books:
        assert await books.last_decisions() == {}
        await books.add_order(order)
        assert await books.pending("NVDA") == (order,)
        assert await books.pending("AAPL") == ()
        await books.fill_order(fill, (wish, half))
        assert await books.pending() == ()
        assert await books.last_decisions() == {"alpha": order.created_at}
        inside = await books.portfolio("alpha")
    assert inside.cash_usd == Decimal("10000.00") - Decimal("1100.22") - Decimal("0.10")
    assert inside.positions[0].shares == Decimal("5.5")
    assert inside.positions[0].average_cost == Decimal("200.04")
    assert await store.books.portfolio(LIVE, "alpha") == inside
    assert await store.books.fills(LIVE, "alpha", 10) == (fill,)
    record = await store.runs.record("run00001")
    assert record is not None
    assert [(each.state, each.clamps) for each in record.orders] == [(OrderState.FILLED, (wish, half))]


async def test_an_order_is_filled_or_cancelled_once(store: Store) -> None:
    await opened(store)
    order, other = order_of("order1"), order_of("order2")
    async with store.books.locked(LIVE) as books:
        await books.add_order(order)
        await books.add_order(other)
        await books.fill_order(fill_of(order))
        await books.cancel_order("order2", "The market was closed.")
    for again in (fill_of(order, id="again"), fill_of(other), fill_of(order_of("unknown"))):
        with pytest.raises(StoreError, match="does not wait"):
            async with store.books.locked(LIVE) as books:
                await books.fill_order(again)
    for order_id in ("order1", "order2", "unknown"):
        with pytest.raises(StoreError, match="does not wait"):
            async with store.books.locked(LIVE) as books:
                await books.cancel_order(order_id, "Once more.")
    record = await store.runs.record("run00001")
    assert record is not None
    assert [each.reason for each in record.orders] == [None, "The market was closed."]


@pytest.mark.parametrize(
    "changes",
    [
        {"side": Side.SELL, "amount_usd": Decimal(2000)},
        {"ticker": "AAPL"},
        {"member": "beta"},
        {"shares": Decimal("10.000001")},
        {"shares": Decimal(0)},
        {"amount_usd": Decimal(2000)},
        {"season": Season.SAMPLE},
        {"fee_usd": Decimal(-1)},
    ],
)
async def test_a_fill_that_is_not_of_its_order_is_refused(store: Store, changes: dict[str, object]) -> None:
    await opened(store)
    order = order_of("order1")
    with pytest.raises(StoreError):
        async with store.books.locked(LIVE) as books:
            await books.add_order(order)
            await books.fill_order(fill_of(order, **changes))
    assert await store.books.fills(LIVE, "alpha", 1) == ()


async def test_cash_and_shares_never_go_below_zero(store: Store) -> None:
    await opened(store, cash="2000.00")
    await traded(store, "buy1", Side.BUY, "9", "200", hour=1)
    with pytest.raises(StoreError, match="cash of alpha would be"):
        await traded(store, "buy2", Side.BUY, "1", "198.50", hour=2)
    with pytest.raises(StoreError, match=r"alpha would hold -0\.10 NVDA"):
        await traded(store, "sell1", Side.SELL, "9.1", "200", hour=2)
    with pytest.raises(StoreError, match="alpha has traded NVDA after its moment"):
        await traded(store, "sell2", Side.SELL, "9", "200", hour=0)
    await traded(store, "sell3", Side.SELL, "9", "0.01", hour=2, fee="0.09")
    assert (await store.books.portfolio(LIVE, "alpha")).positions == ()
    assert len(await store.books.pending(LIVE)) == 0


async def test_the_books_can_be_read_as_they_were(store: Store) -> None:
    await opened(store)
    await traded(store, "buy1", Side.BUY, "10", "100", hour=1)
    await traded(store, "buy2", Side.BUY, "10", "200", hour=2)
    await traded(store, "sell1", Side.SELL, "20", "300", hour=3)
    cash = [
        (await store.books.portfolio(LIVE, "alpha", START + hour * HOUR)).cash_usd for hour in range(-1, 4)
    ]
    assert cash == [10_000, 10_000, 8_999, 6_998, 12_997]
    then = await store.books.portfolio(LIVE, "alpha", START + 2 * HOUR)
    assert [(held.shares, held.average_cost) for held in then.positions] == [(20, 150)]
    newest = await store.books.fills(LIVE, "alpha", 2)
    assert [fill.order_id for fill in newest] == ["sell1", "buy2"]


async def test_orders_wait_until_they_end(store: Store) -> None:
    await opened(store)
    first = order_of("order1", created_at=START)
    second = order_of("order2", "beta", created_at=START + HOUR, ticker="AAPL")
    async with store.books.locked(LIVE) as books:
        await books.add_order(first)
        await books.add_order(second)
        await books.add_order(order_of("order3", state=OrderState.CANCELLED, reason="Too small."))
        await books.fill_order(fill_of(first, filled_at=START + 2 * HOUR))
        await books.cancel_order("order2", "Replaced.", START + 3 * HOUR)
    waiting = {
        hour: [order.id for order in await store.books.pending(LIVE, as_of=START + hour * HOUR)]
        for hour in range(-1, 4)
    }
    assert waiting == {-1: [], 0: ["order1"], 1: ["order1", "order2"], 2: ["order2"], 3: []}
    assert await store.books.pending(LIVE, "beta", START + HOUR) == (second,)
    assert await store.books.pending(LIVE) == ()


async def test_an_order_needs_a_run_a_seat_and_an_account(store: Store) -> None:
    await opened(store)
    for order in (order_of("o1", run_id="unknown"), order_of("o2", "stranger"), order_of("o3", "momentum")):
        with pytest.raises(StoreError, match="refused"):
            async with store.books.locked(LIVE) as books:
                await books.add_order(order)
    with pytest.raises(StoreError, match="season live are open"):
        async with store.books.locked(LIVE) as books:
            await books.add_order(order_of("o4", season=Season.SAMPLE))
    with pytest.raises(StoreError, match="add it, then fill it"):
        async with store.books.locked(LIVE) as books:
            await books.add_order(order_of("o5", state=OrderState.FILLED))


async def test_the_newest_mark_of_each_ticker_counts(store: Store) -> None:
    def mark(ticker: str, price: str, hour: int) -> Mark:
        return Mark(ticker=ticker, price=Decimal(price), at=START + hour * HOUR, source="csv")

    async with store.books.locked(LIVE) as books:
        for each in (mark("A", "10", 1), mark("A", "12.5", 3), mark("A", "11", 2), mark("B", "7", 2)):
            assert await books.add_mark(each)
        assert not await books.add_mark(mark("A", "99", 3))
        assert (await books.marks())["A"] == mark("A", "12.5", 3)
    assert await store.books.marks(LIVE) == {"A": mark("A", "12.5", 3), "B": mark("B", "7", 2)}
    assert await store.books.marks(LIVE, START + 2 * HOUR) == {
        "A": mark("A", "11", 2),
        "B": mark("B", "7", 2),
    }
    assert await store.books.marks(LIVE, START) == {}
    assert await store.books.marks(Season.SAMPLE) == {}


async def test_an_account_tells_trades_and_wins(store: Store) -> None:
    await opened(store)
    await traded(store, "buy1", Side.BUY, "10", "100", hour=1)
    await traded(store, "sell1", Side.SELL, "5", "110", hour=2)
    await traded(store, "sell2", Side.SELL, "4", "90", hour=3)
    alpha, beta = await store.books.accounts(LIVE)
    assert (alpha.member, alpha.kind) == ("alpha", MemberKind.LLM)
    assert alpha.deposits_usd == Decimal(10_000)
    assert alpha.portfolio.cash_usd == Decimal(10_000) - 1001 + 549 + 359
    assert [(held.ticker, held.shares) for held in alpha.portfolio.positions] == [("NVDA", 1)]
    assert (alpha.trades, alpha.closed_trades, alpha.wins) == (3, 2, 1)
    assert (beta.member, beta.trades, beta.portfolio.cash_usd) == ("beta", 0, Decimal(10_000))
    assert await store.books.accounts(Season.SAMPLE) == ()


async def test_an_error_inside_undoes_the_whole_block(store: Store) -> None:
    await opened(store)
    order = order_of("order1")
    with pytest.raises(ZeroDivisionError):
        async with store.books.locked(LIVE) as books:
            await books.add_order(order)
            await books.fill_order(fill_of(order))
            _ = 1 / 0
    assert (await store.books.portfolio(LIVE, "alpha")).cash_usd == Decimal(10_000)
    record = await store.runs.record("run00001")
    assert record is not None
    assert record.orders == ()


async def test_cancelling_inside_undoes_the_whole_block(store: Store) -> None:
    await opened(store)
    inside = asyncio.Event()

    async def trade() -> None:
        async with store.books.locked(LIVE) as books:
            await books.add_order(order_of("order1"))
            inside.set()
            await asyncio.sleep(60)

    task = asyncio.create_task(trade())
    await inside.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert await store.books.pending(LIVE) == ()
    await traded(store, "order2", Side.BUY, "1", "100", hour=1)


async def test_nobody_comes_between_reading_and_writing(store: Store, url: str, clock: ManualClock) -> None:
    await opened(store, cash="10240.00")
    other = await Store.open(url, clock)

    async def all_in(program: Store, number: int) -> None:
        async with program.books.locked(LIVE) as books:
            cash = (await books.portfolio("alpha")).cash_usd
            await asyncio.sleep(0)
            order = order_of(f"order{number}", shares="1")
            await books.add_order(order)
            await books.fill_order(fill_of(order, str(cash / 2), "0.00"))

    await asyncio.gather(*(all_in(program, number) for number, program in enumerate([store, other] * 4)))
    await other.close()
    assert (await store.books.portfolio(LIVE, "alpha")).cash_usd == Decimal("40.00")


async def test_writing_outside_the_open_books_is_refused_instead_of_waiting_for_ever(store: Store) -> None:
    await opened(store)
    with pytest.raises(StoreError, match="open already in this task"):
        async with store.books.locked(LIVE):
            await store.chats.greet_once("telegram:1", START)


@pytest.mark.parametrize("table", [accounts, cash_movements, fills], ids=lambda table: table.name)
async def test_the_ledger_is_append_only(store: Store, table: object) -> None:
    await opened(store)
    await traded(store, "buy1", Side.BUY, "1", "100", hour=1)
    names = {"accounts": "opened_at", "cash_movements": "amount_usd", "fills": "price"}
    name = table.name
    changes = [f"UPDATE {name} SET {names[name]} = 5", f"DELETE FROM {name}"]  # noqa: S608  # our own names
    if store.database.is_sqlite:
        changes.append(f"INSERT OR REPLACE INTO {name} SELECT * FROM {name}")  # noqa: S608  # our own names
    else:
        changes.append(f"TRUNCATE {name} CASCADE")
    for change in changes:
        with pytest.raises(StoreError, match="append-only"):
            async with store.database.write() as connection:
                await connection.execute(text(change))
    assert (await store.books.portfolio(LIVE, "alpha")).cash_usd == Decimal(9_899)


async def test_a_second_deposit_is_refused_by_the_database_itself(store: Store) -> None:
    await opened(store)
    row = {
        "season": LIVE,
        "member": "alpha",
        "kind": MovementKind.DEPOSIT,
        "amount_usd": Decimal(1),
        "at": START,
    }
    with pytest.raises(StoreError, match="refused"):
        async with store.database.write() as connection:
            await connection.execute(insert(cash_movements).values(row))
