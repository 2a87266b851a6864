"""The names of what a call counts against, and the limit that the configuration sets on each.

A scope is text such as `run:4f7k2m9q`, `day:2026-11-21`, `chat:telegram:-100:2026-11-21`,
`tier:premium:2026-11-21` or `key:openrouter:main:2026-11-21`. Days are those of the arena's time zone.
"""

from collections.abc import Callable
from datetime import date
from decimal import Decimal

from core.config.settings import Settings


def run_scope(run_id: str) -> str:
    """Name one run."""
    return f"run:{run_id}"


def day_scope(day: date) -> str:
    """Name everything that one day costs."""
    return f"day:{day.isoformat()}"


def chat_scope(chat_id: str, day: date) -> str:
    """Name what one chat, such as `telegram:-100123`, costs in a day."""
    return f"chat:{chat_id}:{day.isoformat()}"


def chat_of(scope: str) -> str | None:
    """Return the chat of which `chat_scope` named a day, or None for any other scope."""
    kind, _, rest = scope.partition(":")
    return rest.rpartition(":")[0] if kind == "chat" else None


def tier_scope(tier: str, day: date) -> str:
    """Name what the members of a tier cost in a day."""
    return f"tier:{tier}:{day.isoformat()}"


def key_scope(provider: str, key: str, day: date) -> str:
    """Name what one key of a provider costs in a day."""
    return f"key:{provider}:{key}:{day.isoformat()}"


def season_scope(season: str) -> str:
    """Name everything that a replay costs."""
    return f"season:{season}"


def in_words(scope: str) -> str:
    """Return a scope for people: "for this run", "of the key main for the day"."""
    kind, _, rest = scope.partition(":")
    match kind:
        case "run":
            return "for this run"
        case "season":
            return "of this replay"
        case "day":
            return "for the day"
        case "chat":
            return "of this chat for the day"
        case "tier":
            return f"of the tier {rest.rpartition(':')[0]} for the day"
        case "key":
            return f"of the key {rest.rpartition(':')[0].partition(':')[2]} for the day"
        case _:
            return f"for {scope}"


def limits_of(settings: Settings) -> Callable[[str], Decimal | None]:
    """Return the look-up from a scope to its limit in USD; None where the configuration sets none."""
    budget = settings.budget
    tiers: dict[str, Decimal] = {str(tier): limit for tier, limit in budget.tiers.items()}
    keys = {
        f"{provider.name}:{key.name}": key.daily_usd
        for provider in settings.providers
        for key in provider.keys
    }

    def limit_of(scope: str) -> Decimal | None:
        kind, _, rest = scope.partition(":")
        owner = rest.rpartition(":")[0]
        match kind:
            case "run":
                return budget.per_run_usd
            case "day":
                return budget.daily_usd
            case "chat":
                return budget.per_chat_daily_usd
            case "tier":
                return tiers.get(owner)
            case "key":
                return keys.get(owner)
            case _:
                return None

    return limit_of
