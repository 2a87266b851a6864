"""A short name for everything in the settings that changes what a run says."""

import hashlib
import json
from decimal import Decimal
from typing import Any

from core.config.settings import Settings

_DIGITS = 12


def config_hash(settings: Settings) -> str:
    """Return 12 hex digits of the SHA-256 over what shapes a run.

    That is the sections pipeline, members, consensus, trading and market, and `arena.strict`. References
    to secrets are left out, and numbers count by value, so `0.5` and `0.50` give the same digits.
    """
    shaping: dict[str, Any] = settings.model_dump(
        include={"pipeline", "members", "consensus", "trading", "market"},
        exclude={"market": {"alpha_vantage": {"key"}, "fred": {"key"}}},
    )
    for member in shaping["members"]:
        if not member["stages"]:
            # So that a configuration without them keeps the digits that it had before there were any.
            del member["stages"]
    shaping["strict"] = settings.arena.strict
    text = json.dumps(shaping, sort_keys=True, separators=(",", ":"), default=_number)
    return hashlib.sha256(text.encode()).hexdigest()[:_DIGITS]


def _number(value: object) -> str:
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    raise TypeError(f"a {type(value).__name__} in the settings has no canonical form")
