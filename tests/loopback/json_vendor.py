"""What the vendors of JSON have in common on a local socket: answers that lie ready, and bad manners."""

import asyncio
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeVar

from aiohttp import web

from tests.loopback.free_port import on_a_free_port


class Asked(NamedTuple):
    """One request that came in."""

    path: str
    query: dict[str, str]
    headers: Mapping[str, str]


@dataclass
class HalfABody:
    """An answer that promises twice what it sends, and then hangs up."""

    text: str


@dataclass
class JsonVendorServer(ABC):
    """Gives what lies in `next_answers` first: responses, half bodies or JSON.

    Silent if `mute`, and about series in `mute_about`.
    """

    next_answers: deque[Any] = field(default_factory=deque)
    asked: list[Asked] = field(default_factory=list)
    mute: bool = False
    mute_about: set[str] = field(default_factory=set)
    over: asyncio.Event = field(default_factory=asyncio.Event)
    came: asyncio.Event = field(default_factory=asyncio.Event)
    base_url: str = ""

    async def until_asked(self, count: int, timeout_s: float = 10.0) -> None:
        """Wait until so many requests have come in."""
        async with asyncio.timeout(timeout_s):
            while len(self.asked) < count:
                self.came.clear()
                await self.came.wait()

    @abstractmethod
    def usual(self, request: web.Request) -> web.StreamResponse:
        """What the vendor itself would answer."""

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(Asked(request.path, dict(request.query), request.headers))
        self.came.set()
        if self.mute or request.query.get("series_id") in self.mute_about:
            await self.over.wait()
        if not self.next_answers:
            return self.usual(request)
        prepared = self.next_answers.popleft()
        if isinstance(prepared, HalfABody):
            return await _half(request, prepared.text.encode())
        return prepared if isinstance(prepared, web.StreamResponse) else web.json_response(prepared)


async def _half(request: web.Request, body: bytes) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Length": str(2 * len(body))})
    await response.prepare(request)
    await response.write(body)
    assert request.transport is not None
    request.transport.close()
    return response


S = TypeVar("S", bound=JsonVendorServer)


@asynccontextmanager
async def served(server: S) -> AsyncIterator[S]:
    """Serve on a free port of 127.0.0.1 until left."""
    app = web.Application()
    app.router.add_get("/{path:.*}", server.answer)
    async with on_a_free_port(app) as server.base_url:
        try:
            yield server
        finally:
            server.over.set()
