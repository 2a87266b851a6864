"""`conclave check` over real sockets, files and databases."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from core.app.probes import run_checks
from core.domain.check import Check
from core.store.database import upgrade
from tests import arena
from tests.loopback.model_replies import answers, rate_limited, server_error, with_cost
from tests.loopback.model_server import ModelServer


async def found(
    base_url: str, folder: Path, environ: dict[str, str] | None = None, **more: Any
) -> dict[str, Check]:
    live = more.pop("live", False)
    checks = await run_checks(arena.settings(base_url, folder, **more), environ or {}, live=live)
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


KEYS = {"A_KEY": "made-up-key-one-3f9a", "B_KEY": "made-up-key-two-77c1"}


def two_keys(models: ModelServer) -> list[dict[str, object]]:
    keys = [{"name": name, "secret": f"env:{name.upper()}_KEY"} for name in ("a", "b")]
    return [{"name": "loopback", "base_url": models.base_url, "keys": keys}]


async def test_live_every_route_is_asked_once_and_its_cost_kept(tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path / 'conclave.db'}"
    await upgrade(url)
    async with ModelServer(default=with_cost(0.0001, "ready")) as models:
        members = [
            {"name": "one", "route": ["loopback:m/a", "loopback:m/b"]},
            {"name": "two", "route": ["loopback:m/b"]},
            {"name": "off", "route": ["loopback:m/c"], "enabled": False},
        ]
        checks = await found(models.base_url, tmp_path, members=members, live=True)
        assert sorted(request.model for request in models.requests if request.model) == ["m/a", "m/b"]
    assert checks["live: loopback:m/a"].state == "ok"
    assert "answered as m/a" in checks["live: loopback:m/a"].detail
    assert checks["live: cost"].detail.startswith("2 requests, ")
    assert "$0.0002" in checks["live: cost"].detail
    assert checks["health of loopback"].detail == "healthy: models healthy as far as is known"
    with closing(sqlite3.connect(tmp_path / "conclave.db")) as database:
        rows = database.execute("SELECT purpose, member, model, outcome FROM calls ORDER BY model").fetchall()
    assert rows == [("check", "one", "m/a", "answered"), ("check", "one", "m/b", "answered")]


async def test_live_no_limit_of_a_budget_breaks_and_each_request_is_recorded_for_its_key(
    tmp_path: Path,
) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path / 'conclave.db'}"
    await upgrade(url)
    async with ModelServer(keys={KEYS["B_KEY"]}, default=with_cost(0.0001, "ready")) as models:
        models.always("m/a", with_cost(0.0001, "ready"))
        member = {"name": "one", "route": ["loopback:m/a"], "price_in_usd_per_mtok": 1, "tier": "fast"}
        facts: dict[str, Any] = {
            "providers": two_keys(models),
            "members": [member],
            "budget": {"tiers": {"fast": "0.00011"}},
        }
        first = await found("", tmp_path, KEYS, **facts, live=True)
        again = await found("", tmp_path, KEYS, **facts, live=True)
        assert len([request for request in models.requests if request.model]) == 1
    assert "key b" in first["live: loopback:m/a"].detail
    assert (
        "the budget of $0.00011 of the tier fast for the day is used up" in again["live: loopback:m/a"].detail
    )
    with closing(sqlite3.connect(tmp_path / "conclave.db")) as database:
        rows = database.execute("SELECT purpose, tier, key, outcome FROM calls").fetchall()
    assert rows == [("check", "fast", "b", "answered")]


async def test_live_a_model_that_is_away_is_a_failure_and_one_that_was_cut_off_is_there(
    tmp_path: Path,
) -> None:
    async with ModelServer() as models:
        models.always("m/away", server_error())
        models.always("m/thinks", answers("Well", finish_reason="length"))
        models.always("m/busy", rate_limited("5"))
        models.always("m/other", answers("ready", model="llama-3"))
        names = ("away", "thinks", "busy", "other")
        members = [{"name": name, "route": [f"loopback:m/{name}"]} for name in names]
        checks = await found(models.base_url, tmp_path, members=members, live=True)
    states = {name: checks[f"live: loopback:m/{name}"] for name in names}
    assert {name: check.state for name, check in states.items()} == dict.fromkeys(names, "ok") | {
        "away": "failed"
    }
    assert "down: loopback:m/away refused the request (500)" in states["away"].detail
    assert "degraded" in states["busy"].detail
    assert "another family of models answered" in states["other"].detail


async def test_a_check_finds_keys_good_and_refused_for_all_processes(tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path / 'conclave.db'}"
    await upgrade(url)
    async with ModelServer(keys={KEYS["A_KEY"]}) as models:
        checks = await found("", tmp_path, KEYS, providers=two_keys(models))
        assert checks["provider: loopback"].state == "failed"
        said = checks["health of loopback"]
        assert said.state == "failed"
        assert "key a …3f9a usable" in said.detail
        assert "key b …77c1 refused since" in said.detail
        models.keys = set(KEYS.values())
        checks = await found("", tmp_path, KEYS, providers=two_keys(models))
        assert checks["health of loopback"].state == "ok"
        assert "key b …77c1 usable" in checks["health of loopback"].detail
    assert not any(secret in str(checks) for secret in KEYS.values())
