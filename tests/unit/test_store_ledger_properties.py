"""Whatever is asked of the books, they balance."""

from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from decimal import Decimal

import pytest_asyncio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from core.domain.books import Fill, MovementKind, Order, OrderState, Portfolio, Side
from core.domain.errors import StoreError
from core.domain.member import MemberKind
from core.domain.run import Briefing, Seat
from core.domain.season import Season
from core.store.store import Store
from core.store.tables import cash_movements, fills, orders
from tests.store_values import START, evidence_of, fill_of, order_of, record_of

pytest_plugins = ("tests.storage",)

LIVE = Season.LIVE
DEPOSIT = Decimal("1000.00")
EXAMPLES = 40
HOURS = 6

_TRADE = st.tuples(
    st.sampled_from(Side),
    st.sampled_from(["NVDA", "AAPL"]),
    st.one_of(st.integers(1, 12).map(Decimal), st.decimals("0.000001", "12", places=6)),
    st.decimals("1", "200", places=2),
    st.integers(0, HOURS - 1),
)
_ACTIONS = st.lists(
    st.tuples(st.sampled_from(["trade", "trade", "trade", "wait", "cancel", "fill"]), _TRADE), max_size=12
)


@pytest_asyncio.fixture
async def arena(store: Store) -> AsyncIterator[tuple[Store, Iterator[str]]]:
    """A store with a run in which many members sit, and the names of members without books yet."""
    names = [f"m{number}" for number in range(EXAMPLES * 10)]
    await store.members.seat([(name, MemberKind.LLM, Decimal(1), (), True) for name in names])
    await store.runs.save_evidence(evidence_of())
    briefing = Briefing(portfolio=Portfolio(member="-", cash_usd=Decimal(0)), equity_usd=None)
    seats = tuple(
        Seat(member=name, number=number, kind="llm", weight=Decimal(1), briefing=briefing)
        for number, name in enumerate(names, start=1)
    )
    await store.runs.begin(record_of(seats=seats), "key", "host", START)
    yield store, iter(names)


class Expected:
    """What the books of one member should say, kept by the simplest means."""

    def __init__(self) -> None:
        self.orders: dict[str, Order] = {}
        self.fills: list[Fill] = []

    def cash(self, fills: list[Fill], hour: int) -> Decimal:
        until = START + timedelta(hours=hour)
        return DEPOSIT + sum(fill.amount_usd - fill.fee_usd for fill in fills if fill.filled_at <= until)

    def shares(self, fills: list[Fill], ticker: str, hour: int) -> Decimal:
        until = START + timedelta(hours=hour)
        own = [fill for fill in fills if fill.ticker == ticker and fill.filled_at <= until]
        return sum((fill.shares if fill.side is Side.BUY else -fill.shares for fill in own), Decimal(0))

    def allows(self, fill: Fill) -> bool:
        if self.orders[fill.order_id].state is not OrderState.PENDING:
            return False
        if any(other.ticker == fill.ticker and other.filled_at > fill.filled_at for other in self.fills):
            return False
        fills = [*self.fills, fill]
        return all(
            self.cash(fills, hour) >= 0 and self.shares(fills, fill.ticker, hour) >= 0
            for hour in range(HOURS)
        )

    def end(self, order_id: str, state: OrderState) -> None:
        self.orders[order_id] = self.orders[order_id].model_copy(update={"state": state})


async def _try(store: Store, expected: Expected, order: Order, *, fill: Fill | None, new: bool) -> None:
    """Do one thing to the books; it must happen if and only if it should."""
    if new:
        expected.orders[order.id] = order
    waits = new or expected.orders[order.id].state is OrderState.PENDING
    allowed = expected.allows(fill) if fill else waits
    try:
        async with store.books.locked(LIVE) as books:
            if new:
                await books.add_order(order)
            if fill:
                await books.fill_order(fill)
            elif not new:
                await books.cancel_order(order.id, "Not wanted any more.", START)
    except StoreError:
        assert not allowed
        if new:
            del expected.orders[order.id]
        return
    assert allowed
    if fill:
        expected.fills.append(fill)
        expected.end(order.id, OrderState.FILLED)
    elif not new:
        expected.end(order.id, OrderState.CANCELLED)


async def _check(store: Store, expected: Expected, member: str) -> None:
    for hour in range(HOURS):
        then = await store.books.portfolio(LIVE, member, START + timedelta(hours=hour))
        assert then.cash_usd == expected.cash(expected.fills, hour) >= 0
        for ticker in ("NVDA", "AAPL"):
            held = then.position(ticker)
            assert (held.shares if held else 0) == expected.shares(expected.fills, ticker, hour) >= 0
    now = await store.books.portfolio(LIVE, member)
    own = (cash_movements.c.season == LIVE, cash_movements.c.member == member)
    async with store.database.read() as connection:
        moved = await connection.execute(
            select(func.sum(cash_movements.c.amount_usd)).where(
                *own, cash_movements.c.kind != MovementKind.DEPOSIT
            )
        )
        filled = await connection.execute(
            select(orders.c.id).join(fills, fills.c.order_id == orders.c.id).where(fills.c.member == member)
        )
        assert now.cash_usd == DEPOSIT + (moved.scalar() or 0)
        assert sorted(filled.scalars()) == sorted({fill.order_id for fill in expected.fills})
    waiting = {order.id for order in await store.books.pending(LIVE, member)}
    assert waiting == {order.id for order in expected.orders.values() if order.state is OrderState.PENDING}


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(actions=_ACTIONS)
async def test_the_books_balance_whatever_is_asked_of_them(
    arena: tuple[Store, Iterator[str]],
    actions: list[tuple[str, tuple[Side, str, Decimal, Decimal, int]]],
) -> None:
    store, names = arena
    member = next(names)
    expected = Expected()
    async with store.books.locked(LIVE) as books:
        await books.open_accounts([member], DEPOSIT, START)
    for number, (action, (side, ticker, shares, price, hour)) in enumerate(actions):
        at = START + timedelta(hours=hour)
        if action in {"trade", "wait"}:
            order = order_of(f"{member}-{number}", member, side, str(shares), ticker=ticker)
        elif expected.orders:
            order = list(expected.orders.values())[hour % len(expected.orders)]
        else:
            continue
        fills_it = action in {"trade", "fill"}
        fill = (
            fill_of(order, str(price), "0.05", id=f"fill-{member}-{number}", filled_at=at)
            if fills_it
            else None
        )
        await _try(store, expected, order, fill=fill, new=action in {"trade", "wait"})
    await _check(store, expected, member)
