"""The Web API, response URLs and uploads of the loopback Slack."""

import asyncio
import itertools
import json
import secrets
import time
from collections import deque
from collections.abc import Callable
from typing import Any

from aiohttp import web

from bot.slack_manifest import manifest
from tests.loopback.slack_files import SlackFiles
from tests.loopback.slack_oauth import SlackOAuth
from tests.loopback.slack_rules import message_error, notified, view_error
from tests.loopback.slack_state import (
    ACK_S,
    APP_ID,
    MAX_VIEWS,
    RESPONSE_S,
    RESPONSE_USES,
    SCOPES,
    TIERS,
    TRIGGER_S,
    Channel,
    Envelope,
    Fault,
    Json,
    Message,
    Once,
    View,
)


class SlackWebApi(SlackFiles, SlackOAuth):
    """The half of the server that answers the app's calls. Attributes are for tests to read.

    `plans` says whether this workspace shows plan blocks, `granted` which rights the bot's tokens have.
    """

    def __init__(
        self, *, limits: bool = False, clock: Callable[[], float] = time.monotonic, ack_s: float = ACK_S
    ) -> None:
        super().__init__()
        self.app_token = f"xapp-1-A0-{secrets.token_hex(12)}"
        self.limits = limits
        self.plans = False
        self.granted = set(manifest(())["oauth_config"]["scopes"]["bot"])
        self.clock = clock
        self.ack_s = ack_s
        self.base_url = ""
        self._root = ""
        self.channels: dict[str, Channel] = {}
        self.calls: list[tuple[str, Json]] = []
        self.envelopes: list[Envelope] = []
        self.violations: list[str] = []
        self.uploads: dict[str, bytes] = {}
        self.alts: dict[str, str] = {}
        self.not_ready = 0
        self._complete: set[str] = set()
        self._messages: list[Message] = []
        self._written: set[tuple[str, str]] = set()
        self._views: dict[str, list[View]] = {}
        self._homes: dict[str, View] = {}
        self._triggers: dict[str, Once] = {}
        self._responses: dict[str, Once] = {}
        self.tickets: list[str] = []
        self._faults: dict[str, Fault] = {}
        self._used: dict[str, deque[float]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._count = itertools.count(1)
        self._runner: web.AppRunner | None = None

    def messages(self, channel: str) -> list[Message]:
        """All messages that everybody in a channel sees, oldest first."""
        return [one for one in self._messages if one.channel == channel and not one.ephemeral]

    def delete(self, message: Message) -> None:
        """Somebody deletes a message."""
        self._messages.remove(message)

    def join(self, channel: str, team: str | None = None) -> None:
        """Make a channel with the app in it, unless there is one already."""
        self.channels.setdefault(channel, Channel(channel, team=team or self.acting))

    # Web API.

    async def _api(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        arguments = await _arguments(request)
        self.calls.append((method, arguments))
        if (fault := self._faults.get(method)) and fault.times > 0:
            fault.times -= 1
            return await _failing(fault)
        wrong = self._token_error(method, request.headers.get("Authorization", ""))
        if wrong:
            self.violations.append(f"{method}: {wrong}")
            return web.json_response({"ok": False, "error": wrong})
        if retry := self._too_fast(method, arguments):
            self.violations.append(f"{method}: ratelimited")
            headers = {"Retry-After": str(retry)}
            return web.json_response({"ok": False, "error": "ratelimited"}, status=429, headers=headers)
        handler = getattr(self, "_" + method.replace(".", "_"), None)
        answer = await handler(arguments) if handler else {"error": "unknown_method"}
        return web.json_response({"ok": "error" not in answer} | answer)

    def _token_error(self, method: str, given: str) -> str | None:
        if method == "oauth.v2.access":
            return self._basic_error(given)
        token = given.removeprefix("Bearer ")
        team = self.team_of_token(token)
        if not token:
            return "not_authed"
        if team is None and token != self.app_token:
            return "invalid_auth"
        if (team is None) != (method == "apps.connections.open"):
            return "not_allowed_token_type"
        if SCOPES.get(method, "commands") not in self.granted:
            return "missing_scope"
        if team is not None:
            self._caller.set(team.id)
        return None

    def _too_fast(self, method: str, arguments: Json) -> int | None:
        if not self.limits:
            return None
        windows = [(method, TIERS.get(method, 20), 60.0)]
        if method == "chat.postMessage":
            windows.append((f"post {arguments.get('channel')}", 1, 1.0))
        now = self.clock()
        for key, limit, span in windows:
            used = self._used.setdefault(key, deque())
            while used and used[0] <= now - span:
                used.popleft()
            if len(used) >= limit:
                return int(used[0] + span - now) + 1
        for key, _, _ in windows:
            self._used[key].append(now)
        return None

    async def _apps_connections_open(self, arguments: Json) -> Json:
        ticket = secrets.token_hex(12)
        self._tickets.add(ticket)
        self.tickets.append(ticket)
        return {"url": f"{self._root.replace('http', 'ws', 1)}/link?ticket={ticket}&app_id={APP_ID}"}

    def _channel_error(self, channel: Any) -> str | None:
        known = self.channels.get(channel)
        if known is None or known.team != self._caller.get():
            return "channel_not_found"
        return "is_archived" if known.archived else None if known.joined else "not_in_channel"

    def write(self, channel: str, ts: str | None = None) -> str:
        """Let somebody else write a message, which the app may answer but not change; return its `ts`."""
        self.join(channel)
        written = ts or self._ts()
        self._written.add((channel, written))
        return written

    def _thread_error(self, channel: str, thread: Any) -> str | None:
        known = {(one.channel, one.ts) for one in self._messages if not one.ephemeral} | self._written
        return None if not thread or (channel, thread) in known else "thread_not_found"

    def _previewed(self, arguments: Json) -> None:
        if arguments.get("unfurl_links") is not False or arguments.get("unfurl_media") is not False:
            self.violations.append("a message with link previews")

    def _checked(self, arguments: Json, *, update: bool = False) -> Json | None:
        drawn = [block.get("type") for block in arguments.get("blocks") or [] if isinstance(block, dict)]
        if "plan" in drawn and not self.plans:
            return {"error": "invalid_blocks", "errors": ["unsupported type [json-pointer:/blocks/0/type]"]}
        error = message_error(arguments, update=update) or self._unknown_file(arguments.get("blocks"))
        if error is None:
            called = notified(arguments.get("blocks")) + notified(arguments.get("text") or "")
            self.violations += [f"a message calls or links {one!r}" for one in called]
        return error

    async def _chat_postMessage(self, arguments: Json) -> Json:  # noqa: N802 - Slack's name
        channel = str(arguments.get("channel"))
        if channel.startswith("U"):
            channel = f"D{channel[1:]}"
            self.join(channel, self._caller.get())
        thread = arguments.get("thread_ts")
        if error := self._channel_error(channel) or self._thread_error(channel, thread):
            return {"error": error}
        if refusal := self._checked(arguments):
            return refusal
        self._previewed(arguments)
        message = Message(
            channel, self._ts(), arguments.get("text", ""), arguments.get("blocks") or [], thread
        )
        self._post(message)
        return {"channel": channel, "ts": message.ts, "message": {"ts": message.ts, "text": message.text}}

    async def _chat_postEphemeral(self, arguments: Json) -> Json:  # noqa: N802 - Slack's name
        channel, user = str(arguments.get("channel")), str(arguments.get("user"))
        thread = arguments.get("thread_ts")
        if error := self._channel_error(channel) or self._thread_error(channel, thread):
            return {"error": error}
        if refusal := self._checked(arguments):
            return refusal
        text, blocks = arguments.get("text", ""), arguments.get("blocks") or []
        self._post(Message(channel, self._ts(), text, blocks, thread, user, ephemeral=True))
        return {"message_ts": self._messages[-1].ts}

    async def _chat_update(self, arguments: Json) -> Json:
        if error := self._channel_error(arguments.get("channel")):
            return {"error": error}
        found = [one for one in self.messages(arguments["channel"]) if one.ts == arguments.get("ts")]
        if not found:
            theirs = (arguments["channel"], arguments.get("ts")) in self._written
            return {"error": "cant_update_message" if theirs else "message_not_found"}
        if refusal := self._checked(arguments, update=True):
            return refusal
        blocks = arguments.get("blocks")
        if blocks is None:
            blocks = [] if arguments.get("text") else found[0].blocks
        found[0].show(arguments.get("text") or found[0].text, blocks)
        return {"channel": arguments["channel"], "ts": found[0].ts, "text": found[0].text}

    async def _chat_getPermalink(self, arguments: Json) -> Json:  # noqa: N802 - Slack's name
        channel, ts = str(arguments.get("channel")), str(arguments.get("message_ts"))
        if error := self._channel_error(channel):
            return {"error": error}
        found = [one for one in self.messages(channel) if one.ts == ts]
        if not found:
            return {"error": "message_not_found"}
        path = f"https://loopback.slack.com/archives/{channel}/p{ts.replace('.', '')}"
        thread = found[0].thread_ts
        return {"channel": channel, "permalink": f"{path}?thread_ts={thread}" if thread else path}

    async def _views_open(self, arguments: Json) -> Json:
        return await self._view(arguments, push=False)

    async def _views_push(self, arguments: Json) -> Json:
        return await self._view(arguments, push=True)

    async def _view(self, arguments: Json, *, push: bool) -> Json:
        trigger = self._triggers.get(str(arguments.get("trigger_id")))
        if trigger is None:
            return {"error": "invalid_trigger_id"}
        if trigger.left <= 0:
            return {"error": "exchanged_trigger_id"}
        if self.clock() > trigger.until:
            return {"error": "expired_trigger_id"}
        view = arguments.get("view")
        if refusal := view_error(view):
            return refusal
        self.violations += [f"a modal calls or links {one!r}" for one in notified(view)]
        stack = self._views.setdefault(trigger.user, []) if push else []
        if len(stack) >= MAX_VIEWS:
            return {"error": "push_limit_reached"}
        trigger.left -= 1
        opened = View(f"V{next(self._count):08d}", trigger.user, dict(view or {}), secrets.token_hex(4))
        self._views[trigger.user] = [*stack, opened]
        return {"view": opened.view | {"id": opened.id, "hash": opened.hash}}

    async def _views_update(self, arguments: Json) -> Json:
        found = [v for views in self._views.values() for v in views if v.id == arguments.get("view_id")]
        if not found:
            return {"error": "not_found"}
        if arguments.get("hash") not in {None, found[0].hash}:
            return {"error": "hash_conflict"}
        view = arguments.get("view")
        if refusal := view_error(view):
            return refusal
        self.violations += [f"a modal calls or links {one!r}" for one in notified(view)]
        found[0].view, found[0].hash = dict(view or {}), secrets.token_hex(4)
        return {"view": found[0].view | {"id": found[0].id, "hash": found[0].hash}}

    async def _views_publish(self, arguments: Json) -> Json:
        user, view = str(arguments.get("user_id")), arguments.get("view")
        if not user.startswith("U"):
            return {"error": "user_not_found"}
        if refusal := view_error(view, "home"):
            return refusal
        self.violations += [f"a page calls or links {one!r}" for one in notified(view)]
        known = self._homes.get(user)
        if known is None:
            known = self._homes[user] = View(f"V{next(self._count):08d}", user, {}, "")
        elif arguments.get("hash") not in {None, known.hash}:
            return {"error": "hash_conflict"}
        known.view, known.hash = dict(view or {}), secrets.token_hex(4)
        return {"view": known.view | {"id": known.id, "hash": known.hash}}

    async def _conversations_open(self, arguments: Json) -> Json:
        user = str(arguments.get("users"))
        if not user.startswith("U") or "," in user:
            return {"error": "user_not_found"}
        self.join(f"D{user[1:]}")
        return {"channel": {"id": f"D{user[1:]}"}, "already_open": True, "no_op": True}

    async def _response(self, request: web.Request) -> web.StreamResponse:
        address = self._responses.get(request.match_info["token"])
        if address is None or address.left <= 0:
            return web.Response(status=404, text="used_url")
        if self.clock() > address.until:
            return web.Response(status=404, text="expired_url")
        address.left -= 1
        body = await request.json()
        if refusal := self._checked(body):
            return web.json_response({"ok": False} | refusal, status=400)
        self._previewed(body)
        text, blocks = body.get("text", ""), body.get("blocks") or []
        if body.get("replace_original") and address.about is not None:
            address.about.show(text, blocks)
        else:
            private = body.get("response_type", "ephemeral") == "ephemeral"
            thread = body.get("thread_ts")
            user = address.user if private else None
            self._post(Message(address.channel, self._ts(), text, blocks, thread, user, ephemeral=private))
        return web.json_response({"ok": True})

    # Small parts.

    def _post(self, message: Message) -> None:
        self._messages.append(message)

    def _ts(self) -> str:
        return f"1760000000.{next(self._count):06d}"

    def _trigger(self, user: str) -> str:
        trigger = f"{next(self._count)}.{secrets.randbelow(10**6)}.{secrets.token_hex(6)}"
        self._triggers[trigger] = Once(user, self.clock() + TRIGGER_S, 1)
        return trigger

    def _response_url(self, user: str, channel: str, about: Message | None) -> str:
        token = secrets.token_urlsafe(12)
        until = self.clock() + RESPONSE_S
        self._responses[token] = Once(user, until, RESPONSE_USES, about, channel)
        return f"{self._root}/response/{token}"


async def _arguments(request: web.Request) -> Json:
    if request.content_type == "application/json":
        return dict(await request.json())
    given: Json = dict(request.query) | dict(await request.post())
    for name in ("blocks", "view", "files"):
        if isinstance(given.get(name), str):
            given[name] = json.loads(given[name])
    return given


async def _failing(fault: Fault) -> web.StreamResponse:
    if fault.hang:
        await asyncio.sleep(3600)
    headers = {"Retry-After": str(fault.retry_after)} if fault.retry_after is not None else {}
    if fault.raw is not None:
        return web.Response(status=fault.status, text=fault.raw, headers=headers)
    return web.json_response({"ok": False, "error": fault.error}, status=fault.status, headers=headers)
