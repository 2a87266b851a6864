"""Who may ask, how often, and how much: in front of every path of the interface for programs."""

import asyncio
import hmac
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from ipaddress import ip_address
from math import ceil
from typing import NamedTuple, TypeVar

from aiohttp import web

from bot.http.problems import ASKED_BY, REQUEST_ID, Handler, Problem, problem_of, problem_response
from core.clock import Clock
from core.config.settings import LOOPBACK, Http

LARGEST_BODY = 64 * 1024
BODY_WITHIN_S = 10.0
MOST_KNOWN = 4096
"""So many tokens and addresses are remembered for their pace; who was not here for longest is forgotten."""
LOCAL = "local"
_FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Real-Ip", "Via")
_MINUTE_S = 60.0
Found = TypeVar("Found")
Count = Callable[[str, str, int, float], None]

_log = logging.getLogger(__name__)


class Tokens:
    """The bearer tokens of `[http]`, each with its name. A secret that cannot be read lets nobody in.

    It is true where a token is needed: one can be read, or `tokens` names one, readable or not.
    """

    def __init__(self, settings: Http) -> None:
        self._wanted = bool(settings.tokens)
        named = {"main": settings.token} | {token.name: token.secret for token in settings.tokens}
        self._secrets: Mapping[str, bytes] = {
            name: _bytes(secret.reveal()) for name, secret in named.items() if secret.present()
        }

    def __bool__(self) -> bool:
        return self._wanted or bool(self._secrets)

    def name_of(self, authorization: str) -> str | None:
        """Return the name of the token that an `Authorization` header has, or None.

        How long that takes tells nothing of how much of a token is right.
        """
        scheme, _, given = authorization.partition(" ")
        if scheme.lower() != "bearer":
            return None
        found = None
        for name, secret in self._secrets.items():
            if hmac.compare_digest(_bytes(given.strip()), secret):
                found = name
        return found


class _Bucket(NamedTuple):
    left: float
    at: float


class Paces:
    """So many requests a minute for each name, spread or all at once."""

    def __init__(self, per_minute: int, clock: Clock) -> None:
        self._per_minute = per_minute
        self._clock = clock
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    def wait_s(self, name: str) -> float:
        """Count a request and return 0.0, or say in how many seconds there is room for it."""
        now, full = self._clock.monotonic(), float(self._per_minute)
        left, at = self._buckets.pop(name, _Bucket(full, now))
        left = min(full, left + (now - at) * full / _MINUTE_S)
        wait = 0.0 if left >= 1 else (1 - left) * _MINUTE_S / full
        self._buckets[name] = _Bucket(left if wait else left - 1, now)
        if len(self._buckets) > MOST_KNOWN:
            self._buckets.popitem(last=False)
        return wait


class Guard:
    """Lets a request through to a handler, or answers with a problem.

    Whoever has a token is `http:<its name>`. Without any token in the configuration, everybody on this
    machine is `http:local`, if the door listens on a loopback address alone and nothing forwards to it.
    `count` hears of every answer: its path, method, status and seconds.
    """

    def __init__(self, settings: Http, clock: Clock, count: Count) -> None:
        self._settings = settings
        self._clock = clock
        self._count = count
        self._tokens = Tokens(settings)
        self._paces = Paces(settings.requests_per_minute, clock)

    def guarded(self, handler: Handler) -> Handler:
        """Return a handler for those alone who may ask."""
        return self._checked(handler, free_on_loopback=False)

    def guarded_from_afar(self, handler: Handler) -> Handler:
        """Return a handler for those who may ask, and for everybody on this machine."""
        return self._checked(handler, free_on_loopback=True)

    def _checked(self, handler: Handler, *, free_on_loopback: bool) -> Handler:
        async def checked(request: web.Request) -> web.StreamResponse:
            asks = self.asked_by(request, free_on_loopback=free_on_loopback)
            if asks is None:
                raise self._unknown(request, "A token is needed")
            request[ASKED_BY] = asks
            self._check_pace(f"token {asks}")
            return await handler(request)

        return self.told(checked, level=logging.INFO)

    def told(self, handler: Handler, *, level: int = logging.DEBUG) -> Handler:
        """Return a handler of which every error is told as a problem, and every request logged.

        `level` is that of the log for what goes well: monitors ask all the time.
        """

        async def answered(request: web.Request) -> web.StreamResponse:
            request_id, before = request[REQUEST_ID], self._clock.monotonic()
            try:
                answer = await handler(request)
            except Exception as error:  # noqa: BLE001 - the boundary: nobody sees more than a sentence
                answer = problem_response(problem_of(error, request_id), request_id)
            # The path as it was registered: what somebody writes into it has no place in logs and metrics.
            path = getattr(request.match_info.route.resource, "canonical", "-")
            seconds = self._clock.monotonic() - before
            self._count(path, request.method, answer.status, seconds)
            _log.log(
                level if answer.status < HTTPStatus.BAD_REQUEST else logging.INFO,
                "http %s: %s %s %d in %.0f ms by %s",
                request_id,
                request.method,
                path,
                answer.status,
                seconds * 1000,
                request.get(ASKED_BY, "-"),
            )
            return answer

        return answered

    def asked_by(self, request: web.Request, *, free_on_loopback: bool = False) -> str | None:
        """Return who asks, or None where no token came and nobody is free to ask without one.

        `free_on_loopback` is for paths that everybody on this machine may ask, token or not.

        Raises:
            Problem: the token is wrong (401), or too many wrong ones came from there (429).
        """
        given = request.headers.get("Authorization", "")
        if given and (name := self._tokens.name_of(given)):
            return name
        if given and (self._tokens or given.strip().lower() != "bearer"):
            raise self._unknown(request, "The token is wrong")
        free = free_on_loopback or not self._tokens
        return LOCAL if free and self._is_local(request) else None

    def _unknown(self, request: web.Request, why: str) -> Problem:
        # Who guesses is slowed down by address, and so cannot keep the owner of a token from asking.
        self._check_pace(f"address {request.remote}")
        return Problem(
            HTTPStatus.UNAUTHORIZED,
            f"{why}: send that of [http] as Authorization: Bearer.",
            headers={"WWW-Authenticate": 'Bearer realm="conclave"'},
        )

    def _check_pace(self, name: str) -> None:
        if wait := self._paces.wait_s(name):
            raise Problem(
                HTTPStatus.TOO_MANY_REQUESTS,
                f"More than {self._settings.requests_per_minute} requests came in a minute; wait a moment.",
                headers={"Retry-After": str(ceil(wait))},
            )

    def _is_local(self, request: web.Request) -> bool:
        """Say whether somebody on this machine asks, and no web page or proxy on behalf of others."""
        if not self._settings.is_local or not _is_loopback(request.remote or ""):
            return False
        if any(name in request.headers for name in _FORWARDED):
            return False
        # A page that lets its name resolve to this machine is refused by that name.
        host = request.headers.get("Host", "")
        name = host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]
        return name.lower() in LOOPBACK


async def body_of(request: web.Request) -> bytes:
    """Return what was sent as JSON.

    Raises:
        Problem: it is no JSON (415), too much (413), or comes too slowly (408).
    """
    if request.content_type != "application/json":
        raise Problem(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "Send JSON, with the header Content-Type: application/json."
        )
    read = bytearray()
    try:
        async with asyncio.timeout(BODY_WITHIN_S):
            async for piece in request.content.iter_any():
                read += piece
                if len(read) > LARGEST_BODY:
                    raise Problem(
                        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
                        f"The body may have {LARGEST_BODY // 1024} KiB at most.",
                        headers={"Connection": "close"},
                    )
    except TimeoutError:
        raise Problem(
            HTTPStatus.REQUEST_TIMEOUT,
            f"The body did not come within {BODY_WITHIN_S:g} seconds.",
            headers={"Connection": "close"},
        ) from None
    except (web.RequestPayloadError, ValueError):
        raise Problem(HTTPStatus.BAD_REQUEST, "The body cannot be read.") from None
    return bytes(read)


async def while_there(request: web.Request, work: Awaitable[Found], look_every_s: float = 0.25) -> Found:
    """Return what `work` returns, and stop it when whoever asked has gone.

    Raises:
        asyncio.CancelledError: nobody is there any more who would read an answer.
    """
    task = asyncio.ensure_future(work)
    try:
        while not task.done():
            await asyncio.wait({task}, timeout=look_every_s)
            if request.transport is None or request.transport.is_closing():
                task.cancel()
                await asyncio.wait({task})
        return task.result()
    finally:
        task.cancel()


def _is_loopback(address: str) -> bool:
    try:
        return ip_address(address.partition("%")[0]).is_loopback
    except ValueError:
        return False


def _bytes(text: str) -> bytes:
    """Return what came over the wire: a header may hold bytes that are no text."""
    return text.encode("utf-8", "surrogateescape")
