"""Runs that ask the same about the same evidence: paid for once, shown so, and never where it must not be."""

import asyncio
import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from bot.cards import VerdictCard
from bot.documents import chat_document, run_document
from bot.facts import verdict_of, zone_of
from bot.present.reasoning import page_of, pages, reasoning_card
from core.app.app import App
from core.clock import SystemClock
from core.config.cache import KIND_OF
from core.domain.run import RunRecord
from core.domain.stage import Preset, Stage
from tests import arena
from tests.arena import Opening
from tests.loopback.model_replies import ModelRequest, filled
from tests.loopback.model_server import ModelServer

pytest_plugins = ["tests.storage", "tests.arena_fixtures"]

MODEL = "claude/claude-1"
COST = Decimal("0.001")
ONE: dict[str, Any] = {
    "members": [{"name": "claude", "route": [f"loopback:{MODEL}"]}],
    "consensus": {"min_members": 1},
    "cache": {"enabled": True},
}
HOLDS = {"action": "HOLD", "rating": "Hold", "recommendation": "Hold", "target_weight": None}


class Later(SystemClock):
    """The machine's clock, some seconds later."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> datetime:
        return super().now() + timedelta(seconds=self.seconds)


@pytest.fixture
def holder(models: ModelServer) -> ModelServer:
    """One that trades nothing, so that it is told the same of its books the next time."""
    usage = {"prompt_tokens": 100, "completion_tokens": 50, "cost": float(COST)}
    models.always(MODEL, filled(arena.opinion("claude", **HOLDS), usage=usage))
    return models


async def stages_from_cache(app: App, record: RunRecord) -> list[Stage]:
    chat = await app.model_chat(record.run_id, "claude")
    return [one.stage for one in chat.stages if one.from_cache]


def asked_twice(requests: Sequence[ModelRequest]) -> int:
    return len(requests) - len({json.dumps(one.messages) for one in requests})


async def test_the_same_question_within_seconds_costs_nothing_and_every_view_says_why(
    holder: ModelServer, opening: Opening, tmp_path: Path, url: str
) -> None:
    app = await opening(holder.base_url, tmp_path, url=url, **ONE)
    first = await arena.finished(app, arena.request())
    again = await arena.finished(app, arena.request(requested_by="telegram:1002"))
    assert len(holder.requests) == 12
    assert (first.cost_usd, again.cost_usd) == (12 * COST, 0)
    assert [(one.ballots[0].from_cache, one.ballots[0].action) for one in (first, again)] == [
        (0, "HOLD"),
        (12, "HOLD"),
    ]
    assert await stages_from_cache(app, first) == []
    assert await stages_from_cache(app, again) == list(Stage)
    card = await verdict_of(app, again)
    assert isinstance(card, VerdictCard)
    assert [line.note for line in card.members] == ["12 stages from cache"]
    document = run_document(again, again.started_at)
    assert (document["total_cost_usd"], document["ballots"][0]["from_cache"]) == ("0.00", 12)
    chat, member = await app.model_chat(again.run_id, "claude"), await app.member("claude")
    assert {one["from_cache"] for one in chat_document(chat)["stages"]} == {True}
    book = pages(chat, 3000)
    page = page_of(book, Stage.MARKET)
    assert page is not None
    footer = reasoning_card(book, page, record=again, chat=chat, member=member, zone=zone_of(app)).footer
    assert footer.startswith(f"answered by loopback:{MODEL} · from cache, $0.00 · ")
    assert (await app.rebuilt(again.run_id)).clean


async def test_another_process_on_the_same_database_finds_the_answers(
    holder: ModelServer, opening: Opening, tmp_path: Path, url: str
) -> None:
    one = await opening(holder.base_url, tmp_path, url=url, **ONE)
    await arena.finished(one, arena.request())
    other = await opening(holder.base_url, tmp_path, url=url, **ONE)
    again = await arena.finished(other, arena.request())
    assert await stages_from_cache(other, again) == list(Stage)
    assert len(holder.requests) == 12


async def test_answers_grow_old_by_the_kind_of_their_stage(
    holder: ModelServer, opening: Opening, tmp_path: Path
) -> None:
    clock = Later()
    app = await opening(holder.base_url, tmp_path, clock=clock, **ONE)
    await arena.finished(app, arena.request())
    for seconds, fresh in (
        (15, {"market", "news", "technical", "risk"}),
        (45, {"market", "news", "technical"}),
    ):
        clock.seconds = seconds
        record = await arena.finished(app, arena.request())
        kept = [stage for stage in Stage if KIND_OF[stage] in fresh]
        assert await stages_from_cache(app, record) == kept


async def test_another_preset_shares_what_is_asked_the_same_at_the_same_time(
    holder: ModelServer, opening: Opening, tmp_path: Path
) -> None:
    app = await opening(holder.base_url, tmp_path, **ONE)
    await asyncio.gather(
        *(arena.finished(app, arena.request(preset=one)) for one in (Preset.STANDARD, Preset.DEEP))
    )
    assert asked_twice(holder.requests) == 0


async def test_other_evidence_is_asked_anew(holder: ModelServer, opening: Opening, tmp_path: Path) -> None:
    app = await opening(holder.base_url, tmp_path, **ONE)
    await arena.finished(app, arena.request())
    other = await arena.finished(app, arena.request(as_of="2013-01-15T21:00:00+00:00"))
    assert await stages_from_cache(app, other) == []
    assert len(holder.requests) == 24


async def test_where_the_cache_is_off_every_question_is_asked(
    holder: ModelServer, opening: Opening, tmp_path: Path
) -> None:
    app = await opening(holder.base_url, tmp_path, **{**ONE, "cache": {"enabled": False}})
    for _ in range(2):
        record = await arena.finished(app, arena.request())
        assert await stages_from_cache(app, record) == []
    assert asked_twice(holder.requests) == 12


async def test_a_repetition_is_another_sample(holder: ModelServer, opening: Opening, tmp_path: Path) -> None:
    app = await opening(holder.base_url, tmp_path, **ONE)
    first = await arena.finished(app, arena.request())
    plan = await app.rerun_plan(first.run_id)
    again = arena.ended([event async for event in app.rerun(plan)])
    assert await stages_from_cache(app, again) == []
    assert asked_twice(holder.requests) == 12
    # The other way round as well: a repetition leaves nothing for others.
    before = len(holder.requests)
    await app.stability(await app.stability_plan(arena.request(preset=Preset.QUICK), times=3))
    assert len(holder.requests) == before + 3
