"""A replay as the program is started: what was left out is said."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DAYS = ("--from", "2012-10-01", "--to", "2012-10-02")


def conclave(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - our own program, with words that these tests choose
        [sys.executable, "-m", "bot", *words],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "NO_COLOR": "1"},
        input="",
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_replay_says_which_runs_had_no_prices_and_fails_where_none_had_any(empty_folder: Path) -> None:
    replay = ("replay", *DAYS, "--sample", "--no-report", "--tickers")
    half = conclave(empty_folder, *replay, "AAPL,ZZZZ")
    assert half.returncode == 0
    assert "Left out for want of prices: 2 runs." in half.stderr
    none = conclave(empty_folder, *replay, "ZZZZ")
    assert (none.returncode, none.stdout) == (1, "")
    assert "no ticker could be priced in any session." in none.stderr.splitlines()[-1]
