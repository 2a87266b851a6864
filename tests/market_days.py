"""An arena over several days of a made-up market: prices in a folder, models that say what they are told."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from sqlalchemy import select

from core.app.app import App
from core.clock import SystemClock
from core.config.settings import Arena
from core.domain.books import Order
from core.domain.run import RunRecord
from core.domain.season import Season
from core.domain.stage import Preset
from core.store.season_tables import corporate_actions, daily_values, outcomes, sessions, share_movements
from core.store.store import Store
from core.store.tables import cash_movements, fills, marks, metadata, orders
from tests import arena
from tests.loopback.model_server import ModelServer

HEAD = "date,open,high,low,close,volume\n"
ACTIONS_HEAD = "date,kind,value\n"
NO_FOLLOWERS = {name: False for name in ("committee", "crowd") if name in Arena.model_fields}
"""The books of those who follow the others would be among the rows that these tests count."""
PLAIN = {"fee_bps": "0", "slippage_bps": "0"}
"""Trading that costs nothing, so that sums can be done in one's head."""
LIVE = Season.LIVE
PRICED: dict[str, Any] = {
    "members": [
        {
            "name": "claude",
            "route": ["loopback:claude/claude-1"],
            "price_in_usd_per_mtok": 8,
            "price_out_usd_per_mtok": 8,
        }
    ]
}
"""Claude at a price: a quick run costs a little under a cent, and is reckoned at two before the first."""


class DayClock(SystemClock):
    """The machine's clock, set to whatever moment a test wants; time goes on from there."""

    def __init__(self, start: datetime) -> None:
        self.set(start)

    def set(self, moment: datetime) -> None:
        self._shift = moment - datetime.now(UTC)

    def now(self) -> datetime:
        return datetime.now(UTC) + self._shift


def evening(day: str) -> datetime:
    """After the close in New York, on a day like 2025-10-29."""
    return datetime.combine(date.fromisoformat(day), datetime.min.time(), UTC).replace(hour=22)


def at(day: str, hour: int, minute: int = 0) -> datetime:
    return evening(day).replace(hour=hour, minute=minute)


class Market:
    """A folder of price files. Bars are `open,high,low,close` by day."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(exist_ok=True)

    def prices(self, ticker: str, bars: Mapping[str, str], until: str = "9999") -> None:
        rows = [f"{day},{ohlc},1000000" for day, ohlc in sorted(bars.items()) if day <= until]
        (self.folder / f"{ticker}.csv").write_text(HEAD + "".join(f"{row}\n" for row in rows))

    def flat(self, ticker: str, price: str, days: list[str]) -> None:
        self.prices(ticker, {day: ",".join([price] * 4) for day in days})

    def actions(self, ticker: str, *rows: str) -> None:
        (self.folder / f"{ticker}.actions.csv").write_text(ACTIONS_HEAD + "".join(f"{row}\n" for row in rows))

    def breaks(self, ticker: str) -> None:
        """From now on the vendor answers with rubbish."""
        (self.folder / f"{ticker}.csv").write_text("nothing that could be read\n")


class Days:
    """The arena of a test. `app` is open; `restart` opens it anew on the same database."""

    def __init__(self, models: ModelServer, folder: Path, market: Market, **sections: Any) -> None:
        self.market = market
        self.clock = DayClock(evening("2025-10-27"))
        self._models = models
        self._folder = folder
        self._sections = sections
        self._apps: list[App] = []

    @property
    def app(self) -> App:
        return self._apps[-1]

    @property
    def store(self) -> Store:
        return self.app._store

    async def start(self, **sections: Any) -> App:
        """Open the arena, again or for the first time."""
        facts: dict[str, Any] = {
            "market": {"prices": ["csv"], "csv": {"dir": str(self.market.folder)}, "max_age_sessions": 30},
            "members": [{"name": "claude", "route": ["loopback:claude/claude-1"]}],
            "consensus": {"min_members": 1},
            "arena": NO_FOLLOWERS,
            "trading": PLAIN,
            **self._sections,
            **sections,
        }
        # One member trades, so that every row of the books is about it.
        facts["arena"] = {"committee": False, "crowd": False, **facts.get("arena", {})}
        app = await arena.opened(self._models.base_url, self._folder, clock=self.clock, **facts)
        self._apps.append(app)
        return app

    async def close(self) -> None:
        for app in self._apps:
            await app.close()

    def say(self, action: str, member: str = "claude", **more: Any) -> None:
        """Let a member cast this ballot from now on."""
        rating = {"BUY": "Buy", "SELL": "Sell", "HOLD": "Hold"}[action]
        fields = {"action": action, "rating": rating, "recommendation": rating, "target_weight": None}
        self._models.opine(f"{member}/{member}-1", arena.opinion(member, **(fields | more)))

    def slow_down(self, latency_s: float) -> None:
        """Let every model think for so long."""
        self._models.latency_s = latency_s

    async def run(self, ticker: str, when: datetime, **request: Any) -> RunRecord:
        """Ask about a ticker at a moment."""
        self.clock.set(when)
        wanted = arena.request(ticker, **({"preset": Preset.QUICK} | request))
        return await arena.finished(self.app, wanted)

    async def buy(self, ticker: str, when: datetime, weight: float = 0.2, **more: Any) -> RunRecord:
        """Let claude ask for this weight, above or below what it holds."""
        self.say("BUY", target_weight=weight, **more)
        return await self.run(ticker, when)

    async def sell(self, ticker: str, when: datetime, weight: float | None = None, **more: Any) -> RunRecord:
        self.say("SELL", target_weight=weight, **more)
        return await self.run(ticker, when)

    async def keep(self, when: datetime) -> None:
        """Carry the books to this moment."""
        self.clock.set(when)
        await self.app.keep_books()

    async def order(self, record: RunRecord) -> Order:
        """The one order of a run, as it stands now."""
        (order,) = [o for o in (await self.app.record(record.run_id)).orders if o.cause == "ballot"]
        return order

    async def cash(self, member: str = "claude") -> Decimal:
        return (await self.store.books.portfolio(LIVE, member)).cash_usd

    async def shares(self, ticker: str, member: str = "claude") -> Decimal:
        position = (await self.store.books.portfolio(LIVE, member)).position(ticker)
        return position.shares if position else Decimal(0)

    async def value(self, day: str, member: str = "claude") -> Decimal | None:
        """What a member's books were worth at the close of a session, None if unknown."""
        (value,) = [row["value_usd"] for row in await self.rows("daily_values") if _is(row, day, member)]
        return value

    async def rows(self, table: str, season: Season = LIVE) -> list[dict[str, Any]]:
        """All rows of a table of the books, in the order of time."""
        return await rows(self.store, table, season)


def _is(row: Mapping[str, Any], day: str, member: str) -> bool:
    return (row["session"].isoformat(), row["member"]) == (day, member)


_IN_ORDER = {
    "orders": orders.c.number,
    "fills": fills.c.number,
    "cash_movements": cash_movements.c.number,
    "share_movements": share_movements.c.number,
    "daily_values": daily_values.c.session,
    "sessions": sessions.c.session,
    "corporate_actions": corporate_actions.c.ex_date,
    "outcomes": outcomes.c.decided_at,
    "marks": marks.c.at,
}
BOOKS = (*_IN_ORDER, "holdings", "balances", "closed_trades")


async def rows(store: Store, table: str, season: Season = LIVE) -> list[dict[str, Any]]:
    found = metadata.tables[table]
    query = select(found).where(found.c.season == season).order_by(*_sorting(table))
    async with store.database.read() as connection:
        return [dict(row) for row in (await connection.execute(query)).mappings()]


def _sorting(table: str) -> list[Any]:
    found = metadata.tables[table]
    names = ("member", "ticker", "horizon", "at")
    return (
        [_IN_ORDER[table], *(found.c[n] for n in names if n in found.c)]
        if table in _IN_ORDER
        else [found.c[name] for name in names if name in found.c]
    )


@asynccontextmanager
async def market_days(folder: Path, **sections: Any) -> AsyncIterator[Days]:
    """An arena that is open, with an empty market; everything is closed in the end."""
    async with ModelServer() as models:
        days = Days(models, folder, Market(folder / "prices"), **sections)
        await days.start()
        try:
            yield days
        finally:
            await days.close()
