"""Who goes first when many people ask at once, for all of it shares one processor.

People are answered in the order in which they came, some at a time: were all of them answered side by side,
the first would have to wait as long as the last. And what takes minutes gives way to them, for a moment: a
run has hundreds of steps of some milliseconds, and does not notice a second; whoever asked something does.
"""

import asyncio
from collections import deque
from math import inf

FEW = 8
"""As many who wait are answered beside the work of runs; only for more of them it gives way."""
MOST_S = 1.0
"""So long somebody is given way to, and so long a step gives way."""
RESTS = 4
"""For so many times as long nothing gives way after that."""
AT_ONCE = 64
"""So many answers are prepared side by side: twice as many as Telegram takes in a second."""
PREPARING_S = 0.25
"""Whose answer takes longer to prepare keeps others waiting no longer than this."""


A_TURN = 8
"""So many pieces of work, each of a fraction of a millisecond, begin in one turn of the event loop."""


class Slices:
    """Lets only so many begin something in each turn of the event loop, in the order in which they came.

    What came from outside meanwhile is heard after each such slice, and not after all of them.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._left = most
        self._line: deque[asyncio.Future[None]] = deque()

    async def begin(self) -> None:
        """Return in this turn of the loop where there is room, or else in one of the next."""
        if self._left == 0:
            turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._line.append(turn)
            await turn
            return
        if self._left == self._most:
            asyncio.get_running_loop().call_soon(self._again)
        self._left -= 1

    def _again(self) -> None:
        self._left = self._most
        while self._left and self._line:
            turn = self._line.popleft()
            if not turn.done():
                turn.set_result(None)
                self._left -= 1
        if self._left < self._most:
            asyncio.get_running_loop().call_soon(self._again)


class Visit:
    """Somebody who waits for a first answer.

    They are given way to until `over` is said, or for a second from when they came, and then count no more.
    """

    def __init__(self, courtesy: "Courtesy") -> None:
        self._courtesy = courtesy
        self._late = asyncio.get_running_loop().call_later(courtesy.most_s, courtesy.leave, self)
        self._slow: asyncio.TimerHandle | None = None
        courtesy.visits.add(self)

    async def begin(self) -> None:
        """Wait until it is this one's turn to be answered."""
        await self._courtesy.turns.acquire()
        self._slow = asyncio.get_running_loop().call_later(self._courtesy.preparing_s, self.prepared)

    def prepared(self) -> None:
        """Say that the answer only has to be sent, so that the next one can be prepared."""
        if self._slow is not None:
            self._slow.cancel()
            self._slow = None
            self._courtesy.turns.release()

    def over(self) -> None:
        """Say that the answer is there; saying it again changes nothing."""
        self._late.cancel()
        self.prepared()
        self._courtesy.leave(self)


class Courtesy:
    """Who waits for a first answer at the moment, and what gives way while they are more than `few`."""

    def __init__(
        self,
        few: int = FEW,
        at_once: int = AT_ONCE,
        *,
        most_s: float = MOST_S,
        preparing_s: float = PREPARING_S,
    ) -> None:
        self.most_s = most_s
        self.preparing_s = preparing_s
        self.visits: set[Visit] = set()
        self.turns = asyncio.Semaphore(at_once)
        self.drawing = Slices(A_TURN)
        self._few = few
        self._calm = asyncio.Event()
        self._going_on = Slices(1)
        self._rests_until = -inf

    def came(self) -> Visit:
        """Note that somebody waits from now on."""
        return Visit(self)

    def leave(self, visit: Visit) -> None:
        """Take one less into account."""
        self.visits.discard(visit)
        if len(self.visits) <= self._few:
            self._calm.set()

    @property
    def many(self) -> bool:
        """Whether so many wait that it would be given way to them now."""
        return len(self.visits) > self._few and asyncio.get_running_loop().time() >= self._rests_until

    async def give_way(self) -> None:
        """Return when few are left, at once as a rule.

        After a second it returns whatever goes on, and then nothing gives way for four: where people come
        without an end, what takes minutes takes a quarter longer and not for ever. Of many who have given
        way together one goes on in each turn of the event loop.
        """
        if not self.many:
            return
        try:
            async with asyncio.timeout(self.most_s):
                while self.many:
                    self._calm.clear()
                    await self._calm.wait()
        except TimeoutError:
            self._rests_until = asyncio.get_running_loop().time() + RESTS * self.most_s
            self._calm.set()
        await self._going_on.begin()
