"""Budgets that processes share: what is held, what a crash leaves behind, and that no limit is passed."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
import pytest_asyncio
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from core.clock import ManualClock
from core.domain.budgets import Held, NoRoom, Reply, Wait, Wish
from core.domain.calls import Call, CallOutcome
from core.domain.errors import StoreError
from core.domain.usage import Spend
from core.llm.budget import Budget
from core.llm.scopes import scopes_of
from core.store.budget_tables import budget_holds, budget_scopes
from core.store.call_queue import CallQueue, Ended
from core.store.call_tables import calls
from core.store.store import Store
from tests.budget_wishes import DAY, DAY_SCOPE, LEASE, call, standing, wish
from tests.store_values import START

pytest_plugins = ("tests.storage",)


def ended(made: Call, cost: str, outcome: CallOutcome = CallOutcome.ANSWERED) -> Call:
    spend = made.spend.model_copy(update={"cost_usd": Decimal(cost)})
    return made.model_copy(update={"spend": spend, "outcome": outcome})


async def end(store: Store, made: Call, cost: str) -> None:
    """Record a call as the models do, and wait until it is written."""
    store.calls.log.add(ended(made, cost), scopes_of(made, DAY))
    store.budgets.end(made)
    assert await store.calls.log.flush()


@pytest_asyncio.fixture
async def other(store: Store, url: str, clock: ManualClock) -> AsyncIterator[Store]:
    """Another process on the same database."""
    opened = await Store.open(url, clock)
    yield opened
    await opened.close()


async def test_what_one_process_holds_another_cannot_have(store: Store, other: Store) -> None:
    assert isinstance(await store.budgets.hold(wish(call(1, "0.60"))), Held)
    assert isinstance(await other.budgets.hold(wish(call(2, "0.60"))), Wait)
    assert await standing(other) == (0, Decimal("0.60"))
    await end(store, call(1), "0.10")
    assert isinstance(await other.budgets.hold(wish(call(2, "0.60"))), Held)
    await end(other, call(2), "0.55")
    assert await standing(store) == (Decimal("0.65"), 0)
    assert isinstance(await store.budgets.hold(wish(call(3, "0.60"))), NoRoom)


async def test_a_call_is_held_in_every_scope_or_in_none(store: Store) -> None:
    run, tier = "run:r1", f"tier:premium:{DAY}"
    assert isinstance(await store.budgets.hold(wish(call(1, "0.60"), tier, most="0.60")), Held)
    assert isinstance(await store.budgets.hold(wish(call(2, "0.60"), run, tier)), Wait)
    assert await standing(store, run) == (0, 0)


async def test_a_call_that_was_never_sent_gives_all_of_it_back(store: Store) -> None:
    await store.budgets.hold(wish(call(1)))
    store.budgets.end(call(1, "0"))
    assert await store.calls.log.flush()
    assert await standing(store) == (0, 0)


async def test_a_scope_begins_with_what_its_calls_have_cost(store: Store, other: Store) -> None:
    """A limit that is set today counts what was spent before it was."""
    for number, (cost, caller) in enumerate(
        [("0.30", {"chat": "slack:C1"}), ("0.20", {"chat": "slack:C2", "tier": "fast", "run_id": "r2"})]
    ):
        store.calls.log.add(ended(call(number, tokens=50, **caller), cost), ())
    yesterday = ended(call("old"), "5").model_copy(update={"at": START - timedelta(days=1)})
    store.calls.log.add(yesterday, ())
    assert await store.calls.log.flush()
    await other.budgets.hold(wish(call(9, "0.40")))
    assert await standing(store) == (Decimal("0.50"), Decimal("0.40"))
    assert (await standing(store, f"chat:slack:C1:{DAY}"))[0] == Decimal("0.30")
    assert (await standing(store, f"tier:fast:{DAY}"))[0] == Decimal("0.20")
    assert (await standing(store, "run:r1"))[0] == Decimal("5.30")
    assert (await standing(store, f"key:openrouter:main:{DAY}"))[0] == Decimal("0.50")
    assert (await standing(store, f"tokens:openrouter:main:{DAY}"))[0] == 100


async def test_calls_that_nothing_limits_count_for_whoever_limits_them(store: Store, other: Store) -> None:
    """Two processes may be configured differently, as while one is being restarted."""
    await other.budgets.hold(wish(call(1)))
    made = call(2, "0.55")
    store.calls.log.add(ended(made, "0.55"), scopes_of(made, DAY))
    assert await store.calls.log.flush()
    assert await standing(other) == (Decimal("0.55"), Decimal("0.40"))


async def test_a_key_may_be_limited_in_tokens(store: Store) -> None:
    scope = f"tokens:openrouter:main:{DAY}"
    first = call(1, "0", tokens=600)
    assert isinstance(await store.budgets.hold(wish(first, scope, most="1000")), Held)
    assert isinstance(await store.budgets.hold(wish(call(2, "0", tokens=500), scope, most="1000")), Wait)
    used = first.model_copy(update={"spend": Spend(prompt_tokens=300, completion_tokens=250, calls=1)})
    store.calls.log.add(used, scopes_of(used, DAY))
    assert await store.calls.log.flush()
    assert await standing(store, scope) == (550, 0)
    assert isinstance(await store.budgets.hold(wish(call(2, "0", tokens=500), scope, most="1000")), NoRoom)


async def test_a_guess_holds_no_more_than_is_left(store: Store) -> None:
    reply = await store.budgets.hold(wish(call(1, "7.00"), guessed=True))
    assert isinstance(reply, Held)
    assert reply.call.spend.cost_usd == Decimal("1.00")


async def test_what_the_dead_held_is_spent_once_their_lease_is_over(
    store: Store, other: Store, clock: ManualClock
) -> None:
    await other.budgets.hold(wish(call(1, "0.60", tokens=70, person="slack:U1")))
    await other.database.close()  # killed: nothing more is written
    clock.advance(LEASE.total_seconds())
    assert isinstance(await store.budgets.hold(wish(call(2, "0.60"))), Wait)
    clock.advance(1)
    assert isinstance(await store.budgets.hold(wish(call(2, "0.60"))), NoRoom)
    assert await standing(store) == (Decimal("0.60"), 0)
    async with store.database.read() as connection:
        (lost,) = (await connection.execute(select(calls))).mappings().all()
    assert (lost["id"], lost["outcome"], lost["person"]) == ("call-1", "lost", "slack:U1")
    assert (lost["cost_usd"], lost["prompt_tokens"]) == (Decimal("0.60"), 70)


async def test_a_process_that_only_slept_books_its_call_once(
    store: Store, other: Store, clock: ManualClock
) -> None:
    made = call(1, "0.60")
    await other.budgets.hold(wish(made))
    clock.advance(LEASE.total_seconds() + 1)
    await store.budgets.hold(wish(call(2, "0.10")))
    assert (await standing(store))[0] == Decimal("0.60")
    await end(other, made, "0.25")
    assert (await standing(store))[0] == Decimal("0.25")


async def test_whoever_gives_up_while_holding_leaves_nothing_held(store: Store) -> None:
    holding = asyncio.create_task(store.budgets.hold(wish(call(1))))
    await asyncio.sleep(0)
    holding.cancel()
    await asyncio.wait([holding])
    for _ in range(1000):
        if await _rows(store) and not await _holds(store):
            break
        await asyncio.sleep(0.01)
    assert await standing(store) == (0, 0)


async def test_rows_that_nobody_needs_are_made_again_of_the_calls(store: Store, clock: ManualClock) -> None:
    await store.budgets.hold(wish(call(1)))
    await end(store, call(1), "0.25")
    clock.advance(timedelta(days=4).total_seconds())
    await store.budgets.hold(wish(call(2), "run:other"))
    async with store.database.read() as connection:
        left = (await connection.execute(select(budget_scopes.c.scope))).scalars().all()
    assert left == ["run:other"]
    assert (await standing(store))[0] == Decimal("0.25")


async def test_a_chat_that_becomes_another_takes_what_it_has_spent_along(
    store: Store, other: Store, clock: ManualClock
) -> None:
    old, new = f"chat:telegram:-1:{DAY}", f"chat:telegram:-1001:{DAY}"
    first, second = call(1, chat="telegram:-1"), call(2, "0.20", chat="telegram:-1")
    await store.budgets.hold(wish(first, old))
    await store.budgets.hold(wish(second, old))
    await end(store, first, "0.30")
    await store.known_chats.move("telegram:-1", "telegram:-1001", clock.now())
    assert await standing(other, new) == (Decimal("0.30"), Decimal("0.20"))
    await end(store, second, "0.10")
    assert await standing(other, new) == (Decimal("0.40"), 0)


async def test_a_hold_that_was_written_while_its_answer_was_lost_keeps_no_call_from_being_sent(
    store: Store, other: Store, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    hold, lost = store.budgets.hold, [True]

    async def losing(wished: Wish) -> Reply:
        reply = await hold(wished)
        if lost:
            lost.pop()
            raise StoreError("The connection broke.")
        return reply

    monkeypatch.setattr(store.budgets, "hold", losing)
    budget = Budget({DAY_SCOPE: Decimal(1)}.get, book=store.budgets, clock=clock)
    with await budget.reserve([DAY_SCOPE], Decimal("0.40"), call(1)) as held:
        assert await standing(other) == (0, Decimal("0.80"))
        held.settle(Decimal("0.10"))
    assert await store.calls.log.flush()
    # Nobody can tell that the first one was not sent, so it is booked like those of the dead.
    assert await standing(other) == (0, Decimal("0.40"))


async def test_the_records_of_calls_survive_a_store_that_is_away_for_a_while(
    store: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    whole = store.database.write
    away = [True] * 3

    def write() -> object:
        if away:
            away.pop()
            raise StoreError("away")
        return whole()

    monkeypatch.setattr(store.database, "write", write)
    await store.calls.log.room()
    for number in range(5):
        store.calls.log.add(ended(call(number), "0.01"), ())
    assert await store.calls.log.flush()
    assert caplog.text.count("the records of calls wait") == 1
    async with store.database.read() as connection:
        assert (await connection.execute(select(func.count()).select_from(calls))).scalar() == 5


async def test_what_ends_while_others_write_is_written_together(tmp_path: Path, clock: ManualClock) -> None:
    store = await Store.open(f"sqlite+aiosqlite:///{tmp_path}/together.db", clock)
    sizes: list[int] = []

    async def settle(connection: AsyncConnection, gone: Sequence[Ended]) -> None:
        sizes.append(len(gone))

    queue = CallQueue(store.database, settle)
    async with store.database.write():
        for number in range(3):
            queue.add(ended(call(number), "0.01"), ())
            await asyncio.sleep(0.01)
    assert await queue.flush()
    await store.close()
    assert sizes == [3]


async def test_whoever_would_make_more_calls_than_can_be_recorded_waits(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.store.call_queue.MOST_WAITING", 10)
    for number in range(10):
        store.calls.log.add(ended(call(number), "0.01"), ())
    waiting = asyncio.create_task(store.calls.log.room())
    await asyncio.sleep(0)
    assert not waiting.done()
    await waiting


async def _holds(store: Store) -> int:
    async with store.database.read() as connection:
        return int((await connection.execute(select(func.count()).select_from(budget_holds))).scalar() or 0)


async def _rows(store: Store) -> int:
    async with store.database.read() as connection:
        return int((await connection.execute(select(func.count()).select_from(budget_scopes))).scalar() or 0)
