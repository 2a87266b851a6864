"""The description of the HTTP interface, held against what is really served."""

import asyncio
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
import schemathesis
from aiohttp import web
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from bot.http.api import Api
from bot.http_door import HttpDoor
from tests import arena
from tests.arena_double import ArenaDouble
from tests.http_scene import CONNECTED, free_port, http_settings
from tests.loopback.model_server import ModelServer

CHECKS = (
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,
)
EXAMPLES = 25
PATHS = (
    "POST /decide",
    "POST /runs",
    "GET /runs/{run_id}",
    "GET /runs/{run_id}/members/{member}",
    "GET /leaderboard",
    "GET /models",
    "GET /status",
    "GET /healthz",
    "GET /readyz",
    "GET /openapi.json",
    "GET /metrics",
)


class Served(threading.Thread):
    """A real arena behind the HTTP door, in a loop and thread of its own: schemathesis is not async."""

    def __init__(self, folder: Path) -> None:
        super().__init__(daemon=True)
        self.port = free_port()
        self.run_id = ""
        self._folder = folder
        self._loop = asyncio.new_event_loop()
        self._told_to_stop = asyncio.Event()
        self._ready = threading.Event()
        self.failure: BaseException | None = None

    def run(self) -> None:
        try:
            self._loop.run_until_complete(self._serve())
        except BaseException as error:  # noqa: BLE001 - the test's thread raises it
            self.failure = error
        finally:
            self._ready.set()
            self._loop.close()

    async def _serve(self) -> None:
        async with ModelServer() as models:
            for name in arena.FIVE:
                models.opine(f"{name}/{name}-1", arena.opinion(name))
            http = {"port": self.port, "requests_per_minute": 100_000}
            app = await arena.opened(models.base_url, self._folder, http=http)
            door, api = HttpDoor(app.settings.http), Api(app, CONNECTED)
            api.answer_at(door.router)
            try:
                self.run_id = (await arena.finished(app, arena.request(preset="quick"))).run_id
                await door.start()
                self._ready.set()
                await self._told_to_stop.wait()
            finally:
                await door.close()
                await app.close()

    def __enter__(self) -> "Served":
        self.start()
        assert self._ready.wait(30)
        if self.failure:
            raise self.failure
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._told_to_stop.set)
        self.join(15)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with Served(tmp_path_factory.mktemp("served")) as one:
        yield one


@pytest.fixture(scope="module")
def described(served: Served) -> Any:
    base = f"http://127.0.0.1:{served.port}"
    with urlopen(f"{base}/openapi.json") as answer:  # noqa: S310 - our own server
        document = json.load(answer)
    for methods in document["paths"].values():
        for operation in methods.values():
            # Here everybody on this machine may ask; tokens have tests of their own.
            operation.pop("security", None)
    loaded = schemathesis.openapi.from_dict(document)
    loaded.config.update(base_url=base)
    return loaded


@pytest.mark.parametrize("mode", list(GenerationMode), ids=str)
@pytest.mark.parametrize("path", PATHS)
def test_every_path_answers_as_it_is_described(
    described: Any, served: Served, path: str, mode: GenerationMode
) -> None:
    operation = described.find_operation_by_label(path)
    known = {"path_parameters": {"run_id": served.run_id}} if "{run_id}" in path else {}
    if mode is GenerationMode.NEGATIVE:
        known = {}
        if not (operation.body or operation.query or operation.headers):
            return  # whatever is sent, nothing of it can be wrong

    @seed(7)
    @settings(
        max_examples=EXAMPLES,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode, **known))
    def holds(case: Case) -> None:
        case.call_and_validate(checks=list(CHECKS), timeout=20)

    holds()


def test_what_is_described_is_what_is_served(tmp_path: Path) -> None:
    app = ArenaDouble(arena.settings("http://127.0.0.1:9", tmp_path, **http_settings()))
    api, router = Api(app, CONNECTED), web.Application().router
    api.answer_at(router)
    routes = [route for route in router.routes() if route.resource and route.method != "HEAD"]
    served = {(route.method, route.resource.canonical) for route in routes if route.resource}
    paths: Any = api.document["paths"]
    told = {(method.upper(), path) for path, methods in paths.items() for method in methods}
    assert told == served == {tuple(path.split()) for path in PATHS}
    assert api.document["openapi"] == "3.1.0"
    api.close()


def test_every_reference_leads_somewhere(tmp_path: Path) -> None:
    app = ArenaDouble(arena.settings("http://127.0.0.1:9", tmp_path, **http_settings()))
    api = Api(app, CONNECTED)
    document: Any = api.document

    def references(tree: Any) -> Iterator[str]:
        if isinstance(tree, dict):
            if "$ref" in tree:
                yield tree["$ref"]
            for inner in tree.values():
                yield from references(inner)
        elif isinstance(tree, list):
            for inner in tree:
                yield from references(inner)

    known = {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}
    assert set(references(document)) <= known
    assert "#/components/schemas/DecideWanted" in set(references(document))
