"""Calls to models give way to people who wait for a first answer, over a real connection."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from core.config.members import MemberSettings
from core.config.providers import Provider
from core.config.settings import Pipeline, Settings
from core.courtesy import Courtesy
from core.domain.calls import Caller, Purpose
from core.llm.gateway import Gateway
from core.llm.port import Answer, Ask, Message
from tests.loopback.model_server import ModelServer
from tests.loopback.patience import PATIENCE_S

ASK = Ask(messages=(Message(role="user", content="Buy or sell?"),), max_output_tokens=100)
MEMBER = MemberSettings(name="claude", route=("loopback:claude-x",))
Asking = Callable[[Purpose], "asyncio.Task[Answer]"]


@pytest.fixture
async def server() -> AsyncIterator[ModelServer]:
    async with ModelServer() as running:
        yield running


@pytest.fixture
async def gateway(server: ModelServer) -> AsyncIterator[Gateway]:
    """One with a single place for all calls, and nobody who may wait without being given way to."""
    provider = Provider(name="loopback", base_url=server.base_url, local=True)
    gateway = Gateway(Settings(providers=(provider,), pipeline=Pipeline(max_concurrency=1)), environ={})
    gateway.courtesy = Courtesy(0, most_s=PATIENCE_S)
    yield gateway
    await gateway.close()


@pytest.fixture
def asking(gateway: Gateway) -> Asking:
    def ask(purpose: Purpose) -> "asyncio.Task[Answer]":
        return asyncio.create_task(gateway.model_for(MEMBER, caller=Caller(purpose=purpose)).ask(ASK))

    return ask


@pytest.mark.parametrize("waited_for", [Purpose.ASK, Purpose.CHECK])
async def test_a_call_that_somebody_waits_for_goes_before_those_of_runs_and_needs_no_place_of_theirs(
    server: ModelServer, gateway: Gateway, asking: Asking, waited_for: Purpose
) -> None:
    somebody = gateway.courtesy.came()
    calls = [asking(purpose) for purpose in (Purpose.RUN, Purpose.REFLECTION, waited_for)]
    await calls[-1]
    assert [call.done() for call in calls] == [False, False, True]
    assert len(server.requests) == 1
    somebody.over()
    await asyncio.gather(*calls)
    assert len(server.requests) == 3


async def test_where_nobody_waits_calls_of_runs_go_at_once(asking: Asking) -> None:
    await asyncio.gather(*(asking(Purpose.RUN) for _ in range(3)))
