"""How models and keys are, as lines for people."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.digest_cards import Lines
from bot.present import numbers
from core.domain.provider_health import Condition, KeyCondition, KeyHealth, ProviderHealth, RouteHealth

MOST = 12
"""How many lines a section has; what is not well comes first."""
_LONGEST = 160
_ORDER = (Condition.DOWN, Condition.DEGRADED, Condition.HEALTHY)
_KEYS = {
    KeyCondition.USABLE: "usable",
    KeyCondition.RESTING: "rests, as it was told to slow down",
    KeyCondition.NO_CREDIT: "out of credit",
    KeyCondition.REFUSED: "refused",
    KeyCondition.SPENT: "spent its limit of today",
    KeyCondition.UNREADABLE: "cannot be read",
}


def provider_lines(providers: Sequence[ProviderHealth], zone: ZoneInfo, *, keys: bool) -> Iterator[Lines]:
    """Yield how the models are, and with `keys`, which are an admin's concern, how the keys are."""
    routes = [(one.name, route) for one in providers for route in one.routes]
    routes.sort(key=lambda found: _ORDER.index(found[1].condition))
    if routes:
        yield _lines("Models", [route_words(name, route, zone) for name, route in routes])
    found = [(one.name, key) for one in providers for key in one.keys]
    found.sort(key=lambda pair: pair[1].condition is KeyCondition.USABLE)
    if keys and found:
        yield _lines("Keys", [key_words(name, key, zone) for name, key in found])


def route_words(provider: str, route: RouteHealth, zone: ZoneInfo) -> str:
    """Return how a route is, in one line: "openrouter:openai/gpt-5: down since …: …"."""
    troubled = route.condition is not Condition.HEALTHY
    asked = route.calls or route.p50_ms is not None
    since = _since(route.since, zone) if troubled else ""
    again = f"; tried again {numbers.moment(route.until, zone)}" if troubled and route.until else ""
    latency = f" · half within {_seconds(route.p50_ms)}" if route.p50_ms is not None else ""
    latency += f", 19 of 20 within {_seconds(route.p95_ms)}" if latency and route.p95_ms is not None else ""
    reason = f": {_short(route.reason)}" if troubled and route.reason else ""
    state = str(route.condition) if troubled or asked else "healthy as far as is known"
    return f"{provider}:{route.model}: {state}{since}{reason}{again}{latency}"


def key_words(provider: str, key: KeyHealth, zone: ZoneInfo) -> str:
    """Return how a key is, in one line: "main …3f9a of openrouter: refused since …: …"."""
    until = f" until {numbers.moment(key.until, zone)}" if key.until else ""
    model = f" for {key.model}" if key.model else ""
    reason = f": {_short(key.reason)}" if key.reason else ""
    calls = f" · {key.calls_today} calls today" if key.calls_today else ""
    name = f"{key.shown} of {provider}"
    return f"{name}: {_KEYS[key.condition]}{model}{_since(key.since, zone)}{until}{reason}{calls}"


def _lines(title: str, lines: Sequence[str]) -> Lines:
    return Lines(title=title, lines=tuple(lines[:MOST]), more=max(len(lines) - MOST, 0))


def _since(at: datetime | None, zone: ZoneInfo) -> str:
    return f" since {numbers.moment(at, zone)}" if at else ""


def _seconds(milliseconds: int | None) -> str:
    return f"{(milliseconds or 0) / 1000:.1f} s"


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1].rstrip()}…"
