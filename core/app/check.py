"""Verify everything that is configured, without spending anything."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Literal

from core.clock import Clock, SystemClock
from core.config import Settings
from core.config.inactive import inactive
from core.config.settings import Provider
from core.domain.check import Check
from core.domain.errors import ConclaveError, NoPrices, VendorNotConfigured
from core.llm.gateway import Gateway
from core.market.calendar import MarketCalendar
from core.market.chain import PriceChain, build_chain
from core.market.port import PriceVendor
from core.store import database

_PART_LIMIT_S = 30.0
_KNOWN_TICKER = "AAPL"
_KEYS = "Check base_url and keys under [[providers]]."


async def run_checks(settings: Settings, environ: Mapping[str, str]) -> AsyncIterator[Check]:
    """Check store, archive, vendors, providers and members, one after another, each within 30 s."""
    yield await _store(settings)
    yield await asyncio.to_thread(_archive, settings)
    clock, calendar = SystemClock(), MarketCalendar()
    chain = build_chain(settings, calendar, clock)
    try:
        for vendor in chain.vendors:
            yield await _vendor(vendor, clock, calendar, settings)
    finally:
        await chain.close()
    gateway = Gateway(settings, environ=environ, clock=clock)
    try:
        for provider in settings.providers:
            yield await _provider(gateway, provider)
    finally:
        await gateway.close()
    yield _members(settings)
    for sentence in inactive(settings):
        yield Check(name="config", state="off", detail=sentence)


async def _store(settings: Settings) -> Check:
    try:
        async with asyncio.timeout(_PART_LIMIT_S):
            await database.reachable(settings.store.url)
    except TimeoutError:
        return Check(name="store", state="failed", detail="no answer", mend="Is the database server running?")
    except ConclaveError as error:
        return Check(name="store", state="failed", detail=str(error), mend="Check [store] url.")
    kind = settings.store.url.partition(":")[0]
    return Check(name="store", state="ok", detail=f"{kind} answers and has this program's schema")


def _archive(settings: Settings) -> Check:
    folder = Path(settings.archive.dir)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        reason = error.strerror or "it cannot be written"
        return Check(
            name="archive", state="failed", detail=f"{folder}: {reason}", mend="Check [archive] dir."
        )
    return Check(name="archive", state="ok", detail=f"ModelChats go to {folder}")


async def _vendor(vendor: PriceVendor, clock: Clock, calendar: MarketCalendar, settings: Settings) -> Check:
    """Ask one vendor what it holds, or for the bars of a ticker that every vendor knows."""
    name = f"prices: {vendor.name}"
    alone = PriceChain([vendor], calendar, clock, settings.market.max_age_sessions, _PART_LIMIT_S)
    try:
        held = await vendor.tickers()
        if held is not None and not held:
            mend = "Put files such as NVDA.csv into [market.csv] dir."
            return Check(name=name, state="failed", detail="no ticker", mend=mend)
        if held:
            return Check(name=name, state="ok", detail=f"{len(held)} tickers, {held[0]} to {held[-1]}")
        last = (await alone.bars(_KNOWN_TICKER, None)).last
    except VendorNotConfigured as lack:
        return _missing(name, lack, settings)
    except NoPrices as failure:
        if failure.causes and isinstance(failure.causes[0], VendorNotConfigured):
            return _missing(name, failure.causes[0], settings)
        detail = "; ".join(cause.reason for cause in failure.causes) or str(failure)
        mend = f"Check the network, or leave {vendor.name} out of [market] prices."
        return Check(name=name, state="failed", detail=detail, mend=mend)
    except ConclaveError as failure:
        return Check(name=name, state="failed", detail=str(failure))
    return Check(name=name, state="ok", detail=f"{_KNOWN_TICKER} closed at {last.close:.2f} on {last.date}")


def _missing(name: str, lack: VendorNotConfigured, settings: Settings) -> Check:
    """A vendor without its key is a failure only if there is no other in the chain."""
    state: Literal["failed", "off"] = "failed" if len(settings.market.prices) == 1 else "off"
    return Check(name=name, state=state, detail=lack.reason)


async def _provider(gateway: Gateway, provider: Provider) -> Check:
    name = f"provider: {provider.name}"
    try:
        async with asyncio.timeout(_PART_LIMIT_S):
            await gateway.probe(provider)
    except (ConclaveError, TimeoutError) as failure:
        detail = str(failure) or "no answer in time"
        return Check(name=name, state="failed", detail=detail, mend=_KEYS)
    keys = len(provider.keys)
    return Check(name=name, state="ok", detail=f"answers, {keys} key{'s' if keys != 1 else ''} accepted")


def _members(settings: Settings) -> Check:
    enabled = [member.name for member in settings.members if member.enabled]
    if len(enabled) < settings.consensus.min_members:
        detail = f"{len(enabled)} enabled, and a verdict needs {settings.consensus.min_members}"
        mend = "Enable more under [[members]], or lower [consensus] min_members."
        return Check(name="members", state="failed", detail=detail, mend=mend)
    return Check(name="members", state="ok", detail=", ".join(enabled))
