"""Configurations and models that are handed out: they load, and fit what the compose file starts."""

import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import jinja2
import pytest

from core.config import load_settings
from core.domain.asking import AskRequest
from core.routing.choosing import choose
from core.routing.lineup import lineup_of
from core.routing.situation import situation_of
from tests.claim_facts import pack
from tests.deploy_files import DEPLOY, FOUR, ROOT, SERVICES, filled, laid_out


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
        assert settings.pipeline.stage_timeout_s >= provider.timeout_s, "a request may take its own time"
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
