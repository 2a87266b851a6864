"""The names of what a call counts against, and the limit that the configuration sets on each.

A scope is text such as `run:4f7k2m9q`, `day:2026-11-21`, `chat:telegram:-100:2026-11-21`,
`person:slack:U0ALICE:2026-11-21`, `tier:premium:2026-11-21`, `key:openrouter:main:2026-11-21`,
`season:spring`, or, in tokens and not in USD, `tokens:openrouter:main:2026-11-21`. Days are those of the
arena's time zone.
"""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import lru_cache
from zoneinfo import ZoneInfo

from core.config.settings import Settings
from core.domain.budgets import Counts
from core.domain.calls import Call

_NOBODY = {"terminal", "replay"}
"""Whoever sits at the machine is no person of a chat, and has no person's limit."""


def run_scope(run_id: str) -> str:
    """Name one run."""
    return f"run:{run_id}"


def day_scope(day: date) -> str:
    """Name everything that one day costs."""
    return f"day:{day.isoformat()}"


def chat_scope(chat_id: str, day: date) -> str:
    """Name what one chat, such as `telegram:-100123`, costs in a day."""
    return f"chat:{chat_id}:{day.isoformat()}"


def person_scope(person: str, day: date) -> str:
    """Name what is spent in a day on what one person, such as `telegram:1001`, has asked for."""
    return f"person:{person}:{day.isoformat()}"


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


def tokens_scope(provider: str, key: str, day: date) -> str:
    """Name the tokens that one key of a provider uses in a day."""
    return f"tokens:{provider}:{key}:{day.isoformat()}"


def is_of_key(scope: str) -> bool:
    """Say whether it is a key's own limit, of USD or of tokens."""
    return scope.startswith(("key:", "tokens:"))


def season_scope(season: str) -> str:
    """Name everything that a replay costs."""
    return f"season:{season}"


def scopes_of(call: Call, day: date) -> tuple[str, ...]:
    """Return every scope that a call which began on `day` counts in."""
    caller = call.caller
    scopes = [day_scope(day)]
    if caller.chat:
        scopes.append(chat_scope(caller.chat, day))
    if caller.person:
        scopes.append(person_scope(caller.person, day))
    if caller.tier:
        scopes.append(tier_scope(caller.tier, day))
    if call.key:
        scopes += [key_scope(call.provider, call.key, day), tokens_scope(call.provider, call.key, day)]
    if caller.run_id:
        scopes.append(run_scope(caller.run_id))
    if caller.season:
        scopes.append(season_scope(caller.season))
    return tuple(scopes)


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
        case "person":
            return "of this person for the day"
        case "tier":
            return f"of the tier {rest.rpartition(':')[0]} for the day"
        case "key" | "tokens":
            return f"of the key {rest.rpartition(':')[0].partition(':')[2]} for the day"
        case _:
            return f"for {scope}"


@lru_cache(maxsize=1024)
def counts_of(scope: str, zone: ZoneInfo) -> Counts | None:
    """Return which calls count in a scope, or None where its name does not tell."""
    kind, _, rest = scope.partition(":")
    if kind == "run":
        return Counts(run_id=rest)
    if kind == "season":
        return Counts(season=rest)
    owner, _, day = rest.rpartition(":")
    try:
        since, until = day_bounds(date.fromisoformat(day), zone)
    except ValueError:
        return None
    within = Counts(since=since, until=until)
    provider, _, key = owner.partition(":")
    match kind:
        case "day":
            return within
        case "chat":
            return within._replace(chat=owner)
        case "person":
            return within._replace(person=owner)
        case "tier":
            return within._replace(tier=owner)
        case "key":
            return within._replace(provider=provider, key=key)
        case "tokens":
            return within._replace(provider=provider, key=key, tokens=True)
        case _:
            return None


def day_bounds(day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Return the first moment of a day and that of the next."""
    return (
        datetime.combine(day, time(), zone),
        datetime.combine(day + timedelta(days=1), time(), zone),
    )


def limits_of(settings: Settings) -> Callable[[str], Decimal | None]:
    """Return the look-up from a scope to its limit in USD or tokens; None where none is configured."""
    budget = settings.budget
    tiers: dict[str, Decimal] = {str(tier): limit for tier, limit in budget.tiers.items()}
    pairs = [(f"{one.name}:{key.name}", key) for one in settings.providers for key in one.keys]
    keys = {name: key.daily_usd for name, key in pairs}
    tokens = {name: Decimal(key.daily_tokens) for name, key in pairs if key.daily_tokens is not None}

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
            case "person":
                return None if owner in _NOBODY else budget.per_person_daily_usd
            case "tier":
                return tiers.get(owner)
            case "key":
                return keys.get(owner)
            case "tokens":
                return tokens.get(owner)
            case _:
                return None

    return limit_of
