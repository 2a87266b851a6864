"""The bot token is in every address, and in no log and no error."""

import asyncio
import logging
from datetime import UTC, datetime

import pytest

from bot.cards import Notice
from bot.door import DeliveryFailed
from bot.request import Address
from bot.telegram_secrecy import HideToken, hush, scrub
from bot.telegram_updates import TelegramService
from core.clock import ManualClock
from core.config.secret import SecretRef
from core.config.settings import Telegram
from core.domain.errors import ConfigError
from tests.integration.test_telegram_service import DeskDouble, running
from tests.loopback.patience import PATIENCE_S
from tests.loopback.telegram_server import TelegramServer
from tests.loopback.telegram_world import User

ALICE = User(1001)


def service_for(server: TelegramServer, monkeypatch: pytest.MonkeyPatch) -> TelegramService:
    monkeypatch.setenv("TELEGRAM_BOT_TOKEN", server.token)
    settings = Telegram(token=SecretRef("env:TELEGRAM_BOT_TOKEN"), base_url=server.base_url)
    return TelegramService(settings, DeskDouble(), ManualClock(datetime(2025, 10, 29, tzinfo=UTC)))


@pytest.mark.parametrize("level", [logging.INFO, logging.DEBUG])
async def test_no_log_at_any_level_holds_the_token(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, level: int
) -> None:
    caplog.set_level(level)
    async with TelegramServer() as server:
        secret = server.token.partition(":")[2]
        service = service_for(server, monkeypatch)
        for name in ("aiohttp.client", "telegram", "telegram.Bot", "telegram.request.BaseRequest"):
            monkeypatch.setattr(logging.getLogger(name), "level", level)
            logging.getLogger(name).manager._clear_cache()
        chat = server.private(ALICE)
        server.fail("getUpdates", 502, b"<html>bad</html>")
        server.fail("getUpdates", 401, "Unauthorized")
        async with running(service):
            server.say(chat, ALICE, "/help")
            await server.until(lambda: server.messages(chat), "an answer")
    lines = [logging.Formatter().format(record) for record in caplog.records]
    assert any("sendMessage" in line or "getUpdates" in line for line in lines) or level > logging.DEBUG
    assert not [line for line in lines if secret in line]


async def test_by_default_requests_are_not_logged_at_all(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    async with (
        TelegramServer() as server,
        asyncio.timeout(PATIENCE_S),
        running(service_for(server, monkeypatch)),
    ):
        pass
    assert "HTTP Request" not in caplog.text


async def test_no_error_holds_the_token(monkeypatch: pytest.MonkeyPatch) -> None:
    async with TelegramServer() as server:
        service = service_for(server, monkeypatch)
        secret = server.token.partition(":")[2]
        server.token = "1:other"
        await service.run()
        with pytest.raises(ConfigError) as refused:
            await service.ready()
        with pytest.raises(DeliveryFailed) as failed:
            await service.door.send(Address("telegram", "1001"), Notice(text="x"))
    for error in (refused.value, failed.value):
        chain: BaseException | None = error
        while chain is not None:
            assert secret not in repr(chain)
            chain = chain.__cause__ or (None if chain.__suppress_context__ else chain.__context__)


def test_the_filter_cleans_messages_arguments_and_tracebacks(caplog: pytest.LogCaptureFixture) -> None:
    logger = logging.getLogger("test.telegram.secrecy")
    logger.addFilter(HideToken("1:secret"))
    logger.warning("asking %s", "https://api.example/bot1:secret/getMe and /bot1%3Asecret/")
    try:
        raise ValueError("1:secret is wrong")
    except ValueError:
        logger.exception("it failed")
    text = caplog.text
    assert "secret" not in text.replace("test.telegram.secrecy", "").replace("test_telegram_secrecy", "")
    assert text.count("<telegram token>") >= 3


def test_hushing_twice_keeps_one_filter() -> None:
    hush("1:a")
    hush("1:b")
    kept = [known for known in logging.getLogger("telegram.Bot").filters if isinstance(known, HideToken)]
    assert len(kept) == 1
    assert scrub("bot1:b", "1:b") == "bot<telegram token>"


def test_a_missing_token_is_a_clear_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TELEGRAM_BOT_TOKEN", raising=False)
    with pytest.raises(ConfigError, match="TELEGRAM_BOT_TOKEN is not set"):
        TelegramService(Telegram(), DeskDouble(), ManualClock(datetime(2025, 10, 29, tzinfo=UTC)))
