"""StockTwits on a local socket: the stream of a symbol, and its errors, with the status in the body too."""

import re
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from tests.loopback.json_vendor import JsonVendorServer

UNKNOWN_SYMBOL = {"response": {"status": 404}, "errors": [{"message": "Symbol not found"}]}
RATE_LIMITED = {
    "response": {"status": 429},
    "errors": [{"message": "Rate limit exceeded. Client may not make more than 200 requests an hour."}],
}


def message(body: str, at: str | None, mark: str | None = None, number: int = 208435113) -> dict[str, Any]:
    """One post; `mark` is Bullish or Bearish, or None for a post without one."""
    return {
        "id": number,
        "body": body,
        "created_at": at,
        "user": {
            "id": 1626961,
            "username": "patient_reader",
            "name": "A reader",
            "avatar_url": "http://avatars.stocktwits.com/images/default_avatar_thumb.jpg",
            "join_date": "2018-09-25",
            "official": False,
            "identity": "User",
            "classification": [],
            "followers": 1,
        },
        "source": {"id": 1149, "title": "StockTwits for iOS", "url": "http://www.stocktwits.com/mobile"},
        "symbols": [{"id": 686, "symbol": "NVDA", "title": "NVIDIA Corp", "aliases": []}],
        "mentioned_users": [],
        "entities": {"sentiment": {"basic": mark} if mark else None},
    }


def stream(symbol: str, messages: list[dict[str, Any]]) -> dict[str, Any]:
    """A good answer, newest first as the vendor orders it."""
    return {
        "response": {"status": 200},
        "symbol": {
            "id": 686,
            "symbol": symbol,
            "title": "A company",
            "aliases": [],
            "is_following": False,
            "watchlist_count": 380677,
        },
        "cursor": {"more": bool(messages), "since": 208435113, "max": 208428854},
        "messages": messages,
    }


@dataclass
class StocktwitsServer(JsonVendorServer):
    """Answers from `held`: the posts of each symbol that it knows."""

    held: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def usual(self, request: web.Request) -> web.StreamResponse:
        found = re.fullmatch(r"/api/2/streams/symbol/([A-Z0-9.]+)\.json", request.path)
        if found is None or found[1] not in self.held:
            return web.json_response(UNKNOWN_SYMBOL, status=404)
        return web.json_response(stream(found[1], self.held[found[1]][:30]))
