import asyncio
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.clock import ManualClock
from core.domain.errors import ModelRateLimited, ModelTimeout, TooManySteps
from core.domain.usage import ServedBy, Spend
from core.llm.limits import ConcurrentModel, Pace, PacedModel, SteppedModel, Steps
from core.llm.port import Answer, Ask, Message
from core.llm.scripted import ScriptedModel

ASK = Ask(messages=(Message(role="user", content="?"),), max_output_tokens=100)
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


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


class Stopped(ManualClock):
    """A clock whose sleepers never wake."""

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        await asyncio.Event().wait()


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


async def test_a_pace_of_requests_holds_the_next_minute_back() -> None:
    clock = ManualClock(NOON)
    pace = Pace(rpm=2, tpm=None, clock=clock)
    for _ in range(3):
        await pace.admit(1)

    assert clock.slept == [60]


async def test_a_pace_of_tokens_waits_until_enough_have_left_the_window() -> None:
    clock = ManualClock(NOON)
    pace = Pace(rpm=None, tpm=1000, clock=clock)
    await pace.admit(600)
    clock.advance(20)
    await pace.admit(400)
    await pace.admit(600)
    await pace.admit(400)

    assert clock.slept == [40, 20]


async def test_a_call_larger_than_the_pace_waits_for_an_empty_window_and_goes() -> None:
    clock = ManualClock(NOON)
    pace = Pace(rpm=None, tpm=1000, clock=clock)
    await pace.admit(5000)
    await pace.admit(1)

    assert clock.slept == [60]


async def test_a_turn_too_far_away_is_refused_at_once_and_takes_no_place() -> None:
    clock = Stopped(NOON)
    pace = Pace(rpm=1, tpm=None, clock=clock, max_wait_s=90)
    await pace.admit(1)
    waiting = asyncio.create_task(pace.admit(1))
    await asyncio.sleep(0)
    for _ in range(2):
        with pytest.raises(ModelRateLimited) as caught:
            await pace.admit(1)
        assert caught.value.retry_after_s == 120
    waiting.cancel()
    await asyncio.wait([waiting])

    assert clock.slept == [60]


async def test_a_cancelled_wait_gives_its_turn_up() -> None:
    clock = Stopped(NOON)
    pace = Pace(rpm=1, tpm=None, clock=clock)
    await pace.admit(1)
    for _ in range(2):
        waiting = asyncio.create_task(pace.admit(1))
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.wait([waiting])

    assert clock.slept == [60, 60]


async def test_tokens_that_were_not_used_make_room() -> None:
    clock = ManualClock(NOON)
    served = ServedBy(provider="scripted", model="m")
    small = Answer(text="Buy", served_by=served, spend=Spend(prompt_tokens=5, calls=1), latency_ms=0)
    model = PacedModel(ScriptedModel(lambda _: small), Pace(rpm=None, tpm=130, clock=clock))
    for _ in range(4):
        await model.ask(ASK)

    assert clock.slept == []


async def test_what_was_not_used_is_given_back_once_and_not_after_its_minute() -> None:
    clock = ManualClock(NOON)
    pace = Pace(rpm=None, tpm=100, clock=clock)
    early, late = await pace.admit(40), await pace.admit(60)
    pace.used(early, 10)
    assert pace.has_room(30)
    assert not pace.has_room(31)

    clock.advance(61)
    await pace.admit(60)
    pace.used(late, 1)
    assert pace.has_room(40)
    assert not pace.has_room(41)


@given(
    calls=st.lists(st.tuples(st.floats(0, 30), st.integers(1, 500)), max_size=40),
    rpm=st.integers(1, 6),
    tpm=st.integers(100, 600),
)
def test_no_minute_ever_holds_more_than_the_pace(calls: list[tuple[float, int]], rpm: int, tpm: int) -> None:
    async def admit_all() -> list[tuple[float, int]]:
        clock = ManualClock(NOON)
        pace = Pace(rpm=rpm, tpm=tpm, clock=clock, max_wait_s=10_000)
        started = []
        for pause, tokens in calls:
            clock.advance(pause)
            await pace.admit(tokens)
            started.append((clock.monotonic(), min(tokens, tpm)))
        return started

    started = asyncio.run(admit_all())
    for last, _ in started:
        window = [tokens for start, tokens in started if last - 60 + 1e-6 < start <= last]
        assert len(window) <= rpm
        assert sum(window) <= tpm
