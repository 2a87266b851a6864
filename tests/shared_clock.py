"""A clock for several tasks that wait at the same time: it moves only when a test lets time pass."""

import asyncio
import heapq
import itertools
from datetime import UTC, datetime

from core.clock import ManualClock

_ROUNDS = 300


class SharedClock(ManualClock):
    """`sleep` really waits, until `passing` has moved the clock to its moment, each sleeper in its order.

    `alone` says that no task waits for anything else, as a socket or a thread; time then passes much faster.
    """

    def __init__(self, now: datetime = datetime(2026, 1, 5, tzinfo=UTC), *, alone: bool = False) -> None:
        super().__init__(now)
        self._alone = alone
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._numbers = itertools.count()

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        woken = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self.monotonic() + seconds, next(self._numbers), woken))
        await woken

    async def passing(self, seconds: float) -> None:
        """Let so many seconds pass for everybody who sleeps."""
        until = self.monotonic() + seconds
        await settled(alone=self._alone)
        while self._sleepers and self._sleepers[0][0] <= until:
            at, _, woken = heapq.heappop(self._sleepers)
            self.advance(max(at - self.monotonic(), 0.0))
            if not woken.done():
                woken.set_result(None)
                await settled(alone=self._alone)
        self.advance(until - self.monotonic())
        await settled(alone=self._alone)


async def settled(*, alone: bool = False) -> None:
    """Let every task go on as far as it can without time; `alone` as for `SharedClock`."""
    ready = asyncio.get_running_loop()._ready  # type: ignore[attr-defined]  # asyncio tells nobody who can go on
    for _ in range(_ROUNDS):
        await asyncio.sleep(0)
        if alone and not ready:
            return
