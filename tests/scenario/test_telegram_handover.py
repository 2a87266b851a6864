"""What a run goes through in Telegram: another mode, another process, a group that moves or puts us out."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.telegram_webhook import HEADER
from core.app.app import App
from tests import arena
from tests.loopback.model_replies import hangs
from tests.loopback.model_server import ModelServer
from tests.loopback.telegram_chats import bot_becomes, migrate
from tests.loopback.telegram_server import TelegramServer
from tests.loopback.telegram_world import Chat, Shown, User
from tests.service import served

ALICE, CAROL = User(1001, "Alice"), User(1003, "Carol")
OLD, NEW = -400, -1001234567400
PATIENCE_S = 20.0
pytestmark = pytest.mark.timeout(120)


@pytest.fixture
async def telegram(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[TelegramServer]:
    async with TelegramServer() as server:
        monkeypatch.setenv("TELEGRAM_BOT_TOKEN", server.token)
        monkeypatch.delenv("SLACK_BOT_TOKEN", raising=False)
        monkeypatch.delenv("SLACK_APP_TOKEN", raising=False)
        monkeypatch.setattr("bot.serve.FINISH_MESSAGES_EVERY_S", 0.3)
        for person in (ALICE, CAROL):
            server.private(person)
        yield server
        assert server.violations == []


@pytest.fixture
async def models() -> AsyncIterator[ModelServer]:
    async with ModelServer() as server:
        server.say_next("claude/claude-1", hangs())
        yield server


async def opened(server: TelegramServer, models: ModelServer, folder: Path, **more: Any) -> App:
    access = {
        "admins": [f"telegram:{ALICE.id}"],
        "people": [{"id": f"telegram:{CAROL.id}", "role": "runner"}],
    }
    told = {"base_url": server.base_url} | more.pop("telegram", {})
    return await arena.opened(models.base_url, folder, telegram=told, access=access, **more)


def by_webhook(port: int) -> dict[str, Any]:
    """The sections for webhook mode on this port."""
    address = f"http://127.0.0.1:{port}/telegram"
    return {"telegram": {"mode": "webhook", "webhook_url": address}, "http": {"port": port}}


async def live(telegram: TelegramServer, chat: Chat) -> Shown:
    """The message of a run that claude holds up."""

    def found() -> bool:
        shown = telegram.messages(chat)
        return bool(shown) and "Stop" in shown[0].labels and "claude" in shown[0].text

    await telegram.until(found, "the live message", PATIENCE_S)
    return telegram.messages(chat)[0]


@pytest.mark.parametrize("first", ["polling", "webhook"])
async def test_a_run_that_goes_on_ends_once_in_the_other_mode_and_no_command_is_lost(
    telegram: TelegramServer, models: ModelServer, tmp_path: Path, unused_tcp_port: int, first: str
) -> None:
    before, after = dict[str, Any](), by_webhook(unused_tcp_port)
    if first == "webhook":
        before, after = after, before
    chat = telegram.group(NEW)
    async with served(await opened(telegram, models, tmp_path, **before)):
        telegram.say(chat, CAROL, "/run MSFT")
        shown = await live(telegram, chat)
    telegram.say(chat, CAROL, "/whoami")
    async with served(await opened(telegram, models, tmp_path, **after)):
        await telegram.until(lambda: "Agreement" in shown.text, "the end", PATIENCE_S)
        await telegram.until(lambda: len(telegram.messages(chat)) == 2, "the other answer", PATIENCE_S)
        await asyncio.sleep(1.0)
        assert "Stop" not in shown.labels
        assert "You are Carol" in telegram.messages(chat)[1].text
        assert len(telegram.messages(chat)) == 2


@pytest.mark.parametrize("headers", [{}, {HEADER: "guessed"}, {HEADER: ""}])
async def test_nobody_but_telegram_gives_the_whole_service_a_command(
    telegram: TelegramServer,
    models: ModelServer,
    tmp_path: Path,
    unused_tcp_port: int,
    headers: dict[str, str],
) -> None:
    hook = by_webhook(unused_tcp_port)
    chat = telegram.private(CAROL)
    forged = {
        "update_id": 1,
        "message": {
            "message_id": 1,
            "date": 1_760_000_000,
            "from": CAROL.json(),
            "chat": chat.json(),
            "text": "/run AAPL",
        },
    }
    async with served(await opened(telegram, models, tmp_path, **hook)), aiohttp.ClientSession() as outside:
        async with outside.post(telegram.hook.url, json=forged, headers=headers) as answer:
            assert (answer.status, answer.content_type) == (401, "application/problem+json")
        telegram.say(chat, CAROL, "/whoami")
        await telegram.until(lambda: telegram.messages(chat), "an answer", PATIENCE_S)
        assert len(telegram.messages(chat)) == 1
        assert models.requests == []


async def test_a_run_whose_group_moves_is_stopped_by_another_process_and_ends_in_the_new_group(
    telegram: TelegramServer, models: ModelServer, tmp_path: Path
) -> None:
    old, new = telegram.group(OLD, kind="group"), telegram.group(NEW)
    other = await opened(telegram, models, tmp_path)
    async with served(await opened(telegram, models, tmp_path)):
        telegram.say(old, CAROL, "/run MSFT")
        await live(telegram, old)
        migrate(telegram, old, new, ALICE, told=False)
        await other.known_chats.was_moved(f"telegram:{OLD}", f"telegram:{NEW}")
        (run,) = await other.going_on(None, "telegram", str(NEW))
        assert await other.stop(run.run_id, "Alice")
        await telegram.until(lambda: telegram.messages(new), "the end", PATIENCE_S)
        await asyncio.sleep(1.0)
        (end,) = telegram.messages(new)
        assert "Stopped by Alice" in end.text
    await other.close()


@pytest.mark.parametrize(
    ("out", "rights"), [("kicked", {}), ("restricted", {"is_member": True, "can_send_messages": False})]
)
async def test_a_run_that_ends_while_the_bot_is_out_shows_its_end_when_it_is_back(
    telegram: TelegramServer, models: ModelServer, tmp_path: Path, out: str, rights: dict[str, bool]
) -> None:
    chat = telegram.group(NEW)
    app = await opened(telegram, models, tmp_path)
    async with served(app):
        telegram.say(chat, CAROL, "/run MSFT")
        shown = await live(telegram, chat)
        bot_becomes(telegram, chat, out, ALICE, **rights)
        await telegram.until(lambda: not telegram.unconfirmed, "the news", PATIENCE_S)
        (run,) = await app.going_on(None, "telegram", str(NEW))
        await app.stop(run.run_id, "Alice")
        tried = len(telegram.calls)
        await asyncio.sleep(2.0)
        assert "Stop" in shown.labels
        assert len([call for call in telegram.calls[tried:] if call.status in {400, 403}]) <= 2
        bot_becomes(telegram, chat, "member", ALICE)
        await telegram.until(lambda: "Stopped by Alice" in shown.text, "the end", PATIENCE_S)
        assert "Stop" not in shown.labels
