"""A key's requests and tokens a minute, as the budgets of one process keep them."""

import asyncio
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.clock import ManualClock
from core.domain.errors import ModelRateLimited
from core.domain.paces import Booked, Minute, Pace, TooLong, Turn
from core.domain.usage import ServedBy, Spend
from core.llm.budget import Budget, BudgetedModel, Reservation
from core.llm.port import Answer, Ask, Message
from core.llm.prices import Prices, most_tokens
from core.llm.recording import CallForm
from core.llm.scripted import ScriptedModel

ASK = Ask(messages=(Message(role="user", content="?"),), max_output_tokens=100)
MOST = most_tokens(ASK)
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


class Stopped(ManualClock):
    """A clock whose sleepers never wake."""

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        await asyncio.Event().wait()


def pace(rpm: int | None = None, tpm: int | None = None) -> Pace:
    return Pace("p", "main", rpm, tpm)


def paced(
    clock: ManualClock, budget: Budget, rpm: int | None = None, tpm: int | None = None, used: int = MOST
) -> BudgetedModel:
    """A model whose answers use so many tokens, behind a pace."""
    served = ServedBy(provider="scripted", model="m")
    spend = Spend(prompt_tokens=used, calls=1)
    inner = ScriptedModel(lambda _: Answer(text="Buy", served_by=served, spend=spend, latency_ms=0))
    return BudgetedModel(inner, budget, Prices(free=True), CallForm(clock=clock), pace=pace(rpm, tpm))


def unlimited(clock: ManualClock) -> Budget:
    return Budget({}.get, clock=clock)


async def test_a_pace_of_requests_holds_the_next_minute_back() -> None:
    clock = ManualClock(NOON)
    model = paced(clock, unlimited(clock), rpm=2)
    for _ in range(3):
        await model.ask(ASK)
    assert clock.slept == [60]


async def test_a_turn_too_far_away_is_refused_at_once_and_takes_no_place() -> None:
    clock = Stopped(NOON)
    model = paced(clock, unlimited(clock), rpm=1)
    await model.ask(ASK)
    waiting = [asyncio.create_task(model.ask(ASK)) for _ in range(2)]
    await asyncio.sleep(0)
    for _ in range(2):
        with pytest.raises(ModelRateLimited, match="a minute would hold this call for 180 s") as caught:
            await model.ask(ASK)
        assert caught.value.retry_after_s == 180
    for one in waiting:
        one.cancel()
    await asyncio.wait(waiting)
    assert clock.slept == [60, 120]


async def test_a_cancelled_wait_gives_its_turn_up() -> None:
    clock = Stopped(NOON)
    model = paced(clock, unlimited(clock), rpm=1)
    await model.ask(ASK)
    for _ in range(2):
        waiting = asyncio.create_task(model.ask(ASK))
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.wait([waiting])
    assert clock.slept == [60, 60]


async def test_tokens_that_were_not_used_make_room() -> None:
    clock = ManualClock(NOON)
    model = paced(clock, unlimited(clock), tpm=130, used=5)
    for _ in range(4):
        await model.ask(ASK)
    assert clock.slept == []


async def test_what_was_not_used_is_given_back_once_and_not_after_its_minute() -> None:
    clock = ManualClock(NOON)
    budget, limit = unlimited(clock), pace(tpm=2 * MOST)
    early = await _reserved(clock, budget, limit)
    late = await _reserved(clock, budget, limit)
    early.settle(Spend(prompt_tokens=10, calls=1))
    assert budget.has_room(limit, MOST - 10)
    assert not budget.has_room(limit, MOST - 9)
    clock.advance(61)
    await _reserved(clock, budget, limit)
    late.settle(Spend(prompt_tokens=1, calls=1))
    assert budget.has_room(limit, MOST)
    assert not budget.has_room(limit, MOST + 1)


async def _reserved(clock: ManualClock, budget: Budget, limit: Pace) -> Reservation:
    call = CallForm(clock=clock).begun(ASK)
    spend = Spend(prompt_tokens=MOST, calls=1)
    return await budget.reserve((), Decimal(0), call.model_copy(update={"spend": spend}), limit)


def test_a_pace_of_tokens_waits_until_enough_have_left_the_window() -> None:
    minute = Minute(0.0, [])
    limit = pace(tpm=1000)
    waits = []
    for pause, tokens in ((0, 600), (20, 400), (0, 600), (0, 400)):
        minute.now += pause
        turn = minute.book(limit, tokens)
        assert isinstance(turn, Turn)
        waits.append(turn.wait_s)
        minute.now += turn.wait_s
    assert waits == [0, 0, 40, 20]


def test_a_call_larger_than_the_pace_waits_for_an_empty_window_and_goes() -> None:
    minute, limit = Minute(0.0, []), pace(tpm=1000)
    first, second = minute.book(limit, 5000), minute.book(limit, 1)
    assert isinstance(first, Turn)
    assert isinstance(second, Turn)
    assert (first.wait_s, second.wait_s) == (0, 60)


def test_seconds_that_are_counted_whole_give_a_late_call_its_minute() -> None:
    minute, limit = Minute(1000.9, [], whole_s=True), pace(rpm=2)
    turns = [minute.book(limit, 1) for _ in range(3)]
    assert [turn.at for turn in turns if isinstance(turn, Turn)] == [1000, 1000, 1062]
    assert minute.booked == [Booked(1000, 2, 2), Booked(1062, 1, 1)]
    assert isinstance(minute.book(pace(rpm=1), 1), TooLong)


@given(
    calls=st.lists(st.tuples(st.floats(0, 30), st.integers(1, 500)), max_size=40),
    rpm=st.integers(1, 6),
    tpm=st.integers(100, 600),
    whole_s=st.booleans(),
)
def test_no_minute_ever_holds_more_than_the_pace(
    calls: list[tuple[float, int]], rpm: int, tpm: int, whole_s: bool
) -> None:
    minute, started = Minute(0.0, [], whole_s=whole_s), []
    for pause, tokens in calls:
        minute.now += pause
        turn = minute.book(pace(rpm, tpm), tokens)
        if isinstance(turn, Turn):
            started.append((minute.now + turn.wait_s, turn.tokens))
    for last, _ in started:
        window = [tokens for start, tokens in started if last - 60 + 1e-6 < start <= last]
        assert len(window) <= rpm
        assert sum(window) <= tpm
