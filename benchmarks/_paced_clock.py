"""A clock on which waits pass faster, while the date and all work stay as they are."""

import asyncio
import time

from core.clock import SystemClock


class PacedClock(SystemClock):
    """`scale` of its seconds pass in one second of the machine, for those who count seconds or sleep."""

    def __init__(self, scale: float) -> None:
        self._scale = scale

    def monotonic(self) -> float:
        """Return seconds that pass `scale` times as fast."""
        return time.monotonic() * self._scale

    async def sleep(self, seconds: float) -> None:
        """Wait for the `scale`-th part."""
        await asyncio.sleep(seconds / self._scale)
