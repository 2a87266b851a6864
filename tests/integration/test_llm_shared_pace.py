"""Two processes with one key on one database: together they keep to what the key may send in a minute."""

import asyncio
import random
from collections.abc import Awaitable, Sequence

import pytest

from core.config.providers import Provider
from core.config.settings import Pipeline, Settings
from core.llm.gateway import Gateway
from core.store.store import Store
from tests.keys_scene import ASK, ENVIRON, MEMBER, key
from tests.loopback.model_replies import Reply, filled
from tests.loopback.model_server import ModelRequest, ModelServer
from tests.loopback.patience import PATIENCE_S
from tests.shared_clock import SharedClock
from tests.store_values import START

pytest_plugins = ("tests.storage", "tests.arena_fixtures")

RPM = 10
EACH = 12


async def in_time(work: Sequence[Awaitable[object]], clock: SharedClock, models: ModelServer) -> None:
    """Let time pass until all is done; it stands while anything is on its way that waits for no clock."""
    tasks = [asyncio.ensure_future(one) for one in work]
    async with asyncio.timeout(PATIENCE_S):
        while left := [task for task in tasks if not task.done()]:
            if len(clock._sleepers) >= len(left):
                await clock.passing(0.5)
            else:
                await asyncio.sleep(0.001)
    for task in tasks:
        task.result()


@pytest.mark.parametrize("seed", [1, 2])
async def test_two_processes_never_send_more_in_a_minute_than_their_key_may(
    seed: int, url: str, models: ModelServer
) -> None:
    dice, clock, sent = random.Random(seed), SharedClock(START), list[float]()

    def heard(request: ModelRequest) -> Reply:
        sent.append(clock.monotonic())
        return filled()(request)

    models.default = heard
    provider = Provider(name="loopback", base_url=models.base_url, keys=(key("one", rpm=RPM),))
    settings = Settings(providers=(provider,), members=(MEMBER,), pipeline=Pipeline(max_retries=0))
    stores = [await Store.open(url, clock) for _ in range(2)]
    gateways = [
        Gateway(
            settings,
            environ=ENVIRON,
            clock=clock,
            states=one.providers,
            book=one.budgets,
            log=one.calls.log,
        )
        for one in stores
    ]

    async def ask(gateway: Gateway, after_s: float) -> None:
        await clock.sleep(after_s)
        await gateway.model_for(MEMBER).ask(ASK)

    asks = [ask(gateway, dice.choice([0, 50, 61]) + dice.random()) for gateway in gateways * EACH]
    try:
        await in_time(asks, clock, models)
    finally:
        for gateway in gateways:
            await gateway.close()
        for store in stores:
            await store.close()

    assert len(sent) == 2 * EACH
    for last in sent:
        assert len([at for at in sent if last - 60 < at <= last]) <= RPM
