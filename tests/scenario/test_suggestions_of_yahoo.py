"""A ticker that nobody knows, asked for in chats: Yahoo's search knows what was meant, one press runs it.

The names that Yahoo tells are from outside: they stay words.
"""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import NamedTuple

import pytest

from core.app.app import App
from core.clock import OffsetClock
from tests import arena
from tests.loopback.model_server import ModelServer
from tests.loopback.slack_scene import shown
from tests.loopback.slack_server import SlackServer
from tests.loopback.slack_state import Message
from tests.loopback.telegram_server import TelegramServer
from tests.loopback.telegram_world import Shown, User
from tests.loopback.yahoo_evidence import NOW, quote
from tests.loopback.yahoo_server import YahooServer, chart
from tests.service import served

pytest_plugins = ("tests.yfinance_scene",)
pytestmark = pytest.mark.timeout(90)

ALICE, CHANNEL = User(1001, "Alice"), "C0TRADING"
PATIENCE_S = 20.0
DAYS = ("2025-10-28", "2025-10-29", "2025-10-30", "2025-10-31")
HOSTILE = "Berkshire\n<b>@everyone</b> <!channel> /reset *Inc.* \u202ehttps://evil.example"
CLEANED = "Berkshire beveryoneb channel reset Inc. httpsevil.example"


class World(NamedTuple):
    telegram: TelegramServer
    slack: SlackServer
    app: App


@pytest.fixture
async def world(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, yahoo: YahooServer, fresh_yfinance: None
) -> AsyncIterator[World]:
    yahoo.held["BRK-B"] = chart("BRK-B", [(day, 490.0, 495.0, 485.0, 492.0, 4_000_000) for day in DAYS])
    yahoo.quotes["BRKB"] = [quote("BRK-B", HOSTILE)]
    async with TelegramServer() as telegram, SlackServer() as slack, ModelServer() as models:
        monkeypatch.setenv("TELEGRAM_BOT_TOKEN", telegram.token)
        monkeypatch.setenv("SLACK_BOT_TOKEN", slack.bot_token)
        monkeypatch.setenv("SLACK_APP_TOKEN", slack.app_token)
        for name in arena.FIVE:
            models.opine(f"{name}/{name}-1", arena.opinion(name))
        app = await arena.opened(
            models.base_url,
            tmp_path,
            clock=OffsetClock(NOW),
            market={"prices": ["yfinance"], "yfinance": {"base_url": yahoo.base_url}},
            arena={"benchmark": "BRK-B"},
            telegram={"base_url": telegram.base_url},
            slack={"base_url": slack.base_url},
            access={"admins": [f"telegram:{ALICE.id}", "slack:U0ALICE"]},
        )
        telegram.private(ALICE)
        async with served(app):
            yield World(telegram, slack, app)
        assert telegram.violations == []
        assert slack.violations == []


def button(message: Message, label: str) -> str:
    elements = [one for block in message.blocks if block["type"] == "actions" for one in block["elements"]]
    return str(next(one["action_id"] for one in elements if one["text"]["text"] == label))


async def test_on_telegram_the_name_is_told_as_words_and_a_press_runs_what_was_meant(world: World) -> None:
    chat = world.telegram.private(ALICE)
    world.telegram.say(chat, ALICE, "/run BRKB quick")

    def suggestion() -> Shown | None:
        return next((one for one in world.telegram.messages(chat) if "Did you mean" in one.text), None)

    await world.telegram.until(suggestion, "a suggestion", PATIENCE_S)
    told = suggestion()
    assert told is not None
    plain = told.text.replace("\u2060", "")
    assert f"I don't know the ticker BRKB. Did you mean BRK-B ({CLEANED})?" in plain
    assert told.of("bold") == []

    world.telegram.press(told, told.button("BRK-B"), ALICE)
    await world.telegram.until(
        lambda: any("Agreement" in one.text for one in world.telegram.messages(chat)), "a verdict", PATIENCE_S
    )
    record = await world.app.record("BRK-B")
    assert (record.source, record.preset) == ("yfinance", "quick")


async def test_on_slack_too(world: World) -> None:
    await world.slack.slash("/run", "BRKB quick", "U0ALICE", CHANNEL)

    def suggestion() -> Message | None:
        everything = [*world.slack.messages(CHANNEL), *world.slack.ephemerals("U0ALICE")]
        return next((one for one in everything if "Did you mean" in shown(one.blocks)), None)

    told = await world.slack.until(suggestion, PATIENCE_S)
    assert isinstance(told, Message)
    assert f"BRK-B ({CLEANED})" in shown(told.blocks).replace("\u2060", "")
    await world.slack.click(told, button(told, "BRK-B"), "U0ALICE")

    def decided() -> bool:
        return any("Agreement" in shown(one.blocks) for one in world.slack.messages(CHANNEL))

    await world.slack.until(decided, PATIENCE_S)
    assert (await world.app.record("BRK-B")).requested_by == "slack:U0ALICE"
