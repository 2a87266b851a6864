"""Fixtures of processes that post. Name this module in `pytest_plugins` of a test module to have them."""

from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path

import pytest

from tests import arena
from tests.postman_scene import ADMIN, NOWHERE, Opening, PostClock, Process
from tests.store_values import START


@pytest.fixture
def post_clock() -> PostClock:
    return PostClock(START)


@pytest.fixture
async def starting(tmp_path: Path, post_clock: PostClock) -> AsyncIterator[Opening]:
    """Opens processes on one database, and closes them all in the end."""
    processes: list[Process] = []

    async def open_one(*, url: str | None = None, moment: datetime | None = None, **more: object) -> Process:
        own = post_clock if moment is None else PostClock(moment)
        sections = {"access": {"admins": [ADMIN]}} | more
        app = await arena.opened(NOWHERE, tmp_path, clock=own, url=url, **sections)
        processes.append(Process(app))
        return processes[-1]

    yield open_one
    for process in processes:
        await process.postman.close()
        await process.app.close()
