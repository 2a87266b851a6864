"""Prices from a provider's own list: read once a day, kept, and used where nobody states them."""

from decimal import Decimal
from pathlib import Path

import pytest

from core.app.app import App
from core.clock import ManualClock
from core.config.members import MemberSettings
from core.config.providers import Provider, ProviderModel
from core.domain.listed import ListedModel
from core.llm.prices import prices_of
from tests import arena
from tests.loopback.model_server import ModelServer

pytest_plugins = ("tests.storage",)

MODEL = "anthropic/claude-sonnet-4.5"
PRICED = {
    "id": MODEL,
    "context_length": 200_000,
    "pricing": {"prompt": "0.000003", "completion": "0.000015", "input_cache_read": "0.0000003"},
}


async def app_at(server: ModelServer, folder: Path, clock: ManualClock, *, lists: bool = True) -> App:
    return await arena.opened(
        server.base_url,
        folder,
        clock=clock,
        providers=[
            {"name": "loopback", "base_url": server.base_url, "local": True, "lists_prices": lists},
        ],
        members=[{"name": "claude", "route": [f"loopback:{MODEL}"]}],
    )


async def test_a_list_is_read_once_a_day_and_known_after_a_restart(
    tmp_path: Path, clock: ManualClock
) -> None:
    async with ModelServer() as server:
        server.listed = [PRICED]
        app = await app_at(server, tmp_path, clock)
        assert [await app.listing.refresh(), await app.listing.refresh()] == [1, 0]
        clock.advance(24 * 3600)
        assert await app.listing.refresh() == 1
        await app.close()
        again = await app_at(server, tmp_path, clock)
        known = again._gateway.listed["loopback", MODEL]
        await again.close()
    assert (known.price_in_usd_per_mtok, known.context_tokens) == (Decimal(3), 200_000)
    assert known.at == clock.now()


async def test_a_provider_that_does_not_list_prices_is_not_asked(tmp_path: Path, clock: ManualClock) -> None:
    async with ModelServer() as server:
        app = await app_at(server, tmp_path, clock, lists=False)
        assert await app.listing.refresh() == 0
        await app.close()
        assert server.requests == []


async def test_a_list_that_cannot_be_had_leaves_the_one_before(
    tmp_path: Path, clock: ManualClock, caplog: pytest.LogCaptureFixture
) -> None:
    async with ModelServer() as server:
        server.listed = [PRICED]
        app = await app_at(server, tmp_path, clock)
        await app.listing.refresh()
        server.listed = []
        clock.advance(25 * 3600)
        assert await app.listing.refresh() == 0
        assert ("loopback", MODEL) in app._gateway.listed
        await app.close()
    assert "the list of models of loopback was not read" in caplog.text


def test_what_is_stated_goes_before_what_is_listed(clock: ManualClock) -> None:
    listed = ListedModel(
        provider="p",
        model="m",
        price_in_usd_per_mtok=Decimal(3),
        price_out_usd_per_mtok=Decimal(15),
        at=clock.now(),
    )
    plain = Provider(name="p", base_url="http://x")
    stated = Provider(
        name="p", base_url="http://x", models=(ProviderModel(id="m", price_in_usd_per_mtok=Decimal(1)),)
    )
    unpriced = MemberSettings(name="a", route=("p:m",))
    priced = MemberSettings(name="a", route=("p:m",), price_out_usd_per_mtok=Decimal(2))
    found = [
        (prices.in_usd_per_mtok, prices.out_usd_per_mtok)
        for prices in (
            prices_of(unpriced, plain, "m"),
            prices_of(unpriced, plain, "m", listed),
            prices_of(priced, stated, "m", listed),
        )
    ]
    assert found == [(0, 0), (3, 15), (1, 2)]
