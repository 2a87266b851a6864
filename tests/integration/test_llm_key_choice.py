"""Which of several keys serves a call: by purpose, use, budget and pace."""

import asyncio
from decimal import Decimal

import pytest

from core.clock import ManualClock
from core.config.providers import ProviderModel
from core.domain.errors import (
    AuthenticationFailed,
    BudgetExceeded,
    DoesNotFit,
    ModelFailure,
    TooManySteps,
)
from core.domain.provider_health import KeyCondition
from core.llm.port import Message
from tests.keys_scene import (
    ASK,
    EVENING,
    MEMBER,
    NAMES,
    Build,
    by_key,
    conditions,
    key,
    keys_asked,
    served_by,
)
from tests.loopback import model_replies as say
from tests.loopback.model_server import ModelServer

pytest_plugins = (
    "tests.arena_fixtures",
    "tests.storage",
    "tests.keys_fixtures",
)


async def test_the_least_used_key_is_chosen_and_a_busy_one_is_left_to_its_work(
    models: ModelServer, gateway_of: Build
) -> None:
    models.latency_s = 0.02
    gateway = gateway_of(*map(key, NAMES))
    await asyncio.gather(*(served_by(gateway) for _ in range(6)))
    assert sorted(keys_asked(models)) == sorted(NAMES * 2)


async def test_round_robin_takes_them_in_turn(models: ModelServer, gateway_of: Build) -> None:
    gateway = gateway_of(*map(key, NAMES), key_choice="round_robin")
    assert [await served_by(gateway) for _ in range(6)] == [*NAMES, *NAMES]


async def test_a_key_with_a_purpose_that_fits_goes_first_and_one_that_does_not_is_never_used(
    models: ModelServer, gateway_of: Build
) -> None:
    for purpose in ("premium", "claude", "Claude", "decision"):
        gateway = gateway_of(key("one"), key("two", purposes=("news",)), key("three", purposes=(purpose,)))
        asked = ASK.model_copy(update={"stage": "decision"})
        assert [await served_by(gateway, asked) for _ in range(3)] == ["three"] * 3
    gateway = gateway_of(key("one"), key("two", purposes=("news",)))
    assert {await served_by(gateway) for _ in range(4)} == {"one"}
    with pytest.raises(AuthenticationFailed, match="no key of provider loopback has a purpose that fits"):
        await served_by(gateway_of(key("two", purposes=("news",))))


async def test_a_key_for_fallbacks_serves_only_later_hops(models: ModelServer, gateway_of: Build) -> None:
    models.always("claude-x", say.refused(404))
    member = MEMBER.model_copy(update={"route": ("loopback:claude-x", "loopback:claude-y")})
    gateway = gateway_of(key("one"), key("two", purposes=("fallback",)))
    assert await served_by(gateway, member=member) == "two"
    assert keys_asked(models) == ["one", "two"]


async def test_when_the_keys_of_a_purpose_cannot_be_used_those_without_one_are(
    models: ModelServer, gateway_of: Build
) -> None:
    models.default = by_key(three=say.rate_limited("30"))
    gateway = gateway_of(key("one"), key("three", purposes=("premium",)))
    assert [await served_by(gateway) for _ in range(2)] == ["one", "one"]
    assert keys_asked(models) == ["three", "one", "one"]


async def test_a_key_whose_day_is_spent_is_passed_over(models: ModelServer, gateway_of: Build) -> None:
    keys = (key("one", daily_usd=Decimal(1)), key("two", daily_usd=Decimal(1)))
    gateway = gateway_of(*keys, spent={"key:loopback:one:2026-11-20": Decimal(1)})
    assert await served_by(gateway) == "two"
    assert await conditions(gateway) == {"one": KeyCondition.SPENT, "two": KeyCondition.USABLE}
    spent = {f"key:loopback:{name}:2026-11-20": Decimal(1) for name in ("one", "two")}
    with pytest.raises(BudgetExceeded):
        await served_by(gateway_of(*keys, spent=spent))


async def test_keys_whose_day_is_spent_take_none_of_a_runs_steps(
    models: ModelServer, gateway_of: Build
) -> None:
    poor = {f"key:loopback:{name}:2026-11-20": Decimal(1) for name in ("one", "two")}
    keys = (key("one", daily_usd=Decimal(1)), key("two", daily_usd=Decimal(1)), key("three"))
    gateway = gateway_of(*keys, spent=poor, key_choice="round_robin")
    model = gateway.model_for(MEMBER)
    assert [(await model.ask(ASK)).served_by.key for _ in range(30)] == ["three"] * 30
    with pytest.raises(TooManySteps):
        await model.ask(ASK)


async def test_a_budget_that_is_no_keys_own_takes_no_key_out_and_is_asked_for_once(
    models: ModelServer, gateway_of: Build
) -> None:
    gateway = gateway_of(key("one"), key("two"), spent={"run:1": Decimal(5)})
    gateway.budget.limit("run:1", Decimal(5))
    with pytest.raises(BudgetExceeded) as caught:
        await gateway.model_for(MEMBER, scopes=("run:1",)).ask(ASK)
    assert caught.value.scope == "run:1"
    assert (models.requests, await conditions(gateway)) == (
        [],
        {"one": KeyCondition.USABLE, "two": KeyCondition.USABLE},
    )
    (provider,) = await gateway.health()
    assert sum(found.calls_today for found in provider.keys) == 1


async def test_a_key_whose_minute_is_full_is_passed_over_for_one_that_may_start(
    models: ModelServer, gateway_of: Build
) -> None:
    clock = ManualClock(EVENING)
    gateway = gateway_of(key("one", rpm=1), key("two", rpm=3), clock=clock)
    assert [await served_by(gateway) for _ in range(4)].count("two") == 3
    assert clock.slept == []


async def test_what_is_switched_off_or_cannot_read_so_much_is_left_for_the_next_hop(
    models: ModelServer, gateway_of: Build
) -> None:
    member = MEMBER.model_copy(update={"route": ("loopback:off", "loopback:small", "loopback:claude-x")})
    models = (ProviderModel(id="off", enabled=False), ProviderModel(id="small", context_tokens=1024))
    gateway = gateway_of(key("one"), models=models)
    long = ASK.model_copy(update={"messages": (Message(role="user", content="Buy it now. " * 400),)})
    assert (await gateway.model_for(member).ask(long)).served_by.model == "claude-x"
    assert (await gateway.model_for(member).ask(ASK)).served_by.model == "small"
    alone = member.model_copy(update={"route": ("loopback:small",)})
    with pytest.raises(
        DoesNotFit, match="reads and writes 1,024 tokens at most, and this prompt of some 1,608"
    ):
        await gateway.model_for(alone).ask(long)
    with pytest.raises(ModelFailure, match="loopback:off is switched off"):
        await gateway.model_for(member.model_copy(update={"route": ("loopback:off",)})).ask(ASK)


async def test_a_model_and_a_provider_have_their_own_places(models: ModelServer, gateway_of: Build) -> None:
    models.latency_s = 0.02
    members = [
        MEMBER.model_copy(update={"name": f"m{number}", "route": (f"loopback:{model}",)})
        for number, model in enumerate(("a", "a", "a", "b", "b", "b"))
    ]
    gateway = gateway_of(key("one"), models=(ProviderModel(id="a", max_concurrency=1),), max_concurrency=2)
    await asyncio.gather(*(gateway.model_for(one).ask(ASK) for one in members))
    assert models.most_at_once == 2
    models.most_at_once = 0
    await asyncio.gather(*(gateway.model_for(one).ask(ASK) for one in members[:3]))
    assert models.most_at_once == 1
