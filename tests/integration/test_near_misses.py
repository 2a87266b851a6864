"""What an arena says of tickers and names that it does not know, over a real database and sample prices."""

import asyncio
from pathlib import Path

import pytest

from core.app.app import App
from core.domain.ballot import Action
from core.domain.errors import (
    NoPrices,
    NotFound,
    Refused,
    Unknown,
    UnknownTicker,
    VendorFailure,
    VendorTimeout,
)
from core.domain.events import RunStarted
from core.domain.stage import Preset
from tests import arena
from tests.arena import Opening
from tests.loopback.model_replies import hangs
from tests.loopback.model_server import ModelServer

pytest_plugins = ["tests.arena_fixtures"]


@pytest.fixture
async def app(models: ModelServer, tmp_path: Path, opening: Opening) -> App:
    return await opening(models.base_url, tmp_path, arena={"watchlist": ["NVDA", "BRK-B"]})


async def run(app: App, ticker: str, **more: object) -> None:
    await arena.finished(app, arena.request(ticker, preset=Preset.QUICK, **more))


async def test_what_is_known_is_the_watchlist_what_was_run_and_the_archives(app: App) -> None:
    await run(app, "IBM")
    assert await app.known_tickers() == ("NVDA", "BRK-B", "IBM", "AAPL", "GOOG", "MSFT")


async def test_a_ticker_without_prices_names_what_is_close_to_it(app: App) -> None:
    with pytest.raises(UnknownTicker) as caught:
        await run(app, "nvdaa")
    assert str(caught.value) == "I don't know the ticker NVDAA. Did you mean NVDA?"
    assert (caught.value.wrong, caught.value.near) == ("NVDAA", (("NVDA", "NVDA"),))
    assert isinstance(caught.value.__cause__, NoPrices)
    assert caught.value.causes


@pytest.mark.parametrize("ticker", ["TSLA", "NVDA"])
async def test_a_ticker_that_is_close_to_none_or_known_is_told_as_it_was(app: App, ticker: str) -> None:
    with pytest.raises(NoPrices) as caught:
        await run(app, ticker)
    assert type(caught.value) is NoPrices
    assert str(caught.value).startswith(f"Prices for {ticker} could not be had")


async def test_while_a_vendor_is_away_nobody_says_that_a_ticker_is_unknown(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def late(*_: object) -> None:
        raise VendorTimeout("sample", "no answer in 10 s")

    monkeypatch.setattr(app._prices.vendors[0], "daily_bars", late)
    monkeypatch.setattr(app._prices.vendors[0], "present", late)
    with pytest.raises(UnknownTicker) as caught:
        await run(app, "NVDAA")
    assert "could not be had" in str(caught.value)
    assert str(caught.value).endswith("Did you mean NVDA?")
    assert "don't know" not in str(caught.value)


async def test_an_archive_that_cannot_be_read_suggests_nothing_and_stops_nothing(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken() -> None:
        raise VendorFailure("sample", "the disk is gone")

    monkeypatch.setattr(app._prices.vendors[0], "tickers", broken)
    assert "AAPL" in await app.known_tickers()


async def test_a_ticker_without_a_run_names_those_with_one(app: App) -> None:
    await run(app, "GOOG")
    with pytest.raises(Unknown) as caught:
        await app.record("googl")
    assert str(caught.value) == (
        "There is no finished run of GOOGL yet. Did you mean GOOG? If not, start one: /run GOOGL"
    )
    assert caught.value.wrong == "googl"
    with pytest.raises(NotFound, match=r"yet\. Start one: /run MSFT$"):
        await app.record("MSFT")


async def test_a_vote_names_the_runs_that_go_on(app: App, models: ModelServer) -> None:
    models.always("claude/claude-1", hangs())
    begun = asyncio.Event()

    async def follow() -> None:
        async for event in app.run(arena.request("GOOG", preset=Preset.QUICK)):
            if isinstance(event, RunStarted):
                begun.set()

    task = asyncio.create_task(follow())
    await begun.wait()
    assert await app.running_tickers() == ("GOOG",)
    with pytest.raises(Unknown, match=r"No run of GOGO is going on; .* Did you mean GOOG\?"):
        await app.vote("gogo", Action.BUY, None, person="telegram:1", chat="telegram:1")
    with pytest.raises(Refused, match=r"Start one with /run IBM"):
        await app.vote("IBM", Action.BUY, None, person="telegram:1", chat="telegram:1")
    task.cancel()


async def test_a_name_is_asked_back_with_the_number_that_a_button_can_carry(app: App) -> None:
    numbers = {member.name: f"#{member.number}" for member in await app.members()}
    with pytest.raises(Unknown) as caught:
        await app.member("gemni")
    assert str(caught.value) == "No model is called “gemni”. Did you mean gemini?"
    assert caught.value.near == (("gemini", numbers["gemini"]),)
    with pytest.raises(Unknown) as several:
        await app.member("e")
    assert ("claude", numbers["claude"]) in several.value.near
    with pytest.raises(Unknown) as none:
        await app.member("llama")
    assert {name for name, _ in none.value.near} == set(numbers)


async def test_a_number_behind_a_sign_is_a_member_too(app: App) -> None:
    for member in await app.members():
        assert await app.member(f"#{member.number}") == member
    with pytest.raises(NotFound, match="not known any more"):
        await app.member("#999999999")


async def test_members_of_a_run_are_understood_by_number_and_asked_back_by_name(app: App) -> None:
    number = (await app.member("qwen")).number
    wanted = arena.request("IBM", preset=Preset.QUICK, members=(f"#{number}", "claude"))
    record = await arena.finished(app, wanted)
    assert {seat.member for seat in record.voters} == {"qwen", "claude"}
    with pytest.raises(Unknown, match=r"Did you mean claude\?"):
        await run(app, "IBM", members=("cluade",))
    crowd = (await app.member("crowd")).number
    with pytest.raises(Refused, match="crowd follows every run"):
        await run(app, "IBM", members=(f"#{crowd}",))
