"""What Alpha Vantage refuses, and the pace that it wants, over a real socket."""

import asyncio
import json
import logging
from datetime import date
from typing import Any

import pytest
from aiohttp import web

from core.clock import ManualClock
from core.config.market import AlphaVantageVendor as AlphaVantageSettings
from core.config.secret import SecretRef
from core.domain.errors import (
    BadTicker,
    BadVendorData,
    VendorNotConfigured,
    VendorRateLimited,
    VendorTimeout,
    VendorUnreachable,
)
from core.market.alpha_vantage_evidence import AlphaVantageEvidence
from core.market.alpha_vantage_vendor import AlphaVantageVendor
from tests.alpha_vantage_scene import (
    FUNCTIONS,
    KEY,
    QUESTIONS,
    SINCE,
    UNTIL,
    all_questions,
    asked,
    made,
    refusal,
)
from tests.loopback.alpha_vantage_bodies import (
    BURST_NOTE_THAT_NAMES_THE_DAY,
    PREMIUM_ENDPOINT,
)
from tests.loopback.alpha_vantage_server import (
    BURST_NOTE,
    DEMO_KEY,
    OLD_RATE_NOTE,
    AlphaVantageServer,
    daily_limit,
)

pytest_plugins = ("tests.alpha_vantage_fixtures",)


class TestFailuresOfAnyQuestion:
    @all_questions
    @pytest.mark.parametrize(
        "note", [OLD_RATE_NOTE, BURST_NOTE, BURST_NOTE_THAT_NAMES_THE_DAY, daily_limit(KEY)]
    )
    async def test_a_rate_limit_with_status_200_is_named_without_the_key(
        self, server: AlphaVantageServer, vendor: AlphaVantageEvidence, note: dict[str, str], question: Any
    ) -> None:
        server.next_answers.append(note)

        failure = await refusal(question(vendor))

        assert type(failure) is VendorRateLimited
        assert "used up" in failure.reason

    @all_questions
    async def test_what_only_paid_keys_may_ask_is_a_matter_of_configuration(
        self, server: AlphaVantageServer, vendor: AlphaVantageEvidence, question: Any
    ) -> None:
        server.next_answers.append(PREMIUM_ENDPOINT)

        failure = await refusal(question(vendor))

        assert type(failure) is VendorNotConfigured
        assert "paid key" in failure.reason

    @all_questions
    @pytest.mark.parametrize("answer", [None, DEMO_KEY])
    async def test_a_key_that_is_not_accepted_is_a_matter_of_configuration(
        self, server: AlphaVantageServer, vendor: AlphaVantageEvidence, answer: Any, question: Any
    ) -> None:
        server.key = "another"
        server.next_answers.extend([answer] if answer else [])

        assert type(await refusal(question(vendor))) is VendorNotConfigured

    @all_questions
    @pytest.mark.parametrize("status", [302, 400, 403, 500, 503])
    async def test_another_status_is_a_failure(
        self, server: AlphaVantageServer, vendor: AlphaVantageEvidence, status: int, question: Any
    ) -> None:
        headers = {"Location": f"{server.base_url}/query"} if status == 302 else {}
        server.next_answers.append(web.Response(status=status, text=f"key {KEY}", headers=headers))

        failure = await refusal(question(vendor))

        assert type(failure) is VendorUnreachable
        assert f"HTTP {status}" in failure.reason

    @all_questions
    async def test_status_429_is_a_rate_limit(
        self, server: AlphaVantageServer, vendor: AlphaVantageEvidence, question: Any
    ) -> None:
        server.next_answers.append(web.Response(status=429))

        assert type(await refusal(question(vendor))) is VendorRateLimited

    @all_questions
    @pytest.mark.parametrize(
        "body",
        [
            "",
            "<html>busy</html>",
            "[]",
            "null",
            '{"a": ',
            "[" * 100_000,
            '{"a": 1}',
            f'{{"a": {"9" * 5_000}}}',
            json.dumps({"Symbol": "IBM", "symbol": "IBM", "feed": [], "pad": "x" * 5_000_000}),
        ],
        ids=["nothing", "html", "list", "null", "cut", "deep", "other", "endless", "huge"],
    )
    async def test_junk_and_endless_answers_are_refused_by_name(
        self, server: AlphaVantageServer, vendor: AlphaVantageEvidence, body: str, question: Any
    ) -> None:
        server.next_answers.append(web.Response(text=body))

        failure = await refusal(question(vendor))

        assert type(failure) is BadVendorData
        assert "IBM" in failure.reason

    @all_questions
    async def test_a_slow_answer_is_a_timeout(
        self, server: AlphaVantageServer, clock: ManualClock, monkeypatch: pytest.MonkeyPatch, question: Any
    ) -> None:
        monkeypatch.setenv("ALPHA_VANTAGE_API_KEY", KEY)
        server.delay_s = 2.0
        slow = made(server, clock, timeout_s=0.1)

        failure = await refusal(question(slow))
        await slow.close()

        assert type(failure) is VendorTimeout
        assert "0.1 seconds" in failure.reason

    @all_questions
    async def test_a_dead_address_is_unreachable_and_the_key_stays_out_of_every_trace(
        self,
        clock: ManualClock,
        monkeypatch: pytest.MonkeyPatch,
        caplog: pytest.LogCaptureFixture,
        question: Any,
    ) -> None:
        monkeypatch.setenv("ALPHA_VANTAGE_API_KEY", KEY)
        dead = AlphaVantageEvidence(AlphaVantageSettings(base_url="http://127.0.0.1:9"), clock)

        with caplog.at_level(logging.DEBUG):
            failure = await refusal(question(dead))
        await dead.close()

        assert type(failure) is VendorUnreachable
        assert failure.__suppress_context__
        assert KEY not in str(failure.__context__) + caplog.text + repr(vars(dead))

    @all_questions
    async def test_without_a_key_nobody_is_asked_and_the_variable_is_named(
        self, server: AlphaVantageServer, clock: ManualClock, monkeypatch: pytest.MonkeyPatch, question: Any
    ) -> None:
        monkeypatch.delenv("MADE_UP_KEY", raising=False)
        settings = AlphaVantageSettings(base_url=server.base_url, key=SecretRef("env:MADE_UP_KEY"))

        failure = await refusal(question(AlphaVantageEvidence(settings, clock)))

        assert type(failure) is VendorNotConfigured
        assert "MADE_UP_KEY" in failure.reason
        assert server.asked == []
        assert clock.slept == []

    @pytest.mark.parametrize("text", ["AAPL&apikey=x", "../x", "", "A" * 16])
    async def test_a_text_that_is_no_ticker_reaches_no_address(
        self, server: AlphaVantageServer, vendor: AlphaVantageEvidence, text: str
    ) -> None:
        for question in (vendor.identity, vendor.snapshot, vendor.filings):
            with pytest.raises(BadTicker):
                await question(text)
        for dated in (vendor.news, vendor.moods):
            with pytest.raises(BadTicker):
                await dated(text, SINCE, UNTIL)
        assert server.asked == []

    async def test_a_closed_vendor_opens_again(
        self, vendor: AlphaVantageEvidence, clock: ManualClock
    ) -> None:
        await vendor.identity("IBM")
        await vendor.close()
        clock.advance(121)

        assert await vendor.identity("IBM") is not None


class TestPace:
    async def test_all_questions_of_one_gathering_take_seven_a_second_apart(
        self, server: AlphaVantageServer, vendor: AlphaVantageEvidence, clock: ManualClock
    ) -> None:
        began = clock.monotonic()

        await asyncio.gather(*(question(vendor) for question in QUESTIONS.values()))

        assert sorted(asked(server)) == sorted(["OVERVIEW", *["NEWS_SENTIMENT"] * 2, *FUNCTIONS])
        assert clock.monotonic() - began >= 6.0

    async def test_prices_and_other_evidence_share_the_pace(
        self, server: AlphaVantageServer, vendor: AlphaVantageEvidence, clock: ManualClock
    ) -> None:
        prices = AlphaVantageVendor(AlphaVantageSettings(base_url=server.base_url, timeout_s=5), clock)
        await prices.daily_bars("IBM", date(2025, 10, 1), date(2025, 10, 29))

        await vendor.identity("IBM")
        await prices.actions("IBM", date(2025, 10, 1), date(2025, 10, 29))

        assert len(clock.slept) == 3
        assert min(clock.slept) >= 1.0

    async def test_once_the_requests_of_a_day_are_used_up_nothing_is_asked_until_the_next_utc_day(
        self, server: AlphaVantageServer, vendor: AlphaVantageEvidence, clock: ManualClock
    ) -> None:
        server.next_answers.append(daily_limit(KEY))
        await refusal(vendor.identity("IBM"))

        for question in QUESTIONS.values():
            assert type(failure := await refusal(question(vendor))) is VendorRateLimited
            assert "this day" in failure.reason
        clock.advance(11 * 3600 + 3_590)
        await refusal(vendor.identity("IBM"))
        assert len(server.asked) == 1

        clock.advance(60)
        assert await vendor.identity("IBM") is not None

    async def test_words_inside_a_key_that_the_vendor_repeats_say_nothing(
        self, server: AlphaVantageServer, vendor: AlphaVantageEvidence, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("ALPHA_VANTAGE_API_KEY", "DEMO42")
        server.next_answers.append(daily_limit("DEMO42"))

        assert type(await refusal(vendor.identity("IBM"))) is VendorRateLimited

    @pytest.mark.parametrize("note", [OLD_RATE_NOTE, BURST_NOTE, BURST_NOTE_THAT_NAMES_THE_DAY])
    async def test_a_limit_of_the_second_or_minute_does_not_end_the_day(
        self, server: AlphaVantageServer, vendor: AlphaVantageEvidence, note: dict[str, str]
    ) -> None:
        server.next_answers.append(note)
        await refusal(vendor.identity("IBM"))

        assert await vendor.identity("IBM") is not None

    async def test_whoever_waits_for_a_turn_while_the_day_ends_does_not_ask(
        self, server: AlphaVantageServer, vendor: AlphaVantageEvidence
    ) -> None:
        server.next_answers.append(daily_limit(KEY))

        with pytest.raises(VendorRateLimited):
            await vendor.filings("IBM")
        with pytest.raises(VendorRateLimited, match="this day"):
            await vendor.news("IBM", SINCE, UNTIL)

        assert len(server.asked) == 1

    async def test_prices_tell_that_the_day_is_used_up(
        self, server: AlphaVantageServer, vendor: AlphaVantageEvidence, clock: ManualClock
    ) -> None:
        prices = AlphaVantageVendor(AlphaVantageSettings(base_url=server.base_url, timeout_s=5), clock)
        server.next_answers.append(daily_limit(KEY))
        with pytest.raises(VendorRateLimited):
            await prices.daily_bars("IBM", date(2025, 10, 1), date(2025, 10, 29))

        assert "this day" in str(await refusal(vendor.identity("IBM")))
        assert len(server.asked) == 1
