"""One connection in Socket Mode: takes envelopes, answers them, and notices when nobody is there any more.

The library's own client closes a connection before it opens the next one, so what comes in between is lost;
this one only says that it wants to be replaced, and goes on until it is closed.
"""

import asyncio
import contextlib
import json
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any, Literal, cast

import aiohttp
from slack_bolt.adapter.socket_mode.async_internals import send_async_response
from slack_bolt.response import BoltResponse
from slack_sdk.proxy_env_variable_loader import load_http_proxy_from_env
from slack_sdk.socket_mode.async_client import AsyncBaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse

from bot.slack_api import is_local
from core.clock import Clock
from core.courtesy import A_TURN, Slices

HELLO_S = 30.0
SILENT_S = 30.0
"""Without any frame for so long, not even the answer to a ping, a connection is dead."""
CLOSE_S = 1.0
DRAIN_S = 5.0
LARGEST_FRAME = 4 * 1024 * 1024
MAX_OPEN = 500
"""Envelopes that one connection answers at the same time; more are left to Slack, which sends them again."""
LONGEST_LIFE_S = 6 * 3600.0
PAST_LIFE_S = 300.0

_log = logging.getLogger(__name__)

Answer = Callable[[SocketModeRequest], Awaitable[BoltResponse]]
Ending = Literal["closed", "silent", "old", "asked", "too many"]


class ConnectionLost(Exception):
    """No connection came about, or none is left; a new start may help."""


class TooManySockets(ConnectionLost):
    """Slack has as many connections of this app as it takes."""


class SlackSocket:
    """One connection. `replace` is done as soon as it should be replaced, and says why.

    It answers envelopes from `open` until `close`. Time comes from `clock`, so that a test need not wait.
    """

    def __init__(self, answer: Answer, clock: Clock, logger: logging.Logger, *, ping_s: float) -> None:
        self.logger = logger
        self.replace: asyncio.Future[Ending] = asyncio.get_running_loop().create_future()
        self._answer = answer
        self._clock = clock
        self._ping_s = ping_s
        self._life_s = LONGEST_LIFE_S
        self._heard_at = self._opened_at = clock.monotonic()
        self._slices = Slices(A_TURN)  # as many as come at once would be read in one go
        self._hello = asyncio.Event()
        self._session: aiohttp.ClientSession | None = None
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self._work: set[asyncio.Task[None]] = set()
        self._reading: asyncio.Task[None] | None = None
        self._watching: asyncio.Task[None] | None = None

    async def open(self, url: str) -> None:
        """Connect, and wait until Slack says hello.

        Raises:
            TooManySockets: Slack takes no more of this app.
            ConnectionLost: no connection came about in time.
        """
        proxy = None if is_local(url) else load_http_proxy_from_env(self.logger)
        try:
            async with asyncio.timeout(HELLO_S):
                self._session = aiohttp.ClientSession()
                self._socket = await self._session.ws_connect(
                    url,
                    autoping=False,
                    proxy=proxy,
                    max_msg_size=LARGEST_FRAME,
                    timeout=aiohttp.ClientWSTimeout(ws_close=CLOSE_S),
                )
                self._heard_at = self._opened_at = self._clock.monotonic()
                self._reading = asyncio.create_task(self._read(self._socket))
                hello = asyncio.create_task(self._hello.wait())
                try:
                    either: set[asyncio.Future[Any]] = {hello, self.replace}
                    await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
                finally:
                    hello.cancel()
        except TimeoutError:
            raise ConnectionLost(f"no connection within {HELLO_S:g} s") from None
        except aiohttp.ClientError as error:
            # Its text may have the address with the ticket.
            raise ConnectionLost(f"no connection ({type(error).__name__})") from None
        if not self._hello.is_set():
            if self.replace.result() == "too many":
                raise TooManySockets("Slack has as many connections of this app as it takes")
            raise ConnectionLost("Slack closed the connection at once")
        self._watching = asyncio.create_task(self._watch(self._socket))

    @property
    def over(self) -> bool:
        """Whether nothing can come over this connection any more."""
        return self._reading is None or self._reading.done()

    async def drained(self) -> None:
        """Wait while Slack may still send over it, and at most five seconds."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(DRAIN_S):
                if self._reading is not None:
                    await asyncio.wait({self._reading})

    async def close(self) -> None:
        """Let acknowledgements go out that are on their way, then close."""
        if self._work:
            await asyncio.wait(self._work, timeout=CLOSE_S)
        tasks = [task for task in (self._reading, self._watching, *self._work) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._socket is not None:
            with contextlib.suppress(Exception):
                async with asyncio.timeout(2 * CLOSE_S):
                    await self._socket.close()
        if self._session is not None:
            await self._session.close()
        self._wants("closed")

    async def send_socket_mode_response(self, response: SocketModeResponse | dict[str, Any]) -> None:
        """Send an acknowledgement over this connection, as the library's function wants to."""
        body = response.to_dict() if isinstance(response, SocketModeResponse) else response
        if self._socket is not None:
            await self._socket.send_json(body)

    def _wants(self, why: Ending) -> None:
        if not self.replace.done():
            self.replace.set_result(why)

    async def _read(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        try:
            async for frame in _frames(socket):
                self._heard_at = self._clock.monotonic()
                if frame.type is aiohttp.WSMsgType.PING:
                    await socket.pong(frame.data)
                elif frame.type is aiohttp.WSMsgType.TEXT:
                    await self._slices.begin()
                    self._take(frame.data)
        except (aiohttp.ClientError, ConnectionError, RuntimeError) as error:
            self.logger.info("A connection broke: %s", type(error).__name__)
        finally:
            self._wants("closed")

    def _take(self, text: str) -> None:
        try:
            message = json.loads(text)
        except ValueError:
            return
        if not isinstance(message, dict):
            return
        self.logger.debug("Received: %s", text)
        match message.get("type"):
            case "hello":
                self._greeted(message)
            case "disconnect":
                self._wants("too many" if message.get("reason") == "too_many_websockets" else "asked")
            case _:
                request = SocketModeRequest.from_dict(message)
                if request is not None and len(self._work) < MAX_OPEN:
                    task = asyncio.create_task(self._respond(request))
                    self._work.add(task)
                    task.add_done_callback(self._work.discard)

    def _greeted(self, message: dict[str, Any]) -> None:
        told = message.get("connection_info")
        life = told.get("approximate_connection_time") if isinstance(told, dict) else None
        if isinstance(life, int) and life > 0:
            # Slack asks for a new one around this time. Where it does not, it may have forgotten us.
            self._life_s = min(life + PAST_LIFE_S, LONGEST_LIFE_S)
        self._hello.set()

    async def _respond(self, request: SocketModeRequest) -> None:
        started = time.time()
        try:
            response = await self._answer(request)
            # The function asks no more of a client than what this class has.
            client = cast("AsyncBaseSocketModeClient", self)
            await send_async_response(client, request, response, started)
        except Exception as error:  # noqa: BLE001 - Slack sends again what was not acknowledged
            _log.warning("Slack: an envelope was not acknowledged: %s", type(error).__name__)

    async def _watch(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        """Ask from time to time whether somebody is there, and give up on silence and on old age."""
        while not self.replace.done():
            await self._clock.sleep(self._ping_s)
            now = self._clock.monotonic()
            if now - self._heard_at >= SILENT_S:
                self._wants("silent")
            elif now - self._opened_at >= self._life_s:
                self._wants("old")
            else:
                with contextlib.suppress(Exception):  # a socket that broke is noticed where it is read
                    async with asyncio.timeout(CLOSE_S):
                        await socket.ping()


async def _frames(socket: aiohttp.ClientWebSocketResponse) -> Any:
    """Yield every frame until the connection is over; the library's own loop hides pings and pongs' types."""
    over = {
        aiohttp.WSMsgType.CLOSE,
        aiohttp.WSMsgType.CLOSING,
        aiohttp.WSMsgType.CLOSED,
        aiohttp.WSMsgType.ERROR,
    }
    while (frame := await socket.receive()).type not in over:
        yield frame
