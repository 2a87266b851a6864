"""Reddit's public search on a local socket: listings of posts, and how it turns callers away."""

import re
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from tests.loopback.json_vendor import JsonVendorServer

RATE_LIMITED = {"message": "Too Many Requests", "error": 429}
PRIVATE = {"reason": "private", "message": "Forbidden", "error": 403}
BLOCKED_PAGE = (
    "<!doctype html><html><head><title>Blocked</title></head><body>whoa there, pardner!</body></html>"
)


def post(
    title: str,
    created_utc: float,
    selftext: str = "",
    *,
    edited: bool | float = False,
    permalink: str = "/r/stocks/comments/1oj2abc/what_now/",
) -> dict[str, Any]:
    """One post as a child of a listing."""
    return {
        "kind": "t3",
        "data": {
            "subreddit": "stocks",
            "author": "patient_reader",
            "name": "t3_1oj2abc",
            "id": "1oj2abc",
            "title": title,
            "selftext": selftext,
            "selftext_html": None,
            "score": 128,
            "ups": 128,
            "downs": 0,
            "upvote_ratio": 0.91,
            "num_comments": 57,
            "created": created_utc,
            "created_utc": created_utc,
            "edited": edited,
            "permalink": permalink,
            "url": f"https://www.reddit.com{permalink}",
            "is_self": True,
            "over_18": False,
            "stickied": False,
            "removed_by_category": None,
        },
    }


def listing(children: list[dict[str, Any]]) -> dict[str, Any]:
    """A good answer."""
    return {
        "kind": "Listing",
        "data": {
            "after": None,
            "dist": len(children),
            "modhash": "",
            "geo_filter": "",
            "children": children,
            "before": None,
        },
    }


@dataclass
class RedditServer(JsonVendorServer):
    """Answers with all of `held` whatever is searched for: Reddit's search is as generous."""

    held: list[dict[str, Any]] = field(default_factory=list)

    def usual(self, request: web.Request) -> web.StreamResponse:
        if not request.headers.get("User-Agent", "").strip():
            return web.json_response(RATE_LIMITED, status=429)
        if not re.fullmatch(r"/r/[A-Za-z0-9_+.-]+/search\.json", request.path):
            return web.json_response({"message": "Not Found", "error": 404}, status=404)
        limit = int(request.query.get("limit", "25"))
        return web.json_response(listing(self.held[:limit]))
