"""A Slack that calls our HTTP door, with a real arena behind it, and a desk that answers as a test says."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from yarl import URL

from bot.desk import Desk as RealDesk
from bot.http_door import HttpDoor
from bot.slack_http import PATH
from bot.slack_service import SlackService, slack_service
from core.app.app import App
from core.clock import Clock
from tests import arena
from tests.loopback.patience import PATIENCE_S
from tests.loopback.slack_scene import ScriptedDesk
from tests.loopback.slack_server import SlackServer


@dataclass
class HttpScene:
    """`root` is where the door listens, and `desk` answers."""

    server: SlackServer
    app: App
    desk: ScriptedDesk
    service: SlackService
    root: str


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def browser_at(root: str) -> aiohttp.ClientSession:
    """A browser that takes the loopback address for a safe place, as browsers do."""
    return aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True, treat_as_secure_origin=URL(root)))


def set_secrets(server: SlackServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the references of the configuration lead to what the server takes."""
    monkeypatch.setenv("SLACK_BOT_TOKEN", server.bot_token)
    monkeypatch.setenv("SLACK_APP_TOKEN", server.app_token)
    monkeypatch.setenv("SLACK_SIGNING_SECRET", server.signing_secret)
    monkeypatch.setenv("SLACK_CLIENT_SECRET", server.client_secret)


@asynccontextmanager
async def http_scene(
    server: SlackServer,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    real: bool = False,
    clock: Clock | None = None,
    slack: dict[str, Any] | None = None,
    **more: Any,
) -> AsyncIterator[HttpScene]:
    set_secrets(server, monkeypatch)
    port = free_port()
    settings: dict[str, Any] = {"base_url": server.base_url, "mode": "http"} | (slack or {})
    folder.mkdir(exist_ok=True)
    app = await arena.opened(
        "http://127.0.0.1:9/v1", folder, clock=clock, slack=settings, http={"port": port}, **more
    )
    door, scripted = HttpDoor(app.settings.http), ScriptedDesk()
    service = slack_service(app, RealDesk(app) if real else scripted, door)
    await door.start()
    task = asyncio.create_task(service.run())
    root = f"http://127.0.0.1:{port}"
    if settings["mode"] == "http":
        server.request_url = f"{root}{PATH}"
    server.redirect_url = f"{root}/slack/oauth_redirect"
    try:
        async with asyncio.timeout(PATIENCE_S):
            await service.connected.wait()
        yield HttpScene(server, app, scripted, service, root)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await door.close()
        await app.close()


@asynccontextmanager
async def real_scene(
    server: SlackServer, folder: Path, monkeypatch: pytest.MonkeyPatch, **more: Any
) -> AsyncIterator[HttpScene]:
    """The same with the desk of the program."""
    async with http_scene(server, folder, monkeypatch, real=True, **more) as scene:
        yield scene
