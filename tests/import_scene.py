"""A folder of made-up prices of June 2025, logs of trades over them, and all that an arena's database holds.

On day D of the month NVDA opens at 100 + D and closes half a dollar higher, SPY closes at 500 + D, ORLY opens
and closes at 1500 and from its 15:1 split on the 10th at 100 and 101, PAIR-USD trades every day at 20.
"""

from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from sqlalchemy import select

from core.app.app import App
from core.domain.season import Season
from core.domain.trade_log import Imported, LogPrice
from core.store import book_queries
from core.store.replay import replay
from core.store.season_tables import balances, daily_values, holdings
from core.store.tables import metadata
from tests.vendor_double import CALENDAR

Open = Callable[..., Awaitable[App]]

NOW = datetime(2025, 6, 24, 12, 0, tzinfo=UTC)
FIRST, LAST = date(2025, 6, 2), date(2025, 6, 23)
HEADER = "date,seq,action,symbol,shares,price"


async def imported(
    app: App, file: Path, member: str = "elsewhere", season: str | None = "league", **more: Any
) -> Imported:
    """Import a log, at the open and without costs unless `more` says otherwise."""
    asked = {"price": LogPrice.OPEN, "costs": False, **more}
    return await app.import_trades(file, member, season=Season(season) if season else None, **asked)


async def values(app: App, member: str, season: str = "league") -> dict[date, Decimal | None]:
    """Return what a member's books were worth at each close."""
    return {row["session"]: row["value_usd"] for row in await rows(app, daily_values, season, member)}


def june(day: int) -> date:
    return date(2025, 6, day)


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2025, 6, day, hour, minute, tzinfo=UTC)


def write_prices(folder: Path) -> Path:
    """Write the files that the csv vendor reads, and return their folder."""
    folder.mkdir(exist_ok=True)
    for ticker in ("NVDA", "SPY", "ORLY", "PAIR-USD"):
        rows = "".join(f"{row}\n" for row in _rows(ticker))
        (folder / f"{ticker}.csv").write_text(f"date,open,high,low,close,volume\n{rows}")
    actions = {"ORLY": "2025-06-10,split,15\n", "NVDA": "2025-06-12,dividend,0.25\n"}
    for ticker, rows in actions.items():
        (folder / f"{ticker}.actions.csv").write_text(f"date,kind,value\n{rows}")
    return folder


def _rows(ticker: str) -> Iterator[str]:
    day = FIRST
    while day <= LAST:
        if CALENDAR.of(ticker).session(day):
            number = day.day
            opened, closed = {
                "NVDA": (100 + number, 100.5 + number),
                "SPY": (500 + number, 500 + number),
                "ORLY": (100, 101) if number >= 10 else (1500, 1500),
            }.get(ticker, (20, 20))
            yield f"{day},{opened},{closed + 1},{opened - 1},{closed},1000"
        day += timedelta(days=1)


def write_log(folder: Path, *rows: str, name: str = "log.csv") -> Path:
    """Write a log; each row is `DAY action SYMBOL SHARES [PRICE]`, the day one of June 2025."""
    lines = []
    for seq, row in enumerate(rows):
        day, action, symbol, shares, *price = row.split()
        whole = f"2025-06-{int(day):02}" if day.isdigit() else day
        lines.append(f"{whole},{seq},{action},{symbol.strip('-')},{shares},{''.join(price)}\n")
    path = folder / name
    path.write_text(f"{HEADER}\n{''.join(lines)}")
    return path


async def everything(app: App) -> dict[str, list[str]]:
    """Return every row of every table."""
    found = {}
    async with app._store.database.read() as connection:
        for table in metadata.sorted_tables:
            rows = (await connection.execute(select(table))).all()
            found[table.name] = sorted(str(tuple(row)) for row in rows)
    return found


async def rows(app: App, table: Any, season: str, member: str | None = None) -> list[dict[str, Any]]:
    """Return the rows of a table of one season, in the order of their keys."""
    query = select(table).where(table.c.season == season).order_by(*table.primary_key)
    if member is not None:
        query = query.where(table.c.member == member)
    async with app._store.database.read() as connection:
        return [dict(row) for row in (await connection.execute(query)).mappings()]


async def proved(app: App, season: str, member: str) -> None:
    """Check that a member's running totals and holdings are those of its ledger, gone through anew."""
    (kept,) = await rows(app, balances, season, member)
    held = {
        row["ticker"]: (row["shares"], row["average"]) for row in await rows(app, holdings, season, member)
    }
    async with app._store.database.read() as connection:
        deposit, entries = await book_queries.history(connection, Season(season), member)
    tally = replay(entries)
    earned = [closed.pnl_usd for closed in tally.closings]
    moments = [getattr(entry, "filled_at", None) or getattr(entry, "at", None) for entry in entries]
    changes = [
        entry.amount_usd - getattr(entry, "fee_usd", 0) for entry in entries if hasattr(entry, "amount_usd")
    ]
    assert kept == {
        "season": season,
        "member": member,
        "deposits_usd": deposit,
        "cash_usd": deposit + sum(changes),
        "fills": tally.trades,
        "closed": tally.closed_trades,
        "wins": tally.wins,
        "gains_usd": sum((pnl for pnl in earned if pnl > 0), Decimal(0)),
        "losses_usd": -sum((pnl for pnl in earned if pnl < 0), Decimal(0)),
        "best_usd": max(earned, default=None),
        "worst_usd": min(earned, default=None),
        "last_at": max(moments, default=None),
    }
    assert held == {ticker: (each.shares, each.average) for ticker, each in tally.held.items()}
