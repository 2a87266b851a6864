"""A run that is shown in a chat, with time that only a test lets pass."""

import asyncio
from functools import partial

from bot.cards import Card
from bot.door import MessageRef
from bot.live_message import LiveMessages
from bot.pacer import Pacers
from bot.request import Address, Person
from core.domain.run import RunRecord, RunRequest
from core.domain.stage import Preset
from tests import arena_facts
from tests.arena_double import ArenaDouble
from tests.door_double import CHAT, DoorDouble
from tests.shared_clock import SharedClock


class TimedDoor(DoorDouble):
    """Remembers when each call came, for which message, and with which card."""

    def __init__(self, clock: SharedClock, pace_s: float = 3.0) -> None:
        super().__init__(pace_s=pace_s)
        self.clock = clock
        self.times: list[float] = []
        self.tried: list[Card] = []

    async def send(
        self, address: Address, card: Card, *, only_for: Person | None = None, silent: bool = False
    ) -> MessageRef:
        self._note(card)
        return await super().send(address, card, only_for=only_for, silent=silent)

    async def edit(self, ref: MessageRef, card: Card) -> None:
        self._note(card)
        await super().edit(ref, card)

    def _note(self, card: Card) -> None:
        self.times.append(self.clock.monotonic())
        self.tried.append(card)


class Scene:
    """An arena whose runs stop before event `n` until `gate(n)` is set, and one door."""

    def __init__(self) -> None:
        self.clock = SharedClock(arena_facts.FINISHED)
        self.arena = ArenaDouble()
        self.arena.clock = self.clock
        self.door = TimedDoor(self.clock)
        self.live = LiveMessages(self.arena, Pacers(self.clock))

    def gate(self, number: int) -> asyncio.Event:
        return self.arena.gates.setdefault(number, asyncio.Event())

    def start(self, ticker: str = "NVDA", address: Address = CHAT) -> "asyncio.Task[RunRecord | None]":
        """Ask for a run and show it."""
        asked = partial(self.arena.run, RunRequest(ticker=ticker, preset=Preset.STANDARD))
        return asyncio.create_task(self.live.tell(asked, self.door, address, ticker=ticker))
