"""Where every update of Telegram arrives, whichever way it came: read, and worked on in a task of its own."""

import asyncio
import logging
from collections.abc import Coroutine
from typing import Protocol
from weakref import WeakValueDictionary

from telegram import Bot

from bot.arrival import Room, Stay, accepted, start
from bot.chat_news import ChatNews
from bot.request import Request
from bot.telegram_adapter import TelegramDoor
from bot.telegram_inline import Desk as InlineDesk
from bot.telegram_inline import Inquiries
from bot.telegram_news import read_news
from bot.telegram_payload import Inquiry, Payload, Pressed, read_update
from bot.telegram_presses import Desk as PressDesk
from bot.telegram_presses import Presses
from core.clock import Clock

MAX_REQUESTS = 256
"""How many commands and news are worked on at the same time; those that wait for a run do not count."""

_log = logging.getLogger(__name__)

Incoming = Request | Pressed | Inquiry | ChatNews


class Desk(PressDesk, InlineDesk, Protocol):
    """Where all that people ask arrives; the real one is `bot.desk`."""


class Intake:
    """Reads updates, and gives to the desk what they ask. One update's failure is nobody else's."""

    def __init__(self, bot: Bot, door: TelegramDoor, desk: Desk, clock: Clock) -> None:
        self._bot = bot
        self._door = door
        self._desk = desk
        self._presses = Presses(bot, door, desk, clock)
        self._inquiries = Inquiries(bot, desk)
        self._tasks: set[asyncio.Task[None]] = set()
        self._room = Room(MAX_REQUESTS)
        self._in_order: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    @property
    def full(self) -> bool:
        """Whether the next command would have to wait for room."""
        return self._room.full

    async def take(self, update: Payload) -> asyncio.Event | None:
        """Start the work for one update, once there is room for it.

        The event is set when the update is kept, so that it need not come again; None asks nothing of us.
        """
        incoming: Incoming | None = read_news(update, self._bot.id) or read_update(
            update, self._bot.username, self._bot.id
        )
        if incoming is None:
            return None
        if isinstance(incoming, Pressed | Inquiry):
            # Without waiting for room: one who presses and presses, or writes letter after letter, must
            # hold up nobody's commands.
            return self._start(incoming)[1]
        return self._start(incoming, await self._room.enter())[1]

    def look_after(self, work: Coroutine[None, None, None]) -> None:
        """Let something go on beside the updates, which ends with them."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self, within_s: float) -> None:
        """Let what goes on finish for a moment, and cancel the rest."""
        if self._tasks:
            await asyncio.wait(set(self._tasks), timeout=within_s)
        for task in set(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _start(
        self, incoming: Incoming, stay: Stay | None = None
    ) -> tuple[asyncio.Task[None], asyncio.Event]:
        task, kept = start(self._work(incoming), stay)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task, kept

    async def _work(self, incoming: Incoming) -> None:
        try:
            match incoming:
                case Request():
                    # In a private chat there is no doubt whom an answer is for.
                    door = self._door if incoming.private else self._door.replying(incoming.message)
                    await self._desk.handle(incoming, door)
                case ChatNews():
                    # News of one chat in the order in which they came: the last one tells how it is.
                    async with self._in_order.setdefault(incoming.address.chat, asyncio.Lock()):
                        await self._desk.news(incoming, self._door)
                case Inquiry():
                    accepted()
                    await self._inquiries.handle(incoming)
                case Pressed():
                    await self._presses.handle(incoming)
        except Exception:  # noqa: BLE001 - the boundary: one request must not end the loop
            _log.exception("A request, button or chat in Telegram failed.")
