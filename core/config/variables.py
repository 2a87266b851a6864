"""Members that environment variables configure: `ANTHROPIC_API_KEY`, `ANTHROPIC_ENABLED`, `ANTHROPIC_WEIGHT`.

Each vendor of the table brings its own provider and one member. Where the default members have a member of
that name, through OpenRouter, the vendor's own endpoint becomes the first hop of its route.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import NamedTuple

from core.config.members import MemberSettings
from core.config.presets import provider_table
from core.config.providers import Provider
from core.domain.errors import ConfigError


class Vendor(NamedTuple):
    """The provider, the member's name, and its model id there."""

    provider: str
    member: str
    model: str


VENDORS = {
    "ANTHROPIC": Vendor("anthropic", "claude", "claude-sonnet-4-5"),
    "OPENAI": Vendor("openai", "gpt5", "gpt-5"),
    "GEMINI": Vendor("gemini", "gemini", "gemini-2.5-pro"),
    "GROK": Vendor("xai", "grok", "grok-4"),
    "DEEPSEEK": Vendor("deepseek", "deepseek", "deepseek-chat"),
}
"""By the beginning of the names of its variables."""

_YES = {"true", "1", "yes", "on"}
_NO = {"false", "0", "no", "off"}


def vendors_of(environ: Mapping[str, str]) -> dict[str, Vendor]:
    """Return the vendors whose key is in the environment and that are not switched off."""
    return {
        name: vendor
        for name, vendor in VENDORS.items()
        if environ.get(f"{name}_API_KEY", "").strip() and _enabled(name, environ)
    }


def with_vendors(
    members: Sequence[MemberSettings], providers: Sequence[Provider], environ: Mapping[str, str]
) -> tuple[tuple[MemberSettings, ...], tuple[Provider, ...]]:
    """Return the default members and the providers, with those that the environment configures.

    A provider that is configured already stays as it is. `X_ENABLED = false` seats no member of X, through
    whatever endpoint; `X_WEIGHT` is how much its ballot counts, from 0 to 1.

    Raises:
        ConfigError: a variable says something else.
    """
    found = vendors_of(environ)
    seated = {member.name: member for member in members}
    known = {provider.name: provider for provider in providers}
    for vendor in found.values():
        known.setdefault(vendor.provider, Provider.model_validate(provider_table({"name": vendor.provider})))
        hop = f"{vendor.provider}:{vendor.model}"
        before = seated.get(vendor.member)
        route = (hop, *before.route) if before else (hop,)
        seated[vendor.member] = MemberSettings(name=vendor.member, route=route)
    for name, vendor in VENDORS.items():
        member = seated.get(vendor.member)
        if member is None:
            continue
        if not _enabled(name, environ):
            del seated[vendor.member]
        elif weight := environ.get(f"{name}_WEIGHT", "").strip():
            seated[vendor.member] = member.model_copy(update={"weight": _weight(f"{name}_WEIGHT", weight)})
    return tuple(seated.values()), tuple(known.values())


def _enabled(name: str, environ: Mapping[str, str]) -> bool:
    said = environ.get(f"{name}_ENABLED", "").strip().lower()
    if said and said not in _YES | _NO:
        raise ConfigError(f"The environment variable {name}_ENABLED must be true or false.")
    return said not in _NO


def _weight(variable: str, said: str) -> Decimal:
    try:
        weight = Decimal(said)
    except InvalidOperation:
        weight = Decimal(-1)
    if not weight.is_finite() or not 0 <= weight <= 1:
        raise ConfigError(f"The environment variable {variable} must be a number from 0 to 1, such as 0.9.")
    return weight
