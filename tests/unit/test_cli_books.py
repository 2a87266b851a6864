"""The commands about the books, as the program is started: audit, export, and the check at a start."""

import csv
import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.program import conclave

CONFIG = '[market]\nprices = ["sample"]\n'


@pytest.fixture(scope="module")
def used_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the committee was asked once."""
    folder = tmp_path_factory.mktemp("used")
    (folder / "config.toml").write_text(CONFIG)
    assert conclave(folder, "run", "GOOG", "--as-of", "2012-06-01", "--json").returncode == 0
    return folder


@pytest.fixture
def used(used_once: Path, tmp_path: Path) -> Path:
    """A copy of that folder."""
    for name in ("config.toml", "conclave.db"):
        shutil.copy(used_once / name, tmp_path / name)
    return tmp_path


def damage(folder: Path, statement: str) -> None:
    with closing(sqlite3.connect(folder / "conclave.db")) as database:
        database.execute(statement)
        database.commit()


def test_an_audit_of_kept_books_says_so_in_one_sentence(used: Path) -> None:
    ended = conclave(used, "audit")
    assert (ended.returncode, ended.stderr) == (0, "")
    with closing(sqlite3.connect(used / "conclave.db")) as database:
        (members,) = database.execute("SELECT COUNT(*) FROM accounts").fetchone()
        (fills,) = database.execute("SELECT COUNT(*) FROM fills").fetchone()
    assert fills > 0
    assert ended.stdout.startswith(f"The books of {members} members in 1 season balance: {fills} fill")
    assert ended.stdout.count("\n") == 1


def test_an_audit_of_damaged_books_lists_what_is_wrong_and_fails(used: Path) -> None:
    damage(used, "UPDATE balances SET cash_usd = cash_usd + 100000000, fills = fills + 1")
    ended = conclave(used, "audit")
    assert ended.returncode == 1
    lines = ended.stdout.splitlines()
    assert lines
    assert all(line.startswith("✗ season sample, ") for line in lines)
    assert any("the cash should be " in line for line in lines)
    told = json.loads(conclave(used, "audit", "--json").stdout)
    assert (told["balanced"], told["seasons"]) == (False, 1)
    assert [finding["sentence"] for finding in told["findings"]] == [line[2:] for line in lines]
    assert {finding["rule"] for finding in told["findings"]} == {"cash", "totals"}
    assert set(told["findings"][0]) == {"rule", "where", "what", "expected", "found", "sentence"}


def test_a_start_on_damaged_books_warns_once_and_goes_on(used: Path) -> None:
    assert "do not balance" not in conclave(used, "chat").stderr
    damage(used, "UPDATE balances SET fills = fills + 1")
    for words in (("run", "GOOG", "--as-of", "2012-06-04", "--json"), ("chat",)):
        ended = conclave(used, *words)
        assert ended.returncode == 0
        warnings = [line for line in ended.stderr.splitlines() if line.startswith("Warning: ")]
        assert len(warnings) == 1
        assert "the books do not balance" in warnings[0]
        assert "conclave audit lists everything. Trading goes on" in warnings[0]
        assert "ERROR core.app.auditing: the books do not balance: season sample, " in ended.stderr


def test_an_export_lies_where_it_is_said_to_and_is_not_overwritten(used: Path) -> None:
    ended = conclave(used, "export")
    assert (ended.returncode, ended.stdout) == (0, "")
    assert ended.stderr.startswith("The export of season sample is in export-sample: ")
    with (used / "export-sample" / "ballots.csv").open(newline="") as file:
        assert {row["ticker"] for row in csv.DictReader(file)} == {"GOOG"}
    again = conclave(used, "export")
    assert (again.returncode, again.stdout) == (1, "")
    assert again.stderr == "export-sample holds an export already (ballots.csv); --force replaces it.\n"
    forced = conclave(
        used, "export", "--season", "sample", "--out", "export-sample", "--format", "json", "--force"
    )
    assert forced.returncode == 0
    assert list((used / "export-sample").glob("*.csv")) == []
    assert json.loads((used / "export-sample" / "fills.json").read_text())


@pytest.mark.parametrize(
    ("words", "status", "told"),
    [
        (("--format", "xml"), 2, "not a format; choose one of csv, json"),
        (("--season", "No Such"), 1, "“No Such” is no season: a season's name has 1 to 40 small letters"),
        (("--season", "other"), 1, "There are no books of season other. Seasons with books: sample."),
        (("--out", "conclave.db"), 1, "conclave.db is a file; name a folder for the export."),
    ],
)
def test_an_export_that_cannot_be_made_is_refused_in_one_sentence(
    used: Path, words: tuple[str, ...], status: int, told: str
) -> None:
    ended = conclave(used, "export", *words)
    assert (ended.returncode, ended.stdout) == (status, "")
    assert told in " ".join(ended.stderr.replace("│", " ").split())
    assert "Traceback" not in ended.stderr
    assert {path.name for path in used.iterdir() if path.is_dir()} == set()
