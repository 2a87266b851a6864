"""Whose turn it is to write, where a database takes one transaction at a time."""

import asyncio
from collections import deque

IN_A_ROW = 4
"""So many of those who go first go before one of the others, or others would wait for ever."""


class WriterTurns:
    """A lock: some go before all others who wait, and within each line it goes by the order of asking."""

    def __init__(self) -> None:
        self._taken = False
        self._first: deque[asyncio.Future[None]] = deque()
        self._others: deque[asyncio.Future[None]] = deque()
        self._in_a_row = 0

    async def acquire(self, *, first: bool = False) -> None:
        """Wait for a turn, and take it; give it back with `release`."""
        if not self._taken:
            self._taken = True
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        line = self._first if first else self._others
        line.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn in line:
                line.remove(turn)
            elif not turn.cancelled():
                self.release()  # it came in the same moment
            raise

    def release(self) -> None:
        """Give the turn to whoever is next."""
        while self._first or self._others:
            first = bool(self._first) and (self._in_a_row < IN_A_ROW or not self._others)
            turn = (self._first if first else self._others).popleft()
            if not turn.done():  # or it has been given up in this very moment
                self._in_a_row = self._in_a_row + 1 if first else 0
                turn.set_result(None)
                return
        self._taken = False
