"""Every request that was sent leaves a record, however it ends, and nothing of its prompt."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from core.clock import ManualClock
from core.domain.calls import Call, Caller, CallOutcome, Purpose
from core.domain.errors import (
    Abandoned,
    AuthenticationFailed,
    BadAnswer,
    BadModelRequest,
    ModelFailure,
    ModelRateLimited,
    ModelServerFailed,
    ModelTimeout,
    OutOfCredit,
)
from core.domain.usage import ServedBy, Spend
from core.llm.budget import Budget, BudgetedModel
from core.llm.paid import counting
from core.llm.port import Answer, Ask, Message
from core.llm.prices import Prices, counted_tokens
from core.llm.recording import CallForm, RecordedModel
from core.llm.scripted import ScriptedModel

NOON = datetime(2026, 11, 24, 17, tzinfo=UTC)
SECRET = "what only the model may read"
ASK = Ask(messages=(Message(role="user", content=SECRET),), max_output_tokens=100, stage="bear")
ANSWER = Answer(
    text="Buy",
    served_by=ServedBy(provider="openrouter", model="maker/m-2026", key="main"),
    spend=Spend(prompt_tokens=90, completion_tokens=9, cost_usd=Decimal("0.01"), calls=1),
    latency_ms=5,
)
CALLER = Caller(
    purpose=Purpose.RUN, member="claude", tier="premium", run_id="r1", chat="slack:C1", person="slack:U1"
)


class Log:
    """Keeps records in memory."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.scopes: list[tuple[str, ...]] = []
        self.free = asyncio.Event()
        self.free.set()

    async def room(self) -> None:
        await self.free.wait()

    def add(self, call: Call, scopes: Sequence[str]) -> None:
        self.calls.append(call)
        self.scopes.append(tuple(scopes))


def form() -> CallForm:
    return CallForm(
        caller=CALLER, provider="openrouter", model="maker/m", key="main", clock=ManualClock(NOON)
    )


async def test_an_answer_is_recorded_with_who_asked_and_who_answered() -> None:
    log = Log()
    assert await RecordedModel(ScriptedModel([ANSWER]), form(), log).ask(ASK) == ANSWER
    (call,) = log.calls
    assert (call.caller, call.at, call.stage, call.outcome) == (CALLER, NOON, "bear", CallOutcome.ANSWERED)
    assert (call.provider, call.model, call.served_by, call.key) == (
        "openrouter",
        "maker/m",
        "maker/m-2026",
        "main",
    )
    assert call.spend == ANSWER.spend
    assert SECRET not in call.model_dump_json()
    assert set(log.scopes[0]) == {
        "day:2026-11-24",
        "chat:slack:C1:2026-11-24",
        "person:slack:U1:2026-11-24",
        "tier:premium:2026-11-24",
        "key:openrouter:main:2026-11-24",
        "tokens:openrouter:main:2026-11-24",
        "run:r1",
    }


@pytest.mark.parametrize(
    ("failure", "outcome"),
    [
        (BadAnswer, CallOutcome.BAD_ANSWER),
        (ModelRateLimited, CallOutcome.RATE_LIMITED),
        (OutOfCredit, CallOutcome.NO_CREDIT),
        (AuthenticationFailed, CallOutcome.KEY_REFUSED),
        (BadModelRequest, CallOutcome.REFUSED),
        (ModelTimeout, CallOutcome.TIMEOUT),
        (ModelServerFailed, CallOutcome.FAILED),
        (Abandoned, CallOutcome.CANCELLED),
        (ModelFailure, CallOutcome.FAILED),
    ],
)
async def test_a_failure_is_recorded_as_what_it_is_with_what_it_cost(
    failure: type[ModelFailure], outcome: CallOutcome
) -> None:
    log, spent = Log(), Spend(cost_usd=Decimal("0.02"), calls=2)
    with pytest.raises(failure):
        await RecordedModel(ScriptedModel([failure("no", spent=spent)]), form(), log).ask(ASK)
    assert [(call.outcome, call.spend, call.served_by) for call in log.calls] == [(outcome, spent, "")]


async def given_up(prices: Prices, after_s: float, budget: Budget | None = None) -> tuple[Call, Spend]:
    """The record of a call that is cancelled so long after it went out, and what its block counts."""
    clock, out = ManualClock(NOON), asyncio.Event()

    async def forever(ask: Ask) -> str:
        out.set()
        clock.advance(after_s)
        await asyncio.Event().wait()
        return "never"

    log, made = Log(), CallForm(caller=CALLER, clock=clock)
    inner = RecordedModel(ScriptedModel(forever), made, log, prices)
    model = BudgetedModel(inner, budget or Budget({}.get), prices, made)
    with counting() as paid:
        asking = asyncio.create_task(model.ask(ASK))
        await out.wait()
        asking.cancel()
        await asyncio.wait([asking])
    (call,) = log.calls
    assert call.outcome is CallOutcome.CANCELLED
    return call, paid.spend


async def test_a_request_that_is_cancelled_counts_its_prompt_and_what_may_have_been_written() -> None:
    """Nobody says what it cost, so it is marked as an estimate: 100 tokens for each second."""
    call, paid = await given_up(Prices(in_usd_per_mtok=Decimal(3), out_usd_per_mtok=Decimal(15)), 0.5)
    read = counted_tokens(ASK)
    cost = (read * Decimal(3) + 50 * Decimal(15)) / 1_000_000
    expected = Spend(prompt_tokens=read, completion_tokens=50, cost_usd=cost, calls=1, estimated_calls=1)
    assert (call.spend, paid) == (expected, expected)


async def test_what_is_estimated_is_never_more_than_was_reserved() -> None:
    budget, prices = Budget({"run:r1": Decimal(1)}.get), Prices(out_usd_per_mtok=Decimal(15))
    call, paid = await given_up(prices, 3600, budget)
    assert (call.spend.completion_tokens, call.spend.cost_usd) == (100, prices.most(ASK))
    assert (await budget.spent("run:r1"), await budget.reserved("run:r1")) == (prices.most(ASK), 0)
    assert paid == call.spend


async def test_a_free_model_stays_free_when_it_is_given_up() -> None:
    call, _ = await given_up(Prices(free=True), 2)
    assert (call.spend.cost_usd, call.spend.unpriced_calls, call.spend.estimated_calls) == (0, 0, 1)


async def test_a_model_without_known_prices_leaves_a_cost_that_nobody_knows() -> None:
    call, _ = await given_up(Prices(), 2)
    assert (call.spend.cost_usd, call.spend.unpriced_calls, call.spend.estimated_calls) == (0, 1, 1)


async def test_whoever_is_cancelled_before_anything_is_sent_leaves_no_record() -> None:
    log, inner = Log(), ScriptedModel([ANSWER])
    log.free.clear()
    asking = asyncio.create_task(RecordedModel(inner, form(), log).ask(ASK))
    await asyncio.sleep(0)
    asking.cancel()
    await asyncio.wait([asking])
    assert (log.calls, inner.history) == ([], [])


async def test_the_record_bears_the_id_under_which_money_was_held() -> None:
    log, made = Log(), form()
    inner = RecordedModel(ScriptedModel([ANSWER]), made, log)
    budget = Budget({"run:r1": Decimal(1)}.get)
    reserved: list[str] = []
    whole = budget._book.hold

    async def hold(wish):  # type: ignore[no-untyped-def]
        reserved.append(wish.call.id)
        return await whole(wish)

    budget._book.hold = hold  # type: ignore[method-assign]
    await BudgetedModel(inner, budget, Prices(out_usd_per_mtok=Decimal(1)), made).ask(ASK)
    assert [call.id for call in log.calls] == reserved
    assert await budget.spent("run:r1") == Decimal("0.01")
