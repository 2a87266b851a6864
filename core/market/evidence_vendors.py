"""The vendors of evidence beside prices: how each is made, how often it may be asked, who is in a chain."""

import asyncio
from collections.abc import Mapping
from importlib import import_module
from typing import NamedTuple, cast

from core.clock import Clock
from core.config import Settings
from core.config.market import Market
from core.domain.evidence_items import EvidenceKind
from core.market.alpha_vantage_http import MOST_WAIT_S
from core.market.asked_vendor import GRACE_S, AnswerMemory, AskedVendor, VendorMaker
from core.market.evidence_port import EvidenceVendor
from core.market.gathering import Gatherer, KindChain
from core.market.vendor_pace import Rate


class VendorFacts(NamedTuple):
    """Where a vendor's class is, and how often it may be asked.

    It is imported at its first question, because some bring large libraries with them. Its section of
    `[market]` has its name. `waits_s` is for how long it may let a question wait itself, beside its limit.
    """

    module: str
    title: str
    rate: Rate
    waits_s: float = 0.0


VENDORS: Mapping[str, VendorFacts] = {
    "yfinance": VendorFacts("core.market.yahoo_evidence", "YahooEvidence", Rate(60, 60.0)),
    # The vendor spaces its requests itself, those for prices among them; here is only how many may wait.
    "alpha_vantage": VendorFacts(
        "core.market.alpha_vantage_evidence", "AlphaVantageEvidence", Rate(50, 60.0), MOST_WAIT_S
    ),
    "stocktwits": VendorFacts("core.market.stocktwits_vendor", "StocktwitsVendor", Rate(200, 3600.0)),
    "reddit": VendorFacts("core.market.reddit_vendor", "RedditVendor", Rate(10, 60.0)),
    "fred": VendorFacts("core.market.fred_vendor", "FredVendor", Rate(120, 60.0)),
}
_WITH_PRICES = ("yfinance", "alpha_vantage")
"""Vendors of prices that also have news and fundamentals."""


def chain_names(market: Market) -> dict[EvidenceKind, tuple[tuple[str, ...], bool]]:
    """Return the vendors of each kind, in order, and whether the configuration names them itself."""
    derived = tuple(name for name in dict.fromkeys(market.prices) if name in _WITH_PRICES)
    named_news, named_fundamentals = market.news is not None, market.fundamentals is not None
    news: tuple[str, ...] = derived if market.news is None else market.news
    fundamentals: tuple[str, ...] = derived if market.fundamentals is None else market.fundamentals
    chains: dict[EvidenceKind, tuple[tuple[str, ...], bool]] = {
        EvidenceKind.IDENTITY: (fundamentals, named_fundamentals),
        EvidenceKind.NEWS: (news, named_news),
        EvidenceKind.FUNDAMENTALS: (fundamentals, named_fundamentals),
        EvidenceKind.SENTIMENT: (market.sentiment, True),
        EvidenceKind.MACRO: (market.macro, True),
    }
    return {kind: (tuple(dict.fromkeys(names)), named) for kind, (names, named) in chains.items()}


def vendor_maker(name: str, market: Market, clock: Clock) -> VendorMaker:
    """Return how the vendor of this name is made from its section of `[market]`."""
    facts, section = VENDORS[name], getattr(market, name)

    async def make() -> EvidenceVendor:
        module = await asyncio.to_thread(import_module, facts.module)
        return cast("EvidenceVendor", getattr(module, facts.title)(section, clock))

    return VendorMaker(name, make, facts.rate, section.timeout_s, GRACE_S + facts.waits_s)


def build_gatherer(settings: Settings, clock: Clock, memory: AnswerMemory) -> Gatherer:
    """Return the gatherer that `[market]` asks for. Nothing is imported or connected to yet."""
    market, limits = settings.market, settings.market.evidence
    asked: dict[str, AskedVendor] = {}
    chains: dict[EvidenceKind, KindChain] = {}
    for kind, (names, named) in chain_names(market).items():
        for name in names:
            if name not in asked:
                asked[name] = AskedVendor(vendor_maker(name, market, clock), memory, limits, clock)
        chains[kind] = KindChain(tuple(asked[name] for name in names), named)
    return Gatherer(chains, tuple(asked.values()), limits)
