"""The whole pack that docs/evidence.md shows: from the loopback vendors, as members read it.

python -m tests.gallery.evidence_pack      # writes it anew
"""

import asyncio
import os
import re
import tempfile
from pathlib import Path

from core.clock import ManualClock
from core.config import Settings
from core.domain.evidence import Evidence
from core.market.calendar import MarketCalendar
from core.market.chain import build_chain
from core.market.evidence_vendors import build_gatherer
from core.pipeline.evidence import build_evidence
from core.pipeline.facts import evidence_text
from tests.evidence_double import Remembered
from tests.vendors_scene import AS_OF, KEYS, NOW, TICKER, AllVendors, all_vendors

PAGE = Path(__file__).parents[2] / "docs" / "evidence.md"
MARKET = {
    "prices": ["yfinance"],
    "news": ["yfinance"],
    "fundamentals": ["alpha_vantage"],
    "sentiment": ["stocktwits"],
    "macro": ["fred"],
}
_BLOCK = re.compile(r"(```text pack\n).*?(\n```)", re.DOTALL)


async def frozen(settings: Settings) -> Evidence:
    """The pack of the moment from the vendors of `settings`, with nothing remembered."""
    clock, calendar = ManualClock(NOW), MarketCalendar()
    prices, gatherer = build_chain(settings, calendar, clock), build_gatherer(settings, clock, Remembered())
    try:
        series = await prices.bars(TICKER, AS_OF)
        gathered = await gatherer.gather(TICKER, AS_OF, live=False)
        session_open = calendar.of(TICKER).is_open(AS_OF)
        return build_evidence(series, session_open=session_open, gathered=gathered)
    finally:
        await prices.close()
        await gatherer.close()


async def pack(vendors: AllVendors) -> str:
    """The text of the example."""
    return evidence_text(await frozen(vendors.settings(**MARKET))).rstrip()


def page_with(text: str, page: str) -> str:
    """The page, with another pack."""
    return _BLOCK.sub(lambda found: f"{found[1]}{text}{found[2]}", page)


async def main() -> None:
    import yfinance

    os.environ.update(KEYS)
    with tempfile.TemporaryDirectory() as name:
        yfinance.set_tz_cache_location(name)
        async with all_vendors(Path(name)) as vendors:
            text = await pack(vendors)
    PAGE.write_text(page_with(text, PAGE.read_text("utf-8")), "utf-8")


if __name__ == "__main__":
    asyncio.run(main())
