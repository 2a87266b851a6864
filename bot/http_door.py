"""The HTTP door: one server, on which each part of Conclave puts the paths that it answers."""

import asyncio
from collections.abc import Callable
from functools import partial

from aiohttp import web

from bot.http.problems import numbered
from bot.http.protocol import DoorProtocol
from core.config.settings import Http
from core.domain.errors import ConfigError

CLOSE_WITHIN_S = 1.0
"""Whoever asks and does not read the answer must not hold up the end of the process."""
LARGEST_BODY = 1024 * 1024
SILENT_WITHIN_S = 75.0
"""After so long without a whole request a connection is closed; a proxy in front keeps its own for less."""


class HttpDoor:
    """Listens where `[http]` says. Paths are added to `router` before `start`."""

    def __init__(self, settings: Http) -> None:
        self._settings = settings
        self._routes = web.Application(client_max_size=LARGEST_BODY, middlewares=[numbered])
        self._runner = web.AppRunner(self._routes, shutdown_timeout=CLOSE_WITHIN_S)
        self._listener: asyncio.Server | None = None
        self._at_end: list[Callable[[], None]] = []

    @property
    def router(self) -> web.UrlDispatcher:
        """Where paths are added."""
        return self._routes.router

    def at_end(self, work: Callable[[], None]) -> None:
        """Do something once nothing is listened to any more."""
        self._at_end.append(work)

    @property
    def port(self) -> int:
        """The port that is listened to, once started."""
        if self._listener is None or not self._listener.sockets:
            return self._settings.port
        return int(self._listener.sockets[0].getsockname()[1])

    @property
    def listening(self) -> bool:
        """Whether somebody who connects is answered."""
        return self._listener is not None and self._listener.is_serving()

    async def start(self) -> None:
        """Listen.

        Raises:
            ConfigError: the address cannot be listened to.
        """
        await self._runner.setup()
        host, port = self._settings.host, self._settings.port
        loop = asyncio.get_running_loop()
        connection = partial(
            DoorProtocol,
            self._runner.server,  # type: ignore[arg-type] # it is there after the setup
            loop=loop,
            keepalive_timeout=SILENT_WITHIN_S,
            access_log=None,  # type: ignore[arg-type] # the library takes None for no log of its own
        )
        try:
            self._listener = await loop.create_server(connection, host, port)
        except OSError as error:
            await self.close()
            raise ConfigError(
                f"HTTP is off: {host}:{port} cannot be listened to ({error.strerror}); change [http] port."
            ) from None

    async def close(self) -> None:
        """Stop listening."""
        if self._listener is not None:
            self._listener.close()
        await self._runner.cleanup()
        while self._at_end:
            self._at_end.pop()()
