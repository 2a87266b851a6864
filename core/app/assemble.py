"""The composition root: the one place where real parts are chosen and joined."""

import os
from collections.abc import Mapping
from datetime import datetime, time
from decimal import Decimal
from zoneinfo import ZoneInfo

from core.app.app import App
from core.app.runs import Runs
from core.clock import Clock, SystemClock
from core.config import Settings
from core.llm.gateway import Gateway
from core.llm.scopes import chat_scope, day_scope, tier_scope
from core.market.calendar import MarketCalendar
from core.market.chain import build_chain
from core.pipeline.committee import Committee
from core.store.store import Store


async def spent_today(settings: Settings, store: Store, clock: Clock) -> dict[str, Decimal]:
    """Return what each budget scope of the arena's present day has spent, in USD, from the store."""
    now = clock.now().astimezone(ZoneInfo(settings.arena.timezone))
    tiers = {member.name: member.tier for member in settings.members}
    spent: dict[str, Decimal] = {}
    for member, chat, cost in await store.runs.spent_since(datetime.combine(now, time(), now.tzinfo)):
        tier = tiers.get(member)
        scopes = [day_scope(now.date()), chat_scope(chat, now.date())]
        for scope in [*scopes, tier_scope(tier, now.date())] if tier else scopes:
            spent[scope] = spent.get(scope, Decimal(0)) + cost
    return spent


async def open_app(
    settings: Settings, *, clock: Clock | None = None, environ: Mapping[str, str] | None = None
) -> App:
    """Open the arena that `settings` describe: migrate the store, seat the members, join the parts.

    Raises:
        StoreError: the database cannot be opened or is newer than this program.
        ConfigError: a part cannot be built from the settings.
    """
    clock = clock or SystemClock()
    environ = os.environ if environ is None else environ
    store = await Store.open(settings.store.url, clock)
    try:
        await store.members.seat([(m.name, m.kind, m.weight, m.route, m.enabled) for m in settings.members])
        calendar = MarketCalendar()
        prices = build_chain(settings, calendar, clock)
        spent = await spent_today(settings, store, clock)
        gateway = Gateway(settings, environ=environ, clock=clock, spent=spent)
    except BaseException:
        await store.close()
        raise
    committee = Committee(settings, store, prices, calendar, gateway, clock)
    runs = Runs(committee, store, clock)
    return App(
        settings, clock, store=store, prices=prices, gateway=gateway, runs=runs, keeper=committee.keeper
    )
