"""The Slack service: listens in Socket Mode, acknowledges at once, and hands the work to the desk."""

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse
from slack_sdk.web.async_client import AsyncWebClient

from bot import slack_press
from bot.door import DeliveryFailed, Flooded
from bot.front import Front
from bot.slack_adapter import SlackDoor
from bot.slack_api import CALL_TIMEOUT_S, LOCKED_OUT, SlackApi, SlackRefused, is_local
from bot.slack_blocks import ACTION_PREFIX
from bot.slack_homes import HomeKeeper
from bot.slack_log import library_logger
from bot.slack_press import Desk
from bot.slack_requests import Payload, command_request, event_request, pressed
from bot.slack_shortcuts import Shortcuts
from bot.tokens import slack_app_token, slack_bot_token
from core.clock import Clock
from core.config.settings import Slack

MAX_TASKS = 200
CONNECT_S = 30.0
LOST_S = 45.0
FIRST_DELAY_S = 1.0
LONGEST_DELAY_S = 60.0
BUSY = 503
BUSY_TEXT = "Conclave is answering too many people at this moment. Please ask again in a minute."
WHAT_TO_DO = "Look at the tokens and scopes of the app (docs/slack.md), then start Conclave again."

_log = logging.getLogger(__name__)


class ConnectionLost(Exception):
    """The socket has been down for too long; a new start may help."""


class SlackService:
    """Slack as one door of Conclave: `run` until cancelled.

    Each envelope is acknowledged before any work, and the work goes on in a task of its own, of which there
    are at most 200. A connection that drops comes back on its own; a start that fails is tried again, later
    and later, up to a minute. Tokens that Slack refuses end this service with one line in the log, and
    nothing else. `door` may be used before `run` and beside it.

    Raises:
        ConfigError: a token is missing or does not look like one.
    """

    def __init__(
        self,
        settings: Slack,
        desk: Desk,
        clock: Clock,
        *,
        front: Front | None = None,
        ping_s: float = 5.0,
    ) -> None:
        self._settings = settings
        self._desk = front or desk
        self._clock = clock
        self._ping_s = ping_s
        self._tasks: set[asyncio.Task[None]] = set()
        bot_token, app_token = slack_bot_token(settings.bot_token), slack_app_token(settings.app_token)
        self._app_token = app_token
        self._app_api = SlackApi(app_token, settings.base_url)
        api = SlackApi(bot_token, settings.base_url)
        self.door = SlackDoor(api, clock, plans=settings.plan_blocks)
        self.connected = asyncio.Event()
        self._keeper = HomeKeeper(front, lambda _: self.door, clock) if front else None
        self._shortcuts = (
            Shortcuts(front, self._keeper, lambda _: self.door, self._start)
            if front and self._keeper
            else None
        )

    async def run(self) -> None:
        """Serve Slack until cancelled, or until Slack refuses the tokens."""
        if self._settings.mode != "socket":
            _log.warning('[slack] mode = "http" is not in effect in this version; Slack uses Socket Mode.')
        delay = FIRST_DELAY_S
        keeping = asyncio.create_task(self._keeper.keep()) if self._keeper else None
        try:
            while True:
                try:
                    await self._serve_once()
                except SlackRefused as error:
                    if error.code in LOCKED_OUT:
                        _log.error("Slack is off: %s. %s", error, WHAT_TO_DO)
                        return
                    problem = str(error)
                except (DeliveryFailed, ConnectionLost) as error:
                    problem = str(error)
                except Exception as error:  # noqa: BLE001 - one door must never end the others
                    problem = type(error).__name__
                if self.connected.is_set():
                    delay = FIRST_DELAY_S
                self.connected.clear()
                _log.warning("Slack is not connected (%s); trying again in %g s.", problem, delay)
                await self._clock.sleep(delay)
                delay = min(delay * 2, LONGEST_DELAY_S)
        finally:
            self.connected.clear()
            if keeping is not None:
                keeping.cancel()
                await asyncio.wait([keeping])
            await self._stop_tasks()
            await self._app_api.close()
            await self.door.close()

    async def _stop_tasks(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve_once(self) -> None:
        """Connect and stay connected; ends only by an exception."""
        identity = await self.door.api.call("auth.test", lambda client: client.auth_test())
        token = self._app_token
        opened = await self._app_api.call(
            "apps.connections.open", lambda client: client.apps_connections_open(app_token=token)
        )
        handler = self._handler(identity)
        handler.client.wss_uri = opened.get("url")
        try:
            async with asyncio.timeout(CONNECT_S):
                await handler.connect_async()  # type: ignore[no-untyped-call]
            self.connected.set()
            _log.info("Slack: connected as %s in %s.", identity.get("user"), identity.get("team"))
            await self._watch(handler)
        except TimeoutError:
            raise ConnectionLost(f"no connection within {CONNECT_S:g} s") from None
        finally:
            await _close(handler)

    async def _watch(self, handler: AsyncSocketModeHandler) -> None:
        # The library reconnects by itself; this is for the cases in which it does not.
        loop = asyncio.get_running_loop()
        alive_at = loop.time()
        while True:
            await asyncio.sleep(self._ping_s)
            if await handler.client.is_connected():
                alive_at = loop.time()
            elif loop.time() - alive_at > LOST_S:
                raise ConnectionLost(f"the socket was down for {LOST_S:g} s")

    def _handler(self, identity: Payload) -> AsyncSocketModeHandler:
        logger = library_logger()
        base_url = self._settings.base_url
        # Without a token: Bolt only routes here, and every call goes through the door.
        client = AsyncWebClient(base_url=base_url, timeout=int(CALL_TIMEOUT_S), logger=logger)
        app = AsyncApp(
            logger=logger,
            name="conclave",
            client=client,
            authorize=_known(identity),
            request_verification_enabled=False,
        )
        self._listen(app)
        # The default is the app's client, whose token and address are not those of the socket.
        web_client = AsyncWebClient(
            token=self._app_token, base_url=base_url, timeout=int(CALL_TIMEOUT_S), logger=logger
        )
        handler = AsyncSocketModeHandler(
            app, self._app_token, logger=logger, web_client=web_client, ping_interval=self._ping_s
        )
        if is_local(base_url):
            web_client.proxy = handler.client.proxy = None
        return handler

    def _listen(self, app: AsyncApp) -> None:
        app.middleware(self._when_free)
        if self._shortcuts is not None:
            self._shortcuts.listen(app)
        app.command(re.compile(r".*"))(self._on_command)
        app.event("app_mention")(self._on_event)
        app.event("message")(self._on_event)
        app.event(re.compile(r".*"))(_ignore)
        app.action(re.compile(rf"^{ACTION_PREFIX}\."))(self._on_press)

    async def _when_free(
        self, req: AsyncBoltRequest, next_: Callable[[], Awaitable[BoltResponse]]
    ) -> BoltResponse | None:
        # An event that is not acknowledged comes again later, which is what a full house wants.
        if len(self._tasks) >= MAX_TASKS and "event" in req.body:
            return BoltResponse(status=BUSY)
        await next_()
        return None

    async def _on_command(self, ack: Callable[..., Awaitable[Any]], body: Payload) -> None:
        if len(self._tasks) >= MAX_TASKS:
            await ack(BUSY_TEXT)
            return
        await ack()
        request = command_request(body)
        if request is None:
            return
        door = self.door.replying(body.get("response_url"))
        if self._shortcuts is not None and self._shortcuts.asks(request):
            self._start(self._shortcuts.ask(body, request, door))
        else:
            self._start(self._desk.handle(request, door))

    async def _on_event(self, body: Payload) -> None:
        request = event_request(body)
        if request is not None:
            self._start(self._desk.handle(request, self.door))

    async def _on_press(self, ack: Callable[..., Awaitable[Any]], body: Payload) -> None:
        await ack()
        wanted = pressed(body)
        if wanted is not None:
            self._start(slack_press.answer(wanted, self._desk, self.door))

    def _start(self, work: Coroutine[Any, Any, object]) -> bool:
        """Do work in a task of its own; False where there are too many of them already."""
        if len(self._tasks) >= MAX_TASKS:
            work.close()
            return False
        task = asyncio.create_task(_guarded(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return True


async def _guarded(work: Coroutine[Any, Any, object]) -> None:
    try:
        await work
    except Flooded as flood:
        _log.warning("Slack asks to wait %g s; an answer was not delivered.", flood.retry_after_s)
    except Exception as error:  # noqa: BLE001 - the end of a task: nobody else would see it
        _log.error("An answer on Slack failed: %s", type(error).__name__)


async def _ignore() -> None:
    """Take an event that is none of ours, so that it is acknowledged and no more."""


def _known(identity: Payload) -> Callable[..., Awaitable[AuthorizeResult]]:
    async def authorize(**_: Any) -> AuthorizeResult:
        return AuthorizeResult(
            enterprise_id=identity.get("enterprise_id"),
            team_id=identity.get("team_id"),
            bot_user_id=identity.get("user_id"),
            bot_id=identity.get("bot_id"),
        )

    return authorize


async def _close(handler: AsyncSocketModeHandler) -> None:
    """Close the socket, and wait until the library's own tasks have ended."""
    client = handler.client
    try:
        await handler.close_async()  # type: ignore[no-untyped-call]
    except Exception as error:  # noqa: BLE001 - a socket that broke cannot always be closed well
        _log.debug("The socket did not close well: %s", type(error).__name__)
    tasks = (client.message_processor, client.current_session_monitor, client.message_receiver)
    await asyncio.gather(*(task for task in tasks if task is not None), return_exceptions=True)
    await client.aiohttp_client_session.close()
