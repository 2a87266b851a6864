"""Showing in a chat that an answer is being worked on: seldom, and only where nobody needs the room."""

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from heapq import heappop, heappush
from itertools import count

from bot.bot_pacer import HAIR_S, Turn
from bot.door import DeliveryFailed, Door, Flooded
from bot.pacer import Pacer, Pacers
from bot.request import Address
from core.clock import Clock

FIRST_S = 2.0
"""What is answered sooner needs no sign."""
LATER_S = 4.0
"""When to look again whether there is room."""
CALL_TIMEOUT_S = 10.0

_log = logging.getLogger(__name__)


class Signs:
    """Shows in a chat that an answer is being worked on, once that has taken two seconds.

    One task looks after all, for nearly all have ended before their time comes. It shows only where nothing
    else waits, so it never delays a message, and floods end it.
    """

    def __init__(self, pacers: Pacers, clock: Clock) -> None:
        self._pacers = pacers
        self._clock = clock
        self._due: list[tuple[float, int, _Sign]] = []
        self._number = count()
        self._looks: asyncio.Task[None] | None = None
        self._closed = False

    @contextmanager
    def shown(self, door: Door, address: Address) -> Iterator[None]:
        """Show it while what is within goes on, where the door can."""
        if not door.shows_work:
            yield
            return
        sign = _Sign(door, address)
        self._show_in(sign, FIRST_S)
        try:
            yield
        finally:
            sign.end()

    async def close(self) -> None:
        """Look after nobody any more; a call that goes on ends with the work."""
        self._closed = True
        self._due.clear()
        if self._looks is not None:
            self._looks.cancel()
            await asyncio.gather(self._looks, return_exceptions=True)

    def _show_in(self, sign: "_Sign", seconds: float) -> None:
        if self._closed:
            return
        heappush(self._due, (self._clock.monotonic() + seconds, next(self._number), sign))
        if self._looks is None or self._looks.done():
            self._looks = asyncio.create_task(self._look(), name="who is at work for long")

    async def _look(self) -> None:
        while self._due:
            at, _, sign = self._due[0]
            if sign.ended:
                heappop(self._due)
            elif (wait_s := at - self._clock.monotonic()) > HAIR_S:
                # Whoever begins meanwhile is due in two seconds, which may be before this one.
                await self._clock.sleep(min(wait_s, FIRST_S))
            else:
                heappop(self._due)
                try:
                    self._show(sign)
                except Exception:  # noqa: BLE001 - the boundary: one chat's trouble is nobody else's
                    _log.exception("%s is not shown that we work", sign.address.chat_id)

    def _show(self, sign: "_Sign") -> None:
        chat = self._pacers.at(sign.door, sign.address)
        if (turn := chat.spare()) is None:
            self._show_in(sign, LATER_S)
        else:
            sign.under_way = False
            sign.call = asyncio.create_task(self._call(sign, chat, turn))

    async def _call(self, sign: "_Sign", chat: Pacer, turn: Turn) -> None:
        """Show it once, and again when the door wants that; it ends where it cannot be shown."""
        if sign.ended:
            turn.over()
            return
        sign.under_way = True
        try:
            with turn:
                async with asyncio.timeout(CALL_TIMEOUT_S):
                    again_s = await sign.door.working(sign.address)
        except Flooded as flood:
            chat.close_for(flood.retry_after_s)
        except (DeliveryFailed, TimeoutError) as error:
            _log.debug("%s is not shown that we work: %s", sign.address.chat_id, error)
        else:
            if again_s is not None:
                self._show_in(sign, again_s)


class _Sign:
    """What is shown until it ends."""

    def __init__(self, door: Door, address: Address) -> None:
        self.door = door
        self.address = address
        self.ended = False
        self.call: asyncio.Task[None] | None = None
        self.under_way = False

    def end(self) -> None:
        self.ended = True
        # A call that has not begun ends by itself: only so it gives back the turn that it was given.
        if self.call is not None and self.under_way:
            self.call.cancel()
