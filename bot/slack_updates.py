"""From what Slack sends to work at the desk: acknowledged at once, and carried out afterwards."""

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from slack_bolt.app.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse
from slack_sdk.web.async_client import AsyncWebClient

from bot import slack_press
from bot.arrival import Room, start
from bot.door import Flooded
from bot.front import Front
from bot.request import Request
from bot.slack_adapter import SlackDoor
from bot.slack_api import CALL_TIMEOUT_S
from bot.slack_blocks import ACTION_PREFIX
from bot.slack_homes import HomeKeeper
from bot.slack_log import library_logger
from bot.slack_press import Desk
from bot.slack_requests import Payload, command_request, event_request, pressed
from bot.slack_shortcuts import Shortcuts
from bot.slack_workspaces import SlackTeams
from core.domain.errors import ConclaveError

MAX_TASKS = 200
FIND_S = 1.0
"""A workspace that is not found in this time is not known for now: Slack waits three seconds."""
BUSY = 503
BUSY_TEXT = "Conclave is answering too many people at this moment. Please ask again in a minute."
NOT_INSTALLED = "Conclave is not installed in this workspace any more. Ask an admin to install it again."
LEAVING = frozenset({"app_uninstalled", "tokens_revoked"})

_log = logging.getLogger(__name__)


class SlackUpdates:
    """The one place where payloads of Slack become work, over whichever way they came.

    `app` is the library's, and takes each payload. What it answers is the acknowledgement, and comes before
    any work; the work goes on in a task of its own, of which there are at most 200, and those that wait for
    a run beside them.
    """

    def __init__(self, desk: Desk, teams: SlackTeams, base_url: str) -> None:
        self._desk = desk
        self._teams = teams
        self._tasks: set[asyncio.Task[None]] = set()
        self._room = Room(MAX_TASKS)
        logger = library_logger()
        # Without a token: Bolt only routes here, and every call goes through a door. Signatures are checked
        # before, where there are any.
        self.app = AsyncApp(
            logger=logger,
            name="conclave",
            client=AsyncWebClient(base_url=base_url, timeout=int(CALL_TIMEOUT_S), logger=logger),
            before_authorize=self._when_installed,
            authorize=_asking(teams),
            request_verification_enabled=False,
        )
        # Without a front, as in tests of the transport, there are no pages and no forms.
        front = desk if isinstance(desk, Front) else None
        self._keeper = HomeKeeper(front, teams, front.app.clock) if front else None
        self._shortcuts = (
            Shortcuts(front, self._keeper, teams, self._start, self._handle)
            if front and self._keeper
            else None
        )
        self._listen(self.app)

    async def keep(self) -> None:
        """Keep people's own pages up to date, until cancelled."""
        if self._keeper is not None:
            await self._keeper.keep()

    async def stop(self) -> None:
        """Stop what is worked on."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _listen(self, app: AsyncApp) -> None:
        app.middleware(self._when_free)
        # First what comes most: the library looks at one listener after the other, and each look takes time.
        app.command(re.compile(r".*"))(self._on_command)
        app.event("app_mention")(self._on_event)
        app.event("message")(self._on_event)
        if self._shortcuts is not None:
            self._shortcuts.listen(app)
        for leaving in LEAVING:
            app.event(leaving)(self._on_leaving)
        app.event(re.compile(r".*"))(_ignore)
        app.action(re.compile(rf"^{ACTION_PREFIX}\."))(self._on_press)
        # Last: what is nobody's is acknowledged too, or Slack shows the person that the app failed.
        app.action(re.compile(r".*"))(_acknowledge)
        app.shortcut(re.compile(r".*"))(_acknowledge)
        app.view(re.compile(r".*"))(_acknowledge)
        app.view_closed(re.compile(r".*"))(_acknowledge)

    async def _when_installed(
        self, req: AsyncBoltRequest, next_: Callable[[], Awaitable[BoltResponse]]
    ) -> BoltResponse | None:
        # Before the library asks who we are there: it would tell people of a fault, in words of its own.
        event = req.body.get("event")
        if isinstance(event, dict) and event.get("type") in LEAVING:
            await next_()
            return None
        try:
            async with asyncio.timeout(FIND_S):
                door = await self._teams.door_of(req.body)
        except (ConclaveError, TimeoutError) as error:
            _log.warning("Slack: it could not be looked up who has the app: %s", type(error).__name__)
            return BoltResponse(status=BUSY)
        if door is None:
            return BoltResponse(status=200, body=NOT_INSTALLED if "command" in req.body else "")
        await next_()
        return None

    async def _when_free(
        self, req: AsyncBoltRequest, next_: Callable[[], Awaitable[BoltResponse]]
    ) -> BoltResponse | None:
        # An event that is not acknowledged comes again later, which is what a full house wants.
        if self._room.full and "event" in req.body:
            return BoltResponse(status=BUSY)
        await next_()
        return None

    async def _on_command(self, ack: Callable[..., Awaitable[Any]], body: Payload) -> None:
        if self._room.full:
            await ack(BUSY_TEXT)
            return
        await ack()
        request = command_request(body)
        door = await self._teams.door_of(body)
        if request is not None and door is not None:
            answering = door.replying(body.get("response_url"))
            if self._shortcuts is not None and self._shortcuts.asks(request):
                self._start(self._shortcuts.ask(body, request, answering))
            else:
                self._start(self._handle(body, request, answering))

    async def _on_event(self, body: Payload) -> None:
        request = event_request(body)
        door = await self._teams.door_of(body)
        if request is not None and door is not None:
            self._start(self._handle(body, request, door))

    async def _on_press(self, ack: Callable[..., Awaitable[Any]], body: Payload) -> None:
        await ack()
        wanted = pressed(body)
        door = await self._teams.door_of(body)
        if wanted is not None and door is not None:
            self._start(slack_press.answer(wanted, self._desk, door))

    async def _on_leaving(self, body: Payload) -> None:
        event = body.get("event") or {}
        tokens = event.get("tokens") or {}
        if event.get("type") == "tokens_revoked" and not (
            tokens.get("bot") if isinstance(tokens, dict) else 0
        ):
            return  # somebody's own token, of which we have none
        self._start(self._leave(body))

    async def _handle(self, body: Payload, request: Request, door: SlackDoor) -> None:
        # First, so that whatever is posted there later finds its workspace.
        places = (request.address.chat, request.person.id.removeprefix("slack:"))
        try:
            await self._teams.seen(body, *places)
        except ConclaveError as error:
            _log.warning("Slack: the workspace of a chat was not noted: %s", error)
        await self._desk.handle(request, door)

    async def _leave(self, body: Payload) -> None:
        paused = await self._teams.left(body)
        if paused is None:
            _log.warning("Slack: the app was removed from a workspace, or its token was revoked.")
        else:
            _log.warning("Slack: the app was removed from a workspace; %d subscriptions are paused.", paused)

    def _start(self, work: Coroutine[Any, Any, object]) -> bool:
        """Do work in a task of its own; False where there are too many of them already."""
        stay = self._room.enter_now()
        if stay is None:
            work.close()
            return False
        task, _ = start(_guarded(work), stay)
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


def _asking(teams: SlackTeams) -> Callable[..., Awaitable[AuthorizeResult]]:
    # A function, because the library looks at the names of what it calls, and takes `self` for one of them.
    async def authorize(team_id: str | None) -> AuthorizeResult:
        return await teams.authorize(team_id)

    return authorize


async def _acknowledge(ack: Callable[..., Awaitable[Any]]) -> None:
    await ack()


async def _ignore() -> None:
    """Take an event that is none of ours, so that it is acknowledged and no more."""
