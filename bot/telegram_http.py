"""The way to the Bot API over the HTTP client of this house, which costs a fraction of the library's own."""

import json
from typing import Any, cast
from urllib.parse import urlencode, urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
from telegram.error import NetworkError
from telegram.request import BaseRequest, RequestData

IDLE_S = 10.0
"""So long a connection is kept that nobody uses; the other side keeps it longer."""
_FORM = "application/x-www-form-urlencoded"
_JSON = "application/json"

_NEVER_SENT = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL)


class NotSent(NetworkError):
    """A call has never left: there was no connection."""


class NotAnswered(NetworkError):
    """A call has left, and no answer came that can be read."""


class JsonBody:
    """What a call without files tells, as JSON: put together once, where the library's own takes a while."""

    def __init__(self, told: dict[str, Any]) -> None:
        self.written = json.dumps(told, ensure_ascii=False).encode(errors="replace")

    @classmethod
    def data(cls, told: dict[str, Any]) -> RequestData:
        """Return it as what the library hands through to `AioRequest` without a look at it."""
        return cast("RequestData", cls(told))


class AioRequest(BaseRequest):
    """Calls of the Bot API over at most `connections` connections; others wait for one, `timeout_s` at most.

    Each of the steps, which are connecting, sending and each part of the answer, has `timeout_s` seconds
    unless a call asks for other times.
    """

    __slots__ = ("_connections", "_proxies", "_session", "_timeout_s")

    def __init__(self, connections: int, timeout_s: float) -> None:
        self._connections = connections
        self._timeout_s = timeout_s
        self._session: aiohttp.ClientSession | None = None
        self._proxies: dict[tuple[str, str], str | None] = {}

    @property
    def read_timeout(self) -> float | None:
        """As the library wants it: the seconds that a call without a wish of its own waits for an answer."""
        return self._timeout_s

    async def initialize(self) -> None:
        """Make connections possible."""
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=self._connections, keepalive_timeout=IDLE_S),
                headers={"User-Agent": self.USER_AGENT},
                # It knows no cookies, and looking for them at each call takes time.
                cookie_jar=aiohttp.DummyCookieJar(),
            )

    async def shutdown(self) -> None:
        """Close all connections."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def do_request(
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: object = BaseRequest.DEFAULT_NONE,
        write_timeout: object = BaseRequest.DEFAULT_NONE,
        connect_timeout: object = BaseRequest.DEFAULT_NONE,
        pool_timeout: object = BaseRequest.DEFAULT_NONE,
    ) -> tuple[int, bytes]:
        """Make one call, and return its status and body.

        Raises:
            NotSent: it never left.
            NotAnswered: it may have arrived.
        """
        if self._session is None:
            raise NotSent("The connections are closed.")
        reading, writing = self._seconds(read_timeout), self._seconds(write_timeout)
        connecting, waiting = self._seconds(connect_timeout), self._seconds(pool_timeout)
        timeout = aiohttp.ClientTimeout(
            total=waiting + connecting + writing + reading,
            connect=waiting + connecting,
            sock_connect=connecting,
            sock_read=reading,
        )
        try:
            async with self._session.request(
                method,
                url,
                data=_body(request_data),
                timeout=timeout,
                allow_redirects=False,
                proxy=self._proxy(url),
            ) as answer:
                return answer.status, await answer.read()
        # Without their causes, which hold the address, and with it the token.
        except _NEVER_SENT as error:
            raise NotSent(type(error).__name__) from None
        except (aiohttp.ClientError, TimeoutError) as error:
            raise NotAnswered(type(error).__name__) from None
        except Exception as error:  # noqa: BLE001 - the boundary: the library tells whatever it is in full
            # And with it what the environment has put into the address of a proxy.
            raise NetworkError(type(error).__name__) from None

    def _proxy(self, url: str) -> str | None:
        """Return the proxy on the way to an address, as HTTPS_PROXY, HTTP_PROXY and NO_PROXY have it.

        Looked up once for each server: the client by itself looks at every call, in two threads.
        """
        parts = urlsplit(url)
        server = parts.scheme, parts.netloc
        if server not in self._proxies:
            direct = parts.hostname is None or proxy_bypass(parts.hostname)
            self._proxies[server] = None if direct else getproxies().get(parts.scheme)
        return self._proxies[server]

    def _seconds(self, wished: object) -> float:
        return float(wished) if isinstance(wished, int | float) else self._timeout_s


def _body(request_data: RequestData | JsonBody | None) -> aiohttp.FormData | aiohttp.BytesPayload | None:
    if request_data is None:
        return None
    if isinstance(request_data, JsonBody):
        return aiohttp.BytesPayload(request_data.written, content_type=_JSON)
    fields = request_data.json_parameters
    if not request_data.contains_files:
        # Written here: a form of the client's costs several times as much, and most calls carry no file.
        return aiohttp.BytesPayload(urlencode(fields).encode(), content_type=_FORM)
    form = aiohttp.FormData(quote_fields=False)  # names as they are, as browsers send them
    for name, value in fields.items():
        form.add_field(name, value)
    files: dict[str, Any] = dict(request_data.multipart_data or {})
    for name, (filename, content, kind) in files.items():
        form.add_field(name, content, filename=filename, content_type=kind)
    return form
