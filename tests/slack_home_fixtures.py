"""The `world` of `tests.slack_home_scene`, for test modules that name this one in `pytest_plugins`."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests import arena
from tests.loopback.model_server import ModelServer
from tests.loopback.slack_server import SlackServer
from tests.slack_home_scene import World


@pytest.fixture
async def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    async with ModelServer() as models, SlackServer() as slack:
        for name in arena.FIVE:
            models.opine(f"{name}/{name}-1", arena.opinion(name))
        monkeypatch.setenv("SLACK_BOT_TOKEN", slack.bot_token)
        monkeypatch.setenv("SLACK_APP_TOKEN", slack.app_token)
        monkeypatch.setattr("bot.slack_homes.NEWS_EVERY_S", 0.05)
        monkeypatch.setattr("bot.slack_homes.SPACING_S", 0.01)
        yield World(models, slack, tmp_path)
        assert slack.violations == []
