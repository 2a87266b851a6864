"""HTTP mode: Slack calls us, and proves each time that it is Slack.

A request is taken only with a signature made with the app's secret, over a time that is at most five minutes
away. The same signature is taken once, by one process. What Slack sends again after a while is signed anew:
it is acknowledged, and the desk knows its id, so it runs once.
"""

import asyncio
import hashlib
import logging
from collections.abc import Awaitable, Callable, Sequence
from http import HTTPStatus
from urllib.parse import parse_qs

from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_sdk.signature import Clock as SignatureClock
from slack_sdk.signature import SignatureVerifier

from bot.connections import Connection
from bot.http.problems import Problem
from core.clock import Clock
from core.domain.errors import ConclaveError

PATH = "/slack/events"
READ_S = 2.0
CLAIM_S = 1.0
MAX_BODY = 512 * 1024
MAX_DIGITS = 12
RETRIES = frozenset({"1", "2", "3"})

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
            raise _later()
        body = await _body(request)
        if _is_ssl_check(request, body):
            return web.Response()
        await self._check(request, body)
        try:
            given = AsyncBoltRequest(body=body, query=request.query_string, headers=dict(request.headers))
        except Exception as error:  # noqa: BLE001 - the library lets anything through that a broken body causes
            _log.warning("Slack: a signed request could not be read: %s", type(error).__name__)
            raise Problem(HTTPStatus.BAD_REQUEST, "The body is nothing that Slack sends.") from None
        answer = await self._app.async_dispatch(given)
        if answer.status >= HTTPStatus.BAD_REQUEST:
            raise Problem(HTTPStatus(answer.status), "Nothing here answers to what the body asks.")
        return await to_aiohttp_response(answer)

    async def _check(self, request: web.Request, body: str) -> None:
        """Let nothing through that is not signed by Slack, is too old, or was here before.

        Raises:
            Problem: it is such a thing, or it cannot be known whether it was here before.
        """
        at = request.headers.get("X-Slack-Request-Timestamp", "")
        signature = request.headers.get("X-Slack-Signature", "")
        signed = signature.isascii() and at.isascii() and at.isdigit() and len(at) <= MAX_DIGITS
        if not signed or not self._verifier.is_valid(body, at, signature):
            raise _refused("The signature is missing, wrong, or older than five minutes.")
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
            raise _later() from None
        if not new:
            raise _refused("This request was here before.")


async def _body(request: web.Request) -> str:
    """Return what was sent.

    Raises:
        Problem: it is too much, comes too slowly, or is no text.
    """
    read = bytearray()
    try:
        async with asyncio.timeout(READ_S):
            async for part in request.content.iter_any():
                read += part
                if len(read) > MAX_BODY:
                    told = f"The body may have {MAX_BODY // 1024} KiB at most."
                    raise Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, told)
        return read.decode("utf-8")
    except TimeoutError:
        told = f"The body did not come within {READ_S:g} seconds."
        raise Problem(HTTPStatus.REQUEST_TIMEOUT, told) from None
    except UnicodeDecodeError:
        raise Problem(HTTPStatus.BAD_REQUEST, "The body is not UTF-8.") from None


def _is_ssl_check(request: web.Request, body: str) -> bool:
    # Slack asks so from time to time whether the certificate is good, and signs nothing.
    form = request.content_type == "application/x-www-form-urlencoded"
    return form and parse_qs(body).get("ssl_check") == ["1"] and "command" not in parse_qs(body)


def _refused(why: str) -> Problem:
    _log.warning("Slack: a request was refused: %s", why)
    return Problem(HTTPStatus.UNAUTHORIZED, why)


def _later() -> Problem:
    told = "Nothing can be taken at the moment; send it again."
    return Problem(HTTPStatus.SERVICE_UNAVAILABLE, told)
