"""Whatever is done through the books, and whatever breaks off meanwhile, an audit finds nothing."""

import itertools
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import insert

from core.app.auditing import audit, running_check
from core.clock import ManualClock
from core.domain.actions import ActionKind, CorporateAction
from core.domain.ballot import Action
from core.domain.bars import Mark
from core.domain.books import MovementKind, Order, OrderCause, Side
from core.domain.errors import Refused, StoreError
from core.domain.run import RunState
from core.domain.scores import DailyValue
from core.domain.season import Season
from core.domain.values import SHARE_STEP, to_cents, to_shares
from core.pipeline.resetting import reset_books
from core.store.inserting import add_new
from core.store.locked_books import LockedBooks
from core.store.locked_sessions import CASH, Passed
from core.store.store import Store
from core.store.tables import evidence, runs, seats
from tests.audit_scene import VERDICT, result_of
from tests.store_values import NAMES, START, WANTED, evidence_of, fill_of, order_of, record_of

pytest_plugins = ("tests.storage",)

EXAMPLES = 20
MEMBERS = NAMES[:2]
TICKERS = ("NVDA", "AAPL")
FIRST = date(2025, 10, 30)
DAY = timedelta(hours=6)
"""The days of these tests are short, so that fills fall between them, on them and after them."""
_SEASONS = itertools.count()

_AMOUNT = st.one_of(st.integers(1, 30).map(Decimal), st.decimals("0.000001", "12", places=6))
_DOINGS = (
    *(["trade"] * 9 + ["wait", "fill", "part", "cancel", "stop", "stop"]),
    *(["split"] * 3 + ["dividend"] * 2 + ["interest", "borrow", "pass", "mark", "reset", "reset"]),
)
_ENDS = (*["ends"] * 6, "goes on", "goes on", "crash", "reopen")

Step = tuple[str, dict[str, Any], str]
"""What is done, with which facts, and whether the transaction goes on, ends, or breaks off after it."""


def _step(chance: Random) -> Step:
    """Draw one step. Each choice has its own chance, which long lists of drawn values would not give."""
    digits = chance.choice(["1", "1", "0.01", "0.000001"])
    facts = {
        "member": chance.choice(MEMBERS),
        "side": chance.choice(list(Side)),
        "ticker": chance.choice(TICKERS),
        "shares": max(Decimal(chance.uniform(0, 12)).quantize(Decimal(digits)), Decimal(digits)),
        "of_held": chance.choice(["1", "0.5", "0.3", "2"]),
        "price": Decimal(chance.randint(100, 20_000)) / 100,
        "fee": chance.choice(["0", "0.05", "3"]),
        "ratio": chance.choice(["2", "3", "1.5", "0.5", "0.1", "0.333333", "7"]),
        "usd": Decimal(chance.randint(1, 40_000)) / 1000,
        "fractional": chance.random() < 0.5,
        "hours": chance.choice([0, 1, 1, 2, 6, -2]),
    }
    return chance.choice(_DOINGS), facts, chance.choice(_ENDS)


class AlwaysOpen:
    """A calendar by which every day has a session, and none has closed yet."""

    def __init__(self) -> None:
        self.exchange = self

    def of(self, ticker: str) -> "AlwaysOpen":
        del ticker
        return self

    def last_opened(self, at: datetime) -> Any:
        return SimpleNamespace(day=at.date())

    def last_closed(self, at: datetime) -> Any:
        del at
        return SimpleNamespace(closes=datetime.min.replace(tzinfo=UTC))


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
            await books.open_accounts([member], Decimal("9000.00"), START)


def _run(season: Season, ticker: str, action: Action) -> str:
    return f"{season}-{ticker}-{action}"


class Player:
    """Does to the books what a list of words says."""

    def __init__(self, season: Season, *, shorts: bool) -> None:
        self.season = season
        self.shorts = shorts
        self._hour = 0
        self._traded: dict[str, datetime] = {}
        self._acted: dict[str, datetime] = {}
        self._names = itertools.count()
        self._days = itertools.count()

    @property
    def _day(self) -> int:
        return self._hour * timedelta(hours=1) // DAY

    async def play(self, books: LockedBooks, what: str, facts: dict[str, Any]) -> None:
        """Do one thing inside the transaction."""
        self._hour = max(self._hour + facts["hours"], 0)
        if what == "reset":
            await self._reset(books, facts)
        elif what in {"split", "dividend"}:
            await self._act(books, what, facts)
        elif what in {"interest", "borrow", "pass", "mark"}:
            await self._close(books, what, facts)
        else:
            await self._trade(books, what, facts)

    async def _trade(self, books: LockedBooks, what: str, facts: dict[str, Any]) -> None:
        if what in {"trade", "wait", "stop"}:
            order = await self._order(books, what, facts)
            await books.add_order(order)
            if what == "wait":
                return
        waiting = await books.pending()
        if not waiting:
            return
        order = waiting[facts["hours"] % len(waiting)] if what in {"fill", "part", "cancel"} else waiting[-1]
        at = START + timedelta(hours=self._hour)
        if what == "cancel":
            await books.cancel_order(order.id, "Not wanted any more.", at)
            return
        if at < self._acted.get(order.ticker, at):
            return  # the market is gone through in the order of time; what came before an action was booked
        self._traded[order.ticker] = max(at, self._traded.get(order.ticker, at))
        part = min(order.shares, facts["shares"]) if what == "part" else order.shares
        fill = fill_of(
            order, str(facts["price"]), facts["fee"], shares=part, filled_at=at, id=f"f-{order.id}"
        )
        await books.fill_order(fill, shorts=self.shorts)

    async def _order(self, books: LockedBooks, what: str, facts: dict[str, Any]) -> Order:
        member, ticker, side, shares = (facts[name] for name in ("member", "ticker", "side", "shares"))
        held = (await books.portfolio(member)).position(ticker)
        if held and (held.shares > 0) == (side is Side.SELL):
            # What closes a part, all or more than all is rare among numbers of shares drawn blindly.
            shares = max(to_shares(abs(held.shares) * Decimal(facts["of_held"]), fractional=True), SHARE_STEP)
        return order_of(
            f"{self.season}-{next(self._names)}",
            member,
            side,
            str(shares),
            ticker=ticker,
            season=self.season,
            run_id=_run(self.season, ticker, Action.BUY if side is Side.BUY else Action.SELL),
            cause=OrderCause.STOP if what == "stop" else OrderCause.BALLOT,
            stop_loss=facts["price"] / 2,
            decided_session=FIRST,
        )

    async def _act(self, books: LockedBooks, what: str, facts: dict[str, Any]) -> None:
        ticker, at = facts["ticker"], START + self._day * DAY
        acted = self._acted.get(ticker, at - DAY)
        if self._traded.get(ticker, at - DAY) >= at or acted > at or (acted == at and what == "split"):
            return  # as above: a fill or an action that this one should have come before is there already
        self._acted[ticker] = at
        action = CorporateAction(
            ticker=ticker,
            kind=ActionKind(what),
            ex_date=FIRST + timedelta(days=self._day),
            value=Decimal(facts["ratio"] if what == "split" else facts["usd"]),
            source="csv",
        )
        price = facts["price"] if facts["fee"] != "0" else None
        await books.sessions.apply(action, at, fractional=facts["fractional"], price=price)

    async def _reset(self, books: LockedBooks, facts: dict[str, Any]) -> None:
        member, at = facts["member"], START + timedelta(hours=self._hour)
        held = [position.ticker for position in (await books.portfolio(member)).positions]
        for ticker in held:
            await books.add_mark(Mark(ticker=ticker, price=facts["price"], at=at, source="csv"))
        await reset_books(books, member, AlwaysOpen(), at)  # type: ignore[arg-type]
        portfolio = await books.portfolio(member)
        assert (portfolio.cash_usd, portfolio.positions) == (Decimal(9_000), ())
        assert not [order for order in await books.pending() if order.member == member]
        moment = await books.newest_entry(member)
        assert moment is not None
        for ticker in held:
            self._traded[ticker] = max(moment, self._traded.get(ticker, moment))

    async def _close(self, books: LockedBooks, what: str, facts: dict[str, Any]) -> None:
        ticker, amount = facts["ticker"], facts["usd"]
        at, session = START + self._day * DAY + timedelta(hours=3), FIRST + timedelta(days=self._day)
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


async def _block(store: Store, player: Player, steps: Sequence[Step], end: str) -> None:
    try:
        async with store.books.locked(player.season) as books:
            for what, facts, _ in steps:
                await player.play(books, what, facts)
            if end == "crash":
                raise Crash
    except (StoreError, Refused, Crash):
        pass  # all of the block is undone, which is what the audit is about


@pytest.mark.timeout(240)  # many transactions on a server, which a busy machine does slowly
@settings(
    max_examples=EXAMPLES,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(seed=st.integers(0, 2**64), count=st.integers(20, 60), shorts=st.booleans())
async def test_an_audit_finds_nothing_whatever_was_done_through_the_books(
    store: Store, url: str, clock: ManualClock, seed: int, count: int, shorts: bool
) -> None:
    chance = Random(seed)
    steps = [_step(chance) for _ in range(count)]
    season = Season(f"p{next(_SEASONS)}")
    player = Player(season, shorts=shorts)
    await begun(store, season)
    current, others, begin = store, list[Store](), 0
    for number, (_, _, end) in enumerate(steps, start=1):
        if end == "goes on" and number < len(steps):
            continue
        await _block(current, player, steps[begin:number], end)
        begin = number
        if end == "reopen":
            current = await Store.open(url, clock)
            others.append(current)
    found = [*await audit(current, shorts=shorts), *await running_check(current)]
    for other in others:
        await other.close()
    assert [finding.sentence for finding in found if f"{season}" in finding.where] == []
