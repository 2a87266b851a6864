"""`conclave check` over real sockets, files and databases."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from core.app.probes import run_checks
from core.domain.check import Check
from core.store.database import upgrade
from tests import arena
from tests.loopback.model_server import ModelServer


async def found(
    base_url: str, folder: Path, environ: dict[str, str] | None = None, **more: Any
) -> dict[str, Check]:
    checks = await run_checks(arena.settings(base_url, folder, **more), environ or {})
    return {check.name: check for check in checks}


async def test_everything_that_works_is_ok(tmp_path: Path) -> None:
    async with ModelServer() as models:
        checks = await found(models.base_url, tmp_path)
    assert checks["store"].state == "ok"
    assert checks["provider: loopback"].state == "ok"
    assert checks["prices: sample"].detail.startswith("4 tickers")
    assert [name for name, check in checks.items() if check.state == "failed"] == []


async def test_a_provider_that_refuses_the_key_or_is_away_has_failed_without_showing_the_key(
    tmp_path: Path,
) -> None:
    key = {"name": "main", "secret": "env:A_KEY"}
    async with ModelServer(keys={"another"}) as models:
        providers = [{"name": "loopback", "base_url": models.base_url, "keys": [key]}]
        checks = await found("", tmp_path, {"A_KEY": "made-up-key-123"}, providers=providers)
    assert checks["provider: loopback"].state == "failed"
    assert "made-up-key-123" not in str(checks)
    away = [{"name": "loopback", "base_url": "http://127.0.0.1:9/v1", "local": True}]
    checks = await found("", tmp_path, providers=away)
    assert checks["provider: loopback"].state == "failed"
    assert checks["provider: loopback"].mend is not None


async def test_a_folder_of_prices_must_exist_and_old_prices_are_told(tmp_path: Path) -> None:
    async with ModelServer() as models:
        checks = await found(models.base_url, tmp_path, market={"prices": ["csv"]})
        assert checks["prices: csv"].state == "failed"
        folder = tmp_path / "prices"
        folder.mkdir()
        (folder / "NVDA.csv").write_text("date,open,high,low,close,volume\n2020-01-02,1,1,1,1,1\n")
        market = {"prices": ["csv"], "csv": {"dir": str(folder)}}
        checks = await found(models.base_url, tmp_path, market=market)
    assert checks["prices: csv"].state == "ok"
    assert "too old for a run of now" in checks["prices: csv"].detail


async def test_a_vendor_without_its_key_is_off_while_another_stands_in_the_chain(tmp_path: Path) -> None:
    async with ModelServer() as models:
        checks = await found(models.base_url, tmp_path, market={"prices": ["sample", "alpha_vantage"]})
        assert checks["prices: alpha_vantage"].state == "off"
        checks = await found(models.base_url, tmp_path, market={"prices": ["alpha_vantage"]})
        assert checks["prices: alpha_vantage"].state == "failed"


async def test_a_database_of_a_newer_program_has_failed(tmp_path: Path) -> None:
    await upgrade(f"sqlite+aiosqlite:///{tmp_path / 'conclave.db'}")
    with closing(sqlite3.connect(tmp_path / "conclave.db")) as database, database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
    async with ModelServer() as models:
        checks = await found(models.base_url, tmp_path)
    assert checks["store"].state == "failed"
    assert "newer" in checks["store"].detail
