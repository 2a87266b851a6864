from decimal import Decimal

import pytest

from core.domain.errors import (
    AuthenticationFailed,
    BadAnswer,
    BadModelRequest,
    BudgetExceeded,
    ModelFailure,
    ModelTimeout,
    OutOfCredit,
)
from core.domain.usage import Spend
from core.llm.port import Ask, Message
from core.llm.route import DeadEnd, RoutedModel
from core.llm.scripted import ScriptedModel

ASK = Ask(messages=(Message(role="user", content="?"),), max_output_tokens=10)
CENT = Spend(cost_usd=Decimal("0.01"), calls=1)


@pytest.mark.parametrize(
    "failure",
    [
        AuthenticationFailed("401", spent=CENT),
        OutOfCredit("402", spent=CENT),
        BadModelRequest("400", spent=CENT),
        ModelTimeout("late", spent=CENT),
    ],
)
async def test_the_next_hop_answers_when_the_first_cannot(failure: ModelFailure) -> None:
    answer = await RoutedModel([ScriptedModel([failure]), ScriptedModel(["Buy"], name="second")]).ask(ASK)

    assert answer.served_by.model == "second"
    assert (answer.spend.cost_usd, answer.spend.calls) == (Decimal("0.01"), 2)


async def test_a_used_up_key_leads_to_the_next_hop() -> None:
    first = ScriptedModel([BudgetExceeded("key:a:main:2026-11-20", Decimal(1))])

    assert (await RoutedModel([first, ScriptedModel(["Buy"])]).ask(ASK)).text == "Buy"


async def test_the_second_hop_is_not_asked_when_the_first_answers() -> None:
    second = ScriptedModel([])
    await RoutedModel([ScriptedModel(["Buy"]), second]).ask(ASK)

    assert second.history == []


async def test_a_bad_answer_is_an_answer_and_not_asked_elsewhere() -> None:
    second = ScriptedModel(["Buy"])
    first = ScriptedModel([ModelTimeout("late", spent=CENT)])
    route = RoutedModel([first, ScriptedModel([BadAnswer("junk", spent=CENT)]), second])

    with pytest.raises(BadAnswer) as caught:
        await route.ask(ASK)

    assert second.history == []
    assert caught.value.spent.calls == 2


async def test_when_no_hop_answers_every_cause_is_named_and_every_cost_added() -> None:
    hops = [
        ScriptedModel([AuthenticationFailed("a: wrong key", spent=CENT)]),
        ScriptedModel([ModelTimeout("b: late", spent=CENT)]),
    ]
    with pytest.raises(ModelFailure) as caught:
        await RoutedModel(hops).ask(ASK)

    assert str(caught.value) == "no hop of the route answered: a: wrong key; b: late"
    assert (caught.value.spent.cost_usd, caught.value.spent.calls) == (Decimal("0.02"), 2)


async def test_a_route_of_one_hop_raises_that_hops_failure() -> None:
    with pytest.raises(OutOfCredit, match="pay"):
        await RoutedModel([ScriptedModel([OutOfCredit("pay")])]).ask(ASK)


def test_a_route_without_hops_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="at least one hop"):
        RoutedModel([])


async def test_a_dead_end_makes_its_failure_anew_for_each_ask() -> None:
    dead_end = DeadEnd(lambda: AuthenticationFailed("no key"))
    raised = []
    for _ in range(2):
        with pytest.raises(AuthenticationFailed) as caught:
            await dead_end.ask(ASK)
        raised.append(caught.value)

    assert raised[0] is not raised[1]
