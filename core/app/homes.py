"""The use cases of people's own pages: who has opened one, what it may tell, which run a message shows."""

from datetime import datetime, timedelta

from core.clock import Clock
from core.domain.run import RunRecord
from core.store.store import Store

KEPT_FRESH = timedelta(days=7)
"""So long after it was opened last, a page is brought up to date after runs."""
AT_HOME = timedelta(days=30)
"""So long after somebody asked something in a chat, it counts as one of theirs."""
MOST_PLACES = 12
_NOTE_AGAIN = timedelta(hours=12)
_MOST_REMEMBERED = 10_000


class Homes:
    """What people's own pages need to know. Ids of people and chats are those of `[access]`."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._rows = store.homes
        self._clock = clock
        self._noted: dict[tuple[str, str], datetime] = {}

    async def opened(self, person: str, team: str) -> None:
        """Remember that a person has opened their page in a workspace just now."""
        await self._rows.opened(person, team, self._clock.now())

    async def forget(self, person: str, team: str) -> None:
        """Bring a person's page up to date no more, until they open it again."""
        await self._rows.forget(person, team)

    async def readers(self, limit: int) -> tuple[tuple[str, str], ...]:
        """Return person and workspace of who opened their page in the last 7 days, the last one first."""
        return await self._rows.opened_since(self._clock.now() - KEPT_FRESH, limit)

    async def visited(self, person: str, chat_id: str) -> None:
        """Remember that a person has asked something in a chat; the store is told twice a day at most."""
        now, key = self._clock.now(), (person, chat_id)
        noted = self._noted.get(key)
        if noted is not None and now - noted < _NOTE_AGAIN:
            return
        await self._rows.visited(person, chat_id, now)
        self._noted[key] = now
        while len(self._noted) > _MOST_REMEMBERED:
            self._noted.pop(next(iter(self._noted)))

    async def places(self, person: str) -> tuple[str, ...]:
        """Return the chats in which a person has asked something within 30 days, the newest first."""
        return await self._rows.places(person, self._clock.now() - AT_HOME, MOST_PLACES)

    async def run_shown(self, platform: str, chat: str, message: str) -> str | None:
        """Return the id of the run that a message of ours shows, or None where it shows none."""
        return await self._rows.run_shown(platform, chat, message)

    async def last_finished(self) -> datetime | None:
        """Return when a run has finished last, whichever process made it: it changes after each."""
        return await self._rows.last_finished()

    async def latest(self, limit: int) -> tuple[RunRecord, ...]:
        """Return the last finished run of each of the `limit` tickers run last, the newest first."""
        return await self._rows.latest(limit)
