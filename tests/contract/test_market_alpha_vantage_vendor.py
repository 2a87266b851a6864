import asyncio
import json
import logging
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from aiohttp import web

from core.clock import ManualClock
from core.config.market import AlphaVantageVendor as AlphaVantageSettings
from core.config.secret import SecretRef
from core.domain.actions import ActionKind
from core.domain.errors import (
    BadTicker,
    BadVendorData,
    VendorFailure,
    VendorNotConfigured,
    VendorRateLimited,
    VendorTimeout,
    VendorUnreachable,
)
from core.market.alpha_vantage_vendor import AlphaVantageVendor
from tests.loopback.alpha_vantage_bodies import BURST_NOTE_THAT_NAMES_THE_DAY
from tests.loopback.alpha_vantage_server import (
    BURST_NOTE,
    DEMO_KEY,
    OLD_RATE_NOTE,
    UNKNOWN_SYMBOL,
    AlphaVantageServer,
    alpha_vantage_server,
    daily,
    daily_limit,
    dividends,
    splits,
)

KEY = "K3Y-0F-OURS"
NOW = datetime(2025, 10, 30, 12, tzinfo=UTC)
START, END = date(2025, 10, 1), date(2025, 10, 29)
ROWS = [
    ("2025-10-28", "268.9850", "269.8900", "268.1500", "269.0000", "41534759"),
    ("2025-10-29", "269.2750", "271.4100", "267.1100", "269.7000", "51086742"),
    ("2025-10-30", "271.9900", "274.1400", "268.4800", "271.4000", "56447186"),
]


@pytest.fixture
async def server() -> AsyncIterator[AlphaVantageServer]:
    async with alpha_vantage_server() as running:
        running.key = KEY
        running.held["AAPL"] = list(ROWS)
        yield running


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW)


@pytest.fixture
async def vendor(
    server: AlphaVantageServer, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[AlphaVantageVendor]:
    monkeypatch.setenv("ALPHA_VANTAGE_API_KEY", KEY)
    vendor = AlphaVantageVendor(AlphaVantageSettings(base_url=server.base_url, timeout_s=5), clock)
    yield vendor
    await vendor.close()


async def refusal(vendor: AlphaVantageVendor) -> VendorFailure:
    with pytest.raises(VendorFailure) as caught:
        await vendor.daily_bars("AAPL", START, END)
    return caught.value


async def test_bars_come_oldest_first_and_within_the_asked_range(vendor: AlphaVantageVendor) -> None:
    bars = await vendor.daily_bars("AAPL", START, END)

    assert [bar.date for bar in bars] == [date(2025, 10, 28), date(2025, 10, 29)]
    assert bars[-1].close == Decimal("269.7")
    assert bars[-1].volume == 51086742


async def test_a_recent_range_is_asked_for_as_the_newest_hundred_bars(
    server: AlphaVantageServer, vendor: AlphaVantageVendor
) -> None:
    await vendor.daily_bars("AAPL", START, END)

    assert server.asked == [
        {"function": "TIME_SERIES_DAILY", "symbol": "AAPL", "outputsize": "compact", "apikey": KEY}
    ]


async def test_a_long_range_is_asked_for_in_full(
    server: AlphaVantageServer, vendor: AlphaVantageVendor
) -> None:
    bars = await vendor.daily_bars("AAPL", date(2024, 1, 1), END)

    assert [query["outputsize"] for query in server.asked] == ["full"]
    assert len(bars) == 2


async def test_a_free_key_gets_the_newest_hundred_bars_after_a_pause_and_is_remembered(
    server: AlphaVantageServer, vendor: AlphaVantageVendor, clock: ManualClock
) -> None:
    server.paid = False
    first = date(2025, 1, 1)
    server.held["AAPL"] = [
        ((first + timedelta(days=number)).isoformat(), "10", "11", "9", "10.5", "100")
        for number in range(150)
    ]

    bars = await vendor.daily_bars("AAPL", date(2024, 1, 1), END)
    await vendor.daily_bars("AAPL", date(2024, 1, 1), END)

    assert len(bars) == 100
    assert [query["outputsize"] for query in server.asked] == ["full", "compact", "compact"]
    assert len(clock.slept) == len(server.asked) - 1
    assert min(clock.slept) >= 1.0


async def test_on_a_used_up_day_prices_are_not_asked_for_again_before_the_next(
    server: AlphaVantageServer, vendor: AlphaVantageVendor, clock: ManualClock
) -> None:
    server.next_answers.append(daily_limit(KEY))
    await refusal(vendor)

    failure = await refusal(vendor)

    assert type(failure) is VendorRateLimited
    assert "this day (UTC) are used up" in str(failure)
    assert len(server.asked) == 1
    clock.advance(12 * 3600)
    assert len(await vendor.daily_bars("AAPL", START, END)) == 2


async def test_who_would_wait_for_more_than_a_minute_is_refused_at_once(
    server: AlphaVantageServer, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALPHA_VANTAGE_API_KEY", KEY)
    vendor = AlphaVantageVendor(AlphaVantageSettings(base_url=server.base_url), StandingClock(NOW))

    told = await asyncio.gather(
        *(vendor.daily_bars("AAPL", START, END) for _ in range(60)), return_exceptions=True
    )
    await vendor.close()

    refused = [str(one) for one in told if isinstance(one, VendorRateLimited)]
    assert len(server.asked) == 50
    assert len(refused) == 10
    assert set(refused) == {"alpha_vantage: too many questions wait for the key's turn"}


class StandingClock(ManualClock):
    """A clock that stands: who waits is let go at once, and no time has passed."""

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(0)


async def test_an_unknown_ticker_has_no_bars(vendor: AlphaVantageVendor) -> None:
    assert await vendor.daily_bars("NVDA", START, END) == ()


@pytest.mark.parametrize("note", [OLD_RATE_NOTE, BURST_NOTE, BURST_NOTE_THAT_NAMES_THE_DAY, daily_limit(KEY)])
async def test_a_rate_limit_with_status_200_is_named_without_the_key_that_the_vendor_repeats(
    server: AlphaVantageServer, vendor: AlphaVantageVendor, note: dict[str, str]
) -> None:
    server.next_answers.append(note)

    failure = await refusal(vendor)

    assert type(failure) is VendorRateLimited
    assert KEY not in str(failure)
    assert "used up" in str(failure)


@pytest.mark.parametrize("status", [400, 403, 500, 503])
async def test_any_other_status_is_a_failure(
    server: AlphaVantageServer, vendor: AlphaVantageVendor, status: int
) -> None:
    server.next_answers.append(web.Response(status=status, text=f"key {KEY}"))

    failure = await refusal(vendor)

    assert type(failure) is VendorUnreachable
    assert f"answered HTTP {status}" in str(failure)
    assert KEY not in str(failure)


async def test_status_429_is_a_rate_limit(server: AlphaVantageServer, vendor: AlphaVantageVendor) -> None:
    server.next_answers.append(web.Response(status=429))

    assert type(await refusal(vendor)) is VendorRateLimited


async def test_a_redirect_is_not_followed_with_the_key(
    server: AlphaVantageServer, vendor: AlphaVantageVendor
) -> None:
    server.next_answers.append(web.Response(status=302, headers={"Location": f"{server.base_url}/query?x=1"}))

    assert "HTTP 302" in str(await refusal(vendor))
    assert len(server.asked) == 1


def _changed(path: str, value: Any) -> dict[str, Any]:
    answer = daily("AAPL", ROWS)
    answer["Time Series (Daily)"]["2025-10-29"][path] = value
    return answer


@pytest.mark.parametrize(
    "body",
    [
        "",
        "not json",
        "[]",
        "null",
        "7",
        '{"a": ',
        "[" * 100_000,
        "{}",
        '{"Meta Data": {}}',
        json.dumps({"Meta Data": {"2. Symbol": "AAPL"}}),
        json.dumps({"Meta Data": {"2. Symbol": "AAPL"}, "Time Series (Daily)": []}),
        json.dumps({"Meta Data": {"2. Symbol": "AAPL"}, "Time Series (Daily)": {"yesterday": {}}}),
        json.dumps({"Meta Data": {"2. Symbol": "AAPL"}, "Time Series (Daily)": {"2025-10-29": None}}),
        json.dumps(daily("IBM", ROWS)),
        json.dumps(_changed("4. close", "N/A")),
        json.dumps(_changed("4. close", "NaN")),
        json.dumps(_changed("4. close", "-1")),
        json.dumps(_changed("4. close", "0")),
        json.dumps(_changed("4. close", None)),
        json.dumps(_changed("4. close", [1])),
        json.dumps(_changed("5. volume", "many")),
        json.dumps(_changed("5. volume", "-5")),
        json.dumps(_changed("5. volume", True)),
    ],
)
async def test_junk_and_wrong_shapes_are_refused_by_name(
    server: AlphaVantageServer, vendor: AlphaVantageVendor, body: str
) -> None:
    server.next_answers.append(web.Response(text=body))

    failure = await refusal(vendor)

    assert type(failure) is BadVendorData
    assert "AAPL" in failure.reason
    assert failure.vendor == "alpha_vantage"
    assert len(failure.reason) < 200


async def test_fields_that_the_vendor_may_add_are_passed_over(
    server: AlphaVantageServer, vendor: AlphaVantageVendor
) -> None:
    server.next_answers.append({**_changed("6. dividend", "0.1"), "Notice": "new"})

    assert len(await vendor.daily_bars("AAPL", START, END)) == 2


async def test_a_slow_vendor_is_a_timeout(
    server: AlphaVantageServer, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALPHA_VANTAGE_API_KEY", KEY)
    server.delay_s = 2.0
    slow = AlphaVantageVendor(AlphaVantageSettings(base_url=server.base_url, timeout_s=0.2), clock)

    failure = await refusal(slow)
    await slow.close()

    assert type(failure) is VendorTimeout
    assert "0.2 seconds" in str(failure)


async def test_a_dead_address_is_unreachable_and_the_key_stays_out_of_every_trace(
    clock: ManualClock, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("ALPHA_VANTAGE_API_KEY", KEY)
    dead = AlphaVantageVendor(AlphaVantageSettings(base_url="http://127.0.0.1:9"), clock)

    with caplog.at_level(logging.DEBUG):
        failure = await refusal(dead)
    await dead.close()

    assert type(failure) is VendorUnreachable
    assert "127.0.0.1:9 could not be reached" in str(failure)
    assert failure.__suppress_context__
    assert KEY not in repr(failure) + str(failure.__context__) + caplog.text + repr(vars(dead))


@pytest.mark.parametrize("answer", [None, DEMO_KEY])
async def test_a_key_that_the_vendor_does_not_accept_is_a_matter_of_configuration(
    server: AlphaVantageServer, vendor: AlphaVantageVendor, answer: dict[str, str] | None
) -> None:
    server.key = "another"
    server.next_answers.extend([answer] if answer else [])

    failure = await refusal(vendor)

    assert type(failure) is VendorNotConfigured
    assert "does not accept the key" in str(failure)


async def test_without_a_key_the_vendor_asks_nobody_and_names_the_variable(
    server: AlphaVantageServer, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MADE_UP_KEY", raising=False)
    settings = AlphaVantageSettings(base_url=server.base_url, key=SecretRef("env:MADE_UP_KEY"))

    failure = await refusal(AlphaVantageVendor(settings, clock))

    assert type(failure) is VendorNotConfigured
    assert "MADE_UP_KEY" in str(failure)
    assert server.asked == []


async def test_a_closed_vendor_opens_again(vendor: AlphaVantageVendor) -> None:
    await vendor.daily_bars("AAPL", START, END)
    await vendor.close()

    assert len(await vendor.daily_bars("AAPL", START, END)) == 2


@pytest.mark.parametrize("text", ["AAPL&apikey=x", "../x", "", " ", "A" * 16])
async def test_a_text_that_is_no_ticker_reaches_no_address(
    server: AlphaVantageServer, vendor: AlphaVantageVendor, text: str
) -> None:
    with pytest.raises(BadTicker):
        await vendor.daily_bars(text, START, END)
    assert server.asked == []


class TestActions:
    @pytest.fixture(autouse=True)
    def _held(self, server: AlphaVantageServer) -> None:
        server.splits["AAPL"] = [("2020-08-31", "4.0000"), ("2025-10-20", "0.3333")]
        server.dividends["AAPL"] = [("2025-08-11", "0.26"), ("2025-10-10", "0"), ("2025-10-28", "0.2600")]

    async def test_splits_and_dividends_of_the_range_are_told(self, vendor: AlphaVantageVendor) -> None:
        found = await vendor.actions("aapl", START, END)

        assert [(action.kind, action.ex_date.isoformat(), action.value) for action in found] == [
            (ActionKind.SPLIT, "2025-10-20", Decimal("0.333333333333")),
            (ActionKind.DIVIDEND, "2025-10-28", Decimal("0.26")),
        ]
        assert {(action.ticker, action.source) for action in found} == {("AAPL", "alpha_vantage")}

    async def test_they_are_two_questions_at_least_a_second_apart(
        self, server: AlphaVantageServer, vendor: AlphaVantageVendor, clock: ManualClock
    ) -> None:
        await vendor.daily_bars("AAPL", START, END)
        await vendor.actions("AAPL", START, END)

        assert server.asked[1:] == [
            {"function": "SPLITS", "symbol": "AAPL", "apikey": KEY},
            {"function": "DIVIDENDS", "symbol": "AAPL", "apikey": KEY},
        ]
        assert len(clock.slept) == 2
        assert min(clock.slept) >= 1.0

    async def test_an_unknown_ticker_has_no_actions(
        self, server: AlphaVantageServer, vendor: AlphaVantageVendor
    ) -> None:
        assert await vendor.actions("NVDA", START, END) == ()

        server.next_answers.extend([UNKNOWN_SYMBOL, UNKNOWN_SYMBOL])
        assert await vendor.actions("NVDA", START, END) == ()

    @pytest.mark.parametrize("place", [0, 1])
    async def test_a_rate_limit_of_either_question_is_named_without_the_key(
        self, server: AlphaVantageServer, vendor: AlphaVantageVendor, place: int
    ) -> None:
        server.next_answers.extend([splits("AAPL", [])] * place)
        server.next_answers.append(daily_limit(KEY))

        with pytest.raises(VendorRateLimited, match="used up") as caught:
            await vendor.actions("AAPL", START, END)
        assert KEY not in str(caught.value)

    @pytest.mark.parametrize(
        "body",
        [
            {},
            {"symbol": "AAPL"},
            {"data": []},
            {"symbol": "IBM", "data": []},
            {"symbol": "AAPL", "data": {}},
            splits("AAPL", [("None", "2")]),
            splits("AAPL", [("2025-13-01", "2")]),
            splits("AAPL", [("2025-10-20", "0")]),
            splits("AAPL", [("2025-10-20", "-2")]),
            splits("AAPL", [("2025-10-20", "NaN")]),
            splits("AAPL", [("2025-10-20", "2:1")]),
            dividends("AAPL", [("2025-10-20", "1")]),
        ],
    )
    async def test_wrong_shapes_are_refused_by_name(
        self, server: AlphaVantageServer, vendor: AlphaVantageVendor, body: dict[str, Any]
    ) -> None:
        server.next_answers.append(body)

        with pytest.raises(BadVendorData, match="AAPL: ") as caught:
            await vendor.actions("AAPL", START, END)
        assert len(str(caught.value)) < 200

    async def test_without_a_key_or_with_a_text_that_is_no_ticker_nobody_is_asked(
        self, server: AlphaVantageServer, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("MADE_UP_KEY", raising=False)
        keyless = AlphaVantageVendor(
            AlphaVantageSettings(base_url=server.base_url, key=SecretRef("env:MADE_UP_KEY")), clock
        )

        with pytest.raises(VendorNotConfigured, match="MADE_UP_KEY"):
            await keyless.actions("AAPL", START, END)
        with pytest.raises(BadTicker):
            await keyless.actions("../x", START, END)
        assert server.asked == []

    @pytest.mark.parametrize("ticker", ["SAP.DE", "TSCO.LON", "VOD.L"])
    async def test_a_foreign_listing_is_refused_because_its_currency_is_not_told(
        self, vendor: AlphaVantageVendor, ticker: str
    ) -> None:
        with pytest.raises(BadVendorData, match="does not say the currency"):
            await vendor.currency(ticker)
        assert await vendor.currency("BRK.B") == "USD"
