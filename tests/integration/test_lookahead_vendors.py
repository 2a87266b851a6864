"""No future of any real vendor reaches a prompt: each asks its server, which knows what came later."""

from collections.abc import AsyncIterator, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from core.app.lookaheadwork import check_lookahead
from core.clock import ManualClock
from core.config import Settings
from core.config.market import EvidenceLimits
from core.domain.evidence_items import Mood
from core.domain.lookahead import LookaheadReport
from core.market.evidence_cut import cut_moods
from core.market.evidence_vendors import build_gatherer
from core.pipeline.lookahead import prompts_of
from tests.evidence_double import Remembered
from tests.gallery.evidence_pack import frozen
from tests.vendors_scene import ABROAD, AS_OF, KEYS, NOW, TICKER, AllVendors, all_vendors

pytest_plugins = ("tests.yfinance_scene",)

YAHOO = {"news": ["yfinance"], "fundamentals": ["yfinance"]}
ALPHA = {"news": ["alpha_vantage"], "fundamentals": ["alpha_vantage"], "sentiment": ["alpha_vantage"]}
MARKETS: dict[str, dict[str, Any]] = {
    "yfinance, stocktwits, fred": {
        "prices": ["yfinance"],
        **YAHOO,
        "sentiment": ["stocktwits"],
        "macro": ["fred"],
    },
    "alpha_vantage": {"prices": ["alpha_vantage"], **ALPHA},
    "csv, reddit": {"prices": ["csv"], "sentiment": ["reddit"]},
}
all_markets = pytest.mark.parametrize("market", MARKETS.values(), ids=MARKETS)
ASKED_UP_TO_A_DAY = {"fred"}
"""Vendors that are asked for nothing later, and so have no future to be removed."""


@pytest.fixture
async def vendors(
    tmp_path: Path, fresh_yfinance: None, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[AllVendors]:
    for name, key in KEYS.items():
        monkeypatch.setenv(name, key)
    async with all_vendors(tmp_path) as world:
        yield world


async def checked(settings: Settings, ticker: str = TICKER, as_of: datetime = AS_OF) -> LookaheadReport:
    clock = ManualClock(NOW)
    gatherer = build_gatherer(settings, clock, Remembered())
    try:
        return await check_lookahead(settings, gatherer, clock, ticker, as_of)
    finally:
        await gatherer.close()


@all_markets
async def test_no_future_of_a_real_vendor_changes_a_byte_of_any_prompt(
    vendors: AllVendors, market: dict[str, Any]
) -> None:
    report = await checked(vendors.settings(**market))

    assert report.clean, [trial for trial in report.trials if trial.differs]
    assert {trial.vendor for trial in report.trials} == {name for chain in market.values() for name in chain}
    untouched = {(trial.vendor, trial.how) for trial in report.trials if not trial.items}
    assert untouched <= {(name, "removed") for name in ASKED_UP_TO_A_DAY}


@all_markets
async def test_the_servers_of_that_day_give_the_same_bytes_as_those_that_know_what_came_later(
    vendors: AllVendors, market: dict[str, Any]
) -> None:
    settings = vendors.settings(**market)
    later = await frozen(settings)
    vendors.tell(future=False)
    then = await frozen(settings)

    assert later.canonical == then.canonical
    assert prompts_of(later, settings) == prompts_of(then, settings)


@all_markets
async def test_each_kind_that_is_asked_for_is_in_the_pack_up_to_the_moment(
    vendors: AllVendors, market: dict[str, Any]
) -> None:
    pack = await frozen(vendors.settings(**market))

    told = {
        "prices": [pack.source],
        "news": [item.vendor for item in pack.news],
        "fundamentals": [one.vendor for one in pack.fundamentals],
        "sentiment": [mood.vendor for mood in pack.sentiment],
        "macro": [one.vendor for one in pack.macro],
    }
    assert {kind: set(vendors) for kind, vendors in told.items() if vendors} == {
        kind: set(chain) for kind, chain in market.items()
    }
    assert pack.bars[-1].date == AS_OF.date()
    assert pack.absences == ()


async def test_every_vendor_that_is_configured_is_proved_alone_wherever_it_stands_in_its_chain(
    vendors: AllVendors,
) -> None:
    both = ["yfinance", "alpha_vantage"]
    market = {
        "prices": ["csv", *both],
        "news": both,
        "fundamentals": both,
        "sentiment": ["stocktwits", "reddit", "alpha_vantage"],
        "macro": ["fred"],
    }

    report = await checked(vendors.settings(**market))

    assert report.clean, [trial for trial in report.trials if trial.differs]
    assert {(proof.vendor, proof.what): proof.unproved for proof in report.alone} == {
        (name, kind): None for kind, chain in market.items() for name in chain
    }
    assert all(proof.trials[1].items for proof in report.alone)


async def test_a_vendor_that_is_away_or_lacks_its_key_is_unproved_and_the_others_are_proved(
    vendors: AllVendors, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ALPHA_VANTAGE_API_KEY")
    vendors.reddit.next_answers.append(web.Response(status=403))
    market = {
        "prices": ["csv", "alpha_vantage"],
        "news": ["yfinance", "alpha_vantage"],
        "fundamentals": [],
        "sentiment": ["stocktwits", "reddit"],
    }

    report = await checked(vendors.settings(**market))

    assert report.clean
    told = {(proof.vendor, proof.what): proof.unproved for proof in report.alone}
    assert {pair for pair, why in told.items() if why is None} == {
        ("csv", "prices"),
        ("yfinance", "news"),
        ("stocktwits", "sentiment"),
    }
    assert "ALPHA_VANTAGE_API_KEY" in str(told["alpha_vantage", "prices"])
    assert "ALPHA_VANTAGE_API_KEY" in str(told["alpha_vantage", "news"])
    assert "HTTP 403" in str(told["reddit", "sentiment"])


async def test_a_listing_abroad_is_converted_at_rates_of_its_past_alone(vendors: AllVendors) -> None:
    report = await checked(vendors.settings(prices=["yfinance"], news=[], fundamentals=[]), ABROAD)

    assert report.clean, [trial for trial in report.trials if trial.differs]
    assert all(trial.items for trial in report.trials)


async def test_the_bundled_sample_does_not_know_its_future(vendors: AllVendors) -> None:
    settings = vendors.settings(prices=["sample"])

    report = await checked(settings, "GOOG", datetime(2012, 11, 20, 21, tzinfo=UTC))

    assert report.clean
    assert {trial.vendor for trial in report.trials} == {"sample"}
    assert all(trial.items for trial in report.trials)


def but_for(vendor: str) -> Any:
    """The cut of posts, which lets those of one vendor through."""

    def cut(said: Iterable[Mood], as_of: datetime, limits: EvidenceLimits, *, live: bool) -> tuple[Mood, ...]:
        moods = tuple(said)
        return (
            *(one for one in moods if one.vendor == vendor),
            *cut_moods((one for one in moods if one.vendor != vendor), as_of, limits, live=live),
        )

    return cut


@pytest.mark.parametrize("damaged", ["stocktwits", "reddit"])
async def test_one_vendor_whose_posts_are_not_cut_is_found_out_and_no_other_is_blamed(
    vendors: AllVendors, monkeypatch: pytest.MonkeyPatch, damaged: str
) -> None:
    monkeypatch.setattr("core.market.gathering.cut_moods", but_for(damaged))

    report = await checked(
        vendors.settings(prices=["csv"], sentiment=[damaged], macro=["fred"], news=["yfinance"])
    )

    assert not report.clean
    told = {(trial.vendor, trial.differs) for trial in report.trials if trial.differs}
    assert told == {(damaged, "the evidence, in sentiment")}
