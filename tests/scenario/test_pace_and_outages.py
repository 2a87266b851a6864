"""`conclave serve` where chats are slow, closed or away, and where only one platform can be had."""

import asyncio
import logging
import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from bot import delivery, serve
from core.app.app import App
from core.clock import SystemClock
from core.domain.errors import ConfigError
from tests import arena
from tests.loopback.model_server import ModelServer
from tests.loopback.patience import PATIENCE_S
from tests.loopback.slack_server import SlackServer
from tests.loopback.telegram_rules import Refusal
from tests.loopback.telegram_server import TelegramServer
from tests.loopback.telegram_world import Chat, Flood, User

ALICE = User(1001, "Alice")
GROUP = -1001234567890
pytestmark = pytest.mark.timeout(60)


class World:
    """Five models, one Telegram that counts like the real one, and what `serve` has said."""

    def __init__(self, models: ModelServer, telegram: TelegramServer, folder: Path) -> None:
        self.models = models
        self.telegram = telegram
        self.folder = folder
        self.said: list[str] = []

    def sees(self, chat: Chat, text: str) -> bool:
        return any(text in message.text for message in self.telegram.messages(chat))

    async def until(self, chat: Chat, text: str) -> None:
        await self.telegram.until(lambda: self.sees(chat, text), text, 20)


@pytest.fixture
async def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    async with ModelServer() as models, TelegramServer(flood=Flood(SystemClock())) as telegram:
        for name in arena.FIVE:
            models.opine(f"{name}/{name}-1", arena.opinion(name))
        monkeypatch.setenv("TELEGRAM_BOT_TOKEN", telegram.token)
        monkeypatch.delenv("SLACK_BOT_TOKEN", raising=False)
        monkeypatch.delenv("SLACK_APP_TOKEN", raising=False)
        yield World(models, telegram, tmp_path)


@asynccontextmanager
async def serving(world: World, **more: Any) -> AsyncIterator[App]:
    app = await arena.opened(
        world.models.base_url,
        world.folder,
        telegram={"base_url": world.telegram.base_url},
        access={"admins": [f"telegram:{ALICE.id}"]},
        **more,
    )
    world.said = []
    service = asyncio.create_task(serve.serve(app, world.said.append))
    try:
        while not world.said:
            if service.done():
                service.result()
            await asyncio.sleep(0.01)
        yield app
    finally:
        if not service.done():
            os.kill(os.getpid(), signal.SIGTERM)
            await asyncio.wait_for(service, 30)
        await app.close()


async def eventually(true: Callable[[], bool]) -> None:
    for _ in range(2500):
        if true():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it did not happen within 25 seconds")


def troubles(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]


async def test_several_runs_in_a_group_never_hear_of_too_many_requests(world: World) -> None:
    group = world.telegram.group(GROUP)
    async with serving(world):
        world.telegram.say(group, ALICE, "/run GOOG AAPL IBM quick")

        def ended() -> bool:
            return sum("claude" in "".join(m.labels) for m in world.telegram.messages(group)) == 3

        await world.telegram.until(ended, "three verdicts", 20)
        await world.until(group, "Verdicts")
    assert world.telegram.flood is not None
    assert world.telegram.flood.refused == []
    assert len(world.telegram.messages(group)) == 4


async def test_a_run_in_a_chat_that_is_closed_to_us_costs_nothing(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    group = world.telegram.group(GROUP)
    group.refusal = Refusal("Forbidden: bot was kicked from the supergroup chat", code=403, fault=False)
    private = world.telegram.private(ALICE)
    async with serving(world):
        world.telegram.say(group, ALICE, "/run GOOG")
        await eventually(lambda: any("is not started" in line for line in troubles(caplog)))
        world.telegram.say(private, ALICE, "/whoami")
        await world.until(private, "admin")
    assert world.models.requests == []
    assert len(troubles(caplog)) == 1


async def test_a_stop_while_prices_are_fetched_is_said_in_the_message(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    private = world.telegram.private(ALICE)
    async with serving(world) as app:

        async def endless(*_: object) -> None:
            await asyncio.Event().wait()

        monkeypatch.setattr(app._runs._committee, "convene", endless)
        world.telegram.say(private, ALICE, "/run GOOG")
        await world.until(private, "Getting prices")
    (message,) = world.telegram.messages(private)
    # The command has an invisible sign in it, so that Telegram does not make it a link.
    text = message.text.replace("\u2060", "")
    assert text.endswith("Conclave was restarted before this run began. Send /run GOOG again.")


async def test_a_verdict_survives_an_outage_at_the_end_of_its_run(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(serve, "FINISH_MESSAGES_EVERY_S", 0.2)
    monkeypatch.setattr(delivery, "TRIES", 1)
    private = world.telegram.private(ALICE)
    async with serving(world) as app:
        convene = app._runs._committee.convene

        async def during_an_outage(*asked: Any) -> Any:
            await world.telegram.stop()
            return await convene(*asked)

        monkeypatch.setattr(app._runs._committee, "convene", during_an_outage)
        world.telegram.say(private, ALICE, "/run GOOG quick")
        await eventually(lambda: any("giving up for now" in line for line in troubles(caplog)))
        assert (await app.record("GOOG")).verdict is not None
        assert await app.open_cards("telegram") != ()
        await world.telegram.start()
        await world.until(private, "BUY")
    assert len(world.telegram.messages(private)) == 1


async def test_refused_slack_tokens_are_told_at_once(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with SlackServer() as slack:
        monkeypatch.setenv("SLACK_BOT_TOKEN", slack.bot_token)
        monkeypatch.setenv("SLACK_APP_TOKEN", "xapp-refused")
        async with asyncio.timeout(PATIENCE_S), serving(world, slack={"base_url": slack.base_url}):
            assert world.said == ["Conclave is ready: Slack is off, Telegram is connected."]
    assert len(troubles(caplog)) == 1


async def test_a_refused_telegram_token_is_told_once(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("TELEGRAM_BOT_TOKEN", "7000000009:BBwrongTokenwrongTokenwrongTokenwrong")
    with pytest.raises(ConfigError, match="No platform is left"):
        async with serving(world):
            pass
    assert world.said == []
    (line,) = troubles(caplog)
    assert "refused the bot token" in line


@pytest.mark.parametrize(
    ("given", "missing"), [("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN"), ("SLACK_APP_TOKEN", "SLACK_BOT_TOKEN")]
)
async def test_half_a_slack_configuration_is_named(
    world: World,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    given: str,
    missing: str,
) -> None:
    monkeypatch.setenv(given, "xoxb-1-something")
    async with serving(world):
        assert world.said == ["Conclave is ready: Telegram is connected."]
    (line,) = troubles(caplog)
    assert f"env:{missing} is not set" in line
    assert "xoxb" not in line
