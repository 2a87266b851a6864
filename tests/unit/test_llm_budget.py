import asyncio
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.domain.errors import BadAnswer, BudgetExceeded
from core.domain.usage import ServedBy, Spend
from core.llm.budget import Budget, BudgetedModel
from core.llm.port import Answer, Ask, Message
from core.llm.prices import Prices
from core.llm.recording import CallForm
from core.llm.scripted import ScriptedModel

LIMITS = {"run:1": Decimal("1.00"), "day:1": Decimal("2.50")}
PRICES = Prices(in_usd_per_mtok=Decimal(0), out_usd_per_mtok=Decimal(1000))
ASK = Ask(messages=(Message(role="user", content="?"),), max_output_tokens=600, scopes=("run:1",))
"""Costs $0.60 at most."""


def answer(cost: str) -> Answer:
    spend = Spend(cost_usd=Decimal(cost), calls=1)
    return Answer(text="Buy", served_by=ServedBy(provider="scripted", model="m"), spend=spend, latency_ms=0)


async def test_a_call_that_could_break_a_limit_is_not_sent() -> None:
    inner = ScriptedModel(lambda _: answer("0.50"))
    model = BudgetedModel(inner, Budget(LIMITS.get), PRICES)
    await model.ask(ASK)

    with pytest.raises(BudgetExceeded, match=r"of \$1\.00 for this run"):
        await model.ask(ASK)

    assert len(inner.history) == 1


async def test_any_scope_of_the_ask_or_of_the_model_can_refuse() -> None:
    budget = Budget(LIMITS.get, {"day:1": Decimal("2.00")})
    model = BudgetedModel(
        ScriptedModel(lambda _: answer("0.50")), budget, PRICES, CallForm(scopes=("day:1",))
    )

    with pytest.raises(BudgetExceeded, match="for the day"):
        await model.ask(ASK)

    assert await budget.reserved("run:1") == 0


async def test_the_real_cost_is_booked_and_the_rest_given_back() -> None:
    budget = Budget(LIMITS.get)
    await BudgetedModel(ScriptedModel([answer("0.07")]), budget, PRICES).ask(ASK)

    assert (await budget.spent("run:1"), await budget.reserved("run:1")) == (Decimal("0.07"), 0)


async def test_what_a_failure_cost_is_booked() -> None:
    budget = Budget(LIMITS.get)
    failure = BadAnswer("junk", spent=Spend(cost_usd=Decimal("0.03"), calls=1))
    with pytest.raises(BadAnswer):
        await BudgetedModel(ScriptedModel([failure]), budget, PRICES).ask(ASK)

    assert (await budget.spent("run:1"), await budget.reserved("run:1")) == (Decimal("0.03"), 0)


async def test_a_cancelled_or_crashed_call_leaves_no_reservation() -> None:
    async def forever(ask: Ask) -> str:
        await asyncio.Event().wait()
        return "never"

    def crash(ask: Ask) -> str:
        raise ZeroDivisionError

    budget = Budget(LIMITS.get)
    asking = asyncio.create_task(BudgetedModel(ScriptedModel(forever), budget, PRICES).ask(ASK))
    await asyncio.sleep(0)
    assert await budget.reserved("run:1") == Decimal("0.6")
    asking.cancel()
    await asyncio.wait([asking])
    with pytest.raises(ZeroDivisionError):
        await BudgetedModel(ScriptedModel(crash), budget, PRICES).ask(ASK)

    assert (await budget.spent("run:1"), await budget.reserved("run:1")) == (0, 0)


async def test_calls_under_way_are_waited_for_and_not_taken_for_spent_money() -> None:
    budget = Budget(LIMITS.get)
    first = await budget.reserve(["run:1"], Decimal("0.60"))
    second = asyncio.create_task(budget.reserve(["run:1"], Decimal("0.60")))
    await asyncio.sleep(0)
    assert not second.done()

    first.settle(Decimal("0.10"))
    (await second).release()

    assert (await budget.spent("run:1"), await budget.reserved("run:1")) == (Decimal("0.10"), 0)


async def test_waiting_ends_in_a_refusal_when_the_money_was_really_spent() -> None:
    budget = Budget(LIMITS.get)
    first = await budget.reserve(["run:1"], Decimal("0.60"))
    second = asyncio.create_task(budget.reserve(["run:1"], Decimal("0.60")))
    await asyncio.sleep(0)

    first.settle(Decimal("0.55"))

    with pytest.raises(BudgetExceeded):
        await second


async def test_a_limit_may_be_reached_exactly_and_then_even_a_free_call_is_refused() -> None:
    budget = Budget(LIMITS.get)
    (await budget.reserve(["run:1"], Decimal("1.00"))).settle(Decimal("1.00"))

    with pytest.raises(BudgetExceeded):
        await budget.reserve(["run:1"], Decimal(0))


async def test_a_reservation_counts_once_whatever_is_said_after() -> None:
    budget = Budget(LIMITS.get)
    reservation = await budget.reserve(["run:1"], Decimal("0.60"))
    reservation.settle(Decimal("0.10"))
    reservation.settle(Decimal("0.20"))
    reservation.release()

    assert (await budget.spent("run:1"), await budget.reserved("run:1")) == (Decimal("0.10"), 0)


async def test_spending_from_elsewhere_counts_until_it_is_forgotten() -> None:
    budget = Budget(LIMITS.get, {"run:1": Decimal("0.70")})
    with pytest.raises(BudgetExceeded):
        await budget.reserve(["run:1"], Decimal("0.40"))
    (await budget.reserve(["no limit"], Decimal("0.40"))).settle(Decimal("0.40"))
    assert await budget.spent("no limit") == 0

    budget.forget("run:1")

    assert await budget.spent("run:1") == 0


amounts = st.decimals(min_value=0, max_value=2, places=3)
steps = st.lists(
    st.tuples(
        st.sampled_from([("run:1",), ("day:1",), ("run:1", "day:1"), ("free",)]),
        amounts,
        st.sampled_from(["settle", "release", "cancel", "keep"]),
        st.integers(0, 3),
        st.fractions(0, 1),
    ),
    max_size=25,
)


@settings(max_examples=150)
@given(steps)
def test_spent_and_reserved_never_pass_a_limit_together(
    orders: list[tuple[tuple[str, ...], Decimal, str, int, object]],
) -> None:
    """Whatever is reserved, settled, released and cancelled at once, and in whatever order."""

    async def play() -> None:
        budget = Budget(LIMITS.get)

        async def check() -> None:
            for scope, limit in LIMITS.items():
                assert 0 <= await budget.spent(scope) + await budget.reserved(scope) <= limit
                assert await budget.reserved(scope) >= 0

        async def one(scopes: tuple[str, ...], amount: Decimal, end: str, pauses: int, part: object) -> None:
            for _ in range(pauses):
                await asyncio.sleep(0)
            try:
                with await budget.reserve(scopes, amount) as reservation:
                    await check()
                    for _ in range(pauses):
                        await asyncio.sleep(0)
                    if end == "settle":
                        share = Decimal(part.numerator) / Decimal(part.denominator)  # type: ignore[attr-defined]
                        reservation.settle(amount * share)
                    elif end == "cancel":
                        raise asyncio.CancelledError
            except BudgetExceeded:
                pass
            await check()

        tasks = [asyncio.create_task(one(*order)) for order in orders]
        await asyncio.gather(*tasks, return_exceptions=True)
        assert all(task.cancelled() or task.exception() is None for task in tasks)
        await check()
        assert [await budget.reserved(scope) for scope in LIMITS] == [0, 0]

    asyncio.run(play())
