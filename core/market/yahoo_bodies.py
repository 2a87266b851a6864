"""What Yahoo's answers say beside figures: that it does not know a ticker, has failed, or talks HTML.

yfinance takes some of these for an empty answer, asks three times more for others, and keeps broken ones in
a cache for as long as the process lives. All are found here, before yfinance sees them.
"""

import json
from typing import Any

from curl_cffi.requests import Response

_CHART = "/v8/finance/chart/"
_NEWS = "/xhr/ncp"
_EVIDENCE = (_NEWS, "/v10/finance/quoteSummary/", "/ws/fundamentals-timeseries/", "/v1/finance/search")
_BAD_REQUEST = 400
_NOT_FOUND = 404
_TOO_MANY_REQUESTS = 429
_SERVER_ERROR = 500
_NO_SUCH_TICKER = "Not Found"


class UnknownToYahoo(LookupError):
    """Yahoo says that it has no such ticker."""


class YahooRateLimit(Exception):
    """Yahoo asks to slow down in the body of an answer that looks good."""


class UnreadableYahoo(ValueError):
    """Yahoo's answer is no JSON, or lacks the part that all such answers have."""


def refuse_broken(url: str, response: Response) -> None:
    """Return if the answer from Yahoo's address `url` is worth being read, or if yfinance shall judge it.

    yfinance judges refusals such as 401 and 429, since it asks once more with another cookie.

    Raises:
        UnknownToYahoo: Yahoo does not know the ticker.
        ConnectionError: a server error, also when it is told inside a good status; no JSON for a chart.
        YahooRateLimit: Yahoo asks to slow down inside a good status.
        UnreadableYahoo: an answer with evidence that is no JSON object.
    """
    if _CHART in url:
        _refuse_broken_chart(response)
    elif any(path in url for path in _EVIDENCE):
        _refuse_broken_evidence(response, is_news=_NEWS in url)


def _refuse_broken_chart(response: Response) -> None:
    body = response.content.lstrip()
    if response.status_code >= _SERVER_ERROR:
        raise ConnectionError(f"HTTP {response.status_code}")
    if response.status_code == _NOT_FOUND and b'"Not Found"' in body:
        raise UnknownToYahoo
    if response.ok and not body.startswith(b"{"):
        raise ConnectionError("no JSON")


def _refuse_broken_evidence(response: Response, *, is_news: bool) -> None:
    status = response.status_code
    if response.ok or status == _NOT_FOUND:
        body = _object(response.content)
        _refuse_error_inside(body or {})
        if response.ok and (body is None or (is_news and not _has_stream(body))):
            raise UnreadableYahoo("the answer is not of the known shape")
    # News need no crumb, and yfinance would read a refusal of them as no news.
    if status >= _SERVER_ERROR or status == _NOT_FOUND or (is_news and _refuses(status)):
        raise ConnectionError(f"HTTP {status}")


def _refuses(status: int) -> bool:
    return status >= _BAD_REQUEST and status != _TOO_MANY_REQUESTS


def _object(content: bytes) -> dict[str, Any] | None:
    """Return the body as an object, or None if it is anything else."""
    try:
        body = json.loads(content)
    except (ValueError, RecursionError):
        return None
    return body if isinstance(body, dict) else None


def _refuse_error_inside(body: dict[str, Any]) -> None:
    """Look for `{"quoteSummary": {"result": null, "error": {"code": "Not Found"}}}` and the like."""
    for part in body.values():
        error = part.get("error") if isinstance(part, dict) else None
        if not error:
            continue
        code = str(error.get("code", ""))[:100] if isinstance(error, dict) else ""
        if code == _NO_SUCH_TICKER:
            raise UnknownToYahoo
        if "too many" in code.lower() or code == str(_TOO_MANY_REQUESTS):
            raise YahooRateLimit
        raise ConnectionError("an error inside the answer")


def _has_stream(body: dict[str, Any]) -> bool:
    data = body.get("data")
    stream = data.get("tickerStream") if isinstance(data, dict) else None
    return isinstance(stream, dict) and isinstance(stream.get("stream"), list)
