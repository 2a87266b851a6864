"""Fixtures of Yahoo's adapters before a server on this machine.

Name this module in `pytest_plugins` of a test module to have them.
"""

from collections.abc import AsyncIterator
from itertools import count

import pytest

from core.clock import ManualClock
from core.config.market import YfinanceVendor as YfinanceSettings
from core.market.yahoo_evidence import YahooEvidence
from core.market.yfinance_vendor import YfinanceVendor
from tests.loopback.yahoo_evidence import NOW
from tests.loopback.yahoo_server import YahooServer, yahoo_server

# yfinance remembers time zones by ticker for the life of the process, so that each test takes a fresh one.
_numbers = count(1)


@pytest.fixture
def symbol() -> str:
    """A ticker that no test has asked for before."""
    return f"TST{next(_numbers)}"


@pytest.fixture(scope="session")
def _cache_of_yfinance(tmp_path_factory: pytest.TempPathFactory) -> None:
    import yfinance

    yfinance.set_tz_cache_location(str(tmp_path_factory.mktemp("yfinance")))


@pytest.fixture
async def yahoo() -> AsyncIterator[YahooServer]:
    """The server."""
    async with yahoo_server() as running:
        yield running


@pytest.fixture
async def yahoo_prices(yahoo: YahooServer, _cache_of_yfinance: None) -> AsyncIterator[YfinanceVendor]:
    """The adapter that asks it."""
    vendor = YfinanceVendor(YfinanceSettings(base_url=yahoo.base_url, timeout_s=5))
    yield vendor
    await vendor.close()


@pytest.fixture
def fresh_yfinance(_cache_of_yfinance: None) -> None:
    """yfinance as at the start of a process, without the crumb of a test before."""
    from yfinance.data import SingletonMeta

    SingletonMeta._instances.clear()


@pytest.fixture
async def evidence(yahoo: YahooServer, fresh_yfinance: None) -> AsyncIterator[YahooEvidence]:
    """The adapter for evidence beside prices; its clock stands at `NOW`."""
    evidence = YahooEvidence(YfinanceSettings(base_url=yahoo.base_url, timeout_s=5), ManualClock(NOW))
    yield evidence
    await evidence.close()
