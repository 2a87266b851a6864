"""A key's minute that processes share, and what a process that was killed leaves of a run."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from decimal import Decimal

import pytest_asyncio
from sqlalchemy import select

from core.clock import ManualClock
from core.domain.budgets import Held, Limit, Wait, Wish
from core.domain.calls import Call, Caller, CallOutcome
from core.domain.paces import Pace, TooLong
from core.domain.usage import Spend
from core.store.budget_tables import budget_holds, key_seconds
from core.store.call_tables import calls
from core.store.store import Store
from tests.store_values import START

pytest_plugins = ("tests.storage",)

PACE = Pace("openrouter", "main", rpm=2)
LEASE = timedelta(minutes=15)


def call(number: int, tokens: int = 100, run_id: str = "r1") -> Call:
    return Call(
        id=f"call-{number}",
        at=START,
        caller=Caller(run_id=run_id),
        provider="openrouter",
        model="m",
        key="main",
        outcome=CallOutcome.LOST,
        spend=Spend(prompt_tokens=tokens, cost_usd=Decimal("0.40"), calls=1, estimated_calls=1),
    )


def wish(made: Call, pace: Pace | None = PACE, most: str = "9.00") -> Wish:
    limit = Limit(f"run:{made.caller.run_id}", Decimal(most))
    return Wish(made, (limit.scope,), (limit,), START + LEASE, pace=pace)


async def wait_s(store: Store, made: Call, pace: Pace = PACE) -> float:
    reply = await store.budgets.hold(wish(made, pace))
    assert isinstance(reply, Held)
    assert reply.turn is not None
    return reply.turn.wait_s


@pytest_asyncio.fixture
async def second_process(store: Store, url: str, clock: ManualClock) -> AsyncIterator[Store]:
    """Another process on the same database."""
    opened = await Store.open(url, clock)
    yield opened
    await opened.close()


async def test_the_requests_of_a_keys_minute_count_over_all_processes(
    store: Store, second_process: Store
) -> None:
    assert await wait_s(store, call(1)) == 0
    assert await wait_s(second_process, call(2)) == 0
    assert 60 < await wait_s(store, call(3)) <= 62
    assert not store.budgets.has_room(PACE, 1)
    other = PACE._replace(key="spare")
    assert await wait_s(second_process, call(4), other) == 0


async def test_the_tokens_of_a_keys_minute_count_over_all_processes(
    store: Store, second_process: Store
) -> None:
    tokens = Pace("openrouter", "main", tpm=250)
    assert await wait_s(store, call(1), tokens) == 0
    assert await wait_s(second_process, call(2), tokens) == 0
    used = call(1).model_copy(update={"spend": Spend(prompt_tokens=40, calls=1)})
    store.calls.log.add(used, ())
    assert await store.calls.log.flush()
    assert await wait_s(second_process, call(3), tokens) == 0
    assert await wait_s(store, call(4), tokens) > 60


async def test_a_call_that_was_never_sent_gives_its_turn_to_another_process(
    store: Store, second_process: Store
) -> None:
    await wait_s(store, call(1))
    await wait_s(store, call(2))
    store.budgets.end(call(2))
    assert await store.calls.log.flush()
    assert await wait_s(second_process, call(3)) == 0


async def test_a_turn_too_far_away_is_refused_and_holds_nothing(store: Store) -> None:
    narrow = PACE._replace(rpm=1)
    await wait_s(store, call(1), narrow)
    await wait_s(store, call(2), narrow)
    reply = await store.budgets.hold(wish(call(3), narrow))
    assert isinstance(reply, TooLong)
    assert 120 < reply.wait_s <= 124
    assert (await store.budgets.standing(Limit("run:r1", Decimal(0)))).held == Decimal("0.80")


async def test_what_a_dead_process_has_booked_ages_out_with_the_minute(
    store: Store, second_process: Store, clock: ManualClock
) -> None:
    await wait_s(second_process, call(1))
    await wait_s(second_process, call(2))
    await second_process.database.close()  # killed: nothing more is written
    clock.advance(62)
    assert await wait_s(store, call(3)) == 0
    clock.advance(63)
    await wait_s(store, call(4))
    async with store.database.read() as connection:
        seconds = (await connection.execute(select(key_seconds.c.second))).scalars().all()
    assert seconds == [int((START + timedelta(seconds=125)).timestamp())]


async def test_what_a_clock_that_was_wrong_has_booked_is_in_nobodys_way(
    store: Store, second_process: Store, clock: ManualClock
) -> None:
    second_process.database.clock = ManualClock(START + timedelta(hours=1))
    await wait_s(second_process, call(1))
    await wait_s(second_process, call(2))
    assert await wait_s(store, call(3)) == 0


async def test_a_run_that_is_taken_over_need_not_wait_for_what_the_dead_held(
    store: Store, second_process: Store, clock: ManualClock
) -> None:
    """One that may have been sent is booked in full; one that still waited for its turn costs nothing."""
    for number in (1, 2, 3):
        await second_process.budgets.hold(wish(call(number), most="1.20"))
    await second_process.budgets.hold(wish(call(4, run_id="r2")))
    await second_process.database.close()
    clock.advance(15)
    assert isinstance(await store.budgets.hold(wish(call(5), most="1.20")), Wait)
    await store.budgets.settle_left("r1", clock.now())
    assert await store.budgets.standing(Limit("run:r1", Decimal(0))) == (Decimal("0.80"), 0)
    async with store.database.read() as connection:
        lost = (await connection.execute(select(calls).order_by(calls.c.id))).mappings().all()
        held = (await connection.execute(select(budget_holds.c.id))).scalars().all()
    assert [(one["id"], one["outcome"], one["estimated_calls"]) for one in lost] == [
        ("call-1", "lost", 1),
        ("call-2", "lost", 1),
    ]
    assert held == ["call-4"]


async def test_a_process_settles_nothing_of_its_own_calls_when_it_takes_a_run_over(store: Store) -> None:
    await store.budgets.hold(wish(call(1)))
    await store.budgets.settle_left("r1", START)
    assert await store.budgets.standing(Limit("run:r1", Decimal(0))) == (0, Decimal("0.40"))


async def test_a_process_that_lives_after_all_books_what_its_calls_have_really_cost(
    store: Store, second_process: Store, clock: ManualClock
) -> None:
    """Its run was taken over, and its calls were booked as lost: each still counts once, and as it was."""
    for number in (1, 2):
        await second_process.budgets.hold(wish(call(number)))
    clock.advance(15)
    await asyncio.gather(*(store.budgets.settle_left("r1", clock.now()) for _ in range(2)))
    assert await store.budgets.standing(Limit("run:r1", Decimal(0))) == (Decimal("0.80"), 0)
    dear = Spend(prompt_tokens=7, cost_usd=Decimal("0.70"), calls=1)
    came_back = call(1).model_copy(update={"outcome": CallOutcome.ANSWERED, "spend": dear})
    for _ in range(2):
        second_process.calls.log.add(came_back, ("run:r1",))
        second_process.budgets.end(came_back)
    assert await second_process.calls.log.flush()
    assert await store.budgets.standing(Limit("run:r1", Decimal(0))) == (Decimal("1.10"), 0)
    async with store.database.read() as connection:
        query = select(calls.c.id, calls.c.outcome, calls.c.cost_usd, calls.c.estimated_calls)
        told = (await connection.execute(query.order_by(calls.c.id))).all()
    assert told == [
        ("call-1", "answered", Decimal("0.70"), 0),
        ("call-2", "lost", Decimal("0.40"), 1),
    ]
