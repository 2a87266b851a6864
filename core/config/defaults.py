"""What holds when nobody configured anything: members, their provider, and where prices come from."""

from collections.abc import Mapping

from core.config.market import Market
from core.config.providers import Provider, ProviderKey
from core.config.secret import SecretRef
from core.config.settings import DEFAULT_BASELINES, MemberSettings, Settings
from core.domain.member import MemberKind

OPENROUTER = "openrouter"
OPENROUTER_ADDRESS = "https://openrouter.ai/api/v1"
OPENROUTER_VARIABLE = "OPENROUTER_API_KEY"

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

    With `OPENROUTER_API_KEY` in `environ` the five models of the first committee sit as well.
    """
    return with_default_members(Settings(market=Market(prices=("yfinance", "sample"))), environ)


def with_default_members(settings: Settings, environ: Mapping[str, str]) -> Settings:
    """Return `settings` with the default members, or as they are when they name members themselves.

    The five models need a provider called `openrouter`: the one of the settings, or else OpenRouter
    itself when its key is in `environ`. Without either, the members are the five baselines.
    """
    if "members" in settings.model_fields_set:
        return settings
    providers = settings.providers
    configured = any(provider.name == OPENROUTER for provider in providers)
    if not configured and environ.get(OPENROUTER_VARIABLE, "").strip():
        providers, configured = (*providers, openrouter()), True
    members = (*(five_models() if configured else ()), *baselines())
    return settings.model_copy(update={"providers": providers, "members": members})


def openrouter() -> Provider:
    """Return OpenRouter with the one key of the environment."""
    key = ProviderKey(name="main", secret=SecretRef(f"env:{OPENROUTER_VARIABLE}"))
    return Provider(name=OPENROUTER, base_url=OPENROUTER_ADDRESS, keys=(key,))


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
