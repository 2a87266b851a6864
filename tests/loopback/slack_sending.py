"""How the loopback Slack sends: over one of several sockets at random, or as signed HTTP requests."""

import asyncio
import hashlib
import hmac
import json
import random
import secrets
import time
from abc import ABC, abstractmethod
from typing import Any
from urllib.parse import urlencode

import aiohttp
from aiohttp import WSMsgType, web

from tests.loopback.patience import PATIENCE_S
from tests.loopback.slack_state import APP_ID, MAX_SOCKETS, Envelope, Json

JSON, FORM = "application/json", "application/x-www-form-urlencoded"


class SlackSending(ABC):
    """The part of the server that sends. `request_url` set means HTTP mode, with `signing_secret`."""

    clock: Any
    ack_s: float
    envelopes: list[Envelope]
    violations: list[str]

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.signing_secret = secrets.token_hex(16)
        self.request_url: str | None = None
        self.now = time.time
        self.max_sockets = MAX_SOCKETS
        self.life_s = 18_060
        self.silent: set[web.WebSocketResponse] = set()
        self.log: list[str] = []
        self.pings = 0
        self.answers: list[tuple[int, str]] = []
        self._sockets: list[web.WebSocketResponse] = []
        self._names: dict[web.WebSocketResponse, str] = {}
        self._tickets: set[str] = set()
        self._chance = random.Random(1065)

    @property
    def sockets(self) -> list[web.WebSocketResponse]:
        """The open connections, oldest first."""
        return list(self._sockets)

    @abstractmethod
    async def until(self, condition: Any, within: float = PATIENCE_S) -> Any:
        """See `SlackServer.until`."""

    async def wait_connected(self, within: float = PATIENCE_S, count: int = 1) -> None:
        """Wait until the app listens, over so many connections."""
        if self.request_url is None:
            await self.until(lambda: len(self._sockets) >= count, within)

    async def disconnect(self, reason: str = "refresh_requested") -> None:
        """Ask the app to connect anew, as Slack does every few hours, and wait for the first new one."""
        old = self.sockets
        for socket in old:
            await self.ask_to_leave(socket, reason)
        await self.until(lambda: any(socket not in old for socket in self._sockets))

    async def ask_to_leave(self, socket: web.WebSocketResponse, reason: str) -> None:
        """Say over one connection that it will be closed. Slack closes it later, and this server does not."""
        await socket.send_json({"type": "disconnect", "reason": reason, "debug_info": {"host": "loopback"}})

    async def drop(self) -> None:
        """Cut all sockets without a word."""
        before = self.sockets
        for socket in before:
            transport = socket._req.transport if socket._req else None
            if transport is not None:
                transport.abort()
        await self.until(lambda: not any(socket in self._sockets for socket in before))

    def fall_silent(self, socket: web.WebSocketResponse) -> None:
        """Hear and say nothing more over this connection, and leave it open."""
        self.silent.add(socket)

    async def _send(
        self, kind: str, payload: Json, over: web.WebSocketResponse | None = None, **more: Any
    ) -> Envelope:
        envelope = Envelope(secrets.token_hex(8), kind, payload, self.clock())
        self.envelopes.append(envelope)
        if self.request_url is not None:
            await self._send_request(envelope, **more)
            return envelope
        await self.wait_connected()
        body = {"envelope_id": envelope.id, "type": kind, "payload": payload}
        # Over any of them: Slack promises nothing about which.
        socket = over or self._chance.choice(self._sockets)
        envelope.sent_at = self.clock()
        await socket.send_json(body | {"accepts_response_payload": False} | more)
        return envelope

    async def _acked(self, envelope: Envelope) -> None:
        try:
            async with asyncio.timeout(self.ack_s):
                await envelope.acked.wait()
        except TimeoutError:
            self.violations.append(f"{envelope.kind} was not acknowledged in {self.ack_s:g} s")

    # Over a socket.

    async def _link(self, request: web.Request) -> web.StreamResponse:
        ticket = request.query.get("ticket", "")
        if ticket not in self._tickets:
            return web.Response(status=401, text="invalid ticket")
        self._tickets.discard(ticket)
        socket = web.WebSocketResponse(autoping=False)
        await socket.prepare(request)
        if len(self._sockets) >= self.max_sockets:
            await socket.send_json({"type": "disconnect", "reason": "too_many_websockets"})
            await socket.close()
            return socket
        name = self._names[socket] = f"{len(self._names) + 1}"
        info = {"app_id": APP_ID}
        count = len(self._sockets) + 1
        await socket.send_json(
            {
                "type": "hello",
                "num_connections": count,
                "connection_info": info | {"approximate_connection_time": self.life_s},
            }
        )
        self.log.append(f"hello {name}")
        self._sockets.append(socket)
        try:
            async for incoming in socket:
                if socket in self.silent:
                    continue
                if incoming.type is WSMsgType.PING:
                    self.pings += 1
                    await socket.pong(incoming.data)
                elif incoming.type is WSMsgType.TEXT:
                    await self._ack(json.loads(incoming.data))
        finally:
            self._sockets.remove(socket)
            self.log.append(f"closed {name}")
        return socket

    async def _ack(self, body: Json) -> None:
        for envelope in self.envelopes:
            if envelope.id == body.get("envelope_id") and not envelope.acked.is_set():
                self._take_ack(envelope, body.get("payload"))
                return
        self.violations.append("an acknowledgement of no open envelope")

    def _take_ack(self, envelope: Envelope, answer: Json | None) -> None:
        late = self.clock() - envelope.sent_at
        if late > self.ack_s:
            self.violations.append(f"{envelope.kind} was acknowledged after {late:.1f} s")
            return
        envelope.ack_s, envelope.answer = late, answer
        envelope.acked.set()

    # Over HTTP.

    def signed(self, body: str, at: float | None = None, *, secret: str | None = None) -> dict[str, str]:
        """The headers with which Slack proves that a body is from it, signed at a moment of `now`."""
        stamp = str(int(self.now() if at is None else at))
        key = (secret or self.signing_secret).encode()
        digest = hmac.new(key, f"v0:{stamp}:{body}".encode(), hashlib.sha256).hexdigest()
        return {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": f"v0={digest}"}

    async def post(self, body: str | bytes, headers: dict[str, str]) -> tuple[int, str]:
        """Send any request to the app; return the status and what it answered."""
        assert self.request_url is not None
        async with (
            aiohttp.ClientSession() as session,
            session.post(self.request_url, data=body, headers=headers) as answer,
        ):
            self.answers.append((answer.status, await answer.text()))
            return self.answers[-1]

    async def _send_request(self, envelope: Envelope, **more: Any) -> None:
        if envelope.kind == "events_api":
            body, kind = json.dumps(envelope.payload), JSON
        elif envelope.kind == "slash_commands":
            body, kind = urlencode(envelope.payload), FORM
        else:
            body, kind = urlencode({"payload": json.dumps(envelope.payload)}), FORM
        retry = int(more.get("retry_attempt") or 0)
        again = {"X-Slack-Retry-Num": str(retry), "X-Slack-Retry-Reason": "http_timeout"} if retry else {}
        envelope.sent_at = self.clock()
        status, text = await self.post(body, {"Content-Type": kind} | self.signed(body) | again)
        if status == 200:
            answer = json.loads(text) if text.startswith("{") else {"text": text} if text else None
            self._take_ack(envelope, answer)
