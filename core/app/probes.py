"""What `conclave check` asks of the outside: the store, the vendors, the providers. Costs nothing."""

import asyncio
from collections.abc import Mapping, Sequence
from functools import partial

from core.app.check import Probe, ask_all, inspect
from core.app.evidence_probes import evidence_probes, gatherer_to_check, lacks_its_key
from core.app.live_check import LiveCheck, in_words, routes_of
from core.app.provider_checks import Notebook, cost_check, health_checks
from core.clock import Clock, SystemClock
from core.config import Settings
from core.config.members import MemberSettings
from core.config.providers import Provider
from core.domain.check import Check
from core.domain.errors import ConfigError, ModelFailure, NoPrices, StoreError, VendorFailure
from core.domain.provider_health import Condition
from core.llm.gateway import Gateway
from core.market.calendar import MarketCalendar
from core.market.chain import PriceChain, build_chain
from core.market.port import PriceVendor
from core.store import database
from core.store.people_rows import granted_at

LIMIT_S = 30.0
LIVE_LIMIT_S = 120.0
GRANTED_WITHIN_S = 5.0
_KNOWN_TICKER = "AAPL"
_STORE = "Check [store] url, that the server runs, and that this program is as new as the database."


async def run_checks(
    settings: Settings, environ: Mapping[str, str], platforms: Sequence[Probe] = (), *, live: bool = False
) -> tuple[Check, ...]:
    """Check all that is configured, each part within 30 s; `platforms` are the doors' own probes.

    What the check finds of keys is noted for the processes that serve. `live` also sends one small request to
    each route of each enabled member, within two minutes; this costs a little, within the budgets.
    """
    clock, calendar = SystemClock(), MarketCalendar()
    chain = build_chain(settings, calendar, clock)
    gatherer = gatherer_to_check(settings, clock)
    notebook = Notebook(settings, environ)
    await notebook.open()
    gateway = Gateway(
        settings,
        environ=environ,
        clock=clock,
        states=notebook.states,
        book=notebook.budgets,
        log=notebook.log,
    )
    trials = LiveCheck(gateway)
    try:
        probes = [
            Probe("store", partial(_store, settings, environ), _STORE),
            *(_vendor(vendor, settings, clock, calendar) for vendor in chain.vendors),
            *evidence_probes(gatherer, clock),
            *(_provider(gateway, provider) for provider in settings.providers),
            *platforms,
        ]
        granted = await _granted(settings, environ)
        checks = await inspect(settings, environ, probes, limit_s=LIMIT_S, granted=granted)
        if live:
            # After the providers' own probes: a key that they have found good is used again.
            asked = [_live(trials, hop, member) for hop, member in routes_of(settings)]
            checks += (*await ask_all(asked, LIVE_LIMIT_S), cost_check(trials))
        checks += tuple(health_checks(await gateway.health(), settings))
    finally:
        await chain.close()
        await gatherer.close()
        await gateway.close()
        await notebook.close()
    return tuple(_optional(check, settings) for check in checks)


async def _granted(settings: Settings, environ: Mapping[str, str]) -> int:
    """Return how many roles are given in chats; 0 where the store cannot be asked, as its own probe says."""
    try:
        async with asyncio.timeout(GRANTED_WITHIN_S):
            return await granted_at(settings.store.address(environ))
    except (ConfigError, StoreError, TimeoutError):
        return 0


async def _store(settings: Settings, environ: Mapping[str, str]) -> str:
    await database.reachable(settings.store.address(environ))
    return f"{settings.store.url.partition('+')[0]} answers"


def _vendor(vendor: PriceVendor, settings: Settings, clock: Clock, calendar: MarketCalendar) -> Probe:
    """Ask a vendor what it holds, or for a ticker that every vendor of current prices knows."""
    alone = PriceChain([vendor], calendar, clock, settings.market.max_age_sessions, LIMIT_S)

    async def ask() -> str:
        held = await vendor.tickers()
        if held is not None and not held:
            raise VendorFailure(vendor.name, "it holds no ticker")
        if held:
            return f"{len(held)} tickers, {held[0]} to {held[-1]}{await _too_old(alone, held[0])}"
        try:
            last = (await alone.bars(_KNOWN_TICKER, None)).last
        except NoPrices as failure:
            raise failure.causes[0] if failure.causes else failure from None
        return f"{_KNOWN_TICKER} closed at {last.close:.2f} on {last.date}"

    mend = f"Check the network, or leave {vendor.name} out of [market] prices."
    return Probe(f"prices: {vendor.name}", ask, mend)


async def _too_old(vendor: PriceChain, ticker: str) -> str:
    """Return a remark if the vendor's last bars cannot serve a run of now; older ones still can."""
    try:
        await vendor.bars(ticker, None)
    except NoPrices:
        return "; its last bars are too old for a run of now, but not for one with --as-of"
    return ""


def _provider(gateway: Gateway, provider: Provider) -> Probe:
    async def ask() -> str:
        await gateway.probe(provider)
        return f"answers and takes {len(provider.keys) or 'no'} key{'s' if len(provider.keys) > 1 else ''}"

    return Probe(f"provider: {provider.name}", ask, "Check its base_url and keys under [[providers]].")


def _live(trials: LiveCheck, hop: str, member: MemberSettings) -> Probe:
    async def ask() -> str:
        trial = await trials.try_route(hop, member)
        if trial.condition is Condition.DOWN:
            raise ModelFailure(f"down: {trial.reason}")
        return in_words(trial)

    mend = "Check the model's id, the keys and the provider."
    return Probe(f"live: {hop}", ask, mend)


def _optional(check: Check, settings: Settings) -> Check:
    """A vendor that lacks its key is no failure while another stands in the chain."""
    lacking = check.name == "prices: alpha_vantage" and not settings.market.alpha_vantage.key.present()
    if (lacking and len(settings.market.prices) > 1) or lacks_its_key(check, settings):
        return check.model_copy(update={"state": "off", "mend": None})
    return check
