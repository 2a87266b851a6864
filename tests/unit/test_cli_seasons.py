"""The commands that fill a season, as the program is started: what went where, and what was left out."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LOG = "date,seq,action,symbol,shares\n2013-01-02,1,buy,AAPL,5\n2013-02-01,2,sell,AAPL,5\n"
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


def test_a_log_at_sample_prices_stays_out_of_the_live_books(empty_folder: Path) -> None:
    (empty_folder / "log.csv").write_text(LOG)
    ended = conclave(empty_folder, "import-trades", "log.csv", "--member", "alice", "--sample")
    assert (ended.returncode, ended.stdout) == (0, "")
    assert "2 trades of alice booked in season sample" in ended.stderr


def test_a_log_cannot_go_into_the_books_of_the_committee(empty_folder: Path) -> None:
    (empty_folder / "log.csv").write_text(LOG)
    ended = conclave(empty_folder, "import-trades", "log.csv", "--member", "Committee", "--sample")
    assert ended.returncode == 1
    told = "The books of Committee are the arena's own; import the log under another name."
    assert ended.stderr.strip() == told


def test_a_replay_says_which_runs_had_no_prices_and_fails_where_none_had_any(empty_folder: Path) -> None:
    replay = ("replay", *DAYS, "--sample", "--no-report", "--tickers")
    half = conclave(empty_folder, *replay, "AAPL,ZZZZ")
    assert half.returncode == 0
    assert "Left out for want of prices: 2 runs." in half.stderr
    none = conclave(empty_folder, *replay, "ZZZZ")
    assert (none.returncode, none.stdout) == (1, "")
    assert "no ticker could be priced in any session." in none.stderr.splitlines()[-1]
