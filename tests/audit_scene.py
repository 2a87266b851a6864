"""Books with a bit of everything in them, and raw SQL that damages them behind the program's back."""

import asyncio
import sqlite3
from contextlib import closing
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import asyncpg
from sqlalchemy import insert, make_url

from core.app.auditing import audit
from core.domain.actions import ActionKind, CorporateAction
from core.domain.audit import Finding
from core.domain.ballot import Abstention, AbstentionKind, Action, Ballot, MemberResult, Rating, RiskLevel
from core.domain.bars import Mark
from core.domain.books import MovementKind, OrderCause, OrderState, Side
from core.domain.scores import DailyValue
from core.domain.season import Season
from core.domain.verdict import Verdict
from core.store.locked_sessions import CASH, Passed
from core.store.season_tables import imports
from core.store.store import Store
from tests.call_facts import call_of
from tests.store_values import START, begun, fill_of, order_of

LIVE = Season.LIVE
DAY = timedelta(days=1)
FIRST = date(2025, 10, 30)
OPEN = START + timedelta(hours=17)
"""The open of the first session, and of each following one a day later."""
RUNS = {
    "run00001": ("NVDA", {"alpha": Action.BUY, "beta": Action.BUY, "momentum": Action.HOLD}),
    "run00002": ("NVDA", {"alpha": Action.SELL, "beta": None, "momentum": Action.HOLD}),
    "run00003": ("AAPL", {"alpha": Action.BUY, "beta": Action.SELL, "momentum": Action.BUY}),
}
VERDICT = Verdict(decision=None, rule="Too few.", method="weighted", votes={}, weighted_votes={})


def result_of(member: str, action: Action | None, reasoning: str = "It rises.") -> MemberResult:
    if action is None:
        return Abstention(member=member, kind=AbstentionKind.TIMEOUT, reason="It took too long.")
    rating = {Action.BUY: Rating.BUY, Action.SELL: Rating.SELL, Action.HOLD: Rating.HOLD}[action]
    return Ballot(
        member=member,
        action=action,
        rating=rating,
        confidence=Decimal("0.7"),
        risk_level=RiskLevel.LOW,
        reasoning=reasoning,
    )


async def held_runs(store: Store) -> None:
    """Three runs that have ended, with a ballot or an abstention in each seat."""
    for run_id, (ticker, cast) in RUNS.items():
        await begun(store, run_id, ticker=ticker)
        for member, action in cast.items():
            assert await store.runs.add_result(run_id, result_of(member, action))
        async with store.books.locked(LIVE) as books:
            assert await books.finish_run(run_id, VERDICT, START)


async def traded(
    store: Store, name: str, member: str, side: Side, shares: str, price: str, day: int, **more: object
) -> None:
    """Add an order and fill it at the open of a session."""
    order = order_of(name, member, side, shares, **more)
    at = OPEN + day * DAY
    async with store.books.locked(LIVE) as books:
        await books.add_order(order)
        await books.fill_order(
            fill_of(order, price, filled_at=at, session=FIRST + day * DAY), shorts=member == "momentum"
        )


async def acted(store: Store, ticker: str, kind: ActionKind, value: str, day: int) -> None:
    action = CorporateAction(
        ticker=ticker, kind=kind, ex_date=FIRST + day * DAY, value=Decimal(value), source="csv"
    )
    async with store.books.locked(LIVE) as books:
        assert await books.sessions.apply(action, OPEN + day * DAY, fractional=False, price=Decimal(70))


async def closed(store: Store, day: int, *values: tuple[str, str, str, str]) -> None:
    """Pass a session; values are member, cash, long and short."""
    kept = []
    for member, *amounts in values:
        cash, long, short = map(Decimal, amounts)
        total = cash + long - short
        kept.append((member, DailyValue(FIRST + day * DAY, total, cash, long, short, Decimal(0), Decimal(0))))
    passed = Passed(FIRST + day * DAY, OPEN + day * DAY + timedelta(hours=6), Decimal(680), Decimal(1))
    async with store.books.locked(LIVE) as books:
        assert await books.sessions.passed(passed, kept)


async def lived_in(store: Store) -> None:
    """Books with buys, sells, a stop, a short position, an import, a split, a dividend, interest and more."""
    await held_runs(store)
    async with store.books.locked(LIVE) as books:
        await books.sessions.open_season("live", "SPY", START)
        for member in ("alpha", "beta", "momentum"):
            await books.open_accounts([member], Decimal("10000.00"), START)
    await traded(store, "a1", "alpha", Side.BUY, "10.5", "200", 0)
    await traded(store, "b1", "beta", Side.BUY, "3", "199.99", 0)
    await traded(store, "m1", "momentum", Side.BUY, "2", "250", 0, run_id="run00003", ticker="AAPL")
    await closed(store, 0, ("alpha", "7899", "2100", "0"), ("beta", "9399.03", "600", "0"))
    await acted(store, "NVDA", ActionKind.SPLIT, "3", 1)
    await acted(store, "NVDA", ActionKind.DIVIDEND, "0.25", 1)
    await traded(store, "a2", "alpha", Side.SELL, "11", "70.10", 1, run_id="run00002")
    await traded(
        store,
        "m2",
        "momentum",
        Side.SELL,
        "5",
        "240",
        1,
        run_id="run00003",
        ticker="AAPL",
        cause=OrderCause.MARGIN_CALL,
    )
    await closed(store, 1, ("alpha", "8712.85", "1400", "0"), ("momentum", "10697", "0", "720"))
    async with store.books.locked(LIVE) as books:
        at = OPEN + DAY + timedelta(hours=6)
        await books.sessions.move("beta", MovementKind.INTEREST, Decimal("0.31"), at, CASH, FIRST + DAY)
        await books.sessions.move("momentum", MovementKind.BORROW, Decimal("-0.06"), at, "AAPL", FIRST + DAY)
        for ticker, price in (("NVDA", "70.00"), ("AAPL", "240.00")):
            await books.add_mark(Mark(ticker=ticker, price=Decimal(price), at=at, source="csv"))
    async with store.database.write() as connection:
        row = {"id": "import01", "season": LIVE, "member": "beta", "file_name": "log.csv", "sha256": "00"}
        await connection.execute(insert(imports).values(row | {"price": "open", "rows": 1, "at": START}))
    shown = {"season": LIVE, "run_id": "run00001", "tier": "premium", "evidence_sha256": "ab" * 32}
    await store.calls.add([call_of(1, **shown)])
    imported = {"run_id": None, "cause": OrderCause.IMPORT, "import_id": "import01", "ticker": "IBM"}
    await traded(store, "b2", "beta", Side.BUY, "1", "300", 2, **imported)
    await traded(store, "a3", "alpha", Side.SELL, "7", "65", 2, cause=OrderCause.STOP)
    async with store.books.locked(LIVE) as books:
        await books.add_order(order_of("a4", state=OrderState.CANCELLED, shares="0", reason="Too small."))
        await books.add_order(order_of("m3", "momentum", run_id="run00003", ticker="AAPL"))


async def audited(store: Store, *, shorts: bool = True) -> tuple[Finding, ...]:
    return await audit(store, shorts=shorts)


async def damaged(url: str, *statements: str) -> None:
    """Run statements with foreign keys, checks and triggers out of force, as somebody with the file could."""
    place = make_url(url)
    if place.get_backend_name() == "sqlite":
        await asyncio.to_thread(_damage_file, Path(str(place.database)), statements)
        return
    plain = place.set(drivername="postgresql").render_as_string(hide_password=False)
    connection = await asyncpg.connect(plain)
    try:
        await connection.execute("SET session_replication_role = replica")
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


def _damage_file(file: Path, statements: tuple[str, ...]) -> None:
    with closing(sqlite3.connect(file, isolation_level=None)) as database:
        database.execute("PRAGMA ignore_check_constraints = ON")
        triggers = database.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for name, _ in triggers:
            database.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            database.execute(statement)
        for _, made_by in triggers:
            database.execute(made_by)
