"""`conclave serve` whole, on a strict Telegram and a strict Slack at the same time."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from core.app.app import App
from core.domain.subscription import Planned
from core.schedule.reading import read_wanted
from tests import arena
from tests.loopback.model_server import ModelServer
from tests.loopback.slack_rules import interactive
from tests.loopback.slack_scene import shown
from tests.loopback.slack_server import SlackServer
from tests.loopback.slack_state import Message
from tests.loopback.telegram_server import TelegramServer
from tests.loopback.telegram_world import Chat, Flood, Shown, User
from tests.service import served

ALICE, BOB, MALLORY = User(1001, "Alice"), User(1002, "Bob"), User(6666, "Mallory")
SLACK_ALICE, SLACK_MALLORY = "U0ALICE", "U0MALLORY"
GROUP, CHANNEL = -1001234567890, "C0TRADING"
PATIENCE_S = 20.0
ACCESS: dict[str, Any] = {
    "admins": [f"telegram:{ALICE.id}", f"slack:{SLACK_ALICE}"],
    "people": [{"id": f"telegram:{BOB.id}", "role": "runner"}],
}


class World:
    """The models and both platforms. What a platform must never see fails the test in the end."""

    def __init__(
        self, models: ModelServer, telegram: TelegramServer, slack: SlackServer, folder: Path
    ) -> None:
        self.models, self.telegram, self.slack, self.folder = models, telegram, slack, folder

    @asynccontextmanager
    async def serving(self, **more: Any) -> AsyncIterator[App]:
        """The service with five models and Alice as the admin, unless `more` sets these otherwise."""
        more = {"access": ACCESS} | more
        app = await arena.opened(
            self.models.base_url,
            self.folder,
            telegram={"base_url": self.telegram.base_url},
            slack={"base_url": self.slack.base_url},
            **more,
        )
        async with served(app):
            yield app

    @property
    def asked(self) -> int:
        """How many requests the models were sent, each of which costs money."""
        return len(self.models.requests)

    async def said(self, chat: Chat, words: str, within_s: float = PATIENCE_S) -> Shown:
        """The newest message in a Telegram chat with these words, once it is there."""

        def found() -> Shown | None:
            messages = reversed(self.telegram.messages(chat))
            return next((m for m in messages if words in plain(m.text)), None)

        message = await self.telegram.until(found, repr(words), within_s)
        assert isinstance(message, Shown)
        return message

    async def verdict(self, chat: Chat, within_s: float = PATIENCE_S) -> Shown:
        """The message in a Telegram chat that ends as a verdict with a button for each model."""

        def found() -> Shown | None:
            messages = reversed(self.telegram.messages(chat))
            return next((m for m in messages if any(d.startswith("w.") for d in data_of(m))), None)

        message = await self.telegram.until(found, "the verdict", within_s)
        assert isinstance(message, Shown)
        return message

    async def slack_said(self, channel: str, words: str, within_s: float = PATIENCE_S) -> Message:
        """The newest message in a Slack channel with these words, once it is there."""

        def found() -> Message | None:
            messages = reversed(self.slack.messages(channel))
            return next((m for m in messages if words in shown(m.blocks) or words in m.text), None)

        message = await self.slack.until(found, within_s)
        assert isinstance(message, Message)
        return message

    async def slack_verdict(self, channel: str, within_s: float = PATIENCE_S) -> Message:
        """The message in a Slack channel that ends as a verdict with a button for each model."""

        def found() -> Message | None:
            messages = reversed(self.slack.messages(channel))
            return next((m for m in messages if whys(m)), None)

        message = await self.slack.until(found, within_s)
        assert isinstance(message, Message)
        return message


@asynccontextmanager
async def both_doors(
    folder: Path, monkeypatch: pytest.MonkeyPatch, *, flood: Flood | None = None, limits: bool = False
) -> AsyncIterator[World]:
    """The world; `flood` and `limits` say whether Telegram and Slack count how often they are called."""
    async with (
        ModelServer() as models,
        TelegramServer(flood=flood) as telegram,
        SlackServer(limits=limits) as slack,
    ):
        for name in arena.FIVE:
            models.opine(f"{name}/{name}-1", arena.opinion(name))
        monkeypatch.setenv("TELEGRAM_BOT_TOKEN", telegram.token)
        monkeypatch.setenv("SLACK_BOT_TOKEN", slack.bot_token)
        monkeypatch.setenv("SLACK_APP_TOKEN", slack.app_token)
        yield World(models, telegram, slack, folder)
        assert telegram.violations == []
        assert telegram.floods == []
        assert slack.violations == []


async def due_now(app: App, platform: str, chat: str, line: str = "leaderboard daily 09:00") -> None:
    """Subscribe a chat in the name of the admin, for the first time at this moment."""
    now = app.clock.now()
    by = f"telegram:{ALICE.id}" if platform == "telegram" else f"slack:{SLACK_ALICE}"
    first = Planned(key=f"{now:%Y-%m-%dT%H:%MZ}", at=now, due_at=now)
    await app._store.subscriptions.add(
        platform, chat, None, read_wanted(line.split()), by, now, first, limit=10
    )


def plain(text: str) -> str:
    """What people read, without the signs that keep Telegram from making links of it."""
    return text.replace("\u2060", "")


def data_of(message: Shown) -> list[str]:
    return [str(button["callback_data"]) for row in message.buttons for button in row]


def whys(message: Message) -> list[str]:
    """The ids of those buttons of a Slack message that open a model's reasoning."""
    ids = [str(element["action_id"]) for _, element in interactive(message.blocks)]
    return [one for one in ids if one.startswith("conclave.why.")]


def committee(sizes: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """The configuration of members by name and the id of their model, and nothing else in it."""
    return {"members": [{"name": name, "route": [f"loopback:{model}"]} for name, model in sizes]}
