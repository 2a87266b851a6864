"""The interface for programs: which path is answered by what, and its description."""

from collections.abc import Callable, Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import NamedTuple

from aiohttp import web

from bot.connections import NO_CONNECTIONS, Connections
from bot.http import answers, wanted
from bot.http.decide import Decide
from bot.http.guard import Guard
from bot.http.metrics import Metrics
from bot.http.openapi import Operation, openapi_document
from bot.http.problems import Handler
from bot.http.reading import NothingWanted, Reading
from bot.http.runs import EVENT_STREAM, HEARTBEAT_S, ApiRuns
from bot.http.scrape import Scrape
from bot.http.sending import answered
from core.app.app import App

Wrap = Callable[[Handler], Handler]
_KEY = {
    "Idempotency-Key": "The same key with the same request means the same runs, however often it is sent."
}
_LAST = {"Last-Event-ID": "As a stream: the last event that was read, after which it goes on."}
_LOCATION = {"Location": "The first run."}


class _Path(NamedTuple):
    operation: Operation
    handler: Handler
    wrap: Wrap


class Api:
    """All paths for programs. `platforms` and `connections` say how each of them is.

    Until `close`, it listens to what `app` measures.
    """

    def __init__(
        self,
        app: App,
        platforms: Mapping[str, str],
        connections: Connections = NO_CONNECTIONS,
        *,
        heartbeat_s: float = HEARTBEAT_S,
    ) -> None:
        self._app = app
        self.metrics = Metrics(app.settings)
        self.guard = Guard(app.settings.http, app.clock, self.metrics.answered)
        self._runs = ApiRuns(app, heartbeat_s=heartbeat_s)
        self._decide = Decide(app)
        self._reading = Reading(app, platforms, connections)
        self._scrape = Scrape(app, self.metrics, platforms, connections, self._runs, self._decide)
        self._paths = self._all_paths()
        self._document = openapi_document((path.operation for path in self._paths), _version())
        app.measures.add(self.metrics)

    def answer_at(self, router: web.UrlDispatcher) -> None:
        """Answer at all paths there."""
        for path in self._paths:
            one, handler = path.operation, path.wrap(path.handler)
            if one.open:  # monitors ask for the head alone, too
                router.add_get(one.path, handler)
            else:
                router.add_route(one.method, one.path, handler)

    def close(self) -> None:
        """Listen to nothing more."""
        self._app.measures.remove(self.metrics)

    @property
    def document(self) -> dict[str, object]:
        """The description of the interface, as OpenAPI 3.1."""
        return self._document

    async def _openapi(self, request: web.Request) -> web.StreamResponse:
        del request
        return answered(self._document)

    def _all_paths(self) -> tuple[_Path, ...]:
        return (*self._asking(), *self._looking(), *self._watching())

    def _asking(self) -> tuple[_Path, ...]:
        guarded, runs = self.guard.guarded, self._runs
        decide = Operation(
            "POST",
            "/decide",
            "The decision of the one model that the routing chooses.",
            200,
            answers.DecideAnswer,
            (402, 403, 404, 502, 504),
            asks=wanted.DecideWanted,
        )
        start = Operation(
            "POST",
            "/runs",
            "Runs of the whole committee, begun or joined.",
            202,
            answers.RunsAnswer,
            (402, 403, 404, 409, 502, 504),
            asks=wanted.RunsWanted,
            headers=_KEY,
            gives=_LOCATION,
        )
        one = Operation(
            "GET",
            "/runs/{run_id}",
            "A run as it stands, or its progress up to the verdict.",
            200,
            answers.RunAnswer,
            (404,),
            also=(EVENT_STREAM,),
            headers=_LAST,
        )
        member = Operation(
            "GET",
            "/runs/{run_id}/members/{member}",
            "All that one member was asked and has answered in a run.",
            200,
            answers.ChatAnswer,
            (404, 422),
        )
        return (
            _Path(decide, self._decide.decide, guarded),
            _Path(start, runs.start, guarded),
            _Path(one, runs.one, guarded),
            _Path(member, runs.member, guarded),
        )

    def _looking(self) -> tuple[_Path, ...]:
        guarded, reading = self.guard.guarded, self._reading
        board = Operation(
            "GET",
            "/leaderboard",
            "The ranking.",
            200,
            answers.LeaderboardAnswer,
            (404,),
            query=wanted.BoardWanted,
        )
        models = Operation(
            "GET", "/models", "Who sits on the committee.", 200, [answers.ModelAnswer], query=NothingWanted
        )
        status = Operation(
            "GET", "/status", "How the service is.", 200, answers.StatusAnswer, query=NothingWanted
        )
        return (
            _Path(board, reading.leaderboard, guarded),
            _Path(models, reading.models, guarded),
            _Path(status, reading.status, guarded),
        )

    def _watching(self) -> tuple[_Path, ...]:
        told = self.guard.told
        alive = Operation(
            "GET", "/healthz", "Whether the process lives.", 200, answers.AliveAnswer, open=True
        )
        ready = Operation(
            "GET",
            "/readyz",
            "Whether the database and the event loop answer.",
            200,
            answers.ReadyAnswer,
            (503,),
            open=True,
        )
        described = Operation("GET", "/openapi.json", "This description.", 200, None, open=True)
        metrics = Operation(
            "GET", "/metrics", "Metrics for Prometheus.", 200, None, also=("text/plain",), near=True
        )
        return (
            _Path(alive, self._reading.alive, told),
            _Path(ready, self._reading.ready, told),
            _Path(described, self._openapi, told),
            _Path(metrics, self._scrape.metrics, self.guard.guarded_from_afar),
        )


def _version() -> str:
    try:
        return version("conclave")
    except PackageNotFoundError:
        return "0"
