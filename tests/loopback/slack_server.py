"""A strict Slack on a loopback port: Web API, response URLs, uploads and Socket Mode.

It refuses what Slack refuses (`slack_rules`), notes what Slack would only punish later (`violations`: an
envelope without an acknowledgement in three seconds, a message that calls somebody, shows a link or asks for
previews of links, a wrong token), and lets a test be the people: type commands, mention, press, look.

Rates are only enforced with `limits=True`. Time comes from `clock`, a function of monotonic seconds.
By hand: `python -m tests.loopback.slack_server`, then type `U0ALICE C0TRADING /run NVDA`.
"""

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Any, Self

from aiohttp import web

from tests.loopback.patience import PATIENCE_S
from tests.loopback.slack_people import SlackPeople
from tests.loopback.slack_rules import interactive
from tests.loopback.slack_sending import SlackSending
from tests.loopback.slack_state import (
    APP_ID,
    MAX_RETRIES,
    POLL_S,
    Channel,
    Envelope,
    Fault,
    Json,
    Message,
    View,
)

__all__ = ["Envelope", "Fault", "Message", "SlackServer", "View", "slack_server"]


class SlackServer(SlackSending, SlackPeople):
    """See the module. `*_token` are what the app must use."""

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_route("*", "/api/{method}", self._api)
        app.router.add_post("/upload/{file}", self._upload)
        app.router.add_post("/response/{token}", self._response)
        app.router.add_get("/link", self._link)
        app.router.add_get("/oauth/v2/authorize", self._authorize)
        self._runner = web.AppRunner(app, handle_signals=False, shutdown_timeout=0.2, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self._root = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        self.base_url = f"{self._root}/api/"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for socket in list(self._sockets):
            await socket.close()
        if self._runner is not None:
            await self._runner.cleanup()

    # What people see.

    def ephemerals(self, user: str) -> list[Message]:
        """The messages that only this person sees."""
        return [one for one in self._messages if one.ephemeral and one.user == user]

    def views(self, user: str) -> list[View]:
        """The modals that this person has open, the one on top last."""
        return list(self._views.get(user, []))

    async def until(self, condition: Callable[[], Any], within: float = PATIENCE_S) -> Any:
        """Wait until `condition` is true, and return what it returned; not true in time fails the test."""
        deadline = time.monotonic() + within
        while not (found := condition()):
            if time.monotonic() > deadline:
                raise AssertionError(f"not within {within:g} s; violations: {self.violations}")
            await asyncio.sleep(POLL_S)
        return found

    async def wait_messages(self, channel: str, count: int = 1, within: float = PATIENCE_S) -> list[Message]:
        """Wait until a channel has this many messages."""
        await self.until(lambda: len(self.messages(channel)) >= count, within)
        return self.messages(channel)

    # What people and operators do.

    def add_channel(self, channel: str, *, joined: bool = True, archived: bool = False) -> None:
        """Make a channel; `joined` says whether the app was invited."""
        self.channels[channel] = Channel(channel, joined, archived)

    def fail_next(self, method: str, fault: Fault) -> None:
        """Let the next calls of a method fail."""
        self._faults[method] = fault

    def expire_triggers(self) -> None:
        """Let more than three seconds pass for every trigger."""
        for trigger in self._triggers.values():
            trigger.until = self.clock() - 1

    def close_views(self, user: str) -> None:
        """The person closes all modals."""
        self._views.pop(user, None)

    async def slash(self, command: str, text: str, user: str, channel: str, name: str = "alice") -> Envelope:
        """Somebody types a slash command; returns after the acknowledgement, or after three seconds."""
        self.join(channel, self.acting)
        payload = {
            "token": "verification",
            "team_id": self.acting,
            "team_domain": "loopback",
            "channel_id": channel,
            "channel_name": "directmessage" if channel.startswith("D") else "trading",
            "user_id": user,
            "user_name": name,
            "command": command,
            "text": text,
            "api_app_id": APP_ID,
            "is_enterprise_install": "false",
            "response_url": self._response_url(user, channel, None),
            "trigger_id": self._trigger(user),
        }
        envelope = await self._send("slash_commands", payload, accepts_response_payload=True)
        await self._acked(envelope)
        if envelope.answer and envelope.answer.get("text"):
            self._post(Message(channel, self._ts(), envelope.answer["text"], [], user=user, ephemeral=True))
        return envelope

    async def mention(
        self, text: str, user: str, channel: str, *, thread_ts: str | None = None, **extra: Any
    ) -> Envelope:
        """Somebody mentions the app; `{bot}` in the text stands for the mention."""
        self.join(channel, self.acting)
        event = {
            "type": "app_mention",
            "user": user,
            "text": text.replace("{bot}", f"<@{self.teams[self.acting].bot_user}>"),
            "ts": self.write(channel),
            "channel": channel,
            "event_ts": self._ts(),
        }
        if thread_ts:
            # Nobody can write in a thread that does not exist.
            self.write(channel, thread_ts)
        return await self._event(event | ({"thread_ts": thread_ts} if thread_ts else {}) | extra)

    async def dm(self, text: str, user: str, *, thread_ts: str | None = None, **extra: Any) -> Envelope:
        """Somebody writes to the app; the chat is D and the rest of the user's id."""
        channel = f"D{user[1:]}"
        self.join(channel, self.acting)
        event = {
            "type": "message",
            "channel_type": "im",
            "user": user,
            "text": text,
            "ts": self.write(channel),
            "channel": channel,
            "event_ts": self._ts(),
        }
        if thread_ts:
            # Nobody can write in a thread that does not exist.
            self.write(channel, thread_ts)
        return await self._event(event | ({"thread_ts": thread_ts} if thread_ts else {}) | extra)

    async def redeliver(self, envelope: Envelope, retry: int = 1) -> Envelope:
        """Send an event once more with the id that it had, as Slack does up to three times."""
        assert 1 <= retry <= MAX_RETRIES, f"Slack sends nothing for the {retry}th time"
        sent = await self._send("events_api", envelope.payload, retry_attempt=retry, retry_reason="timeout")
        await self._acked(sent)
        return sent

    async def click(
        self, shown: Message | View, action_id: str, user: str, *, option: str | None = None
    ) -> Envelope:
        """Somebody presses a button, or chooses the option with this label or value in a menu."""
        block, element = next(pair for pair in interactive(shown.blocks) if pair[1]["action_id"] == action_id)
        action: Json = {
            "action_id": action_id,
            "block_id": block.get("block_id", "x"),
            "type": element["type"],
            "action_ts": self._ts(),
        }
        if element["type"] == "button":
            action |= {"text": element["text"], "value": element["value"]}
        elif element["type"] == "conversations_select":
            action["selected_conversation"] = option
        else:
            action["selected_option"] = next(
                one for one in element["options"] if option in {one["text"]["text"], one["value"]}
            )
        payload: Json = {
            "type": "block_actions",
            "user": {"id": user, "username": "alice", "name": "alice", "team_id": self.acting},
            "api_app_id": APP_ID,
            "token": "verification",
            "trigger_id": self._trigger(user),
            "team": {"id": self.acting, "domain": "loopback"},
            "enterprise": None,
            "is_enterprise_install": False,
            "actions": [action],
        }
        if isinstance(shown, View):
            known = {"id": shown.id, "hash": shown.hash, "team_id": self.acting, "state": {"values": {}}}
            payload["view"] = shown.view | known
            payload["container"] = {"type": "view", "view_id": shown.id}
        else:
            thread = {"thread_ts": shown.thread_ts} if shown.thread_ts else {}
            payload["container"] = {
                "type": "message",
                "message_ts": shown.ts,
                "channel_id": shown.channel,
                "is_ephemeral": shown.ephemeral,
            } | thread
            payload["channel"] = {"id": shown.channel, "name": "trading"}
            payload["response_url"] = self._response_url(user, shown.channel, shown)
            if not shown.ephemeral:
                payload["message"] = {"type": "message", "ts": shown.ts, "blocks": shown.blocks} | thread
        envelope = await self._send("interactive", payload)
        await self._acked(envelope)
        return envelope

    async def uninstall(self, team: str) -> None:
        """Somebody removes the app from a workspace: its token is no longer good, and both events come."""
        self.teams[team].installed = False
        with self.people_of(team):
            await self._event({"type": "tokens_revoked", "tokens": {"bot": [self.teams[team].bot_user]}})
            await self._event({"type": "app_uninstalled"})

    async def _event(self, event: Json, over: web.WebSocketResponse | None = None) -> Envelope:
        payload = {
            "token": "verification",
            "team_id": self.acting,
            "api_app_id": APP_ID,
            "event": event,
            "type": "event_callback",
            "event_id": f"Ev{next(self._count):08d}",
            "event_time": 1_760_000_000,
            "authorizations": [
                {"team_id": self.acting, "user_id": self.teams[self.acting].bot_user, "is_bot": True}
            ],
            "is_ext_shared_channel": False,
        }
        envelope = await self._send("events_api", payload, over, retry_attempt=0, retry_reason="")
        await self._acked(envelope)
        if envelope.ack_s is None:
            await self.redeliver(envelope)
        return envelope


@asynccontextmanager
async def slack_server(**options: Any) -> AsyncIterator[SlackServer]:
    """A server that must have seen nothing wrong when its block ends well."""
    async with SlackServer(**options) as server:
        yield server
        assert server.violations == [], server.violations


async def _by_hand() -> None:
    async with SlackServer() as server:
        out = sys.stdout
        print(
            f"base_url  {server.base_url}\nbot_token {server.bot_token}\napp_token {server.app_token}",
            file=out,
        )
        while line := await asyncio.to_thread(sys.stdin.readline):
            user, channel, command, *rest = line.split()
            await server.slash(command, " ".join(rest), user, channel)
            await asyncio.sleep(1)
            for message in server.messages(channel):
                print(f"[{message.ts}] {message.text}", file=out)


if __name__ == "__main__":
    asyncio.run(_by_hand())
