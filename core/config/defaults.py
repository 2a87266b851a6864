"""What holds when nobody configured anything: members, their provider, and where prices come from."""

from collections.abc import Mapping

from core.config.market import Market
from core.config.members import DEFAULT_BASELINES, MemberSettings
from core.config.presets import PRESETS, provider_table
from core.config.providers import Provider
from core.config.settings import Settings
from core.config.variables import with_vendors
from core.domain.member import MemberKind

OPENROUTER = "openrouter"
OPENROUTER_ADDRESS, OPENROUTER_VARIABLE = PRESETS[OPENROUTER].base_url, "OPENROUTER_API_KEY"

FIVE_MODELS = {
    "claude": "anthropic/claude-sonnet-4.5",
    "gpt5": "openai/gpt-5",
    "gemini": "google/gemini-2.5-pro",
    "deepseek": "deepseek/deepseek-chat-v3.1",
    "qwen": "qwen/qwen3-max",
}
"""The first committee: a member's name, and its model id at OpenRouter."""


def defaults_without_file(environ: Mapping[str, str]) -> Settings:
    """Return settings that work with no file: five baselines, sample prices behind live ones, SQLite here.

    With `OPENROUTER_API_KEY` in `environ` the five models of the first committee sit as well, and with a key
    of `core.config.variables` that vendor's.
    """
    return with_default_members(Settings(market=Market(prices=("yfinance", "sample"))), environ)


def with_default_members(settings: Settings, environ: Mapping[str, str]) -> Settings:
    """Return `settings` with the default members, or as they are when they name members themselves.

    The five models need a provider called `openrouter`: the one of the settings, or else OpenRouter
    itself when its key is in `environ`. Those of `core.config.variables` need that vendor's key there.
    Without any, the members are the five baselines.

    Raises:
        ConfigError: a variable that configures a member says what it cannot say.
    """
    if "members" in settings.model_fields_set:
        return settings
    providers = settings.providers
    configured = any(provider.name == OPENROUTER for provider in providers)
    if not configured and environ.get(OPENROUTER_VARIABLE, "").strip():
        providers, configured = (*providers, openrouter()), True
    models, providers = with_vendors(five_models() if configured else (), providers, environ)
    return settings.model_copy(update={"providers": providers, "members": (*models, *baselines())})


def openrouter() -> Provider:
    """Return OpenRouter with the one key of the environment."""
    return Provider.model_validate(provider_table({"name": OPENROUTER}))


def five_models() -> tuple[MemberSettings, ...]:
    """Return the first committee.

    Their prices stay 0: OpenRouter reports the cost of each answer, and that figure is the one booked.
    """
    return tuple(
        MemberSettings(name=name, route=(f"{OPENROUTER}:{model}",)) for name, model in FIVE_MODELS.items()
    )


def baselines() -> tuple[MemberSettings, ...]:
    """Return one member for each rule that needs no model."""
    return tuple(MemberSettings(name=name, kind=MemberKind.BASELINE) for name in DEFAULT_BASELINES)
