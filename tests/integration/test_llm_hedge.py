"""A second request for an answer that takes too long, against a loopback endpoint and the machine's clock."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from decimal import Decimal
from typing import Any

import pytest

from core.clock import SystemClock
from core.config.members import MemberSettings
from core.config.providers import Provider, ProviderKey
from core.config.secret import SecretRef
from core.config.settings import Budget, HealthSettings, Pipeline, Settings
from core.domain.errors import ModelFailure
from core.llm.gateway import Gateway
from core.llm.port import Ask, Message
from tests.loopback import model_replies as say
from tests.loopback.model_server import ModelServer

ENVIRON = {"KEY_ONE": "made-up-secret-one-1234", "KEY_TWO": "made-up-secret-two-5678"}
ASK = Ask(messages=(Message(role="user", content="Buy or sell?"),), max_output_tokens=100)
MEMBER = MemberSettings(
    name="claude",
    route=("loopback:claude-x", "loopback:claude-y"),
    price_in_usd_per_mtok=Decimal(3),
    price_out_usd_per_mtok=Decimal(15),
    max_concurrency=32,
)
Build = Callable[..., Gateway]


@pytest.fixture
async def server() -> AsyncIterator[ModelServer]:
    async with ModelServer() as running:
        yield running


@pytest.fixture
async def gateway_of(server: ModelServer) -> AsyncIterator[Build]:
    opened: list[Gateway] = []

    def build(*, hedge: bool = True, **pipeline: Any) -> Gateway:
        keys = tuple(
            ProviderKey(name=name, secret=SecretRef(f"env:KEY_{name.upper()}")) for name in ("one", "two")
        )
        gateway = Gateway(
            Settings(
                providers=(Provider(name="loopback", base_url=server.base_url, keys=keys, timeout_s=20.0),),
                health=HealthSettings(hedge=hedge),
                pipeline=Pipeline(base_delay_s=0.01, **pipeline),
                budget=Budget(per_run_usd=Decimal(10)),
            ),
            environ=ENVIRON,
            clock=SystemClock(),
            rng=random.Random(1),
        )
        opened.append(gateway)
        return gateway

    yield build
    for gateway in opened:
        await gateway.close()


async def practised(gateway: Gateway, member: MemberSettings = MEMBER) -> None:
    """Ask often enough for the usual time to be known."""
    model = gateway.model_for(member)
    await asyncio.gather(*(model.ask(ASK) for _ in range(20)))


async def asked(gateway: Gateway, member: MemberSettings = MEMBER) -> Any:
    async with asyncio.timeout(10):
        return await gateway.model_for(member, scopes=("run:1",)).ask(ASK)


async def test_before_the_usual_time_is_known_nothing_is_asked_twice(
    server: ModelServer, gateway_of: Build
) -> None:
    gateway = gateway_of()
    server.say_next("claude-x", lambda request: say.Reply(say.filled()(request).body, delay_s=0.3))
    assert (await asked(gateway)).served_by.model == "claude-x"
    assert len(server.requests) == 1


async def test_the_next_hop_of_the_family_answers_in_place_of_one_that_hangs_and_both_are_paid(
    server: ModelServer, gateway_of: Build
) -> None:
    gateway = gateway_of()
    await practised(gateway)
    server.say_next("claude-x", say.hangs())
    plain = await gateway.model_for(MEMBER.model_copy(update={"route": ("loopback:claude-y",)})).ask(ASK)

    answer = await asked(gateway)

    assert answer.served_by.model == "claude-y"
    assert answer.spend.calls == 2
    assert answer.spend.cost_usd == plain.spend.cost_usd * 2
    assert await gateway.budget.spent("run:1") == answer.spend.cost_usd
    assert await gateway.budget.reserved("run:1") == 0
    await asyncio.wait_for(server.until_closed_early(), 2)


async def test_another_family_is_not_asked_in_its_place_but_another_key(
    server: ModelServer, gateway_of: Build
) -> None:
    member = MEMBER.model_copy(update={"route": ("loopback:claude-x", "loopback:gpt-5")})
    gateway = gateway_of()
    await practised(gateway, member)
    server.requests.clear()
    server.say_next("claude-x", say.hangs())

    assert (await asked(gateway, member)).served_by.model == "claude-x"
    assert [request.model for request in server.requests] == ["claude-x", "claude-x"]
    assert len({request.key for request in server.requests}) == 2


async def test_a_first_answer_that_comes_after_all_counts_if_it_is_the_quicker(
    server: ModelServer, gateway_of: Build
) -> None:
    gateway = gateway_of()
    await practised(gateway)
    gate = asyncio.Event()
    server.say_next("claude-x", say.held(say.filled(), gate))
    server.say_next("claude-y", say.hangs())
    asking = asyncio.create_task(asked(gateway))
    await asyncio.wait_for(server.until_asked(22), 10)
    gate.set()
    answer = await asking

    assert (answer.served_by.model, answer.spend.calls) == ("claude-x", 2)
    assert await gateway.budget.spent("run:1") == answer.spend.cost_usd


async def test_a_second_request_that_fails_leaves_the_first_its_time(
    server: ModelServer, gateway_of: Build
) -> None:
    gateway = gateway_of(max_retries=0)
    await practised(gateway)
    gate = asyncio.Event()
    server.say_next("claude-x", say.held(say.filled(), gate))
    server.say_next("claude-y", say.server_error())
    asking = asyncio.create_task(asked(gateway))
    await asyncio.wait_for(server.until_asked(22), 10)
    await asyncio.sleep(0.05)
    gate.set()
    answer = await asking

    assert answer.served_by.model == "claude-x"


async def test_when_both_fail_the_reason_is_the_first_ones_and_the_route_goes_on(
    server: ModelServer, gateway_of: Build
) -> None:
    gateway = gateway_of(max_retries=0)
    await practised(gateway)
    gate = asyncio.Event()
    server.say_next("claude-x", say.held(say.server_error(), gate))
    server.always("claude-y", say.refused(404, "no such model"))
    asking = asyncio.create_task(asked(gateway))
    await asyncio.wait_for(server.until_asked(22), 5)
    gate.set()

    with pytest.raises(ModelFailure, match=r"claude-x .*500.*claude-y .*no such model"):
        await asking


async def test_without_hedging_one_request_is_waited_for(server: ModelServer, gateway_of: Build) -> None:
    gateway = gateway_of(hedge=False)
    await practised(gateway)
    server.requests.clear()
    server.say_next("claude-x", lambda request: say.Reply(say.filled()(request).body, delay_s=0.4))

    assert (await asked(gateway)).spend.calls == 1
    assert len(server.requests) == 1


async def test_who_goes_away_leaves_no_request_behind(server: ModelServer, gateway_of: Build) -> None:
    gateway = gateway_of()
    await practised(gateway)
    server.always("claude-x", say.hangs())
    server.always("claude-y", say.hangs())
    asking = asyncio.create_task(asked(gateway))
    await asyncio.wait_for(server.until_asked(22), 5)

    asking.cancel()
    await asyncio.wait([asking])

    await asyncio.wait_for(server.until_closed_early(2), 2)
    assert await gateway.budget.reserved("run:1") == 0
