"""Whatever is done through the books, and whatever breaks off meanwhile, an audit finds nothing."""

import itertools
from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import insert

from core.app.auditing import audit, running_check
from core.clock import ManualClock
from core.domain.actions import ActionKind, CorporateAction
from core.domain.ballot import Action
from core.domain.bars import Mark
from core.domain.books import MovementKind, Order, OrderCause, Side
from core.domain.errors import StoreError
from core.domain.run import RunState
from core.domain.scores import DailyValue
from core.domain.season import Season
from core.domain.values import to_cents
from core.store.inserting import add_new
from core.store.locked_books import LockedBooks
from core.store.locked_sessions import CASH, Passed
from core.store.store import Store
from core.store.tables import evidence, runs, seats
from tests.audit_scene import VERDICT, result_of
from tests.store_values import NAMES, START, WANTED, evidence_of, fill_of, order_of, record_of

pytest_plugins = ("tests.storage",)

EXAMPLES = 60
MEMBERS = NAMES[:2]
TICKERS = ("NVDA", "AAPL")
FIRST = date(2025, 10, 30)
DAY = timedelta(hours=6)
"""The days of these tests are short, so that fills fall between them, on them and after them."""
_SEASONS = itertools.count()
_RATIOS = ("2", "3", "1.5", "0.5", "0.1", "0.333333", "7")

_AMOUNT = st.one_of(st.integers(1, 30).map(Decimal), st.decimals("0.000001", "12", places=6))
_TRADE = st.tuples(
    st.sampled_from(["trade", "trade", "trade", "wait", "fill", "part", "cancel", "stop"]),
    st.fixed_dictionaries(
        {
            "member": st.sampled_from(MEMBERS),
            "side": st.sampled_from(Side),
            "ticker": st.sampled_from(TICKERS),
            "shares": _AMOUNT,
            "price": st.decimals("1", "200", places=2),
            "fee": st.sampled_from(["0", "0.05", "3"]),
            "hour": st.integers(0, 23),
        }
    ),
)
_ACT = st.tuples(
    st.sampled_from(["split", "split", "dividend"]),
    st.fixed_dictionaries(
        {
            "ticker": st.sampled_from(TICKERS),
            "day": st.integers(0, 3),
            "ratio": st.sampled_from(_RATIOS),
            "usd": st.sampled_from(["0.25", "0.001", "13"]),
            "fractional": st.booleans(),
            "priced": st.booleans(),
        }
    ),
)
_CLOSE = st.tuples(
    st.sampled_from(["interest", "borrow", "pass", "mark"]),
    st.fixed_dictionaries(
        {
            "member": st.sampled_from(MEMBERS),
            "ticker": st.sampled_from(TICKERS),
            "day": st.integers(0, 3),
            "usd": st.decimals("0.01", "400", places=2),
        }
    ),
)
_BLOCK = st.tuples(
    st.lists(st.one_of(_TRADE, _TRADE, _ACT, _CLOSE), min_size=1, max_size=3),
    st.sampled_from(["whole", "whole", "whole", "crash", "reopen"]),
)


class Crash(Exception):
    """The program ends in the middle of a transaction."""


async def begun(store: Store, season: Season) -> None:
    """Finished runs of both tickers, in which everybody voted BUY, and others in which all voted SELL."""
    await store.members.seat(WANTED)
    async with store.database.write() as connection:
        for ticker, action in itertools.product(TICKERS, (Action.BUY, Action.SELL)):
            pack = evidence_of(ticker)
            kept = {"sha256": pack.sha256, "ticker": ticker, "as_of": pack.as_of, "canonical": pack.canonical}
            await add_new(connection, evidence, kept)
            record = record_of(_run(season, ticker, action), ticker=ticker)
            row = {name: getattr(record, name) for name in type(record).model_fields if name in runs.c}
            ended = {"key": record.run_id, "season": season, "state": RunState.FINISHED, "finished_at": START}
            await connection.execute(insert(runs).values(row | ended | {"verdict": VERDICT}))
            for place, seat in enumerate(record.seats):
                row = seat.model_dump(exclude={"briefing", "result"}) | {"briefing": seat.briefing}
                told = {"run_id": record.run_id, "place": place, "result": result_of(seat.member, action)}
                await connection.execute(insert(seats).values(row | told))
    async with store.books.locked(season) as books:
        await books.sessions.open_season("replay", "SPY", START)
        for member in MEMBERS:
            await books.open_account(member, Decimal("1000.00"), START)


def _run(season: Season, ticker: str, action: Action) -> str:
    return f"{season}-{ticker}-{action}"


class Player:
    """Does to the books what a list of words says."""

    def __init__(self, season: Season, *, shorts: bool) -> None:
        self.season = season
        self.shorts = shorts
        self.orders: list[Order] = []
        self._names = itertools.count()
        self._days = itertools.count()

    async def play(self, books: LockedBooks, what: str, facts: dict[str, Any]) -> None:
        """Do one thing inside the transaction."""
        if what in {"split", "dividend"}:
            await self._act(books, what, facts)
        elif what in {"interest", "borrow", "pass", "mark"}:
            await self._close(books, what, facts)
        else:
            await self._trade(books, what, **facts)

    async def _trade(
        self,
        books: LockedBooks,
        what: str,
        member: str,
        side: Side,
        ticker: str,
        shares: Decimal,
        price: Decimal,
        fee: str,
        hour: int,
    ) -> None:
        if what in {"trade", "wait", "stop"}:
            order = order_of(
                f"{self.season}-{next(self._names)}",
                member,
                side,
                str(shares),
                ticker=ticker,
                season=self.season,
                run_id=_run(self.season, ticker, Action.BUY if side is Side.BUY else Action.SELL),
                cause=OrderCause.STOP if what == "stop" else OrderCause.BALLOT,
                stop_loss=price / 2,
                decided_session=FIRST,
            )
            await books.add_order(order)
            self.orders.append(order)
            if what == "wait":
                return
        waiting = await books.pending()
        if not waiting:
            return
        order = waiting[hour % len(waiting)] if what in {"fill", "part", "cancel"} else waiting[-1]
        at = START + timedelta(hours=hour)
        if what == "cancel":
            await books.cancel_order(order.id, "Not wanted any more.", at)
            return
        part = min(order.shares, shares) if what == "part" else order.shares
        fill = fill_of(order, str(price), fee, shares=part, filled_at=at, id=f"f-{order.id}")
        await books.fill_order(fill, shorts=self.shorts)

    async def _act(self, books: LockedBooks, what: str, facts: dict[str, Any]) -> None:
        action = CorporateAction(
            ticker=facts["ticker"],
            kind=ActionKind(what),
            ex_date=FIRST + timedelta(days=facts["day"]),
            value=Decimal(facts["ratio"] if what == "split" else facts["usd"]),
            source="csv",
        )
        price = Decimal(70) if facts["priced"] else None
        at = START + facts["day"] * DAY
        await books.sessions.apply(action, at, fractional=facts["fractional"], price=price)

    async def _close(self, books: LockedBooks, what: str, facts: dict[str, Any]) -> None:
        day, ticker, amount = facts["day"], facts["ticker"], facts["usd"]
        at, session = START + day * DAY + timedelta(hours=3), FIRST + timedelta(days=day)
        if what == "mark":
            await books.add_mark(Mark(ticker=ticker, price=amount, at=at, source="csv"))
        elif what == "interest":
            await books.sessions.move(facts["member"], MovementKind.INTEREST, amount, at, CASH, session)
        elif what == "borrow" and self.shorts:
            await books.sessions.move(facts["member"], MovementKind.BORROW, -amount, at, ticker, session)
        elif what == "pass":
            day = next(self._days)
            session, at = FIRST + timedelta(days=day), START + day * DAY
            values = [(member, await self._value(books, member, session)) for member in MEMBERS]
            await books.sessions.passed(Passed(session, at, amount), values)

    async def _value(self, books: LockedBooks, member: str, session: date) -> DailyValue:
        portfolio = await books.portfolio(member)
        worth = [to_cents(held.shares * 10) for held in portfolio.positions]
        long, short = sum(w for w in worth if w > 0), -sum(w for w in worth if w < 0)
        total = portfolio.cash_usd + long - short
        nothing = Decimal(0)
        return DailyValue(session, total, portfolio.cash_usd, Decimal(long), Decimal(short), nothing, nothing)


async def _block(
    store: Store, player: Player, doings: list[tuple[str, dict[str, Any]]], *, crash: bool
) -> None:
    try:
        async with store.books.locked(player.season) as books:
            for what, facts in doings:
                await player.play(books, what, facts)
            if crash:
                raise Crash
    except (StoreError, Crash):
        pass  # all of the block is undone, which is what the audit is about


@settings(
    max_examples=EXAMPLES,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(blocks=st.lists(_BLOCK, max_size=10), shorts=st.booleans())
async def test_an_audit_finds_nothing_whatever_was_done_through_the_books(
    store: Store,
    url: str,
    clock: ManualClock,
    blocks: list[tuple[list[tuple[str, dict[str, Any]]], str]],
    shorts: bool,
) -> None:
    season = Season(f"p{next(_SEASONS)}")
    player = Player(season, shorts=shorts)
    await begun(store, season)
    current, closing = store, list[Callable[[], Awaitable[None]]]()
    for doings, end in blocks:
        await _block(current, player, doings, crash=end == "crash")
        if end == "reopen":
            current = await Store.open(url, clock)
            closing.append(current.close)
    found = [*await audit(current, shorts=True), *await running_check(current)]
    for close in closing:
        await close()
    assert [finding.sentence for finding in found if f"{season}" in finding.where] == []
    if not shorts:
        assert not any(f"season {season}," in finding.where for finding in await audit(store, shorts=False))
