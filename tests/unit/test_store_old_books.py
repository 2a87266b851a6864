"""Books of the first schema are brought to the present one whole, and go on."""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import text

from core.app.auditing import audit, running_check
from core.clock import ManualClock
from core.domain.books import OrderCause, Side
from core.domain.errors import StoreError
from core.domain.season import Season
from core.store import schema
from core.store.database import upgrade
from core.store.engine import is_sqlite, make_engine, parse
from core.store.store import Store
from tests.store_values import START, fill_of, order_of

pytest_plugins = ("tests.storage",)

OLD = {
    "members": "name, number, kind, weight, route, enabled, place",
    "evidence": "sha256, ticker, as_of, canonical",
    "runs": "number, run_id, key, ticker, as_of, preset, season, state, reason, config_hash, "
    "evidence_sha256, source, caveat, requested_by, requested_in, started_at, finished_at, "
    "verdict, owner, lease_until",
    "seats": "run_id, member, place, number, kind, weight, briefing, result, cost_usd",
    "accounts": "season, member, opened_at",
    "orders": "number, id, season, run_id, member, ticker, side, shares, reference_price, decided_session, "
    "created_at, state, reason, ended_at, clamps",
    "fills": "number, id, order_id, season, run_id, member, ticker, side, shares, price, amount_usd, "
    "fee_usd, session, filled_at, clamps",
    "cash_movements": "number, season, member, kind, amount_usd, at, fill_id",
    "marks": "season, ticker, at, price, source",
}
"""The columns of the first schema."""
BORN = int(START.timestamp()) * 1_000_000
HOUR = 3_600_000_000
CLAMPS = '[{"rule":"cash","note":"$10,000.00 pay for 10 of 11 shares"}]'
TRADES = (
    # season, member, ticker, side, shares, price, amount, hour; in the order in which they were booked
    ("live", "alpha", "NVDA", "buy", "10", "100.02", "-1000.20", 1),
    ("live", "alpha", "NVDA", "buy", "20", "101.5", "-2030.00", 2),
    ("live", "alpha", "AAPL", "buy", "3.333333", "271.40", "-904.67", 2),
    ("live", "alpha", "NVDA", "sell", "5", "300", "1500.00", 3),
    ("live", "beta", "NVDA", "buy", "7", "33.333333", "-233.33", 3),
    ("live", "alpha", "NVDA", "sell", "25", "90", "2250.00", 4),
    ("live", "beta", "NVDA", "buy", "0.000007", "142857.142857", "-1.00", 4),
    ("live", "alpha", "NVDA", "buy", "1.5", "50", "-75.00", 5),
    ("live", "beta", "NVDA", "sell", "3.5", "12", "42.00", 6),
    ("live", "beta", "NVDA", "sell", "1", "33.333333", "33.33", 6),
    ("sample", "beta", "NVDA", "buy", "2", "10", "-20.00", 1),
    ("sample", "beta", "NVDA", "sell", "2", "10.04", "20.08", 2),
)
FEE = "0.10"


def whole(amount: str) -> int:
    return int(Decimal(amount) * 10**8)


def _result(member: str, action: str) -> str:
    return (
        f'{{"member":"{member}","action":"{action}","rating":"{action.capitalize()}","confidence":"0.7",'
        '"risk_level":"low","reasoning":"It moves."}'
    )


def old_rows() -> list[tuple[str, Sequence[Any]]]:
    """Every row of a database as the first version wrote it."""
    verdict = '{"decision":null,"rule":"tie","method":"weighted","votes":{},"weighted_votes":{}}'
    rows: list[tuple[str, Sequence[Any]]] = [
        ("evidence", ("e1", "NVDA", BORN, "{}")),
        *(
            ("members", (name, n, "llm", "1", "[]", True, n))
            for n, name in enumerate(("alpha", "beta", "idle"))
        ),
    ]
    runs = [(s, t, a) for s in ("live", "sample") for t in ("NVDA", "AAPL") for a in ("buy", "sell")]
    for number, (season, ticker, side) in enumerate(runs):
        name = f"{season}-{ticker}-{side}"
        told = (
            number,
            name,
            name,
            ticker,
            BORN,
            "standard",
            season,
            "finished",
            None,
            "c",
            "e1",
            "csv",
            None,
        )
        rows.append(("runs", (*told, "telegram:1", "telegram:1", BORN, BORN, verdict, None, None)))
        for place, member in enumerate(("alpha", "beta")):
            seat = (name, member, place, place, "llm", "1", "{}", _result(member, side.upper()), 0)
            rows.append(("seats", seat))
    numbers = iter(range(1, 100))
    for season, member in (("live", "alpha"), ("live", "beta"), ("live", "idle"), ("sample", "beta")):
        rows.append(("accounts", (season, member, BORN)))
        deposit = (next(numbers), season, member, "deposit", whole("10000"), BORN, None)
        rows.append(("cash_movements", deposit))
    for number, (season, member, ticker, side, shares, price, amount, hour) in enumerate(TRADES, start=1):
        at, run = BORN + hour * HOUR, f"{season}-{ticker}-{side}"
        what = (season, run, member, ticker, side, whole(shares))
        order = (number, f"o{number}", *what, whole(price), "2025-10-29", BORN, "filled", None, at, CLAMPS)
        fill = (number, f"f{number}", f"o{number}", *what, whole(price), whole(amount), whole(FEE))
        rows += [("orders", order), ("fills", (*fill, "2025-10-30", at, "[]"))]
        for kind, moved in (("trade", whole(amount)), ("fee", -whole(FEE))):
            rows.append(("cash_movements", (next(numbers), season, member, kind, moved, at, f"f{number}")))
    waits = ("live", "live-NVDA-buy", "beta", "NVDA", "buy", whole("1"), whole("9"), "2025-10-29", BORN)
    rows.append(("orders", (97, "waits", *waits, "pending", None, None, "[]")))
    rows.append(("orders", (98, "ended", *waits, "cancelled", "Replaced.", BORN, "[]")))
    rows.append(("marks", ("live", "NVDA", BORN, whole("50"), "csv")))
    return rows


async def _all(url: str) -> dict[str, list[tuple[Any, ...]]]:
    engine = make_engine(parse(url), pooled=False)
    async with engine.connect() as connection:
        queries = {table: f"SELECT {columns} FROM {table} ORDER BY 1, 2" for table, columns in OLD.items()}  # noqa: S608  # our own names
        found = {
            table: [tuple(row) for row in await connection.execute(text(query))]
            for table, query in queries.items()
        }
    await engine.dispose()
    return found


@pytest_asyncio.fixture
async def old(empty_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The address of a database that the first version has used."""
    monkeypatch.setattr(schema, "HEAD", "0001")
    await upgrade(empty_url)
    monkeypatch.undo()
    engine = make_engine(parse(empty_url), pooled=False)
    async with engine.begin() as connection:
        for table, values in old_rows():
            names = OLD[table].split(", ")
            shown = [
                f"'{value}'" if isinstance(value, str) else "NULL" if value is None else str(value)
                for value in values
            ]
            assert len(names) == len(shown), table
            statement = f"INSERT INTO {table} ({OLD[table]}) VALUES ({', '.join(shown)})"  # noqa: S608  # our own values
            await connection.exec_driver_sql(statement)
        if not is_sqlite(parse(empty_url)):
            for table in ("orders", "fills", "cash_movements"):  # the numbers above were not drawn from it
                await connection.exec_driver_sql(
                    f"SELECT setval(pg_get_serial_sequence('{table}', 'number'), MAX(number)) FROM {table}"  # noqa: S608  # our own names
                )
    await engine.dispose()
    return empty_url


async def test_books_of_the_first_schema_keep_every_row_and_balance(old: str, clock: ManualClock) -> None:
    before = await _all(old)
    assert {table: len(rows) for table, rows in before.items()}["cash_movements"] == 4 + 2 * len(TRADES)
    store = await Store.open(old, clock)
    assert await _all(old) == before
    assert await audit(store, shorts=False) == ()
    assert await running_check(store) == ()
    alpha, beta, idle = await store.books.accounts(Season.LIVE)
    fees = Decimal(FEE)
    assert alpha.portfolio.cash_usd == 10_000 - Decimal("259.87") - 6 * fees
    assert [(held.ticker, held.shares, held.average_cost) for held in alpha.portfolio.positions] == [
        ("AAPL", Decimal("3.333333"), Decimal("271.40")),
        ("NVDA", Decimal("1.5"), Decimal(50)),
    ]
    assert (alpha.trades, alpha.closed_trades, alpha.wins) == (6, 2, 1)
    assert (beta.trades, beta.closed_trades, beta.wins) == (4, 2, 0)
    assert (idle.trades, idle.portfolio.cash_usd, idle.portfolio.positions) == (0, 10_000, ())
    (sample,) = await store.books.accounts(Season.SAMPLE)
    assert (sample.portfolio.positions, sample.closed_trades, sample.wins) == ((), 1, 0)
    (waiting,) = await store.books.pending(Season.LIVE)
    assert (waiting.id, waiting.cause) == ("waits", OrderCause.BALLOT)
    await store.close()


async def test_books_of_the_first_schema_are_append_only_again(old: str, clock: ManualClock) -> None:
    store = await Store.open(old, clock)
    changes = [
        statement
        for table, column in (
            ("accounts", "opened_at"),
            ("fills", "price"),
            ("cash_movements", "amount_usd"),
            ("closed_trades", "pnl_usd"),
        )
        for statement in (f"UPDATE {table} SET {column} = 5", f"DELETE FROM {table}")  # noqa: S608  # our own names
    ]
    if store.database.is_sqlite:
        changes.append("INSERT OR REPLACE INTO fills SELECT * FROM fills")
    for change in changes:
        with pytest.raises(StoreError, match="append-only"):
            async with store.database.write() as connection:
                await connection.execute(text(change))
    assert await audit(store, shorts=False) == ()
    await store.close()


async def test_books_of_the_first_schema_go_on(old: str, clock: ManualClock) -> None:
    store = await Store.open(old, clock)
    order = order_of("new", "alpha", Side.SELL, "1.5", run_id="live-NVDA-sell")
    at = START + timedelta(hours=20)
    async with store.books.locked(Season.LIVE) as books:
        await books.add_order(order)
        await books.fill_order(fill_of(order, "60", filled_at=at))
        (waiting,) = await books.pending()
        await books.fill_order(fill_of(waiting, "9", filled_at=at))
    alpha = (await store.books.accounts(Season.LIVE))[0]
    assert (alpha.trades, alpha.closed_trades, alpha.wins) == (7, 3, 2)
    assert await audit(store, shorts=False) == ()
    await store.close()
