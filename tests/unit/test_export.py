"""An export is complete or not there, says the same in both forms, and harms no spreadsheet."""

import csv
import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import insert, update

from core.app.exporting import export
from core.clock import ManualClock
from core.config import Settings
from core.domain.ballot import Action
from core.domain.errors import Refused, StoreError
from core.domain.export import ExportFormat
from core.domain.season import Season
from core.domain.usage import ServedBy, Spend
from core.store.export_rows import SHEETS
from core.store.season_tables import outcomes, reflections
from core.store.store import Store
from core.store.tables import seats
from tests.audit_scene import LIVE, damaged, lived_in, result_of
from tests.store_values import START

pytest_plugins = ("tests.storage",)

BOTH = tuple(ExportFormat)
DOCUMENT = Path(__file__).parents[2] / "docs" / "export.md"
HOSTILE = (
    '=HYPERLINK("http://example.org","more")',
    "+1+1",
    "-2+3",
    "@SUM(A1:A9)",
    "\t=1+1",
    "\r=1+1",
    "＝1+1",
)


REFLECTION: dict[str, Any] = {
    "season": LIVE,
    "run_id": "run00001",
    "member": "alpha",
    "ticker": "NVDA",
    "decided_at": START,
    "settled_at": START + timedelta(days=7),
    "action": "BUY",
    "confidence": Decimal("0.7"),
    "return_ratio": Decimal("0.04"),
    "tries": 0,
    "text": "It was right. Margins held. Wait.",
    "lesson": "Wait.",
    "served_by": ServedBy(provider="openrouter", model="alpha/one", key="main"),
    "spend": Spend(calls=1),
    "cost_usd": Decimal("0.0021"),
    "written_at": START + timedelta(days=7),
}


@pytest_asyncio.fixture
async def books(store: Store) -> Store:
    await lived_in(store)
    async with store.database.write() as connection:
        await connection.execute(insert(reflections).values(REFLECTION))
    return store


async def exported(
    store: Store, folder: Path, *, formats: tuple[ExportFormat, ...] = BOTH, force: bool = False
) -> dict[str, int]:
    return (await export(store, Settings(), LIVE, folder, formats, force=force, at=START)).rows


def as_csv(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def as_json(folder: Path, name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
    return found


def in_csv(value: Any) -> str:
    """What stands in a cell for a value of a JSON document."""
    if value is None or isinstance(value, str):
        return value or ""
    return json.dumps(value, ensure_ascii=False)


async def say(store: Store, member: str, words: str) -> None:
    """Let a member's ballot in the first run have this reasoning."""
    result = result_of(member, Action.BUY, words)
    own = (seats.c.run_id == "run00001", seats.c.member == member)
    async with store.database.write() as connection:
        await connection.execute(update(seats).where(*own).values(result=result))


async def test_every_table_is_there_in_both_forms_and_they_say_the_same(books: Store, tmp_path: Path) -> None:
    counts = await exported(books, tmp_path / "out")
    files = {path.name for path in (tmp_path / "out").iterdir()}
    assert files == {"export.json", *(f"{name}.{kind}" for name in SHEETS for kind in ("csv", "json"))}
    assert {name for name, count in counts.items() if count == 0} == set()
    for name, sheet in SHEETS.items():
        rows, documents = as_csv(tmp_path / "out", name), as_json(tmp_path / "out", name)
        assert len(rows) == len(documents) == counts[name]
        for row, document in zip(rows, documents, strict=True):
            assert tuple(row) == tuple(document) == sheet.columns
            assert row == {column: in_csv(value) for column, value in document.items()}


async def test_amounts_are_plain_digits_and_times_have_their_offset(books: Store, tmp_path: Path) -> None:
    await exported(books, tmp_path / "out")
    fill = as_json(tmp_path / "out", "fills")[0]
    assert (fill["shares"], fill["price"], fill["amount_usd"], fill["fee_usd"]) == (
        "10.50",
        "200.00",
        "-2100.00",
        "1.00",
    )
    assert (fill["filled_at"], fill["session"]) == ("2025-10-30T13:00:00+00:00", "2025-10-30")
    (split,) = (row for row in as_json(tmp_path / "out", "corporate_actions") if row["kind"] == "split")
    assert (split["value"], split["at"]) == ("3", "2025-10-31T13:00:00+00:00")
    assert [
        row["amount_usd"] for row in as_csv(tmp_path / "out", "cash_movements") if row["kind"] == "borrow"
    ] == ["-0.06"]


async def test_cash_and_holdings_can_be_recomputed_from_it(books: Store, tmp_path: Path) -> None:
    await exported(books, tmp_path / "out", formats=(ExportFormat.CSV,))
    for member in ("alpha", "beta", "momentum"):
        own = {
            name: [row for row in as_csv(tmp_path / "out", name) if row["member"] == member]
            for name in ("fills", "cash_movements", "share_movements")
        }
        cash = sum((Decimal(row["amount_usd"]) for row in own["cash_movements"]), Decimal(0))
        shares: dict[str, Decimal] = {}
        changes = [(row["at"], 0, row) for row in own["share_movements"]]
        changes += [(row["filled_at"], 1, row) for row in own["fills"]]
        for _, filled, row in sorted(changes, key=lambda change: change[:2]):
            before = shares.get(row["ticker"], Decimal(0))
            sign = 1 if row.get("side") == "buy" else -1
            shares[row["ticker"]] = (
                before + sign * Decimal(row["shares"]) if filled else Decimal(row["shares_after"])
            )
        portfolio = await books.books.portfolio(LIVE, member)
        assert cash == portfolio.cash_usd
        assert {t: n for t, n in shares.items() if n} == {p.ticker: p.shares for p in portfolio.positions}


async def test_ballots_tell_what_became_of_them(books: Store, tmp_path: Path) -> None:
    row = {
        "season": LIVE,
        "run_id": "run00001",
        "member": "alpha",
        "ticker": "NVDA",
        "action": "BUY",
        "confidence": Decimal("0.7"),
        "decided_at": START,
        "entry_session": date(2025, 10, 30),
        "entry_price": Decimal("200.5"),
        "benchmark_return": None,
        "settled_at": datetime(2025, 11, 5, 21, tzinfo=UTC),
    }
    async with books.database.write() as connection:
        for horizon, day, price, earned in ((1, 30, "210", "0.047"), (5, 31, "190", "-0.052")):
            exits = {"exit_session": date(2025, 10, day), "exit_price": Decimal(price)}
            more = {"horizon": horizon, "return_ratio": Decimal(earned)}
            await connection.execute(insert(outcomes).values(row | exits | more))
    await exported(books, tmp_path / "out")
    ballots = as_json(tmp_path / "out", "ballots")
    assert len(ballots) == 8, "nine seats, of which one abstained"
    alpha = next(b for b in ballots if (b["run_id"], b["member"]) == ("run00001", "alpha"))
    assert (alpha["ticker"], alpha["action"], alpha["rating"], alpha["confidence"]) == (
        "NVDA",
        "BUY",
        "Buy",
        "0.7",
    )
    assert (alpha["entry_session"], alpha["entry_price"]) == ("2025-10-30", "200.50")
    assert (alpha["exit_price_1"], alpha["return_ratio_1"], alpha["return_ratio_5"]) == (
        "210.00",
        "0.047",
        "-0.052",
    )
    assert (alpha["return_ratio_20"], alpha["benchmark_return_1"]) == (None, None)
    assert alpha["settled_at_5"] == "2025-11-05T21:00:00+00:00"
    beta = next(b for b in ballots if (b["run_id"], b["member"]) == ("run00001", "beta"))
    assert (beta["entry_session"], beta["return_ratio_1"]) == (None, None)


@pytest.mark.parametrize("words", HOSTILE)
@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
async def test_a_text_that_spreadsheets_take_for_a_formula_is_defused_in_csv_alone(
    books: Store, tmp_path: Path, words: str
) -> None:
    await say(books, "alpha", words)
    await exported(books, tmp_path / "out")
    assert as_csv(tmp_path / "out", "ballots")[0]["reasoning"] == f"'{words}"
    assert as_json(tmp_path / "out", "ballots")[0]["reasoning"] == words
    assert {row["amount_usd"][0] for row in as_csv(tmp_path / "out", "fills") if row["side"] == "buy"} == {
        "-"
    }


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
async def test_any_other_text_comes_out_as_it_went_in(books: Store, tmp_path: Path) -> None:
    words = 'He said: "buy", then\n\n1 = 1;\ta, b 🥇 <b>&amp;'
    await say(books, "alpha", words)
    await exported(books, tmp_path / "out")
    assert as_csv(tmp_path / "out", "ballots")[0]["reasoning"] == words
    assert as_json(tmp_path / "out", "ballots")[0]["reasoning"] == words


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
async def test_an_export_is_replaced_only_when_that_is_wanted(books: Store, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    await exported(books, folder)
    (folder / "notes.txt").write_text("mine")
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    with pytest.raises(Refused, match=r"out holds an export already \(ballots.csv\); --force replaces it\."):
        await exported(books, folder)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    await exported(books, folder, formats=(ExportFormat.JSON,), force=True)
    assert {path.name for path in folder.iterdir()} == {
        "export.json",
        "notes.txt",
        *(f"{name}.json" for name in SHEETS),
    }


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
async def test_an_export_goes_beside_other_files(books: Store, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    await exported(books, tmp_path)
    assert (tmp_path / "fills.csv").exists()
    assert (tmp_path / "notes.txt").read_text() == "mine"


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
async def test_an_export_that_fails_leaves_nothing_behind(books: Store, url: str, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    await exported(books, kept)
    before = {path.name: path.read_bytes() for path in kept.iterdir()}
    await damaged(url, "UPDATE marks SET price = 'much'")
    for folder in (kept, tmp_path / "new"):
        with pytest.raises(StoreError, match="Nothing was exported; see conclave audit"):
            await exported(books, folder, force=True)
    assert {path.name: path.read_bytes() for path in kept.iterdir()} == before
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
async def test_an_export_needs_a_season_with_books_and_a_folder(books: Store, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(Refused, match="file is a file"):
        await exported(books, tmp_path / "file")
    with pytest.raises(Refused, match=r"below cannot be written: Not a directory"):
        await exported(books, tmp_path / "file" / "below")
    with pytest.raises(Refused, match="failed: File name too long"):
        await exported(books, tmp_path / ("n" * 300))
    with pytest.raises(Refused, match=r"no books of season other\. Seasons with books: live"):
        await export(books, Settings(), Season("other"), tmp_path / "o", BOTH, force=False, at=START)


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
async def test_the_manifest_says_what_the_tables_do_not(
    books: Store, tmp_path: Path, clock: ManualClock
) -> None:
    counts = await exported(books, tmp_path / "out")
    manifest = json.loads((tmp_path / "out" / "export.json").read_text())
    assert manifest["season"] == {
        "name": "live",
        "kind": "live",
        "state": "open",
        "benchmark": "SPY",
        "created_at": "2025-10-29T20:00:00+00:00",
        "first_day": None,
        "last_day": None,
        "ended_at": None,
    }
    assert (manifest["exported_at"], manifest["rows"]) == ("2025-10-29T20:00:00+00:00", counts)
    assert manifest["scores"]["risk_free"] == "0"
    assert manifest["trading"]["fee_bps"] == "1.0"


def test_every_file_and_column_is_documented() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    sections = dict(part.partition("\n")[::2] for part in text.split("\n## "))
    for name, sheet in SHEETS.items():
        section = sections[f"`{name}`"]
        told = [
            column.partition("_1")[0] + "_H" if column[-2:] == "_1" else column for column in sheet.columns
        ]
        missing = [c for c in told if not c.endswith(("_5", "_20")) and f"`{c}`" not in section]
        assert missing == [], name
