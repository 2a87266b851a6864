"""The HTTP door: one server, on which each part of Conclave puts the paths that it answers."""

from collections.abc import Callable

from aiohttp import web

from bot.http.problems import numbered
from core.config.settings import Http
from core.domain.errors import ConfigError

CLOSE_WITHIN_S = 1.0
"""Whoever asks and does not read the answer must not hold up the end of the process."""
LARGEST_BODY = 1024 * 1024


class HttpDoor:
    """Listens where `[http]` says. Paths are added to `router` before `start`."""

    def __init__(self, settings: Http) -> None:
        self._settings = settings
        self._routes = web.Application(client_max_size=LARGEST_BODY, middlewares=[numbered])
        self._runner: web.AppRunner | None = None
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
        site = next(iter(self._runner.sites)) if self._runner else None
        server = getattr(site, "_server", None)
        return int(server.sockets[0].getsockname()[1]) if server else self._settings.port

    @property
    def listening(self) -> bool:
        """Whether somebody who connects is answered."""
        return self._runner is not None and bool(self._runner.sites)

    async def start(self) -> None:
        """Listen.

        Raises:
            ConfigError: the address cannot be listened to.
        """
        self._runner = web.AppRunner(self._routes, access_log=None, shutdown_timeout=CLOSE_WITHIN_S)
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, self._settings.host, self._settings.port).start()
        except OSError as error:
            await self.close()
            place = f"{self._settings.host}:{self._settings.port}"
            raise ConfigError(
                f"HTTP is off: {place} cannot be listened to ({error.strerror}); change [http] port."
            ) from None

    async def close(self) -> None:
        """Stop listening."""
        if self._runner is not None:
            await self._runner.cleanup()
        while self._at_end:
            self._at_end.pop()()
