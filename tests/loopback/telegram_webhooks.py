"""The loopback server as one that brings updates: to the webhook that was set, until each was taken."""

import asyncio
import re
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import aiohttp

from tests.loopback.telegram_rules import Refusal

if TYPE_CHECKING:
    from tests.loopback.telegram_server import TelegramServer

Params = dict[str, Any]
PORTS = {80, 88, 443, 8443}
TRY_AGAIN_S = 0.05
LOCAL = {"127.0.0.1", "localhost", "::1"}
"""Hosts to which plain HTTP is taken, as a Bot API server of one's own does."""


class Webhook:
    """What was set, how it went, and the task that brings updates."""

    def __init__(self) -> None:
        self.url = ""
        self.secret: str | None = None
        self.allowed: list[str] | None = None
        self.connections = 40
        self.last_error: str | None = None
        self.statuses: list[int] = []
        """What every try was answered, in order."""
        self._bringing: asyncio.Task[None] | None = None

    def begin(self, server: "TelegramServer") -> None:
        """Bring what waits from now on."""
        self.end()
        if self.url:
            self._bringing = asyncio.create_task(self._bring(server))

    def end(self) -> None:
        """Bring nothing more."""
        if self._bringing:
            self._bringing.cancel()
            self._bringing = None

    async def _bring(self, server: "TelegramServer") -> None:
        headers = {"X-Telegram-Bot-Api-Secret-Token": self.secret} if self.secret else {}
        async with aiohttp.ClientSession(headers=headers) as session:
            while True:
                server.leave_out(self.allowed)
                waiting = server.waiting(self.connections)
                taken = await asyncio.gather(*(self._try(session, update) for update in waiting))
                for update, done in zip(waiting, taken, strict=True):
                    if done:
                        server.confirm(update["update_id"])
                await asyncio.sleep(TRY_AGAIN_S if not all(taken) or not waiting else 0)

    async def _try(self, session: aiohttp.ClientSession, update: Params) -> bool:
        try:
            async with session.post(self.url, json=update, timeout=aiohttp.ClientTimeout(5)) as answer:
                self.statuses.append(answer.status)
                if 200 <= answer.status < 300:
                    return True
                self.last_error = f"Wrong response from the webhook: {answer.status} {answer.reason}"
        except (aiohttp.ClientError, TimeoutError):
            self.last_error = "Connection refused"
        return False


def set_webhook(server: "TelegramServer", params: Params) -> bool:
    url = urlsplit(str(params.get("url", "")))
    if not (url.scheme == "https" or (url.scheme == "http" and url.hostname in LOCAL)):
        raise Refusal("Bad Request: bad webhook: An HTTPS URL must be provided for webhook")
    if url.hostname not in LOCAL and (url.port or 443) not in PORTS:
        raise Refusal("Bad Request: bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443")
    secret = params.get("secret_token")
    if secret is not None and len(secret) > 256:
        raise Refusal("Bad Request: secret token is too long")
    if secret is not None and not re.fullmatch(r"[A-Za-z0-9_-]+", secret):
        raise Refusal("Bad Request: secret token contains unallowed characters")
    connections = int(params.get("max_connections", 40))
    if not 1 <= connections <= 100:
        raise Refusal("Bad Request: max_connections must be 1 to 100")
    hook = server.hook
    hook.url, hook.secret, hook.connections = url.geturl(), secret, connections
    hook.allowed = params.get("allowed_updates")
    _drop(server, params)
    hook.begin(server)
    server.end_polls()
    return True


def delete_webhook(server: "TelegramServer", params: Params) -> bool:
    server.hook.url = ""
    server.hook.end()
    _drop(server, params)
    return True


def get_webhook_info(server: "TelegramServer", params: Params) -> Params:
    hook = server.hook
    told: Params = {
        "url": hook.url,
        "has_custom_certificate": False,
        "pending_update_count": len(server.unconfirmed),
        "max_connections": hook.connections,
    }
    if hook.last_error:
        told |= {"last_error_date": int(time.time()), "last_error_message": hook.last_error}
    return told


def _drop(server: "TelegramServer", params: Params) -> None:
    if params.get("drop_pending_updates") in {True, "true"}:
        for update in server.unconfirmed:
            server.confirm(update)


WEBHOOK_METHODS = {
    "setWebhook": set_webhook,
    "deleteWebhook": delete_webhook,
    "getWebhookInfo": get_webhook_info,
}
