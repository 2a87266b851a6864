"""What has been spent on the arena's present day, as the record of calls knows it."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from zoneinfo import ZoneInfo

from core.clock import Clock
from core.config import Settings
from core.llm.scopes import (
    chat_scope,
    day_bounds,
    day_scope,
    key_scope,
    person_scope,
    tier_scope,
    tokens_scope,
)
from core.store.call_rows import Spent
from core.store.store import Store


def limits_a_day(settings: Settings) -> bool:
    """Say whether anything that counts by the day has a limit."""
    budget = settings.budget
    keys = (key for provider in settings.providers for key in provider.keys)
    return bool(
        budget.daily_usd
        or budget.per_chat_daily_usd
        or budget.per_person_daily_usd
        or budget.tiers
        or any(key.daily_usd or key.daily_tokens for key in keys)
    )


async def spent_today(settings: Settings, store: Store, clock: Clock) -> dict[str, Decimal]:
    """Return what each scope of the day has spent, in USD, or in tokens where its name says so."""
    zone = ZoneInfo(settings.arena.timezone)
    today = clock.now().astimezone(zone).date()
    midnight, _ = day_bounds(today, zone)
    spent: dict[str, Decimal] = {}
    for one in await store.calls.spent_since(midnight):
        for scope, amount in _amounts(one, today):
            spent[scope] = spent.get(scope, Decimal(0)) + amount
    return spent


def _amounts(one: Spent, today: date) -> Iterator[tuple[str, Decimal]]:
    """Give every scope of the day that calls count in, and what they add to it."""
    yield day_scope(today), one.cost_usd
    if one.chat:
        yield chat_scope(one.chat, today), one.cost_usd
    if one.person:
        yield person_scope(one.person, today), one.cost_usd
    if one.tier:
        yield tier_scope(one.tier, today), one.cost_usd
    if one.key:
        yield key_scope(one.provider, one.key, today), one.cost_usd
        yield tokens_scope(one.provider, one.key, today), Decimal(one.tokens)
