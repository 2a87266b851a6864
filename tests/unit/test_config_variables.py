"""Members that environment variables configure, and providers that are known by name."""

from decimal import Decimal
from pathlib import Path

import pytest

from core.config import Settings, load_settings
from core.config.members import DEFAULT_BASELINES
from core.config.presets import PRESETS
from core.config.variables import VENDORS
from core.domain.errors import ConfigError

ALL = {f"{name}_API_KEY": "made-up" for name in VENDORS}
OPENROUTER = {"OPENROUTER_API_KEY": "made-up"}


def models(settings: Settings) -> dict[str, tuple[str, ...]]:
    return {one.name: one.route for one in settings.members if one.route}


def test_each_vendors_key_seats_its_model_at_its_own_endpoint(empty_folder: Path) -> None:
    settings = load_settings(None, ALL)
    assert models(settings) == {
        "claude": ("anthropic:claude-sonnet-4-5",),
        "gpt5": ("openai:gpt-5",),
        "gemini": ("gemini:gemini-2.5-pro",),
        "grok": ("xai:grok-4",),
        "deepseek": ("deepseek:deepseek-chat",),
    }
    assert [one.base_url for one in settings.providers] == [
        PRESETS[vendor.provider].base_url for vendor in VENDORS.values()
    ]
    assert all(one.keys[0].secret.reveal(ALL) == "made-up" for one in settings.providers)
    assert tuple(one.name for one in settings.members if not one.route) == DEFAULT_BASELINES


def test_beside_openrouter_the_vendors_own_endpoint_goes_first(empty_folder: Path) -> None:
    routes = models(load_settings(None, OPENROUTER | {"ANTHROPIC_API_KEY": "x"}))
    assert routes["claude"] == ("anthropic:claude-sonnet-4-5", "openrouter:anthropic/claude-sonnet-4.5")
    assert routes["gpt5"] == ("openrouter:openai/gpt-5",)


def test_weights_and_switches_of_the_environment_are_the_members(empty_folder: Path) -> None:
    said = {"ANTHROPIC_WEIGHT": "0.9", "GEMINI_ENABLED": "false", "GROK_ENABLED": "TRUE", "GROK_WEIGHT": "0"}
    settings = load_settings(None, ALL | OPENROUTER | said)
    weights = {one.name: one.weight for one in settings.members}
    assert (weights["claude"], weights["grok"], weights["gpt5"]) == (Decimal("0.9"), Decimal(0), Decimal(1))
    assert "gemini" not in weights


@pytest.mark.parametrize(
    ("variable", "value", "told"),
    [
        ("GROK_WEIGHT", "heavy", "GROK_WEIGHT must be a number from 0 to 1, such as 0.9."),
        ("GROK_WEIGHT", "1.5", "GROK_WEIGHT must be a number from 0 to 1, such as 0.9."),
        ("GROK_WEIGHT", "nan", "GROK_WEIGHT must be a number from 0 to 1, such as 0.9."),
        ("GROK_ENABLED", "perhaps", "GROK_ENABLED must be true or false."),
    ],
)
def test_a_variable_that_says_something_else_is_refused(
    empty_folder: Path, variable: str, value: str, told: str
) -> None:
    with pytest.raises(ConfigError, match=told):
        load_settings(None, ALL | {variable: value})


def test_a_file_that_names_members_is_not_changed_by_variables(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("[[members]]\nname = 'trend'\nkind = 'baseline'\n")
    settings = load_settings(tmp_path / "config.toml", ALL)
    assert [one.name for one in settings.members] == ["trend"]


@pytest.mark.parametrize("name", PRESETS)
def test_a_provider_that_is_known_by_name_needs_nothing_else(tmp_path: Path, name: str) -> None:
    file = tmp_path / "config.toml"
    file.write_text(f"[[providers]]\nname = '{name}'\n[[members]]\nname = 'a'\nroute = ['{name}:m']\n")
    (provider,) = load_settings(file, {}).providers
    preset = PRESETS[name]
    assert (provider.base_url, provider.local) == (preset.base_url, preset.local)
    assert [str(key.secret) for key in provider.keys] == (
        [f"env:{preset.variable}"] if preset.variable else []
    )


def test_another_address_never_gets_the_usual_key(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text("[[providers]]\nname = 'openai'\nbase_url = 'http://elsewhere.example/v1'\n")
    (provider,) = load_settings(file, {"OPENAI_API_KEY": "made-up"}).providers
    assert provider.keys == ()
    assert provider.base_url == "http://elsewhere.example/v1"


def test_everything_that_a_name_tells_can_be_said_otherwise(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text(
        "[[providers]]\nname = 'openai'\ntimeout_s = 9.0\n"
        "[[providers.keys]]\nname = 'team'\nsecret = 'env:TEAM'\n"
        "[[providers.models]]\nid = 'gpt-5'\nweight = 0.5\n"
    )
    (provider,) = load_settings(file, {}).providers
    assert [key.name for key in provider.keys] == ["team"]
    assert (provider.timeout_s, provider.model("gpt-5").weight) == (9.0, Decimal("0.5"))
    assert provider.model("other").weight is None


def test_the_examples_of_the_page_on_providers_load(tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "providers.md").read_text(encoding="utf-8")
    examples = [part.partition("```")[0] for part in page.split("```toml\n")[1:]]
    assert len(examples) >= 3
    for example in examples:
        (tmp_path / "config.toml").write_text(example)
        assert load_settings(tmp_path / "config.toml", {}).providers
    for name, preset in PRESETS.items():
        assert f"| `{name}` | `{preset.base_url}` |" in page
    for name, vendor in VENDORS.items():
        assert f"| `{name}_API_KEY` | `{vendor.member}` (`{vendor.model}`) |" in page
