"""Buttons around pictures on Telegram, over real sockets: answered at once, and shown where they belong."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from io import BytesIO

import pytest
from PIL import Image

from bot.cards import Notice
from bot.request import Address, Press, Request
from bot.telegram_presses import ANSWER_WITHIN_S
from bot.telegram_updates import TelegramService
from core.clock import ManualClock
from tests import card_samples as samples
from tests.loopback.telegram_scene import ALICE, DeskDouble, Make, running, service_for
from tests.loopback.telegram_server import TelegramServer
from tests.loopback.telegram_world import Shown
from tests.picture_facts import picture_card


def png(shade: int) -> bytes:
    target = BytesIO()
    Image.new("RGB", (40, 50), (shade, shade, shade)).save(target, "PNG")
    return target.getvalue()


PICTURE = picture_card(png(1))


@pytest.fixture
async def server() -> AsyncIterator[TelegramServer]:
    async with TelegramServer() as running:
        running.private(ALICE)
        yield running
        assert running.violations == []


@pytest.fixture
def desk() -> DeskDouble:
    return DeskDouble()


@pytest.fixture
def make(server: TelegramServer, desk: DeskDouble, monkeypatch: pytest.MonkeyPatch) -> Make:
    clock = ManualClock(datetime(2025, 10, 29, tzinfo=UTC))
    return lambda: service_for(server, desk, clock, monkeypatch)


async def posted(server: TelegramServer, service: TelegramService, label: str) -> Shown:
    """Post a picture and press a button under it."""
    await service.door.send(Address("telegram", "1001"), PICTURE)
    (shown,) = server.messages(server.chats[1001])
    server.press(shown, shown.button(label), ALICE)
    return shown


async def test_a_press_is_answered_long_before_its_picture_is_drawn(
    server: TelegramServer, desk: DeskDouble, make: Make
) -> None:
    drawn = asyncio.Event()

    async def drawing(request: Request | Press) -> None:
        await drawn.wait()

    desk.before, desk.opens = drawing, picture_card(png(2))
    service = make()
    async with running(service):
        shown = await posted(server, service, "Refresh")
        await server.until(lambda: server.answers, "the answer", timeout_s=ANSWER_WITHIN_S / 2)
        assert shown.edits == 0
        drawn.set()
        await server.until(lambda: shown.edits == 1, "the picture")
    assert shown.file == ("leaderboard.png", png(2))
    assert server.answers[0].text == ""


async def test_what_is_refused_at_once_is_told_in_the_answer(
    server: TelegramServer, desk: DeskDouble, make: Make
) -> None:
    desk.opens = Notice(text="A picture is being drawn for this chat already. Press again in a moment.")
    service = make()
    async with running(service):
        await posted(server, service, "Refresh")
        await server.until(lambda: server.answers, "the answer")
    assert server.answers[0].text.startswith("A picture is being drawn")
    assert len(server.messages(server.chats[1001])) == 1


async def test_words_for_a_picture_come_as_a_message_of_their_own(
    server: TelegramServer, desk: DeskDouble, make: Make
) -> None:
    desk.opens = samples.LEADERBOARD
    service = make()
    async with running(service):
        shown = await posted(server, service, "Text")
        await server.until(lambda: len(server.messages(server.chats[1001])) == 2, "the text")
    text = server.messages(server.chats[1001])[1]
    assert (text.reply_to, text.file, shown.edits) == (shown.id, None, 0)


async def test_a_stale_button_on_a_text_that_asks_for_a_picture_in_its_place_gets_a_fresh_message(
    server: TelegramServer, desk: DeskDouble, make: Make
) -> None:
    desk.opens = PICTURE
    service = make()
    old = samples.LEADERBOARD.model_copy(update={"buttons": PICTURE.buttons})
    async with running(service):
        await service.door.send(Address("telegram", "1001"), old)
        (text,) = server.messages(server.chats[1001])
        server.press(text, text.button("Refresh"), ALICE)
        await server.until(lambda: len(server.messages(server.chats[1001])) == 2, "the picture")
    assert server.messages(server.chats[1001])[1].file is not None


async def test_a_refresh_that_changes_nothing_is_answered_and_nothing_else(
    server: TelegramServer, desk: DeskDouble, make: Make
) -> None:
    desk.opens = PICTURE
    service = make()
    async with running(service):
        shown = await posted(server, service, "Refresh")
        await server.until(lambda: "editMessageCaption" in [call.method for call in server.calls], "the edit")
    assert (shown.edits, len(server.messages(server.chats[1001]))) == (0, 1)
