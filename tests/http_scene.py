"""The HTTP door over a real arena, and who asks it over sockets."""

import json
import socket
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import aiohttp
from aiohttp import web

from bot.http.api import Api
from bot.http_door import HttpDoor
from core.app.app import App
from core.domain.asking import Asked, AskRequest, Routed
from core.domain.ballot import Abstention, AbstentionKind, Action, Ballot, Rating, RiskLevel
from core.domain.usage import ServedBy, Spend

SHA = "ab" * 32
CONNECTED = {"Telegram": "connected"}
Ask = Callable[[AskRequest], Coroutine[Any, Any, Asked]]


class Told:
    """An answer: its status, its headers, and its document."""

    def __init__(self, status: int, headers: Mapping[str, str], text: str) -> None:
        self.status = status
        self.headers = headers
        self.text = text

    @property
    def kind(self) -> str:
        return self.headers.get("Content-Type", "").partition(";")[0]

    @property
    def document(self) -> Any:
        return json.loads(self.text)

    @property
    def problem(self) -> tuple[int, str]:
        """The status and the sentence of a problem, which must be a whole one."""
        told = self.document
        assert self.kind == "application/problem+json"
        assert set(told) == {"type", "title", "status", "detail", "request_id"}
        assert told["status"] == self.status
        assert told["request_id"] == self.headers["X-Request-Id"]
        assert "Traceback" not in self.text
        assert "\n" not in told["detail"]
        assert told["detail"].endswith((".", "?"))  # "Did you mean claude?" is one, too
        return self.status, told["detail"]


class Caller:
    """A program that asks; `token` is sent with each request."""

    def __init__(self, session: aiohttp.ClientSession, port: int, door: HttpDoor, api: Api) -> None:
        self.session = session
        self.base = f"http://127.0.0.1:{port}"
        self.door = door
        self.api = api
        self.token: str | None = None

    async def asks(self, method: str, path: str, body: Any = None, **headers: str) -> Told:
        """Send a request; `X_Request_Id="a"` is the header X-Request-Id."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.token:
            sent.setdefault("Authorization", f"Bearer {self.token}")
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        if data is not None:
            sent.setdefault("Content-Type", "application/json")
        async with self.session.request(method, self.base + path, data=data, headers=sent) as answer:
            return Told(answer.status, answer.headers, await answer.text())

    async def gets(self, path: str, **headers: str) -> Told:
        return await self.asks("GET", path, **headers)

    async def posts(self, path: str, body: Any, **headers: str) -> Told:
        return await self.asks("POST", path, body, **headers)


@asynccontextmanager
async def calling(
    app: App,
    platforms: Mapping[str, str] = CONNECTED,
    *,
    ask: Ask | None = None,
    also: Callable[[web.UrlDispatcher], object] | None = None,
    **more: Any,
) -> AsyncIterator[Caller]:
    """Serve an arena, and ask it; `ask` answers single questions in its place, `also` adds paths."""
    if ask is not None:
        app.ask = ask  # type: ignore[method-assign]
    door, api = HttpDoor(app.settings.http), Api(app, platforms, **more)
    api.answer_at(door.router)
    door.at_end(api.close)
    if also is not None:
        also(door.router)
    await door.start()
    try:
        async with aiohttp.ClientSession() as session:
            yield Caller(session, door.port, door, api)
    finally:
        await door.close()


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def http_settings(**more: Any) -> dict[str, Any]:
    return {"http": {"port": free_port(), **more}}


class Oracle:
    """Answers single questions in place of the routing, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[AskRequest] = []
        self.failure: Exception | None = None
        self.abstains = False

    async def __call__(self, request: AskRequest) -> Asked:
        self.asked.append(request)
        if self.failure:
            raise self.failure
        spend = Spend(prompt_tokens=900, completion_tokens=100, cost_usd=Decimal("0.00123"), calls=1)
        ballot = Ballot(
            member="qwen",
            action=Action.BUY,
            rating=Rating.BUY,
            confidence=Decimal("0.8"),
            target_weight=request.max_position,
            stop_loss=Decimal(44000),
            risk_level=RiskLevel.MEDIUM,
            reasoning="The trend holds.",
            key_points=("momentum",),
            spend=spend,
        )
        silence = Abstention(member="qwen", kind=AbstentionKind.TIMEOUT, reason="no answer in time")
        moment = datetime(2026, 1, 5, 15, 0, tzinfo=UTC)
        return Asked(
            id="a1b2c3d4",
            ticker=request.ticker,
            as_of=moment,
            asked_at=moment,
            evidence_sha256=SHA,
            source="sample",
            routed=Routed(
                rule="high_volatility",
                reason="Volatility is high, so the quantitative specialist answers.",
                member="qwen",
                route=("loopback:qwen/qwen-1",),
            ),
            result=silence if self.abstains else ballot,
            served_by=ServedBy(provider="loopback", model="qwen/qwen-1"),
            spend=spend,
            latency_ms=420,
        )
