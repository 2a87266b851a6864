"""The report of `conclave check`: a line a part, and no part that breaks it."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from core.app.check import Probe, inspect, settings_checks
from core.config import Settings, load_settings
from core.config.loading import settings_from
from core.domain.check import Check
from core.domain.errors import StoreError

SECRET = "sk-made-up-1234567890"


@pytest.fixture(autouse=True)
def _in_an_empty_folder(empty_folder: Path) -> None:
    """The archive's folder is made where the check runs."""


def found(settings: Settings, environ: dict[str, str] | None = None) -> dict[str, Check]:
    return {check.name: check for check in settings_checks(settings, environ or {})}


def of(tree: dict[str, Any]) -> Settings:
    return settings_from(tree, {}, name="config.toml")


def test_the_defaults_without_a_key_have_no_failure() -> None:
    checks = found(load_settings(None, {}))
    assert {check.state for check in checks.values()} == {"ok", "off"}
    assert checks["members"].detail == "0 models and 5 baselines"
    assert checks["telegram"].detail == "the environment variable TELEGRAM_BOT_TOKEN is not set."


def test_a_present_key_is_said_to_be_present_and_not_shown() -> None:
    environ = {"OPENROUTER_API_KEY": SECRET}
    checks = found(load_settings(None, environ), environ)
    assert checks["keys of openrouter"].state == "ok"
    assert SECRET not in str(checks)


def test_a_missing_key_of_a_provider_in_use_is_a_failure() -> None:
    environ = {"OPENROUTER_API_KEY": SECRET}
    check = found(load_settings(None, environ), {})["keys of openrouter"]
    assert (check.state, check.mend) == ("failed", "Set it, or remove the key.")
    assert "OPENROUTER_API_KEY" in check.detail


def test_a_provider_that_nobody_uses_is_off_and_a_local_one_needs_no_key() -> None:
    providers = [
        {"name": "idle", "base_url": "http://127.0.0.1:1/v1"},
        {"name": "ollama", "base_url": "http://127.0.0.1:2/v1", "local": True},
        {"name": "paid", "base_url": "http://127.0.0.1:3/v1"},
    ]
    member = {"name": "m", "route": ["ollama:llama", "paid:x"]}
    checks = found(of({"providers": providers, "members": [member]}))
    assert [checks[f"keys of {name}"].state for name in ("idle", "ollama", "paid")] == ["off", "ok", "failed"]
    assert checks["keys of ollama"].detail == "it needs none"


def test_too_few_members_for_a_verdict_is_a_failure() -> None:
    check = found(of({"members": [{"name": "trend", "kind": "baseline"}]}))["members"]
    assert check.state == "failed"
    assert "needs 2 ballots" in check.detail


def test_an_archive_that_cannot_be_written_is_a_failure(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    check = found(of({"archive": {"dir": str(tmp_path / "taken" / "deeper")}}))["archive"]
    assert check.state == "failed"


def test_half_of_slacks_tokens_is_a_failure() -> None:
    check = found(Settings(), {"SLACK_BOT_TOKEN": SECRET})["slack"]
    assert (check.state, check.mend) == ("failed", "Set slack.app_token as well.")


def test_a_connected_chat_that_nobody_may_use_is_a_failure() -> None:
    environ = {"TELEGRAM_BOT_TOKEN": SECRET}
    assert found(Settings(), environ)["access"].state == "failed"
    assert found(of({"access": {"admins": ["telegram:1"]}}), environ)["access"].state == "ok"
    by_grants = {check.name: check for check in settings_checks(Settings(), environ, granted=2)}["access"]
    assert (by_grants.state, by_grants.detail) == ("ok", "0 persons and chats, and 2 roles given in chats")


def test_who_may_ask_over_http_is_said() -> None:
    assert "http" not in found(Settings())
    near = found(of({"http": {}}))["http"]
    assert (near.state, near.detail) == ("ok", "127.0.0.1:8080; everybody on this machine may ask")
    far = found(of({"http": {"host": "0.0.0.0"}}))["http"]  # noqa: S104 - the case in question
    assert (far.state, far.mend) == ("failed", "Set env:CONCLAVE_HTTP_TOKEN, or listen on 127.0.0.1.")
    environ = {"CONCLAVE_HTTP_TOKEN": SECRET}
    safe = found(of({"http": {"host": "0.0.0.0"}}), environ)["http"]  # noqa: S104 - the case in question
    assert (safe.state, safe.detail) == ("ok", "0.0.0.0:8080, with 1 token")
    named = of({"http": {"tokens": [{"name": "trader", "secret": "env:TRADER"}]}})
    assert found(named, environ)["http"].detail == "the environment variable TRADER is not set."
    assert found(named, environ | {"TRADER": "x"})["http"].detail == "127.0.0.1:8080, with 2 tokens"


def test_keys_without_effect_are_listed() -> None:
    unused = of({"telegram": {"webhook_url": "https://example.org/hook"}})
    assert "telegram.webhook_url has no effect" in found(unused)["settings"].detail


async def test_probes_are_asked_at_once_and_each_failure_is_a_line() -> None:
    together = asyncio.Barrier(3)

    async def well() -> str:
        await together.wait()
        return "5 models answer"

    async def refused() -> str:
        await together.wait()
        raise StoreError("The database cannot be opened.")

    async def broken() -> str:
        await together.wait()
        raise RuntimeError(SECRET)

    async def silent() -> str:
        await asyncio.Event().wait()
        return ""

    probes = [Probe(ask.__name__, ask, f"mend {ask.__name__}") for ask in (well, refused, broken, silent)]
    lines = (await inspect(Settings(), {}, probes, limit_s=0.2))[-4:]
    assert [(line.name, line.state, line.detail, line.mend) for line in lines] == [
        ("well", "ok", "5 models answer", None),
        ("refused", "failed", "The database cannot be opened.", "mend refused"),
        ("broken", "failed", "RuntimeError", "mend broken"),
        ("silent", "failed", "no answer in 0.2 seconds", "mend silent"),
    ]
