"""A strict Telegram Bot API on a loopback port: what the real one would refuse, this one refuses.

Use as `async with TelegramServer() as server`, give `server.base_url` and `server.token` to the bot, let
people `say` and `press` things, and look at `messages`, `answers`, `calls` and `violations`. For trials by
hand: `python -m tests.loopback.telegram_server --port 8081`.
"""

import argparse
import asyncio
import itertools
import json
import time
from collections.abc import Callable
from typing import Any, Self

from aiohttp import web

from core.clock import SystemClock
from tests.loopback.patience import PATIENCE_S
from tests.loopback.telegram_inline import Offers
from tests.loopback.telegram_methods import METHODS, RICH
from tests.loopback.telegram_rules import Refusal, check_start_payload
from tests.loopback.telegram_webhooks import Webhook
from tests.loopback.telegram_world import BOT_ID, Answer, Call, Chat, Flood, Shown, Ticker, User

JSON_FIELDS = {
    "reply_markup",
    "link_preview_options",
    "reply_parameters",
    "allowed_updates",
    "commands",
    "scope",
    "media",
    "rich_message",
    "results",
    "button",
}
LONGEST_POLL_S = 50.0


class TelegramServer:
    """The server and its world. `flood` switches the flood limits on; `clock` ages pressed buttons.

    `rich` says whether it takes rich messages, as servers do since the Bot API 10.1.
    `floods` has the chat of each call that came too fast for the flood limits, `violations` what a bot should
    never send. A refusal that a test asked for, as by `flood_next`, is in neither.
    """

    def __init__(self, *, flood: Flood | None = None, port: int = 0, clock: Ticker | None = None) -> None:
        self.token = "7000000001:AAloopbackTokenThatMustNeverBeLogged"
        self.username = "ConclaveBot"
        self.flood = flood
        self.port = port
        self.chats: dict[int, Chat] = {}
        self.clock: Ticker = clock or SystemClock()
        self.violations: list[str] = []
        self.floods: list[int] = []
        self.calls: list[Call] = []
        self.answers: list[Answer] = []
        self.menus: dict[tuple[str, str], list[tuple[str, str]]] = {}
        self.texts: dict[tuple[str, str], str] = {}
        self.inline = True
        self.inquiries: dict[str, float] = {}
        self.offers: dict[str, Offers] = {}
        self.hook = Webhook()
        self.rich = False
        self.queries: set[str] = set()
        self.asked: dict[str, float] = {}
        self.failures: list[tuple[str, int, Any]] = []
        self.shown: dict[tuple[int, int], Shown] = {}
        self.message_ids = itertools.count(1)
        self._updates: dict[int, dict[str, Any]] = {}
        self._confirmed: dict[int, dict[str, Any]] = {}
        self._update_ids = itertools.count(500_001)
        self._poll = 0
        self._changed = asyncio.Event()
        self._runner: web.AppRunner | None = None

    @property
    def base_url(self) -> str:
        """What goes before the token in the bot's addresses."""
        return f"http://127.0.0.1:{self.port}/bot"

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.stop()

    async def start(self) -> None:
        """Listen; a stopped server comes back on the same port with its world as it was."""
        app = web.Application(client_max_size=64 * 1024 * 1024)
        app.router.add_route("*", "/bot{token}/{method}", self._serve)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port)
        await site.start()
        self.port = self._runner.addresses[0][1]
        self.hook.begin(self)

    async def stop(self) -> None:
        """Close every connection."""
        self.end_polls()
        self.hook.end()
        if self._runner:
            await self._runner.cleanup()
            self._runner = None

    # What the test makes happen.

    def private(self, user: User) -> Chat:
        """The chat of the bot with one person."""
        return self.chats.setdefault(user.id, Chat(user.id, "private", user.name))

    def group(
        self,
        chat_id: int,
        title: str = "Traders",
        *,
        kind: str = "supergroup",
        topics: set[int] | None = None,
    ) -> Chat:
        """A group that the bot is in; with `topics` it is a forum."""
        return self.chats.setdefault(chat_id, Chat(chat_id, kind, title, bool(topics), topics or set()))

    def say(self, chat: Chat, user: User, text: str, thread: int | None = None, **extra: Any) -> int:
        """Let a person write; returns the id of the update."""
        shown = Shown(next(self.message_ids), chat.id, text, thread=thread, by_bot=False)
        self.shown[(chat.id, shown.id)] = shown
        return self.put("message", {**self.message_json(shown, user), **extra})

    def rewrite(self, chat: Chat, user: User, message: int, text: str, after_s: int = 5) -> int:
        """Let a person edit a message of theirs; returns the id of the update."""
        shown = self.shown[(chat.id, message)]
        shown.text = text
        told = self.message_json(shown, user)
        return self.put("edited_message", {**told, "edit_date": told["date"] + after_s})

    def follow_link(self, chat: Chat, user: User, payload: str) -> int:
        """Let a person come by a link `t.me/<bot>?start=<payload>`; returns the id of the update."""
        check_start_payload(payload)
        return self.say(chat, user, f"/start {payload}")

    def press(self, message: Shown, data: str, user: User) -> str:
        """Let a person press a button that the message shows now; returns the id of the query."""
        offered = [button.get("callback_data") for row in message.buttons for button in row]
        assert data in offered, f"{data!r} is not among the buttons {offered}"
        update = self.put(
            "callback_query",
            {
                "from": user.json(),
                "chat_instance": "1",
                "data": data,
                "message": self.message_json(message, User(BOT_ID, "Conclave", is_bot=True)),
            },
        )
        return str(self._updates[update]["callback_query"]["id"])

    def put(self, kind: str, payload: dict[str, Any]) -> int:
        """Queue any update."""
        update_id = next(self._update_ids)
        if kind == "callback_query":
            payload = {"id": f"9{update_id}", **payload}
            self.queries.add(payload["id"])
            self.asked[payload["id"]] = self.clock.monotonic()
        if kind == "inline_query":
            payload = {"id": f"8{update_id}", **payload}
            self.inquiries[payload["id"]] = self.clock.monotonic()
        self._updates[update_id] = {"update_id": update_id, kind: payload}
        self._touch()
        return update_id

    def redeliver(self, update_id: int) -> None:
        """Offer an update once more, as after a lost confirmation."""
        self._updates[update_id] = self._confirmed[update_id]
        self._touch()

    def fail(self, method: str, code: int, body: Any = "") -> None:
        """Answer the next call of `method` with a status and a body: a description, or bytes as they are."""
        self.failures.append((method, code, body))

    def flood_next(self, chat: Chat, seconds: int) -> None:
        """Refuse the next call for a chat as flooding, with the seconds to wait."""
        text = f"Too Many Requests: retry after {seconds}"
        chat.refusal = Refusal(text, code=429, parameters={"retry_after": seconds}, fault=False)
        chat.refuse_once = True

    def forget(self, message: Shown) -> None:
        """Delete a message, as an administrator would."""
        del self.shown[(message.chat, message.id)]

    # What the test looks at.

    @property
    def commands(self) -> list[tuple[str, str]]:
        """The menu for everybody whom no other is for."""
        return self.menus.get(("default", ""), [])

    def messages(self, chat: Chat) -> list[Shown]:
        """The bot's messages in a chat, oldest first, as they look now."""
        return [
            shown for (where, _), shown in sorted(self.shown.items()) if where == chat.id and shown.by_bot
        ]

    @property
    def unconfirmed(self) -> list[int]:
        """Updates that would be delivered again."""
        return sorted(self._updates)

    async def until(self, condition: Callable[[], Any], what: str = "", timeout_s: float = PATIENCE_S) -> Any:
        """Wait until `condition` is true and return it; fails with `what` when it takes too long."""
        deadline = time.monotonic() + timeout_s
        while not (result := condition()):
            if time.monotonic() > deadline:
                seen = [f"{call.method} {call.status}" for call in self.calls[-8:]]
                raise AssertionError(
                    f"waited {timeout_s} s in vain for {what or condition}; last calls: {seen}"
                )
            self._changed.clear()
            try:
                await asyncio.wait_for(self._changed.wait(), 0.02)
            except TimeoutError:
                continue
        return result

    # The machinery.

    def message_json(self, shown: Shown, sender: User) -> dict[str, Any]:
        """A message as the API tells it."""
        chat = self.chats[shown.chat]
        return {
            "message_id": shown.id,
            "from": sender.json(),
            "date": 1_760_000_000,
            "chat": chat.json(),
            "text": shown.text,
            **({"message_thread_id": shown.thread} if shown.thread else {}),
            **({"is_topic_message": True} if shown.thread in chat.topics else {}),
            **({"reply_markup": {"inline_keyboard": shown.buttons}} if shown.buttons else {}),
        }

    def _touch(self) -> None:
        self._changed.set()

    async def _serve(self, request: web.Request) -> web.Response:
        method = request.match_info["method"]
        method = next((one for one in METHODS if one.lower() == method.lower()), method)
        params = await _params(request)
        failure = next((entry for entry in self.failures if entry[0] == method), None)
        try:
            if failure:
                self.failures.remove(failure)
                if isinstance(failure[2], bytes):
                    return self._reply(method, params, failure[1], failure[2])
                raise Refusal(failure[2], code=failure[1], fault=False)
            if request.match_info["token"] != self.token:
                raise Refusal("Unauthorized", code=401, fault=False)
            if method == "getUpdates":
                result = await self._get_updates(params)
            elif method in METHODS:
                result = METHODS[method](self, params)
            elif method in RICH and self.rich:
                result = RICH[method](self, params)
            else:
                raise Refusal("Not Found", code=404, fault=method not in RICH)
        except Refusal as refusal:
            if refusal.fault:
                self.violations.append(f"{method}: {refusal.description}")
            body = {"ok": False, "error_code": refusal.code, "description": refusal.description}
            if refusal.parameters:
                body["parameters"] = refusal.parameters
            return self._reply(method, params, refusal.code, json.dumps(body).encode())
        return self._reply(method, params, 200, json.dumps({"ok": True, "result": result}).encode())

    def _reply(self, method: str, params: dict[str, Any], status: int, body: bytes) -> web.Response:
        self.calls.append(Call(method, params, time.monotonic(), status))
        self._touch()
        return web.Response(status=status, body=body, content_type="application/json")

    async def _get_updates(self, params: dict[str, Any]) -> list[dict[str, Any]]:
        if self.hook.url:
            raise _conflict("can't use getUpdates method while webhook is active; use deleteWebhook first")
        limit = int(params.get("limit", 100))
        if not 1 <= limit <= 100:
            raise Refusal("Bad Request: limit must be 1 to 100")
        self._poll += 1
        mine = self._poll
        self._touch()
        self._confirm(int(params.get("offset", 0)))
        deadline = time.monotonic() + min(float(params.get("timeout", 0)), LONGEST_POLL_S)
        while mine == self._poll:
            self.leave_out(params.get("allowed_updates"))
            found = self.waiting(limit)
            if found or time.monotonic() >= deadline:
                return found
            self._changed.clear()
            try:
                await asyncio.wait_for(self._changed.wait(), 0.02)
            except TimeoutError:
                continue
        if self.hook.url:
            raise _conflict("terminated by setWebhook request")
        raise _conflict(
            "terminated by other getUpdates request; make sure that only one bot instance is running"
        )

    def _confirm(self, offset: int) -> None:
        if offset < 0:
            offset = sorted(self._updates)[offset] if len(self._updates) >= -offset else 0
        for update_id in [known for known in self._updates if known < offset]:
            self.confirm(update_id)

    # What the webhook needs as well.

    def waiting(self, limit: int) -> list[dict[str, Any]]:
        """The oldest updates that nobody has taken."""
        return [self._updates[known] for known in sorted(self._updates)][:limit]

    def confirm(self, update_id: int) -> None:
        """Count an update as taken."""
        if update_id in self._updates:
            self._confirmed[update_id] = self._updates.pop(update_id)
            self._touch()

    def leave_out(self, allowed: list[str] | None) -> None:
        """Drop what the bot has not asked for."""
        for update_id, update in list(self._updates.items()):
            if allowed and not set(update) & set(allowed):
                self.confirm(update_id)

    def end_polls(self) -> None:
        """Let everybody who polls know that somebody else is there now."""
        self._poll += 1
        self._touch()


def _conflict(why: str) -> Refusal:
    return Refusal(f"Conflict: {why}", code=409, fault=False)


async def _params(request: web.Request) -> dict[str, Any]:
    if request.content_type == "application/json":
        return dict(await request.json())
    params: dict[str, Any] = {}
    for name, value in (await request.post()).items():
        if isinstance(value, web.FileField):
            params[name] = (value.filename, value.file.read())
        else:
            params[name] = json.loads(str(value)) if name in JSON_FIELDS else value
    return params


async def _by_hand(port: int) -> None:
    async with TelegramServer(port=port) as server:
        print(f"base_url {server.base_url}\ntoken {server.token}")  # noqa: T201 - a tool for the terminal
        alice = User(1001)
        chat = server.private(alice)
        seen: dict[int, str] = {}
        while True:
            try:
                line = await asyncio.to_thread(input)
            except EOFError:
                return
            if line:
                server.say(chat, alice, line)
            await asyncio.sleep(1)
            for shown in server.messages(chat):
                if seen.get(shown.id) != shown.text:
                    seen[shown.id] = shown.text
                    print(f"--- {shown.id}\n{shown.text}\n{shown.labels}")  # noqa: T201 - as above


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    asyncio.run(_by_hand(parser.parse_args().port))
