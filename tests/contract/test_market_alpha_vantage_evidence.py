import asyncio
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from aiohttp import web

from core.clock import ManualClock
from core.config.market import AlphaVantageVendor as AlphaVantageSettings
from core.config.secret import SecretRef
from core.domain.errors import (
    BadTicker,
    BadVendorData,
    VendorFailure,
    VendorNotConfigured,
    VendorRateLimited,
    VendorTimeout,
    VendorUnreachable,
)
from core.domain.evidence_items import Identity
from core.market.alpha_vantage_evidence import AlphaVantageEvidence
from core.market.alpha_vantage_vendor import AlphaVantageVendor
from core.market.figures import STATEMENT_FIGURES, STATEMENT_RATIOS
from tests.loopback.alpha_vantage_bodies import (
    BURST_NOTE_THAT_NAMES_THE_DAY,
    INVALID_INPUTS,
    NO_ARTICLES,
    PREMIUM_ENDPOINT,
    balance_report,
    cash_report,
    earnings,
    income_report,
    news_feed,
    news_item,
    overview,
    statement,
)
from tests.loopback.alpha_vantage_server import (
    BURST_NOTE,
    DEMO_KEY,
    OLD_RATE_NOTE,
    UNKNOWN_SYMBOL,
    AlphaVantageServer,
    alpha_vantage_server,
    daily_limit,
)

KEY = "K3Y-0F-OURS"
NOW = datetime(2025, 10, 30, 12, tzinfo=UTC)
SINCE, UNTIL = NOW - timedelta(days=7), NOW
FUNCTIONS = ["INCOME_STATEMENT", "BALANCE_SHEET", "CASH_FLOW", "EARNINGS"]
QUESTIONS: dict[str, Callable[[AlphaVantageEvidence], Awaitable[Any]]] = {
    "identity": lambda vendor: vendor.identity("IBM"),
    "snapshot": lambda vendor: vendor.snapshot("IBM"),
    "filings": lambda vendor: vendor.filings("IBM"),
    "news": lambda vendor: vendor.news("IBM", SINCE, UNTIL),
    "moods": lambda vendor: vendor.moods("IBM", SINCE, UNTIL),
}
all_questions = pytest.mark.parametrize("question", QUESTIONS.values(), ids=QUESTIONS)


@pytest.fixture
async def server() -> AsyncIterator[AlphaVantageServer]:
    async with alpha_vantage_server() as running:
        running.key = KEY
        years, quarters = ["2024-12-31", "2023-12-31"], ["2025-06-30", "2024-06-30"]
        running.told = {
            ("OVERVIEW", "IBM"): overview("IBM"),
            ("INCOME_STATEMENT", "IBM"): statement(
                "IBM",
                [income_report(years[0]), income_report(years[1], revenue="61860000000")],
                [income_report(end, revenue="16977000000") for end in quarters],
            ),
            ("BALANCE_SHEET", "IBM"): statement("IBM", [balance_report(end) for end in years]),
            ("CASH_FLOW", "IBM"): statement("IBM", [cash_report(end) for end in years]),
            ("EARNINGS", "IBM"): earnings(
                "IBM", [("2025-06-30", "2025-07-23"), ("2024-12-31", "2025-01-29")]
            ),
        }
        running.feed = [
            news_item(
                "Big Blue rises", "20251029T143000", [("IBM", "0.9", "0.281232"), ("AAPL", "0.1", "-1")]
            ),
            news_item("A long list", "20251028T090000", [("IBM", "0.29", "0.9"), ("AAPL", "0.5", "0.1")]),
            news_item("Markets wait", "20251027T090000"),
            news_item("Bitcoin falls", "20251027T100000", [("CRYPTO:BTC", "0.8", "-0.4")]),
        ]
        yield running


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW)


def made(server: AlphaVantageServer, clock: ManualClock, timeout_s: float = 5) -> AlphaVantageEvidence:
    return AlphaVantageEvidence(AlphaVantageSettings(base_url=server.base_url, timeout_s=timeout_s), clock)


@pytest.fixture
async def vendor(
    server: AlphaVantageServer, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[AlphaVantageEvidence]:
    monkeypatch.setenv("ALPHA_VANTAGE_API_KEY", KEY)
    vendor = made(server, clock)
    yield vendor
    await vendor.close()


async def refusal(question: Awaitable[Any]) -> VendorFailure:
    with pytest.raises(VendorFailure) as caught:
        await question
    assert KEY not in str(caught.value) + repr(caught.value)
    assert caught.value.vendor == "alpha_vantage"
    assert len(str(caught.value)) < 200
    return caught.value


def asked(server: AlphaVantageServer) -> list[str]:
    return [query["function"] for query in server.asked]


class TestIdentityAndSnapshot:
    async def test_the_overview_says_what_the_instrument_is(self, vendor: AlphaVantageEvidence) -> None:
        assert await vendor.identity("$ibm") == Identity(
            vendor="alpha_vantage",
            name="International Business Machines",
            kind="stock",
            exchange="NYSE",
            currency="USD",
            sector="Technology",
            industry="Information Technology Services",
        )

    async def test_the_ratios_of_the_overview_are_a_snapshot_of_now(
        self, vendor: AlphaVantageEvidence, clock: ManualClock
    ) -> None:
        snapshot = await vendor.snapshot("IBM")

        assert snapshot is not None
        assert snapshot.at == clock.now()
        assert [(figure.name, str(figure.value), figure.unit) for figure in snapshot.figures] == [
            ("market cap", "286803001000", "USD"),
            ("trailing PE", "36.5200", "ratio"),
            ("forward PE", "24.9400", "ratio"),
            ("price to book", "10.2800", "ratio"),
            ("dividend yield", "0.0219", "ratio"),
            ("beta", "0.7010", "ratio"),
            ("price to sales", "4.3850", "ratio"),
            ("EV to EBITDA", "25.1234", "ratio"),
            ("return on equity", "0.3020", "ratio"),
        ]

    async def test_both_share_one_question_also_when_asked_at_the_same_time(
        self, server: AlphaVantageServer, vendor: AlphaVantageEvidence
    ) -> None:
        await asyncio.gather(vendor.identity("IBM"), vendor.snapshot("IBM"), vendor.identity("IBM"))

        assert server.asked == [{"function": "OVERVIEW", "symbol": "IBM", "apikey": KEY}]

    async def test_an_answer_serves_for_two_minutes_only(
        self, server: AlphaVantageServer, vendor: AlphaVantageEvidence, clock: ManualClock
    ) -> None:
        await vendor.identity("IBM")
        clock.advance(121)
        await vendor.identity("IBM")

        assert len(server.asked) == 2

    async def test_an_unknown_symbol_is_nothing(self, vendor: AlphaVantageEvidence) -> None:
        assert await vendor.identity("NOSUCH") is None
        assert await vendor.snapshot("NOSUCH") is None

    async def test_none_and_dashes_are_no_figures_and_no_names(
        self, server: AlphaVantageServer, vendor: AlphaVantageEvidence
    ) -> None:
        held = {name: "-" for name in overview("IBM") if "Ratio" in name or "PE" in name or "EV" in name}
        server.told["OVERVIEW", "IBM"] = overview(
            "IBM", **held, Sector="None", Industry=None, Beta="None", DividendYield="", Currency="None"
        )

        identity, snapshot = await vendor.identity("IBM"), await vendor.snapshot("IBM")

        assert identity is not None
        assert (identity.sector, identity.industry, identity.currency) == ("", "", "")
        assert snapshot is not None
        assert [figure.name for figure in snapshot.figures] == ["market cap", "return on equity"]

    @pytest.mark.parametrize("name", [None, "None", "", " ", "\u200b", "\u202e\u0000"])
    async def test_without_a_name_that_can_be_seen_there_is_no_identity(
        self, server: AlphaVantageServer, vendor: AlphaVantageEvidence, name: str | None
    ) -> None:
        server.told["OVERVIEW", "IBM"] = overview("IBM", Name=name)

        assert await vendor.identity("IBM") is None

    @pytest.mark.parametrize(
        "changed",
        [
            {"Symbol": "AAPL"},
            {"Symbol": None},
            {"Symbol": 7},
            {"Name": ["x"]},
            {"Beta": "much"},
            {"Beta": True},
            {"Beta": "Infinity"},
            {"Beta": {"raw": 1}},
            {"MarketCapitalization": "1e400"},
            {"MarketCapitalization": "9" * 1_000},
        ],
    )
    async def test_an_overview_of_another_shape_or_ticker_is_refused_by_name(
        self, server: AlphaVantageServer, vendor: AlphaVantageEvidence, changed: dict[str, Any]
    ) -> None:
        server.told["OVERVIEW", "IBM"] = {**overview("IBM"), **changed}

        failure = await refusal(vendor.identity("IBM"))

        assert type(failure) is BadVendorData
        assert "IBM" in failure.reason

    async def test_a_class_of_shares_is_asked_for_with_a_dash(
        self, server: AlphaVantageServer, vendor: AlphaVantageEvidence
    ) -> None:
        server.told["OVERVIEW", "BRK-B"] = overview("BRK.B", Name="Berkshire")

        identity = await vendor.identity("BRK.B")

        assert identity is not None
        assert identity.name == "Berkshire"


class TestFilings:
    async def test_statements_are_one_filing_a_period_with_the_figures_in_their_order(
        self, vendor: AlphaVantageEvidence
    ) -> None:
        filings = await vendor.filings("IBM")

        assert [(filing.period_end.isoformat(), filing.annual) for filing in filings] == [
            ("2024-12-31", True),
            ("2023-12-31", True),
            ("2025-06-30", False),
            ("2024-06-30", False),
        ]
        figures = filings[0].figures
        known = [name for name in STATEMENT_FIGURES if name != "diluted EPS"]
        assert [figure.name for figure in figures] == [*known, *STATEMENT_RATIOS]
        values = {figure.name: (str(figure.value), figure.unit) for figure in figures}
        assert values["revenue"] == ("62753000000", "USD")
        assert values["shares outstanding"] == ("937200000", "shares")
        assert values["free cash flow"] == ("11760000000", "USD")
        assert values["revenue growth"] == ("0.0144", "ratio")

    async def test_earnings_that_companies_adjust_are_not_told_as_diluted_earnings(
        self, vendor: AlphaVantageEvidence
    ) -> None:
        names = {figure.name for filing in await vendor.filings("IBM") for figure in filing.figures}

        assert "diluted EPS" not in names

    async def test_figures_became_known_on_the_day_of_the_report_of_their_period_where_that_is_told(
        self, vendor: AlphaVantageEvidence
    ) -> None:
        filings = await vendor.filings("IBM")

        assert [filing.filed_on for filing in filings] == [date(2025, 1, 29), None, date(2025, 7, 23), None]
        assert {filing.lag_days for filing in filings} == {None}

    @pytest.mark.parametrize("day", ["None", "-", "2024-12-31", "2024-06-01", "2027-01-01"])
    async def test_a_day_of_report_that_cannot_be_is_not_known(
        self, server: AlphaVantageServer, vendor: AlphaVantageEvidence, day: str
    ) -> None:
        server.told["EARNINGS", "IBM"] = earnings("IBM", [("2024-12-31", day)])

        assert {filing.filed_on for filing in await vendor.filings("IBM")} == {None}

    async def test_a_year_that_ends_on_a_saturday_is_matched_with_its_report_and_the_year_before(
        self, server: AlphaVantageServer, vendor: AlphaVantageEvidence
    ) -> None:
        reports = [income_report("2024-09-28", "110"), income_report("2023-09-30", "100")]
        server.told["INCOME_STATEMENT", "IBM"] = statement("IBM", reports)
        server.told["BALANCE_SHEET", "IBM"] = server.told["CASH_FLOW", "IBM"] = statement("IBM", [])
        server.told["EARNINGS", "IBM"] = earnings("IBM", [("2024-09-30", "2024-10-31")])

        latest = (await vendor.filings("IBM"))[0]

        assert latest.filed_on == date(2024, 10, 31)
        assert latest.figures[-1].name == "revenue growth"
        assert latest.figures[-1].value == Decimal("0.1000")

    async def test_four_functions_are_asked_at_least_a_second_apart(
        self, server: AlphaVantageServer, vendor: AlphaVantageEvidence, clock: ManualClock
    ) -> None:
        await vendor.filings("IBM")

        assert asked(server) == FUNCTIONS
        assert len(clock.slept) == 3
        assert min(clock.slept) >= 1.0

    async def test_only_one_is_asked_where_there_are_no_statements(
        self, server: AlphaVantageServer, vendor: AlphaVantageEvidence
    ) -> None:
        server.told["INCOME_STATEMENT", "SPY"] = statement("SPY", [])

        assert await vendor.filings("NOSUCH") == ()
        assert await vendor.filings("SPY") == ()
        assert asked(server) == ["INCOME_STATEMENT"] * 2

    async def test_what_was_answered_before_a_refusal_is_not_asked_again(
        self, server: AlphaVantageServer, vendor: AlphaVantageEvidence
    ) -> None:
        prepared = [server.told["INCOME_STATEMENT", "IBM"], server.told["BALANCE_SHEET", "IBM"], BURST_NOTE]
        server.next_answers.extend(prepared)

        assert type(await refusal(vendor.filings("IBM"))) is VendorRateLimited
        assert len(await vendor.filings("IBM")) == 4
        assert asked(server) == [*FUNCTIONS[:3], *FUNCTIONS[2:]]

    async def test_none_and_dashes_are_no_figures_and_periods_without_any_are_left_out(
        self, server: AlphaVantageServer, vendor: AlphaVantageEvidence
    ) -> None:
        nothing = dict.fromkeys(income_report(""), "None")
        reports = [
            {**nothing, "fiscalDateEnding": "2024-12-31", "netIncome": "-5", "totalRevenue": "-"},
            {**nothing, "fiscalDateEnding": "2023-12-31"},
        ]
        server.told["INCOME_STATEMENT", "IBM"] = statement("IBM", reports)
        for function in ("BALANCE_SHEET", "CASH_FLOW", "EARNINGS"):
            del server.told[function, "IBM"]

        (filing,) = await vendor.filings("IBM")

        assert [(figure.name, figure.value, figure.unit) for figure in filing.figures] == [
            ("net income", Decimal(-5), "")
        ]

    @pytest.mark.parametrize("place", range(4))
    @pytest.mark.parametrize(
        "body",
        [
            {"symbol": "AAPL", "annualReports": [], "quarterlyReports": []},
            {"annualReports": []},
            {"symbol": "IBM", "annualReports": {}, "quarterlyEarnings": {}},
            {"symbol": "IBM", "annualReports": [None], "quarterlyEarnings": [None]},
            {"symbol": "IBM", "annualReports": [{}], "quarterlyEarnings": [{}]},
            {
                "symbol": "IBM",
                "annualReports": [{"fiscalDateEnding": 20241231}],
                "quarterlyEarnings": [{"fiscalDateEnding": 20241231}],
            },
            {
                "symbol": "IBM",
                "annualReports": [{"fiscalDateEnding": "9999-12-31"}],
                "quarterlyEarnings": [{"fiscalDateEnding": "9999-12-31"}],
            },
        ],
    )
    async def test_wrong_shapes_of_any_function_are_refused_by_name(
        self, server: AlphaVantageServer, vendor: AlphaVantageEvidence, place: int, body: dict[str, Any]
    ) -> None:
        server.told[FUNCTIONS[place], "IBM"] = body

        failure = await refusal(vendor.filings("IBM"))

        assert type(failure) is BadVendorData
        assert "IBM" in failure.reason

    @pytest.mark.parametrize("figure", ["many", "NaN1", "1e999", "9" * 100, True, [1], {"raw": 1}])
    async def test_figures_that_are_no_numbers_are_refused(
        self, server: AlphaVantageServer, vendor: AlphaVantageEvidence, figure: Any
    ) -> None:
        server.told["CASH_FLOW", "IBM"] = statement(
            "IBM", [cash_report("2024-12-31", operatingCashflow=figure)]
        )

        assert type(await refusal(vendor.filings("IBM"))) is BadVendorData

    async def test_statements_of_one_period_in_two_currencies_are_refused(
        self, server: AlphaVantageServer, vendor: AlphaVantageEvidence
    ) -> None:
        server.told["CASH_FLOW", "IBM"] = statement(
            "IBM", [cash_report("2024-12-31", reportedCurrency="TWD")]
        )

        assert "two currencies" in str(await refusal(vendor.filings("IBM")))


class TestNewsAndMoods:
    async def test_news_keeps_title_publisher_time_in_utc_and_link(
        self, server: AlphaVantageServer, vendor: AlphaVantageEvidence
    ) -> None:
        first, second = await vendor.news("IBM", SINCE, UNTIL)

        assert first.title == "Big Blue rises"
        assert first.summary == "Big Blue rises, in a few words more."
        assert (first.publisher, first.vendor, first.market_wide) == ("Example News", "alpha_vantage", False)
        assert first.published_at == datetime(2025, 10, 29, 14, 30, tzinfo=UTC)
        assert first.url == "https://news.example/big-blue-rises"
        assert second.title == "A long list"
        assert server.asked == [
            {
                "function": "NEWS_SENTIMENT",
                "tickers": "IBM",
                "time_from": "20251023T1200",
                "time_to": "20251030T1200",
                "sort": "LATEST",
                "limit": "200",
                "apikey": KEY,
            }
        ]

    async def test_moods_are_the_scores_of_items_that_are_about_the_ticker(
        self, vendor: AlphaVantageEvidence
    ) -> None:
        (mood,) = await vendor.moods("IBM", SINCE, UNTIL)

        assert (mood.text, mood.score, mood.voices) == ("Big Blue rises", Decimal("0.2812"), None)
        assert mood.at == datetime(2025, 10, 29, 14, 30, tzinfo=UTC)
        assert mood.url == "https://news.example/big-blue-rises"

    async def test_news_and_moods_of_the_same_times_share_one_question(
        self, server: AlphaVantageServer, vendor: AlphaVantageEvidence
    ) -> None:
        await asyncio.gather(vendor.news("IBM", SINCE, UNTIL), vendor.moods("IBM", SINCE, UNTIL))

        assert asked(server) == ["NEWS_SENTIMENT"]

    async def test_a_crypto_currency_is_asked_for_by_the_name_that_the_feed_has_for_it(
        self, server: AlphaVantageServer, vendor: AlphaVantageEvidence
    ) -> None:
        (mood,) = await vendor.moods("BTC-USD", SINCE, UNTIL)

        assert mood.score == Decimal("-0.4")
        assert server.asked[0]["tickers"] == "CRYPTO:BTC"

    @pytest.mark.parametrize("ticker", ["^GSPC", "EURUSD=X", "SAP.DE"])
    async def test_what_the_feed_has_no_name_for_gets_news_of_the_markets_and_no_mood(
        self, server: AlphaVantageServer, vendor: AlphaVantageEvidence, ticker: str
    ) -> None:
        news = await vendor.news(ticker, SINCE, UNTIL)

        assert len(news) == 4
        assert all(item.market_wide for item in news)
        assert await vendor.moods(ticker, SINCE, UNTIL) == ()
        assert await vendor.filings(ticker) == ()
        assert await vendor.identity(ticker) is None
        assert [query["topics"] for query in server.asked] == ["financial_markets"]
        assert "tickers" not in server.asked[0]

    @pytest.mark.parametrize("body", [NO_ARTICLES, INVALID_INPUTS, news_feed([]), {}, UNKNOWN_SYMBOL])
    async def test_no_articles_are_no_failure(
        self, server: AlphaVantageServer, vendor: AlphaVantageEvidence, body: dict[str, Any]
    ) -> None:
        server.next_answers.append(body)

        assert await vendor.news("IBM", SINCE, UNTIL) == ()
        assert await vendor.moods("IBM", SINCE, UNTIL) == ()

    @pytest.mark.parametrize(
        "stamp", [None, "", "yesterday", "20251329T143000", "2025-10-29", 20251029, "２０２５1029T143000"]
    )
    async def test_a_time_that_cannot_be_read_is_none(
        self, server: AlphaVantageServer, vendor: AlphaVantageEvidence, stamp: Any
    ) -> None:
        server.next_answers.append(news_feed([news_item("News", stamp, [("IBM", "1", "0")])]))

        (item,) = await vendor.news("IBM", SINCE, UNTIL)

        assert item.published_at is None

    @pytest.mark.parametrize("link", [None, "", "javascript:alert(1)", "https://x.example/<b>", 7, "http://"])
    async def test_a_link_that_is_none_is_left_out(
        self, server: AlphaVantageServer, vendor: AlphaVantageEvidence, link: Any
    ) -> None:
        server.next_answers.append(news_feed([news_item("News", "20251029T1430", url=link)]))

        (item,) = await vendor.news("IBM", SINCE, UNTIL)

        assert item.url is None
        assert item.published_at == datetime(2025, 10, 29, 14, 30, tzinfo=UTC)

    @pytest.mark.parametrize(
        ("relevance", "score"),
        [("0.3", "1.5"), ("0.3", "-1.01"), ("None", "0.5"), ("0.9", "None"), ("2", "0.5"), ("0.2999", "0.5")],
    )
    async def test_a_score_that_says_nothing_about_the_ticker_is_no_mood(
        self, server: AlphaVantageServer, vendor: AlphaVantageEvidence, relevance: str, score: str
    ) -> None:
        item = news_item("News", "20251029T143000", [("IBM", relevance, score), ("AAPL", "1", "1")])
        server.next_answers.append(news_feed([item]))

        assert await vendor.moods("IBM", SINCE, UNTIL) == ()
        assert len(await vendor.news("IBM", SINCE, UNTIL)) == 1

    async def test_hostile_texts_are_made_plain_and_short(
        self, server: AlphaVantageServer, vendor: AlphaVantageEvidence
    ) -> None:
        title = "Buy\u200b\u202e now\n\n<b>ignore</b>"
        feed = [news_item(title, "20251029T143000", summary="x" * 1_000_000), news_item("\u200b", "x")]
        server.next_answers.append(news_feed(feed))

        (item,) = await vendor.news("IBM", SINCE, UNTIL)

        assert item.title == "Buy now <b>ignore</b>"
        assert len(item.summary) == 2_000

    async def test_items_that_cannot_be_read_are_left_out_and_a_feed_of_only_such_is_refused(
        self, server: AlphaVantageServer, vendor: AlphaVantageEvidence, clock: ManualClock
    ) -> None:
        junk: list[Any] = [
            None,
            7,
            "text",
            [],
            {},
            {"title": 7},
            news_item("", "x"),
            news_item("x", "x") | {"ticker_sentiment": 5},
        ]
        server.next_answers.extend([news_feed([*junk, news_item("Good", "x")]), news_feed(junk)])

        assert [item.title for item in await vendor.news("IBM", SINCE, UNTIL)] == ["Good"]
        clock.advance(121)
        assert type(await refusal(vendor.news("IBM", SINCE, UNTIL))) is BadVendorData

    @pytest.mark.parametrize("feed", [None, {}, "feed", 7, [None] * 6_000])
    async def test_a_feed_that_is_none_is_refused(
        self, server: AlphaVantageServer, vendor: AlphaVantageEvidence, feed: Any
    ) -> None:
        server.next_answers.append({"items": "1", "feed": feed})

        assert type(await refusal(vendor.news("IBM", SINCE, UNTIL))) is BadVendorData


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
    async def test_all_questions_of_one_gathering_take_six_a_second_apart(
        self, server: AlphaVantageServer, vendor: AlphaVantageEvidence, clock: ManualClock
    ) -> None:
        began = clock.monotonic()

        await asyncio.gather(*(question(vendor) for question in QUESTIONS.values()))

        assert sorted(asked(server)) == sorted(["OVERVIEW", "NEWS_SENTIMENT", *FUNCTIONS])
        assert clock.monotonic() - began >= 5.0

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
