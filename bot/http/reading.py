"""What can be read without asking any model: standings, models, and how the service is."""

import asyncio
from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from importlib.metadata import PackageNotFoundError, version

from aiohttp import web

from bot.connections import NO_CONNECTIONS, Connections, now_states
from bot.documents import leaderboard_document
from bot.http.problems import Problem
from bot.http.sending import answered
from bot.http.wanted import Asked, BoardWanted, read_query
from bot.member_documents import members_document
from bot.plain_money import plain_money
from bot.present.health import health_facts, served, well
from core.app.app import App
from core.domain.season import Season

LOOP_WITHIN_S = 1.0


class NothingWanted(Asked):
    """A path without a query."""


class Reading:
    """Answers the paths that only look. `platforms` and `connections` say how each of them is."""

    def __init__(
        self, app: App, platforms: Mapping[str, str], connections: Connections = NO_CONNECTIONS
    ) -> None:
        self._app = app
        self._platforms = platforms
        self._connections = connections
        self._since: datetime = app.clock.now()
        self._ping: asyncio.Task[float] | None = None

    async def leaderboard(self, request: web.Request) -> web.StreamResponse:
        """Answer with a ranking."""
        wanted = read_query(BoardWanted, request.query)
        board = await self._app.leaderboard(
            Season(wanted.season) if wanted.season else None,
            period=wanted.period,
            by=wanted.by,
            net_of_tokens=wanted.net_of_tokens,
        )
        return answered(leaderboard_document(board))

    async def models(self, request: web.Request) -> web.StreamResponse:
        """Answer with who sits on the committee."""
        read_query(NothingWanted, request.query)
        members, steady = await self._app.members(), await self._app.stabilities()
        return answered(members_document(members, steady))

    async def status(self, request: web.Request) -> web.StreamResponse:
        """Answer with how the service is, and with what the budgets of today leave."""
        read_query(NothingWanted, request.query)
        platforms = now_states(self._platforms, self._connections)
        health = await self._app.health(served(platforms))
        members, budgets = await self._app.members(), await self._app.budget_left()
        now = self._app.clock.now()
        return answered(
            {
                "status": "ok" if well(health, platforms) else "degraded",
                "version": _version(),
                "since": self._since.isoformat(),
                "uptime_s": round((now - self._since).total_seconds(), 1),
                "members": [member.name for member in members if member.enabled],
                "budgets": [
                    {
                        "scope": one.scope,
                        "left_usd": plain_money(one.left_usd),
                        "limit_usd": plain_money(one.limit_usd),
                    }
                    for one in budgets
                ],
                **health_facts(health, platforms, self._connections),
            }
        )

    async def alive(self, request: web.Request) -> web.StreamResponse:
        """Answer that the process lives."""
        del request
        return answered({"status": "ok"})

    async def ready(self, request: web.Request) -> web.StreamResponse:
        """Answer whether the database and the event loop keep up; who asks meanwhile shares the look.

        Raises:
            StoreError: the database does not answer.
            Problem: the event loop does not keep up.
        """
        del request
        if self._ping is None or self._ping.done():
            self._ping = asyncio.create_task(self._app.ping())
        loop = asyncio.get_running_loop()
        before = loop.time()
        await asyncio.sleep(0)
        behind = loop.time() - before
        seconds = await asyncio.shield(self._ping)
        if behind > LOOP_WITHIN_S:
            raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, f"The event loop is {behind:.1f} seconds behind.")
        return answered({"status": "ok", "database_s": round(seconds, 4), "event_loop_s": round(behind, 4)})


def _version() -> str | None:
    try:
        return version("conclave")
    except PackageNotFoundError:
        return None
