"""How the service is, over HTTP: for people and for what watches it."""

import json
import logging
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from bot.connections import NO_CONNECTIONS, Connections, now_states
from bot.http.guard import Tokens
from bot.present.health import health_facts, served, well
from core.app.app import App
from core.config.settings import Http
from core.domain.errors import ConclaveError

OK, UNWELL, UNAUTHORIZED = 200, 503, 401

_log = logging.getLogger(__name__)


class HttpStatus:
    """Serves `GET /health` as JSON. `platforms` and `connections` say how each of them is.

    Whoever has a token of `[http]`, as a bearer, sees all; where none is set, everybody on this machine
    does. Others see whether the service is well, and nothing else.
    """

    def __init__(
        self, app: App, platforms: Mapping[str, str], connections: Connections = NO_CONNECTIONS
    ) -> None:
        self._app = app
        self._platforms = platforms
        self._connections = connections
        self._settings: Http = app.settings.http
        self._tokens = Tokens(self._settings)

    def answer_at(self, router: web.UrlDispatcher) -> None:
        """Answer at `/health` there."""
        router.add_get("/health", self._health)

    async def _health(self, request: web.Request) -> web.Response:
        given = request.headers.get("Authorization", "")
        if given and not self._knows(given):
            return _answer(
                UNAUTHORIZED, {"error": "The token is wrong; see [http] token in the configuration."}
            )
        platforms = now_states(self._platforms, self._connections)
        try:
            health = await self._app.health(served(platforms))
        except ConclaveError as error:
            _log.warning("the health could not be read: %s", error)
            return _answer(UNWELL, {"status": "down"})
        fine = well(health, platforms)
        status: dict[str, Any] = {"status": "ok" if fine else "degraded"}
        if self._sees_all(request):
            status |= health_facts(health, platforms, self._connections)
        return _answer(OK if fine else UNWELL, status)

    def _knows(self, given: str) -> bool:
        if not self._tokens:
            return given.strip().lower() == "bearer"  # an empty token is that of nobody, and no guess either
        return self._tokens.name_of(given) is not None

    def _sees_all(self, request: web.Request) -> bool:
        if self._tokens:
            return bool(request.headers.get("Authorization"))
        return self._settings.is_local


def _answer(code: int, body: Mapping[str, Any]) -> web.Response:
    return web.Response(status=code, text=json.dumps(body) + "\n", content_type="application/json")
