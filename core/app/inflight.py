"""Runs that go on in this process, and everybody who listens to them."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from core.domain.ballot import Action
from core.domain.events import RunEnded, RunEvent, RunStarted
from core.domain.run import RunRecord
from core.domain.vote import count_votes


class Broadcast:
    """The events of one run so far and those to come, for any number of listeners.

    A run has a bounded number of events (a few a stage), so all are kept and a late listener hears the whole
    story; no listener can hold back the run or another listener.
    """

    def __init__(self) -> None:
        self.run_id: str | None = None
        self.cancelled = False
        self.stopped_by: str | None = None
        self.holds_lease = False
        self.task: asyncio.Task[None] | None = None
        self._events: list[RunEvent] = []
        self._over = False
        self._failure: BaseException | None = None
        self._news = asyncio.Event()

    def cancel(self, by: str | None = None) -> None:
        """Begin to stop the run for good; `by` is who wants that."""
        self.cancelled, self.stopped_by = True, by
        if self.task is not None:
            self.task.cancel()

    def tell(self, event: RunEvent) -> None:
        """Add an event."""
        self._events.append(event)
        self._wake()

    def end(self, failure: BaseException | None = None) -> None:
        """Say that no more events will come; listeners get `failure` raised after the last one."""
        self._over = True
        self._failure = failure
        self._wake()

    def _wake(self) -> None:
        self._news.set()
        self._news = asyncio.Event()

    async def events(self) -> AsyncIterator[RunEvent]:
        """Tell all events from the first to the last."""
        heard = 0
        while True:
            while heard < len(self._events):
                yield self._events[heard]
                heard += 1
            if self._over:
                if self._failure:
                    raise self._failure
                return
            await self._news.wait()


@dataclass
class Told:
    """What of a run's story in the store was told already."""

    steps: set[tuple[str, str, int]] = field(default_factory=set)
    results: set[str] = field(default_factory=set)
    votes: dict[Action, int] = field(default_factory=lambda: count_votes(()))


def reason_of_stop(by: str | None) -> str:
    """Say in the record of a run why it was stopped."""
    return f"Stopped by {by}; what was done is kept." if by else "stopped on request"


def over(record: RunRecord) -> Broadcast:
    """Return the events of a run that is over."""
    broadcast = Broadcast()
    broadcast.tell(RunStarted(record=record))
    broadcast.tell(RunEnded(record=record))
    broadcast.end()
    return broadcast
