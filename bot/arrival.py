"""The work for an update of a platform: kept from which moment, and how much of it goes on at once.

A platform that brings updates brings one again for which it gets no answer. So it is answered only when the
update was claimed in the store, or is done: who dies before that has lost nothing.

There is room for so much work at a time. What only waits for a run, which takes minutes, gives its room to
others: many who follow runs must not keep anybody from `/help`.
"""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from contextvars import ContextVar, copy_context
from typing import Any

from core.courtesy import Courtesy, Visit

MOST_WAITING = 2_000
"""So much that waits for a run gives its room to others; what is beyond keeps it until its run has ended."""


class Room:
    """Room for `most` pieces of work at a time."""

    def __init__(self, most: int, most_waiting: int = MOST_WAITING) -> None:
        self._free = most
        self._freed = asyncio.Event()
        self._may_wait = most_waiting

    @property
    def full(self) -> bool:
        """Whether who comes next has to wait."""
        return self._free <= 0

    async def enter(self) -> "Stay":
        """Wait for a place, and take it."""
        while (stay := self.enter_now()) is None:
            self._freed.clear()
            await self._freed.wait()
        return stay

    def enter_now(self) -> "Stay | None":
        """Take a place, or return None where there is none."""
        if self.full:
            return None
        self._free -= 1
        return Stay(self)

    def step_aside(self) -> bool:
        """Give a place to others, unless too many have done so; True where it is given."""
        if self._may_wait <= 0:
            return False
        self._may_wait -= 1
        self._give()
        return True

    def leave(self, *, waited: bool) -> None:
        """Take one less into account."""
        if waited:
            self._may_wait += 1
        else:
            self._give()

    def _give(self) -> None:
        self._free += 1
        self._freed.set()


class Stay:
    """A place in a room. It is given back once, by `leave`; until then it may be lent by `step_aside`."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._aside = self._left = False

    def step_aside(self) -> None:
        """Let others have the place: from now on the work only waits."""
        self._aside = self._aside or (not self._left and self._room.step_aside())

    def leave(self) -> None:
        """Give the place back; a second time is no matter."""
        if not self._left:
            self._left = True
            self._room.leave(waited=self._aside)


_arriving: ContextVar[asyncio.Event | None] = ContextVar("arriving", default=None)
_staying: ContextVar[Stay | None] = ContextVar("staying", default=None)
_visiting: ContextVar[Visit | None] = ContextVar("visiting", default=None)


def accepted() -> None:
    """Say, within the work for an update, that it is kept; nothing where nobody waits for that."""
    if (event := _arriving.get()) is not None:
        event.set()


@asynccontextmanager
async def visit(courtesy: Courtesy) -> AsyncIterator[None]:
    """Wait for a turn to answer somebody, and let what goes on give way until that `only_waits`."""
    visit = courtesy.came()
    token = _visiting.set(visit)
    try:
        await visit.begin()
        yield
    finally:
        visit.over()
        _visiting.reset(token)


def prepared() -> None:
    """Say, within the work for an update, that its answer is there and only has to be sent."""
    if (visit := _visiting.get()) is not None:
        visit.prepared()


def only_waits() -> None:
    """Say, within the work for an update, that from now on it waits for a run and does little else."""
    if (stay := _staying.get()) is not None:
        stay.step_aside()
    if (visit := _visiting.get()) is not None:
        visit.over()


def start(
    work: Coroutine[Any, Any, None], stay: Stay | None = None
) -> tuple[asyncio.Task[None], asyncio.Event]:
    """Start the work for an update, which gives back its place in a room at its end.

    The event is set when the update is accepted, and at the end at the latest.
    """
    event, context = asyncio.Event(), copy_context()
    context.run(_arriving.set, event)
    context.run(_staying.set, stay)
    task = asyncio.create_task(work, context=context)
    task.add_done_callback(lambda _: event.set())
    if stay is not None:
        task.add_done_callback(lambda _: stay.leave())
    return task, event
