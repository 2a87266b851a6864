"""What the gateway tells whoever measures: calls, retries, keys at rest, routes, looks into the cache."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from pydantic import BaseModel

from core.clock import ManualClock
from core.config.members import MemberSettings
from core.config.providers import Provider, ProviderKey
from core.config.secret import SecretRef
from core.config.settings import HealthSettings, Pipeline, Settings
from core.domain.calls import Call
from core.domain.errors import ModelFailure
from core.llm.answer_schema import answer_schema
from core.llm.gateway import Gateway
from core.llm.port import Ask, Message
from tests.loopback import model_replies as say
from tests.loopback.model_server import ModelServer

pytest_plugins = ("tests.storage",)


class Verdict(BaseModel):
    action: str


class Heard:
    """Keeps every fact in order."""

    def __init__(self) -> None:
        self.facts: list[tuple[Any, ...]] = []

    def __getattr__(self, name: str) -> Any:
        def hear(*args: Any, **named: Any) -> None:
            if name == "called":
                call: Call = args[0]
                args = (call.provider, call.model, call.outcome.value, call.from_cache)
            self.facts.append((name, *args, *named.values()))

        return hear


MEMBER = MemberSettings(name="claude", route=("loopback:claude-x",))
ASK = Ask(
    messages=(Message(role="user", content="Buy?"),),
    answer=answer_schema(Verdict),
    answer_type=Verdict,
    max_output_tokens=50,
    stage="market",
)


@pytest.fixture
async def server() -> AsyncIterator[ModelServer]:
    async with ModelServer() as running:
        yield running


def gateway_for(server: ModelServer, clock: ManualClock, heard: Heard, **health: Any) -> Gateway:
    key = ProviderKey(name="main", secret=SecretRef("env:LOOPBACK"))
    provider = Provider(name="loopback", base_url=server.base_url, keys=(key,))
    settings = Settings(
        providers=(provider,),
        members=(MEMBER,),
        pipeline=Pipeline(max_retries=1, base_delay_s=0.0),
        health=HealthSettings(**health),
    )
    return Gateway(settings, environ={"LOOPBACK": "made-up-0123456789"}, clock=clock, measures=heard)


async def test_a_call_its_retry_and_both_looks_into_the_cache_are_told(
    server: ModelServer, clock: ManualClock
) -> None:
    heard = Heard()
    gateway = gateway_for(server, clock, heard)
    server.say_next("claude-x", say.server_error(500), say.answers('{"action": "BUY"}'))
    model = gateway.model_for(MEMBER, cache_on="abc")
    answers = await asyncio.gather(model.ask(ASK), model.ask(ASK))
    assert [answer.text for answer in answers] == ['{"action": "BUY"}'] * 2
    await gateway.close()
    names = [fact[0] for fact in heard.facts]
    assert names.count("retried") == 1
    assert [fact[1:] for fact in heard.facts if fact[0] == "looked_up"] == [
        ("market", False),
        ("market", True),
    ]
    assert ("called", "loopback", "claude-x", "failed", False) in heard.facts
    assert ("called", "loopback", "claude-x", "answered", False) in heard.facts
    assert ("called", "loopback", "claude-x", "answered", True) in heard.facts


async def test_a_key_at_rest_is_told(server: ModelServer, clock: ManualClock) -> None:
    heard = Heard()
    gateway = gateway_for(server, clock, heard)
    server.always("claude-x", say.rate_limited("300"))
    with pytest.raises(ModelFailure):
        await gateway.model_for(MEMBER).ask(ASK)
    await gateway.close()
    assert ("cooled", "loopback", "main", 300.0) in heard.facts
    assert ("called", "loopback", "claude-x", "rate_limited", False) in heard.facts


async def test_a_route_that_opens_and_comes_back_is_told(server: ModelServer, clock: ManualClock) -> None:
    heard = Heard()
    gateway = gateway_for(server, clock, heard, failures=1, failing_s=0.0, open_s=10.0)
    server.say_next("claude-x", say.server_error(500), say.answers("well"))
    with pytest.raises(ModelFailure):
        await gateway.model_for(MEMBER).ask(ASK)
    assert await gateway.down() == {"loopback:claude-x"}
    clock.advance(11)
    assert await gateway.down() == frozenset()
    assert (await gateway.model_for(MEMBER).ask(ASK)).text == "well"
    await gateway.close()
    states = [fact[-1] for fact in heard.facts if fact[0] == "broke"]
    assert states == ["open", "half_open", "closed"]
