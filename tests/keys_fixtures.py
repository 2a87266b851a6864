"""A loopback provider, and gateways with keys to it."""

import random
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import pytest

from core.clock import ManualClock
from core.config.members import MemberSettings
from core.config.providers import Provider, ProviderKey
from core.config.settings import Pipeline, Settings
from core.llm.gateway import Gateway
from core.llm.states import KeyStates
from tests.keys_scene import ENVIRON, EVENING, MEMBER, Build
from tests.loopback.model_server import ModelServer


@pytest.fixture
async def gateway_of(models: ModelServer) -> AsyncIterator[Build]:
    opened: list[Gateway] = []

    def build(
        *keys: ProviderKey,
        states: KeyStates | None = None,
        clock: ManualClock | None = None,
        environ: dict[str, str] | None = None,
        spent: dict[str, Decimal] | None = None,
        member: MemberSettings = MEMBER,
        **provider: Any,
    ) -> Gateway:
        one = Provider(name="loopback", base_url=models.base_url, keys=keys, timeout_s=5.0, **provider)
        gateway = Gateway(
            Settings(providers=(one,), members=(member,), pipeline=Pipeline(max_retries=2, base_delay_s=1.0)),
            environ=ENVIRON | (environ or {}),
            clock=clock or ManualClock(EVENING),
            rng=random.Random(1),
            spent=spent,
            states=states,
        )
        opened.append(gateway)
        return gateway

    yield build
    for gateway in opened:
        await gateway.close()
