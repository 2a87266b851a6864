"""A member's whole model, as the gateway composes it, against a loopback endpoint."""

import asyncio
import gc
import random
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Literal

import pytest
from pydantic import BaseModel

from core.clock import ManualClock
from core.config.members import MemberSettings
from core.config.providers import Provider, ProviderKey
from core.config.secret import SecretRef
from core.config.settings import Budget, Pipeline, Settings
from core.domain.errors import (
    AuthenticationFailed,
    BudgetExceeded,
    ModelFailure,
    ModelTimeout,
    TooManySteps,
)
from core.llm.answer_schema import answer_schema
from core.llm.gateway import Gateway
from core.llm.port import Ask, Message
from core.llm.structured import ask_structured
from tests.loopback import model_replies as say
from tests.loopback.model_server import ModelServer
from tests.loopback.patience import PATIENCE_S

SECRET = "made-up-secret-0123456789"
ENVIRON = {"LOOPBACK_KEY": SECRET, "SPARE_KEY": "made-up-spare-987654321"}
EVENING = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)
"""Still the 20th in New York."""
ASK = Ask(messages=(Message(role="user", content="Buy or sell?"),), max_output_tokens=500)
MAIN = ProviderKey(name="main", secret=SecretRef("env:LOOPBACK_KEY"))
MEMBER = MemberSettings(
    name="claude",
    route=("loopback:maker/model:free",),
    tier="premium",
    price_in_usd_per_mtok=Decimal(3),
    price_out_usd_per_mtok=Decimal(15),
)


class Decision(BaseModel):
    action: Literal["BUY", "SELL", "HOLD"]
    rating: Literal["Buy", "Overweight", "Hold", "Underweight", "Sell"]
    confidence: Decimal
    stop_loss: Decimal | None
    key_points: list[str]


Build = Callable[..., Gateway]


@pytest.fixture
async def server() -> AsyncIterator[ModelServer]:
    async with ModelServer() as running:
        yield running


@pytest.fixture
async def gateway_of(server: ModelServer) -> AsyncIterator[Build]:
    opened: list[Gateway] = []

    def build(*, keys: tuple[ProviderKey, ...] = (MAIN,), **changes: Any) -> Gateway:
        local = changes.pop("local", False)
        timeout_s = changes.pop("timeout_s", 5.0)
        provider = Provider(
            name="loopback",
            base_url=changes.pop("base_url", server.base_url),
            keys=keys,
            local=local,
            timeout_s=timeout_s,
        )
        spent = changes.pop("spent", None)
        environ = changes.pop("environ", ENVIRON)
        gateway = Gateway(
            Settings(providers=(provider, *changes.pop("more", ())), **changes),
            environ=environ,
            clock=ManualClock(EVENING),
            rng=random.Random(1),
            spent=spent,
        )
        opened.append(gateway)
        return gateway

    yield build
    for gateway in opened:
        await gateway.close()


async def test_a_members_model_answers_with_a_valid_decision(server: ModelServer, gateway_of: Build) -> None:
    model = gateway_of().model_for(MEMBER)

    got = await ask_structured(
        model, ASK.messages, Decision, schema=answer_schema(Decision), max_output_tokens=500
    )

    assert got.value.action in {"BUY", "SELL", "HOLD"}
    assert (got.served_by.provider, got.served_by.model) == ("loopback", "maker/model:free")
    assert got.spend.cost_usd > 0
    assert server.requests[0].key == SECRET


async def test_each_model_may_have_its_own_opinion(server: ModelServer, gateway_of: Build) -> None:
    gateway = gateway_of()
    actions = {}
    for number, name in enumerate(("a", "b", "c", "d", "e")):
        server.opine(name, say.opinion(number))
        member = MEMBER.model_copy(update={"name": name, "route": (f"loopback:{name}",)})
        got = await ask_structured(
            gateway.model_for(member),
            ASK.messages,
            Decision,
            schema=answer_schema(Decision),
            max_output_tokens=500,
        )
        actions[name] = (got.value.action, got.value.rating)

    assert actions == {
        "a": ("BUY", "Buy"),
        "b": ("HOLD", "Hold"),
        "c": ("BUY", "Overweight"),
        "d": ("SELL", "Sell"),
        "e": ("SELL", "Underweight"),
    }


async def test_a_passing_failure_is_retried_and_each_attempt_is_reserved_anew(
    server: ModelServer, gateway_of: Build
) -> None:
    gateway = gateway_of(budget=Budget(per_run_usd=Decimal(1)))
    server.say_next("maker/model:free", say.rate_limited("3"), say.server_error(), say.answers("Buy"))

    answer = await gateway.model_for(MEMBER, scopes=("run:1",)).ask(ASK)

    assert answer.spend.calls == 3
    assert await gateway.budget.spent("run:1") == answer.spend.cost_usd
    assert await gateway.budget.reserved("run:1") == 0


async def test_the_next_hop_answers_and_says_so(server: ModelServer, gateway_of: Build) -> None:
    member = MEMBER.model_copy(update={"route": ("loopback:first", "loopback:second")})
    server.always("first", say.out_of_credit())

    answer = await gateway_of().model_for(member).ask(ASK)

    assert answer.served_by.model == "second"


async def test_when_all_hops_fail_each_reason_is_named(server: ModelServer, gateway_of: Build) -> None:
    member = MEMBER.model_copy(update={"route": ("loopback:first", "loopback:second")})
    server.always("first", say.out_of_credit())
    server.always("second", say.refused(404, "no such model"))

    with pytest.raises(ModelFailure, match=r"loopback:first .*402.*loopback:second .*no such model"):
        await gateway_of().model_for(member).ask(ASK)


async def test_a_run_has_so_many_steps_and_a_resumed_one_the_rest(
    server: ModelServer, gateway_of: Build
) -> None:
    gateway = gateway_of(pipeline=Pipeline(max_steps=3))
    model = gateway.model_for(MEMBER, steps_used=2)
    await model.ask(ASK)

    with pytest.raises(TooManySteps):
        await model.ask(ASK)

    assert (await gateway.model_for(MEMBER).ask(ASK)).text


async def test_a_missing_key_names_its_reference_and_sends_nothing(
    server: ModelServer, gateway_of: Build
) -> None:
    with pytest.raises(AuthenticationFailed, match=r"main of provider loopback: .* LOOPBACK_KEY is not set"):
        await gateway_of(environ={}).model_for(MEMBER).ask(ASK)

    assert server.requests == []


async def test_a_provider_without_keys_says_what_to_do(server: ModelServer, gateway_of: Build) -> None:
    with pytest.raises(AuthenticationFailed, match=r"add one under \[\[providers.keys\]\], or set local"):
        await gateway_of(keys=()).model_for(MEMBER).ask(ASK)


async def test_a_local_provider_needs_no_key(server: ModelServer, gateway_of: Build) -> None:
    answer = await gateway_of(keys=(), local=True).model_for(MEMBER).ask(ASK)

    assert answer.served_by.key == ""


async def test_the_first_key_that_lists_the_model_and_can_be_read_is_used(
    server: ModelServer, gateway_of: Build
) -> None:
    keys = (
        ProviderKey(name="others", secret=SecretRef("env:LOOPBACK_KEY"), models=("other/model",)),
        ProviderKey(name="unset", secret=SecretRef("env:UNSET_KEY")),
        ProviderKey(name="spare", secret=SecretRef("env:SPARE_KEY"), models=("maker/model:free",)),
    )
    answer = await gateway_of(keys=keys).model_for(MEMBER).ask(ASK)

    assert answer.served_by.key == "spare"
    assert server.requests[0].key == ENVIRON["SPARE_KEY"]

    with pytest.raises(AuthenticationFailed, match="no key of provider loopback lists the model"):
        await gateway_of(keys=keys[:1]).model_for(MEMBER).ask(ASK)


async def test_a_secret_that_cannot_be_a_key_is_refused_without_showing_it(
    server: ModelServer, gateway_of: Build
) -> None:
    for secret in ("two words", "naïve-key", "line\nbreak"):
        with pytest.raises(AuthenticationFailed, match="env:LOOPBACK_KEY holds signs") as caught:
            await gateway_of(environ={"LOOPBACK_KEY": secret}).model_for(MEMBER).ask(ASK)
        assert secret not in str(caught.value)


async def test_day_tier_and_key_budgets_apply_by_the_arenas_day(
    server: ModelServer, gateway_of: Build
) -> None:
    key = MAIN.model_copy(update={"daily_usd": Decimal(1)})
    limits = Budget(daily_usd=Decimal(1), tiers={"premium": Decimal(1)})
    for scope, said in (
        ("day:2026-11-20", "for the day"),
        ("tier:premium:2026-11-20", "of the tier premium for the day"),
        ("key:loopback:main:2026-11-20", "of the key main for the day"),
    ):
        gateway = gateway_of(keys=(key,), budget=limits, spent={scope: Decimal(1)})
        with pytest.raises(BudgetExceeded, match=said):
            await gateway.model_for(MEMBER).ask(ASK)

    assert server.requests == []


async def test_a_budget_that_the_longest_answer_could_break_sends_nothing(
    server: ModelServer, gateway_of: Build
) -> None:
    gateway = gateway_of(budget=Budget(per_run_usd=Decimal("0.007")))

    with pytest.raises(BudgetExceeded):
        await gateway.model_for(MEMBER, scopes=("run:1",)).ask(ASK)

    assert server.requests == []


async def test_a_cancelled_ask_leaves_no_reservation_no_place_and_no_request(
    server: ModelServer, gateway_of: Build
) -> None:
    gateway = gateway_of(
        budget=Budget(per_run_usd=Decimal(1)), pipeline=Pipeline(max_concurrency=1), timeout_s=30
    )
    server.say_next("maker/model:free", say.hangs())
    model = gateway.model_for(MEMBER, scopes=("run:1",))
    asking = asyncio.create_task(model.ask(ASK))
    await asyncio.wait_for(server.until_asked(), PATIENCE_S)
    assert await gateway.budget.reserved("run:1") > 0

    asking.cancel()
    await asyncio.wait([asking])

    assert await gateway.budget.reserved("run:1") == 0
    await asyncio.wait_for(server.until_closed_early(), PATIENCE_S)
    assert (await asyncio.wait_for(model.ask(ASK), PATIENCE_S)).text


async def test_a_deadline_ends_attempts_and_their_requests(server: ModelServer, gateway_of: Build) -> None:
    gateway = gateway_of(timeout_s=0.1, budget=Budget(per_run_usd=Decimal(1)))
    server.always("maker/model:free", say.hangs())
    gateway._clock.sleep = asyncio.sleep  # type: ignore[method-assign]

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.3):
            await gateway.model_for(MEMBER, scopes=("run:1",)).ask(ASK)

    assert await gateway.budget.reserved("run:1") == 0
    await asyncio.wait_for(server.until_closed_early(), PATIENCE_S)


async def test_exhausted_retries_are_a_timeout_with_all_attempts_counted(
    server: ModelServer, gateway_of: Build
) -> None:
    server.always("maker/model:free", say.hangs())

    with pytest.raises(ModelTimeout) as caught:
        await gateway_of(timeout_s=0.05, pipeline=Pipeline(max_retries=2)).model_for(MEMBER).ask(ASK)

    assert caught.value.spent.calls == 3


async def test_a_member_shares_its_places_among_its_runs(server: ModelServer, gateway_of: Build) -> None:
    server.latency_s = 0.02
    gateway = gateway_of()
    narrow = MEMBER.model_copy(update={"max_concurrency": 2})
    runs = [gateway.model_for(narrow) for _ in range(3)]

    await asyncio.gather(*(run.ask(ASK) for run in runs for _ in range(3)))

    assert server.most_at_once == 2


async def test_all_members_share_the_places_of_the_process(server: ModelServer, gateway_of: Build) -> None:
    server.latency_s = 0.02
    gateway = gateway_of(pipeline=Pipeline(max_concurrency=3))
    members = [MEMBER.model_copy(update={"name": f"m{number}"}) for number in range(4)]

    await asyncio.gather(*(gateway.model_for(member).ask(ASK) for member in members for _ in range(3)))

    assert server.most_at_once == 3


async def test_a_keys_pace_is_shared_by_all_who_use_it(server: ModelServer, gateway_of: Build) -> None:
    gateway = gateway_of(keys=(MAIN.model_copy(update={"rpm": 2}),))
    other = MEMBER.model_copy(update={"name": "grok"})
    for member in (MEMBER, other, MEMBER):
        await gateway.model_for(member).ask(ASK)

    assert gateway._clock.slept == [60]  # type: ignore[attr-defined]


async def test_a_format_that_was_refused_once_is_not_tried_in_the_next_run(
    server: ModelServer, gateway_of: Build
) -> None:
    server.always("maker/model:free", say.refuses_forms("json_schema"))
    gateway = gateway_of()
    shaped = ASK.model_copy(update={"answer": answer_schema(Decision)})
    for _ in range(2):
        await gateway.model_for(MEMBER).ask(shaped)

    assert [request.form for request in server.requests] == ["json_schema", "json_object", "json_object"]


async def test_many_calls_at_once_leave_nothing_behind(server: ModelServer, gateway_of: Build) -> None:
    gateway = gateway_of(budget=Budget(per_run_usd=Decimal(5)))
    server.default = say.with_cost(0.001, "Buy")
    model = gateway.model_for(MEMBER.model_copy(update={"max_concurrency": 64}), scopes=("run:1",))
    more = [gateway.model_for(MEMBER, scopes=("run:1",)) for _ in range(3)]

    answers = await asyncio.gather(*(one.ask(ASK) for one in (model, *more) for _ in range(25)))

    assert len(answers) == 100
    assert await gateway.budget.spent("run:1") == Decimal("0.100")
    assert await gateway.budget.reserved("run:1") == 0


async def test_closing_leaves_no_connection_open(server: ModelServer, gateway_of: Build) -> None:
    gateway = gateway_of()
    await gateway.model_for(MEMBER).ask(ASK)

    await gateway.close()
    await gateway.close()

    gc.collect()


def test_the_sdk_is_not_imported_with_the_gateway() -> None:
    program = "import sys, core.llm.gateway, core.llm.structured; print('openai' in sys.modules)"
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)  # noqa: S603 - our own

    assert done.stdout.strip() == "False"
