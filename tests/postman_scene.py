"""Deliveries over a real store and doors in memory, in time that passes as it is slept through."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta

import pytest

from bot.cards import Card, Notice, PictureCard
from bot.pacer import Pacers
from bot.postman import Postman
from core.app.agenda import RENEW_EVERY_S
from core.app.app import App
from core.clock import ManualClock
from core.domain.alert import Alert, AlertKind
from core.domain.subscription import Due, Planned, Slot, Subscription, Topic, Wanted
from core.schedule.reading import read_wanted
from tests.door_double import DoorDouble
from tests.loopback.patience import PATIENCE_S

NOWHERE = "http://127.0.0.1:9"
"""Where no model answers: nothing here makes a run."""
CHAT, ADMIN = "-100123", "telegram:1001"
AFTER_LEASE = 61.0


class PostClock(ManualClock):
    """Whoever sleeps moves it on, except those who renew leases: they wait for ever."""

    async def sleep(self, seconds: float) -> None:
        if seconds == RENEW_EVERY_S:
            await asyncio.Event().wait()
        await super().sleep(seconds)


class Process:
    """One process: an app on the database, its postman, and the door of Telegram."""

    def __init__(self, app: App) -> None:
        self.app = app
        self.door = DoorDouble(pace_s=0.1)
        self.postman = Postman(app, Pacers(app.clock))
        self.postman.open(self.door)

    async def works(self) -> None:
        """Do what is due now, to its end."""
        await self.postman.tick()
        await self.postman.until_idle()

    async def dies(self) -> None:
        """Be killed: nothing more is done, and nothing is given back."""
        work = [*self.postman._work]
        for task in work:
            task.cancel()
        await asyncio.gather(*work, return_exceptions=True)

    async def subscribes(
        self,
        line: str,
        chat: str = CHAT,
        *,
        thread: str | None = None,
        platform: str = "telegram",
        by: str = ADMIN,
    ) -> Subscription:
        """Subscribe a chat; the first time is now."""
        now = self.app.clock.now()
        first = Planned(key=f"{now:%Y-%m-%dT%H:%MZ}", at=now, due_at=now)
        wanted = read_wanted(line.split())
        return await self.app._store.subscriptions.add(
            platform, chat, thread, wanted, by, now, first if wanted.when else None, limit=100
        )

    async def alarms(self, key: str = "alert:stop:live:NVDA:2025-10-29", *chats: str) -> None:
        """Subscribe chats to alerts, and let one come due now."""
        now = self.app.clock.now()
        for chat in chats or (CHAT,):
            await self.app._store.subscriptions.add(
                "telegram", chat, None, Wanted(topic=Topic.ALERTS), ADMIN, now, None, limit=100
            )
        alert = Alert(key=key, kind=AlertKind.MODEL_DOWN, at=now, members=("claude",), reason="timeout")
        planned = Planned(key=key, at=now, due_at=now)
        await self.app._store.alerts.add([alert], lambda *_: planned)

    async def ended(self) -> list[tuple[str, str | None]]:
        """The state and the note of each slot that has ended, in the order of their times."""
        found = sorted(await self.app._store.slots.ended(500), key=lambda due: due.slot.at)
        return [(due.slot.state.value, due.slot.note) for due in found]

    async def next_slot(self) -> Slot:
        (due,) = await self.app._store.slots.upcoming(2)
        return due.slot

    @property
    def shown(self) -> list[Card | str]:
        """What the chats have seen: cards, and of pictures the name."""
        cards = [seen.now for seen in self.door.messages.values()]
        return [card.name if isinstance(card, PictureCard) else card for card in cards]

    @property
    def kinds(self) -> list[str]:
        return [one if isinstance(one, str) else type(one).__name__ for one in self.shown]


Opening = Callable[..., Awaitable[Process]]


def trouble(
    *errors: Exception | asyncio.Event | None,
) -> Callable[[str, int], Exception | asyncio.Event | None]:
    """Let the first calls meet these, the others nothing."""
    left = list(errors)
    return lambda kind, number: left.pop(0) if left else None


def missing_in(shown: Sequence[Card | str]) -> list[str]:
    return [one.text for one in shown if isinstance(one, Notice) and "was interrupted while" in one.text]


async def until(done: Callable[[], object]) -> None:
    """Wait for what others do, however busy the machine is."""
    give_up = time.monotonic() + PATIENCE_S
    while time.monotonic() < give_up:
        if done():
            return
        await asyncio.sleep(0.002)
    pytest.fail("it did not happen")


def due_of(process: Process) -> Due:
    (due,) = process.postman._work.values()
    return due


def later(moment: datetime, minutes: float) -> datetime:
    return moment + timedelta(minutes=minutes)
