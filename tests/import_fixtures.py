"""An arena over made-up prices, for tests of imports. Name this module in `pytest_plugins` of a test module.

Those of `tests.storage` and `tests.arena_fixtures` must stand there, too.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest_asyncio

from core.app.app import App
from core.clock import ManualClock
from tests.import_scene import NOW, Open, write_prices

Opening = Callable[..., Awaitable[App]]
NOBODY = "http://127.0.0.1:9"


@pytest_asyncio.fixture
async def open_arena(opening: Opening, url: str, tmp_path: Path) -> AsyncIterator[Open]:
    """Opens an arena over the made-up prices, with one rule as its member; the same database each time.

    Whatever a test does, the audit finds nothing in the end.
    """
    prices = write_prices(tmp_path / "prices")
    apps: list[App] = []

    async def opened(**more: Any) -> App:
        sections = {
            "market": {"prices": ["csv"], "csv": {"dir": str(prices)}},
            "members": [{"name": "buy_and_hold", "kind": "baseline"}],
            "clock": ManualClock(NOW),
            **more,
        }
        apps.append(await opening(NOBODY, tmp_path, url=url, **sections))
        return apps[-1]

    yield opened
    for app in apps:
        assert await app.audit() == ()
