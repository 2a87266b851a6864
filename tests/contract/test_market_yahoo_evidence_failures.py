"""Whatever goes wrong with Yahoo's evidence is one clear failure of the right kind."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import web

from core.clock import ManualClock
from core.config.market import YfinanceVendor as YfinanceSettings
from core.domain.errors import (
    BadVendorData,
    VendorFailure,
    VendorRateLimited,
    VendorTimeout,
    VendorUnreachable,
)
from core.market.yahoo_evidence import YahooEvidence
from tests.loopback.yahoo_evidence import APPLE, INVALID_CRUMB, NEWS_FAILED, NOW, article, failed, points
from tests.loopback.yahoo_server import YahooServer

pytest_plugins = ("tests.yfinance_scene",)

Ask = Callable[[YahooEvidence, str], Awaitable[Any]]
QUESTIONS: dict[str, tuple[str, Ask]] = {
    "identity": ("profiles", lambda evidence, symbol: evidence.identity(symbol)),
    "snapshot": ("profiles", lambda evidence, symbol: evidence.snapshot(symbol)),
    "filings": ("series", lambda evidence, symbol: evidence.filings(symbol)),
    "news": ("news", lambda evidence, symbol: evidence.news(symbol, NOW - timedelta(days=7), NOW)),
}
NESTED = "[" * 100_000


def made(body: Any = None, *, status: int = 200, text: str | None = None) -> Callable[[], web.Response]:
    """Return what makes a response of JSON, or of the text."""
    if text is not None:
        return lambda: web.Response(status=status, text=text, content_type="text/html")
    return lambda: web.json_response(body, status=status)


EVERYWHERE: list[tuple[Callable[[], web.Response], type[VendorFailure], str]] = [
    (made(status=429, text="Too Many Requests"), VendorRateLimited, "asks to slow down"),
    (made(failed("finance", "Too Many Requests")), VendorRateLimited, "asks to slow down"),
    (made(failed("finance", "Internal Server Error")), VendorUnreachable, "could not be reached or read"),
    (made(status=500, text="<html>oops</html>"), VendorUnreachable, "could not be reached or read"),
    (made(status=503, text="Will be right back"), VendorUnreachable, "could not be reached or read"),
    (made(INVALID_CRUMB, status=401), VendorUnreachable, "could not be reached or read"),
    (made(status=403, text="<html>no</html>"), VendorUnreachable, "could not be reached or read"),
    (made(status=404, text="<html>nothing here</html>"), VendorUnreachable, "could not be reached or read"),
    (made(text="<html>Will be right back</html>"), BadVendorData, "cannot be read"),
    (made(text=""), BadVendorData, "cannot be read"),
    (made(text='{"data": {'), BadVendorData, "cannot be read"),
    (made(text=NESTED), BadVendorData, "cannot be read"),
    (made([1, 2]), BadVendorData, "cannot be read"),
    (made("text"), BadVendorData, "cannot be read"),
    (made(None), BadVendorData, "cannot be read"),
    (made(text='{"x": "' + "x" * (33 * 1024 * 1024) + '"}'), BadVendorData, "too long"),
]


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize(("answer", "kind", "said"), EVERYWHERE)
async def test_a_broken_answer_is_a_failure_of_its_kind_and_the_next_one_is_good(
    yahoo: YahooServer,
    evidence: YahooEvidence,
    symbol: str,
    question: str,
    answer: Callable[[], web.Response],
    kind: type[VendorFailure],
    said: str,
) -> None:
    place, ask = QUESTIONS[question]
    yahoo.profiles[symbol] = APPLE
    yahoo.series[symbol] = {"annualTotalRevenue": points(("2024-09-28", 400))}
    yahoo.news[symbol] = [article("Apple beats")]
    yahoo.instead[place] = answer

    with pytest.raises(VendorFailure, match=said) as caught:
        await ask(evidence, symbol)
    yahoo.instead.clear()

    assert type(caught.value) is kind
    assert "<" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert await ask(evidence, symbol)


SHAPES: list[tuple[str, Any]] = [
    ("identity", {}),
    ("identity", {"quoteSummary": None}),
    ("identity", {"quoteSummary": {"result": None, "error": None}}),
    ("identity", {"quoteSummary": {"result": [], "error": None}}),
    ("identity", {"quoteSummary": {"result": {"price": {}}, "error": None}}),
    ("snapshot", {"quoteSummary": {"result": ["text"], "error": None}}),
    ("filings", {}),
    ("filings", {"timeseries": []}),
    ("filings", {"timeseries": {"result": "text"}}),
    ("filings", {"timeseries": {"result": [5]}}),
    ("news", {}),
    ("news", NEWS_FAILED),
    ("news", {"data": {}}),
    ("news", {"data": {"tickerStream": None}, "status": "OK"}),
    ("news", {"data": {"tickerStream": {"stream": None}}, "status": "OK"}),
    ("news", {"data": {"tickerStream": {"stream": {"a": 1}}}, "status": "OK"}),
    ("news", {"data": {"tickerStream": {"stream": ["text"]}}, "status": "OK"}),
]


@pytest.mark.parametrize(("question", "body"), SHAPES)
async def test_an_answer_of_another_shape_is_refused(
    yahoo: YahooServer, evidence: YahooEvidence, symbol: str, question: str, body: Any
) -> None:
    place, ask = QUESTIONS[question]
    yahoo.instead[place] = made(body)

    with pytest.raises(BadVendorData):
        await ask(evidence, symbol)


@pytest.mark.parametrize("question", ["identity", "snapshot", "filings"])
@pytest.mark.parametrize("status", [200, 404])
async def test_not_found_means_that_yahoo_does_not_know_the_ticker(
    yahoo: YahooServer, evidence: YahooEvidence, symbol: str, question: str, status: int
) -> None:
    place, ask = QUESTIONS[question]
    yahoo.instead[place] = made(failed("finance", "Not Found"), status=status)

    assert not await ask(evidence, symbol)


@pytest.mark.parametrize("question", QUESTIONS)
async def test_a_slow_yahoo_is_a_timeout(
    yahoo: YahooServer, fresh_yfinance: None, symbol: str, question: str
) -> None:
    yahoo.delay_s = 2.0
    evidence = YahooEvidence(YfinanceSettings(base_url=yahoo.base_url, timeout_s=0.3), ManualClock(NOW))

    with pytest.raises(VendorTimeout, match=r"0\.3 seconds"):
        await QUESTIONS[question][1](evidence, symbol)
    await evidence.close()


@pytest.mark.parametrize("question", QUESTIONS)
async def test_a_dead_address_is_unreachable(fresh_yfinance: None, symbol: str, question: str) -> None:
    evidence = YahooEvidence(YfinanceSettings(base_url="http://127.0.0.1:9", timeout_s=5), ManualClock(NOW))

    with pytest.raises(VendorUnreachable, match=r"127\.0\.0\.1:9 could not be reached"):
        await QUESTIONS[question][1](evidence, symbol)
    await evidence.close()


async def test_the_words_of_a_failure_hold_no_password_of_the_address(
    fresh_yfinance: None, symbol: str
) -> None:
    settings = YfinanceSettings(base_url="http://user:made-up-secret@127.0.0.1:9", timeout_s=5)
    evidence = YahooEvidence(settings, ManualClock(NOW))

    with pytest.raises(VendorUnreachable) as caught:
        await evidence.identity(symbol)
    await evidence.close()

    assert "made-up-secret" not in str(caught.value)
