"""`conclave import-trades` as its users start it."""

import json
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from bot.member_documents import imported_document
from bot.present.trades import imported_sentence
from core.domain.season import Season
from core.domain.trade_log import Imported
from tests.program import CONFIG, conclave

LOG = """date,seq,action,symbol,shares
2012-06-04,1,none,,0
2012-06-05,1,buy,IBM,10
2012-06-08,1,sell,IBM,4.5
"""
DONE = Imported(
    season=Season("league"),
    member="elsewhere",
    rows=3,
    trades=2,
    without_trade=1,
    outside_range=0,
    first_outside=None,
    sessions=5,
    first=date(2012, 6, 4),
    last=date(2012, 6, 8),
    value_usd=Decimal("10123.40"),
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a log, which is in the books of `elsewhere` already."""
    made = tmp_path_factory.mktemp("imports")
    (made / "config.toml").write_text(CONFIG.format(folder=made))
    (made / "log.csv").write_text(LOG)
    ended = conclave(
        made, "import-trades", "log.csv", "--member", "elsewhere", "--season", "league", "--json"
    )
    (made / "told.json").write_text(ended.stdout)
    assert ended.returncode == 0, ended.stderr
    return made


def test_with_json_it_prints_one_document_of_what_was_done(folder: Path) -> None:
    told = json.loads((folder / "told.json").read_text())
    assert told == {
        "season": "league",
        "member": "elsewhere",
        "rows": 3,
        "trades": 2,
        "without_trade": 1,
        "outside_range": 0,
        "first_outside": None,
        "sessions": 5,
        "first": "2012-06-04",
        "last": "2012-06-08",
        "value_usd": told["value_usd"],
    }
    assert Decimal(told["value_usd"]) != 10_000


def test_without_a_season_sample_prices_go_into_the_sample_books_where_the_leaderboard_shows_them(
    folder: Path,
) -> None:
    ended = conclave(folder, "import-trades", "log.csv", "--member", "Elsewhere", "--price", "close")
    assert (ended.returncode, ended.stdout) == (0, "")
    assert "2 trades of elsewhere booked in season sample. 1 row without a trade noted." in ended.stderr
    board = json.loads(conclave(folder, "leaderboard", "--json").stdout)
    assert [(each["member"], each["trades"]) for each in board["standings"]] == [("elsewhere", 2)]
    assert "elsewhere" in conclave(folder, "models").stdout


@pytest.mark.parametrize(
    ("log", "words", "said"),
    [
        (LOG, (), "log.csv is in the books of elsewhere in season league already."),
        (
            LOG + "2012-06-11,1,sell,IBM,5.6\n",
            ("--season", "new"),
            "new.csv line 5: it sells 5.6 IBM, and 5.5 are held",
        ),
        (
            LOG + "2012-06-09,1,sell,IBM,1\n",
            ("--season", "new"),
            "line 5: the market of IBM was closed on 2012-06-09",
        ),
        (LOG, ("--season", "new", "--price", "column"), "new.csv line 1: the header lacks price."),
        (LOG, ("--season", "No such"), "“No such” is no season"),
        (
            LOG,
            ("--season", "live"),
            "The prices of IBM come from the bundled sample and stay out of the live books",
        ),
        (LOG, ("--member", "committee"), "The books of committee follow from what others decide"),
        (LOG, ("--member", "../x"), "“../x” cannot be a member's name: it has 1 to 40 letters"),
        (None, (), "new.csv cannot be read: No such file or directory."),
    ],
)
def test_a_refusal_is_one_sentence_and_exit_status_one(
    folder: Path, log: str | None, words: tuple[str, ...], said: str
) -> None:
    file = folder / "new.csv"
    file.unlink(missing_ok=True)
    if log is not None:
        file.write_text(log)
    name = "log.csv" if said.startswith("log.csv") else "new.csv"
    asked = ("import-trades", name, "--member", "elsewhere", "--season", "league", *words)
    ended = conclave(folder, *asked)
    assert (ended.returncode, ended.stdout) == (1, ""), ended.stderr
    (sentence,) = ended.stderr.splitlines()
    assert said in sentence


@pytest.mark.parametrize("words", [(), ("--member", "x", "--price", "middle")])
def test_a_wrong_use_is_exit_status_two(folder: Path, words: tuple[str, ...]) -> None:
    ended = conclave(folder, "import-trades", "log.csv", *words)
    assert ended.returncode == 2
    assert "Traceback" not in ended.stderr


def test_the_sentence_counts_what_was_noted_only_where_there_is_some() -> None:
    assert imported_sentence(DONE) == (
        "2 trades of elsewhere booked in season league. 1 row without a trade noted. "
        "Valued at 5 closes from 2012-06-04 to 2012-06-08; the value is $10,123.40."
    )
    plain = DONE.model_copy(update={"without_trade": 0, "trades": 1, "sessions": 1})
    assert imported_sentence(plain).startswith(
        "1 trade of elsewhere booked in season league. Valued at 1 close "
    )
    odd = DONE.model_copy(update={"outside_range": 3, "first_outside": 7})
    assert (
        "The price of 3 trades is outside its session's range, first in line 7. Valued"
        in imported_sentence(odd)
    )


def test_a_value_that_nobody_knows_is_never_a_number() -> None:
    unknown = DONE.model_copy(update={"value_usd": None})
    assert imported_sentence(unknown).endswith("the value is unknown, as a holding has no price.")
    assert imported_document(unknown)["value_usd"] is None
