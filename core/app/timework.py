"""The use cases of the clock: what subscriptions make happen, and how the service is."""

from abc import ABC, abstractmethod
from collections.abc import Collection

from core.app.agenda import Agenda
from core.app.listing import Listing
from core.app.scheduled_runs import ScheduledRuns
from core.app.watch import Watch
from core.clock import Clock
from core.domain.alert import Alert
from core.domain.health import Health
from core.domain.run import RunRecord
from core.domain.season import Season
from core.domain.subscription import Due
from core.llm.gateway import Gateway
from core.store.store import Store

SHOWN = 10
"""How many slots that are due, and that have ended, tell how the service is."""


class Timework(ABC):
    """A part of `App`. `agenda` has the slots that this process works on."""

    clock: Clock
    agenda: Agenda
    _store: Store
    _scheduled: ScheduledRuns
    _watch: Watch
    _gateway: Gateway
    listing: Listing

    @abstractmethod
    async def _season(self) -> Season:
        """Return the season that people mean when they name none."""

    async def scheduled_run(self, due: Due, ticker: str) -> RunRecord | str:
        """Return the run of a ticker in a slot, or in one sentence why there is none.

        Raises:
            StoreError: the database cannot be used; the slot stays open.
        """
        return await self._scheduled.run(due, ticker)

    async def look_out(self) -> tuple[Alert, ...]:
        """Note what chats want to hear at once, and make it due there; return what is new."""
        return await self._watch.look()

    async def refresh_lists(self) -> int:
        """Read what providers list of their models where that is a day old; return how many lists were read.

        Raises:
            StoreError: the database cannot be used.
        """
        return await self.listing.refresh()

    async def alert(self, key: str) -> Alert | None:
        """Return what was noted under this key, or None."""
        return await self._store.alerts.get(key)

    async def health(self, platforms: Collection[str]) -> Health:
        """Return how the service is, all processes on the database together.

        What is due counts on these platforms; on others nobody here can say whether anybody serves them.
        """
        now, slots = self.clock.now(), self._store.slots
        oldest = await slots.oldest_due(now, platforms)
        state = await self._store.seasons.state(await self._season())
        return Health(
            at=now,
            runs=len(await self._store.runs.running()),
            session=state.last.session if state and state.last else None,
            upcoming=await slots.upcoming(SHOWN, platforms),
            ended=await slots.ended(SHOWN),
            lag_s=max(0.0, (now - oldest).total_seconds()) if oldest else 0.0,
            shut=await self._store.known_chats.shut(),
            providers=await self._gateway.health(),
        )
