"""Members that several models make up: who is asked in which stage, who wrote it, and what it counts for."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from bot.cards import ModelsCard, VerdictCard
from bot.documents import chat_document, run_document
from bot.facts import verdict_of, zone_of
from bot.http.metrics import Metrics
from bot.member_documents import members_document
from bot.present.models import models_card
from bot.present.reasoning import page_of, pages, reasoning_card
from core.app.app import App
from core.app.live_check import routes_of
from core.config.fingerprint import config_hash
from core.domain.ballot import AbstentionKind, Authorship
from core.domain.errors import ConfigError
from core.domain.run import RunRecord
from core.domain.stage import Stage
from core.domain.subscription import Topic, Wanted
from core.store.call_tables import calls
from tests import arena
from tests.arena import Opening
from tests.loopback.model_replies import filled, server_error
from tests.loopback.model_server import ModelServer

pytest_plugins = ["tests.storage", "tests.arena_fixtures"]

FAST, SECOND, OTHER, PREMIUM = "maker/fast-1", "maker/fast-2", "maker/other-1", "claude/claude-1"
ANALYSTS = ("market", "news", "fundamentals", "sentiment")
STAGED: dict[str, Any] = {
    "name": "claude",
    "route": [f"loopback:{PREMIUM}"],
    "stages": {"analysts": [f"loopback:{FAST}", f"loopback:{SECOND}"], "news": [f"loopback:{OTHER}"]},
}


def seated(*more: dict[str, Any], **changes: Any) -> dict[str, Any]:
    members = [{**STAGED, **changes}, *more]
    return {"members": members, "consensus": {"min_members": 1}}


async def asked(
    models: ModelServer, opening: Opening, tmp_path: Path, **sections: Any
) -> tuple[App, RunRecord]:
    app = await opening(models.base_url, tmp_path, **sections)
    return app, await arena.finished(app, arena.request())


async def wrote(app: App, record: RunRecord) -> dict[str, str]:
    chat = await app.model_chat(record.run_id, "claude")
    return {stage.stage.value: stage.served_by.model for stage in chat.stages if stage.served_by}


async def test_each_stage_is_asked_of_its_own_model_and_a_stage_goes_before_its_group(
    models: ModelServer, opening: Opening, tmp_path: Path, url: str
) -> None:
    app, record = await asked(models, opening, tmp_path, url=url, **seated())
    by = await wrote(app, record)
    assert {stage: by[stage] for stage in ANALYSTS} == {
        **dict.fromkeys(ANALYSTS, FAST),
        "news": OTHER,
    }
    assert {model for stage, model in by.items() if stage not in ANALYSTS} == {PREMIUM}
    assert [len(models.asked(name)) for name in (FAST, OTHER, PREMIUM, SECOND)] == [3, 1, 8, 0]
    (ballot,) = record.ballots
    assert ballot.written_by == (
        Authorship(model=f"loopback:{FAST}", stages=("market", "fundamentals", "sentiment")),
        Authorship(model=f"loopback:{OTHER}", stages=("news",)),
        Authorship(
            model=f"loopback:{PREMIUM}",
            stages=tuple(stage.value for stage in Stage if stage.value not in ANALYSTS),
        ),
    )


async def test_the_card_the_page_and_json_say_who_wrote_what(
    models: ModelServer, opening: Opening, tmp_path: Path
) -> None:
    analysts = {"analysts": [f"loopback:{FAST}"]}
    app, record = await asked(models, opening, tmp_path, **seated(stages=analysts))
    card = await verdict_of(app, record)
    assert isinstance(card, VerdictCard)
    assert [line.note for line in card.members] == [
        "analysts: fast-1; debate, judge, trader, risk, decision: claude-1"
    ]
    document = json.loads(json.dumps(run_document(record, record.started_at)))
    assert [one["model"] for one in document["ballots"][0]["written_by"]] == [
        f"loopback:{FAST}",
        f"loopback:{PREMIUM}",
    ]
    chat = await app.model_chat(record.run_id, "claude")
    first = chat_document(chat, Stage.MARKET)["stages"][0]
    assert (first["served_by"], first["from_cache"]) == (f"loopback:{FAST}", False)
    member = await app.member("claude")
    book = pages(chat, 3000)
    for stage, model in ((Stage.MARKET, FAST), (Stage.DECISION, PREMIUM)):
        page = page_of(book, stage)
        assert page is not None
        footer = reasoning_card(book, page, record=record, chat=chat, member=member, zone=zone_of(app)).footer
        assert footer.startswith(f"answered by loopback:{model} · ")
    shown = models_card([member])
    assert isinstance(shown, ModelsCard)
    assert f"loopback:{PREMIUM} · analysts: loopback:{FAST} · weight" in shown.lines[0][1]
    assert members_document([member])[0]["stages"] == analysts


async def test_a_fallback_of_a_stage_is_shown_where_it_answered(
    models: ModelServer, opening: Opening, tmp_path: Path
) -> None:
    models.always(FAST, server_error())
    app, record = await asked(
        models, opening, tmp_path, pipeline={"max_retries": 0, "base_delay_s": 0.01}, **seated()
    )
    by = await wrote(app, record)
    assert {by[stage] for stage in ("market", "fundamentals", "sentiment")} == {SECOND}
    chat, member = await app.model_chat(record.run_id, "claude"), await app.member("claude")
    book = pages(chat, 3000)
    page = page_of(book, Stage.MARKET)
    assert page is not None
    card = reasoning_card(book, page, record=record, chat=chat, member=member, zone=zone_of(app))
    assert f"answered by loopback:{SECOND} instead of loopback:{FAST}" in card.footer
    shown = await verdict_of(app, record)
    assert isinstance(shown, VerdictCard)
    assert shown.members[0].note is not None
    assert "fundamentals, sentiment: fast-2" in shown.members[0].note


async def test_the_family_that_must_decide_is_that_of_the_decisions_own_route(
    models: ModelServer, opening: Opening, tmp_path: Path
) -> None:
    decides = {"decision": ["loopback:maker/fast-1", "loopback:claude/claude-1"]}
    _, record = await asked(models, opening, tmp_path, **seated(stages=decides))
    assert [str(ballot.served_by) for ballot in record.ballots] == [f"loopback:{FAST}"]


async def test_a_decision_by_the_members_usual_model_is_an_abstention_where_another_was_to_decide(
    models: ModelServer, opening: Opening, tmp_path: Path
) -> None:
    models.always(FAST, server_error())
    decides = {"decision": ["loopback:maker/fast-1", "loopback:claude/claude-1"]}
    _, record = await asked(
        models,
        opening,
        tmp_path,
        pipeline={"max_retries": 0, "base_delay_s": 0.01},
        **seated(stages=decides),
    )
    (abstention,) = record.abstentions
    assert abstention.kind is AbstentionKind.OTHER_MODEL
    assert "answered instead of fast" in abstention.reason


@pytest.mark.parametrize(
    ("limited", "stage"), [("fast", "market"), ("premium", "bull")], ids=["the analysts'", "the others'"]
)
async def test_each_call_counts_for_the_tier_of_the_model_that_is_asked(
    limited: str, stage: str, models: ModelServer, opening: Opening, tmp_path: Path
) -> None:
    priced = {"price_in_usd_per_mtok": 5, "price_out_usd_per_mtok": 5}
    provider = {
        "name": "loopback",
        "base_url": models.base_url,
        "keys": [{"name": "main", "secret": "env:LOOPBACK"}],
        "models": [{"id": FAST, "tier": "fast", **priced}, {"id": PREMIUM, "tier": "premium", **priced}],
    }
    app = await opening(
        models.base_url,
        tmp_path,
        environ={"LOOPBACK": "made-up-0123456789"},
        providers=[provider],
        budget={"tiers": {limited: "0.000001"}},
        **seated(stages={"analysts": [f"loopback:{FAST}"]}),
    )
    record = await arena.finished(app, arena.request())
    (abstention,) = record.abstentions
    assert abstention.kind is AbstentionKind.BUDGET
    assert f"of the tier {limited} for the day" in abstention.reason
    reached = {one.stage.value for one in (await app.model_chat(record.run_id, "claude")).stages}
    assert stage not in reached
    assert reached == (set() if limited == "fast" else set(ANALYSTS))


async def test_an_answer_from_the_cache_is_recorded_for_the_model_and_the_tier_that_it_spared(
    models: ModelServer, opening: Opening, tmp_path: Path
) -> None:
    models.always(FAST, filled(model="maker/fast-1-2026"))
    named = [{"id": FAST, "tier": "fast"}, {"id": PREMIUM, "tier": "premium"}]
    provider = {"name": "loopback", "base_url": models.base_url, "local": True, "models": named}
    app = await opening(
        models.base_url,
        tmp_path,
        providers=[provider],
        cache={"enabled": True},
        **seated(stages={"analysts": [f"loopback:{FAST}"]}),
    )
    for _ in range(2):
        await arena.finished(app, arena.request())
    await app._store.calls.log.flush()
    query = select(calls.c.model, calls.c.served_by, calls.c.tier, calls.c.from_cache).distinct()
    async with app._store.database.read() as connection:
        found = {tuple(row) for row in await connection.execute(query) if row.model == FAST}
    assert found == {(FAST, "maker/fast-1-2026", "fast", from_cache) for from_cache in (False, True)}


async def test_the_models_of_stages_are_watched_and_tried_like_all_others(
    models: ModelServer, opening: Opening, tmp_path: Path
) -> None:
    admin = "telegram:1"
    app = await opening(
        models.base_url,
        tmp_path,
        access={"admins": [admin]},
        health={"failures": 2, "failing_s": 0},
        pipeline={"max_retries": 1, "base_delay_s": 0.01},
        **seated(stages={"market": [f"loopback:{FAST}"]}),
    )
    before = app.clock.now() - timedelta(hours=1)
    await app._store.subscriptions.add(
        "telegram", "-1", None, Wanted(topic=Topic.ALERTS), admin, before, None, limit=9
    )
    models.always(FAST, server_error())
    await arena.finished(app, arena.request())
    await app._gateway.notes.written()
    (provider,) = (await app.health(())).providers
    assert {one.model: (one.breaker, one.members) for one in provider.routes} == {
        PREMIUM: ("closed", ("claude",)),
        FAST: ("open", ("claude",)),
    }
    (alert,) = await app.look_out()
    assert (alert.subject, alert.members) == (f"loopback:{FAST}", ("claude",))
    assert [hop for hop, _ in routes_of(app.settings)] == [f"loopback:{PREMIUM}", f"loopback:{FAST}"]
    assert FAST in Metrics(app.settings).text().decode()


async def test_the_models_of_stages_are_part_of_what_shapes_a_run(tmp_path: Path) -> None:
    def hash_of(**changes: Any) -> str:
        return config_hash(arena.settings("http://127.0.0.1:1/v1", tmp_path, **seated(**changes)))

    assert hash_of() == hash_of()
    assert hash_of() != hash_of(stages={"analysts": [f"loopback:{FAST}"]})
    assert hash_of(stages={}) != hash_of()


@pytest.mark.parametrize(
    ("stages", "line"),
    [
        ({"analyst": ["loopback:a"]}, 'the nearest is "analysts"'),
        ({"risk": []}, "members[claude].stages.risk"),
        ({"risk": ["nowhere:a"]}, 'members[claude].stages.risk names the provider "nowhere"'),
        ({"risk": ["a"]}, '"a" in stages.risk is not "provider:model id"'),
    ],
)
def test_a_mistake_in_stages_is_one_sentence(stages: dict[str, Any], line: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        arena.settings("http://127.0.0.1:1/v1", tmp_path, **seated(stages=stages))
    assert line in str(caught.value)


def test_a_baseline_takes_no_stages(tmp_path: Path) -> None:
    rule = {"name": "trend", "kind": "baseline", "stages": {"risk": ["loopback:a"]}}
    with pytest.raises(ConfigError, match="a baseline asks no model, so it takes no stages"):
        arena.settings("http://127.0.0.1:1/v1", tmp_path, **seated(rule))


async def test_members_keep_their_stages_over_a_restart_and_lose_them_with_the_configuration(
    models: ModelServer, opening: Opening, tmp_path: Path, url: str
) -> None:
    app = await opening(models.base_url, tmp_path, url=url, **seated())
    kept = (await app.member("claude")).stages
    assert kept == {name: tuple(route) for name, route in STAGED["stages"].items()}
    await app.close()
    again = await opening(models.base_url, tmp_path, url=url, **seated(stages={}))
    assert (await again.member("claude")).stages == {}


async def test_one_model_in_every_stage_needs_no_line_of_its_own(
    models: ModelServer, opening: Opening, tmp_path: Path
) -> None:
    models.always(PREMIUM, filled(arena.opinion("claude")))
    app, record = await asked(models, opening, tmp_path, **seated(stages={}))
    card = await verdict_of(app, record)
    assert isinstance(card, VerdictCard)
    assert [line.note for line in card.members] == [None]
    assert [ballot.written_by for ballot in record.ballots] == [()]
