"""What docs/evidence.md shows whole: a pack of the loopback vendors, and a scripted ModelChat on it.

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
from tests.gallery.model_chat import chat_text, model_chat
from tests.vendors_scene import AS_OF, KEYS, NOW, TICKER, AllVendors, all_vendors

PAGE = Path(__file__).parents[2] / "docs" / "evidence.md"
MARKET = {
    "prices": ["yfinance"],
    "news": ["yfinance"],
    "fundamentals": ["alpha_vantage"],
    "sentiment": ["stocktwits"],
    "macro": ["fred"],
}
_BLOCKS = {name: re.compile(rf"(```text {name}\n).*?(\n```)", re.DOTALL) for name in ("pack", "modelchat")}


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


async def shown(vendors: AllVendors) -> dict[str, str]:
    """The texts of the examples: the pack, and the ModelChat on it."""
    evidence = await frozen(vendors.settings(**MARKET))
    chat = await model_chat(evidence)
    return {"pack": evidence_text(evidence).rstrip(), "modelchat": chat_text(chat, evidence)}


def page_with(texts: dict[str, str], page: str) -> str:
    """The page, with other examples."""
    for name, text in texts.items():
        page = _BLOCKS[name].sub(lambda found, text=text: f"{found[1]}{text}{found[2]}", page)
    return page


async def main() -> None:
    import yfinance

    os.environ.update(KEYS)
    with tempfile.TemporaryDirectory() as name:
        yfinance.set_tz_cache_location(name)
        async with all_vendors(Path(name)) as vendors:
            texts = await shown(vendors)
    PAGE.write_text(page_with(texts, PAGE.read_text("utf-8")), "utf-8")


if __name__ == "__main__":
    asyncio.run(main())
