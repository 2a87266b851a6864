"""Fixtures of whole arenas. Name this module in `pytest_plugins` of a test module to have them."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from core.app.app import App
from tests import arena
from tests.arena import Opening
from tests.loopback.model_server import ModelServer


@pytest.fixture
async def models() -> AsyncIterator[ModelServer]:
    async with ModelServer() as server:
        for name in arena.FIVE:
            server.opine(f"{name}/{name}-1", arena.opinion(name))
        yield server


@pytest.fixture
async def opening() -> AsyncIterator[Opening]:
    """Opens arenas and closes them all in the end, whatever the test does."""
    apps: list[App] = []

    async def open_one(*arguments: Any, **more: Any) -> App:
        apps.append(await arena.opened(*arguments, **more))
        return apps[-1]

    yield open_one
    for app in apps:
        await app.close()
