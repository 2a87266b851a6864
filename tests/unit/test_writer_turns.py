"""Who writes next where a database takes one transaction at a time."""

import asyncio
from pathlib import Path

from core.clock import ManualClock
from core.store.store import Store
from core.store.writer_turns import IN_A_ROW, WriterTurns
from tests.shared_clock import settled
from tests.store_values import START
from tests.template import laid


class Writers:
    """Writers that note in which order they had their turn, and keep it until told."""

    def __init__(self) -> None:
        self.turns = WriterTurns()
        self.wrote: list[str] = []

    async def write(self, name: str, *, first: bool = False) -> None:
        await self.turns.acquire(first=first)
        try:
            self.wrote.append(name)
            await asyncio.sleep(0)
        finally:
            self.turns.release()

    def begin(self, *names: str) -> list["asyncio.Task[None]"]:
        """Start one for each name, in their order; those whose names are written large go first."""
        return [asyncio.create_task(self.write(name, first=name.isupper())) for name in names]


async def test_it_goes_by_the_order_of_asking() -> None:
    writers = Writers()
    await asyncio.gather(*writers.begin(*"abcd"))
    assert "".join(writers.wrote) == "abcd"


async def test_those_for_whom_somebody_waits_go_before_all_others() -> None:
    writers = Writers()
    await asyncio.gather(*writers.begin(*"abcXYd"))
    assert "".join(writers.wrote) == "aXYbcd"


async def test_the_others_are_not_kept_waiting_for_ever() -> None:
    writers = Writers()
    await asyncio.gather(*writers.begin("a", "b", *"ABCDEFGHIJ", "c"))
    assert IN_A_ROW == 4
    assert "".join(writers.wrote) == "aABCDbEFGHcIJ"


async def test_only_one_at_a_time_has_the_turn_whoever_gives_up() -> None:
    writers = Writers()
    await writers.turns.acquire()
    tasks = writers.begin(*"abXY")
    await settled()
    tasks[0].cancel()
    tasks[2].cancel()
    await settled()
    assert writers.wrote == []
    writers.turns.release()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert "".join(writers.wrote) == "Yb"


async def test_those_who_have_given_up_take_no_turn_from_those_who_wait() -> None:
    writers = Writers()
    await writers.turns.acquire()
    gone, tasks = writers.begin(*"xyz"), writers.begin("b", *"ABCDEFGH")
    await settled()
    for one in gone:
        one.cancel()
    writers.turns.release()
    await asyncio.gather(*gone, *tasks, return_exceptions=True)
    assert "".join(writers.wrote) == "ABCDbEFGH"


async def test_a_turn_that_comes_in_the_moment_of_giving_up_goes_to_the_next() -> None:
    writers = Writers()
    await writers.turns.acquire()
    gives_up, waits = writers.begin(*"ab")
    await settled()
    writers.turns.release()
    gives_up.cancel()
    await asyncio.gather(gives_up, waits, return_exceptions=True)
    assert writers.wrote == ["b"]
    await asyncio.wait_for(writers.turns.acquire(), 1)


async def test_after_all_have_written_the_turn_is_free() -> None:
    writers = Writers()
    await asyncio.gather(*writers.begin(*"aXb"))
    await writers.turns.acquire(first=True)
    writers.turns.release()


async def test_that_a_message_has_arrived_is_written_before_all_that_waits_already(tmp_path: Path) -> None:
    store = await Store.open(f"sqlite+aiosqlite:///{laid(tmp_path / 'conclave.db')}", ManualClock(START))
    wrote: list[str] = []

    async def greet(place: str) -> None:
        await store.chats.greet_once(place, START)
        wrote.append(place)

    async def claim() -> None:
        assert await store.chats.claim_delivery("telegram", "7", START)
        wrote.append("claimed")

    async with store.database.write():
        writing = [asyncio.create_task(greet(place)) for place in "abc"]
        await settled()
        writing.append(asyncio.create_task(claim()))
        await settled()
        assert wrote == []
    await asyncio.gather(*writing)
    assert wrote == ["claimed", "a", "b", "c"]
    await store.close()
