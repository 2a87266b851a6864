"""How all providers are, for people: from the notes on their keys and the breakers of their routes."""

from collections.abc import Callable, Iterable, Iterator, Sequence

from core.config.providers import Provider, ProviderKey
from core.config.settings import Settings
from core.domain.provider_health import (
    Condition,
    KeyCondition,
    KeyHealth,
    KeyState,
    ProviderHealth,
    RouteHealth,
)
from core.llm.breaker import Breaker
from core.llm.keyring import Keyring, Opened

Open = Callable[[Provider, ProviderKey], Opened | None]
Break = Callable[[str, str], Breaker]


def overview(
    settings: Settings, open_key: Open, keyring: Keyring, breaker: Break
) -> tuple[ProviderHealth, ...]:
    """Return how every provider is to which an enabled member is routed, in the configured order."""
    routed: dict[str, dict[str, list[str]]] = {}
    for member in settings.members:
        for hop in member.hops if member.enabled else ():
            provider, _, model = hop.partition(":")
            routed.setdefault(provider, {}).setdefault(model, []).append(member.name)
    return tuple(
        _provider(one, routed[one.name], open_key, keyring, breaker)
        for one in settings.providers
        if one.name in routed
    )


def down_hops(health: tuple[ProviderHealth, ...], breakers: Iterable[Breaker]) -> frozenset[str]:
    """Return each `provider:model id` that is known not to answer now; one that may be tried is not in it."""
    told = {
        f"{provider.name}:{route.model}"
        for provider in health
        for route in provider.routes
        if route.condition is Condition.DOWN and route.breaker != "half_open"
    }
    return frozenset(told | {f"{one.provider}:{one.model}" for one in breakers if one.state == "open"})


def _provider(
    provider: Provider, models: dict[str, list[str]], open_key: Open, keyring: Keyring, breaker: Break
) -> ProviderHealth:
    keys = [(key, open_key(provider, key)) for key in provider.keys]
    shown = tuple(found for key, opened in keys for found in _key(provider, key, opened, keyring))
    routes = tuple(
        _with_keys(breaker(provider.name, model).health(tuple(members)), provider, keys, keyring)
        for model, members in models.items()
    )
    return _whole(provider, shown, routes)


def _key(
    provider: Provider, key: ProviderKey, opened: Opened | None, keyring: Keyring
) -> Iterator[KeyHealth]:
    """Yield how a key is, and one more for each model that it is refused for."""
    if opened is None:
        reason = f"{key.secret} cannot be read"
        yield KeyHealth(name=key.name, shown=key.name, condition=KeyCondition.UNREADABLE, reason=reason)
        return
    standing = keyring.standing(provider.name, key.name)
    use = {"calls_today": keyring.used_today(provider.name, key.name), "under_way": standing.under_way}
    note = keyring.in_the_way(opened, "")
    if note is not None:
        yield _noted(opened, note).model_copy(update=use)
    elif standing.spent_on == keyring.today():
        spent = KeyCondition.SPENT
        yield KeyHealth(name=key.name, shown=opened.shown, condition=spent, reason=standing.spent).model_copy(
            update=use
        )
    else:
        yield KeyHealth(name=key.name, shown=opened.shown, condition=KeyCondition.USABLE).model_copy(
            update=use
        )
    for place, name, model in keyring.notes.keys:
        if model and (place, name) == (provider.name, key.name):
            note = keyring.in_the_way(opened, model)
            if note is not None and note.model:
                yield _noted(opened, note)


def _noted(opened: Opened, note: KeyState) -> KeyHealth:
    return KeyHealth(
        name=opened.name,
        shown=opened.shown,
        condition=note.condition,
        model=note.model,
        since=note.since,
        until=note.until,
        reason=note.reason,
    )


def _with_keys(
    route: RouteHealth,
    provider: Provider,
    keys: Sequence[tuple[ProviderKey, Opened | None]],
    keyring: Keyring,
) -> RouteHealth:
    """Return a route as it is with what stands against the keys that serve it."""
    if not (provider.enabled and provider.model(route.model).enabled):
        return route.model_copy(update={"condition": Condition.DOWN, "reason": "it is switched off"})
    fitting = [opened for key, opened in keys if not key.models or route.model in key.models]
    if route.condition is Condition.DOWN or (not fitting and provider.local):
        return route
    if not any(fitting):
        reason = "none of its keys can be read" if fitting else "no key serves it"
        return route.model_copy(update={"condition": Condition.DOWN, "reason": reason})
    notes = [keyring.in_the_way(opened, route.model) for opened in fitting if opened]
    standing = [note for note in notes if note is not None]
    if standing and len(standing) == len(notes):
        since = max(note.since for note in standing)
        known = [note.until for note in standing if note.until]
        reason = "none of its keys can be used: " + "; ".join(dict.fromkeys(note.reason for note in standing))
        down = {
            "condition": Condition.DOWN,
            "since": since,
            "until": min(known, default=None),
            "reason": reason,
        }
        return route.model_copy(update=down)
    if standing and route.condition is Condition.HEALTHY:
        since = min(note.since for note in standing)
        reason = f"{len(standing)} of {len(fitting)} keys cannot be used"
        return route.model_copy(update={"condition": Condition.DEGRADED, "since": since, "reason": reason})
    return route


def _whole(
    provider: Provider, keys: tuple[KeyHealth, ...], routes: tuple[RouteHealth, ...]
) -> ProviderHealth:
    """Return a provider: down where all its routes are, degraded where one is not healthy."""
    troubled = [route for route in routes if route.condition is not Condition.HEALTHY]
    down = [route for route in troubled if route.condition is Condition.DOWN]
    condition = Condition.HEALTHY
    if troubled:
        condition = Condition.DOWN if len(down) == len(routes) else Condition.DEGRADED
    worst = next(iter(down or troubled), None)
    times = [route.since for route in troubled if route.since]
    return ProviderHealth(
        name=provider.name,
        condition=condition,
        since=min(times, default=None),
        reason=f"{worst.model}: {worst.reason}" if worst else "",
        keys=keys,
        routes=routes,
    )
