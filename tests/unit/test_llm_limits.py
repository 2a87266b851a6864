import asyncio

import pytest

from core.domain.errors import ModelTimeout, TooManySteps
from core.llm.limits import ConcurrentModel, SteppedModel, Steps
from core.llm.port import Answer, Ask, Message
from core.llm.scripted import ScriptedModel

ASK = Ask(messages=(Message(role="user", content="?"),), max_output_tokens=100)


class Crowded:
    """A model that counts how many ask it at once, and can be held up."""

    def __init__(self) -> None:
        self.at_once = 0
        self.most = 0
        self.go = asyncio.Event()

    async def ask(self, ask: Ask) -> Answer:
        self.at_once += 1
        self.most = max(self.most, self.at_once)
        try:
            await self.go.wait()
        finally:
            self.at_once -= 1
        return await ScriptedModel(["Buy"]).ask(ask)


async def test_no_more_than_the_narrowest_limit_ask_at_once() -> None:
    crowded = Crowded()
    everyone, member = asyncio.Semaphore(3), asyncio.Semaphore(2)
    model = ConcurrentModel(crowded, member, everyone)
    asks = [asyncio.create_task(model.ask(ASK)) for _ in range(8)]
    await asyncio.sleep(0.01)
    assert crowded.at_once == 2

    crowded.go.set()
    await asyncio.gather(*asks)

    assert crowded.most == 2


async def test_a_member_that_waits_for_its_own_place_holds_no_common_one() -> None:
    crowded = Crowded()
    everyone = asyncio.Semaphore(3)
    busy = ConcurrentModel(crowded, asyncio.Semaphore(1), everyone)
    idle = ConcurrentModel(crowded, asyncio.Semaphore(1), everyone)
    asks = [asyncio.create_task(busy.ask(ASK)) for _ in range(5)]
    asks.append(asyncio.create_task(idle.ask(ASK)))
    await asyncio.sleep(0.01)

    assert crowded.at_once == 2
    crowded.go.set()
    await asyncio.gather(*asks)


async def test_a_place_is_given_back_by_failures_and_cancellation() -> None:
    place = asyncio.Semaphore(1)
    with pytest.raises(ModelTimeout):
        await ConcurrentModel(ScriptedModel([ModelTimeout("late")]), place).ask(ASK)
    crowded = Crowded()
    asking = asyncio.create_task(ConcurrentModel(crowded, place).ask(ASK))
    await asyncio.sleep(0)
    asking.cancel()
    await asyncio.wait([asking])

    assert not place.locked()


async def test_a_run_may_not_ask_more_often_than_its_steps() -> None:
    inner = ScriptedModel(lambda _: "Buy")
    model = SteppedModel(inner, Steps(3, used=1))
    await model.ask(ASK)
    await model.ask(ASK)

    with pytest.raises(TooManySteps, match="all 3 model calls"):
        await model.ask(ASK)

    assert len(inner.history) == 2
