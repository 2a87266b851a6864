"""Each vendor of JSON with its server, so that all can be put to the same tests."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from core.clock import ManualClock
from core.config.market import FredVendor as FredSettings
from core.config.market import RedditVendor as RedditSettings
from core.config.market import StocktwitsVendor as StocktwitsSettings
from core.config.secret import SecretRef
from core.domain.evidence_items import MacroReading, Mood
from core.market.fred_vendor import FredVendor
from core.market.reddit_vendor import RedditVendor
from core.market.stocktwits_vendor import StocktwitsVendor
from tests.loopback.fred_server import FredServer, Version, about, observations
from tests.loopback.json_vendor import JsonVendorServer, served
from tests.loopback.reddit_server import RedditServer, listing, post
from tests.loopback.stocktwits_server import StocktwitsServer, message, stream

KEY = "0123456789abcdef0123456789abcdef"
KEY_NAME = "MADE_UP_FRED_API_KEY"
NOW = datetime(2025, 10, 30, 12, tzinfo=UTC)
SINCE = datetime(2025, 10, 23, 12, tzinfo=UTC)
NAMES = ("stocktwits", "reddit", "fred")
UNRATE = Version("2025-08-01", "4.3", "2025-09-05")


@dataclass
class VendorScene:
    """A vendor and its server; `good` are bodies that the server could give, in the order of the requests."""

    vendor: Any
    server: JsonVendorServer
    ask: Callable[[], Awaitable[tuple[Mood | MacroReading, ...]]]
    good: list[dict[str, Any]]


def _stocktwits(address: str, server: JsonVendorServer, timeout_s: float) -> VendorScene:
    vendor = StocktwitsVendor(StocktwitsSettings(base_url=address, timeout_s=timeout_s), ManualClock(NOW))
    said = message("$NVDA looks strong", "2025-10-30T11:00:00Z", "Bullish")
    assert isinstance(server, StocktwitsServer)
    server.held["NVDA"] = [said]
    return VendorScene(
        vendor, server, lambda: vendor.moods("NVDA", SINCE, NOW), [stream("NVDA", [said, said])]
    )


def _reddit(address: str, server: JsonVendorServer, timeout_s: float) -> VendorScene:
    vendor = RedditVendor(RedditSettings(base_url=address, timeout_s=timeout_s), ManualClock(NOW))
    said = post("What now with $NVDA?", 1_761_821_000.0, "I hold some.", edited=1_761_822_000.0)
    assert isinstance(server, RedditServer)
    server.held.append(said)
    return VendorScene(vendor, server, lambda: vendor.moods("NVDA", SINCE, NOW), [listing([said, said])])


def _fred(address: str, server: JsonVendorServer, timeout_s: float) -> VendorScene:
    settings = FredSettings(
        base_url=address, key=SecretRef(f"env:{KEY_NAME}"), series=("UNRATE",), timeout_s=timeout_s
    )
    vendor = FredVendor(settings, ManualClock(NOW))
    assert isinstance(server, FredServer)
    server.key = KEY
    server.held["UNRATE"] = [UNRATE]
    server.titles["UNRATE"] = [("1948-01-01", "Unemployment Rate", "Percent")]
    good = [
        observations([(UNRATE, "9999-12-31")], "2020-10-31", "2025-10-30"),
        about("UNRATE", "Unemployment Rate", "Percent", "2025-10-30", "2025-10-30"),
    ]
    return VendorScene(vendor, server, lambda: vendor.readings(date(2025, 10, 30)), good)


_MAKERS = {
    "stocktwits": (StocktwitsServer, _stocktwits),
    "reddit": (RedditServer, _reddit),
    "fred": (FredServer, _fred),
}


@asynccontextmanager
async def vendor_scene(
    name: str, *, timeout_s: float = 5.0, address: str | None = None
) -> AsyncIterator[VendorScene]:
    """Serve the vendor of that name; it asks at `address`, if one is given, instead of at its server."""
    maker, build = _MAKERS[name]
    async with served(maker()) as server:
        scene = build(address or server.base_url, server, timeout_s)
        try:
            yield scene
        finally:
            await scene.vendor.close()
