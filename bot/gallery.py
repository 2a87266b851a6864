"""Pictures that many chats get at the same time, each drawn once."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable


class Gallery:
    """Keeps the newest picture of each name, as long as what it is made from is the same."""

    def __init__(self) -> None:
        self._pictures: dict[str, tuple[Hashable, bytes]] = {}
        self._drawing = asyncio.Lock()

    async def picture(self, name: str, made_from: Hashable, draw: Callable[[], Awaitable[bytes]]) -> bytes:
        """Return the picture of this name made from these facts; `draw` makes it where it is not there yet.

        Raises whatever `draw` raises; the next one who asks tries again.
        """
        async with self._drawing:
            known = self._pictures.get(name)
            if known is None or known[0] != made_from:
                known = self._pictures[name] = made_from, await draw()
            return known[1]
