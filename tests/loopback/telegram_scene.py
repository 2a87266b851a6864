"""A Telegram with our service connected to it, and a desk that answers as a test says."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

import pytest
from telegram import Bot

from bot.access import Role
from bot.arrival import accepted
from bot.cards import Card, Notice
from bot.chat_news import ChatNews
from bot.door import Door
from bot.inline import Found
from bot.request import Person, Press, Request
from bot.telegram_http import AioRequest
from bot.telegram_updates import TelegramService
from core.clock import ManualClock
from core.config.secret import SecretRef
from core.config.settings import Telegram
from tests.loopback.patience import PATIENCE_S
from tests.loopback.telegram_server import TelegramServer
from tests.loopback.telegram_world import User

ALICE, BOB = User(1001, "Alice"), User(1002, "Bob")
Make = Callable[[], TelegramService]


def bot_of(server: TelegramServer) -> Bot:
    """Return a bot that calls the server the way ours does."""
    ways = AioRequest(4, PATIENCE_S), AioRequest(1, PATIENCE_S)
    return Bot(server.token, server.base_url, request=ways[0], get_updates_request=ways[1])


@dataclass(frozen=True)
class Entry:
    name: str
    summary: str
    role: Role = Role.VIEWER


MENU = (Entry("run", "Ask the committee"), Entry("help", "Explain the commands"), Entry("Bad Name", "x"))


@dataclass
class DeskDouble:
    """Remembers what it was asked, and does what the test wants."""

    requests: list[Request] = field(default_factory=list)
    presses: list[Press] = field(default_factory=list)
    keeps: bool = True
    """Whether commands are kept as soon as they come, as the real desk does."""
    heard: list[ChatNews] = field(default_factory=list)
    opens: Card | Exception | None = None
    offers: Found | None = None
    asked: list[tuple[str, str, int]] = field(default_factory=list)
    thinking: asyncio.Event | None = None
    before: Callable[[Request | Press], Awaitable[None]] | None = None

    async def handle(self, request: Request, door: Door) -> None:
        self.requests.append(request)
        if self.keeps:
            accepted()
        if self.before:
            await self.before(request)
        await door.send(request.address, Notice(text=f"did {request.text}"))

    async def news(self, news: ChatNews, door: Door) -> None:
        self.heard.append(news)

    async def press(self, press: Press, door: Door) -> Card | None:
        self.presses.append(press)
        if self.before:
            await self.before(press)
        if isinstance(self.opens, Exception):
            raise self.opens
        return self.opens

    async def inquire(self, person: Person, text: str, offset: int, page_size: int) -> Found | None:
        self.asked.append((person.id, text, offset))
        if self.thinking:
            await self.thinking.wait()
        return self.offers


@asynccontextmanager
async def running(service: TelegramService, *, wait: bool = True) -> AsyncIterator[asyncio.Task[None]]:
    task = asyncio.create_task(service.run())
    try:
        if wait:
            await asyncio.wait_for(service.ready(), PATIENCE_S)
        yield task
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def service_for(
    server: TelegramServer, desk: DeskDouble, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> TelegramService:
    """The service, which talks to `server` and asks `desk`."""
    monkeypatch.setenv("TELEGRAM_BOT_TOKEN", server.token)
    settings = Telegram(token=SecretRef("env:TELEGRAM_BOT_TOKEN"), base_url=server.base_url)
    return TelegramService(settings, desk, clock, MENU)
