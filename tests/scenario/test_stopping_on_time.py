"""`conclave serve` told to stop while a subscription's run is under way, and started again."""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot import timer
from core.app.app import App
from core.domain.run import RunState
from core.domain.subscription import Planned, SlotState
from core.schedule.reading import read_wanted
from tests import arena
from tests.loopback.model_replies import filled, held
from tests.loopback.model_server import ModelServer
from tests.loopback.telegram_server import TelegramServer
from tests.service import served

GROUP = -1001234567890
pytestmark = pytest.mark.timeout(90)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(timer, "TICK_S", 0.1)
    yield


async def opened(models: ModelServer, telegram: TelegramServer, folder: Path) -> App:
    access = {"admins": ["telegram:1001"]}
    return await arena.opened(
        models.base_url, folder, telegram={"base_url": telegram.base_url}, access=access
    )


async def due_now(app: App) -> None:
    """Let the group have subscribed to a verdict that is due."""
    now = app.clock.now()
    wanted = read_wanted(["verdicts", "AAPL", "daily", "16:30", "quick"])
    first = Planned(key=f"{now:%Y-%m-%dT%H:%MZ}", at=now, due_at=now, tickers=("AAPL",))
    rows = app._store.subscriptions
    await rows.add("telegram", str(GROUP), None, wanted, "telegram:1001", now, first, limit=9)


async def test_a_run_under_way_is_kept_and_its_verdicts_come_after_the_next_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    # The sample's prices are old, which a scheduled run would refuse.
    monkeypatch.setattr("core.pipeline.committee.Committee._check_fresh", lambda *_: None)
    async with ModelServer() as models, TelegramServer() as telegram:
        monkeypatch.setenv("TELEGRAM_BOT_TOKEN", telegram.token)
        group, gate = telegram.group(GROUP), asyncio.Event()
        for name in arena.FIVE:
            models.opine(f"{name}/{name}-1", arena.opinion(name))
        models.say_next("qwen/qwen-1", held(filled(arena.opinion("qwen")), gate))
        app = await opened(models, telegram, tmp_path)
        await due_now(app)
        async with served(app):
            await models.until_asked(5)
            began = time.monotonic()
        assert time.monotonic() - began < 10
        assert telegram.messages(group) == []

        app = await opened(models, telegram, tmp_path)
        (run_id,) = await app._store.runs.running()
        (left,) = await app._store.slots.take_over(app.clock.now(), ("telegram",), "test", app.clock.now(), 9)
        assert left.slot.state is SlotState.RUNNING
        async with served(app):
            await telegram.until(lambda: telegram.messages(group), "the verdicts", 20)
            for _ in range(1500):
                if await app._store.slots.ended(5):
                    break
                await asyncio.sleep(0.02)
            (ended,) = await app._store.slots.ended(5)
            assert ended.slot.state is SlotState.DELIVERED
            assert (await app.record(run_id)).state is RunState.FINISHED
        (message,) = telegram.messages(group)
        assert "AAPL" in message.text
        assert "interrupted" not in message.text
        gate.set()
        assert telegram.violations == []
    asked = {name: len(models.asked(f"{name}/{name}-1")) for name in arena.FIVE}
    assert asked == dict.fromkeys(arena.FIVE, 1) | {"qwen": 2}
    assert [one for one in caplog.records if one.levelname == "ERROR"] == []
