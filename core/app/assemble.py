"""The composition root: the one place where real parts are chosen and joined."""

import os
from collections.abc import Mapping

from core.app.app import App
from core.app.runs import Runs
from core.clock import Clock, SystemClock
from core.config import Settings
from core.llm.gateway import Gateway
from core.market.calendar import Calendar
from core.market.chain import build_chain
from core.pipeline.committee import Committee
from core.store.store import Store


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
        calendar = Calendar()
        prices = build_chain(settings, calendar, clock)
        spent = await store.runs.spent_since(clock.now().replace(hour=0, minute=0, second=0, microsecond=0))
        gateway = Gateway(settings, clock, environ=environ)
    except BaseException:
        await store.close()
        raise
    committee = Committee(settings, store, prices, calendar, gateway, clock)
    runs = Runs(committee, store, clock)
    return App(settings, clock, store=store, prices=prices, gateway=gateway, runs=runs)
