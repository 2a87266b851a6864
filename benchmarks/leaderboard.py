"""The leaderboard of a long season: 50 members, 1,000,000 fills, 500 sessions, on SQLite and on PostgreSQL.

    python -m benchmarks.leaderboard [--data DIR] [--sessions 500] [--rounds 15]

Each fill comes from a ballot of its own: a million seats with their briefings and ballots stand beside the
fills, orders and movements. The books are made up, but fit together to the cent. With `--data` they are kept
there (and in PostgreSQL under a name of their own) for the next time; filling takes some minutes. PostgreSQL
is asked at CONCLAVE_TEST_POSTGRES.

Warm is the whole use case of `/leaderboard` in a process that has answered before, while the books stay as
they are: it asks the database how far the season is, values every holding at the latest marks, and ranks. The
figures without a reference say what is paid otherwise. The reference is the limit that we have set ourselves;
that of the growth is linear. Everything is measured in a process of its own.
"""

import argparse
import asyncio
import contextlib
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import asyncpg
from sqlalchemy import delete, make_url

from benchmarks._season_rows import LAST, TICKERS
from benchmarks._season_store import drop_postgres, fill_postgres, fill_sqlite
from core.app.app import App
from core.app.assemble import open_app
from core.config.settings import Settings, StoreSettings, Trading
from core.domain.bars import Bar
from core.domain.books import Leaderboard
from core.domain.scores import Metric
from core.domain.season import Season
from core.market.calendar import MarketCalendar, Session
from core.pipeline.history import History, Moved
from core.pipeline.walking import close_session
from core.store.season_tables import daily_values, sessions
from core.store.tables import marks

POSTGRES = os.environ.get("CONCLAVE_TEST_POSTGRES", "postgresql+asyncpg://postgres@127.0.0.1:5432/test")
SHAPES = {"ten": 10, "fifty": 50}
LIMITS = {
    "warm": ("leaderboard, warm", 50.0, "ms"),
    "growth": ("growth from 10 to 50 members", 5.0, "x"),
    "close": ("marking a close of all", 1000.0, "ms"),
    "memory": ("peak memory", 300.0, "MB"),
}
ALSO = {
    "cold": "leaderboard, first of a process",
    "passed": "leaderboard, first after a session",
    "sharpe first": "30 days by Sharpe ratio, first",
    "sharpe": "30 days by Sharpe ratio, warm",
    "best first": "by best trade, first",
}


async def milliseconds(work: Callable[[], Awaitable[object]], rounds: int = 1) -> float:
    """Return the median."""
    taken = []
    for _ in range(rounds):
        began = time.perf_counter()
        await work()
        taken.append((time.perf_counter() - began) * 1000)
    return statistics.median(taken)


async def measure(url: str, rounds: int) -> dict[str, float]:
    """Return the figures of one database in milliseconds, and the peak memory in MB."""
    app = await open_app(Settings(store=StoreSettings(url=url)))
    ten, fifty = Season("ten"), Season("fifty")

    def board() -> Awaitable[Leaderboard]:
        return app.leaderboard(fifty)

    def by_sharpe() -> Awaitable[Leaderboard]:
        return app.leaderboard(fifty, period="30d", by=Metric.SHARPE)

    try:
        found = {"cold": await milliseconds(board)}
        check(await board())
        await app.leaderboard(ten)
        # Turn about, so that what else goes on here slows down both.
        pairs = [
            (await milliseconds(board), await milliseconds(lambda: app.leaderboard(ten)))
            for _ in range(rounds)
        ]
        found["warm"], small = (statistics.median(column) for column in zip(*pairs, strict=True))
        found["growth"] = found["warm"] / small
        found["sharpe first"] = await milliseconds(by_sharpe)
        found["sharpe"] = await milliseconds(by_sharpe, rounds)
        found["best first"] = await milliseconds(lambda: app.leaderboard(fifty, by=Metric.BEST_TRADE))
        found |= await sessions_pass(app, fifty, url)
    finally:
        await app.close()
    return found | {"memory": peak_memory()}


def peak_memory() -> float:
    """Return the most memory that this process has had, in MB.

    The figure of `getrusage` starts with what the process that filled the database had when it started us, so
    it serves only where Linux's own is missing.
    """
    with contextlib.suppress(OSError):
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def check(board: Leaderboard) -> None:
    """Stop where what was measured is not a ranking of the season that was asked for."""
    ranked = all(one.rank and one.rank_before and one.luck for one in board.standings)
    if len(board.standings) != 50 or not ranked or sum(one.trades for one in board.standings) < 1_000_000:
        print("(a short season: these figures are not those of a million fills)", file=sys.stderr)


async def sessions_pass(app: App, season: Season, url: str) -> dict[str, float]:
    """Let three sessions pass for real, ask for the ranking after each, and take them back in the end."""
    store, calendar, taken = app._store, MarketCalendar(), []
    days = await asyncio.to_thread(
        calendar.exchange.between, LAST + timedelta(days=1), LAST + timedelta(days=6)
    )
    try:
        for step in days[:3]:
            history = next_day(step, calendar)

            async def close(step: Session = step, history: History = history) -> None:
                async with store.books.locked(season) as books:
                    before = await books.sessions.last()
                    if before is None:
                        raise SystemExit("the season has no session yet")
                    costs = dict.fromkeys(await books.members(step.closes), Decimal(1))
                    done = await close_session(
                        books, history, step, before.closed_at, Trading(), benchmark="SPY", token_costs=costs
                    )
                    if not done:
                        raise SystemExit("the session has passed already")

            taken.append((await milliseconds(close), await milliseconds(lambda: app.leaderboard(season))))
    finally:
        async with store.database.write() as connection:
            for table, column in ((sessions, "session"), (daily_values, "session")):
                newer = table.c[column] > LAST
                await connection.execute(delete(table).where(table.c.season == season, newer))
            late = marks.c.at > datetime.combine(LAST, datetime.max.time(), UTC)
            await connection.execute(delete(marks).where(marks.c.season == season, late))
    closed, asked = zip(*taken, strict=True)
    return {"close": statistics.median(closed), "passed": statistics.median(asked)}


def next_day(step: Session, calendar: MarketCalendar) -> History:
    """Return a session's bars of all tickers."""
    history = History(step.day, step.day, calendar)
    for number, ticker in enumerate((*TICKERS, "SPY")):
        price = Decimal(10 + number % 20)
        bar = Bar(date=step.day, open=price, high=price, low=price, close=price, volume=1)
        history.bars[ticker] = [Moved(ticker, bar, step.opens, step.closes)]
        history.sources[ticker] = "made up"
    return history


def in_own_process(url: str, rounds: int) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.leaderboard", "--measure", url, "--rounds", str(rounds)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"measuring failed with {done.returncode}")
    return {str(name): float(figure) for name, figure in json.loads(done.stdout).items()}


def shown(database: str, found: dict[str, float]) -> None:
    for name, (label, limit, unit) in LIMITS.items():
        figure = found[name]
        met = "met" if figure <= limit else "MISSED"
        print(
            f"{database:<11} {label:<34} {figure:>9.1f} {unit:<3} {limit:>9.0f} {unit:<3} "
            f"{figure / limit:>6.2f}  {met}"
        )
    for name, label in ALSO.items():
        print(f"{database:<11} {label:<34} {found[name]:>9.1f} ms {'-':>13} {'-':>7}")


def on_sqlite(folder: Path, sessions_: int, rounds: int) -> None:
    file = folder / f"season-{sessions_}.db"
    fill_sqlite(file, SHAPES, sessions_)
    shown("SQLite", in_own_process(f"sqlite+aiosqlite:///{file}", rounds))


def on_postgres(sessions_: int, rounds: int, *, keep: bool) -> None:
    name = f"conclave_bench_{sessions_}"
    try:
        asyncio.run(fill_postgres(POSTGRES, name, SHAPES, sessions_))
    except (
        OSError,
        TimeoutError,
        asyncpg.InvalidCatalogNameError,
        asyncpg.InvalidAuthorizationSpecificationError,
    ) as error:
        print(f"PostgreSQL  skipped: none answers at CONCLAVE_TEST_POSTGRES ({error})")
        return
    try:
        url = make_url(POSTGRES).set(database=name).render_as_string(hide_password=False)
        shown("PostgreSQL", in_own_process(url, rounds))
    finally:
        if not keep:
            asyncio.run(drop_postgres(POSTGRES, name))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, help="keep the databases here for the next time")
    parser.add_argument("--sessions", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--measure", metavar="URL", help="measure one filled database, and print JSON")
    chosen = parser.parse_args()
    if chosen.measure:
        print(json.dumps(asyncio.run(measure(chosen.measure, chosen.rounds))))
        return
    print(f"{'':<46} {'figure':>13} {'reference':>13} {'ratio':>6}")
    with contextlib.ExitStack() as stack:
        folder = chosen.data or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        folder.mkdir(parents=True, exist_ok=True)
        on_sqlite(folder, chosen.sessions, chosen.rounds)
        on_postgres(chosen.sessions, chosen.rounds, keep=chosen.data is not None)


if __name__ == "__main__":
    main()
