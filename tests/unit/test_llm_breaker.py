"""When a route is left alone, and how it comes back."""

import asyncio
from datetime import UTC, datetime

import pytest

from core.clock import ManualClock
from core.config.settings import HealthSettings
from core.domain.errors import (
    Abandoned,
    BadAnswer,
    BadModelRequest,
    JunkAnswer,
    ModelFailure,
    ModelRateLimited,
    ModelServerFailed,
    ModelTimeout,
    RouteDown,
)
from core.domain.provider_health import Condition
from core.domain.usage import ServedBy, Spend
from core.llm.breaker import Breaker
from core.llm.guard import GuardedModel
from core.llm.limits import ConcurrentModel
from core.llm.notes import Notes
from core.llm.port import Answer, Ask, Message
from core.llm.recording import CallForm, NoLog, RecordedModel
from core.llm.scripted import ScriptedModel
from core.llm.states import KeptInMemory

START = datetime(2026, 11, 20, 14, 2, tzinfo=UTC)
ASK = Ask(messages=(Message(role="user", content="Buy?"),), max_output_tokens=50)
DEAD = "p:m could not be reached: refused"


def breaker_at(clock: ManualClock, states: KeptInMemory | None = None, **settings: object) -> Breaker:
    chosen = HealthSettings.model_validate({"failures": 3, "failing_s": 5.0, "open_s": 60.0, **settings})
    return Breaker("p", "m", chosen, Notes(states or KeptInMemory(), clock), clock)


def guarded(
    breaker: Breaker, clock: ManualClock, *replies: object, patient: bool = False, hang_s: float = 100
) -> GuardedModel:
    model = ScriptedModel(list(replies))  # type: ignore[arg-type]
    return GuardedModel(model, breaker, clock, patient=patient, hang_s=hang_s)


def hanging(clock: ManualClock) -> RecordedModel:
    """Return a model whose requests go out and never come back."""

    async def never(ask: Ask) -> str:
        await asyncio.Event().wait()
        return ""

    return RecordedModel(ScriptedModel(never), CallForm(clock=clock), NoLog())


async def fails(model: GuardedModel, kind: type[ModelFailure] = ModelServerFailed) -> ModelFailure:
    with pytest.raises(kind) as caught:
        await model.ask(ASK)
    return caught.value


async def opened(clock: ManualClock, **settings: object) -> Breaker:
    breaker = breaker_at(clock, **settings)
    model = guarded(breaker, clock, *(ModelServerFailed(DEAD) for _ in range(3)))
    for _ in range(3):
        await fails(model)
        clock.advance(5)
    assert breaker.state == "open"
    return breaker


def answer(latency_ms: int) -> Answer:
    return Answer(
        text="ready", served_by=ServedBy(provider="p", model="m"), spend=Spend(calls=1), latency_ms=latency_ms
    )


@pytest.mark.parametrize(
    "failure", [ModelServerFailed(DEAD), ModelTimeout("p:m did not answer"), JunkAnswer("p:m answered junk")]
)
async def test_failures_of_the_route_in_a_row_open_it(failure: ModelFailure) -> None:
    clock = ManualClock(START)
    breaker = breaker_at(clock)
    model = guarded(breaker, clock, failure, failure, failure, "never asked")
    for _ in range(3):
        await fails(model, type(failure))
        clock.advance(5)
    assert (await fails(model, RouteDown)).reason.startswith("p:m has been down since 14:02 UTC: ")


@pytest.mark.parametrize(
    "failure", [ModelRateLimited("p:m 429"), BadModelRequest("p:m 400"), BadAnswer("p:m was cut off")]
)
async def test_what_says_nothing_of_the_route_opens_nothing(failure: ModelFailure) -> None:
    clock = ManualClock(START)
    breaker = breaker_at(clock)
    model = guarded(breaker, clock, *[failure] * 30)
    for _ in range(30):
        await fails(model, type(failure))
        clock.advance(1)
    assert breaker.state == "closed"
    assert breaker.health().condition is Condition.HEALTHY


async def test_many_failures_at_one_moment_are_a_hiccup() -> None:
    clock = ManualClock(START)
    breaker = breaker_at(clock)
    model = guarded(breaker, clock, *[ModelServerFailed(DEAD)] * 40, "Buy.")
    for _ in range(40):
        await fails(model)
    assert breaker.state == "closed"
    assert breaker.health().condition is Condition.DEGRADED
    assert (await model.ask(ASK)).text == "Buy."


async def test_an_answer_in_between_begins_a_new_row() -> None:
    clock = ManualClock(START)
    breaker = breaker_at(clock)
    dead = ModelServerFailed(DEAD)
    model = guarded(breaker, clock, dead, dead, "Buy.", dead, dead)
    for expected in (False, False, True, False, False):
        if expected:
            await model.ask(ASK)
        else:
            await fails(model)
        clock.advance(5)
    assert breaker.state == "closed"


async def test_a_share_of_failures_in_the_window_opens_it_too() -> None:
    clock = ManualClock(START)
    breaker = breaker_at(clock, failures=100, min_calls=10, window_s=100)
    dead = ModelServerFailed(DEAD)
    model = guarded(breaker, clock, *["Buy.", dead] * 5)
    for number in range(10):
        if number % 2:
            await fails(model)
        else:
            await model.ask(ASK)
        clock.advance(2)
    assert breaker.state == "open"


async def test_failures_that_are_long_ago_count_no_more() -> None:
    clock = ManualClock(START)
    breaker = breaker_at(clock, failures=100, min_calls=4, window_s=10)
    model = guarded(breaker, clock, *[ModelServerFailed(DEAD)] * 12)
    for _ in range(12):
        await fails(model)
        clock.advance(6)
    assert breaker.state == "closed"


async def test_slow_answers_count_for_the_share_where_that_is_set() -> None:
    for slow_s, state in ((None, "closed"), (2.0, "open")):
        clock = ManualClock(START)
        breaker = breaker_at(clock, min_calls=5, slow_s=slow_s)
        model = guarded(breaker, clock, *[answer(3000)] * 6)
        for _ in range(6):
            if breaker.state == "closed":
                await model.ask(ASK)
            clock.advance(2)
        assert breaker.state == state


async def test_one_call_tries_an_open_route_when_its_time_is_over() -> None:
    clock = ManualClock(START)
    breaker = await opened(clock)
    clock.advance(60)
    assert breaker.state == "half_open"
    gate = asyncio.Event()

    async def slowly(ask: Ask) -> str:
        await gate.wait()
        return "Buy."

    probing = GuardedModel(ScriptedModel(slowly), breaker, clock, patient=False, hang_s=100)
    probe = asyncio.create_task(probing.ask(ASK))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    elsewhere = guarded(breaker, clock, "never asked")
    await fails(elsewhere, RouteDown)

    gate.set()

    assert (await probe).text == "Buy."
    assert breaker.state == "closed"
    assert breaker.health().condition is Condition.HEALTHY


async def test_who_has_nowhere_else_to_go_waits_for_the_call_that_tries_it() -> None:
    clock = ManualClock(START)
    breaker = await opened(clock)
    clock.advance(60)
    gate = asyncio.Event()

    async def slowly(ask: Ask) -> str:
        await gate.wait()
        return "Buy."

    model = GuardedModel(ScriptedModel(slowly), breaker, clock, patient=True, hang_s=100)
    asking = [asyncio.create_task(model.ask(ASK)) for _ in range(4)]
    await asyncio.sleep(0)
    gate.set()

    assert [one.text for one in await asyncio.gather(*asking)] == ["Buy."] * 4


async def test_a_route_that_is_still_down_is_left_alone_for_twice_as_long_and_since_the_same_time() -> None:
    clock = ManualClock(START)
    breaker = await opened(clock)
    clock.advance(60)
    await fails(guarded(breaker, clock, ModelServerFailed(DEAD)))
    health = breaker.health()
    assert health.until is not None
    assert (health.until - clock.now()).total_seconds() == 120
    assert (health.since, health.condition) == (datetime(2026, 11, 20, 14, 2, 10, tzinfo=UTC), Condition.DOWN)
    assert health.reason == "could not be reached: refused"


async def test_a_try_that_says_nothing_leaves_the_next_one_to_try() -> None:
    clock = ManualClock(START)
    breaker = await opened(clock)
    clock.advance(60)
    model = guarded(breaker, clock, ModelRateLimited("p:m 429"), "Buy.")
    await fails(model, ModelRateLimited)
    assert breaker.state == "half_open"
    assert (await model.ask(ASK)).text == "Buy."
    assert breaker.state == "closed"


async def test_a_cancelled_try_leaves_the_next_one_to_try() -> None:
    clock = ManualClock(START)
    breaker = await opened(clock)
    clock.advance(60)

    async def never(ask: Ask) -> str:
        await asyncio.Event().wait()
        return ""

    probe = asyncio.create_task(
        GuardedModel(ScriptedModel(never), breaker, clock, patient=False, hang_s=100).ask(ASK)
    )
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    probe.cancel()
    await asyncio.wait([probe])

    assert (await guarded(breaker, clock, "Buy.").ask(ASK)).text == "Buy."


async def test_a_call_that_a_deadline_ends_counts_as_not_answered_and_one_stopped_early_does_not() -> None:
    for waited_s, state in ((10.0, "closed"), (100.0, "open")):
        clock = ManualClock(START)
        breaker = breaker_at(clock)

        model = GuardedModel(hanging(clock), breaker, clock, patient=False, hang_s=90)
        asking = [asyncio.create_task(model.ask(ASK)) for _ in range(3)]
        await asyncio.sleep(0.01)
        clock.advance(waited_s)
        for task in asking:
            task.cancel()
        await asyncio.wait(asking)
        assert breaker.state == state


async def test_a_call_that_waits_for_its_place_until_a_deadline_says_nothing_of_the_route() -> None:
    clock, places = ManualClock(START), asyncio.Semaphore(1)
    breaker = breaker_at(clock, failures=2)
    model = GuardedModel(ConcurrentModel(hanging(clock), places), breaker, clock, patient=False, hang_s=90)
    asking = [asyncio.create_task(model.ask(ASK)) for _ in range(9)]
    await asyncio.sleep(0.01)
    clock.advance(100)
    for task in asking:
        task.cancel()
    await asyncio.wait(asking)
    health = breaker.health()
    assert (health.breaker, health.failures) == ("closed", 1)


async def test_a_request_that_fails_in_time_and_waits_to_be_sent_again_does_not_hang() -> None:
    clock = ManualClock(START)
    breaker = breaker_at(clock, failures=1)
    sent = RecordedModel(ScriptedModel([ModelRateLimited("slow down")]), CallForm(clock=clock), NoLog())

    async def again(ask: Ask) -> str:
        with pytest.raises(ModelRateLimited):
            await sent.ask(ask)
        await asyncio.Event().wait()
        return ""

    model = GuardedModel(ScriptedModel(again), breaker, clock, patient=False, hang_s=90)
    asking = asyncio.create_task(model.ask(ASK))
    await asyncio.sleep(0.01)
    clock.advance(100)
    asking.cancel()
    await asyncio.wait([asking])
    assert breaker.state == "closed"


async def test_a_route_that_is_down_stays_so_for_another_process_and_after_a_restart() -> None:
    clock, states = ManualClock(START), KeptInMemory()
    breaker = breaker_at(clock, states)
    model = guarded(breaker, clock, *[ModelServerFailed(DEAD)] * 3)
    for _ in range(3):
        await fails(model)
        clock.advance(5)
    await breaker._notes.written()

    other = breaker_at(clock, states)
    await fails(guarded(other, clock, "never asked"), RouteDown)
    clock.advance(60)
    assert (await guarded(other, clock, "Buy.").ask(ASK)).text == "Buy."
    await other._notes.written()
    clock.advance(2)
    await breaker._notes.refresh()
    assert breaker.state == "closed"


async def test_how_long_answers_take_is_said_of_twenty_and_more() -> None:
    clock = ManualClock(START)
    breaker = breaker_at(clock)
    model = guarded(breaker, clock, *(answer(100 * number) for number in range(1, 21)))
    for number in range(20):
        assert breaker.p95_s() is None, number
        await model.ask(ASK)
    assert breaker.p95_s() == 1.9
    assert (breaker.health().p50_ms, breaker.health().p95_ms) == (1000, 1900)


async def test_what_came_before_the_last_thousand_calls_counts_no_more() -> None:
    clock = ManualClock(START)
    breaker = breaker_at(clock, failures=1000, min_calls=1000, window_s=3600)
    model = guarded(breaker, clock, *(ModelServerFailed(DEAD) for _ in range(150)), *["ready"] * 1000)
    for _ in range(150):
        await fails(model)
    for _ in range(850):
        await model.ask(ASK)
    degraded = breaker.health()
    assert (degraded.calls, degraded.failures, degraded.condition) == (1000, 150, Condition.DEGRADED)

    for _ in range(60):
        await model.ask(ASK)
    healthy = breaker.health()
    assert (healthy.calls, healthy.failures, healthy.condition) == (1000, 90, Condition.HEALTHY)


async def test_a_slow_call_that_lost_against_a_second_one_still_tells_how_long_calls_take() -> None:
    clock = ManualClock(START)
    breaker = breaker_at(clock)
    lost = [Abandoned("another was quicker", waited_ms=900) for _ in range(2)]
    model = guarded(breaker, clock, *(answer(100) for _ in range(20)), *lost)
    for _ in range(20):
        await model.ask(ASK)
    assert breaker.p95_s() == 0.1
    for _ in range(2):
        await fails(model, Abandoned)

    assert breaker.p95_s() == 0.9
    assert breaker.health().failures == 0


async def test_a_call_that_lost_before_the_usual_time_says_nothing_of_it() -> None:
    clock = ManualClock(START)
    breaker = breaker_at(clock)
    lost = [Abandoned("another was quicker", waited_ms=5) for _ in range(30)]
    model = guarded(breaker, clock, *(answer(100) for _ in range(20)), *lost)
    for _ in range(20):
        await model.ask(ASK)
    for _ in range(30):
        await fails(model, Abandoned)

    assert breaker.health().p50_ms == 100
