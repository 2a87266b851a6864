"""The use cases of sharing: a page of reasoning is posted in a thread once, whoever asks, in any process."""

from datetime import timedelta

from core.clock import Clock
from core.domain.shared import Shared
from core.store.store import Store

ON_ITS_WAY = timedelta(minutes=2)
"""So long a page counts as being posted; after that whoever began has died, and the next one may post it."""


class Sharing:
    """Pages that people share. A place names a chat and a thread; a page is named alike for ever."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._rows = store.shared
        self._clock = clock

    async def begin(self, place: str, page: str, person: str, *, gone: str | None = None) -> Shared | None:
        """Return None to exactly one who is to post the page now, or who has done so before.

        `gone` is a message that had the page and is deleted, so that the page may be posted again.
        """
        now = self._clock.now()
        return await self._rows.claim(place, page, person, now, unfinished=now - ON_ITS_WAY, gone=gone)

    async def posted(self, place: str, page: str, message: str) -> None:
        """Keep the message in which the page stands now."""
        await self._rows.posted(place, page, message)

    async def failed(self, place: str, page: str) -> None:
        """Let somebody try again, because the page was surely not posted."""
        await self._rows.release(place, page)
