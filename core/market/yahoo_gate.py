"""The HTTP session that yfinance is given, so that we decide where it goes and how long it may take.

yfinance fixes Yahoo's addresses, asks up to five of them for one answer, each with a limit of its own, and
keeps broken answers in a cache for as long as the process lives. A session of our own is its documented way
in (`Ticker(symbol, session=...)`), and all three are put right here.

yfinance keeps one crumb for the whole process, which is worth something only together with the cookies that
came with it. So all gates of one address share their cookies.
"""

from collections.abc import Callable
from contextvars import ContextVar
from http.cookiejar import CookieJar
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from curl_cffi.const import CurlOpt
from curl_cffi.requests import Response, Session

from core.market.yahoo_bodies import refuse_broken

deadline: ContextVar[Callable[[], float]] = ContextVar("deadline")
"""Says how many seconds the running call has left; a thread inherits it from the task that starts it."""

_BODY_LIMIT = 32 * 1024 * 1024
_jars: dict[str, CookieJar] = {}


class YahooGate(Session[Response]):
    """A browser-like session for yfinance; `base_url` stands in for all of Yahoo's hosts if it is given.

    Thread-safe as far as `curl_cffi` is: one connection a thread.
    """

    def __init__(self, base_url: str = "") -> None:
        self._base_url = base_url.rstrip("/")
        super().__init__(
            impersonate="chrome",
            cookies=_jars.setdefault(self._base_url, CookieJar()),
            curl_options={CurlOpt.MAXFILESIZE_LARGE: _BODY_LIMIT},
        )

    def request(self, method: Any, url: str, *args: Any, **kwargs: Any) -> Response:
        """Send the request within what is left of the call's time.

        Raises:
            TimeoutError: the call's time is over.
            UnknownToYahoo, ConnectionError, YahooRateLimit, UnreadableYahoo: as `refuse_broken`; kept out of
                yfinance's cache.
        """
        left = deadline.get()()
        if left <= 0:
            raise TimeoutError("the time for this call is over")
        response = super().request(method, self._address(url), *args, **{**kwargs, "timeout": left})
        refuse_broken(url, response)
        return response

    def _address(self, url: str) -> str:
        parts = urlsplit(url)
        host = parts.hostname or ""
        if not self._base_url or not (host == "yahoo.com" or host.endswith(".yahoo.com")):
            return url
        base = urlsplit(self._base_url)
        return urlunsplit((base.scheme, base.netloc, base.path + parts.path, parts.query, ""))
