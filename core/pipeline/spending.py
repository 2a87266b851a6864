"""What has been spent on the arena's present day, as the store knows it, for the budget to start from."""

from datetime import datetime, time
from decimal import Decimal
from zoneinfo import ZoneInfo

from core.clock import Clock
from core.config import Settings
from core.llm.scopes import chat_scope, day_scope, key_scope, tier_scope
from core.store.store import Store


def limits_a_day(settings: Settings) -> bool:
    """Say whether anything that counts by the day has a limit."""
    budget = settings.budget
    keys = (key for provider in settings.providers for key in provider.keys)
    return bool(
        budget.daily_usd or budget.per_chat_daily_usd or budget.tiers or any(key.daily_usd for key in keys)
    )


async def spent_today(settings: Settings, store: Store, clock: Clock) -> dict[str, Decimal]:
    """Return the USD of each scope with a daily limit: the day, its chats, tiers and keys."""
    now = clock.now().astimezone(ZoneInfo(settings.arena.timezone))
    midnight, today = datetime.combine(now, time(), now.tzinfo), now.date()
    tiers = {member.name: member.tier for member in settings.members}
    spent: dict[str, Decimal] = {}
    # Checks of stability are asked for at the terminal alone.
    checks = [(member, "terminal", cost) for member, cost in await store.stabilities.spent_since(midnight)]
    for member, chat, cost in [*await store.runs.spent_since(midnight), *checks]:
        tier = tiers.get(member)
        scopes = [day_scope(today), chat_scope(chat, today), *([tier_scope(tier, today)] if tier else [])]
        for scope in scopes:
            spent[scope] = spent.get(scope, Decimal(0)) + cost
    for (provider, key), cost in (await store.stages.spent_by_key_since(midnight)).items():
        spent[key_scope(provider, key, today)] = cost
    for member, served_by, cost in await store.reflections.spent_since(midnight):
        tier = tiers.get(member)
        scopes = [day_scope(today), *([tier_scope(tier, today)] if tier else [])]
        scopes += [key_scope(served_by.provider, served_by.key, today)] if served_by else []
        for scope in scopes:
            spent[scope] = spent.get(scope, Decimal(0)) + cost
    for member, chat, provider, key, cost in await store.asks.spent_since(midnight):
        tier = tiers.get(member)
        scopes = [day_scope(today), chat_scope(chat, today), *([tier_scope(tier, today)] if tier else [])]
        scopes += [key_scope(provider, key, today)] if key else []
        for scope in scopes:
            spent[scope] = spent.get(scope, Decimal(0)) + cost
    return spent
