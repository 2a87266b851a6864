"""Posts from Reddit's public search, in the configured subreddits.

A post's upvotes and comments are those of today, whenever it was written, so they are left out. A text that
was changed later counts from its change. Reddit turns many addresses of data centres away (HTTP 403) and
serves about ten requests a minute without a login.
"""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, Field

from core.clock import Clock
from core.config.market import RedditVendor as RedditSettings
from core.domain.evidence_items import Mood
from core.domain.instrument import parse_ticker
from core.market.json_http import ENOUGH, JsonHttp, Status
from core.market.ticker_words import names_of, speaks_of
from core.market.vendor_edge import no_flag

_MOST_POSTS = 100
_SPANS = ((3_600, "hour"), (86_400, "day"), (604_800, "week"), (2_592_000, "month"), (31_536_000, "year"))
_PERMALINK = re.compile(r"/r/[A-Za-z0-9_]{1,30}/comments/[a-z0-9]{1,12}(?=/|$)", re.ASCII)
_GONE = {"[removed]", "[deleted]"}


_Seconds = Annotated[float, BeforeValidator(no_flag), Field(ge=0, le=7_000_000_000, allow_inf_nan=False)]


class _Post(BaseModel):
    title: Annotated[str, Field(min_length=1)]
    selftext: str = ""
    created_utc: _Seconds
    edited: bool | _Seconds = False
    permalink: str = ""


class _Child(BaseModel):
    kind: str = ""
    data: _Post


class _Listing(BaseModel):
    children: list[Any]


class _Answer(BaseModel):
    data: _Listing


class _Refusal(BaseModel):
    error: Status | None = None


class RedditVendor:
    """Posts over HTTP; the connection is opened at the first question."""

    name: str = "reddit"

    def __init__(self, settings: RedditSettings, clock: Clock) -> None:
        self._subreddits = "+".join(dict.fromkeys(settings.subreddits))
        self._clock = clock
        self._http = JsonHttp(self.name, settings.base_url, settings.timeout_s, agent=settings.user_agent)

    async def moods(self, ticker: str, since: datetime, until: datetime) -> tuple[Mood, ...]:
        """Return the newest posts since about `since` that name the instrument, at most 100.

        A post names it by `$NVDA`, or by `NVDA` as a word in capitals where that has three letters or more
        and is no common word.

        Raises:
            BadTicker: the text is no ticker.
            VendorRateLimited: the address has asked too often.
            VendorTimeout: no answer within the vendor's `timeout_s`.
            VendorUnreachable: no connection, or a refusal.
            BadVendorData: the answer is not what the service documents.
        """
        symbol = parse_ticker(ticker)
        names = names_of(symbol)
        if not names or not self._subreddits:
            return ()
        query = {
            "q": " OR ".join(f'"{name}"' for name in names),
            "restrict_sr": "1",
            "sort": "new",
            "type": "link",
            "limit": str(_MOST_POSTS),
            "t": self._span(since),
            "raw_json": "1",  # otherwise & < > come as HTML entities
        }
        async with self._http.in_time():
            body = (await self._http.get(f"/r/{self._subreddits}/search.json", query)).body
        posts = self._posts(symbol, body)
        return tuple(self._mood(post) for post in posts if speaks_of(names, _texts(post)))

    async def close(self) -> None:
        """Close the connection."""
        await self._http.close()

    def _span(self, since: datetime) -> str:
        """Return the shortest of Reddit's spans that reaches back to `since`."""
        back = (self._clock.now() - since).total_seconds()
        return next((word for seconds, word in _SPANS if back <= seconds), "all")

    def _posts(self, symbol: str, body: object) -> Sequence[_Post]:
        refusal = self._http.read(body, _Refusal, symbol)
        if refusal.error is not None:
            raise self._http.refused(refusal.error)
        listing = self._http.read(body, _Answer, symbol).data
        children = self._http.each(listing.children, _Child, symbol)
        return [child.data for child in children if child.kind == "t3"]

    def _mood(self, post: _Post) -> Mood:
        place = _PERMALINK.match(post.permalink)
        link = f"https://www.reddit.com{place[0]}/" if place else None
        return Mood(vendor=self.name, at=_since_when(post), text=": ".join(_texts(post)), url=link)


def _texts(post: _Post) -> list[str]:
    texts = [post.title[:ENOUGH], post.selftext[:ENOUGH]]
    return [text for text in texts if text.strip() and text.strip() not in _GONE]


def _since_when(post: _Post) -> datetime | None:
    """Return since when the post reads as it does; None for one that was changed nobody knows when."""
    if post.edited is True:
        return None
    return datetime.fromtimestamp(max(post.created_utc, post.edited or 0), UTC)
