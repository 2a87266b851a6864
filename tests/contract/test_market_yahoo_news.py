"""Yahoo's news, read over a real socket through the real library."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from core.domain.errors import BadVendorData
from core.domain.evidence_items import NewsItem
from core.market.evidence_port import Partly
from core.market.yahoo_evidence import MARKET, YahooEvidence
from tests.loopback.yahoo_evidence import NOW, article, flat_article
from tests.loopback.yahoo_server import YahooServer

pytest_plugins = ("tests.yfinance_scene",)

SINCE = NOW - timedelta(days=7)
AT = datetime(2025, 10, 30, 12, 34, 56, tzinfo=UTC)


async def news(evidence: YahooEvidence, symbol: str) -> tuple[NewsItem, ...]:
    told = await evidence.news(symbol, SINCE, NOW)
    assert not isinstance(told, Partly)
    return told


class TestNews:
    @pytest.mark.parametrize("item", [article("Apple beats"), flat_article("Apple beats")])
    async def test_both_shapes_give_title_publisher_time_and_link(
        self, yahoo: YahooServer, evidence: YahooEvidence, symbol: str, item: dict[str, Any]
    ) -> None:
        yahoo.news[symbol] = [item]

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
        self, yahoo: YahooServer, evidence: YahooEvidence, symbol: str
    ) -> None:
        yahoo.news = {symbol: [article("Apple beats")], MARKET: [article("Stocks rise")]}

        told = await news(evidence, symbol)

        assert [(item.title, item.market_wide) for item in told] == [
            ("Apple beats", False),
            ("Stocks rise", True),
        ]

    async def test_several_tickers_at_once_share_one_question_about_the_market(
        self, yahoo: YahooServer, evidence: YahooEvidence, symbol: str
    ) -> None:
        yahoo.news = {symbol: [article("Apple beats")], MARKET: [article("Stocks rise")]}

        told = await asyncio.gather(*(news(evidence, one) for one in (symbol, "MSFT", "NVDA")))

        assert [[item.title for item in one if item.market_wide] for one in told] == [["Stocks rise"]] * 3
        assert yahoo.asked_evidence.count(("news", MARKET)) == 1

    async def test_news_of_the_market_that_failed_are_asked_for_again(
        self, yahoo: YahooServer, evidence: YahooEvidence, symbol: str
    ) -> None:
        yahoo.news = {symbol: [article("Apple beats")], MARKET: [{"content": {}}]}
        assert isinstance(await evidence.news(symbol, SINCE, NOW), Partly)

        yahoo.news[MARKET] = [article("Stocks rise")]

        assert [item.title for item in await news(evidence, symbol)] == ["Apple beats", "Stocks rise"]

    async def test_news_of_the_index_itself_are_asked_for_once(
        self, yahoo: YahooServer, evidence: YahooEvidence
    ) -> None:
        yahoo.news = {MARKET: [article("Stocks rise")]}

        assert [item.market_wide for item in await news(evidence, MARKET)] == [False]
        assert yahoo.asked_evidence == [("news", MARKET)]

    async def test_news_of_a_share_survive_a_failure_of_those_of_the_market_which_are_named_as_missing(
        self, yahoo: YahooServer, evidence: YahooEvidence, symbol: str
    ) -> None:
        yahoo.news = {symbol: [article("Apple beats")], MARKET: [{"content": {}}]}

        told = await evidence.news(symbol, SINCE, NOW)

        assert isinstance(told, Partly)
        assert [item.title for item in told.said] == ["Apple beats"]
        assert [(one.part, one.failure.reason) for one in told.missing] == [
            ("the news of the market", "not one of the items of news can be read")
        ]

    async def test_a_ticker_without_news_has_none(self, evidence: YahooEvidence, symbol: str) -> None:
        assert await news(evidence, symbol) == ()

    async def test_paid_items_are_left_out(
        self, yahoo: YahooServer, evidence: YahooEvidence, symbol: str
    ) -> None:
        yahoo.news[symbol] = [{**article("Buy this"), "ad": [{"id": 1}]}, article("Apple beats")]

        assert [item.title for item in await news(evidence, symbol)] == ["Apple beats"]

    async def test_a_changed_item_counts_from_its_later_time(
        self, yahoo: YahooServer, evidence: YahooEvidence, symbol: str
    ) -> None:
        yahoo.news[symbol] = [article("Apple beats", displayTime="2025-10-30T15:00:00+02:00")]

        (told,) = await news(evidence, symbol)

        assert told.published_at == datetime(2025, 10, 30, 13, tzinfo=UTC)

    @pytest.mark.parametrize(
        "published", [None, "", "yesterday", "2025-10-30T12:34:56", 1761827696, {}, "0001-01-01T00:00+14:00"]
    )
    async def test_a_time_that_is_none_leaves_the_item_undated(
        self, yahoo: YahooServer, evidence: YahooEvidence, symbol: str, published: object
    ) -> None:
        yahoo.news[symbol] = [article("Apple beats", published)]

        assert [item.published_at for item in await news(evidence, symbol)] == [None]

    @pytest.mark.parametrize(
        "published", [0, -5, 10**14, 10**400, float("nan"), "1761827696", True, [1], 1e300]
    )
    async def test_seconds_that_are_none_leave_the_item_undated(
        self, yahoo: YahooServer, evidence: YahooEvidence, symbol: str, published: object
    ) -> None:
        yahoo.news[symbol] = [flat_article("Apple beats", published)]

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
        self, yahoo: YahooServer, evidence: YahooEvidence, symbol: str, links: dict[str, Any], url: str
    ) -> None:
        yahoo.news[symbol] = [article("Apple beats", **links)]

        assert [item.url for item in await news(evidence, symbol)] == [url]

    @pytest.mark.parametrize("make", [article, flat_article])
    async def test_hostile_texts_become_short_plain_lines(
        self, yahoo: YahooServer, evidence: YahooEvidence, symbol: str, make: Any
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
        yahoo.news[symbol] = [make(title) for title in titles]

        told = [item.title for item in await news(evidence, symbol)]

        assert told[:3] == ["Buy now all", "<script>alert('x')</script>", "half"]
        assert [len(title) for title in told[3:]] == [2_000]

    async def test_fields_of_wrong_types_cost_the_field_and_not_the_item(
        self, yahoo: YahooServer, evidence: YahooEvidence, symbol: str
    ) -> None:
        yahoo.news[symbol] = [article("Apple beats", summary=5, provider="Reuters", canonicalUrl=[1])]

        (told,) = await news(evidence, symbol)

        assert (told.title, told.summary, told.publisher) == ("Apple beats", "", "")

    async def test_items_of_which_none_can_be_read_are_refused(
        self, yahoo: YahooServer, evidence: YahooEvidence, symbol: str
    ) -> None:
        yahoo.news[symbol] = [{"content": {"headline": "Another shape"}}, {"id": "x"}]

        with pytest.raises(BadVendorData, match="not one of the items of news can be read"):
            await news(evidence, symbol)
