"""A JSON configuration of an arena of trading models becomes a config.toml that loads."""

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from bot.cli import app
from core.config.importing import imported
from core.config.loading import settings_from
from core.domain.errors import ConfigError

SECRET = "made-up-secret-0123456789"
MODEL = {"name": "a", "basemodel": "m"}
ARENA = {
    "models": [
        {
            "name": "claude-sonnet-4.5",
            "basemodel": "anthropic/claude-sonnet-4.5",
            "signature": "claude-4.5",
            "enabled": True,
        },
        {"name": "gpt-5", "basemodel": "openai/gpt-5", "signature": "gpt-5", "enabled": False},
    ],
    "agent_config": {"max_steps": 25, "max_retries": 2, "base_delay": 0.5, "initial_cash": 5000.0},
    "log_config": {"log_path": "./data/agent_data"},
}


def file_of(folder: Path, content: Any) -> Path:
    file = folder / "default_config.json"
    file.write_text(content if isinstance(content, str) else json.dumps(content))
    return file


def test_members_keep_their_signature_model_and_whether_they_take_part(tmp_path: Path) -> None:
    made = imported(file_of(tmp_path, ARENA))
    loaded = settings_from(tomllib.loads(made.toml), {}, name="x")
    claude, gpt = loaded.members
    assert (claude.name, claude.route, claude.enabled) == (
        "claude-4.5",
        ("openrouter:anthropic/claude-sonnet-4.5",),
        True,
    )
    assert (gpt.name, gpt.enabled) == ("gpt-5", False)
    assert made.notes == ()


def test_the_agents_settings_and_the_place_of_logs_are_taken_over(tmp_path: Path) -> None:
    loaded = settings_from(tomllib.loads(imported(file_of(tmp_path, ARENA)).toml), {}, name="x")
    assert (loaded.pipeline.max_steps, loaded.pipeline.max_retries, loaded.pipeline.base_delay_s) == (
        25,
        2,
        0.5,
    )
    assert str(loaded.arena.initial_cash) == "5000.00"
    assert loaded.archive.dir == "./data/agent_data"


def test_own_addresses_become_providers_and_keys_in_the_file_are_never_written(tmp_path: Path) -> None:
    models = [
        {"name": "a", "basemodel": "m", "openai_base_url": "http://127.0.0.1:9/v1"},
        {
            "name": "b",
            "basemodel": "deepseek-chat",
            "openai_base_url": "https://api.deepseek.com/v1/",
            "openai_api_key": SECRET,
        },
        {"name": "c", "basemodel": "n", "openai_base_url": "https://models.example.org/v1"},
    ]
    made = imported(file_of(tmp_path, {"models": models}))
    loaded = settings_from(tomllib.loads(made.toml), {}, name="x")
    assert [(one.name, one.base_url, one.local) for one in loaded.providers] == [
        ("127.0.0.1", "http://127.0.0.1:9/v1", True),
        ("deepseek", "https://api.deepseek.com/v1", False),
        ("models.example.org", "https://models.example.org/v1", False),
    ]
    assert [str(key.secret) for one in loaded.providers for key in one.keys] == [
        "env:DEEPSEEK_API_KEY",
        "env:MODELS_EXAMPLE_ORG_API_KEY",
    ]
    assert SECRET not in made.toml + " ".join(made.notes)
    assert made.notes == ("The key of deepseek in the file is not taken over: put it into DEEPSEEK_API_KEY.",)


def test_names_become_fit_and_unique_and_what_is_left_out_is_said(tmp_path: Path) -> None:
    models = [
        {"name": "DeepSeek v3!", "basemodel": "m", "temperature": 1},
        {"name": "deepseek v3", "basemodel": "n"},
    ]
    made = imported(file_of(tmp_path, {"models": models, "date_range": {}, "agent_config": {"verbose": 1}}))
    assert [member["name"] for member in tomllib.loads(made.toml)["members"]] == [
        "DeepSeek-v3",
        "deepseek-v3-2",
    ]
    assert made.notes == (
        '"DeepSeek v3!" is called DeepSeek-v3 here.',
        '"deepseek v3" is called deepseek-v3-2 here.',
        "date_range is not taken over; there is no such setting.",
        "agent_config.verbose is not taken over; there is no such setting.",
        "models[].temperature is not taken over; there is no such setting.",
    )


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("{", "default_config.json: the file: Invalid JSON"),
        ({"models": []}, "models: Tuple should have at least 1 item"),
        ({"models": [{"name": "a"}]}, "models.0.basemodel: Field required"),
        (
            {"models": [{"name": "a", "basemodel": "m"}], "agent_config": {"max_steps": 0}},
            "agent_config.max_steps",
        ),
        ({"models": [{"name": "crowd", "basemodel": "m"}]}, "reserved"),
        ({"models": [{"name": "a", "basemodel": "m", "openai_base_url": "ftp://x"}]}, "base_url"),
    ],
)
def test_what_is_no_such_configuration_is_refused_in_one_sentence(
    tmp_path: Path, content: Any, told: str
) -> None:
    with pytest.raises(ConfigError) as failure:
        imported(file_of(tmp_path, content))
    assert told in str(failure.value)
    assert "\n" not in str(failure.value)


TEXTS = st.text(min_size=1, max_size=30)


@settings(max_examples=200)
@given(
    models=st.lists(
        st.fixed_dictionaries(
            {"name": TEXTS, "basemodel": TEXTS},
            optional={"signature": TEXTS, "openai_base_url": TEXTS, "openai_api_key": st.just(SECRET)},
        ),
        min_size=1,
        max_size=4,
    ),
    log=TEXTS,
)
def test_whatever_a_file_says_it_loads_or_is_refused_and_no_key_gets_out(
    tmp_path_factory: pytest.TempPathFactory, models: list[dict[str, Any]], log: str
) -> None:
    file = file_of(tmp_path_factory.mktemp("any"), {"models": models, "log_config": {"log_path": log}})
    try:
        made = imported(file)
    except ConfigError as error:
        assert SECRET not in str(error)
    else:
        settings_from(tomllib.loads(made.toml), {}, name="x")
        assert SECRET not in made.toml + "".join(made.notes)


def test_the_command_writes_a_new_file_and_never_over_one(tmp_path: Path) -> None:
    source, target = file_of(tmp_path, ARENA), tmp_path / "config.toml"
    printed = CliRunner().invoke(app, ["config", "import", str(source)])
    assert (printed.exit_code, tomllib.loads(printed.stdout)["pipeline"]["max_steps"]) == (0, 25)
    written = CliRunner().invoke(app, ["config", "import", str(source), "--output", str(target)])
    assert (written.exit_code, target.read_text()) == (0, printed.stdout)
    again = CliRunner().invoke(app, ["config", "import", str(source), "--output", str(target)])
    assert (again.exit_code, target.read_text()) == (1, printed.stdout)
    assert "is there already" in again.stderr
    missing = CliRunner().invoke(app, ["config", "import", str(tmp_path / "none.json")])
    assert (missing.exit_code, missing.stderr) == (
        1,
        "none.json cannot be read (No such file or directory).\n",
    )
