"""Several keys of one provider: which is used, which is passed over, and what is kept of it."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from core.clock import ManualClock
from core.config.members import MemberSettings
from core.config.providers import Provider, ProviderKey, ProviderModel
from core.config.secret import SecretRef
from core.config.settings import Pipeline, Settings
from core.domain.errors import (
    AuthenticationFailed,
    BudgetExceeded,
    DoesNotFit,
    JunkAnswer,
    ModelFailure,
    ModelRateLimited,
    OutOfCredit,
    RouteDown,
    TooManySteps,
)
from core.domain.provider_health import Condition, KeyCondition
from core.llm.gateway import Gateway
from core.llm.port import Ask, Message
from core.llm.states import KeptInMemory, KeyStates
from core.store.store import Store
from tests.loopback import model_replies as say
from tests.loopback.model_server import ModelServer

pytest_plugins = ("tests.storage",)

EVENING = datetime(2026, 11, 20, 20, 0, tzinfo=UTC)
NAMES = ("one", "two", "three")
ENVIRON = {f"KEY_{name.upper()}": f"made-up-secret-{name}-{number}234" for number, name in enumerate(NAMES)}
ASK = Ask(messages=(Message(role="user", content="Buy or sell?"),), max_output_tokens=100)
MEMBER = MemberSettings(name="claude", route=("loopback:claude-x",), tier="premium")
Build = Callable[..., Gateway]


def key(name: str, **more: Any) -> ProviderKey:
    return ProviderKey(name=name, secret=SecretRef(f"env:KEY_{name.upper()}"), **more)


@pytest.fixture
async def server() -> AsyncIterator[ModelServer]:
    async with ModelServer() as running:
        yield running


@pytest.fixture
async def gateway_of(server: ModelServer) -> AsyncIterator[Build]:
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
        one = Provider(name="loopback", base_url=server.base_url, keys=keys, timeout_s=5.0, **provider)
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


def keys_asked(server: ModelServer) -> list[str]:
    names = {secret: name.removeprefix("KEY_").lower() for name, secret in ENVIRON.items()}
    return [names.get(request.key, "?") for request in server.requests]


def by_key(**behaviours: say.Behaviour) -> say.Behaviour:
    """Each key is treated its own way; others get a good answer."""
    chosen = {ENVIRON[f"KEY_{name.upper()}"]: behaviour for name, behaviour in behaviours.items()}
    return lambda request: chosen.get(request.key, say.filled())(request)


async def served_by(gateway: Gateway, ask: Ask = ASK, member: MemberSettings = MEMBER) -> str:
    return (await gateway.model_for(member).ask(ask)).served_by.key


async def conditions(gateway: Gateway) -> dict[str, KeyCondition]:
    (provider,) = await gateway.health()
    return {found.name: found.condition for found in provider.keys}


async def test_the_least_used_key_is_chosen_and_a_busy_one_is_left_to_its_work(
    server: ModelServer, gateway_of: Build
) -> None:
    server.latency_s = 0.02
    gateway = gateway_of(*map(key, NAMES))
    await asyncio.gather(*(served_by(gateway) for _ in range(6)))
    assert sorted(keys_asked(server)) == sorted(NAMES * 2)


async def test_round_robin_takes_them_in_turn(server: ModelServer, gateway_of: Build) -> None:
    gateway = gateway_of(*map(key, NAMES), key_choice="round_robin")
    assert [await served_by(gateway) for _ in range(6)] == [*NAMES, *NAMES]


async def test_a_key_with_a_purpose_that_fits_goes_first_and_one_that_does_not_is_never_used(
    server: ModelServer, gateway_of: Build
) -> None:
    for purpose in ("premium", "claude", "Claude", "decision"):
        gateway = gateway_of(key("one"), key("two", purposes=("news",)), key("three", purposes=(purpose,)))
        asked = ASK.model_copy(update={"stage": "decision"})
        assert [await served_by(gateway, asked) for _ in range(3)] == ["three"] * 3
    gateway = gateway_of(key("one"), key("two", purposes=("news",)))
    assert {await served_by(gateway) for _ in range(4)} == {"one"}
    with pytest.raises(AuthenticationFailed, match="no key of provider loopback has a purpose that fits"):
        await served_by(gateway_of(key("two", purposes=("news",))))


async def test_a_key_for_fallbacks_serves_only_later_hops(server: ModelServer, gateway_of: Build) -> None:
    server.always("claude-x", say.refused(404))
    member = MEMBER.model_copy(update={"route": ("loopback:claude-x", "loopback:claude-y")})
    gateway = gateway_of(key("one"), key("two", purposes=("fallback",)))
    assert await served_by(gateway, member=member) == "two"
    assert keys_asked(server) == ["one", "two"]


async def test_when_the_keys_of_a_purpose_cannot_be_used_those_without_one_are(
    server: ModelServer, gateway_of: Build
) -> None:
    server.default = by_key(three=say.rate_limited("30"))
    gateway = gateway_of(key("one"), key("three", purposes=("premium",)))
    assert [await served_by(gateway) for _ in range(2)] == ["one", "one"]
    assert keys_asked(server) == ["three", "one", "one"]


async def test_a_key_that_is_told_to_slow_down_rests_and_another_is_asked_at_once(
    server: ModelServer, gateway_of: Build
) -> None:
    clock = ManualClock(EVENING)
    server.default = by_key(one=say.rate_limited("30"))
    gateway = gateway_of(key("one"), key("two"), clock=clock)
    answer = await gateway.model_for(MEMBER).ask(ASK)
    assert (answer.served_by.key, answer.spend.calls, clock.slept) == ("two", 2, [])
    assert await served_by(gateway) == "two"
    clock.advance(30)
    server.default = say.filled()
    assert await served_by(gateway) == "one"


async def test_when_all_rest_the_retry_waits_for_the_first_that_may_be_asked(
    server: ModelServer, gateway_of: Build
) -> None:
    clock = ManualClock(EVENING)
    server.say_next("claude-x", say.rate_limited("50"), say.rate_limited("20"))
    gateway = gateway_of(key("one"), key("two"), clock=clock)
    assert await served_by(gateway) == "two"
    assert clock.slept == [20]


async def test_a_key_that_is_not_told_how_long_rests_longer_each_time(
    server: ModelServer, gateway_of: Build
) -> None:
    clock = ManualClock(EVENING)
    server.always("claude-x", say.rate_limited())
    gateway = gateway_of(key("one"), clock=clock)
    with pytest.raises(ModelRateLimited):
        await served_by(gateway)
    (provider,) = await gateway.health()
    assert provider.keys[0].until == clock.now() + timedelta(seconds=4)
    assert len(server.requests) == 3


async def test_a_key_without_credit_is_out_for_that_model_until_midnight(
    server: ModelServer, gateway_of: Build
) -> None:
    clock = ManualClock(EVENING)
    server.say_next("claude-x", say.out_of_credit())
    gateway = gateway_of(key("one"), clock=clock)
    with pytest.raises(OutOfCredit):
        await served_by(gateway)
    with pytest.raises(OutOfCredit, match=r"one …0234 is out of credit .*until 2026-11-21 00:00 UTC"):
        await served_by(gateway)
    assert len(server.requests) == 1
    cheaper = MEMBER.model_copy(update={"route": ("loopback:claude-free",)})
    assert await served_by(gateway, member=cheaper) == "one"
    clock.advance(4 * 3600)
    assert await served_by(gateway) == "one"


async def test_a_provider_may_say_when_credit_is_renewed(server: ModelServer, gateway_of: Build) -> None:
    clock = ManualClock(EVENING)
    server.say_next("claude-x", say.refused(402, "limit", {"Retry-After": "600"}))
    gateway = gateway_of(key("one"), clock=clock)
    with pytest.raises(OutOfCredit):
        await served_by(gateway)
    clock.advance(600)
    assert await served_by(gateway) == "one"


async def test_a_key_that_is_refused_in_mid_run_is_replaced_at_once_and_used_no_more(
    server: ModelServer, gateway_of: Build
) -> None:
    gateway = gateway_of(key("one"), key("two"))
    model = gateway.model_for(MEMBER)
    await model.ask(ASK)
    server.default = by_key(one=say.echoes_key(), two=say.filled())
    server.requests.clear()
    assert [(await model.ask(ASK)).served_by.key for _ in range(4)] == ["two"] * 4
    assert keys_asked(server).count("one") <= 1
    model = gateway.model_for(MEMBER)
    await asyncio.gather(*(model.ask(ASK) for _ in range(6)))
    assert await conditions(gateway) == {"one": KeyCondition.REFUSED, "two": KeyCondition.USABLE}
    (provider,) = await gateway.health()
    assert provider.condition is Condition.DEGRADED
    assert ENVIRON["KEY_ONE"] not in repr(provider)


async def test_a_refused_key_comes_back_with_another_secret_or_when_it_was_checked(
    server: ModelServer, gateway_of: Build
) -> None:
    states = KeptInMemory()
    server.keys = {ENVIRON["KEY_TWO"], "made-up-new-secret-5678"}
    gateway = gateway_of(key("one"), states=states)
    with pytest.raises(AuthenticationFailed):
        await served_by(gateway)
    await gateway.notes.written()
    with pytest.raises(
        AuthenticationFailed, match="no key of loopback can be used now: one …0234 was refused"
    ):
        await served_by(gateway_of(key("one"), states=states))
    assert len(server.requests) == 1

    renewed = gateway_of(key("one"), states=states, environ={"KEY_ONE": "made-up-new-secret-5678"})
    assert await served_by(renewed) == "one"

    server.keys.add(ENVIRON["KEY_ONE"])
    again = gateway_of(key("one"), states=states, clock=ManualClock(EVENING + timedelta(seconds=5)))
    await again.probe(again._providers["loopback"])
    assert await served_by(again) == "one"


async def test_a_model_that_a_key_may_not_use_takes_the_key_from_no_other_model(
    server: ModelServer, gateway_of: Build
) -> None:
    clock = ManualClock(EVENING)
    server.say_next("claude-x", say.refused(403, "no access to this model"))
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
    server: ModelServer, gateway_of: Build
) -> None:
    server.say_next("claude-x", say.refused(403, "Your input was flagged by moderation"))
    gateway = gateway_of(key("one"))
    with pytest.raises(ModelFailure):
        await served_by(gateway)
    assert await conditions(gateway) == {"one": KeyCondition.USABLE}


async def test_a_key_whose_day_is_spent_is_passed_over(server: ModelServer, gateway_of: Build) -> None:
    keys = (key("one", daily_usd=Decimal(1)), key("two", daily_usd=Decimal(1)))
    gateway = gateway_of(*keys, spent={"key:loopback:one:2026-11-20": Decimal(1)})
    assert await served_by(gateway) == "two"
    assert await conditions(gateway) == {"one": KeyCondition.SPENT, "two": KeyCondition.USABLE}
    spent = {f"key:loopback:{name}:2026-11-20": Decimal(1) for name in ("one", "two")}
    with pytest.raises(BudgetExceeded):
        await served_by(gateway_of(*keys, spent=spent))


async def test_keys_whose_day_is_spent_take_none_of_a_runs_steps(
    server: ModelServer, gateway_of: Build
) -> None:
    poor = {f"key:loopback:{name}:2026-11-20": Decimal(1) for name in ("one", "two")}
    keys = (key("one", daily_usd=Decimal(1)), key("two", daily_usd=Decimal(1)), key("three"))
    gateway = gateway_of(*keys, spent=poor, key_choice="round_robin")
    model = gateway.model_for(MEMBER)
    assert [(await model.ask(ASK)).served_by.key for _ in range(30)] == ["three"] * 30
    with pytest.raises(TooManySteps):
        await model.ask(ASK)


async def test_a_budget_that_is_no_keys_own_takes_no_key_out_and_is_asked_for_once(
    server: ModelServer, gateway_of: Build
) -> None:
    gateway = gateway_of(key("one"), key("two"), spent={"run:1": Decimal(5)})
    gateway.budget.limit("run:1", Decimal(5))
    with pytest.raises(BudgetExceeded) as caught:
        await gateway.model_for(MEMBER, scopes=("run:1",)).ask(ASK)
    assert caught.value.scope == "run:1"
    assert (server.requests, await conditions(gateway)) == (
        [],
        {"one": KeyCondition.USABLE, "two": KeyCondition.USABLE},
    )
    (provider,) = await gateway.health()
    assert sum(found.calls_today for found in provider.keys) == 1


async def test_a_key_whose_minute_is_full_is_passed_over_for_one_that_may_start(
    server: ModelServer, gateway_of: Build
) -> None:
    clock = ManualClock(EVENING)
    gateway = gateway_of(key("one", rpm=1), key("two", rpm=3), clock=clock)
    assert [await served_by(gateway) for _ in range(4)].count("two") == 3
    assert clock.slept == []


async def test_what_is_switched_off_or_cannot_read_so_much_is_left_for_the_next_hop(
    server: ModelServer, gateway_of: Build
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


async def test_a_model_and_a_provider_have_their_own_places(server: ModelServer, gateway_of: Build) -> None:
    server.latency_s = 0.02
    members = [
        MEMBER.model_copy(update={"name": f"m{number}", "route": (f"loopback:{model}",)})
        for number, model in enumerate(("a", "a", "a", "b", "b", "b"))
    ]
    gateway = gateway_of(key("one"), models=(ProviderModel(id="a", max_concurrency=1),), max_concurrency=2)
    await asyncio.gather(*(gateway.model_for(one).ask(ASK) for one in members))
    assert server.most_at_once == 2
    server.most_at_once = 0
    await asyncio.gather(*(gateway.model_for(one).ask(ASK) for one in members[:3]))
    assert server.most_at_once == 1


async def test_two_processes_share_a_rest_and_it_survives_a_restart(
    server: ModelServer, gateway_of: Build, store: Store, clock: ManualClock
) -> None:
    other = Store(store.database)
    server.say_next("claude-x", say.rate_limited("40"))
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
    server: ModelServer, gateway_of: Build, store: Store, clock: ManualClock
) -> None:
    server.always("claude-x", say.echoes_key())
    gateway = gateway_of(key("one"), states=store.providers, clock=clock)
    with pytest.raises(AuthenticationFailed):
        await served_by(gateway)
    await gateway.notes.written()
    ((state,), routes) = await store.providers.read()
    assert (state.condition, state.key, routes) == (KeyCondition.REFUSED, "one", ())
    assert ENVIRON["KEY_ONE"] not in state.model_dump_json()
    assert ENVIRON["KEY_ONE"][-4:] not in state.mark


async def test_a_route_is_tried_with_the_next_key_and_where_it_is_left_alone(
    server: ModelServer, gateway_of: Build
) -> None:
    server.default = by_key(one=say.echoes_key())
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
    server: ModelServer, gateway_of: Build
) -> None:
    server.say_next("claude-x", say.refused(401))
    gateway = gateway_of(ProviderKey(name="unset", secret=SecretRef("env:UNSET")), local=True)
    with pytest.raises(AuthenticationFailed):
        await served_by(gateway)
    assert await served_by(gateway) == ""


async def test_junk_says_nothing_good_of_a_key(server: ModelServer, gateway_of: Build) -> None:
    gateway = gateway_of(key("one"))
    (opened,) = (
        gateway._secrets.opened(provider, one)
        for provider in gateway._providers.values()
        for one in provider.keys
    )
    server.say_next("claude-x", say.junk())
    model = gateway.model_for(MEMBER)

    async def refused_meanwhile(ask: Ask) -> None:
        with pytest.raises(JunkAnswer):
            await model.ask(ask)

    asking = asyncio.create_task(refused_meanwhile(ASK))
    await server.until_asked()
    gateway._keyring.refuse(opened, "loopback:claude-x refused the request (401)")
    await asking
    assert await conditions(gateway) == {"one": KeyCondition.REFUSED}


async def test_a_store_that_fails_is_in_nobodys_way(server: ModelServer, gateway_of: Build) -> None:
    class Broken(KeptInMemory):
        async def read(self) -> Any:
            raise TimeoutError

        async def keep_key(self, state: object) -> None:
            raise TimeoutError

    server.default = by_key(one=say.rate_limited("30"))
    gateway = gateway_of(key("one"), key("two"), states=Broken())
    assert [await served_by(gateway) for _ in range(3)] == ["two"] * 3
