"""Quotas over the whole arena: who is refused, before anything was asked, and who is not."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from core.app.app import App
from core.domain.quota import QuotaSpent
from core.domain.run import RunRecord
from core.domain.stage import Preset
from tests import arena
from tests.loopback.model_server import ModelServer

ALICE, BOB, ROOM = "telegram:1001", "telegram:1002", "telegram:-100123"


@pytest.fixture
async def models() -> AsyncIterator[ModelServer]:
    async with ModelServer() as server:
        yield server


@pytest.fixture
async def two(models: ModelServer, tmp_path: Path) -> AsyncIterator[tuple[App, App]]:
    """Two processes with one database, in which each person may start two runs a day."""
    access = {"runs_per_person_daily": 2}
    apps = [await arena.opened(models.base_url, tmp_path, access=access) for _ in range(2)]
    yield apps[0], apps[1]
    for app in apps:
        await app.close()


async def run(app: App, ticker: str, person: str = ALICE) -> RunRecord:
    wanted = arena.request(ticker, preset=Preset.QUICK, requested_by=person, requested_in=ROOM)
    return await arena.finished(app, wanted)


async def test_of_five_runs_that_one_person_asks_for_at_once_of_two_processes_two_start(
    two: tuple[App, App], models: ModelServer
) -> None:
    tickers = ("AAPL", "MSFT", "IBM", "GOOG")
    came = await asyncio.gather(
        *(run(two[n % 2], ticker) for n, ticker in enumerate(tickers)), return_exceptions=True
    )
    started = [one for one in came if isinstance(one, RunRecord)]
    assert len(started) == 2
    assert sum(isinstance(one, QuotaSpent) for one in came) == 2
    noted = await two[0].people.deeds.last(10)
    assert [deed.outcome for deed in noted] == ["refused", "refused"]
    assert {deed.what for deed in noted} == {f"/run {t}" for t in tickers} - {
        f"/run {r.ticker}" for r in started
    }


async def test_who_has_a_run_left_is_not_refused_with_who_has_none(two: tuple[App, App]) -> None:
    app = two[0]
    for ticker in ("AAPL", "MSFT"):
        await run(app, ticker)
    refused, ran = await asyncio.gather(run(app, "IBM"), run(app, "IBM", BOB), return_exceptions=True)
    assert isinstance(refused, QuotaSpent)
    assert isinstance(ran, RunRecord)
    assert ran.requested_by == BOB
    (left,) = await app.people.quotas.left(BOB, ROOM)
    assert left.runs == 1


async def test_two_people_who_ask_for_the_same_at_once_make_one_run_that_counts_for_one(
    two: tuple[App, App],
) -> None:
    app = two[0]
    first, second = await asyncio.gather(run(app, "AAPL"), run(app, "AAPL", BOB))
    assert first.run_id == second.run_id
    used = [(await app.people.quotas.left(who, ROOM))[0].used.runs for who in (ALICE, BOB)]
    assert sorted(used) == [0, 1]


async def test_the_terminal_and_subscriptions_have_no_quota(two: tuple[App, App]) -> None:
    app = two[0]
    for number, ticker in enumerate(("AAPL", "MSFT", "IBM")):
        await arena.finished(app, arena.request(ticker, preset=Preset.QUICK))
        wanted = arena.request(ticker, preset=Preset.QUICK, requested_by=ALICE, once=f"slot {number}")
        await arena.finished(app, wanted)
    (left,) = await app.people.quotas.left(ALICE, ROOM)
    assert left.runs == 2
    assert await app.people.quotas.left("terminal", "terminal") == ()


async def test_a_refused_run_asks_no_model_and_no_vendor(two: tuple[App, App], models: ModelServer) -> None:
    app = two[0]
    for ticker in ("AAPL", "MSFT"):
        await run(app, ticker)
    before = len(models.requests)
    with pytest.raises(QuotaSpent, match="your 2 runs of today are used up"):
        await run(app, "NOSUCHTICKER")
    assert len(models.requests) == before


async def test_a_group_that_became_a_supergroup_keeps_its_own_quota(
    models: ModelServer, tmp_path: Path
) -> None:
    before = "telegram:-4567"
    chats = [{"id": before, "role": "runner", "runs_daily": 1}]
    app = await arena.opened(models.base_url, tmp_path, access={"chats": chats})
    try:
        assert await app.people.quotas.left(BOB, ROOM) == ()
        await app.known_chats.was_moved(before, ROOM)
        await run(app, "AAPL", BOB)
        with pytest.raises(QuotaSpent, match="this chat's 1 run of today"):
            await run(app, "MSFT", BOB)
    finally:
        await app.close()
