"""Edits and posts stay below Slack's rates, and the ends of runs come before live edits."""

import asyncio
from datetime import UTC, datetime

import pytest

from bot.door import Flooded
from bot.slack_pacer import MAX_CHANNELS, PostSpacing, UpdateBudget
from core.clock import ManualClock


class StandingClock(ManualClock):
    """A clock on which nobody's sleep is over yet."""

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


@pytest.fixture
def standing() -> StandingClock:
    return StandingClock(datetime(2026, 1, 2, tzinfo=UTC))


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(datetime(2026, 1, 2, tzinfo=UTC))


async def test_no_minute_has_more_than_fifty_edits(clock: ManualClock) -> None:
    budget = UpdateBudget(clock)
    sent: list[float] = []
    while clock.monotonic() < 300:
        try:
            budget.live()
        except Flooded as flood:
            assert flood.retry_after_s > 0
            clock.advance(0.1)
        else:
            sent.append(clock.monotonic())
            clock.advance(0.1)

    busiest = max(sum(start <= at < start + 60 for at in sent) for start in sent)
    assert 40 <= busiest <= 50


async def test_live_edits_leave_room_for_the_end_of_a_run(clock: ManualClock) -> None:
    budget = UpdateBudget(clock)
    with pytest.raises(Flooded):
        for _ in range(100):
            budget.live()

    for _ in range(3):
        await budget.final()

    assert clock.slept == []


async def test_the_wait_of_a_refused_live_edit_is_long_enough(clock: ManualClock) -> None:
    budget = UpdateBudget(clock)
    with pytest.raises(Flooded) as refused:
        for _ in range(100):
            budget.live()
    clock.advance(refused.value.retry_after_s + 0.001)

    budget.live()


async def test_many_ends_wait_for_their_turn_or_are_told_when_it_comes(standing: StandingClock) -> None:
    budget = UpdateBudget(standing)
    outcomes = await asyncio.gather(*(budget.final() for _ in range(40)), return_exceptions=True)

    late = [outcome for outcome in outcomes if isinstance(outcome, Flooded)]
    assert 0 < len(late) < 40
    assert all(flood.retry_after_s > 10 for flood in late)
    assert len(standing.slept) > 3
    assert standing.slept == sorted(standing.slept)
    assert all(0 < wait <= 10 for wait in standing.slept)


async def test_nothing_goes_out_while_slack_asks_to_wait(clock: ManualClock) -> None:
    budget = UpdateBudget(clock)
    budget.close_for(5)
    with pytest.raises(Flooded) as refused:
        budget.live()
    await budget.final()

    assert refused.value.retry_after_s == 5
    assert clock.slept == [5]


async def test_messages_to_one_channel_are_a_second_apart_and_others_do_not_wait(clock: ManualClock) -> None:
    spacing = PostSpacing(clock)
    await spacing.turn("C1")
    await spacing.turn("C2")
    await spacing.turn("C1")

    assert clock.slept == [1.05]


async def test_a_channel_with_too_many_waiting_messages_is_flooded(standing: StandingClock) -> None:
    spacing = PostSpacing(standing)
    outcomes = await asyncio.gather(*(spacing.turn("C1") for _ in range(30)), return_exceptions=True)

    assert any(isinstance(outcome, Flooded) for outcome in outcomes)


async def test_spacing_forgets_old_channels(clock: ManualClock) -> None:
    spacing = PostSpacing(clock)
    for number in range(MAX_CHANNELS + 50):
        await spacing.turn(f"C{number}")

    assert len(spacing._free_at) == MAX_CHANNELS
