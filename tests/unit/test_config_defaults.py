"""What holds without a file, or with one that leaves things out."""

from decimal import Decimal
from pathlib import Path

import pytest

from core.config import Settings, config_hash, inactive, load_settings
from core.config.defaults import FIVE_MODELS, five_models
from core.config.members import DEFAULT_BASELINES, MemberSettings
from core.config.settings import METHOD_NAMES, THRESHOLDS
from core.domain.errors import ConfigError
from core.domain.member import MemberKind

KEY = {"OPENROUTER_API_KEY": "made-up"}
FIVE = ("claude", "gpt5", "gemini", "deepseek", "qwen")


def names(settings: Settings) -> tuple[str, ...]:
    return tuple(member.name for member in settings.members)


def loaded(folder: Path, toml: str, environ: dict[str, str] | None = None) -> Settings:
    (folder / "config.toml").write_text(toml)
    return load_settings(folder / "config.toml", environ or {})


def test_without_file_and_key_the_baselines_sit_over_live_then_sample_prices(empty_folder: Path) -> None:
    settings = load_settings(None, {})
    assert names(settings) == DEFAULT_BASELINES
    assert {member.kind for member in settings.members} == {MemberKind.BASELINE}
    assert settings.market.prices == ("yfinance", "sample")
    assert settings.store.url == "sqlite+aiosqlite:///conclave.db"
    assert settings.providers == ()


def test_with_an_openrouter_key_the_five_models_sit_as_well(empty_folder: Path) -> None:
    settings = load_settings(None, KEY)
    assert names(settings) == (*FIVE, *DEFAULT_BASELINES)
    (provider,) = settings.providers
    assert (provider.name, provider.base_url) == ("openrouter", "https://openrouter.ai/api/v1")
    assert provider.keys[0].secret.reveal(KEY) == "made-up"
    assert settings.members[0].route == ("openrouter:anthropic/claude-sonnet-4.5",)
    assert settings.members[0].price_in_usd_per_mtok == Decimal(0)


def test_an_empty_key_counts_as_none(empty_folder: Path) -> None:
    assert names(load_settings(None, {"OPENROUTER_API_KEY": " "})) == DEFAULT_BASELINES


def test_the_default_settings_stand_up_to_their_own_checks(empty_folder: Path) -> None:
    settings = load_settings(None, KEY)
    assert Settings.model_validate(settings.model_dump()) == settings


def test_a_file_without_members_gets_the_default_ones(tmp_path: Path) -> None:
    assert names(loaded(tmp_path, "")) == DEFAULT_BASELINES
    settings = loaded(tmp_path, "arena.strict = false", KEY)
    assert names(settings) == (*FIVE, *DEFAULT_BASELINES)
    assert settings.market.prices == ("yfinance", "alpha_vantage")


def test_a_files_own_provider_called_openrouter_serves_the_five_models(tmp_path: Path) -> None:
    toml = "[[providers]]\nname = 'openrouter'\nbase_url = 'http://127.0.0.1:9/v1'\nlocal = true\n"
    for environ in ({}, KEY):
        settings = loaded(tmp_path, toml, environ)
        assert names(settings) == (*FIVE, *DEFAULT_BASELINES)
        assert [provider.base_url for provider in settings.providers] == ["http://127.0.0.1:9/v1"]


def test_a_file_that_names_members_gets_exactly_those(tmp_path: Path) -> None:
    one = "[[members]]\nname = 'trend'\nkind = 'baseline'\n"
    assert names(loaded(tmp_path, one, KEY)) == ("trend",)
    assert loaded(tmp_path, one, KEY).providers == ()
    assert names(loaded(tmp_path, "members = []", KEY)) == ()


def test_the_five_models_are_those_of_the_table() -> None:
    assert tuple(FIVE_MODELS) == FIVE
    assert [member.route for member in five_models()] == [
        (f"openrouter:{id_}",) for id_ in FIVE_MODELS.values()
    ]


def test_the_config_hash_is_twelve_hex_digits_and_stable(empty_folder: Path) -> None:
    first, second = config_hash(load_settings(None, {})), config_hash(load_settings(None, {}))
    assert first == second
    assert len(first) == 12
    assert int(first, 16) >= 0


@pytest.mark.parametrize(
    "toml",
    [
        "pipeline.preset = 'quick'",
        "consensus.method = 'majority'",
        "trading.fee_bps = 3",
        "market.prices = ['csv']",
        "arena.strict = false",
        "[[members]]\nname = 'trend'\nkind = 'baseline'",
    ],
)
def test_what_changes_a_run_changes_the_hash(tmp_path: Path, toml: str) -> None:
    assert config_hash(loaded(tmp_path, toml)) != config_hash(loaded(tmp_path, ""))


@pytest.mark.parametrize(
    "toml",
    [
        "trading.fee_bps = '1.000'",
        "archive.dir = 'elsewhere'",
        "access.admins = ['telegram:1']",
        "telegram.token = 'env:OTHER'",
        "market.alpha_vantage.key = 'env:OTHER'",
    ],
)
def test_what_changes_no_run_leaves_the_hash(tmp_path: Path, toml: str) -> None:
    assert config_hash(loaded(tmp_path, toml)) == config_hash(loaded(tmp_path, ""))


def test_an_address_of_a_webhook_that_nobody_sets_is_named(tmp_path: Path) -> None:
    given = "telegram.webhook_url = 'https://conclave.example.org/telegram'\n"
    assert inactive(loaded(tmp_path, given)) == (
        'telegram.webhook_url has no effect with telegram.mode = "polling".',
    )
    assert inactive(loaded(tmp_path, given + "telegram.mode = 'webhook'\n")) == ()


def test_defaults_written_out_are_not_called_ineffective(tmp_path: Path) -> None:
    assert inactive(loaded(tmp_path, "market.sentiment = []\nhttp.port = 8080\n")) == ()


@pytest.mark.parametrize("method", METHOD_NAMES)
def test_a_threshold_is_called_ineffective_beside_a_method_that_has_none(tmp_path: Path, method: str) -> None:
    said = inactive(loaded(tmp_path, f"consensus.method = '{method}'\nconsensus.threshold = 0.6\n"))
    without = f'consensus.threshold has no effect with consensus.method = "{method}".'
    assert said == (() if method in THRESHOLDS else (without,))


def test_a_threshold_left_out_is_the_methods_own_and_one_of_nothing_is_kept(tmp_path: Path) -> None:
    assert loaded(tmp_path, "").consensus.threshold is None
    assert loaded(tmp_path, "consensus.threshold = 0").consensus.threshold == 0


@pytest.mark.parametrize("threshold", ["1.01", "-0.1", "nan", "'1e-999999999'", "0.1234567", "'2/3'"])
def test_a_threshold_that_is_none_is_refused(tmp_path: Path, threshold: str) -> None:
    with pytest.raises(ConfigError, match="threshold"):
        loaded(tmp_path, f"consensus.threshold = {threshold}")


def test_a_baseline_needs_no_route() -> None:
    assert MemberSettings(name="trend", kind=MemberKind.BASELINE).route == ()


def test_a_members_weight_is_its_own_or_its_first_models_or_its_providers() -> None:
    route = ("p:a",)
    model = {"id": "a", "weight": "0.5"}

    def weight(member: dict[str, object], **provider: object) -> Decimal:
        tree = {"name": "p", "base_url": "http://127.0.0.1:1/v1", **provider}
        settings = Settings.model_validate(
            {"providers": [tree], "members": [{"name": "m", "route": route, **member}]}
        )
        return settings.weight_of(settings.members[0])

    assert weight({}) == 1
    assert weight({}, weight="0.8") == Decimal("0.8")
    assert weight({}, weight="0.8", models=[model]) == Decimal("0.5")
    assert weight({"weight": "1"}, weight="0.8", models=[model]) == 1
