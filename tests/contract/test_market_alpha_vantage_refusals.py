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
        self,
        alpha_vantage: AlphaVantageServer,
        alpha_vantage_evidence: AlphaVantageEvidence,
        note: dict[str, str],
        question: Any,
    ) -> None:
        alpha_vantage.next_answers.append(note)

        failure = await refusal(question(alpha_vantage_evidence))

        assert type(failure) is VendorRateLimited
        assert "used up" in failure.reason

    @all_questions
    async def test_what_only_paid_keys_may_ask_is_a_matter_of_configuration(
        self, alpha_vantage: AlphaVantageServer, alpha_vantage_evidence: AlphaVantageEvidence, question: Any
    ) -> None:
        alpha_vantage.next_answers.append(PREMIUM_ENDPOINT)

        failure = await refusal(question(alpha_vantage_evidence))

        assert type(failure) is VendorNotConfigured
        assert "paid key" in failure.reason

    @all_questions
    @pytest.mark.parametrize("answer", [None, DEMO_KEY])
    async def test_a_key_that_is_not_accepted_is_a_matter_of_configuration(
        self,
        alpha_vantage: AlphaVantageServer,
        alpha_vantage_evidence: AlphaVantageEvidence,
        answer: Any,
        question: Any,
    ) -> None:
        alpha_vantage.key = "another"
        alpha_vantage.next_answers.extend([answer] if answer else [])

        assert type(await refusal(question(alpha_vantage_evidence))) is VendorNotConfigured

    @all_questions
    @pytest.mark.parametrize("status", [302, 400, 403, 500, 503])
    async def test_another_status_is_a_failure(
        self,
        alpha_vantage: AlphaVantageServer,
        alpha_vantage_evidence: AlphaVantageEvidence,
        status: int,
        question: Any,
    ) -> None:
        headers = {"Location": f"{alpha_vantage.base_url}/query"} if status == 302 else {}
        alpha_vantage.next_answers.append(web.Response(status=status, text=f"key {KEY}", headers=headers))

        failure = await refusal(question(alpha_vantage_evidence))

        assert type(failure) is VendorUnreachable
        assert f"HTTP {status}" in failure.reason

    @all_questions
    async def test_status_429_is_a_rate_limit(
        self, alpha_vantage: AlphaVantageServer, alpha_vantage_evidence: AlphaVantageEvidence, question: Any
    ) -> None:
        alpha_vantage.next_answers.append(web.Response(status=429))

        assert type(await refusal(question(alpha_vantage_evidence))) is VendorRateLimited

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
        self,
        alpha_vantage: AlphaVantageServer,
        alpha_vantage_evidence: AlphaVantageEvidence,
        body: str,
        question: Any,
    ) -> None:
        alpha_vantage.next_answers.append(web.Response(text=body))

        failure = await refusal(question(alpha_vantage_evidence))

        assert type(failure) is BadVendorData
        assert "IBM" in failure.reason

    @all_questions
    async def test_a_slow_answer_is_a_timeout(
        self,
        alpha_vantage: AlphaVantageServer,
        alpha_vantage_clock: ManualClock,
        monkeypatch: pytest.MonkeyPatch,
        question: Any,
    ) -> None:
        monkeypatch.setenv("ALPHA_VANTAGE_API_KEY", KEY)
        alpha_vantage.delay_s = 2.0
        slow = made(alpha_vantage, alpha_vantage_clock, timeout_s=0.1)

        failure = await refusal(question(slow))
        await slow.close()

        assert type(failure) is VendorTimeout
        assert "0.1 seconds" in failure.reason

    @all_questions
    async def test_a_dead_address_is_unreachable_and_the_key_stays_out_of_every_trace(
        self,
        alpha_vantage_clock: ManualClock,
        monkeypatch: pytest.MonkeyPatch,
        caplog: pytest.LogCaptureFixture,
        question: Any,
    ) -> None:
        monkeypatch.setenv("ALPHA_VANTAGE_API_KEY", KEY)
        dead = AlphaVantageEvidence(AlphaVantageSettings(base_url="http://127.0.0.1:9"), alpha_vantage_clock)

        with caplog.at_level(logging.DEBUG):
            failure = await refusal(question(dead))
        await dead.close()

        assert type(failure) is VendorUnreachable
        assert failure.__suppress_context__
        assert KEY not in str(failure.__context__) + caplog.text + repr(vars(dead))

    @all_questions
    async def test_without_a_key_nobody_is_asked_and_the_variable_is_named(
        self,
        alpha_vantage: AlphaVantageServer,
        alpha_vantage_clock: ManualClock,
        monkeypatch: pytest.MonkeyPatch,
        question: Any,
    ) -> None:
        monkeypatch.delenv("MADE_UP_KEY", raising=False)
        settings = AlphaVantageSettings(base_url=alpha_vantage.base_url, key=SecretRef("env:MADE_UP_KEY"))

        failure = await refusal(question(AlphaVantageEvidence(settings, alpha_vantage_clock)))

        assert type(failure) is VendorNotConfigured
        assert "MADE_UP_KEY" in failure.reason
        assert alpha_vantage.asked == []
        assert alpha_vantage_clock.slept == []

    @pytest.mark.parametrize("text", ["AAPL&apikey=x", "../x", "", "A" * 16])
    async def test_a_text_that_is_no_ticker_reaches_no_address(
        self, alpha_vantage: AlphaVantageServer, alpha_vantage_evidence: AlphaVantageEvidence, text: str
    ) -> None:
        for question in (
            alpha_vantage_evidence.identity,
            alpha_vantage_evidence.snapshot,
            alpha_vantage_evidence.filings,
        ):
            with pytest.raises(BadTicker):
                await question(text)
        for dated in (alpha_vantage_evidence.news, alpha_vantage_evidence.moods):
            with pytest.raises(BadTicker):
                await dated(text, SINCE, UNTIL)
        assert alpha_vantage.asked == []

    async def test_a_closed_vendor_opens_again(
        self, alpha_vantage_evidence: AlphaVantageEvidence, alpha_vantage_clock: ManualClock
    ) -> None:
        await alpha_vantage_evidence.identity("IBM")
        await alpha_vantage_evidence.close()
        alpha_vantage_clock.advance(121)

        assert await alpha_vantage_evidence.identity("IBM") is not None


class TestPace:
    async def test_all_questions_of_one_gathering_take_seven_a_second_apart(
        self,
        alpha_vantage: AlphaVantageServer,
        alpha_vantage_evidence: AlphaVantageEvidence,
        alpha_vantage_clock: ManualClock,
    ) -> None:
        began = alpha_vantage_clock.monotonic()

        await asyncio.gather(*(question(alpha_vantage_evidence) for question in QUESTIONS.values()))

        assert sorted(asked(alpha_vantage)) == sorted(["OVERVIEW", *["NEWS_SENTIMENT"] * 2, *FUNCTIONS])
        assert alpha_vantage_clock.monotonic() - began >= 6.0

    async def test_prices_and_other_evidence_share_the_pace(
        self,
        alpha_vantage: AlphaVantageServer,
        alpha_vantage_evidence: AlphaVantageEvidence,
        alpha_vantage_clock: ManualClock,
    ) -> None:
        prices = AlphaVantageVendor(
            AlphaVantageSettings(base_url=alpha_vantage.base_url, timeout_s=5), alpha_vantage_clock
        )
        await prices.daily_bars("IBM", date(2025, 10, 1), date(2025, 10, 29))

        await alpha_vantage_evidence.identity("IBM")
        await prices.actions("IBM", date(2025, 10, 1), date(2025, 10, 29))

        assert len(alpha_vantage_clock.slept) == 3
        assert min(alpha_vantage_clock.slept) >= 1.0

    async def test_once_the_requests_of_a_day_are_used_up_nothing_is_asked_until_the_next_utc_day(
        self,
        alpha_vantage: AlphaVantageServer,
        alpha_vantage_evidence: AlphaVantageEvidence,
        alpha_vantage_clock: ManualClock,
    ) -> None:
        alpha_vantage.next_answers.append(daily_limit(KEY))
        await refusal(alpha_vantage_evidence.identity("IBM"))

        for question in QUESTIONS.values():
            assert type(failure := await refusal(question(alpha_vantage_evidence))) is VendorRateLimited
            assert "this day" in failure.reason
        alpha_vantage_clock.advance(11 * 3600 + 3_590)
        await refusal(alpha_vantage_evidence.identity("IBM"))
        assert len(alpha_vantage.asked) == 1

        alpha_vantage_clock.advance(60)
        assert await alpha_vantage_evidence.identity("IBM") is not None

    async def test_words_inside_a_key_that_the_vendor_repeats_say_nothing(
        self,
        alpha_vantage: AlphaVantageServer,
        alpha_vantage_evidence: AlphaVantageEvidence,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setenv("ALPHA_VANTAGE_API_KEY", "DEMO42")
        alpha_vantage.next_answers.append(daily_limit("DEMO42"))

        assert type(await refusal(alpha_vantage_evidence.identity("IBM"))) is VendorRateLimited

    @pytest.mark.parametrize("note", [OLD_RATE_NOTE, BURST_NOTE, BURST_NOTE_THAT_NAMES_THE_DAY])
    async def test_a_limit_of_the_second_or_minute_does_not_end_the_day(
        self,
        alpha_vantage: AlphaVantageServer,
        alpha_vantage_evidence: AlphaVantageEvidence,
        note: dict[str, str],
    ) -> None:
        alpha_vantage.next_answers.append(note)
        await refusal(alpha_vantage_evidence.identity("IBM"))

        assert await alpha_vantage_evidence.identity("IBM") is not None

    async def test_whoever_waits_for_a_turn_while_the_day_ends_does_not_ask(
        self, alpha_vantage: AlphaVantageServer, alpha_vantage_evidence: AlphaVantageEvidence
    ) -> None:
        alpha_vantage.next_answers.append(daily_limit(KEY))

        with pytest.raises(VendorRateLimited):
            await alpha_vantage_evidence.filings("IBM")
        with pytest.raises(VendorRateLimited, match="this day"):
            await alpha_vantage_evidence.news("IBM", SINCE, UNTIL)

        assert len(alpha_vantage.asked) == 1

    async def test_prices_tell_that_the_day_is_used_up(
        self,
        alpha_vantage: AlphaVantageServer,
        alpha_vantage_evidence: AlphaVantageEvidence,
        alpha_vantage_clock: ManualClock,
    ) -> None:
        prices = AlphaVantageVendor(
            AlphaVantageSettings(base_url=alpha_vantage.base_url, timeout_s=5), alpha_vantage_clock
        )
        alpha_vantage.next_answers.append(daily_limit(KEY))
        with pytest.raises(VendorRateLimited):
            await prices.daily_bars("IBM", date(2025, 10, 1), date(2025, 10, 29))

        assert "this day" in str(await refusal(alpha_vantage_evidence.identity("IBM")))
        assert len(alpha_vantage.asked) == 1
