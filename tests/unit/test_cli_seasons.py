"""A replay as the program is started: what was left out is said."""

from pathlib import Path

from tests.program import conclave

DAYS = ("--from", "2012-10-01", "--to", "2012-10-02")


def test_a_replay_says_which_runs_had_no_prices_and_fails_where_none_had_any(empty_folder: Path) -> None:
    replay = ("replay", *DAYS, "--sample", "--no-report", "--tickers")
    half = conclave(empty_folder, *replay, "AAPL,ZZZZ")
    assert half.returncode == 0
    assert "Left out for want of prices: 2 runs." in half.stderr
    none = conclave(empty_folder, *replay, "ZZZZ")
    assert (none.returncode, none.stdout) == (1, "")
    assert "no ticker could be priced in any session." in none.stderr.splitlines()[-1]
