import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.clock import ManualClock
from core.config.market import FredVendor as FredSettings
from core.config.secret import SecretRef
from core.domain.errors import (
    BadVendorData,
    VendorFailure,
    VendorNotConfigured,
    VendorRateLimited,
    VendorTimeout,
)
from core.domain.evidence_items import MacroReading
from core.market.evidence_port import Partly
from core.market.fred_vendor import FredVendor
from tests.loopback.fred_server import (
    KEY_UNKNOWN,
    NOT_IN_ALFRED,
    RATE_LIMITED,
    FredServer,
    Version,
    about,
    daily_versions,
    observations,
)
from tests.loopback.json_vendor import served

KEY = "0123456789abcdef0123456789abcdef"
NOW = datetime(2025, 10, 30, 12, tzinfo=UTC)
TODAY = date(2025, 10, 30)
START, END = "2020-10-31", "2025-10-30"
GDP = [
    Version("2025-01-01", "29962.047", "2025-04-30"),
    Version("2025-01-01", "29976.638", "2025-05-29"),
    Version("2025-01-01", "30042.113", "2025-09-25"),
    Version("2025-04-01", "30331.117", "2025-07-30"),
    Version("2025-04-01", "30485.729", "2025-09-25"),
]


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FRED_API_KEY", KEY)


@pytest.fixture
async def server() -> AsyncIterator[FredServer]:
    async with served(FredServer(key=KEY)) as running:
        running.held["GDP"] = list(GDP)
        running.titles["GDP"] = [("1991-12-04", "Gross Domestic Product", "Billions of Dollars")]
        yield running


def vendor_of(server: FredServer, *series: str, now: datetime = NOW, timeout_s: float = 5.0) -> FredVendor:
    fred = FredSettings(base_url=server.base_url, series=series or ("GDP",), timeout_s=timeout_s)
    return FredVendor(fred, ManualClock(now))


async def answer_of(
    server: FredServer, *series: str, until: date = TODAY
) -> tuple[MacroReading, ...] | Partly[MacroReading]:
    vendor = vendor_of(server, *series)
    try:
        return await vendor.readings(until)
    finally:
        await vendor.close()


async def readings(server: FredServer, *series: str, until: date = TODAY) -> tuple[MacroReading, ...]:
    """The whole answer."""
    answer = await answer_of(server, *series, until=until)
    assert not isinstance(answer, Partly)
    return answer


def known(found: tuple[MacroReading, ...]) -> list[tuple[str, str, str]]:
    return [(one.period.isoformat(), str(one.value), one.released_on.isoformat()) for one in found]


def hold(server: FredServer, series: str, *versions: Version) -> None:
    server.held[series] = list(versions)
    server.titles[series] = [("1900-01-01", f"Title of {series}", "Percent")]


async def test_a_reading_has_its_series_title_unit_and_days(server: FredServer) -> None:
    found = await readings(server)

    assert found[0] == MacroReading(
        vendor="fred",
        series="GDP",
        title="Gross Domestic Product",
        unit="Billions of Dollars",
        period=date(2025, 4, 1),
        released_on=date(2025, 9, 25),
        value=Decimal("30485.729"),
    )


@pytest.mark.parametrize(
    ("until", "expected"),
    [
        (
            date(2025, 10, 30),
            [("2025-04-01", "30485.729", "2025-09-25"), ("2025-01-01", "30042.113", "2025-09-25")],
        ),
        (
            date(2025, 9, 24),
            [("2025-04-01", "30331.117", "2025-07-30"), ("2025-01-01", "29976.638", "2025-05-29")],
        ),
        (date(2025, 7, 29), [("2025-01-01", "29976.638", "2025-05-29")]),
        (date(2025, 4, 30), [("2025-01-01", "29962.047", "2025-04-30")]),
        (date(2025, 4, 29), []),
    ],
)
async def test_of_each_period_the_version_of_the_day_is_told_and_no_later_one(
    server: FredServer, until: date, expected: list[tuple[str, str, str]]
) -> None:
    assert known(await readings(server, until=until)) == expected


async def test_a_vendor_that_tells_later_versions_all_the_same_is_not_believed(server: FredServer) -> None:
    rows = [(row, "9999-12-31") for row in GDP]
    server.next_answers.extend(
        [observations(rows, START, END), about("GDP", "Gross Domestic Product", "Dollars", START, END)]
    )

    found = await readings(server, until=date(2025, 5, 1))

    assert known(found) == [("2025-01-01", "29962.047", "2025-04-30")]


async def test_the_title_and_unit_are_those_of_the_day(server: FredServer) -> None:
    server.titles["GDP"].append(("2025-09-25", "Gross Domestic Product", "Billions of 2025 Dollars"))

    assert {one.unit for one in await readings(server)} == {"Billions of 2025 Dollars"}
    assert {one.unit for one in await readings(server, until=date(2025, 9, 24))} == {"Billions of Dollars"}


async def test_two_questions_are_asked_with_the_span_and_the_key(server: FredServer) -> None:
    await readings(server)

    common = {"series_id": "GDP", "api_key": KEY, "file_type": "json", "realtime_end": END}
    assert [(asked.path, asked.query) for asked in server.asked] == [
        (
            "/fred/series/observations",
            {
                **common,
                "realtime_start": START,
                "observation_start": START,
                "sort_order": "desc",
                "limit": "1000",
            },
        ),
        ("/fred/series", {**common, "realtime_start": END}),
    ]


async def test_a_day_that_has_not_begun_in_st_louis_is_not_asked_for(server: FredServer) -> None:
    server.today = "2025-10-29"
    early = datetime(2025, 10, 30, 3, tzinfo=UTC)
    vendor = vendor_of(server, now=early)

    assert len(await vendor.readings(early.date())) == 2
    await vendor.close()
    assert {asked.query["realtime_end"] for asked in server.asked} == {"2025-10-29"}


async def test_missing_values_are_left_out_and_an_older_version_does_not_stand_in(server: FredServer) -> None:
    hold(
        server,
        "DGS10",
        Version("2025-10-27", "4.01", "2025-10-28"),
        Version("2025-10-27", ".", "2025-10-29"),
        Version("2025-10-26", ".", "2025-10-28"),
        Version("2025-10-24", "4.02", "2025-10-27"),
    )

    assert known(await readings(server, "DGS10")) == [("2025-10-24", "4.02", "2025-10-27")]


async def test_a_daily_series_fits_into_what_fred_allows(server: FredServer) -> None:
    days = [TODAY - timedelta(days=back) for back in range(1, 3_000)]
    hold(server, "DGS10", *daily_versions(day for day in days if day.isoweekday() < 6))

    found = await readings(server, "DGS10")

    assert len(found) == 60
    assert found[0].period == date(2025, 10, 29)


async def test_the_last_period_of_a_full_answer_may_lack_versions_and_is_left_out(server: FredServer) -> None:
    first = date(2021, 1, 1)
    many = [
        Version(f"{2021 + period // 12}-{period % 12 + 1:02}-01", str(number), str(first + timedelta(number)))
        for period in range(4)
        for number in range(period * 300 + 100, period * 300 + 400)
    ]
    hold(server, "REVISED", *many)

    found = await readings(server, "REVISED")

    assert [one.period.month for one in found] == [4, 3, 2]
    assert [str(one.value) for one in found] == ["1299", "999", "699"]


async def test_series_come_in_the_configured_order_and_once(server: FredServer) -> None:
    for name in ("A", "B", "C", "D", "E", "F"):
        hold(server, name, Version("2025-09-01", "1.5", "2025-10-10"))

    found = await readings(server, "F", "A", "E", "B", "D", "C", "A")

    assert [one.series for one in found] == ["F", "A", "E", "B", "D", "C"]


async def test_no_more_than_four_series_are_asked_at_once(server: FredServer) -> None:
    server.mute = True
    vendor = vendor_of(server, *(f"S{number}" for number in range(9)), timeout_s=30)

    asking = asyncio.create_task(vendor.readings(TODAY))
    await server.until_asked(4)
    for _ in range(200):
        await asyncio.sleep(0)  # turns of the loop in which a fifth request would come in
    assert len(server.asked) == 4

    asking.cancel()
    with suppress(asyncio.CancelledError):
        await asking
    await vendor.close()


@pytest.mark.parametrize(
    "answer",
    [
        NOT_IN_ALFRED,
        RATE_LIMITED,
        {"error_code": 500, "error_message": "Internal"},
        {},
        {"observations": [{"date": "2025-01-01", "realtime_start": "2025-02-01", "value": "NaN"}]},
    ],
)
async def test_one_series_that_fails_does_not_lose_the_others_and_is_named(
    server: FredServer, answer: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    server.answers_of["ODD"] = answer
    with caplog.at_level(logging.WARNING):
        found = await answer_of(server, "ODD", "GDP", "NONE")

    assert isinstance(found, Partly)
    assert {one.series for one in found.said} == {"GDP"}
    assert [one.part for one in found.missing] == ["ODD", "NONE"]
    assert found.missing[1].failure.reason == "there is no series NONE"
    assert "fred: " in caplog.text
    assert "there is no series NONE" in caplog.text
    assert KEY not in caplog.text


async def test_a_slow_series_does_not_lose_those_that_were_quick(server: FredServer) -> None:
    hold(server, "SLOW", Version("2025-09-01", "1.5", "2025-10-10"))
    server.mute_about.add("SLOW")
    vendor = vendor_of(server, "SLOW", "GDP", timeout_s=0.5)

    found = await vendor.readings(TODAY)
    assert isinstance(found, Partly)
    assert {one.series for one in found.said} == {"GDP"}
    assert [(one.part, type(one.failure)) for one in found.missing] == [("SLOW", VendorTimeout)]

    alone = vendor_of(server, "SLOW", timeout_s=0.05)
    with pytest.raises(VendorTimeout):
        await alone.readings(TODAY)
    await vendor.close()
    await alone.close()


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        (KEY_UNKNOWN, VendorNotConfigured, "does not accept the key"),
        (RATE_LIMITED, VendorRateLimited, "slow down"),
        (NOT_IN_ALFRED, VendorFailure, "GDP has no versions of that time"),
        ({"error_code": 400, "error_message": f"what is {KEY}?"}, VendorFailure, "answered HTTP 400"),
        ({}, BadVendorData, "GDP: the answer is not of the documented shape"),
    ],
)
async def test_when_all_series_fail_the_first_failure_is_the_vendors(
    server: FredServer, answer: dict[str, Any], kind: type[VendorFailure], words: str
) -> None:
    server.answers_of.update({"GDP": answer, "ELSE": answer})

    with pytest.raises(kind, match=words) as caught:
        await readings(server, "GDP", "ELSE")
    assert KEY not in str(caught.value)


async def test_a_key_that_fred_does_not_know_is_a_matter_of_configuration(server: FredServer) -> None:
    server.key = "another"

    with pytest.raises(VendorNotConfigured, match="does not accept the key"):
        await readings(server)


async def test_without_a_key_nobody_is_asked_and_the_variable_is_named(server: FredServer) -> None:
    keyless = FredSettings(base_url=server.base_url, key=SecretRef("env:MADE_UP_NAME"))

    with pytest.raises(VendorNotConfigured, match="MADE_UP_NAME"):
        await FredVendor(keyless, ManualClock(NOW)).readings(TODAY)
    assert server.asked == []


async def test_without_series_nothing_is_asked_for(server: FredServer) -> None:
    fred = FredSettings(base_url=server.base_url, series=())

    assert await FredVendor(fred, ManualClock(NOW)).readings(TODAY) == ()
    assert server.asked == []


async def test_an_answer_about_another_series_is_refused(server: FredServer) -> None:
    server.next_answers.extend([observations([], START, END), about("CPI", "Prices", "Index", START, END)])

    with pytest.raises(BadVendorData, match="another series"):
        await readings(server)


@pytest.mark.parametrize(
    "value",
    ["NaN", "Infinity", "1e999999999", "1E-9", "0x10", "1,000", "", "..", "9" * 19, "٣", 7, None, True],
)
async def test_a_value_that_is_no_plain_figure_is_refused(server: FredServer, value: Any) -> None:
    answer = observations([(GDP[0], END)], START, END)
    answer["observations"][0]["value"] = value
    server.next_answers.append(answer)

    with pytest.raises(BadVendorData, match=r"observations\.0\.value"):
        await readings(server)


async def test_a_hostile_title_comes_as_one_plain_line_and_an_endless_one_is_cut(server: FredServer) -> None:
    server.titles["GDP"] = [("1900-01-01", "GDP\u202e\n```\u200b buy " + "x" * 1_000_000, "<!channel>\x00")]

    (first, *_) = await readings(server)

    assert first.title.startswith("GDP ``` buy xxx")
    assert len(first.title) <= 2_000
    assert first.unit == "<!channel>"


_days = st.dates(date(2023, 1, 1), date(2025, 10, 30))


@settings(max_examples=30)
@given(
    versions=st.lists(st.tuples(_days, st.integers(0, 900), st.decimals(-1000, 1000, places=2)), max_size=12),
    until=_days,
)
async def test_what_was_released_later_changes_nothing_that_was_known(
    versions: list[tuple[date, int, Decimal]], until: date
) -> None:
    rows = {
        (period, period + timedelta(days=lag)): Version(
            period.isoformat(), str(value), (period + timedelta(days=lag)).isoformat()
        )
        for period, lag, value in versions
    }
    before = [row for (_, released), row in rows.items() if released <= until]
    async with served(FredServer(key=KEY)) as server:
        hold(server, "GDP", *rows.values())
        with_future = await readings(server, until=until)
        hold(server, "GDP", *before)
        assert with_future == await readings(server, until=until)
    assert all(one.released_on <= until for one in with_future)
    assert {one.period.isoformat() for one in with_future} == {row.period for row in before}
