import asyncio
import random
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from core.clock import ManualClock
from core.domain.errors import (
    AuthenticationFailed,
    BadAnswer,
    BadModelRequest,
    BudgetExceeded,
    ModelFailure,
    ModelRateLimited,
    ModelServerFailed,
    ModelTimeout,
    OutOfCredit,
    TooManySteps,
)
from core.domain.usage import Spend
from core.llm.port import Ask, Message
from core.llm.retry import LONGEST_WAIT_S, RetryingModel
from core.llm.scripted import ScriptedModel

ASK = Ask(messages=(Message(role="user", content="?"),), max_output_tokens=10)
CENT = Spend(prompt_tokens=5, cost_usd=Decimal("0.01"), calls=1)


def retrying(
    *script: object, retries: int = 3, base: float = 1.0
) -> tuple[RetryingModel, ScriptedModel, ManualClock]:
    inner = ScriptedModel(script)  # type: ignore[arg-type]
    clock = ManualClock(datetime(2026, 11, 20, tzinfo=UTC))
    return RetryingModel(inner, retries, base, clock, random.Random(1)), inner, clock


async def test_it_waits_twice_as_long_each_time_give_or_take_a_quarter() -> None:
    model, _, clock = retrying(ModelTimeout("late"), ModelServerFailed("broken"), ModelTimeout("late"), "Buy")

    answer = await model.ask(ASK)

    assert answer.text == "Buy"
    assert len(clock.slept) == 3
    for slept, usual in zip(clock.slept, (1, 2, 4), strict=True):
        assert 0.75 * usual <= slept <= 1.25 * usual


async def test_members_do_not_wait_equally_long() -> None:
    waits = set()
    for seed in range(5):
        clock = ManualClock(datetime(2026, 11, 20, tzinfo=UTC))
        inner = ScriptedModel([ModelTimeout("late"), "Buy"])
        await RetryingModel(inner, 1, 1.0, clock, random.Random(seed)).ask(ASK)
        waits.add(clock.slept[0])

    assert len(waits) == 5


async def test_it_waits_at_least_as_long_as_the_provider_asks() -> None:
    model, _, clock = retrying(ModelRateLimited("slow", retry_after_s=30), "Buy")

    await model.ask(ASK)

    assert clock.slept == [30]


async def test_a_pause_longer_than_any_run_is_not_waited_for() -> None:
    model, inner, clock = retrying(ModelRateLimited("slow", retry_after_s=LONGEST_WAIT_S + 1), "Buy")

    with pytest.raises(ModelRateLimited):
        await model.ask(ASK)

    assert clock.slept == []
    assert len(inner.history) == 1


async def test_it_gives_up_after_max_retries_with_the_last_failure() -> None:
    model, inner, _ = retrying(*(ModelTimeout(f"late {n}") for n in range(4)))

    with pytest.raises(ModelTimeout, match="late 3"):
        await model.ask(ASK)

    assert len(inner.history) == 4


@pytest.mark.parametrize(
    "failure",
    [
        BadModelRequest("400"),
        AuthenticationFailed("401"),
        OutOfCredit("402"),
        BadAnswer("junk"),
        BudgetExceeded("run:1", Decimal(1)),
        TooManySteps("30"),
    ],
)
async def test_a_failure_that_will_not_pass_is_raised_at_once(failure: ModelFailure) -> None:
    model, inner, clock = retrying(failure, "Buy")

    with pytest.raises(type(failure)):
        await model.ask(ASK)

    assert len(inner.history) == 1
    assert clock.slept == []


async def test_what_failed_attempts_cost_is_in_the_answer() -> None:
    model, _, _ = retrying(ModelServerFailed("x", spent=CENT), ModelServerFailed("x", spent=CENT), "Buy")

    spend = (await model.ask(ASK)).spend

    assert (spend.cost_usd, spend.calls, spend.prompt_tokens) == (Decimal("0.02"), 3, 10)


async def test_what_failed_attempts_cost_is_in_the_last_failure() -> None:
    model, _, _ = retrying(ModelServerFailed("x", spent=CENT), BadAnswer("x", spent=CENT))

    with pytest.raises(BadAnswer) as caught:
        await model.ask(ASK)

    assert (caught.value.spent.cost_usd, caught.value.spent.calls) == (Decimal("0.02"), 2)


async def test_a_callers_deadline_ends_the_wait() -> None:
    class Forever(ManualClock):
        async def sleep(self, seconds: float) -> None:
            await asyncio.Event().wait()

    inner = ScriptedModel([ModelTimeout("late"), "Buy"])
    model = RetryingModel(inner, 3, 1.0, Forever(datetime(2026, 11, 20, tzinfo=UTC)), random.Random(1))

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.02):
            await model.ask(ASK)

    assert len(inner.history) == 1


async def test_a_delay_of_zero_is_allowed() -> None:
    model, _, clock = retrying(ModelTimeout("late"), "Buy", base=0.0)

    assert (await model.ask(ASK)).text == "Buy"
    assert clock.slept == [0]
