"""Alpha Vantage's feed of news with scores (NEWS_SENTIMENT), read as news and as moods.

The times of the feed are UTC.
"""

import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any, NamedTuple

from pydantic import BaseModel, Field, ValidationError

from core.domain.evidence_items import Mood, NewsItem
from core.domain.values import to_ratio
from core.market.alpha_vantage_http import NAME
from core.market.alpha_vantage_values import OptionalNumber, OptionalText
from core.market.vendor_edge import web_link

LEAST_RELEVANCE = Decimal("0.3")
"""From 0 to 1: below it an item only mentions the ticker, and its score says little about it."""
MOST_ITEMS = 200
MARKET_TOPIC = "financial_markets"
_STAMP = re.compile(r"\d{8}T\d{4}(?:\d{2})?", re.ASCII)
_MINUTE = "%Y%m%dT%H%M"
_CRYPTO = re.compile(r"([A-Z0-9]{2,10})-[A-Z]{3,4}", re.ASCII)


class _Score(BaseModel):
    ticker: Annotated[str, Field(strict=True, max_length=40)]
    relevance: OptionalNumber = Field(None, alias="relevance_score")
    score: OptionalNumber = Field(None, alias="ticker_sentiment_score")


class _Item(BaseModel):
    title: OptionalText
    summary: OptionalText = None
    source: OptionalText = None
    url: object = None
    published: object = Field(None, alias="time_published")
    scores: tuple[_Score, ...] = Field((), alias="ticker_sentiment", max_length=1_000)


class Feed(BaseModel):
    """The body of an answer; its items are read one by one, because they come from many publishers."""

    feed: Annotated[list[Any], Field(max_length=5_000)]


class Scored(NamedTuple):
    """One item of the feed: what it says, and the score of the ticker that was asked for, if it has one."""

    news: NewsItem
    score: Decimal | None


def feed_query(name: str | None, since: datetime, until: datetime) -> dict[str, str]:
    """Return the question for the newest items about `name`, or about the markets where it is None."""
    subject = {"topics": MARKET_TOPIC} if name is None else {"tickers": name}
    return {
        "function": "NEWS_SENTIMENT",
        **subject,
        "time_from": since.astimezone(UTC).strftime(_MINUTE),
        "time_to": until.astimezone(UTC).strftime(_MINUTE),
        "sort": "LATEST",
        "limit": str(MOST_ITEMS),
    }


def name_in_feed(company: str | None, ticker: str) -> str | None:
    """Return what the feed calls an instrument, CRYPTO:BTC for BTC-USD; None where it has no name for it."""
    pair = _CRYPTO.fullmatch(ticker)
    return f"CRYPTO:{pair[1]}" if pair else company


def is_nothing(body: dict[str, Any]) -> bool:
    """Say whether the body is the sentence for no articles, or for a ticker that the feed does not know."""
    said = str(body.get("Information", "")).lower()
    return "no articles found" in said or "invalid inputs" in said


def scored_items(feed: Feed, name: str | None) -> tuple[Scored, ...] | None:
    """Return the items that can be read; None when there are some and none of them can be.

    A time or link that cannot be read is none. A score counts from `LEAST_RELEVANCE` on.
    """
    read = [_scored(raw, name) for raw in feed.feed[:MOST_ITEMS]]
    found = tuple(item for item in read if item is not None)
    return None if read and not found else found


def mood(item: Scored) -> Mood | None:
    """Return the score of an item as a mood, with its title; None without a score."""
    if item.score is None:
        return None
    news = item.news
    return Mood(vendor=NAME, at=news.published_at, text=news.title, score=item.score, url=news.url)


def _scored(raw: object, name: str | None) -> Scored | None:
    try:
        item = _Item.model_validate(raw)
        news = NewsItem(
            title=item.title or "",
            summary=item.summary or "",
            publisher=item.source or "",
            vendor=NAME,
            published_at=_moment(item.published),
            url=web_link(item.url),
            market_wide=name is None,
        )
    except ValidationError:
        return None
    return Scored(news, _score(item, name))


def _score(item: _Item, name: str | None) -> Decimal | None:
    for told in item.scores:
        if told.ticker.upper() != name or told.score is None or told.relevance is None:
            continue
        if LEAST_RELEVANCE <= told.relevance <= 1 and abs(told.score) <= 1:
            return to_ratio(told.score)
    return None


def _moment(stamp: object) -> datetime | None:
    if not isinstance(stamp, str) or not _STAMP.fullmatch(stamp):
        return None
    try:
        return datetime.strptime(stamp.ljust(15, "0"), "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return None
