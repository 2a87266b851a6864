"""The composition root: the one place where real parts are chosen and joined."""

import os
from collections.abc import Mapping

from core.app.app import App
from core.app.replays import Replays
from core.app.runs import Runs
from core.clock import Clock, SystemClock
from core.config import Settings
from core.llm.gateway import Gateway
from core.market.calendar import MarketCalendar
from core.market.chain import build_chain
from core.pipeline.committee import Committee
from core.pipeline.importing import Importer
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
        calendar = MarketCalendar()
        prices = build_chain(settings, calendar, clock)
        gateway = Gateway(settings, environ=environ, clock=clock)
    except BaseException:
        await store.close()
        raise
    committee = Committee(settings, store, prices, calendar, gateway, clock)
    runs = Runs(committee, store, clock)
    return App(
        settings,
        clock,
        store=store,
        prices=prices,
        gateway=gateway,
        runs=runs,
        keeper=committee.keeper,
        replays=Replays(settings, store, calendar, gateway, clock),
        importer=Importer(settings, store, prices, calendar, committee.keeper, clock),
    )
