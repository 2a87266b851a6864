"""A week of the past that is replayed, and what a replay has written."""

from contextlib import aclosing
from datetime import date
from typing import Any

from sqlalchemy import select

from core.app.app import App
from core.domain.replay import ReplayProgress
from core.domain.season import Season

FIRST, LAST = date(2012, 6, 4), date(2012, 6, 8)
RULES = {
    "members": [{"name": name, "kind": "baseline"} for name in ("buy_and_hold", "coin_flip")],
    "arena": {"committee": False, "crowd": False, "benchmark": "IBM"},
}
ONE: dict[str, Any] = {
    "members": [{"name": "claude", "route": ["loopback:claude/claude-1"]}],
    "consensus": {"min_members": 1},
    "arena": {"committee": False, "crowd": False},
}


async def replayed(app: App, **asked: Any) -> list[ReplayProgress]:
    wanted = {"first": FIRST, "last": LAST, "tickers": ("AAPL", "MSFT"), **asked}
    async with aclosing(app.replay(**wanted)) as steps:
        return [progress async for progress in steps]


async def rows(app: App, table: Any, season: Season) -> list[dict[str, Any]]:
    query = select(table).where(table.c.season == season)
    async with app._store.database.read() as connection:
        return [dict(row) for row in (await connection.execute(query)).mappings()]
