"""What Yahoo's search suggests, over a real socket through the real library, and when it suggests nothing."""

import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web

from core.clock import ManualClock
from core.config.market import YfinanceVendor as YfinanceSettings
from core.market.yahoo_search import KEPT_S, LIMIT_S, RESTS_S, Listing, YahooSearch
from tests.loopback.yahoo_evidence import NOW, failed, quote
from tests.loopback.yahoo_server import YahooServer

pytest_plugins = ("tests.yfinance_scene",)

BERKSHIRE = quote("BRK-B", "Berkshire Hathaway Inc.")
FOUND = (Listing("BRK-B", "Berkshire Hathaway Inc."),)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW)


@pytest.fixture
async def search(yahoo: YahooServer, clock: ManualClock, fresh_yfinance: None) -> AsyncIterator[YahooSearch]:
    yahoo.quotes["BRKB"] = [BERKSHIRE]
    search = YahooSearch(YfinanceSettings(base_url=yahoo.base_url, timeout_s=5), clock)
    yield search
    search.close()


async def test_instruments_come_in_yahoos_order_each_once_with_their_names(
    yahoo: YahooServer, search: YahooSearch
) -> None:
    yahoo.quotes["SAPD"] = [
        quote("SAP.DE", "SAP SE", longname=None),
        quote("BTC-USD", "Bitcoin USD", "CRYPTOCURRENCY"),
        quote("SPY", "SPDR S&P 500 ETF Trust", "ETF"),
        quote("SAP.DE", "SAP SE again"),
        quote("^GSPC", "S&P 500", "INDEX"),
        quote("NONAME", None),
    ]

    assert await search.like("SAPD") == (
        Listing("SAP.DE", "SAP SE again"),
        Listing("BTC-USD", "Bitcoin USD"),
        Listing("SPY", "SPDR S&P 500 ETF Trust"),
        Listing("^GSPC", "S&P 500"),
        Listing("NONAME", ""),
    )


async def test_what_cannot_be_run_is_left_out(yahoo: YahooServer, search: YahooSearch) -> None:
    yahoo.quotes["ODD"] = [
        quote("NVDA251219C00200000", "NVDA Dec 2025 200 call", "OPTION"),
        quote("lower", "Lower Inc."),
        quote("A" * 16, "Long Inc."),
        quote("<b>", "Markup Inc."),
        quote(None, "No symbol"),
        quote(7, "A number"),
        "text",
        None,
        {"index": "private_company", "name": "No symbol either"},
        BERKSHIRE,
    ]

    assert await search.like("ODD") == ()
    yahoo.quotes["EVEN"] = yahoo.quotes["ODD"][2:]
    assert await search.like("EVEN") == FOUND


@pytest.mark.parametrize(
    ("told", "read"),
    [
        ("Two\nlines\u202e and \u200bmore", "Two lines and more"),
        ("<b>Bold</b> & *loud* `code`", "bBoldb & loud code"),
        ("@everyone <!channel> /reset all", "everyone channel reset all"),
        ("[A link](http://evil.example)", "A linkhttpevil.example"),
        ("Société Générale, S.A.", "Société Générale, S.A."),
        ("x" * 5000, "x" * 58 + " …"),
        ("\u200b", ""),
        (["list"], ""),
    ],
)
async def test_a_hostile_name_is_one_short_line_of_plain_words(
    yahoo: YahooServer, search: YahooSearch, told: Any, read: str
) -> None:
    yahoo.quotes["EVIL"] = [quote("EVL", told)]

    assert await search.like("EVIL") == (Listing("EVL", read),)


async def test_an_answer_is_kept_for_an_hour_also_one_of_nothing(
    yahoo: YahooServer, search: YahooSearch, clock: ManualClock
) -> None:
    for _ in range(2):
        assert await search.like("BRKB") == FOUND
        assert await search.like("ZZZZ") == ()
    assert yahoo.asked_evidence == [("quotes", "BRKB"), ("quotes", "ZZZZ")]

    clock.advance(KEPT_S)
    assert await search.like("BRKB") == FOUND
    assert yahoo.asked_evidence.count(("quotes", "BRKB")) == 2


@pytest.mark.parametrize(
    "answer",
    [
        lambda: web.Response(status=500),
        lambda: web.Response(status=404, text="<html>"),
        lambda: web.Response(status=429, text="Too Many Requests"),
        lambda: web.Response(text="<html>Will be right back</html>"),
        lambda: web.Response(text="[]"),
        lambda: web.json_response({}),
        lambda: web.json_response({"quotes": {"symbol": "AAPL"}}),
        lambda: web.json_response(failed("finance", "Internal Error")),
    ],
)
async def test_what_cannot_be_used_suggests_nothing_and_yahoo_is_left_alone_for_a_minute(
    yahoo: YahooServer, search: YahooSearch, clock: ManualClock, answer: Any
) -> None:
    yahoo.instead["quotes"] = answer
    assert await search.like("BRKB") == ()
    asked = len(yahoo.asked_evidence)
    del yahoo.instead["quotes"]

    assert await search.like("BRKB") == ()
    assert len(yahoo.asked_evidence) == asked
    clock.advance(RESTS_S)
    assert await search.like("BRKB") == FOUND


async def test_a_slow_search_is_not_waited_for(yahoo: YahooServer, fresh_yfinance: None) -> None:
    yahoo.quotes["BRKB"], yahoo.delay_s = [BERKSHIRE], 4.0
    slow = YahooSearch(YfinanceSettings(base_url=yahoo.base_url, timeout_s=0.3), ManualClock(NOW))
    began = time.monotonic()

    assert await slow.like("BRKB") == ()
    slow.close()

    assert time.monotonic() - began < 3.5


async def test_nobody_waits_for_a_suggestion_as_long_as_for_prices() -> None:
    patient = YahooSearch(YfinanceSettings(timeout_s=60), ManualClock(NOW))

    assert patient._yahoo._limit_s == LIMIT_S


async def test_without_a_network_there_is_no_suggestion(fresh_yfinance: None) -> None:
    alone = YahooSearch(YfinanceSettings(base_url="http://127.0.0.1:9", timeout_s=2), ManualClock(NOW))

    assert await alone.like("BRKB") == ()
    alone.close()


async def test_many_at_once_are_too_many(yahoo: YahooServer, search: YahooSearch) -> None:
    for number in range(40):
        await search.like(f"NONE{number}")

    assert len(yahoo.asked_evidence) == 30
