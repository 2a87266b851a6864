"""Runs of now that share their evidence for a moment: the same pack, the same answers, and never too old."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from core.domain.run import RunRecord, RunRequest
from core.domain.stage import Preset, Stage
from tests import arena
from tests.market_days import PRICED, Days, at, evening, market_days

WEEK = ["2025-10-24", "2025-10-27", "2025-10-28"]


@pytest_asyncio.fixture
async def sharing(tmp_path: Path) -> AsyncIterator[Days]:
    async with market_days(tmp_path, **PRICED, cache={"enabled": True}) as scene:
        scene.market.flat("NVDA", "100", WEEK[:2])
        scene.say("HOLD")
        yield scene


async def ran(days: Days, preset: Preset = Preset.STANDARD, **more: Any) -> RunRecord:
    request = RunRequest.model_validate({"ticker": "NVDA", "preset": preset, **more})
    return await arena.finished(days.app, request)


def later(days: Days, seconds: float) -> None:
    days.clock.set(days.clock.now() + timedelta(seconds=seconds))


async def test_a_second_chat_within_seconds_gets_the_same_pack_and_pays_nothing(sharing: Days) -> None:
    first = await ran(sharing)
    later(sharing, 12)
    again = await ran(sharing, requested_in="telegram:-100777")
    assert again.run_id != first.run_id
    assert (again.evidence_sha256, again.as_of) == (first.evidence_sha256, first.as_of)
    assert (first.cost_usd > 0, again.cost_usd) == (True, 0)
    assert again.ballots[0].from_cache == len(Stage)
    assert first.caveat is None
    age = int((again.started_at - first.as_of).total_seconds())
    assert again.caveat == f"On the evidence of a run just before, {age} s old."
    assert age >= 12
    assert (await sharing.app.rebuilt(again.run_id)).clean


async def test_evidence_that_is_a_minute_old_is_frozen_anew(sharing: Days) -> None:
    first = await ran(sharing, Preset.QUICK)
    later(sharing, 61)
    again = await ran(sharing, Preset.QUICK)
    assert again.as_of > first.as_of
    assert (again.caveat, again.ballots[0].from_cache) == (None, 0)


@pytest.mark.parametrize(
    "moment", [at("2025-10-28", 13, 29), at("2025-10-28", 19, 59)], ids=["open", "close"]
)
async def test_evidence_from_before_the_open_or_the_close_is_not_taken_over(
    sharing: Days, moment: Any
) -> None:
    sharing.clock.set(moment + timedelta(seconds=45))
    first = await ran(sharing, Preset.QUICK)
    later(sharing, 20)
    again = await ran(sharing, Preset.QUICK)
    assert again.evidence_sha256 != first.evidence_sha256


async def test_a_member_whose_books_have_changed_since_is_asked_anew(sharing: Days) -> None:
    sharing.say("BUY")
    first = await ran(sharing, Preset.QUICK)
    again = await ran(sharing, Preset.QUICK)
    assert again.evidence_sha256 == first.evidence_sha256
    assert first.orders
    assert again.ballots[0].from_cache == 0
    assert again.cost_usd > 0


@pytest.mark.parametrize("more", [{"fresh": True}, {"once": "asked:key"}, {"present": evening("2025-10-27")}])
async def test_runs_by_the_clock_and_of_one_moment_have_packs_of_their_own(
    sharing: Days, more: dict[str, Any]
) -> None:
    first = await ran(sharing, Preset.QUICK)
    assert (await ran(sharing, Preset.QUICK, **more)).evidence_sha256 != first.evidence_sha256


@pytest.mark.parametrize("cache", [{"enabled": True, "evidence_s": 0}, {"enabled": False}], ids=str)
async def test_where_it_is_off_each_run_has_its_own(sharing: Days, cache: dict[str, Any]) -> None:
    await sharing.start(cache=cache)
    first, again = await ran(sharing, Preset.QUICK), await ran(sharing, Preset.QUICK)
    assert again.evidence_sha256 != first.evidence_sha256
    assert (again.caveat, again.ballots[0].from_cache) == (None, 0)


async def test_who_asks_while_a_pack_is_being_frozen_waits_for_it(sharing: Days) -> None:
    one, other = await asyncio.gather(ran(sharing), ran(sharing, Preset.QUICK))
    assert one.evidence_sha256 == other.evidence_sha256
