"""What `deploy/` hands out fits together: named files exist, ports agree, and nothing in it is secret."""

import http.server
import json
import os
import re
import shutil
import stat
import subprocess
import sys
import threading
import tomllib
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import jinja2
import jsonschema
import pytest
import yaml

from core.config import load_settings
from core.config.settings import Settings
from core.domain.asking import AskRequest
from core.routing.choosing import choose
from core.routing.lineup import lineup_of
from core.routing.situation import situation_of
from tests.claim_facts import pack

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
ENV_EXAMPLE = (DEPLOY / ".env.example").read_text(encoding="utf-8")
UNIT = DEPLOY / "conclave.service"
HANDED_OUT = sorted(
    path
    for path in [*DEPLOY.rglob("*"), ROOT / ".dockerignore"]
    if path.is_file() and "secrets" not in path.parts and "__pycache__" not in path.parts
)
DEFAULTED = re.compile(r"\$\{([A-Z0-9_]+):-([^}]*)\}")
ALWAYS = {"bot", "postgres", "prometheus", "grafana"}
FOUR = {"deepseek-coder", "qwen-coder", "fingpt", "phi3"}


def filled(value: str) -> str:
    """A text of the compose file, as it is where .env sets nothing."""
    return DEFAULTED.sub(lambda match: match[2], value)


def tool(name: str, mend: str) -> str:
    """The path of a program; a build machine must have it."""
    found = shutil.which(name)
    if found is None and os.environ.get("CI"):
        pytest.fail(f"{name} is missing: {mend}")
    if found is None:
        pytest.skip(f"{name} is not here: {mend}")
    return found


def ran(*command: str) -> subprocess.CompletedProcess[str]:
    """What a program of this machine said and how it ended."""
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603 - ours


# -- the compose file ----------------------------------------------------------------------------------------


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


# -- secrets -------------------------------------------------------------------------------------------------


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


# -- the configuration ---------------------------------------------------------------------------------------


def laid_out(folder: Path, include: str, config: str = "config.toml") -> Settings:
    """The settings of a configuration that is handed out, with `include` as its first line."""
    for name in (config, "models.toml", "models-ollama.toml"):
        shutil.copy(DEPLOY / name, folder)
    file = folder / config
    text = file.read_text(encoding="utf-8")
    assert text.count("\ninclude = []") == 1
    file.write_text(text.replace("\ninclude = []", f"\ninclude = {include}"), encoding="utf-8")
    return load_settings(file, {})


def test_the_configuration_of_the_compose_file_reads_its_secrets_where_they_are_mounted(
    tmp_path: Path,
) -> None:
    settings = laid_out(tmp_path, "[]")
    secrets = set(re.findall(r"file:(\S+?)\"", (DEPLOY / "config.toml").read_text(encoding="utf-8")))
    assert secrets == {f"/run/secrets/{name}" for name in SERVICES["bot"]["secrets"]}
    assert [str(one.secret) for one in settings.http.tokens] == ["file:/run/secrets/metrics_token"]
    place = urlsplit(settings.store.url)
    environment = SERVICES["postgres"]["environment"]
    assert (place.hostname, place.username) == ("postgres", environment["POSTGRES_USER"])
    assert place.path == f"/{environment['POSTGRES_DB']}"
    assert str(settings.store.password).removeprefix("file:") == environment["POSTGRES_PASSWORD_FILE"]
    assert SERVICES["bot"]["environment"]["CONCLAVE_CONFIG"] in {
        mount.split(":")[1] for mount in SERVICES["bot"]["volumes"]
    }


def test_the_lines_for_openrouter_work_once_their_signs_are_removed(tmp_path: Path) -> None:
    for name in ("config.toml", "config.systemd.toml"):
        text = (DEPLOY / name).read_text(encoding="utf-8")
        shown = re.sub(r"(?m)^# (?=\[|name|secret|daily_usd)", "", text)
        (tmp_path / name).write_text(shown, encoding="utf-8")
        settings = load_settings(tmp_path / name, {})
        assert [provider.name for provider in settings.providers] == ["openrouter"]
        assert settings.providers[0].keys[0].name == "main"
        assert settings.budget.daily_usd == 10
        assert len(settings.members) == 10


@pytest.mark.parametrize("config", ["config.toml", "config.systemd.toml"])
@pytest.mark.parametrize("models", ["models.toml", "models-ollama.toml"])
def test_the_four_models_are_ready_to_include(tmp_path: Path, config: str, models: str) -> None:
    settings = laid_out(tmp_path, f'["{models}"]', config)
    assert {member.name for member in settings.members} == FOUR
    providers = {provider.name: provider for provider in settings.providers}
    for member in settings.members:
        (hop,) = member.route
        name, _, model = hop.partition(":")
        provider = providers[name]
        assert provider.local
        assert member.max_concurrency == provider.max_concurrency
        known = provider.model(model)
        assert known.context_tokens
        assert member.max_output_tokens < known.context_tokens
    if models == "models.toml":
        assert all(member.enabled for member in settings.members)


@pytest.mark.parametrize("models", ["models.toml", "models-ollama.toml"])
@pytest.mark.parametrize(
    ("context", "rule", "model"),
    [
        ({"has_position": True, "volume_ratio": "2"}, "position_and_volume", "fingpt"),
        ({"volatility": "0.8"}, "high_volatility", "qwen-coder"),
        ({"volatility": "0.1", "sentiment": "0.6"}, "clear_sentiment", "phi3"),
        ({"volatility": "0.1", "sentiment": "0"}, "otherwise", "deepseek-coder"),
    ],
)
def test_each_of_the_four_models_answers_what_it_is_there_for(
    tmp_path: Path, models: str, context: dict[str, Any], rule: str, model: str
) -> None:
    settings = laid_out(tmp_path, f'["{models}"]')
    request = AskRequest.model_validate({"ticker": "BTC-USD", "context": context})
    lineup = lineup_of(settings, FOUR)
    choice = choose(request, situation_of(request, pack()), lineup, settings.routing, question="q")
    assert (choice.rule, choice.candidate.name) == (rule, model)
    assert choice.candidate.local


def test_the_four_models_are_those_that_the_docs_name(tmp_path: Path) -> None:
    docs = (ROOT / "docs" / "providers.md").read_text(encoding="utf-8")
    example = next(block for block in re.findall(r"```toml\n(.*?)```", docs, re.DOTALL) if "fingpt" in block)
    (tmp_path / "docs.toml").write_text(example, encoding="utf-8")
    shown = {member.name: member.route for member in load_settings(tmp_path / "docs.toml", {}).members}
    assert shown == {member.name: member.route for member in laid_out(tmp_path, '["models.toml"]').members}


@pytest.mark.parametrize("name", sorted(FOUR))
def test_a_vllm_server_listens_where_the_models_file_asks_and_serves_that_model(
    name: str, tmp_path: Path
) -> None:
    settings = laid_out(tmp_path, '["models.toml"]')
    provider = next(one for one in settings.providers if one.name == name)
    model = next(one for one in settings.members if one.name == name).route[0].partition(":")[2]
    place = urlsplit(provider.base_url)
    service = SERVICES[str(place.hostname)]
    arguments = service["command"]
    assert f"--port={place.port}" in arguments
    assert service["ports"] == [f"127.0.0.1:{place.port}:{place.port}"]
    assert service["healthcheck"]["test"][-1] == f"http://127.0.0.1:{place.port}/health"
    assert f"--max-model-len={provider.model(model).context_tokens}" in arguments
    assert f"--max-num-seqs={provider.max_concurrency}" in arguments
    assert f"--served-model-name={model}" in arguments or f"{model}={model}" in arguments
    (device,) = service["deploy"]["resources"]["reservations"]["devices"]
    assert device["capabilities"] == ["gpu"]
    assert service["entrypoint"] == ["vllm", "serve"]


def test_each_vllm_server_has_a_graphics_card_of_its_own() -> None:
    cards = [
        filled(service["deploy"]["resources"]["reservations"]["devices"][0]["device_ids"][0])
        for name, service in SERVICES.items()
        if name.startswith("vllm-")
    ]
    assert sorted(cards) == ["0", "1", "2", "3"]


def test_fingpt_is_an_adapter_on_llama_2_that_is_asked_in_its_own_form() -> None:
    arguments = SERVICES["vllm-fingpt"]["command"]
    assert arguments[0] == "meta-llama/Llama-2-7b-hf"
    assert {"--enable-lora", "--lora-modules", "--chat-template=/etc/fingpt/chat.jinja"} <= set(arguments)
    template = jinja2.Template(
        (DEPLOY / "fingpt" / "chat.jinja").read_text(encoding="utf-8"), autoescape=True
    )
    messages = [{"role": "system", "content": "Decide."}, {"role": "user", "content": "NVDA rose."}]
    asked = template.render(messages=messages, add_generation_prompt=True)
    assert asked == "Instruction: Decide.\nInput: NVDA rose.\nAnswer: "


def test_ollama_loads_the_models_that_its_file_asks_for(tmp_path: Path) -> None:
    settings = laid_out(tmp_path, '["models-ollama.toml"]')
    (script,) = SERVICES["ollama-models"]["command"]
    loaded = {*re.search(r"for model in ([^;]+);", script)[1].split(), "fingpt"}  # type: ignore[index]
    assert loaded == {member.route[0].removeprefix("ollama:") for member in settings.members}
    assert "ollama create fingpt" in script
    place = urlsplit(settings.providers[0].base_url)
    assert SERVICES[str(place.hostname)]["ports"] == [
        f"127.0.0.1:${{OLLAMA_PORT:-{place.port}}}:{place.port}"
    ]
    assert SERVICES["ollama-models"]["environment"]["OLLAMA_HOST"] == f"http://{place.netloc}"
    largest = max(model.context_tokens or 0 for model in settings.providers[0].models)
    assert filled(SERVICES["ollama"]["environment"]["OLLAMA_CONTEXT_LENGTH"]) == str(largest)


# -- the image -----------------------------------------------------------------------------------------------


def instructions() -> list[tuple[str, str]]:
    """The image's instructions, each in one line."""
    text = re.sub(r"\\\n\s*", "", (DEPLOY / "Containerfile").read_text(encoding="utf-8"))
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [(line.split(None, 1)[0], line.split(None, 1)[1]) for line in lines]


def last_stage() -> list[tuple[str, str]]:
    found = instructions()
    begins = max(index for index, (word, _) in enumerate(found) if word == "FROM")
    return found[begins:]


def test_the_image_is_built_in_two_stages_from_a_small_base() -> None:
    bases = [rest for word, rest in instructions() if word == "FROM"]
    assert len(bases) == 2
    assert all(re.match(r"python:3\.[0-9]+-slim-[a-z]+\b", base) for base in bases)


def test_the_image_is_not_root_stops_in_order_and_serves() -> None:
    said = dict(last_stage())
    assert said["USER"] == "10001:10001"
    assert said["STOPSIGNAL"] == "SIGTERM"
    assert said["ENTRYPOINT"] == '["conclave"]'
    assert said["CMD"] == '["serve"]'
    assert said["WORKDIR"] == said["VOLUME"] == "/var/lib/conclave"
    order = [word for word, _ in last_stage()]
    assert "RUN" not in order[order.index("USER") :], "nothing is done as that user but to serve"


def test_the_image_has_what_the_package_needs_with_its_pins_and_nothing_else() -> None:
    copied = [
        source
        for word, rest in instructions()
        if word == "COPY" and not rest.startswith("--from")
        for source in rest.split()[:-1]
    ]
    for source in copied:
        assert (ROOT / source).exists(), source
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    wheel = project["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert {*wheel["packages"], *wheel["force-include"]} <= set(copied)
    assert {project["project"]["readme"], *project["project"]["license-files"]} <= set(copied)
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert "*" in ignored
    assert {line[1:] for line in ignored if line.startswith("!")} == set(copied)
    pip = [rest for word, rest in instructions() if word == "RUN" and "pip install" in rest]
    assert all(rest.count("pip install") == rest.count("--constraint constraints.txt") for rest in pip)
    assert not any(
        re.search(r"(?i)secret|token|password|api_key", f"{word} {rest}") for word, rest in instructions()
    )


class Healthz(http.server.BaseHTTPRequestHandler):
    """A service that says how it is."""

    status = 200

    def do_GET(self) -> None:
        self.send_response(self.status if self.path == "/healthz" else 404)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def healthz() -> Iterator[int]:
    server = http.server.HTTPServer(("127.0.0.1", 0), Healthz)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize(("status", "code"), [(200, 0), (503, 1)])
def test_the_image_s_health_check_believes_what_healthz_says(
    healthz: int, monkeypatch: pytest.MonkeyPatch, status: int, code: int
) -> None:
    monkeypatch.setattr(Healthz, "status", status)
    # A proxy of the surroundings is not asked for the way to the process beside it.
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    assert health_check(healthz) == code


def test_the_image_s_health_check_fails_where_nobody_answers() -> None:
    assert health_check(9) == 1


def health_check(port: int) -> int:
    """Run the check of the image against another port, and return its exit status."""
    said = dict(last_stage())["HEALTHCHECK"]
    program, *arguments = json.loads(said.partition("CMD")[2])
    assert program == "python"
    assert "8080" in arguments[-1]
    arguments = [argument.replace("8080", str(port)) for argument in arguments]
    return ran(sys.executable, *arguments).returncode


def test_the_port_of_the_image_is_that_of_its_configuration_and_of_who_reads_metrics(tmp_path: Path) -> None:
    settings = laid_out(tmp_path, "[]")
    assert dict(last_stage())["EXPOSE"] == str(settings.http.port)
    assert filled(SERVICES["bot"]["ports"][0]).endswith(f":{settings.http.port}")
    assert settings.http.host == "0.0.0.0"  # noqa: S104 - inside the container; it is published on loopback
    read = yaml.safe_load((DEPLOY / "prometheus" / "prometheus.yml").read_text(encoding="utf-8"))
    job = read["scrape_configs"][0]
    assert job["static_configs"] == [{"targets": [f"bot:{settings.http.port}"]}]
    assert f"file:{job['authorization']['credentials_file']}" == str(settings.http.tokens[0].secret)
    assert "metrics_token" in SERVICES["prometheus"]["secrets"]


# -- systemd -------------------------------------------------------------------------------------------------


def test_the_unit_is_one_that_systemd_understands_and_finds_well_confined(tmp_path: Path) -> None:
    analyze = tool("systemd-analyze", "apt-get install systemd")
    unit = tmp_path / "conclave.service"
    # The program need not be installed here; systemd only looks whether it is there.
    unit.write_text(UNIT.read_text(encoding="utf-8").replace("/opt/conclave/bin/conclave", "/bin/true"))
    checked = ran(analyze, "verify", str(unit))
    about_it = [line for line in checked.stderr.splitlines() if "conclave.service" in line]
    assert (checked.returncode, about_it) == (0, [])
    judged = ran(analyze, "security", "--offline=true", "--threshold=20", "--no-pager", str(unit))
    assert judged.returncode == 0, judged.stdout[-400:]


def test_the_unit_confines_the_service_and_restarts_it() -> None:
    lines = UNIT.read_text(encoding="utf-8").splitlines()
    assert {
        "Type=notify",
        "WatchdogSec=60",
        "Restart=on-failure",
        "DynamicUser=yes",
        "NoNewPrivileges=yes",
        "ProtectSystem=strict",
        "ProtectHome=yes",
        "CapabilityBoundingSet=",
        "StateDirectory=conclave",
        "WorkingDirectory=%S/conclave",
        "LoadCredential=secrets:/etc/conclave/secrets",
        "ExecStart=/opt/conclave/bin/conclave serve",
    } <= set(lines)
    assert not any(re.match(r"Environment=.*(TOKEN|KEY|SECRET|PASSWORD)", line) for line in lines)


def test_the_configuration_of_the_unit_reads_the_credentials_that_the_unit_loads(tmp_path: Path) -> None:
    text = (DEPLOY / "config.systemd.toml").read_text(encoding="utf-8")
    places = set(re.findall(r"file:(\S+?)\"", text))
    assert places
    assert all(place.startswith("/run/credentials/conclave.service/secrets_") for place in places)
    made = {place.rpartition("secrets_")[2] for place in places}
    assert made <= set(COMPOSE["secrets"])
    settings = laid_out(tmp_path, "[]", "config.systemd.toml")
    assert settings.http.host == "127.0.0.1"
