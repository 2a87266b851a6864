"""The page about HTTP: every example on it is sent, and every metric on it is exported."""

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from bot.http.metrics import Metrics
from bot.http_status import HttpStatus
from core.app.app import App
from tests import arena
from tests.arena import Opening
from tests.http_scene import CONNECTED, Caller, Oracle, Told, calling, http_settings
from tests.loopback.model_server import ModelServer

pytest_plugins = ("tests.arena_fixtures",)

PAGE = (Path(__file__).parents[2] / "docs" / "http.md").read_text(encoding="utf-8")
TOKEN = "a-token-of-32-signs-for-programs"
_BLOCK = re.compile(r"^```(sh|json)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Example(NamedTuple):
    """A command of the page, and the answer that is shown below it, if any."""

    command: str
    shown: Any = None


def examples() -> Iterator[Example]:
    blocks = [(match[1], match[2], match.start(), match.end()) for match in _BLOCK.finditer(PAGE)]
    for place, (kind, text, _, end) in enumerate(blocks):
        if kind == "sh":
            after = blocks[place + 1] if place + 1 < len(blocks) else None
            close = after is not None and after[0] == "json" and not PAGE[end : after[2]].strip()
            yield Example(text, json.loads(after[1]) if after and close else None)


EXAMPLES = tuple(examples())


async def curl(caller: Caller, command: str, run_id: str) -> Told:
    """Send what curl would send."""
    words = shlex.split(command.replace("\\\n", " ").replace("$CONCLAVE_HTTP_TOKEN", TOKEN))
    assert words.pop(0) == "curl"
    headers, body, path = {}, None, ""
    while words:
        match words.pop(0):
            case "-s" | "-sN":
                pass
            case "-H":
                name, _, value = words.pop(0).partition(": ")
                headers[name] = value
            case "-d":
                body = words.pop(0).encode()
            case address:
                path = address.removeprefix("http://127.0.0.1:8080")
                assert path.startswith("/"), address
    return await caller.asks("POST" if body else "GET", path.replace("4f7k2m9q", run_id), body, **headers)


@pytest.fixture
async def app(models: ModelServer, tmp_path: Path, opening: Opening, monkeypatch: pytest.MonkeyPatch) -> App:
    monkeypatch.setenv("CONCLAVE_HTTP_TOKEN", TOKEN)
    return await opening(models.base_url, tmp_path, **http_settings())


async def test_every_example_works_and_answers_as_it_is_shown(app: App) -> None:
    record = await arena.finished(app, arena.request(preset="quick"))
    assert len(EXAMPLES) >= 13
    async with calling(app, ask=Oracle()) as caller:
        for command, shown in EXAMPLES:
            if "/health\n" in command:
                continue  # another part of the door, which its own test asks
            told = await curl(caller, command, record.run_id)
            assert told.status in {200, 202}, (command, told.text)
            if isinstance(shown, dict):
                assert set(told.document) == set(shown), command
            if isinstance(shown, dict) and shown.get("runs"):
                assert set(told.document["runs"][0]) == set(shown["runs"][0])
                for run in told.document["runs"]:
                    async for _ in app.watch(run["run_id"]):
                        pass


def test_every_path_that_is_served_has_an_example(app: App) -> None:
    commands = "\n".join(example.command for example in EXAMPLES)
    from bot.http.api import Api

    api = Api(app, CONNECTED)
    paths: Any = api.document["paths"]
    for path in paths:
        asked = path.replace("{run_id}", "4f7k2m9q").replace("{member}", "claude")
        assert re.search(rf"http://127\.0\.0\.1:8080{re.escape(asked)}[\s?\"]", commands), path
        assert f" {path.replace('{run_id}', '{id}')}`" in PAGE
    api.close()
    assert HttpStatus.__doc__
    assert "8080/health\n" in commands


def test_every_metric_is_on_the_page_with_its_labels(tmp_path: Path) -> None:
    metrics = Metrics(arena.settings("http://127.0.0.1:9", tmp_path))
    shown = {
        match[1]: {label for label in match[2].split(", ") if label}
        for match in re.finditer(r"^\| `(conclave_\w+)` \| ([a-z, ]*) ?\|", PAGE, re.MULTILINE)
    }
    exported = {}
    for collector in metrics.registry._collector_to_names:
        family = collector.describe()[0]  # type: ignore[attr-defined]
        name = f"{family.name}_total" if family.type == "counter" else family.name
        exported[name] = set(collector._labelnames)  # type: ignore[attr-defined]
    assert {name: {label.strip() for label in labels} for name, labels in shown.items()} == exported


def test_every_problem_that_may_come_is_on_the_page(app: App) -> None:
    from bot.http.api import Api

    api = Api(app, CONNECTED)
    paths: Any = api.document["paths"]
    codes = {
        code
        for methods in paths.values()
        for operation in methods.values()
        for code in operation["responses"]
    }
    api.close()
    for code in codes - {"200", "202"}:
        assert f"\n| {code} |" in PAGE, code
