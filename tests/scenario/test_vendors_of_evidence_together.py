"""A run over real sockets: one vendor of sentiment hangs, one turns us away, one answers; the run goes on."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiohttp import web

from core.clock import ManualClock
from core.domain.evidence_items import EvidenceKind
from tests import arena
from tests.arena import Opening
from tests.loopback.alpha_vantage_bodies import news_item
from tests.loopback.alpha_vantage_server import alpha_vantage_server
from tests.loopback.fred_server import FredServer, Version
from tests.loopback.json_vendor import served
from tests.loopback.model_server import ModelServer
from tests.loopback.reddit_server import RATE_LIMITED, RedditServer
from tests.loopback.stocktwits_server import StocktwitsServer

pytest_plugins = ("tests.arena_fixtures",)

NOW = datetime(2025, 10, 30, 22, tzinfo=UTC)
KEYS = {"ALPHA_VANTAGE_API_KEY": "K3Y-0F-OURS", "FRED_API_KEY": "0123456789abcdef0123456789abcdef"}


async def test_a_run_has_what_the_third_vendor_knew_and_says_why_the_others_gave_nothing(
    models: ModelServer, tmp_path: Path, opening: Opening, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    prices = tmp_path / "prices"
    prices.mkdir()
    rows = "".join(f"2025-10-{day},100,103,99,101,1000000\n" for day in (27, 28, 29, 30))
    (prices / "IBM.csv").write_text(f"date,open,high,low,close,volume\n{rows}")
    async with (
        served(StocktwitsServer(mute=True)) as stocktwits,
        served(RedditServer()) as reddit,
        served(FredServer(key=KEYS["FRED_API_KEY"])) as fred,
        alpha_vantage_server() as alpha_vantage,
    ):
        reddit.next_answers.append(web.json_response(RATE_LIMITED, status=429))
        fred.held["GDP"] = [
            Version("2025-04-01", "30331.117", "2025-07-30"),
            Version("2025-04-01", "30485.729", "2025-10-31"),
        ]
        fred.titles["GDP"] = [("1991-12-04", "Gross Domestic Product", "Billions of Dollars")]
        alpha_vantage.key = KEYS["ALPHA_VANTAGE_API_KEY"]
        scores = [("IBM", "0.9", "0.281232")]
        alpha_vantage.feed = [
            news_item("Big Blue rises", "20251029T143000", scores),
            news_item("Too late for this run", "20251030T220001", scores),
        ]
        market = {
            "prices": ["csv"],
            "csv": {"dir": str(prices)},
            "news": ["alpha_vantage"],
            "sentiment": ["stocktwits", "reddit", "alpha_vantage"],
            "macro": ["fred"],
            "stocktwits": {"base_url": stocktwits.base_url, "timeout_s": 0.2},
            "reddit": {"base_url": reddit.base_url},
            "fred": {"base_url": fred.base_url, "series": ["GDP"]},
            "alpha_vantage": {"base_url": alpha_vantage.base_url},
        }
        app = await opening(models.base_url, tmp_path, clock=ManualClock(NOW), market=market)

        record = await arena.finished(app, arena.request("IBM", preset="quick"))
        pack = await app._store.runs.evidence(record.evidence_sha256)

    assert record.verdict is not None
    assert [item.title for item in pack.news] == ["Big Blue rises"]
    assert {mood.vendor for mood in pack.sentiment} == {"alpha_vantage"}
    assert [f"{one.value}" for one in pack.macro] == ["30331.117"]
    assert [(one.kind, one.vendor) for one in pack.absences] == [
        (EvidenceKind.SENTIMENT, "stocktwits"),
        (EvidenceKind.SENTIMENT, "reddit"),
    ]
    assert "within 0.2 seconds" in pack.absences[0].reason
    assert not [key for key in KEYS.values() if key in pack.canonical]
