"""What is no proper HTTP, byte by byte over a socket: it, too, is told as a problem with a request id."""

import asyncio
import logging
from collections.abc import AsyncIterator
from email.parser import BytesParser
from typing import Any

import pytest
from aiohttp import web

from bot import http_door
from tests.arena import settings
from tests.arena_double import ArenaDouble
from tests.http_scene import Caller, Told, calling, http_settings
from tests.loopback.patience import PATIENCE_S

POST = b"POST /decide HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
LONG = b"a" * 20_000
UNREADABLE = (
    "This cannot be read as HTTP: the first line, a header or the length of a chunk is wrong or too long."
)


@pytest.fixture
async def listening(tmp_path: Any) -> AsyncIterator[Caller]:
    async with calling(ArenaDouble(settings("http://127.0.0.1:9", tmp_path, **http_settings()))) as caller:
        yield caller


async def sent(caller: Caller, raw: bytes) -> Told:
    """Send these bytes, and return what comes back until the connection ends."""
    async with asyncio.timeout(PATIENCE_S):
        reader, writer = await asyncio.open_connection("127.0.0.1", caller.door.port)
        try:
            writer.write(raw)
            head, _, body = (await reader.read()).partition(b"\r\n\r\n")
        finally:
            writer.close()
    status, _, headers = head.partition(b"\r\n")
    return Told(int(status.split()[1]), BytesParser().parsebytes(headers), body.decode())


@pytest.mark.parametrize(
    "raw",
    [
        b"nonsense\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01",
        b"BREW /decide HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET /healthz HTTP/9.9\r\nHost: a\r\n\r\n",
        b"GET http://[ HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET /" + LONG + b" HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: a\r\nX-Long: " + LONG + b"\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\n" + b"".join(b"X-%d: a\r\n" % number for number in range(500)) + b"\r\n",
        b"GET /healthz HTTP/1.1\r\nBad Name: a\r\n\r\n",
        POST + b"Content-Length: many\r\n\r\n",
        POST + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n",
    ],
    ids=[
        "no HTTP",
        "TLS",
        "unknown method",
        "unknown version",
        "broken address",
        "long address",
        "long header",
        "many headers",
        "broken header",
        "broken length",
        "two lengths",
    ],
)
async def test_what_cannot_be_read_is_a_problem(listening: Caller, raw: bytes) -> None:
    told = await sent(listening, raw)
    assert told.problem == (400, UNREADABLE)
    assert told.headers["Server"] == "Conclave"


async def test_a_broken_chunk_is_a_problem_of_the_body(listening: Caller) -> None:
    told = await sent(listening, POST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n")
    assert told.problem[0] == 400


async def test_the_log_has_the_id_of_what_could_not_be_read_and_nothing_of_it(
    listening: Caller, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        told = await sent(listening, b"GET /healthz HTTP/1.1\r\nAuth orization: Bearer a-secret\r\n\r\n")
    lines = [record.getMessage() for record in caplog.records if record.levelno >= logging.INFO]
    assert lines == [f"http {told.document['request_id']}: what came cannot be read as HTTP"]
    assert "a-secret" not in caplog.text + told.text


@pytest.mark.parametrize("path", [b"/healthz", b"/nowhere", b"/decide"])
async def test_an_expectation_that_nobody_can_meet_is_a_problem(listening: Caller, path: bytes) -> None:
    head = b" HTTP/1.1\r\nHost: a\r\nConnection: close\r\nX-Request-Id: mine\r\nExpect: cake\r\n\r\n"
    told = await sent(listening, b"GET " + path + head)
    assert told.problem == (417, "The header Expect may only be 100-continue.")
    assert told.headers["X-Request-Id"] == "mine"


@pytest.mark.parametrize(
    ("line", "status"),
    [(b"OPTIONS *", 404), (b"CONNECT a:80", 404), (b"TRACE /models", 405), (b"GET /%zz", 404)],
)
async def test_odd_requests_that_can_be_read_are_problems(
    listening: Caller, line: bytes, status: int
) -> None:
    told = await sent(listening, line + b" HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    assert told.problem[0] == status


@pytest.mark.parametrize(
    ("begun", "answers"),
    [
        (b"", 0),
        (b"GET /healthz HTTP/1.1\r\nHost: a\r\n", 0),
        (b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\nGE", 1),
    ],
    ids=["nothing", "half a request", "half a second request"],
)
async def test_a_connection_that_brings_no_whole_request_is_closed(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch, begun: bytes, answers: int
) -> None:
    monkeypatch.setattr(http_door, "SILENT_WITHIN_S", 0.05)
    arena = ArenaDouble(settings("http://127.0.0.1:9", tmp_path, **http_settings()))
    async with calling(arena) as caller, asyncio.timeout(PATIENCE_S):
        reader, writer = await asyncio.open_connection("127.0.0.1", caller.door.port)
        writer.write(begun)
        assert (await reader.read()).count(b"HTTP/1.1 ") == answers
        writer.close()


async def test_a_bug_after_the_answer_has_begun_ends_the_connection_and_adds_nothing(tmp_path: Any) -> None:
    async def half(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse()
        await answer.prepare(request)
        await answer.write(b"half")
        raise ZeroDivisionError

    arena = ArenaDouble(settings("http://127.0.0.1:9", tmp_path, **http_settings()))
    async with calling(arena, also=lambda router: router.add_get("/half", half)) as caller:
        told = await sent(caller, b"GET /half HTTP/1.1\r\nHost: a\r\n\r\n")
    assert told.status == 200
    assert told.text == "4\r\nhalf\r\n"
