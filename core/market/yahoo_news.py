"""Yahoo's news as items of evidence.

yfinance has given them in two shapes: fields of the item itself with `providerPublishTime` in seconds since
1970, and since 2024 fields of its `content` with `pubDate` as text.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from pydantic import ValidationError

from core.domain.errors import BadVendorData
from core.domain.evidence_items import NewsItem
from core.market.vendor_edge import web_link
from core.market.yahoo_values import Fields, fields, number, text

_LATEST_SECOND = 4_102_444_800
"""1 January 2100: beyond it, the number is no time in seconds."""
_LONGEST_TIME = 40


def news_items(vendor: str, told: Sequence[Any], *, market_wide: bool) -> list[NewsItem]:
    """Return the readable items, in Yahoo's order.

    Raises:
        BadVendorData: there are items, and not one of them can be read.
    """
    items = [item for one in told if (item := _item(vendor, one, market_wide=market_wide)) is not None]
    if told and not items:
        raise BadVendorData(vendor, "not one of the items of news can be read")
    return items


def _item(vendor: str, told: object, *, market_wide: bool) -> NewsItem | None:
    """Return one item, or None without a title that anybody can read."""
    item = fields(told)
    content = fields(item.get("content"))
    inner = content or item
    provider = fields(inner.get("provider")).get("displayName")
    try:
        return NewsItem(
            title=text(inner.get("title")),
            summary=text(inner.get("summary")),
            publisher=text(provider) or text(item.get("publisher")),
            vendor=vendor,
            published_at=_published(content) if content else _from_seconds(item.get("providerPublishTime")),
            url=_link(inner),
            market_wide=market_wide,
        )
    except ValidationError:
        return None


def _published(content: Fields) -> datetime | None:
    """Return the later of the two times that Yahoo tells: until then the text may have been another one."""
    told = [_from_text(content.get(name)) for name in ("pubDate", "displayTime")]
    return max((time for time in told if time is not None), default=None)


def _from_text(value: object) -> datetime | None:
    try:
        time = datetime.fromisoformat(text(value)[:_LONGEST_TIME])
        return None if time.tzinfo is None else time.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _from_seconds(value: object) -> datetime | None:
    seconds = number(value)
    if seconds is None or not 0 < seconds < _LATEST_SECOND:
        return None
    return datetime.fromtimestamp(int(seconds), UTC)


def _link(item: Fields) -> str | None:
    """Return the publisher's address, else Yahoo's, else None; only of the web."""
    for told in (item.get("canonicalUrl"), item.get("clickThroughUrl"), item.get("link")):
        if link := web_link(fields(told).get("url") if isinstance(told, dict) else told):
            return link
    return None
