"""What Yahoo tells beside prices, read over a real socket through the real library."""

import threading
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from aiohttp import web

from core.domain.errors import BadTicker, BadVendorData
from core.domain.evidence_items import Figure, Filing, Identity, NewsItem
from core.market.yahoo_evidence import MARKET, YahooEvidence
from tests.loopback.yahoo_evidence import APPLE, NOW, article, flat_article, points
from tests.loopback.yahoo_server import YahooServer

pytest_plugins = ("tests.yfinance_scene",)

SINCE = NOW - timedelta(days=7)
AT = datetime(2025, 10, 30, 12, 34, 56, tzinfo=UTC)


async def news(evidence: YahooEvidence, symbol: str) -> tuple[NewsItem, ...]:
    return await evidence.news(symbol, SINCE, NOW)


def figures(filing: Filing) -> dict[str, tuple[Decimal, str]]:
    return {figure.name: (figure.value, figure.unit) for figure in filing.figures}


class TestIdentity:
    async def test_a_share_has_a_name_a_kind_an_exchange_a_currency_and_its_trade(
        self, server: YahooServer, evidence: YahooEvidence, symbol: str
    ) -> None:
        server.profiles[symbol] = APPLE

        assert await evidence.identity(symbol) == Identity(
            vendor="yfinance",
            name="Apple Inc.",
            kind="stock",
            exchange="NasdaqGS",
            currency="USD",
            sector="Technology",
            industry="Consumer Electronics",
        )

    @pytest.mark.parametrize(
        ("told", "kind"),
        [
            ("ETF", "etf"),
            ("CRYPTOCURRENCY", "crypto"),
            ("INDEX", "index"),
            ("MUTUALFUND", "fund"),
            ("CURRENCY", "currency"),
            ("<script>", ""),
        ],
    )
    async def test_other_kinds_are_plain_words_and_need_no_sector(
        self, server: YahooServer, evidence: YahooEvidence, symbol: str, told: str, kind: str
    ) -> None:
        server.profiles[symbol] = {"price": {**APPLE["price"], "quoteType": told}}

        identity = await evidence.identity(symbol)

        assert identity is not None
        assert (identity.kind, identity.sector, identity.industry) == (kind, "", "")

    async def test_pence_are_called_by_the_code_of_the_pound(
        self, server: YahooServer, evidence: YahooEvidence, symbol: str
    ) -> None:
        server.profiles[symbol] = {"price": {**APPLE["price"], "currency": "GBp"}}

        identity = await evidence.identity(symbol)

        assert identity is not None
        assert identity.currency == "GBP"

    async def test_a_ticker_that_yahoo_does_not_know_has_no_identity_and_is_asked_for_once(
        self, server: YahooServer, evidence: YahooEvidence, symbol: str
    ) -> None:
        assert await evidence.identity(symbol) is None
        assert server.asked_evidence == [("profiles", symbol)]

    async def test_what_yahoo_calls_no_instrument_has_no_identity(
        self, server: YahooServer, evidence: YahooEvidence, symbol: str
    ) -> None:
        server.profiles[symbol] = {"price": {**APPLE["price"], "quoteType": "NONE"}}

        assert await evidence.identity(symbol) is None

    @pytest.mark.parametrize("name", [None, "", 7, ["Apple"], "\u200b\u2066"])
    async def test_without_a_name_that_can_be_read_the_symbol_is_the_name(
        self, server: YahooServer, evidence: YahooEvidence, symbol: str, name: object
    ) -> None:
        server.profiles[symbol] = {"price": {**APPLE["price"], "longName": name, "shortName": name}}

        identity = await evidence.identity(symbol)

        assert identity is not None
        assert identity.name == symbol

    @pytest.mark.parametrize("price", [None, "text", [], {}, {"quoteType": 5}])
    async def test_an_answer_that_does_not_say_what_it_is_about_is_refused(
        self, server: YahooServer, evidence: YahooEvidence, symbol: str, price: object
    ) -> None:
        server.profiles[symbol] = {"price": price}

        with pytest.raises(BadVendorData, match="does not say what the instrument is"):
            await evidence.identity(symbol)


class TestCookieAndCrumb:
    async def test_a_crumb_that_yahoo_no_longer_takes_is_fetched_anew(
        self, server: YahooServer, evidence: YahooEvidence, symbol: str
    ) -> None:
        server.profiles[symbol] = APPLE
        await evidence.identity(symbol)
        server.cookie, server.valid_crumb = "another-cookie", "another.crumb"

        assert await evidence.identity(symbol) is not None

    async def test_the_crumb_is_fetched_once_for_many_questions(
        self, server: YahooServer, evidence: YahooEvidence, symbol: str
    ) -> None:
        server.profiles[symbol] = APPLE
        for _ in range(3):
            await evidence.snapshot(symbol)

        assert server.asked.count("/v1/test/getcrumb") == 1

    async def test_two_gates_share_the_cookie_that_belongs_to_the_crumb(
        self, server: YahooServer, evidence: YahooEvidence, symbol: str
    ) -> None:
        from core.clock import ManualClock
        from core.config.market import YfinanceVendor as YfinanceSettings

        server.profiles[symbol] = APPLE
        other = YahooEvidence(YfinanceSettings(base_url=server.base_url, timeout_s=5), ManualClock(NOW))
        await other.identity(symbol)
        await evidence.identity(symbol)
        await other.close()

        assert server.asked_evidence == [("profiles", symbol)] * 2


class TestSnapshot:
    async def test_the_ratios_of_the_moment_come_in_fixed_order(
        self, server: YahooServer, evidence: YahooEvidence, symbol: str
    ) -> None:
        server.profiles[symbol] = APPLE

        snapshot = await evidence.snapshot(symbol)

        assert snapshot is not None
        assert (snapshot.vendor, snapshot.at) == ("yfinance", NOW)
        assert snapshot.figures == (
            Figure(name="market cap", value=Decimal(4012345655296), unit="USD"),
            Figure(name="trailing PE", value=Decimal("36.3988"), unit="ratio"),
            Figure(name="forward PE", value=Decimal("32.5170"), unit="ratio"),
            Figure(name="price to book", value=Decimal("61.2370"), unit="ratio"),
            Figure(name="dividend yield", value=Decimal("0.0038"), unit="ratio"),
            Figure(name="beta", value=Decimal("1.1070"), unit="ratio"),
        )

    async def test_numbers_with_their_text_are_read_and_what_is_no_number_is_left_out(
        self, server: YahooServer, evidence: YahooEvidence, symbol: str
    ) -> None:
        server.profiles[symbol] = {
            "summaryDetail": {
                "marketCap": {"raw": 10**30, "fmt": "huge"},
                "trailingPE": "Infinity",
                "forwardPE": {"raw": 32.5, "fmt": "32.50", "longFmt": "32.50"},
                "dividendYield": {},
                "beta": float("nan"),
            },
            "defaultKeyStatistics": {"priceToBook": True, "beta": ["1.1"], "trailingPE": -float("inf")},
        }

        snapshot = await evidence.snapshot(symbol)

        assert snapshot is not None
        assert snapshot.figures == (Figure(name="forward PE", value=Decimal("32.5"), unit="ratio"),)

    @pytest.mark.parametrize("modules", [{}, {"price": {"quoteType": "INDEX"}}, {"summaryDetail": "text"}])
    async def test_without_any_ratio_there_is_no_snapshot(
        self, server: YahooServer, evidence: YahooEvidence, symbol: str, modules: dict[str, Any]
    ) -> None:
        server.profiles[symbol] = modules

        assert await evidence.snapshot(symbol) is None

    async def test_a_ticker_that_yahoo_does_not_know_has_none(
        self, evidence: YahooEvidence, symbol: str
    ) -> None:
        assert await evidence.snapshot(symbol) is None


class TestNews:
    @pytest.mark.parametrize("item", [article("Apple beats"), flat_article("Apple beats")])
    async def test_both_shapes_give_title_publisher_time_and_link(
        self, server: YahooServer, evidence: YahooEvidence, symbol: str, item: dict[str, Any]
    ) -> None:
        server.news[symbol] = [item]

        (told,) = await news(evidence, symbol)

        assert told == NewsItem(
            title="Apple beats",
            summary=told.summary,
            publisher="Reuters",
            vendor="yfinance",
            published_at=AT,
            url="https://example.com/story",
        )
        assert told.published_at is not None
        assert told.published_at.utcoffset() == timedelta(0)
        assert told.summary == ("A summary." if "content" in item else "")

    async def test_news_of_the_market_follow_and_are_marked(
        self, server: YahooServer, evidence: YahooEvidence, symbol: str
    ) -> None:
        server.news = {symbol: [article("Apple beats")], MARKET: [article("Stocks rise")]}

        told = await news(evidence, symbol)

        assert [(item.title, item.market_wide) for item in told] == [
            ("Apple beats", False),
            ("Stocks rise", True),
        ]

    async def test_news_of_the_index_itself_are_asked_for_once(
        self, server: YahooServer, evidence: YahooEvidence
    ) -> None:
        server.news = {MARKET: [article("Stocks rise")]}

        assert [item.market_wide for item in await news(evidence, MARKET)] == [False]
        assert server.asked_evidence == [("news", MARKET)]

    async def test_news_of_a_share_survive_a_failure_of_those_of_the_market(
        self, server: YahooServer, evidence: YahooEvidence, symbol: str
    ) -> None:
        server.news = {symbol: [article("Apple beats")], MARKET: [{"content": {}}]}

        assert [item.title for item in await news(evidence, symbol)] == ["Apple beats"]

    async def test_a_ticker_without_news_has_none(self, evidence: YahooEvidence, symbol: str) -> None:
        assert await news(evidence, symbol) == ()

    async def test_paid_items_are_left_out(
        self, server: YahooServer, evidence: YahooEvidence, symbol: str
    ) -> None:
        server.news[symbol] = [{**article("Buy this"), "ad": [{"id": 1}]}, article("Apple beats")]

        assert [item.title for item in await news(evidence, symbol)] == ["Apple beats"]

    async def test_a_changed_item_counts_from_its_later_time(
        self, server: YahooServer, evidence: YahooEvidence, symbol: str
    ) -> None:
        server.news[symbol] = [article("Apple beats", displayTime="2025-10-30T15:00:00+02:00")]

        (told,) = await news(evidence, symbol)

        assert told.published_at == datetime(2025, 10, 30, 13, tzinfo=UTC)

    @pytest.mark.parametrize(
        "published", [None, "", "yesterday", "2025-10-30T12:34:56", 1761827696, {}, "0001-01-01T00:00+14:00"]
    )
    async def test_a_time_that_is_none_leaves_the_item_undated(
        self, server: YahooServer, evidence: YahooEvidence, symbol: str, published: object
    ) -> None:
        server.news[symbol] = [article("Apple beats", published)]

        assert [item.published_at for item in await news(evidence, symbol)] == [None]

    @pytest.mark.parametrize(
        "published", [0, -5, 10**14, 10**400, float("nan"), "1761827696", True, [1], 1e300]
    )
    async def test_seconds_that_are_none_leave_the_item_undated(
        self, server: YahooServer, evidence: YahooEvidence, symbol: str, published: object
    ) -> None:
        server.news[symbol] = [flat_article("Apple beats", published)]

        assert [item.published_at for item in await news(evidence, symbol)] == [None]

    @pytest.mark.parametrize(
        ("links", "url"),
        [
            ({"canonicalUrl": None}, "https://finance.yahoo.com/news/story.html"),
            ({"canonicalUrl": {"url": "javascript:alert(1)"}}, "https://finance.yahoo.com/news/story.html"),
            ({"canonicalUrl": {"url": "http://a.b/c"}}, "http://a.b/c"),
            ({"canonicalUrl": "https://a.b/c"}, "https://a.b/c"),
            ({"canonicalUrl": {"url": "https://a.b/<x>"}, "clickThroughUrl": 5}, None),
            (
                {"canonicalUrl": {"url": ["https://a.b"]}, "clickThroughUrl": {"url": "data:text/html,x"}},
                None,
            ),
            ({"canonicalUrl": {"url": "https://a.b/" + "x" * 2_000}, "clickThroughUrl": {}}, None),
        ],
    )
    async def test_only_addresses_of_the_web_become_links(
        self, server: YahooServer, evidence: YahooEvidence, symbol: str, links: dict[str, Any], url: str
    ) -> None:
        server.news[symbol] = [article("Apple beats", **links)]

        assert [item.url for item in await news(evidence, symbol)] == [url]

    @pytest.mark.parametrize("make", [article, flat_article])
    async def test_hostile_texts_become_short_plain_lines(
        self, server: YahooServer, evidence: YahooEvidence, symbol: str, make: Any
    ) -> None:
        titles = [
            "Buy\u200b \u202enow\u202c\n\n\x00all",
            "<script>alert('x')</script>",
            "\ud800half",
            "t" * 1_000_000,
            "\u200b" * 1_000_000,
            "",
            None,
            5,
            {"text": "x"},
        ]
        server.news[symbol] = [make(title) for title in titles]

        told = [item.title for item in await news(evidence, symbol)]

        assert told[:3] == ["Buy now all", "<script>alert('x')</script>", "half"]
        assert [len(title) for title in told[3:]] == [2_000]

    async def test_fields_of_wrong_types_cost_the_field_and_not_the_item(
        self, server: YahooServer, evidence: YahooEvidence, symbol: str
    ) -> None:
        server.news[symbol] = [article("Apple beats", summary=5, provider="Reuters", canonicalUrl=[1])]

        (told,) = await news(evidence, symbol)

        assert (told.title, told.summary, told.publisher) == ("Apple beats", "", "")

    async def test_items_of_which_none_can_be_read_are_refused(
        self, server: YahooServer, evidence: YahooEvidence, symbol: str
    ) -> None:
        server.news[symbol] = [{"content": {"headline": "Another shape"}}, {"id": "x"}]

        with pytest.raises(BadVendorData, match="not one of the items of news can be read"):
            await news(evidence, symbol)


class TestFilings:
    async def test_figures_of_a_period_come_together_in_fixed_order_with_their_ratios(
        self, server: YahooServer, evidence: YahooEvidence, symbol: str
    ) -> None:
        end = "2025-09-27"
        told = {
            "annualOrdinarySharesNumber": 14_773_260_000,
            "annualFreeCashFlow": 98_767_000_000.0,
            "annualCapitalExpenditure": -12_715_000_000,
            "annualOperatingCashFlow": 111_482_000_000,
            "annualTotalDebt": 98_657_000_000,
            "annualCashAndCashEquivalents": 35_934_000_000,
            "annualStockholdersEquity": 73_733_000_000,
            "annualTotalLiabilitiesNetMinorityInterest": 285_508_000_000,
            "annualTotalAssets": 359_241_000_000,
            "annualDilutedEPS": 7.46,
            "annualNetIncome": 112_010_000_000,
            "annualOperatingIncome": 133_050_000_000,
            "annualGrossProfit": 195_201_000_000,
            "annualTotalRevenue": 416_161_000_000,
        }
        server.series[symbol] = {name: points((end, raw)) for name, raw in told.items()}

        (filing,) = await evidence.filings(symbol)

        assert (filing.vendor, filing.period_end, filing.annual) == ("yfinance", date(2025, 9, 27), True)
        assert (filing.filed_on, filing.lag_days, filing.known_on) == (None, None, None)
        assert [(figure.name, str(figure.value), figure.unit) for figure in filing.figures] == [
            ("revenue", "416161000000", "USD"),
            ("gross profit", "195201000000", "USD"),
            ("operating income", "133050000000", "USD"),
            ("net income", "112010000000", "USD"),
            ("diluted EPS", "7.46", "USD"),
            ("total assets", "359241000000", "USD"),
            ("total liabilities", "285508000000", "USD"),
            ("equity", "73733000000", "USD"),
            ("cash", "35934000000", "USD"),
            ("total debt", "98657000000", "USD"),
            ("operating cash flow", "111482000000", "USD"),
            ("capital expenditure", "-12715000000", "USD"),
            ("free cash flow", "98767000000", "USD"),
            ("shares outstanding", "14773260000", "shares"),
            ("gross margin", "0.4691", "ratio"),
            ("operating margin", "0.3197", "ratio"),
            ("net margin", "0.2692", "ratio"),
            ("debt to equity", "1.3380", "ratio"),
        ]

    async def test_years_and_quarters_come_newest_first_and_grow_from_the_year_before(
        self, server: YahooServer, evidence: YahooEvidence, symbol: str
    ) -> None:
        server.series[symbol] = {
            "annualTotalRevenue": [None, *points(("2024-09-28", 400), ("2025-09-27", 500))],
            "quarterlyTotalRevenue": points(
                ("2024-09-30", 90), ("2025-06-30", 95), ("2025-09-27", 120), months="3M"
            ),
        }

        filings = await evidence.filings(symbol)

        grown = [(f.period_end.isoformat(), f.annual, figures(f).get("revenue growth")) for f in filings]
        assert grown == [
            ("2025-09-27", True, (Decimal("0.25"), "ratio")),
            ("2025-09-27", False, (Decimal("0.3333"), "ratio")),
            ("2025-06-30", False, None),
            ("2024-09-30", False, None),
            ("2024-09-28", True, None),
        ]

    async def test_all_statements_take_one_question(
        self, server: YahooServer, evidence: YahooEvidence, symbol: str
    ) -> None:
        server.series[symbol] = {"annualTotalRevenue": points(("2024-09-28", 400))}

        await evidence.filings(symbol)

        assert server.asked_evidence == [("series", symbol)]

    async def test_the_next_question_sees_what_has_changed(
        self, server: YahooServer, evidence: YahooEvidence, symbol: str
    ) -> None:
        for raw in (400, 500):
            server.series[symbol] = {"annualTotalRevenue": points(("2024-09-28", raw))}
            (filing,) = await evidence.filings(symbol)
            assert figures(filing)["revenue"][0] == raw

    async def test_figures_that_are_none_are_left_out(
        self, server: YahooServer, evidence: YahooEvidence, symbol: str
    ) -> None:
        server.series[symbol] = {
            "annualTotalRevenue": points(("2024-09-28", 400), ("2023-09-30", float("nan"))),
            "annualGrossProfit": points(("2024-09-28", float("nan"))),
            "annualOperatingIncome": points(("2024-09-28", 10**30)),
            "annualNetIncome": points(("2024-09-28", "many")),
            "annualTotalAssets": points(("2024-09-28", None)),
            "annualTotalDebt": points(("2024-09-28", True)),
            "annualStockholdersEquity": points(("2024-09-28", 10**400)),
            "annualFreeCashFlow": [{"asOfDate": "2024-09-28", "reportedValue": {}}, 5, "text", [], {}],
            "annualOperatingCashFlow": "text",
            "annualCapitalExpenditure": [{"asOfDate": 1727481600, "reportedValue": {"raw": 1}}],
        }

        (filing,) = await evidence.filings(symbol)

        assert figures(filing) == {"revenue": (Decimal(400), "USD")}

    async def test_a_half_year_does_not_pass_for_a_quarter(
        self, server: YahooServer, evidence: YahooEvidence, symbol: str
    ) -> None:
        server.series[symbol] = {
            "quarterlyTotalRevenue": [
                *points(("2025-06-30", 400), months="6M"),
                *points(("2025-03-31", 200), months="3M"),
            ]
        }

        assert [filing.period_end for filing in await evidence.filings(symbol)] == [date(2025, 3, 31)]

    async def test_a_period_that_has_not_ended_is_left_out(
        self, server: YahooServer, evidence: YahooEvidence, symbol: str
    ) -> None:
        server.series[symbol] = {
            "annualTotalRevenue": points(("2025-10-31", 1), ("2025-11-01", 2), ("9999-12-31", 3))
        }

        assert [filing.period_end for filing in await evidence.filings(symbol)] == [date(2025, 10, 31)]

    async def test_figures_in_two_currencies_make_no_ratio(
        self, server: YahooServer, evidence: YahooEvidence, symbol: str
    ) -> None:
        server.series[symbol] = {
            "annualTotalRevenue": points(("2024-12-31", 400), currency="EUR"),
            "annualNetIncome": points(("2024-12-31", 40), currency="USD"),
            "annualGrossProfit": points(("2024-12-31", 100), currency="<b>"),
        }

        (filing,) = await evidence.filings(symbol)

        assert figures(filing) == {
            "revenue": (Decimal(400), "EUR"),
            "gross profit": (Decimal(100), ""),
            "net income": (Decimal(40), "USD"),
        }

    async def test_a_ticker_without_statements_has_none(self, evidence: YahooEvidence, symbol: str) -> None:
        assert await evidence.filings(symbol) == ()

    async def test_an_empty_result_is_none_too(
        self, server: YahooServer, evidence: YahooEvidence, symbol: str
    ) -> None:
        server.instead["series"] = lambda: web.json_response({"timeseries": {"result": [], "error": None}})

        assert await evidence.filings(symbol) == ()

    @pytest.mark.parametrize(
        "series",
        [{"annualTotalRevenue": "text"}, {"annualTotalRevenue": [{"raw": 5}]}, {"annualNetIncome": [7]}],
    )
    async def test_figures_of_which_none_can_be_read_are_refused(
        self, server: YahooServer, evidence: YahooEvidence, symbol: str, series: dict[str, Any]
    ) -> None:
        body = {"timeseries": {"result": [{"meta": {}, **series}], "error": None}}
        server.instead["series"] = lambda: web.json_response(body)

        with pytest.raises(BadVendorData, match="not one figure of the statements can be read"):
            await evidence.filings(symbol)


async def test_answers_are_read_outside_the_event_loop(
    server: YahooServer, evidence: YahooEvidence, symbol: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from core.market import yahoo_evidence

    threads = []

    def watched(*args: Any, **kwargs: Any) -> list[NewsItem]:
        threads.append(threading.current_thread())
        return []

    monkeypatch.setattr(yahoo_evidence, "news_items", watched)
    await news(evidence, symbol)

    assert threads
    assert threading.main_thread() not in threads


@pytest.mark.parametrize("text", ["../etc/passwd", "A/B", "", "A?b=c", "A B", "ＮＶＤＡ"])
async def test_a_text_that_is_no_ticker_reaches_no_address(
    server: YahooServer, evidence: YahooEvidence, text: str
) -> None:
    for ask in (evidence.identity, evidence.filings, evidence.snapshot):
        with pytest.raises(BadTicker):
            await ask(text)
    with pytest.raises(BadTicker):
        await news(evidence, text)
    assert (server.asked, server.asked_evidence) == ([], [])
