"""The program as its users start it: exit status, what goes to stdout, and one sentence on stderr."""

import json
import os
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from core.config.members import DEFAULT_BASELINES
from tests.program import CONFIG, ROOT, conclave, started

HEAVY = ("openai", "telegram", "slack_bolt", "yfinance", "exchange_calendars", "pandas", "sqlalchemy")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "config.toml").write_text(CONFIG.format(folder=tmp_path))
    return tmp_path


@pytest.fixture(scope="module")
def used(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, subprocess.CompletedProcess[str]]:
    """A folder in which the committee was asked once, and how that went."""
    folder = tmp_path_factory.mktemp("used")
    (folder / "config.toml").write_text(CONFIG.format(folder=folder))
    return folder, started(folder, "run", "GOOG", "--json")


def refused(ended: subprocess.CompletedProcess[str], *words: str) -> None:
    """Exit 1, nothing on stdout, and one sentence with these words on stderr."""
    assert ended.returncode == 1, ended.stderr
    assert ended.stdout == ""
    sentences = [line for line in ended.stderr.splitlines() if not line.startswith("Note: ")]
    assert len(sentences) == 1, ended.stderr
    assert "Traceback" not in ended.stderr
    assert not [word for word in words if word not in sentences[0]], sentences[0]


def test_a_run_with_json_prints_one_document_and_nothing_else(
    used: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    _, ended = used
    assert ended.returncode == 0, ended.stderr
    (run,) = json.loads(ended.stdout)
    assert (run["ticker"], run["state"]) == ("GOOG", "finished")
    assert len(run["ballots"]) + len(run["abstentions"]) == 5
    assert "GOOG: run" in ended.stderr


def test_several_tickers_end_with_one_summary_and_with_json_stay_a_list_of_runs(folder: Path) -> None:
    shown = conclave(folder, "run", "GOOG", "NVDA", "IBM", "--preset", "quick")
    assert shown.returncode == 1, "NVDA has no sample prices"
    _, summary = shown.stdout.rsplit("Leaderboard", 1)
    told = summary[summary.index("Verdicts") :]
    for ticker in ("GOOG", "IBM", "NVDA ○ skipped"):
        assert ticker in told
    assert "Prices for NVDA could not be had" in told
    listed = json.loads(conclave(folder, "run", "GOOG", "IBM", "--preset", "quick", "--json").stdout)
    assert [run["ticker"] for run in listed] == ["GOOG", "IBM"]


def test_later_commands_read_what_the_run_has_left(
    used: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    folder, ended = used
    (run,) = json.loads(ended.stdout)
    board = conclave(folder, "leaderboard", "--json")
    standings = json.loads(board.stdout)["standings"]
    assert {standing["member"] for standing in standings} == {*DEFAULT_BASELINES, "committee", "crowd"}
    by_trades = conclave(
        folder, "leaderboard", "--by", "fills", "--period", "week", "--season", "sample", "--json"
    )
    ranked = json.loads(by_trades.stdout)
    assert (ranked["by"], ranked["period"], by_trades.returncode) == ("trades", "7d", 0)
    assert [one["score"]["value"] for one in ranked["standings"]] == sorted(
        (one["score"]["value"] for one in ranked["standings"]), reverse=True
    )
    assert all(standing["trades"] > 0 for standing in standings if standing["medal"])
    # Nobody has voted.
    assert {s["trades"] for s in standings if s["member"] == "crowd"} == {0}
    assert run["crowd"] == {"member": "crowd", "reason": "nobody voted"}
    assert run["committee"]["action"] == run["decision"]
    why = conclave(folder, "why", run["run_id"], "momentum", "decision", "--json")
    (stage,) = json.loads(why.stdout)["stages"]
    assert stage["stage"] == "decision"
    listed, record = (conclave(folder, "models", *words, "--json") for words in ((), ("moment",)))
    assert "momentum" in [member["member"] for member in json.loads(listed.stdout)]
    judged = json.loads(record.stdout)
    assert (judged["member"], judged["settled"], judged["weight"]["learned"]) == ("momentum", 0, None)
    assert [ended.returncode for ended in (board, why, listed, record)] == [0] * 4
    assert "Traceback" not in board.stderr + why.stderr + listed.stderr + record.stderr


def test_a_run_can_be_counted_again_and_nothing_is_changed_by_it(
    used: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    folder, ended = used
    (run,) = json.loads(ended.stdout)
    before = conclave(folder, "why", "GOOG", "--json").stdout
    asked = ("tally", run["run_id"], "--method", "supermajority", "--threshold", "1")
    counted = json.loads(conclave(folder, *asked, "--json").stdout)
    assert counted["run_id"] == run["run_id"]
    assert counted["original"] == {name: run[name] for name in counted["original"]}
    assert (counted["recount"]["method"], counted["threshold"]) == ("supermajority", 1.0)
    assert counted["recount"]["votes"] == run["votes"]
    shown = conclave(folder, *asked)
    assert (shown.returncode, shown.stderr) == (0, "")
    assert "GOOG · re-count" in shown.stdout
    assert "Original" in shown.stdout
    assert conclave(folder, "why", "GOOG", "--json").stdout == before


def test_a_backup_can_be_restored_never_overwrites_and_is_refused_once_a_newer_program_wrote_to_it(
    used: tuple[Path, subprocess.CompletedProcess[str]], folder: Path
) -> None:
    source, ended = used
    (run,) = json.loads(ended.stdout)
    copy = folder / "conclave.db"
    made = conclave(source, "db", "backup", str(copy))
    assert (made.returncode, made.stdout) == (0, "")
    restored = conclave(folder, "why", "GOOG", "--json")
    assert json.loads(restored.stdout)["run_id"] == run["run_id"]
    refused(conclave(source, "db", "backup", str(copy)), "exists already")
    with closing(sqlite3.connect(copy)) as database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
        database.commit()
    refused(conclave(folder, "leaderboard"), "newer")


def test_a_chat_over_a_pipe_answers_each_line_and_ends_with_zero(
    used: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    ended = started(used[0], "chat", typed=f"whoami\n{'9' * 5_000}\n/why GOOG\n1\nexit\nleaderboard\n")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "terminal:" in ended.stdout
    assert "Agreement" in ended.stdout
    assert "stage 12 of 12" in ended.stdout
    assert "█" in ended.stdout
    assert "Leaderboard" not in ended.stdout
    assert "\x1b" not in ended.stdout


def test_a_chat_to_which_nobody_can_write_greets_and_ends(
    used: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    ended = conclave(used[0], "chat")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "No real money moves here" in ended.stdout


REPLAY = ("replay", "--from", "2012-06-01", "--to", "2012-06-05", "--tickers", "IBM", "--sample")
REFUSED = {
    ("run", "GOOG", "--as-of", "yesterday"): ("yesterday",),
    ("run", "GOOG", "--members", "nobody"): ("nobody", "momentum"),
    ("why", "GOOG", "momentum", "dessert"): ("“dessert”", "bull"),
    ("why", "IBM"): ("no finished run of IBM",),
    ("tally", "IBM", "--method", "majority"): ("no finished run of IBM",),
    ("tally", "GOOG", "--method", "majority", "--threshold", "0.5"): ("majority has no threshold",),
    ("models", "nobody"): ("nobody", "momentum"),
    ("leaderboard", "--config", "absent.toml"): ("absent.toml",),
    ("leaderboard", "--by", "sharp"): ("“sharp” is not a metric", "sharpe"),
    ("leaderboard", "--period", "7w"): ("“7w” is not a period",),
    ("leaderboard", "--season", "nowhere"): ("There is no season called nowhere.",),
    ("portfolio", "momentum", "--season", "nowhere"): ("There is no season called nowhere.",),
    ("models", "momentum", "--season", "nowhere"): ("There is no season called nowhere.",),
    ("leaderboard", "--season", "No Season"): ("“No Season” is no season",),
    ("export", "--season", "No Season"): ("“No Season” is no season",),
    ("report", "--season", "No Season"): ("“No Season” is no season",),
    (*REPLAY, "--season", "No Season"): ("“No Season” is no season",),
    ("leaderboard", "--net", "--by", "beta"): ("off value, pnl and return, not off beta",),
}


def test_what_cannot_be_done_is_refused_with_one_sentence(
    used: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    with ThreadPoolExecutor(2) as pool:
        ends = pool.map(lambda words: conclave(used[0], *words), REFUSED)
    for ended, expected in zip(ends, REFUSED.values(), strict=True):
        refused(ended, *expected)


def test_wrong_usage_ends_with_two(folder: Path) -> None:
    wrong = (
        ("run",),
        ("leaderboard", "--colour"),
        ("run", "GOOG", "--preset", "hasty"),
        ("tally", "GOOG"),
        ("tally", "GOOG", "--method", "acclamation"),
        ("tally", "GOOG", "--method", "conviction", "--threshold", "nan"),
    )
    for words in wrong:
        ended = conclave(folder, *words)
        assert (ended.returncode, ended.stdout) == (2, "")
        assert "Usage" in ended.stderr
        assert "Traceback" not in ended.stderr


def test_check_ends_with_one_on_any_failure_and_says_how_to_mend_it(folder: Path) -> None:
    absent = folder / "nowhere" / "conclave.db"
    (folder / "config.toml").write_text(
        f'[store]\nurl = "sqlite+aiosqlite:///{absent}"\n[market]\nprices = ["sample"]\n'
    )
    ended = conclave(folder, "check")
    assert ended.returncode == 1
    assert "✗ failed" in ended.stdout
    assert "nowhere" in ended.stdout.replace("\n", "").replace(" ", "")
    assert "Traceback" not in ended.stderr


def test_help_imports_nothing_heavy(folder: Path) -> None:
    ended = subprocess.run(  # noqa: S603 - our own program
        [
            sys.executable,
            "-c",
            "import sys\nfrom bot.cli import app\n"
            "try: app(['--help'])\n"
            f"except SystemExit: print([name for name in {HEAVY} if name in sys.modules], file=sys.stderr)",
        ],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=20,
        check=True,
    )
    assert "leaderboard" in ended.stdout
    assert ended.stderr.strip() == "[]"
