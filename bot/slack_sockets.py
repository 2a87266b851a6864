"""Socket Mode: several connections, each replaced before it goes, and all of them watched.

Slack sends each event over one connection at random. One that Slack wants to close is replaced first and
closed afterwards; one that has gone silent is given up at once. Where Slack takes no more connections of the
app, one is left out for a while, as long as another is there.
"""

import asyncio
import logging
from collections.abc import Sequence
from datetime import datetime

from slack_bolt.adapter.socket_mode.async_internals import run_async_bolt_app
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.response import BoltResponse
from slack_sdk.socket_mode.request import SocketModeRequest

from bot.connections import CONNECTED, Connection
from bot.door import DeliveryFailed, Flooded
from bot.slack_api import LOCKED_OUT, SlackApi, SlackRefused
from bot.slack_log import library_logger
from bot.slack_socket import ConnectionLost, Ending, SlackSocket, TooManySockets
from core.clock import Clock

FIRST_DELAY_S = 1.0
LONGEST_DELAY_S = 60.0
REST_S = 600.0
"""For so long a connection is left out after Slack had too many."""
_WHY: dict[Ending, str] = {
    "closed": "it was closed",
    "silent": "nothing was heard on it for too long",
    "old": "it has outlived the time that Slack gave it",
    "asked": "Slack asks for a new one",
    "too many": "Slack has too many of them",
}

_log = logging.getLogger(__name__)


class _Slot:
    """The place of one connection, which is taken by one after the other."""

    def __init__(self, number: int, now: datetime) -> None:
        self.number = number
        self.socket: SlackSocket | None = None
        self.state = "connecting"
        self.since = now

    def become(self, state: str, now: datetime) -> None:
        self.state, self.since = state, now


class SlackSockets:
    """Listens to Slack over `count` connections. `connected` is set while there is at least one."""

    def __init__(
        self, app: AsyncApp, token: str, base_url: str, count: int, clock: Clock, *, ping_s: float
    ) -> None:
        self.connected = asyncio.Event()
        self._app = app
        self._token = token
        self._api = SlackApi(token, base_url)
        self._clock = clock
        self._ping_s = ping_s
        self._slots = [_Slot(number, clock.now()) for number in range(1, count + 1)]
        self._open: set[SlackSocket] = set()
        self._leaving: set[asyncio.Task[None]] = set()

    def connections(self) -> Sequence[Connection]:
        """Return each connection, how it is and since when."""
        return [Connection(f"connection {slot.number}", slot.state, slot.since) for slot in self._slots]

    async def run(self) -> None:
        """Listen until cancelled, or until no connection is left.

        Raises:
            SlackRefused: Slack refuses the app's token.
            DeliveryFailed, ConnectionLost: there is no connection any more.
        """
        tasks = [asyncio.create_task(self._keep(slot)) for slot in self._slots]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
            for task in done:
                task.result()
        finally:
            going = [*tasks, *self._leaving]
            for task in going:
                task.cancel()
            await asyncio.gather(*going, return_exceptions=True)
            await asyncio.gather(*(self._close(socket) for socket in tuple(self._open)))
            for slot in self._slots:
                self._set(slot, None, "connecting")

    async def close(self) -> None:
        """Close what is used to ask for connections."""
        await self._api.close()

    async def _keep(self, slot: _Slot) -> None:
        """Keep one place taken. Ends only by an exception, when nothing is left that could be kept."""
        if slot.number > 1:
            await self.connected.wait()  # the first one shows whether the tokens are good
        delay = FIRST_DELAY_S
        while True:
            try:
                fresh = await self._opened()
            except TooManySockets:
                await self._left_out(slot)
                continue
            except (DeliveryFailed, ConnectionLost) as error:
                if isinstance(error, SlackRefused) and error.code in LOCKED_OUT:
                    raise
                if slot.socket is not None and slot.socket.over:
                    self._set(slot, None, "connecting")
                if not self.connected.is_set():
                    raise
                wait = error.retry_after_s if isinstance(error, Flooded) else delay
                _log.info("Slack: connection %d is tried again in %g s: %s", slot.number, wait, error)
                await self._clock.sleep(wait)
                delay = min(delay * 2, LONGEST_DELAY_S)
                continue
            delay = FIRST_DELAY_S
            before = slot.socket
            self._set(slot, fresh, CONNECTED)
            if before is not None:
                self._finish(before, drained=True)
            await self._until_replaced(slot, fresh)

    async def _until_replaced(self, slot: _Slot, socket: SlackSocket) -> None:
        """Wait until a connection needs another in its place; one that still works stays until then."""
        why = await socket.replace
        level = logging.INFO if why in {"asked", "closed"} else logging.WARNING
        _log.log(level, "Slack: connection %d is replaced: %s.", slot.number, _WHY[why])
        if why in {"asked", "old"}:
            slot.become("being replaced", self._clock.now())
        else:
            self._set(slot, None, "connecting")
            self._finish(socket)
        if why == "too many":
            await self._left_out(slot)

    async def _left_out(self, slot: _Slot) -> None:
        """Do without this connection for a while; the only one is tried again sooner."""
        others = any(one is not slot and one.state == CONNECTED for one in self._slots)
        rest = REST_S if others else LONGEST_DELAY_S
        _log.warning(
            "Slack: it takes no more connections of this app; connection %d waits for %g s. "
            "Set [slack] connections lower, or stop other processes of the app.",
            slot.number,
            rest,
        )
        self._set(slot, None, "left out: Slack takes no more")
        await self._clock.sleep(rest)

    async def _opened(self) -> SlackSocket:
        token = self._token
        opened = await self._api.call(
            "apps.connections.open", lambda client: client.apps_connections_open(app_token=token)
        )
        url = opened.get("url")
        if not isinstance(url, str):
            raise ConnectionLost("Slack named no address to connect to")
        socket = SlackSocket(self._answer, self._clock, library_logger(), ping_s=self._ping_s)
        self._open.add(socket)
        try:
            await socket.open(url)
        except BaseException:
            await self._close(socket)
            raise
        return socket

    async def _answer(self, request: SocketModeRequest) -> BoltResponse:
        response: BoltResponse = await run_async_bolt_app(self._app, request)
        return response

    def _finish(self, socket: SlackSocket, *, drained: bool = False) -> None:
        """Close a connection beside everything else, if `drained` once nothing comes over it any more."""
        task = asyncio.create_task(self._close(socket, drained=drained))
        self._leaving.add(task)
        task.add_done_callback(self._leaving.discard)

    async def _close(self, socket: SlackSocket, *, drained: bool = False) -> None:
        if drained:
            await socket.drained()
        await socket.close()
        self._open.discard(socket)

    def _set(self, slot: _Slot, socket: SlackSocket | None, state: str) -> None:
        slot.socket = socket
        slot.become(state, self._clock.now())
        if any(one.socket is not None for one in self._slots):
            self.connected.set()
        else:
            self.connected.clear()
