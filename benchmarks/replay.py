"""Sessions times tickers a second of a replay of two rules, beside two libraries on the same rules.

Ours is `conclave replay` with everything that it keeps: evidence, runs, ballots, orders, fills, closes and
settled ballots in SQLite. `bt` keeps a curve in memory, and both should end at the same cent. `backtesting`
is there for speed only: it knows one instrument at a time, here one back-test per ticker and rule, and no
cash that they share, so that its values cannot be compared. Of both the reading of the files is not counted.
Each library is installed from the package index into an environment of its own, once.

    python -m benchmarks.replay [--data DIR] [--tickers 100] [--sessions 106]
"""

import argparse
import asyncio
import json
import resource
import subprocess
import sys
import tempfile
import time
import venv
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from core.app.assemble import open_app
from core.config.loading import settings_from
from core.config.settings import Settings
from core.domain.season import Season
from core.market.sample_vendor import SAMPLE_TICKERS

HERE = Path(__file__).parent
SAMPLE = HERE.parent / "core" / "market" / "sample"
REFERENCES = {"bt==1.4.1": "_replay_reference.py", "backtesting==0.6.6": "_replay_backtesting.py"}
RULES = ("buy_and_hold", "sma_cross")
SEASON = Season("benchmark")


def settings(folder: Path, data: Path, share: Decimal) -> Settings:
    tree: dict[str, Any] = {
        "arena": {"committee": False, "crowd": False},
        "store": {"url": f"sqlite+aiosqlite:///{folder}/bench.db"},
        "archive": {"dir": str(folder / "modelchats")},
        "market": {"prices": ["csv"], "csv": {"dir": str(data)}},
        "members": [{"name": name, "kind": "baseline"} for name in RULES],
        "consensus": {"min_members": 1},
        "trading": {
            "max_position": str(share),
            "max_gross_exposure": 5,
            "fee_bps": 0,
            "slippage_bps": 0,
            "min_order_usd": 0,
            "daily_drawdown_brake": 0,
        },
    }
    return settings_from(tree, {}, name="benchmark")


async def replayed(
    folder: Path, data: Path, tickers: list[str], share: Decimal, first: date, last: date
) -> tuple[float, int, dict[str, str]]:
    """Return seconds, sessions, and each rule's final value."""
    app = await open_app(settings(folder, data, share))
    try:
        began, sessions = time.perf_counter(), 0
        async for progress in app.replay(first, last, tickers, season=SEASON):
            sessions = progress.sessions
        seconds = time.perf_counter() - began
        board = await app.leaderboard(SEASON)
    finally:
        await app.close()
    return seconds, sessions, {each.member: f"{each.value_usd:.2f}" for each in board.standings}


def reference(library: str, folder: Path, data: Path, tickers: list[str], share: Decimal) -> dict[str, Any]:
    """Return what a library of `REFERENCES` took, and what it ended with."""
    home = Path(tempfile.gettempdir()) / f"conclave-benchmark-{library.partition('=')[0]}"
    python = home / "bin" / "python"
    if not (home / "ready").exists():
        print(f"Installing {library} into an environment of its own (once) ...", file=sys.stderr)
        venv.create(home, with_pip=True, clear=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", library], check=True)
        (home / "ready").touch()
    command = [python, HERE / REFERENCES[library], data, ",".join(tickers), str(share)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=folder)
    return dict(json.loads(done.stdout.splitlines()[-1]))


def days_in(file: Path) -> list[date]:
    return [date.fromisoformat(line.partition(",")[0]) for line in file.read_text().splitlines()[1:] if line]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, help="a folder of TICKER.csv files; else the bundled sample")
    parser.add_argument("--tickers", type=int, default=100)
    parser.add_argument("--sessions", type=int, default=106, help="the newest ones of the data")
    arguments = parser.parse_args()
    data = arguments.data or SAMPLE
    names = sorted(file.stem for file in data.glob("*.csv")) if arguments.data else list(SAMPLE_TICKERS)
    tickers = names[: arguments.tickers]
    days = days_in(data / f"{tickers[0]}.csv")[-arguments.sessions :]
    share = (Decimal("0.8") / len(tickers)).quantize(Decimal("0.0001"))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        cut = folder / "prices"
        cut.mkdir()
        for ticker in tickers:
            lines = (data / f"{ticker}.csv").read_text().splitlines()
            kept = [line for line in lines[1:] if line.partition(",")[0] >= days[0].isoformat()]
            (cut / f"{ticker}.csv").write_text("\n".join([lines[0], *kept]) + "\n")
        theirs = {library: reference(library, folder, cut, tickers, share) for library in REFERENCES}
        seconds, sessions, finals = asyncio.run(replayed(folder, cut, tickers, share, days[0], days[-1]))
    ours = sessions * len(tickers) / seconds
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{len(tickers)} tickers, {sessions} sessions, {len(RULES)} rules; peak memory {memory:.0f} MB")
    print(f"{'':>18} {'seconds':>9} {'sessions x tickers/s':>21}")
    print(f"{'replay':>18} {seconds:>9.2f} {ours:>21,.0f}   {1000 / ours:.2f} ms a run")
    for library, took in theirs.items():
        other = took["sessions"] * len(tickers) / took["seconds"]
        print(f"{library:>18} {took['seconds']:>9.2f} {other:>21,.0f}   ratio {ours / other:.4f}, goal 1.0")
    for rule, ended in theirs["bt==1.4.1"]["finals"].items():
        same = "equal" if finals[rule] == ended else "DIFFERENT"
        print(f"{rule:>18}: {finals[rule]} and {ended}: {same}")


if __name__ == "__main__":
    main()
