"""Keys that rest, are refused or without credit, and what all processes know of them."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from core.clock import ManualClock
from core.config.providers import ProviderKey
from core.config.secret import SecretRef
from core.domain.errors import (
    AuthenticationFailed,
    JunkAnswer,
    ModelFailure,
    ModelRateLimited,
    OutOfCredit,
    RouteDown,
)
from core.domain.provider_health import Condition, KeyCondition
from core.llm.port import Ask
from core.llm.states import KeptInMemory
from core.store.store import Store
from tests.keys_scene import (
    ASK,
    ENVIRON,
    EVENING,
    MEMBER,
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


async def test_a_key_that_is_told_to_slow_down_rests_and_another_is_asked_at_once(
    models: ModelServer, gateway_of: Build
) -> None:
    clock = ManualClock(EVENING)
    models.default = by_key(one=say.rate_limited("30"))
    gateway = gateway_of(key("one"), key("two"), clock=clock)
    answer = await gateway.model_for(MEMBER).ask(ASK)
    assert (answer.served_by.key, answer.spend.calls, clock.slept) == ("two", 2, [])
    assert await served_by(gateway) == "two"
    clock.advance(30)
    models.default = say.filled()
    assert await served_by(gateway) == "one"


async def test_when_all_rest_the_retry_waits_for_the_first_that_may_be_asked(
    models: ModelServer, gateway_of: Build
) -> None:
    clock = ManualClock(EVENING)
    models.say_next("claude-x", say.rate_limited("50"), say.rate_limited("20"))
    gateway = gateway_of(key("one"), key("two"), clock=clock)
    assert await served_by(gateway) == "two"
    assert clock.slept == [20]


async def test_a_key_that_is_not_told_how_long_rests_longer_each_time(
    models: ModelServer, gateway_of: Build
) -> None:
    clock = ManualClock(EVENING)
    models.always("claude-x", say.rate_limited())
    gateway = gateway_of(key("one"), clock=clock)
    with pytest.raises(ModelRateLimited):
        await served_by(gateway)
    (provider,) = await gateway.health()
    assert provider.keys[0].until == clock.now() + timedelta(seconds=4)
    assert len(models.requests) == 3


async def test_a_key_without_credit_is_out_for_that_model_until_midnight(
    models: ModelServer, gateway_of: Build
) -> None:
    clock = ManualClock(EVENING)
    models.say_next("claude-x", say.out_of_credit())
    gateway = gateway_of(key("one"), clock=clock)
    with pytest.raises(OutOfCredit):
        await served_by(gateway)
    with pytest.raises(OutOfCredit, match=r"one …0234 is out of credit .*until 2026-11-21 00:00 UTC"):
        await served_by(gateway)
    assert len(models.requests) == 1
    cheaper = MEMBER.model_copy(update={"route": ("loopback:claude-free",)})
    assert await served_by(gateway, member=cheaper) == "one"
    clock.advance(4 * 3600)
    assert await served_by(gateway) == "one"


async def test_a_provider_may_say_when_credit_is_renewed(models: ModelServer, gateway_of: Build) -> None:
    clock = ManualClock(EVENING)
    models.say_next("claude-x", say.refused(402, "limit", {"Retry-After": "600"}))
    gateway = gateway_of(key("one"), clock=clock)
    with pytest.raises(OutOfCredit):
        await served_by(gateway)
    clock.advance(600)
    assert await served_by(gateway) == "one"


async def test_a_key_that_is_refused_in_mid_run_is_replaced_at_once_and_used_no_more(
    models: ModelServer, gateway_of: Build
) -> None:
    gateway = gateway_of(key("one"), key("two"))
    model = gateway.model_for(MEMBER)
    await model.ask(ASK)
    models.default = by_key(one=say.echoes_key(), two=say.filled())
    models.requests.clear()
    assert [(await model.ask(ASK)).served_by.key for _ in range(4)] == ["two"] * 4
    assert keys_asked(models).count("one") <= 1
    model = gateway.model_for(MEMBER)
    await asyncio.gather(*(model.ask(ASK) for _ in range(6)))
    assert await conditions(gateway) == {"one": KeyCondition.REFUSED, "two": KeyCondition.USABLE}
    (provider,) = await gateway.health()
    assert provider.condition is Condition.DEGRADED
    assert ENVIRON["KEY_ONE"] not in repr(provider)


async def test_a_refused_key_comes_back_with_another_secret_or_when_it_was_checked(
    models: ModelServer, gateway_of: Build
) -> None:
    states = KeptInMemory()
    models.keys = {ENVIRON["KEY_TWO"], "made-up-new-secret-5678"}
    gateway = gateway_of(key("one"), states=states)
    with pytest.raises(AuthenticationFailed):
        await served_by(gateway)
    await gateway.notes.written()
    with pytest.raises(
        AuthenticationFailed, match="no key of loopback can be used now: one …0234 was refused"
    ):
        await served_by(gateway_of(key("one"), states=states))
    assert len(models.requests) == 1

    renewed = gateway_of(key("one"), states=states, environ={"KEY_ONE": "made-up-new-secret-5678"})
    assert await served_by(renewed) == "one"

    models.keys.add(ENVIRON["KEY_ONE"])
    again = gateway_of(key("one"), states=states, clock=ManualClock(EVENING + timedelta(seconds=5)))
    await again.probe(again._providers["loopback"])
    assert await served_by(again) == "one"


async def test_a_model_that_a_key_may_not_use_takes_the_key_from_no_other_model(
    models: ModelServer, gateway_of: Build
) -> None:
    clock = ManualClock(EVENING)
    models.say_next("claude-x", say.refused(403, "no access to this model"))
    gateway = gateway_of(key("one"), clock=clock)
    with pytest.raises(AuthenticationFailed):
        await served_by(gateway)
    with pytest.raises(AuthenticationFailed, match="was refused for claude-x"):
        await served_by(gateway)
    other = MEMBER.model_copy(update={"route": ("loopback:claude-y",)})
    assert await served_by(gateway, member=other) == "one"
    clock.advance(3600)
    assert await served_by(gateway) == "one"


async def test_a_prompt_that_moderation_refuses_takes_no_key_out(
    models: ModelServer, gateway_of: Build
) -> None:
    models.say_next("claude-x", say.refused(403, "Your input was flagged by moderation"))
    gateway = gateway_of(key("one"))
    with pytest.raises(ModelFailure):
        await served_by(gateway)
    assert await conditions(gateway) == {"one": KeyCondition.USABLE}


async def test_two_processes_share_a_rest_and_it_survives_a_restart(
    models: ModelServer, gateway_of: Build, store: Store, clock: ManualClock
) -> None:
    other = Store(store.database)
    models.say_next("claude-x", say.rate_limited("40"))
    first = gateway_of(key("one"), key("two"), states=store.providers, clock=clock)
    second = gateway_of(key("one"), key("two"), states=other.providers, clock=clock)
    await second.health()
    assert await served_by(first) == "two"
    await first.notes.written()

    clock.advance(1)
    assert [await served_by(second) for _ in range(2)] == ["two", "two"]
    restarted = gateway_of(key("one"), key("two"), states=store.providers, clock=clock)
    assert await served_by(restarted) == "two"
    clock.advance(39)
    assert {await served_by(restarted) for _ in range(2)} == {"one", "two"}


async def test_what_is_kept_of_a_key_holds_no_part_of_its_secret(
    models: ModelServer, gateway_of: Build, store: Store, clock: ManualClock
) -> None:
    models.always("claude-x", say.echoes_key())
    gateway = gateway_of(key("one"), states=store.providers, clock=clock)
    with pytest.raises(AuthenticationFailed):
        await served_by(gateway)
    await gateway.notes.written()
    ((state,), routes) = await store.providers.read()
    assert (state.condition, state.key, routes) == (KeyCondition.REFUSED, "one", ())
    assert ENVIRON["KEY_ONE"] not in state.model_dump_json()
    assert ENVIRON["KEY_ONE"][-4:] not in state.mark


async def test_a_route_is_tried_with_the_next_key_and_where_it_is_left_alone(
    models: ModelServer, gateway_of: Build
) -> None:
    models.default = by_key(one=say.echoes_key())
    gateway = gateway_of(key("one"), key("two"))
    for _ in range(5):
        ticket = gateway._breaker("loopback", "claude-x").force()
        gateway._clock.advance(5)  # type: ignore[attr-defined]
        gateway._breaker("loopback", "claude-x").failed(ticket, "loopback:claude-x was away")
    with pytest.raises(RouteDown, match="claude's only route loopback:claude-x has been down since"):
        await served_by(gateway)

    answer = await gateway.trial_of(MEMBER, "loopback:claude-x").ask(ASK)

    assert (answer.served_by.key, answer.spend.calls) == ("two", 2)
    assert await served_by(gateway) == "two"


async def test_a_local_provider_whose_key_is_not_there_is_asked_without_and_nothing_is_noted(
    models: ModelServer, gateway_of: Build
) -> None:
    models.say_next("claude-x", say.refused(401))
    gateway = gateway_of(ProviderKey(name="unset", secret=SecretRef("env:UNSET")), local=True)
    with pytest.raises(AuthenticationFailed):
        await served_by(gateway)
    assert await served_by(gateway) == ""


async def test_junk_says_nothing_good_of_a_key(models: ModelServer, gateway_of: Build) -> None:
    gateway = gateway_of(key("one"))
    (opened,) = (
        gateway._secrets.opened(provider, one)
        for provider in gateway._providers.values()
        for one in provider.keys
    )
    models.say_next("claude-x", say.junk())
    model = gateway.model_for(MEMBER)

    async def refused_meanwhile(ask: Ask) -> None:
        with pytest.raises(JunkAnswer):
            await model.ask(ask)

    asking = asyncio.create_task(refused_meanwhile(ASK))
    await models.until_asked()
    gateway._keyring.refuse(opened, "loopback:claude-x refused the request (401)")
    await asking
    assert await conditions(gateway) == {"one": KeyCondition.REFUSED}


async def test_a_store_that_fails_is_in_nobodys_way(models: ModelServer, gateway_of: Build) -> None:
    class Broken(KeptInMemory):
        async def read(self) -> Any:
            raise TimeoutError

        async def keep_key(self, state: object) -> None:
            raise TimeoutError

    models.default = by_key(one=say.rate_limited("30"))
    gateway = gateway_of(key("one"), key("two"), states=Broken())
    assert [await served_by(gateway) for _ in range(3)] == ["two"] * 3
