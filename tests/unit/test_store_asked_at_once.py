"""What many ask for at the same moment is read once, and is never older than the question."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import event

from core.clock import ManualClock
from core.domain.ballot import Action
from core.domain.errors import StoreError
from core.domain.member import MemberKind
from core.domain.season import Season
from core.domain.stage import Preset
from core.store.store import Store
from core.store.together import Together
from tests import store_values
from tests.store_values import START, WANTED

pytest_plugins = ["tests.storage"]

MANY = 50
CROWD = ("crowd", MemberKind.CROWD, Decimal(0), (), True)
ASKED: dict[str, Callable[[Store, int], Awaitable[object]]] = {
    "members": lambda store, _: store.members.all(),
    "the live season": lambda store, _: store.live.current(),
    "what runs have cost": lambda store, _: store.history.spent(Preset.QUICK, 10),
    "the prices that providers list": lambda store, _: store.listed.all(),
    "what is known of places": lambda store, place: store.places.at("telegram:1", f"telegram:-{place}"),
    "votes": lambda store, place: store.votes.of_run(f"run{place:05}"),
}


@contextmanager
def reads(store: Store) -> Iterator[list[str]]:
    """Note the statements that read."""
    found: list[str] = []

    def note(*all_: Any) -> None:
        if all_[2].startswith("SELECT"):
            found.append(all_[2])

    listening = (store.database.sync_engine, "before_cursor_execute", note)
    event.listen(*listening)
    try:
        yield found
    finally:
        event.remove(*listening)


@pytest.mark.parametrize("what", ASKED)
async def test_fifty_who_ask_at_once_cost_one_statement(store: Store, what: str) -> None:
    with reads(store) as found:
        await asyncio.gather(*(ASKED[what](store, place) for place in range(MANY)))
    assert len(found) == 1


async def test_of_many_who_ask_at_once_one_that_is_cancelled_leaves_the_others_their_answers(
    store: Store,
) -> None:
    asked = [asyncio.create_task(store.members.all()) for _ in range(3)]
    await asyncio.sleep(0)
    asked[0].cancel()
    first, *others = await asyncio.gather(*asked, return_exceptions=True)
    assert isinstance(first, asyncio.CancelledError)
    assert others == [()] * 2


async def test_a_bug_in_the_answers_is_told_to_all_who_wait_in_a_sentence_and_to_the_log_as_it_is(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(*_: Any) -> list[int]:
        raise KeyError("season")

    together = Together[int, int](store.database.read, broken)
    told = await asyncio.gather(*(together.ask(place) for place in range(3)), return_exceptions=True)
    assert [type(one) for one in told] == [StoreError] * 3
    assert caplog.text.count("KeyError: 'season'") == 1


async def test_many_answers_are_told_some_in_each_turn_of_the_loop_and_each_to_whoever_asked(
    store: Store,
) -> None:
    async def doubled(_: Any, numbers: Sequence[int]) -> list[int]:
        return [2 * number for number in numbers]

    together = Together[int, int](store.database.read, doubled)
    heard, turn = list[tuple[int, int]](), 0

    async def ask(number: int) -> int:
        answer = await together.ask(number)
        heard.append((number, turn))
        return answer

    asked = asyncio.gather(*(ask(number) for number in range(MANY)))
    while not asked.done():
        await asyncio.sleep(0)
        turn += 1
    assert await asked == [2 * number for number in range(MANY)]
    assert [number for number, _ in heard] == list(range(MANY))
    turns = [at for _, at in heard]
    assert max(turns.count(at) for at in turns) == 16


async def test_whoever_waits_for_an_answer_that_is_there_hears_it_when_the_rest_is_given_up(
    store: Store,
) -> None:
    async def same(_: Any, numbers: Sequence[int]) -> Sequence[int]:
        return numbers

    together = Together[int, int](store.database.read, same)
    asked = [asyncio.create_task(together.ask(number)) for number in range(MANY)]
    await asyncio.wait(asked, return_when=asyncio.FIRST_COMPLETED)
    late = asyncio.create_task(together.ask(MANY))
    await asyncio.sleep(0)
    assert together._worker is not None
    together._worker.cancel()
    assert await asyncio.gather(*asked) == list(range(MANY))
    # And nobody waits for an answer that does not come.
    (heard,) = await asyncio.wait_for(asyncio.gather(late, return_exceptions=True), 10)
    assert isinstance(heard, asyncio.CancelledError)


async def test_each_run_has_its_own_votes(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_values, "WANTED", (*WANTED, CROWD))
    for place in range(2):
        await store_values.begun(store, f"run{place:05}", ticker=f"T{place}")
        for person in range(place + 1):
            who = f"telegram:{person}"
            assert await store.votes.cast(f"run{place:05}", who, Action.BUY, None, "telegram:-1", START)
    found = await asyncio.gather(*(store.votes.of_run(f"run{place:05}") for place in (1, 0, 2, 1)))
    assert [[vote.person for vote in votes] for votes in found] == [
        ["telegram:0", "telegram:1"],
        ["telegram:0"],
        [],
        ["telegram:0", "telegram:1"],
    ]


async def test_what_another_process_changed_is_seen_by_the_next_question(
    store: Store, url: str, clock: ManualClock
) -> None:
    elsewhere = await Store.open(url, clock)
    try:
        before = await elsewhere.members.seat(WANTED)
        assert await asyncio.gather(*(store.members.all() for _ in range(MANY))) == [before] * MANY
        after = await elsewhere.members.seat(WANTED[:1])
        assert await store.members.all() == after != before
        assert await store.live.current() is None
        async with elsewhere.books.locked(Season("spring")) as books:
            await books.live.start(date(2026, 3, 2), None, "SPY", START)
        found = await store.live.current()
        assert found is not None
        assert found.season == "spring"
    finally:
        await elsewhere.close()
