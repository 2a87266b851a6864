"""`conclave serve` with HTTP and no chat platform, and what such a service does and tells."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.serve import serve
from core.app.app import App
from core.domain.errors import ConfigError
from tests.arena import Opening
from tests.http_scene import http_settings
from tests.loopback.model_server import ModelServer
from tests.service import served

pytest_plugins = ("tests.arena_fixtures",)

NOBODY = "http://127.0.0.1:9"


@asynccontextmanager
async def asking(app: App) -> AsyncIterator[Any]:
    async with aiohttp.ClientSession(f"http://127.0.0.1:{app.settings.http.port}") as session:
        yield session


async def test_http_is_served_without_any_chat_platform(
    models: ModelServer, tmp_path: Path, opening: Opening
) -> None:
    app = await opening(models.base_url, tmp_path, **http_settings())
    async with served(app), asking(app) as session:
        async with session.get("/readyz") as answer:
            assert answer.status == 200
        async with session.get("/health") as answer:
            assert (answer.status, (await answer.json())["status"]) == (200, "ok")
        async with session.post("/runs", json={"tickers": ["AAPL"], "preset": "quick"}) as answer:
            assert answer.status == 202
            place = answer.headers["Location"]
        async with session.get(place, headers={"Accept": "text/event-stream"}) as answer:
            told = await answer.text()
    assert "event: verdict" in told
    assert '"decision": "BUY"' in told


async def test_whoever_reads_along_does_not_hold_up_the_end(
    models: ModelServer, tmp_path: Path, opening: Opening
) -> None:
    models.latency_s = 8.0
    app = await opening(models.base_url, tmp_path, **http_settings())
    loop = asyncio.get_running_loop()
    async with asking(app) as session:
        async with served(app):
            async with session.post("/runs", json={"tickers": ["AAPL"], "preset": "quick"}) as answer:
                place = answer.headers["Location"]
            reading = await session.get(place, headers={"Accept": "text/event-stream"})
            await reading.content.readline()
            before = loop.time()
        assert loop.time() - before < 6
        reading.close()


async def test_once_the_service_is_over_nobody_measures_any_more(tmp_path: Path, opening: Opening) -> None:
    app = await opening(NOBODY, tmp_path, **http_settings())
    async with served(app), asking(app) as session, session.get("/metrics") as answer:
        assert "conclave_store_up 1.0" in await answer.text()
    assert app.measures._listeners == []


async def test_a_port_that_is_taken_is_the_end_where_there_is_nothing_else(
    tmp_path: Path, opening: Opening
) -> None:
    app = await opening(NOBODY, tmp_path, **http_settings())
    other = await asyncio.start_server(lambda *_: None, "127.0.0.1", app.settings.http.port)
    async with other:
        with pytest.raises(ConfigError, match="HTTP is off"):
            await serve(app, print)


async def test_neither_chats_nor_http_is_nothing_to_serve(tmp_path: Path, opening: Opening) -> None:
    app = await opening(NOBODY, tmp_path)
    with pytest.raises(ConfigError, match="Neither Telegram nor Slack"):
        await serve(app, print)


async def test_it_says_where_it_answers_and_ends_when_told(tmp_path: Path, opening: Opening) -> None:
    app = await opening(NOBODY, tmp_path, **http_settings())
    said: list[str] = []
    ready = asyncio.Event()

    def say(line: str) -> None:
        said.append(line)
        ready.set()

    service = asyncio.create_task(serve(app, say))
    await asyncio.wait_for(ready.wait(), 10)
    os.kill(os.getpid(), signal.SIGTERM)
    await asyncio.wait_for(service, 12)
    port = app.settings.http.port
    assert said[0] == (f"Conclave is ready: HTTP answers on port {port}; no chat platform is configured.")
    assert said[-1].startswith("Conclave has stopped")
