import logging
from datetime import date
from decimal import Decimal

import pytest
from aiohttp import web

from core.config.market import YfinanceVendor as YfinanceSettings
from core.domain.errors import (
    BadTicker,
    BadVendorData,
    VendorRateLimited,
    VendorTimeout,
    VendorUnreachable,
)
from core.market.yfinance_vendor import YfinanceVendor
from tests.loopback.yahoo_server import Row, YahooServer, chart

pytest_plugins = ("tests.yfinance_scene",)

START, END = date(2025, 10, 1), date(2025, 10, 31)
ROWS = [
    # Yahoo sends 32-bit floats in full length.
    ("2025-10-28", 268.9849853515625, 269.8900146484375, 268.1499938964844, 269.0, 41534800),
    ("2025-10-29", 269.2749938964844, 271.4100036621094, 267.1099853515625, 269.70001220703125, 51086700),
]


async def test_bars_come_from_the_configured_address_as_the_short_decimals_they_stand_for(
    yahoo: YahooServer, yahoo_prices: YfinanceVendor, symbol: str
) -> None:
    yahoo.held[symbol] = chart(symbol, ROWS)

    bars = await yahoo_prices.daily_bars(symbol, START, END)

    assert [bar.date for bar in bars] == [date(2025, 10, 28), date(2025, 10, 29)]
    last = bars[-1]
    assert (last.open, last.high, last.low, last.close) == (
        Decimal("269.275"),
        Decimal("271.41"),
        Decimal("267.11"),
        Decimal("269.7"),
    )
    assert last.volume == 51086700
    assert symbol in yahoo.asked


async def test_bars_outside_the_asked_range_are_left_out(
    yahoo: YahooServer, yahoo_prices: YfinanceVendor, symbol: str
) -> None:
    yahoo.held[symbol] = chart(symbol, ROWS)

    bars = await yahoo_prices.daily_bars(symbol, START, date(2025, 10, 28))

    assert [bar.date for bar in bars] == [date(2025, 10, 28)]


async def test_a_session_with_a_missing_price_is_left_out(
    yahoo: YahooServer, yahoo_prices: YfinanceVendor, symbol: str
) -> None:
    gap = ("2025-10-30", 271.99, None, 268.48, None, 100)
    yahoo.held[symbol] = chart(symbol, [*ROWS, gap])

    bars = await yahoo_prices.daily_bars(symbol, START, END)

    assert [bar.date for bar in bars] == [date(2025, 10, 28), date(2025, 10, 29)]


async def test_a_ticker_that_yahoo_does_not_know_has_no_bars(
    yahoo_prices: YfinanceVendor, symbol: str
) -> None:
    assert await yahoo_prices.daily_bars(symbol, START, END) == ()


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([], "gave no prices in its answer"),
        ([("2025-10-28", None, None, None, None, None)], "gave an empty answer"),
    ],
)
async def test_an_empty_frame_is_a_failure(
    yahoo: YahooServer, yahoo_prices: YfinanceVendor, symbol: str, rows: list[Row], said: str
) -> None:
    yahoo.held[symbol] = chart(symbol, rows)

    with pytest.raises(VendorUnreachable, match=said):
        await yahoo_prices.daily_bars(symbol, START, END)


async def test_a_server_error_is_a_failure_that_the_next_question_does_not_inherit(
    yahoo: YahooServer, yahoo_prices: YfinanceVendor, symbol: str
) -> None:
    yahoo.held[symbol] = chart(symbol, ROWS)
    yahoo.next_charts.extend(web.Response(status=500, text="oops") for _ in range(3))

    with pytest.raises(VendorUnreachable, match="could not be reached or read"):
        await yahoo_prices.daily_bars(symbol, START, END)
    yahoo.next_charts.clear()

    assert len(await yahoo_prices.daily_bars(symbol, START, END)) == 2


async def test_junk_instead_of_json_is_a_failure(
    yahoo: YahooServer, yahoo_prices: YfinanceVendor, symbol: str
) -> None:
    yahoo.next_charts.extend(web.Response(text="<html>Will be right back</html>") for _ in range(3))

    with pytest.raises(VendorUnreachable):
        await yahoo_prices.daily_bars(symbol, START, END)


async def test_too_many_requests_is_named(
    yahoo: YahooServer, yahoo_prices: YfinanceVendor, symbol: str
) -> None:
    yahoo.next_charts.extend(web.Response(status=429, text="Too Many Requests") for _ in range(5))

    with pytest.raises(VendorRateLimited, match="asks to slow down"):
        await yahoo_prices.daily_bars(symbol, START, END)


async def test_a_slow_yahoo_is_a_timeout(yahoo: YahooServer, symbol: str) -> None:
    yahoo.delay_s = 2.0
    vendor = YfinanceVendor(YfinanceSettings(base_url=yahoo.base_url, timeout_s=0.3))

    with pytest.raises(VendorTimeout, match=r"0\.3 seconds"):
        await vendor.daily_bars(symbol, START, END)
    await vendor.close()


async def test_a_dead_address_is_unreachable(symbol: str) -> None:
    vendor = YfinanceVendor(YfinanceSettings(base_url="http://127.0.0.1:9", timeout_s=5))

    with pytest.raises(VendorUnreachable, match=r"127\.0\.0\.1:9 could not be reached"):
        await vendor.daily_bars(symbol, START, END)
    await vendor.close()


async def test_a_price_of_zero_is_refused(
    yahoo: YahooServer, yahoo_prices: YfinanceVendor, symbol: str
) -> None:
    yahoo.held[symbol] = chart(symbol, [("2025-10-28", 0.0, 2.0, 0.0, 1.0, 5)])

    with pytest.raises(BadVendorData, match=f"{symbol} 2025-10-28"):
        await yahoo_prices.daily_bars(symbol, START, END)


async def test_nothing_is_logged_by_the_library(
    yahoo: YahooServer, yahoo_prices: YfinanceVendor, symbol: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        await yahoo_prices.daily_bars(symbol, START, END)

    assert [record for record in caplog.records if record.name.startswith("yfinance")] == []


@pytest.mark.parametrize("text", ["../etc/passwd", "A/B", "", "A?b=c", "A B", "ＮＶＤＡ"])
async def test_a_text_that_is_no_ticker_reaches_no_address(
    yahoo: YahooServer, yahoo_prices: YfinanceVendor, text: str
) -> None:
    with pytest.raises(BadTicker):
        await yahoo_prices.daily_bars(text, START, END)
    assert yahoo.asked == []


async def test_a_gateway_may_lie_below_a_path(yahoo: YahooServer, symbol: str) -> None:
    vendor = YfinanceVendor(YfinanceSettings(base_url=f"{yahoo.base_url}/gateway/", timeout_s=5))

    with pytest.raises(VendorUnreachable):
        await vendor.daily_bars(symbol, START, END)
    await vendor.close()

    assert f"/gateway/v8/finance/chart/{symbol}" in yahoo.asked
