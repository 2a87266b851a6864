"""Splits, dividends and levels in the store, and totals that are what the ledger says, to the last digit."""

import itertools
from datetime import date, timedelta
from decimal import Decimal
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from core.domain.actions import ActionKind, CorporateAction, adjusted_for
from core.domain.bars import Mark
from core.domain.books import MovementKind, OrderCause, OrderState, Portfolio, Side
from core.domain.errors import StoreError
from core.domain.member import MemberKind
from core.domain.season import Season
from core.store.book_queries import history
from core.store.locked_books import LockedBooks
from core.store.locked_sessions import CASH
from core.store.replay import cash_change, replay
from core.store.season_tables import balances, holdings
from core.store.store import Store
from tests.store_values import START, begun, evidence_of, fill_of, order_of, record_of

pytest_plugins = ("tests.storage",)

LIVE = Season.LIVE
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
EX_DATE = date(2025, 10, 30)
OPEN = START + timedelta(hours=17, minutes=30)


def act(kind: str, value: str, day: date = EX_DATE, ticker: str = "NVDA") -> CorporateAction:
    return CorporateAction(
        ticker=ticker, kind=ActionKind(kind), ex_date=day, value=Decimal(value), source="csv"
    )


async def opened(store: Store) -> None:
    await begun(store)
    async with store.books.locked(LIVE) as books:
        assert await books.open_accounts(["alpha", "beta"], Decimal(10_000), START) == ("alpha", "beta")


async def trade(
    books: LockedBooks,
    name: str,
    side: Side,
    shares: str,
    price: str = "100",
    hour: int = 0,
    member: str = "alpha",
    **more: object,
) -> None:
    at = START + hour * HOUR
    order = order_of(name, member, side, shares, created_at=at, **more)
    await books.add_order(order)
    await books.fill_order(fill_of(order, price, "0", filled_at=at), shorts=True)


async def test_accounts_are_opened_once_and_all_at_once(store: Store) -> None:
    await opened(store)
    async with store.books.locked(LIVE) as books:
        names = ["alpha", "momentum"]
        assert await books.open_accounts(names, Decimal(10_000), START) == ("momentum",)
        assert set(await books.portfolios()) == {"alpha", "beta", "momentum"}


async def test_a_split_changes_shares_average_and_levels_of_every_holder_and_is_applied_once(
    store: Store,
) -> None:
    await opened(store)
    async with store.books.locked(LIVE) as books:
        await trade(books, "a", Side.BUY, "10", stop_loss=Decimal(80), take_profit=Decimal("150.5"))
        await trade(books, "b", Side.SELL, "4", member="beta", stop_loss=Decimal(130))
        await books.add_mark(Mark(ticker="NVDA", price=Decimal(90), at=START, source="csv"))
        assert await books.sessions.apply(act("split", "3"), OPEN, fractional=True)
        assert not await books.sessions.apply(act("split", "3"), OPEN, fractional=True)
        assert await books.sessions.applied(EX_DATE) == {("NVDA", ActionKind.SPLIT, EX_DATE)}
        assert await books.sessions.applied(EX_DATE + DAY) == set()
    (alpha,), (beta,) = [(await store.books.portfolio(LIVE, n)).positions for n in ("alpha", "beta")]
    assert (alpha.shares, alpha.average_cost) == (30, Decimal("33.333333"))
    assert (alpha.stop_loss, alpha.take_profit) == (Decimal("26.666667"), Decimal("50.166667"))
    assert (beta.shares, beta.stop_loss) == (-12, Decimal("43.333333"))
    marks = await store.books.marks(LIVE)
    assert (marks["NVDA"].price, marks["NVDA"].at) == (30, OPEN)
    before = await store.books.portfolio(LIVE, "alpha", OPEN - HOUR)
    assert before.positions[0].shares == 10


@pytest.mark.parametrize(("shares", "kept", "paid"), [("10", 3, "33.33"), ("-10", -3, "-33.33")])
async def test_a_fraction_that_cannot_be_held_is_settled_in_cash(
    store: Store, shares: str, kept: int, paid: str
) -> None:
    await opened(store)
    side = Side.SELL if shares.startswith("-") else Side.BUY
    async with store.books.locked(LIVE) as books:
        await trade(books, "a", side, "10")
        await books.add_mark(Mark(ticker="NVDA", price=Decimal("33.333333"), at=START, source="csv"))
        ratio = "0.333333333333"
        await books.sessions.apply(act("split", ratio), OPEN, fractional=False)
        cash = (await books.portfolio("alpha")).cash_usd
        assert cash == (9_000 if side is Side.BUY else 11_000) + Decimal(paid)
        assert (await books.portfolio("alpha")).positions[0].shares == kept


async def test_without_any_price_a_fraction_is_settled_at_what_it_has_cost(store: Store) -> None:
    await opened(store)
    async with store.books.locked(LIVE) as books:
        await trade(books, "a", Side.BUY, "3")
        await books.sessions.apply(act("split", "0.5"), OPEN, fractional=False)
        assert await books.portfolio("alpha") == Portfolio(
            member="alpha",
            cash_usd=Decimal("9800.00"),
            positions=(
                (await books.portfolio("alpha"))
                .positions[0]
                .model_copy(update={"shares": Decimal("1.00"), "average_cost": Decimal("200.000000")}),
            ),
        )


async def test_a_dividend_is_for_long_and_owed_by_short_holdings_of_before_its_day(store: Store) -> None:
    await opened(store)
    async with store.books.locked(LIVE) as books:
        await trade(books, "a", Side.BUY, "10")
        await trade(books, "b", Side.SELL, "4", member="beta")
        await trade(books, "c", Side.BUY, "5", hour=20)
        assert await books.sessions.apply(act("dividend", "0.255"), OPEN, fractional=True)
        cash = {name: held.cash_usd for name, held in (await books.portfolios()).items()}
        assert cash == {"alpha": 10_000 - 1_500 + Decimal("2.55"), "beta": 10_400 - Decimal("1.02")}


async def test_who_has_sold_since_gets_a_late_dividend_all_the_same(store: Store) -> None:
    await opened(store)
    async with store.books.locked(LIVE) as books:
        await trade(books, "a", Side.BUY, "10")
        await trade(books, "b", Side.SELL, "10", hour=20)
        await books.sessions.apply(act("dividend", "2"), OPEN, fractional=True)
        assert (await books.portfolio("alpha")).cash_usd == 10_020


@pytest.mark.parametrize(
    ("kind", "value", "price", "after"),
    [
        ("split", "4", "100", "25"),
        ("split", "0.001", "100", "100000"),
        ("split", "1000", "0.0001", "0.000001"),
        ("dividend", "1.5", "100", "98.5"),
        ("dividend", "200", "100", "0.000001"),
    ],
)
def test_a_price_of_before_an_action_is_told_as_one_of_after_it(
    kind: str, value: str, price: str, after: str
) -> None:
    assert adjusted_for(act(kind, value), Decimal(price)) == Decimal(after)


async def test_levels_stay_unless_a_ballot_names_others_or_the_holding_is_new(store: Store) -> None:
    await opened(store)
    stop, take = Decimal(80), Decimal(150)
    async with store.books.locked(LIVE) as books:
        await trade(books, "a", Side.BUY, "10", stop_loss=stop, take_profit=take)
        await trade(books, "b", Side.BUY, "5", hour=1, stop_loss=Decimal(85))
        (held,) = await books.sessions.holders("NVDA")
        assert (held.position.stop_loss, held.position.take_profit) == (85, 150)
        await trade(books, "c", Side.SELL, "5", hour=2, cause=OrderCause.STOP)
        (held,) = await books.sessions.holders("NVDA")
        assert (held.position.stop_loss, held.position.take_profit) == (85, 150)
        await trade(books, "d", Side.SELL, "20", hour=3)
        (held,) = await books.sessions.holders("NVDA")
        assert (held.position.shares, held.position.stop_loss, held.position.take_profit) == (-10, None, None)


async def test_a_bar_counts_for_the_levels_of_who_held_at_its_open_and_once(store: Store) -> None:
    await opened(store)
    async with store.books.locked(LIVE) as books:
        await trade(books, "a", Side.BUY, "10", stop_loss=Decimal(80))
        await trade(books, "b", Side.BUY, "10", hour=3, member="beta", stop_loss=Decimal(70))
        guarded = books.sessions.guarded
        assert [held.member for held in await guarded(["NVDA", "AAPL"], START)] == ["alpha"]
        assert await guarded(["AAPL"], START) == ()
        assert [held.member for held in await guarded(["NVDA"], START + 3 * HOUR)] == ["alpha", "beta"]
        await books.sessions.guard_from(["NVDA"], START, START + 2 * HOUR)
        assert await guarded(["NVDA"], START) == ()
        assert [held.member for held in await guarded(["NVDA"], START + 2 * HOUR)] == ["alpha"]


async def test_what_a_member_was_worth_before_its_first_close_is_what_was_deposited(store: Store) -> None:
    await opened(store)
    async with store.books.locked(LIVE) as books:
        assert await books.sessions.values_before(EX_DATE) == {"alpha": 10_000, "beta": 10_000}


async def test_tickers_are_those_held_and_those_ordered(store: Store) -> None:
    await opened(store)
    async with store.books.locked(LIVE) as books:
        await trade(books, "a", Side.BUY, "1")
        assert await books.sessions.tickers() == {"NVDA"}
        await trade(books, "b", Side.SELL, "1", hour=1)
        assert await books.sessions.tickers() == set()
        await books.add_order(order_of("c"))
        assert await books.sessions.tickers() == {"NVDA"}
        await books.cancel_order("c", "Not wanted.")
        assert await books.sessions.tickers() == set()


async def test_a_movement_of_nothing_and_one_that_is_repeated_are_not_booked(store: Store) -> None:
    await opened(store)
    async with store.books.locked(LIVE) as books:
        booked = [
            await books.sessions.move("alpha", MovementKind.INTEREST, Decimal(amount), OPEN, CASH, EX_DATE)
            for amount in ("0.00", "1.10", "1.10")
        ]
        assert booked == [False, True, False]
        assert (await books.portfolio("alpha")).cash_usd == Decimal("10001.10")


async def test_what_happened_is_told_newest_first_and_interest_as_one_sum(store: Store) -> None:
    await opened(store)
    async with store.books.locked(LIVE) as books:
        await trade(books, "a", Side.BUY, "10")
        await books.sessions.apply(act("dividend", "1", EX_DATE), OPEN, fractional=True)
        await books.sessions.apply(act("split", "0.3", EX_DATE + DAY), OPEN + DAY, fractional=False)
        for day in range(3):
            at, session = OPEN + day * DAY + HOUR, EX_DATE + day * DAY
            fees = {"TSLA": Decimal("0.50"), "NVDA": Decimal(0)}
            await books.sessions.carry("alpha", Decimal("1.10"), fees, at, session)
        await trade(books, "b", Side.SELL, "2", hour=100, cause=OrderCause.STOP)
        waiting = order_of("c", "alpha", Side.BUY, "1", cause=OrderCause.MARGIN_CALL)
        await books.add_order(waiting)
        lost = order_of("d", "alpha", Side.BUY, "1", cause=OrderCause.MARGIN_CALL)
        await books.add_order(lost)
        await books.cancel_order("d", "The cash pays for nothing.", START + 101 * HOUR)
    told = await store.books.happenings(LIVE, "alpha", 10)
    assert [(one.kind.value, one.ticker, one.amount_usd, one.shares) for one in told] == [
        ("margin_call", "NVDA", None, 1),
        ("stop", "NVDA", None, 2),
        ("interest", None, Decimal("3.30"), None),
        ("borrow", "TSLA", Decimal("-1.50"), None),
        ("split", "NVDA", None, 3),
        ("dividend", "NVDA", 10, None),
    ]
    assert told[0].reason == "The cash pays for nothing."
    assert told[2].session == EX_DATE + 2 * DAY
    assert await store.books.happenings(LIVE, "alpha", 2) == told[:2]
    assert await store.books.happenings(LIVE, "beta", 10) == ()


async def test_a_snapshot_has_everybody_as_they_were(store: Store) -> None:
    await opened(store)
    async with store.books.locked(LIVE) as books:
        await trade(books, "a", Side.BUY, "10", hour=1)
        await trade(books, "b", Side.SELL, "4", hour=5)
        await books.add_order(order_of("c", "beta"))
        await books.add_mark(Mark(ticker="NVDA", price=Decimal(90), at=START, source="csv"))
        await books.add_mark(Mark(ticker="NVDA", price=Decimal(80), at=START + 3 * HOUR, source="csv"))
    for hour, shares, cash, price in ((0, None, 10_000, 90), (2, 10, 9_000, 90), (6, 6, 9_400, 80)):
        then = await store.books.snapshot(LIVE, START + hour * HOUR)
        position = then.portfolios["alpha"].position("NVDA")
        assert (position and position.shares, then.portfolios["alpha"].cash_usd) == (shares, cash)
        assert then.portfolios["beta"].cash_usd == 10_000
        assert [order.id for order in then.pending["beta"]] == ["c"]
        assert then.marks["NVDA"].price == price


_NAMES = itertools.count()


@settings(
    max_examples=40,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(seed=st.integers(0, 2**32), count=st.integers(1, 25))
async def test_running_totals_are_what_the_ledger_says_to_the_last_digit(
    store: Store, seed: int, count: int
) -> None:
    chance, member = Random(seed), f"m{next(_NAMES)}"
    run_id = f"run-{member}"
    await store.members.seat([(member, MemberKind.LLM, Decimal(1), (), True)])
    await store.runs.save_evidence(evidence_of())
    await store.runs.begin(
        record_of(run_id).model_copy(update={"seats": _seat(member)}), member, "host", START
    )
    async with store.books.locked(LIVE) as books:
        await books.open_accounts([member], Decimal(100_000), START)
    for number in range(count):
        await _one(store, chance, number, member, run_id)
    async with store.database.read() as connection:
        deposited, entries = await history(connection, LIVE, member)
        own = (balances.c.season == LIVE, balances.c.member == member)
        total = (await connection.execute(select(balances).where(*own))).mappings().one()
        held = (holdings.c.season == LIVE, holdings.c.member == member)
        rows = (await connection.execute(select(holdings).where(*held))).mappings().all()
    tally = replay(entries)
    assert total["cash_usd"] == deposited + sum(cash_change(entry) for entry in entries)
    assert (total["fills"], total["closed"], total["wins"]) == (
        tally.trades,
        tally.closed_trades,
        tally.wins,
    )
    assert {row["ticker"]: (row["shares"], row["average"]) for row in rows} == dict(tally.held)
    earned = [closed.pnl_usd for closed in tally.closings]
    assert total["gains_usd"] - total["losses_usd"] == sum(earned)
    assert (total["best_usd"], total["worst_usd"]) == (max(earned, default=None), min(earned, default=None))


def _seat(member: str) -> tuple[object, ...]:
    return (record_of().seats[0].model_copy(update={"member": member, "number": 1}),)


async def _one(store: Store, chance: Random, number: int, member: str, run_id: str) -> None:
    """One thing after another, an hour apart: a trade of either side, a split, a dividend, interest."""
    ticker = f"T{member.upper()}"  # of its own: what happens to it happens to no other example
    at, day = START + number * HOUR, EX_DATE + number * DAY
    what = chance.choice(["trade"] * 6 + ["split", "dividend", "interest"])
    async with store.books.locked(LIVE) as books:
        if what == "interest":
            await books.sessions.move(member, MovementKind.INTEREST, Decimal("0.37"), at, CASH, day)
        elif what == "dividend":
            await books.sessions.apply(act("dividend", "0.31", day, ticker), at, fractional=True)
        elif what == "split":
            ratio = chance.choice(["2", "3", "0.333333333333", "0.1", "1.5"])
            await books.sessions.apply(act("split", ratio, day, ticker), at, fractional=chance.random() < 0.5)
        else:
            side, shares = chance.choice(list(Side)), f"{chance.randint(1, 90_000_000)}e-6"
            name = f"{member}-{number}"
            order = order_of(name, member, side, shares, run_id=run_id, ticker=ticker, created_at=at)
            await books.add_order(order)
            price = f"{chance.randint(1, 40_000)}e-2"
            fill = fill_of(order, price, f"{chance.randint(0, 300)}e-2", filled_at=at)
            try:
                await books.fill_order(fill, shorts=True)
            except StoreError as error:
                assert "cash" in str(error)
                await books.cancel_order(order.id, "The cash does not pay for it.")
    waiting = await store.books.pending(LIVE, member)
    assert [order.state for order in waiting] == [OrderState.PENDING] * len(waiting)
