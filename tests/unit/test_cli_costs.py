"""`conclave costs` as the program is started: the card, JSON, CSV, and who was shown what."""

import asyncio
import csv
import io
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from core.clock import SystemClock
from core.domain.calls import CallOutcome, Purpose
from core.store.store import Store
from tests.call_facts import call_of
from tests.program import conclave

PACK = "ab" * 32


@pytest.fixture
def spent(tmp_path: Path) -> Path:
    """A folder in which some calls were made an hour ago, one of them of a model with a hostile name."""
    (tmp_path / "config.toml").write_text('[market]\nprices = ["sample"]\n[budget]\ndaily_usd = "5.00"\n')
    asyncio.run(_filled(tmp_path))
    return tmp_path


async def _filled(folder: Path) -> None:
    store = await Store.open(f"sqlite+aiosqlite:///{folder / 'conclave.db'}", SystemClock())
    at = datetime.now(UTC) - timedelta(seconds=1)
    shown = {"evidence_sha256": PACK, "run_id": "4f7k2m9q"}
    await store.calls.add(
        [
            call_of(1, at=at - timedelta(milliseconds=1), usd="0.75", **shown),
            call_of(
                2,
                at=at,
                usd="0.50",
                model="=HYPERLINK(1)",
                outcome=CallOutcome.TIMEOUT,
                estimated_calls=1,
                **shown,
            ),
            call_of(3, at=at, usd="0", model="free", unpriced_calls=1, purpose=Purpose.ASK),
        ]
    )
    await store.close()


def test_costs_are_told_on_a_card(spent: Path) -> None:
    ended = conclave(spent, "costs")
    assert ended.returncode == 0, ended.stderr
    unsure = (
        "1 call without a known price counts as $0.",
        "1 call whose tokens nobody told counts by estimate.",
    )
    for told in ("Costs of 7 days", "$1.25", "$0.75", *unsure):
        assert told in ended.stdout


def test_costs_are_one_json_document(spent: Path) -> None:
    ended = conclave(spent, "costs", "--by", "stage", "--period", "all", "--json")
    assert ended.returncode == 0, ended.stderr
    found = json.loads(ended.stdout)
    assert (found["by"], found["since"], found["total"]["cost_usd"]) == ("stage", None, "1.25")
    assert (found["total"]["sent"], found["total"]["success_rate"]) == (3, 0.6667)
    assert [line["stage"] for line in found["groups"]] == ["bear"]
    assert found["total"]["latency_p95_ms"] is None
    assert found["forecast"]["day_end_usd"] is None
    (limit,) = found["limits"]
    assert (limit["limit"], limit["limit_usd"]) == ("day", "5.00")


def test_costs_are_csv_without_formulas(spent: Path) -> None:
    ended = conclave(spent, "costs", "--csv")
    assert ended.returncode == 0, ended.stderr
    rows = list(csv.DictReader(io.StringIO(ended.stdout)))
    assert [row["model"] for row in rows] == ["anthropic/claude-sonnet-4.5", "'=HYPERLINK(1)", "free"]
    assert rows[0]["cost_usd"] == "0.75"
    assert rows[1]["latency_p50_ms"] == ""


@pytest.mark.parametrize("reference", [PACK, PACK[:12].upper(), "4f7k2m9q"])
def test_who_saw_evidence_is_told_with_when_for_whom_and_how_it_ended(spent: Path, reference: str) -> None:
    ended = conclave(spent, "costs", "--who-saw", reference, "--json")
    assert ended.returncode == 0, ended.stderr
    first, second = json.loads(ended.stdout)["calls"]
    assert (first["provider"], first["model"], first["key"]) == (
        "openrouter",
        "anthropic/claude-sonnet-4.5",
        "main",
    )
    assert (first["person"], first["chat"]) == ("telegram:1001", "telegram:-100123")
    assert (first["evidence_sha256"], second["outcome"]) == (PACK, "timeout")
    lines = conclave(spent, "costs", "--who-saw", reference).stdout.splitlines()
    assert lines[0].endswith(": 2 calls to 2 models")
    assert "openrouter:anthropic/claude-sonnet-4.5 · abababababab · run 4f7k2m9q alpha bear" in lines[1]
    assert lines[2].endswith("for telegram:1001 in telegram:-100123 · key main · timeout")


@pytest.mark.parametrize(
    ("words", "status", "told"),
    [
        (("--by", "modle"), 1, "Did you mean model?"),
        (("--period", "soon"), 1, "is not a period: write today, all, or days"),
        (("--who-saw", "nothing here"), 1, "Name the SHA-256 of evidence, or a run by its id"),
        (("--who-saw", "cd" * 32), 1, "No model was asked about cdcd"),
        (("--json", "--csv"), 2, "choose one of --json and --csv"),
    ],
)
def test_what_cannot_be_is_said_plainly(spent: Path, words: tuple[str, ...], status: int, told: str) -> None:
    ended = conclave(spent, "costs", *words)
    assert (ended.returncode, ended.stdout) == (status, "")
    assert told in " ".join(ended.stderr.split())
