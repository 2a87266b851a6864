"""Runs, replays, checks and the terminal with vendors of evidence, from the configuration to the pack."""

import asyncio
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bot.arguments import RunArguments
from bot.handlers.run import run
from bot.program import Output, opened
from bot.program_evidence import show
from core.app.app import App
from core.app.probes import run_checks
from core.clock import ManualClock, OffsetClock
from core.config.loading import settings_from
from core.domain.errors import VendorNotConfigured, VendorRateLimited, VendorTimeout
from core.domain.evidence_items import EvidenceKind
from core.market.evidence_port import Missing, Partly
from core.market.evidence_vendors import VENDORS, VendorFacts
from core.store.store import Store
from tests import arena
from tests.arena import Opening
from tests.evidence_double import OFTEN, EvidenceDouble, identity, mood, news, reading, snapshot
from tests.loopback.model_server import ModelServer
from tests.program import CONFIG, conclave
from tests.replay_scene import RULES, replayed

pytest_plugins = ("tests.arena_fixtures",)

NOW = datetime(2025, 10, 30, 22, tzinfo=UTC)
HOUR = timedelta(hours=1)
NAMED = {"news": ["yfinance"], "fundamentals": ["yfinance"], "sentiment": ["reddit"], "macro": ["fred"]}


@pytest.fixture(autouse=True)
def doubles(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[EvidenceDouble]]:
    """Let doubles stand in for all vendors, and return those that were made."""
    made: list[EvidenceDouble] = []
    told = {
        "YfinanceVendor": {
            "identity": identity(),
            "news": (news("ours", NOW - HOUR), news("tomorrow's", NOW + HOUR)),
            "snapshot": snapshot(NOW),
        },
        "RedditVendor": {"moods": (mood("to the moon", NOW - HOUR), mood("no date", None))},
        "FredVendor": {"readings": (reading("GDP", "2025-07-01", "2025-09-30"),)},
    }
    monkeypatch.setattr(EvidenceDouble, "made", made)
    monkeypatch.setattr(EvidenceDouble, "told", told)
    for name in VENDORS:
        facts = VendorFacts("tests.evidence_double", "EvidenceDouble", OFTEN)
        monkeypatch.setitem(VENDORS, name, facts)  # type: ignore[arg-type]
    yield made


@pytest.fixture
def market(tmp_path: Path) -> dict[str, Any]:
    """A section of prices in files, which are current."""
    prices = tmp_path / "prices"
    prices.mkdir()
    days = ("2025-10-27", "2025-10-28", "2025-10-29", "2025-10-30")
    rows = "".join(f"{day},100,103,99,101,1000000\n" for day in days)
    for ticker in ("NVDA", "AAPL", "MSFT"):
        (prices / f"{ticker}.csv").write_text(f"date,open,high,low,close,volume\n{rows}")
    return {"prices": ["csv"], "csv": {"dir": str(prices)}}


async def test_a_run_of_now_has_all_that_was_gathered_and_the_record_keeps_it(
    models: ModelServer,
    tmp_path: Path,
    opening: Opening,
    market: dict[str, Any],
    doubles: list[EvidenceDouble],
) -> None:
    app = await opening(models.base_url, tmp_path, clock=OffsetClock(NOW), market=market | NAMED)

    record = await arena.finished(app, arena.request("NVDA", preset="quick"))
    pack = await app._store.runs.evidence(record.evidence_sha256)

    assert pack.identity == identity()
    assert [item.title for item in pack.news] == ["ours"]
    assert [one.text for one in pack.sentiment] == ["to the moon", "no date"]
    assert pack.snapshot == snapshot(NOW)
    assert [one.series for one in pack.macro] == ["GDP"]
    assert [(one.kind, one.vendor, one.reason) for one in pack.absences] == [
        (EvidenceKind.FUNDAMENTALS, "yfinance", "has none")
    ]
    assert len(doubles) == 3


async def test_a_run_of_the_past_has_no_snapshot_and_nothing_undated(
    models: ModelServer, tmp_path: Path, opening: Opening, market: dict[str, Any]
) -> None:
    app = await opening(models.base_url, tmp_path, clock=OffsetClock(NOW), market=market | NAMED)

    pack = await app.evidence("nvda", datetime(2025, 10, 30, 21, 30, tzinfo=UTC))

    assert pack.snapshot is None
    assert [one.text for one in pack.sentiment] == ["to the moon"]


async def test_without_vendors_the_pack_is_as_it_was_before_there_were_any(
    models: ModelServer,
    tmp_path: Path,
    opening: Opening,
    market: dict[str, Any],
    doubles: list[EvidenceDouble],
) -> None:
    app = await opening(models.base_url, tmp_path, clock=OffsetClock(NOW), market=market)

    pack = await app.evidence("NVDA", None)

    assert doubles == []
    new = {"identity", "snapshot", "macro", "absences"}
    assert not new & set(json.loads(pack.canonical))


async def test_several_tickers_of_one_command_share_one_moment_and_one_question_about_the_market(
    models: ModelServer,
    tmp_path: Path,
    opening: Opening,
    market: dict[str, Any],
    doubles: list[EvidenceDouble],
) -> None:
    app = await opening(models.base_url, tmp_path, clock=OffsetClock(NOW), market=market | NAMED)
    present = app.clock.now()
    requests = [arena.request(ticker, preset="quick", present=present) for ticker in ("NVDA", "AAPL", "MSFT")]

    records = await asyncio.gather(*(arena.finished(app, one) for one in requests))

    assert {record.as_of for record in records} == {present}
    assert sum(double.times("readings") for double in doubles) == 1
    assert sum(double.times("news") for double in doubles) == 3


@pytest.mark.parametrize(("named", "asked"), [({}, False), (NAMED, True)])
async def test_a_replay_asks_only_vendors_that_the_configuration_names(
    models: ModelServer,
    tmp_path: Path,
    opening: Opening,
    doubles: list[EvidenceDouble],
    named: dict[str, Any],
    asked: bool,
) -> None:
    prices = {"prices": ["sample", "yfinance"]}
    app = await opening(models.base_url, tmp_path, market=prices | named, **RULES)

    steps = await replayed(app)

    assert steps[-1].runs_done == 10
    assert bool(doubles) is asked
    assert sum(double.times("snapshot") for double in doubles) == 0


async def test_the_sample_is_no_reason_to_ask_a_service(
    models: ModelServer, tmp_path: Path, opening: Opening, doubles: list[EvidenceDouble]
) -> None:
    app = await opening(models.base_url, tmp_path, market={"prices": ["sample", "yfinance"]})

    pack = await app.evidence("AAPL", None)

    assert (pack.source, pack.absences, doubles) == ("sample", (), [])


async def test_closing_the_arena_closes_the_vendors(
    models: ModelServer, tmp_path: Path, market: dict[str, Any], doubles: list[EvidenceDouble]
) -> None:
    app = await arena.opened(models.base_url, tmp_path, clock=ManualClock(NOW), market=market | NAMED)
    await app.evidence("NVDA", None)

    await app.close()

    assert [double.closed for double in doubles] == [True] * 3


async def test_answers_outlive_the_process_that_asked(
    models: ModelServer, tmp_path: Path, market: dict[str, Any], doubles: list[EvidenceDouble]
) -> None:
    packs = []
    for _ in range(2):
        app = await arena.opened(models.base_url, tmp_path, clock=ManualClock(NOW), market=market | NAMED)
        packs.append(await app.evidence("NVDA", None))
        await app.close()

    assert packs[0].sha256 == packs[1].sha256
    assert sum(double.times("news") for double in doubles) == 1


async def test_a_store_that_is_away_takes_no_evidence_away(
    models: ModelServer,
    tmp_path: Path,
    opening: Opening,
    market: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    app = await opening(models.base_url, tmp_path, clock=ManualClock(NOW), market=market | NAMED)
    other = await Store.open(f"sqlite+aiosqlite:///{tmp_path / 'other.db'}", app.clock)
    monkeypatch.setattr(app._store.vendor_answers, "_database", other.database)
    async with other.database.write() as connection:
        await connection.exec_driver_sql("DROP TABLE vendor_answers")

    pack = await app.evidence("NVDA", None)
    await other.close()

    assert [item.title for item in pack.news] == ["ours"]


async def checked(tmp_path: Path, market: dict[str, Any]) -> dict[str, str]:
    async with ModelServer() as server:
        checks = await run_checks(arena.settings(server.base_url, tmp_path, market=market), {})
    return {check.name: f"{check.state}: {check.detail}" for check in checks}


async def test_the_check_asks_each_vendor_once_and_says_what_it_gave(
    tmp_path: Path, doubles: list[EvidenceDouble]
) -> None:
    told = EvidenceDouble.told
    told["RedditVendor"] = {"moods": VendorRateLimited("reddit", "asks to slow down")}

    checks = await checked(tmp_path, {"prices": ["sample"], **NAMED})

    assert checks["news: yfinance"] == "ok: 2 items about AAPL"
    assert checks["sentiment: reddit"] == "failed: reddit: asks to slow down"
    assert checks["macro: fred"] == "ok: 1 readings"
    assert "fundamentals: yfinance" not in checks
    assert [double.closed for double in doubles] == [True] * 3


HALF = Partly(
    (reading("GDP", "2025-07-01", "2025-09-30").model_copy(update={"vendor": "fred"}),),
    (Missing("UNRATE", VendorTimeout("fred", "no answer within 10 seconds")),),
)


async def test_the_check_says_what_a_vendor_could_not_give(tmp_path: Path) -> None:
    EvidenceDouble.told["FredVendor"] = {"readings": HALF}

    checks = await checked(tmp_path, {"prices": ["sample"], **NAMED})

    assert checks["macro: fred"] == "ok: 1 readings, without UNRATE (no answer within 10 seconds)"


async def test_the_page_of_evidence_says_of_which_vendor_a_part_is_missing(
    models: ModelServer,
    tmp_path: Path,
    opening: Opening,
    market: dict[str, Any],
    capsys: pytest.CaptureFixture[str],
) -> None:
    EvidenceDouble.told["FredVendor"] = {"readings": HALF}
    app = await opening(
        models.base_url, tmp_path, clock=ManualClock(NOW), market=market | {"macro": ["fred"]}
    )

    await show(app, Output(as_json=False), "NVDA", None)

    lines = capsys.readouterr().out.splitlines()
    assert "macro: 1 reading, without UNRATE (no answer within 10 seconds)" in lines
    assert lines[-1] == "macro: not all from fred, without UNRATE (no answer within 10 seconds)"


async def test_a_vendor_without_key_fails_the_check_only_where_it_is_named(tmp_path: Path) -> None:
    EvidenceDouble.told["AlphaVantageVendor"] = {"news": VendorNotConfigured("alpha_vantage", "no key")}

    derived = await checked(tmp_path, {"prices": ["sample", "alpha_vantage"]})
    named = await checked(tmp_path, {"prices": ["sample"], "news": ["alpha_vantage"], "fundamentals": []})

    assert derived["news: alpha_vantage"].startswith("off")
    assert named["news: alpha_vantage"].startswith("failed")


async def test_a_command_with_several_tickers_gives_them_one_present() -> None:
    presents: list[datetime | None] = []

    async def tell(work: Any, *_: object, **more: object) -> bool:
        presents.append(work.args[0].present)
        return True

    async def terms(*_: object) -> Any:
        return SimpleNamespace(preset="quick")

    async def nothing_to_confirm(*_: object) -> None:
        return None

    app = SimpleNamespace(
        clock=ManualClock(NOW),
        run=terms,
        people=None,
        subscriptions=SimpleNamespace(terms=terms),
        price_to_confirm=nothing_to_confirm,
    )
    address = SimpleNamespace(platform="telegram", chat="1", chat_id="telegram:1")
    request = SimpleNamespace(address=address, person=SimpleNamespace(id="telegram:1"))
    call: Any = SimpleNamespace(app=app, live=SimpleNamespace(tell=tell), door=None, request=request)

    await run(call, RunArguments(tickers=("NVDA", "AAPL")))
    await run(call, RunArguments(tickers=("NVDA",)))

    assert presents == [NOW, NOW, None]


async def test_a_pack_in_the_terminal_says_what_came_from_where(
    tmp_path: Path, market: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    EvidenceDouble.told["YfinanceVendor"]["news"] = VendorTimeout("yfinance", "no answer")
    tree = {
        "store": {"url": f"sqlite+aiosqlite:///{tmp_path / 'conclave.db'}"},
        "market": market | NAMED | {"max_age_sessions": 60},
    }
    app: App
    async with opened(settings_from(tree, {}, name="test")) as app:
        moment = datetime(2025, 10, 30, 21, 30, tzinfo=UTC)
        await show(app, Output(as_json=False), "NVDA", moment)
        text = capsys.readouterr().out
        await show(app, Output(as_json=True), "NVDA", moment)
        document = json.loads(capsys.readouterr().out)

    assert text.startswith("instrument: NVDA (USD)")
    assert text.splitlines()[-7:] == [
        f"SHA-256: {document['evidence_sha256']}",
        "prices: 4 from csv",
        "identity: 1 from one",
        "sentiment: 1 from one",
        "macro: 1 from one",
        "news: nothing from yfinance, no answer",
        "fundamentals: nothing from yfinance, has none",
    ]
    assert document["text"] in text
    assert document["evidence"]["macro"][0]["series"] == "GDP"
    assert [one["kind"] for one in document["absences"]] == ["news", "fundamentals"]


def test_the_program_shows_a_pack_of_the_sample(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(CONFIG.format(folder=tmp_path))

    shown = conclave(tmp_path, "evidence", "aapl", "--as-of", "2012-06-01")
    wrong = conclave(tmp_path, "evidence", "NOSUCH", "--as-of", "2012-06-01", "--json")

    assert shown.returncode == 0, shown.stderr
    assert shown.stdout.startswith("instrument: AAPL (USD)\nas of: 2012-06-01T20:00:00+00:00")
    assert re.search(r"\n\nSHA-256: [0-9a-f]{64}\nprices: 234 from sample\n$", shown.stdout)
    assert (wrong.returncode, wrong.stdout) == (1, "")
    assert len(wrong.stderr.splitlines()) == 1
