"""Five models, a Telegram and a Slack, each strict and on a socket of its own, with their tokens at hand."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import NamedTuple

import pytest

from tests import arena
from tests.loopback.model_server import ModelServer
from tests.loopback.slack_server import SlackServer
from tests.loopback.telegram_server import TelegramServer


class Platforms(NamedTuple):
    models: ModelServer
    telegram: TelegramServer
    slack: SlackServer

    @property
    def sections(self) -> dict[str, dict[str, str]]:
        """What the configuration says of where they answer."""
        return {
            "telegram": {"base_url": self.telegram.base_url},
            "slack": {"base_url": self.slack.base_url},
        }


@asynccontextmanager
async def platforms(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Platforms]:
    """All three, until left; no call may have broken a rule of its platform."""
    async with ModelServer() as models, TelegramServer() as telegram, SlackServer() as slack:
        for name in arena.FIVE:
            models.opine(f"{name}/{name}-1", arena.opinion(name))
        monkeypatch.setenv("TELEGRAM_BOT_TOKEN", telegram.token)
        monkeypatch.setenv("SLACK_BOT_TOKEN", slack.bot_token)
        monkeypatch.setenv("SLACK_APP_TOKEN", slack.app_token)
        yield Platforms(models, telegram, slack)
        assert telegram.violations == []
        assert slack.violations == []
