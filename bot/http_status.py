"""How the service is, over HTTP: for people and for what watches it."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from aiohttp import web

from bot.connections import NO_CONNECTIONS, Connections, now_states
from bot.http.guard import Guard
from bot.http.sending import answered
from bot.present.health import health_facts, served, well
from core.app.app import App


class HttpStatus:
    """Serves `GET /health` as JSON. `platforms` and `connections` say how each of them is.

    Whoever has a token of `[http]`, as a bearer, sees all; where none is set, everybody on this machine
    does. Others see whether the service is well, and nothing else.
    """

    def __init__(
        self,
        app: App,
        guard: Guard,
        platforms: Mapping[str, str],
        connections: Connections = NO_CONNECTIONS,
    ) -> None:
        self._app = app
        self._guard = guard
        self._platforms = platforms
        self._connections = connections

    def answer_at(self, router: web.UrlDispatcher) -> None:
        """Answer at `/health` there."""
        router.add_get("/health", self._guard.told(self._health))

    async def _health(self, request: web.Request) -> web.StreamResponse:
        """Answer with how the service is; 503 where it is not well.

        Raises:
            Problem: the token is wrong, or too many wrong ones came from there.
            StoreError: the database does not answer.
        """
        sees_all = self._guard.asked_by(request) is not None
        platforms = now_states(self._platforms, self._connections)
        health = await self._app.health(served(platforms))
        fine = well(health, platforms)
        status: dict[str, Any] = {"status": "ok" if fine else "degraded"}
        if sees_all:
            status |= health_facts(health, platforms, self._connections)
        return answered(status, HTTPStatus.OK if fine else HTTPStatus.SERVICE_UNAVAILABLE)
