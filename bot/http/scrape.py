"""`GET /metrics`: what is counted here all the time, and what is looked up for each reading."""

import asyncio
import logging
from collections.abc import Mapping

from aiohttp import web

from bot.connections import CONNECTED, Connections, now_states
from bot.http.decide import Decide
from bot.http.metrics import CONTENT_TYPE, Metrics
from bot.http.runs import ApiRuns
from bot.present.health import served
from core.app.app import App
from core.domain.errors import StoreError

LOOK_WITHIN_S = 8.0
"""Prometheus gives up after ten seconds."""

_log = logging.getLogger(__name__)


class Scrape:
    """Answers Prometheus. Readings at the same time are made one after another."""

    def __init__(
        self,
        app: App,
        metrics: Metrics,
        platforms: Mapping[str, str],
        connections: Connections,
        runs: ApiRuns,
        decide: Decide,
    ) -> None:
        self._app = app
        self._metrics = metrics
        self._platforms = platforms
        self._connections = connections
        self._runs = runs
        self._decide = decide
        self._one = asyncio.Lock()

    async def metrics(self, request: web.Request) -> web.StreamResponse:
        """Answer with all metrics; without a database those that need none, and `conclave_store_up` 0."""
        del request
        async with self._one:
            self._here()
            try:
                async with asyncio.timeout(LOOK_WITHIN_S):
                    await self._look()
                self._metrics.store_up.set(1)
            except (StoreError, TimeoutError) as error:
                _log.warning("not all metrics could be read: %s", error or "the database is too slow")
                self._metrics.store_up.set(0)
            return web.Response(body=self._metrics.text(), headers={"Content-Type": CONTENT_TYPE})

    def _here(self) -> None:
        metrics = self._metrics
        metrics.readers.set(self._runs.readers)
        metrics.deciding.set(self._decide.under_way)
        for platform, state in now_states(self._platforms, self._connections).items():
            metrics.connected.labels(platform.lower()).set(state == CONNECTED)

    async def _look(self) -> None:
        metrics, platforms = self._metrics, served(self._platforms)
        await self._app.ping()
        health = await self._app.health(platforms)
        metrics.in_flight.set(health.runs)
        metrics.lag.set(health.lag_s)
        metrics.shut.set(len(health.shut))
        due, late = await self._app.due_now(platforms)
        metrics.due.set(due)
        metrics.late.set(late)
        board = await self._app.leaderboard()
        metrics.ranked(board.standings)
        for one in await self._app.budget_left():
            metrics.budget_left.labels(one.scope).set(float(one.left_usd))
            metrics.budget_limit.labels(one.scope).set(float(one.limit_usd))
