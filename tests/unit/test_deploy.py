"""The compose file: what it starts, what is published, bounded and kept, and where secrets lie."""

import json
import os
import re
import shutil
import stat
from importlib.resources import files
from pathlib import Path

import jsonschema
import pytest

from tests.deploy_files import (
    ALWAYS,
    COMPOSE,
    DEFAULTED,
    DEPLOY,
    ENV_EXAMPLE,
    FOUR,
    HANDED_OUT,
    ROOT,
    SERVICES,
    filled,
    ran,
)


def test_the_compose_file_is_what_the_compose_specification_allows() -> None:
    schemas = files("check_jsonschema") / "builtin_schemas" / "vendor"
    schema = json.loads((schemas / "compose-spec.json").read_text(encoding="utf-8"))
    jsonschema.Draft7Validator(schema).validate(COMPOSE)


def test_without_a_profile_there_are_the_bot_its_database_and_what_watches_it() -> None:
    assert {name for name, service in SERVICES.items() if "profiles" not in service} == ALWAYS
    assert {name for name, service in SERVICES.items() if service.get("profiles") == ["ollama"]} == {
        "ollama",
        "ollama-models",
    }
    assert {
        name.removeprefix("vllm-")
        for name, service in SERVICES.items()
        if service.get("profiles") == ["vllm"]
    } == FOUR


@pytest.mark.parametrize("name", SERVICES)
def test_every_image_has_a_version_and_none_is_the_latest(name: str) -> None:
    image, _, tag = SERVICES[name]["image"].partition(":")
    assert tag
    assert tag != "latest"
    assert tag == "local" or re.search(r"[0-9]+\.[0-9]+", tag), "a tag that moves from release to release"
    assert "." not in image.partition("/")[0], "the machine's own setting says which registry is asked"


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_keeps_its_logs_and_its_memory_within_bounds(name: str) -> None:
    service = SERVICES[name]
    assert service["logging"]["options"] == {"max-size": "10m", "max-file": "5"}
    assert service["deploy"]["resources"]["limits"]["memory"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["restart"] in {"unless-stopped", "on-failure:3"}
    assert "privileged" not in service
    assert service.get("network_mode") != "host"


@pytest.mark.parametrize("name", sorted(set(SERVICES) - {"bot", "ollama-models"}))
def test_every_service_that_stays_says_whether_it_is_well(name: str) -> None:
    assert SERVICES[name]["healthcheck"]["test"][0] == "CMD"


@pytest.mark.parametrize("name", SERVICES)
def test_whatever_is_published_is_published_on_this_machine_alone_and_once(name: str) -> None:
    for port in SERVICES[name].get("ports", []):
        assert filled(port).startswith("127.0.0.1:")
    published = [filled(port).split(":")[1] for one in SERVICES.values() for port in one.get("ports", [])]
    assert len(published) == len(set(published))


def test_the_database_is_reached_by_the_bot_alone() -> None:
    assert COMPOSE["networks"]["data"] == {"internal": True}
    assert {name for name, one in SERVICES.items() if "data" in one.get("networks", [])} == {
        "bot",
        "postgres",
    }
    assert "ports" not in SERVICES["postgres"]
    assert SERVICES["postgres"]["networks"] == ["data"]


@pytest.mark.parametrize("name", SERVICES)
def test_every_file_and_volume_that_is_mounted_is_there(name: str) -> None:
    for mount in SERVICES[name].get("volumes", []):
        source = mount.split(":")[0]
        if source.startswith("."):
            assert (DEPLOY / source).exists(), source
            assert mount.endswith(":ro"), "what belongs to the checkout is not changed by a container"
        else:
            assert source in COMPOSE["volumes"]


def test_every_volume_and_secret_is_used() -> None:
    mounted = {mount.split(":")[0] for one in SERVICES.values() for mount in one.get("volumes", [])}
    assert {*COMPOSE["volumes"]} == {source for source in mounted if not source.startswith(".")}
    assert {*COMPOSE["secrets"]} == {secret for one in SERVICES.values() for secret in one.get("secrets", [])}


def test_a_service_starts_after_those_it_waits_for_and_they_say_that_they_are_well() -> None:
    for service in SERVICES.values():
        for other, how in service.get("depends_on", {}).items():
            assert other in SERVICES
            assert how["condition"] == "service_started" or "healthcheck" in SERVICES[other]
    assert SERVICES["bot"]["depends_on"] == {"postgres": {"condition": "service_healthy"}}


def test_the_bot_may_write_to_its_volume_and_to_memory_alone() -> None:
    bot = SERVICES["bot"]
    assert bot["read_only"] is True
    assert bot["cap_drop"] == ["ALL"]
    assert [mount for mount in bot["volumes"] if not mount.endswith(":ro")] == ["conclave:/var/lib/conclave"]
    assert bot["tmpfs"] == ["/tmp:size=256m,mode=1777"]  # noqa: S108 - inside the container


def test_the_example_of_env_has_each_variable_with_the_default_of_the_compose_file() -> None:
    text = (DEPLOY / "compose.yaml").read_text(encoding="utf-8")
    said = dict(line.split("=", 1) for line in ENV_EXAMPLE.splitlines() if line and not line.startswith("#"))
    assert said.pop("COMPOSE_PROFILES") == ""
    assert said == dict(DEFAULTED.findall(text))
    assert set(re.findall(r"(?<!\$)\$\{([A-Z0-9_]+)", text)) == set(said)


def test_grafana_asks_everybody_for_a_password() -> None:
    told = SERVICES["grafana"]["environment"]
    assert told["GF_AUTH_ANONYMOUS_ENABLED"] == "false"
    assert told["GF_USERS_ALLOW_SIGN_UP"] == "false"
    assert told["GF_SECURITY_ADMIN_PASSWORD__FILE"] == "/run/secrets/grafana_admin_password"


def test_secrets_are_files_outside_of_the_checkout_s_history() -> None:
    for name, secret in COMPOSE["secrets"].items():
        assert secret == {"file": f"./secrets/{name}"}
    ignored = (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    assert {"/deploy/secrets/", "/deploy/.env"} <= set(ignored)
    kept = ran("git", "ls-files", "deploy/secrets", "deploy/.env")
    assert kept.stdout == ""


@pytest.mark.parametrize("path", HANDED_OUT, ids=lambda path: path.name)
def test_nothing_that_is_handed_out_has_a_secret_in_it(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    looks = r"\b(sk-|xox[abp]-|xapp-|ghp_|hf_[A-Za-z0-9]{10}|[0-9]{6,}:[A-Za-z0-9_-]{20,})"
    assert not re.search(looks, text)
    for key, value in re.findall(r"(?im)^\s*-?\s*([A-Z_]*(?:PASSWORD|TOKEN|SECRET|KEY))[:=]\s*(.+)$", text):
        assert "/run/secrets/" in value or "file:" in value, key


def test_the_script_makes_every_secret_that_the_compose_file_names_and_changes_none_that_is_there(
    tmp_path: Path,
) -> None:
    shutil.copy(DEPLOY / "make-secrets.sh", tmp_path)
    script = tmp_path / "make-secrets.sh"
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "telegram_bot_token").write_text("mine")
    for _ in range(2):
        made = ran("/bin/sh", str(script))
    found = {path.name: path for path in (tmp_path / "secrets").iterdir()}
    assert set(found) == set(COMPOSE["secrets"])
    assert stat.S_IMODE((tmp_path / "secrets").stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in found.values()} == {0o444}
    random = {
        found[name].read_text()
        for name in ("postgres_password", "http_token", "metrics_token", "grafana_admin_password")
    }
    assert len(random) == 4
    assert all(re.fullmatch(r"[0-9a-f]{48}", text) for text in random)
    assert found["telegram_bot_token"].read_text() == "mine"
    assert not any(text in made.stdout for text in random)
    assert os.access(DEPLOY / "make-secrets.sh", os.X_OK)
