"""HTTP mode: Slack calls us, and proves each time that it is Slack.

A request is taken only with a signature made with the app's secret, over a time that is at most five minutes
away. The same signature is taken once, by one process. What Slack sends again after a while is signed anew:
it is acknowledged, and the desk knows its id, so it runs once.
"""

import asyncio
import hashlib
import logging
from collections.abc import Awaitable, Callable, Sequence
from urllib.parse import parse_qs

from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_sdk.signature import Clock as SignatureClock
from slack_sdk.signature import SignatureVerifier

from bot.connections import Connection
from core.clock import Clock
from core.domain.errors import ConclaveError

PATH = "/slack/events"
READ_S = 2.0
CLAIM_S = 1.0
MAX_BODY = 512 * 1024
MAX_DIGITS = 12
RETRIES = frozenset({"1", "2", "3"})
OK, BAD, UNAUTHORIZED, TIMEOUT, TOO_LARGE, UNAVAILABLE = 200, 400, 401, 408, 413, 503

Claim = Callable[[str], Awaitable[bool]]

_log = logging.getLogger(__name__)


class _Now(SignatureClock):
    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def now(self) -> float:
        return self._clock.now().timestamp()


class SlackHttp:
    """Answers Slack at `PATH`. `claim` says True exactly once for each text, whatever process asks."""

    def __init__(self, app: AsyncApp, secret: str, claim: Claim, clock: Clock) -> None:
        self.connected = asyncio.Event()
        self._app = app
        self._verifier = SignatureVerifier(secret, _Now(clock))
        self._claim = claim

    def answer_at(self, router: web.UrlDispatcher) -> None:
        """Answer at `PATH` there."""
        router.add_post(PATH, self._answer)

    def connections(self) -> Sequence[Connection]:
        """Return nothing: Slack connects anew for each request."""
        return ()

    async def run(self) -> None:
        """Take requests until cancelled."""
        self.connected.set()
        try:
            await asyncio.Event().wait()
        finally:
            self.connected.clear()

    async def close(self) -> None:
        """Do nothing: the paths close with the HTTP door."""

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        if not self.connected.is_set():
            return web.Response(status=UNAVAILABLE)
        try:
            async with asyncio.timeout(READ_S):
                body = await _body(request)
        except TimeoutError:
            return web.Response(status=TIMEOUT)
        except UnicodeDecodeError:
            return web.Response(status=BAD)
        if body is None:
            return web.Response(status=TOO_LARGE)
        if _is_ssl_check(request, body):
            return web.Response()
        if refused := await self._refused(request, body):
            return refused
        try:
            given = AsyncBoltRequest(body=body, query=request.query_string, headers=dict(request.headers))
        except Exception as error:  # noqa: BLE001 - the library lets anything through that a broken body causes
            _log.warning("Slack: a signed request could not be read: %s", type(error).__name__)
            return web.Response(status=BAD)
        return await to_aiohttp_response(await self._app.async_dispatch(given))

    async def _refused(self, request: web.Request, body: str) -> web.Response | None:
        """Return the refusal of what is not signed by Slack, is too old, or was here before."""
        at = request.headers.get("X-Slack-Request-Timestamp", "")
        signature = request.headers.get("X-Slack-Signature", "")
        signed = signature.isascii() and at.isascii() and at.isdigit() and len(at) <= MAX_DIGITS
        if not signed or not self._verifier.is_valid(body, at, signature):
            return _no("The signature is missing, wrong, or older than five minutes.")
        # Last, so that nobody without the secret can fill the table. An event that Slack sends again at once
        # has the signature that it had; whatever number somebody puts there, the desk knows the event.
        retry = request.headers.get("X-Slack-Retry-Num", "")
        again = f":{retry}" if retry in RETRIES and request.content_type == "application/json" else ""
        key = hashlib.sha256(f"{at}:{signature}{again}".encode()).hexdigest()
        try:
            async with asyncio.timeout(CLAIM_S):
                new = await self._claim(f"signature:{key}")
        except (ConclaveError, TimeoutError) as error:
            _log.warning("Slack: a request could not be looked up: %s", type(error).__name__)
            return web.Response(status=UNAVAILABLE)
        return None if new else _no("This request was here before.")


async def _body(request: web.Request) -> str | None:
    """Return what was sent, or None where that is too much."""
    read = bytearray()
    async for part in request.content.iter_any():
        read += part
        if len(read) > MAX_BODY:
            return None
    return read.decode("utf-8")


def _is_ssl_check(request: web.Request, body: str) -> bool:
    # Slack asks so from time to time whether the certificate is good, and signs nothing.
    form = request.content_type == "application/x-www-form-urlencoded"
    return form and parse_qs(body).get("ssl_check") == ["1"] and "command" not in parse_qs(body)


def _no(why: str) -> web.Response:
    _log.warning("Slack: a request was refused: %s", why)
    return web.json_response({"error": why}, status=UNAUTHORIZED)
