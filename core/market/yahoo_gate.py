"""The HTTP session that yfinance is given, so that we decide where it goes and how long it may take.

yfinance fixes Yahoo's addresses, asks up to five of them for one answer, each with a limit of its own, and
keeps broken answers in a cache for as long as the process lives. A session of our own is its documented way
in (`Ticker(symbol, session=...)`), and all three are put right here.
"""

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from curl_cffi.requests import Response, Session

deadline: ContextVar[Callable[[], float]] = ContextVar("deadline")
"""Says how many seconds the running call has left; a thread inherits it from the task that starts it."""

_CHART = "/v8/finance/chart/"
_NOT_FOUND = 404
_SERVER_ERROR = 500


class UnknownToYahoo(LookupError):
    """Yahoo says that it has no such ticker."""


class YahooGate(Session[Response]):
    """A browser-like session for yfinance; `base_url` stands in for all of Yahoo's hosts if it is given.

    Thread-safe as far as `curl_cffi` is: one connection a thread.
    """

    def __init__(self, base_url: str = "") -> None:
        super().__init__(impersonate="chrome")
        self._base_url = base_url.rstrip("/")

    def request(self, method: Any, url: str, *args: Any, **kwargs: Any) -> Response:
        """Send the request within what is left of the call's time.

        Raises:
            TimeoutError: the call's time is over.
            UnknownToYahoo: a chart of a ticker that Yahoo does not know.
            ConnectionError: a chart request that got a server error or no JSON, kept out of yfinance's cache.
        """
        left = deadline.get()()
        if left <= 0:
            raise TimeoutError("the time for this call is over")
        response = super().request(method, self._address(url), *args, **{**kwargs, "timeout": left})
        if _CHART in url:
            _refuse_broken(response)
        return response

    def _address(self, url: str) -> str:
        parts = urlsplit(url)
        host = parts.hostname or ""
        if not self._base_url or not (host == "yahoo.com" or host.endswith(".yahoo.com")):
            return url
        base = urlsplit(self._base_url)
        return urlunsplit((base.scheme, base.netloc, base.path + parts.path, parts.query, ""))


def _refuse_broken(response: Response) -> None:
    body = response.content.lstrip()
    if response.status_code >= _SERVER_ERROR:
        raise ConnectionError(f"HTTP {response.status_code}")
    if response.status_code == _NOT_FOUND and b'"Not Found"' in body:
        raise UnknownToYahoo
    if response.ok and not body.startswith(b"{"):
        raise ConnectionError("no JSON")
