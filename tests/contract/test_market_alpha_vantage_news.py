"""News and moods of Alpha Vantage over a real socket."""

import asyncio
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from core.clock import ManualClock
from core.domain.errors import (
    BadVendorData,
)
from core.market.alpha_vantage_evidence import AlphaVantageEvidence
from core.market.evidence_port import Partly
from tests.alpha_vantage_scene import (
    KEY,
    SINCE,
    UNTIL,
    refusal,
)
from tests.loopback.alpha_vantage_bodies import (
    INVALID_INPUTS,
    NO_ARTICLES,
    news_feed,
    news_item,
)
from tests.loopback.alpha_vantage_server import (
    UNKNOWN_SYMBOL,
    AlphaVantageServer,
)

pytest_plugins = ("tests.alpha_vantage_fixtures",)


class TestNewsAndMoods:
    async def test_news_keeps_title_publisher_time_in_utc_and_link(
        self, alpha_vantage: AlphaVantageServer, alpha_vantage_evidence: AlphaVantageEvidence
    ) -> None:
        first, second = await alpha_vantage_evidence.news("IBM", SINCE, UNTIL)

        assert first.title == "Big Blue rises"
        assert first.summary == "Big Blue rises, in a few words more."
        assert (first.publisher, first.vendor, first.market_wide) == ("Example News", "alpha_vantage", False)
        assert first.published_at == datetime(2025, 10, 29, 14, 30, tzinfo=UTC)
        assert first.url == "https://news.example/big-blue-rises"
        assert second.title == "A long list"
        assert alpha_vantage.asked[:1] == [
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
        self, alpha_vantage_evidence: AlphaVantageEvidence
    ) -> None:
        (mood,) = await alpha_vantage_evidence.moods("IBM", SINCE, UNTIL)

        assert (mood.text, mood.score, mood.voices) == ("Big Blue rises", Decimal("0.2812"), None)
        assert mood.at == datetime(2025, 10, 29, 14, 30, tzinfo=UTC)
        assert mood.url == "https://news.example/big-blue-rises"

    async def test_news_and_moods_of_the_same_times_share_one_question(
        self, alpha_vantage: AlphaVantageServer, alpha_vantage_evidence: AlphaVantageEvidence
    ) -> None:
        await asyncio.gather(
            alpha_vantage_evidence.news("IBM", SINCE, UNTIL),
            alpha_vantage_evidence.moods("IBM", SINCE, UNTIL),
        )

        assert [query.get("tickers") for query in alpha_vantage.asked] == ["IBM", None]

    async def test_news_of_the_markets_follow_and_are_asked_for_once_for_all_tickers(
        self, alpha_vantage: AlphaVantageServer, alpha_vantage_evidence: AlphaVantageEvidence
    ) -> None:
        alpha_vantage.market_feed = [news_item("Stocks fall", "20251029T150000", [])]

        news = [await alpha_vantage_evidence.news(ticker, SINCE, UNTIL) for ticker in ("IBM", "AAPL")]

        assert [[item.title for item in each if item.market_wide] for each in news] == [["Stocks fall"]] * 2
        assert not any(isinstance(each, Partly) for each in news)
        assert [query.get("topics") for query in alpha_vantage.asked] == [None, "financial_markets", None]

    async def test_without_the_markets_news_those_of_the_company_are_an_answer(
        self, alpha_vantage: AlphaVantageServer, alpha_vantage_evidence: AlphaVantageEvidence
    ) -> None:
        item = news_item("News", "20251029T143000", [("IBM", "1", "0")])
        alpha_vantage.next_answers.extend([news_feed([item]), {"feed": 7}])

        found = await alpha_vantage_evidence.news("IBM", SINCE, UNTIL)

        assert isinstance(found, Partly)
        assert [item.title for item in found.said] == ["News"]
        assert [missing.part for missing in found.missing] == ["the news of the market"]

    async def test_a_crypto_currency_is_asked_for_by_the_name_that_the_feed_has_for_it(
        self, alpha_vantage: AlphaVantageServer, alpha_vantage_evidence: AlphaVantageEvidence
    ) -> None:
        (mood,) = await alpha_vantage_evidence.moods("BTC-USD", SINCE, UNTIL)

        assert mood.score == Decimal("-0.4")
        assert alpha_vantage.asked[0]["tickers"] == "CRYPTO:BTC"

    @pytest.mark.parametrize("ticker", ["^GSPC", "EURUSD=X", "SAP.DE"])
    async def test_what_the_feed_has_no_name_for_gets_news_of_the_markets_and_no_mood(
        self, alpha_vantage: AlphaVantageServer, alpha_vantage_evidence: AlphaVantageEvidence, ticker: str
    ) -> None:
        alpha_vantage.market_feed = alpha_vantage.feed
        news = await alpha_vantage_evidence.news(ticker, SINCE, UNTIL)

        assert not isinstance(news, Partly)
        assert len(news) == 4
        assert all(item.market_wide for item in news)
        assert await alpha_vantage_evidence.moods(ticker, SINCE, UNTIL) == ()
        assert await alpha_vantage_evidence.filings(ticker) == ()
        assert await alpha_vantage_evidence.identity(ticker) is None
        assert [query["topics"] for query in alpha_vantage.asked] == ["financial_markets"]
        assert "tickers" not in alpha_vantage.asked[0]

    @pytest.mark.parametrize("body", [NO_ARTICLES, INVALID_INPUTS, news_feed([]), {}, UNKNOWN_SYMBOL])
    async def test_no_articles_are_no_failure(
        self,
        alpha_vantage: AlphaVantageServer,
        alpha_vantage_evidence: AlphaVantageEvidence,
        body: dict[str, Any],
    ) -> None:
        alpha_vantage.next_answers.append(body)

        assert await alpha_vantage_evidence.news("IBM", SINCE, UNTIL) == ()
        assert await alpha_vantage_evidence.moods("IBM", SINCE, UNTIL) == ()

    @pytest.mark.parametrize(
        "stamp", [None, "", "yesterday", "20251329T143000", "2025-10-29", 20251029, "２０２５1029T143000"]
    )
    async def test_a_time_that_cannot_be_read_is_none(
        self, alpha_vantage: AlphaVantageServer, alpha_vantage_evidence: AlphaVantageEvidence, stamp: Any
    ) -> None:
        alpha_vantage.next_answers.append(news_feed([news_item("News", stamp, [("IBM", "1", "0")])]))

        (item,) = await alpha_vantage_evidence.news("IBM", SINCE, UNTIL)

        assert item.published_at is None

    @pytest.mark.parametrize("link", [None, "", "javascript:alert(1)", "https://x.example/<b>", 7, "http://"])
    async def test_a_link_that_is_none_is_left_out(
        self, alpha_vantage: AlphaVantageServer, alpha_vantage_evidence: AlphaVantageEvidence, link: Any
    ) -> None:
        alpha_vantage.next_answers.append(news_feed([news_item("News", "20251029T1430", url=link)]))

        (item,) = await alpha_vantage_evidence.news("IBM", SINCE, UNTIL)

        assert item.url is None
        assert item.published_at == datetime(2025, 10, 29, 14, 30, tzinfo=UTC)

    @pytest.mark.parametrize(
        ("relevance", "score"),
        [("0.3", "1.5"), ("0.3", "-1.01"), ("None", "0.5"), ("0.9", "None"), ("2", "0.5"), ("0.2999", "0.5")],
    )
    async def test_a_score_that_says_nothing_about_the_ticker_is_no_mood(
        self,
        alpha_vantage: AlphaVantageServer,
        alpha_vantage_evidence: AlphaVantageEvidence,
        relevance: str,
        score: str,
    ) -> None:
        item = news_item("News", "20251029T143000", [("IBM", relevance, score), ("AAPL", "1", "1")])
        alpha_vantage.next_answers.append(news_feed([item]))

        assert await alpha_vantage_evidence.moods("IBM", SINCE, UNTIL) == ()
        assert len(await alpha_vantage_evidence.news("IBM", SINCE, UNTIL)) == 1

    async def test_hostile_texts_are_made_plain_and_short(
        self, alpha_vantage: AlphaVantageServer, alpha_vantage_evidence: AlphaVantageEvidence
    ) -> None:
        title = "Buy\u200b\u202e now\n\n<b>ignore</b>"
        feed = [news_item(title, "20251029T143000", summary="x" * 1_000_000), news_item("\u200b", "x")]
        alpha_vantage.next_answers.append(news_feed(feed))

        (item,) = await alpha_vantage_evidence.news("IBM", SINCE, UNTIL)

        assert item.title == "Buy now <b>ignore</b>"
        assert len(item.summary) == 2_000

    async def test_items_that_cannot_be_read_are_left_out_and_a_feed_of_only_such_is_refused(
        self,
        alpha_vantage: AlphaVantageServer,
        alpha_vantage_evidence: AlphaVantageEvidence,
        alpha_vantage_clock: ManualClock,
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
        good = news_feed([*junk, news_item("Good", "x")])
        alpha_vantage.next_answers.extend([good, NO_ARTICLES, news_feed(junk)])

        news = await alpha_vantage_evidence.news("IBM", SINCE, UNTIL)
        assert not isinstance(news, Partly)
        assert [item.title for item in news] == ["Good"]
        alpha_vantage_clock.advance(121)
        assert type(await refusal(alpha_vantage_evidence.news("IBM", SINCE, UNTIL))) is BadVendorData

    @pytest.mark.parametrize("feed", [None, {}, "feed", 7, [None] * 6_000])
    async def test_a_feed_that_is_none_is_refused(
        self, alpha_vantage: AlphaVantageServer, alpha_vantage_evidence: AlphaVantageEvidence, feed: Any
    ) -> None:
        alpha_vantage.next_answers.append({"items": "1", "feed": feed})

        assert type(await refusal(alpha_vantage_evidence.news("IBM", SINCE, UNTIL))) is BadVendorData
