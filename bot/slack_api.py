"""Slack's Web API with time limits, and its refusals as the errors that a door may raise."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient

from bot.door import ChatGone, DeliveryFailed, Flooded, MessageGone, Unsure
from bot.slack_log import library_logger

CALL_TIMEOUT_S = 12.0
WHOLE_TIMEOUT_S = 18.0
CONNECTIONS = 16
"""How many are open to Slack at once: at a busy moment waiting for a free one is sooner than opening more."""
DEFAULT_WAIT_S = 30.0
MAX_WAIT_S = 600.0
TOO_MANY_REQUESTS = 429
OK = 200

CHAT_GONE = frozenset(
    {"channel_not_found", "not_in_channel", "is_archived", "account_inactive", "user_not_in_channel"}
    | {"user_not_found", "messages_tab_disabled", "cannot_dm_bot", "team_access_not_granted"}
)
MESSAGE_GONE = frozenset(
    {
        "message_not_found",
        "cant_update_message",
        "edit_window_closed",
        "thread_not_found",
        "cannot_reply_to_message",
    }
)
FLOODED = frozenset({"ratelimited", "rate_limited", "message_limit_exceeded"})
LOCKED_OUT = frozenset(
    {"invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired", "missing_scope"}
    | {"not_allowed_token_type", "no_permission", "access_denied", "org_login_required", "ekm_access_denied"}
)
# Of these the caller must see the name: whether to give up or to try again hangs on it.
_START = frozenset({"auth.test", "apps.connections.open"})
_CODE = re.compile(r"[a-z0-9_]{1,60}")


class SlackRefused(DeliveryFailed):
    """Slack answered with an error; `code` is its name, and no other word of the answer is kept."""

    def __init__(self, method: str, code: str) -> None:
        super().__init__(f"Slack refused {method}: {code}")
        self.code = code


def _code(error: SlackApiError) -> str:
    data = getattr(error.response, "data", None)
    found = data.get("error") if isinstance(data, dict) else None
    if isinstance(found, str) and _CODE.fullmatch(found):
        return found
    return f"http_{getattr(error.response, 'status_code', 'error')}"


def _retry_after(error: SlackApiError) -> float:
    headers = getattr(error.response, "headers", None) or {}
    said = headers.get("Retry-After") or headers.get("retry-after") or ""
    try:
        return min(max(float(said), 1.0), MAX_WAIT_S)
    except ValueError:
        return DEFAULT_WAIT_S


def translated(method: str, error: SlackApiError) -> DeliveryFailed:
    """Return the door's error for a refusal of Slack, without anything secret."""
    code = _code(error)
    if getattr(error.response, "status_code", None) == TOO_MANY_REQUESTS or code in FLOODED:
        return Flooded(_retry_after(error))
    if method in _START:
        return SlackRefused(method, code)
    if code in CHAT_GONE:
        return ChatGone(f"Slack says {code}: invite the app to the channel, or look whether it still exists.")
    if code in MESSAGE_GONE:
        return MessageGone(f"Slack says {code}: the message cannot be changed any more.")
    return SlackRefused(method, code)


def is_local(url: str) -> bool:
    """Say whether a URL points to this machine, where the SDK would still use a proxy of the environment."""
    return urlsplit(url).hostname in {"localhost", "127.0.0.1", "::1"}


class SlackApi:
    """One token's calls over one HTTP session, which is opened at the first call; close it when done."""

    def __init__(self, token: str, base_url: str) -> None:
        self._session: aiohttp.ClientSession | None = None
        self._client = AsyncWebClient(
            token=token, base_url=base_url, timeout=int(CALL_TIMEOUT_S), logger=library_logger(token)
        )
        if is_local(base_url):
            self._client.proxy = None

    def use(self, token: str) -> None:
        """Take another token from the next call on, as after a new installation."""
        self._client.token = token
        library_logger(token)

    def _ready(self) -> AsyncWebClient:
        if self._session is None or self._session.closed:
            # Slack drops idle connections after a while; a short keep-alive avoids posting into a dead one.
            self._session = aiohttp.ClientSession(
                timeout=aiohttp.ClientTimeout(total=CALL_TIMEOUT_S),
                connector=aiohttp.TCPConnector(limit=CONNECTIONS, keepalive_timeout=10.0),
            )
            self._client.session = self._session
        return self._client

    async def call(
        self,
        method: str,
        function: Callable[[AsyncWebClient], Awaitable[Any]],
        *,
        timeout_s: float = WHOLE_TIMEOUT_S,
    ) -> dict[str, Any]:
        """Call Slack and return its answer.

        Raises:
            Flooded, ChatGone, MessageGone, SlackRefused: Slack said no.
            Unsure: no answer in time, or none that can be read.
            DeliveryFailed: no connection.
        """
        try:
            async with asyncio.timeout(timeout_s):
                answer = await function(self._ready())
        except SlackApiError as error:
            raise translated(method, error) from None
        except TimeoutError:
            raise Unsure(f"Slack did not answer {method} in time") from None
        except Exception as error:  # noqa: BLE001 - the SDK lets anything through that a broken answer causes
            kind = DeliveryFailed if isinstance(error, aiohttp.ClientConnectorError) else Unsure
            raise kind(f"Slack could not be reached for {method} ({type(error).__name__})") from None
        return answer.data if isinstance(answer.data, dict) else {}

    async def respond(self, url: str, body: dict[str, Any]) -> None:
        """Answer through a response URL.

        Raises:
            DeliveryFailed: the URL is used up or expired, or Slack could not be reached.
        """
        session = self._ready().session
        client = AsyncWebhookClient(url, session=session, logger=self._client.logger, retry_handlers=[])
        if is_local(url):
            client.proxy = None
        try:
            async with asyncio.timeout(WHOLE_TIMEOUT_S):
                answer = await client.send_dict(body)
        except Exception as error:  # noqa: BLE001 - as in `call`
            raise DeliveryFailed(
                f"Slack could not be reached for a response ({type(error).__name__})"
            ) from None
        if answer.status_code != OK:
            raise DeliveryFailed(f"Slack did not take a response: http_{answer.status_code}")

    async def close(self) -> None:
        """Close the connections; a later call opens new ones."""
        session, self._session, self._client.session = self._session, None, None
        if session is not None:
            await session.close()
