"""What can be read over HTTP beside runs: standings, models, how the service is, and its metrics."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from bot.documents import leaderboard_document
from bot.door import ChatGone, Flooded
from bot.http import reading
from bot.member_documents import members_document
from core.app.app import App
from core.domain.errors import StoreError
from core.domain.scores import Metric
from tests import arena
from tests.arena import Opening
from tests.http_scene import Caller, calling, http_settings
from tests.loopback.model_server import ModelServer
from tests.postman_scene import Opening as Starting
from tests.postman_scene import PostClock, trouble

pytest_plugins = ("tests.arena_fixtures", "tests.postman_fixtures", "tests.storage")


@pytest.fixture
async def app(models: ModelServer, tmp_path: Path, opening: Opening, url: str) -> App:
    budget = {"daily_usd": "5.00", "tiers": {"premium": "2.00"}}
    return await opening(models.base_url, tmp_path, url=url, budget=budget, **http_settings())


@pytest.fixture
async def caller(app: App) -> AsyncIterator[Caller]:
    async with calling(app) as one:
        yield one


async def samples(caller: Caller) -> dict[str, float]:
    told = await caller.gets("/metrics")
    assert (told.status, told.kind) == (200, "text/plain")
    families = text_string_to_metric_families(told.text)
    return {
        " ".join([one.name, *(f"{name}={value}" for name, value in sorted(one.labels.items()))]): one.value
        for family in families
        for one in family.samples
    }


async def test_the_leaderboard_is_that_of_the_terminal(caller: Caller, app: App) -> None:
    await arena.finished(app, arena.request(preset="quick"))
    told = await caller.gets("/leaderboard?by=return&period=30d")
    board = await app.leaderboard(by=Metric.RETURN, period="30d")
    assert told.document == json.loads(json.dumps(leaderboard_document(board)))
    assert len(told.document["standings"]) == 7


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("by=luck", "by should be"),
        ("period=soon", "period has signs"),
        ("net_of_tokens=perhaps", "net_of_tokens must be true or false."),
        ("season=../x", "season has signs"),
        ("sort=asc", "sort is not known here."),
    ],
)
async def test_a_ranking_that_there_is_not_is_refused(caller: Caller, query: str, sentence: str) -> None:
    status, told = (await caller.gets(f"/leaderboard?{query}")).problem
    assert status == 422
    assert told.startswith(sentence)


async def test_a_season_that_there_is_not_is_not_found(caller: Caller) -> None:
    assert (await caller.gets("/leaderboard?season=winter")).problem[0] == 404


async def test_the_models_are_those_of_the_terminal(caller: Caller, app: App) -> None:
    told = await caller.gets("/models")
    assert told.document == json.loads(json.dumps(members_document(await app.members())))
    assert {one["member"] for one in told.document} == {*arena.FIVE, "committee", "crowd"}


async def test_the_status_tells_platforms_members_and_what_is_left(caller: Caller) -> None:
    told = (await caller.gets("/status")).document
    assert (told["status"], told["platforms"], told["runs"]) == ("ok", {"Telegram": "connected"}, 0)
    assert set(arena.FIVE) < set(told["members"])
    assert told["budgets"] == [
        {"scope": "day", "left_usd": "5.00", "limit_usd": "5.00"},
        {"scope": "tier:premium", "left_usd": "2.00", "limit_usd": "2.00"},
    ]
    assert told["uptime_s"] >= 0


async def test_an_unwell_platform_is_degraded_and_no_error(app: App) -> None:
    async with calling(app, {"Slack": "off"}) as caller:
        told = await caller.gets("/status")
    assert (told.status, told.document["status"]) == (200, "degraded")


async def test_a_process_lives_and_is_ready(caller: Caller) -> None:
    assert (await caller.gets("/healthz")).document == {"status": "ok"}
    told = (await caller.gets("/readyz")).document
    assert told["status"] == "ok"
    assert 0 <= told["database_s"] < 5


async def test_without_its_database_a_process_lives_and_is_not_ready(
    caller: Caller, app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken() -> None:
        raise StoreError("postgresql://user@db cannot be reached")

    monkeypatch.setattr(app._store.database, "ping", broken)
    assert (await caller.gets("/healthz")).status == 200
    told = await caller.gets("/readyz")
    assert told.problem == (503, "The database cannot be used at the moment; try again.")


async def test_a_database_that_hangs_is_not_waited_for(
    caller: Caller, app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = 0

    async def hang() -> None:
        nonlocal asked
        asked += 1
        await asyncio.sleep(20)

    monkeypatch.setattr("core.app.meterwork.ANSWERS_WITHIN_S", 0.2)
    monkeypatch.setattr(app._store.database, "ping", hang)
    answers = await asyncio.gather(*(caller.gets("/readyz") for _ in range(5)))
    assert {told.status for told in answers} == {503}
    assert asked == 1, "who asks at the same time shares the look"


async def test_a_loop_that_does_not_keep_up_is_not_ready(
    caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "LOOP_WITHIN_S", -1.0)
    assert (await caller.gets("/readyz")).problem[0] == 503


async def test_metrics_tell_of_real_runs_and_of_the_database(caller: Caller, app: App) -> None:
    await arena.finished(app, arena.request(preset="quick"))
    found = await samples(caller)
    assert found["conclave_store_up"] == 1
    assert found["conclave_runs_started_total preset=quick"] == 1
    assert found["conclave_runs_finished_total decision=BUY"] == 1
    assert found["conclave_member_decisions_total action=SELL member=qwen"] == 1
    assert found["conclave_member_confidence_sum member=qwen"] == 0.9
    assert found["conclave_member_tokens_total member=claude"] > 0
    assert found["conclave_runs_in_flight"] == 0
    assert found["conclave_platform_connected platform=telegram"] == 1
    assert found["conclave_budget_left_usd scope=day"] == 5
    for kind in ("read", "write", "ping"):
        assert found[f"conclave_database_seconds_count kind={kind}"] > 0
    await caller.gets("/models")
    assert (await samples(caller))["conclave_http_requests_total method=GET path=/models status=200"] == 1


async def test_metrics_tell_what_each_portfolio_is_worth(caller: Caller, app: App) -> None:
    await arena.finished(app, arena.request(preset="quick"))
    found = await samples(caller)
    board = {one.member: one for one in (await app.leaderboard()).standings}
    for member in arena.FIVE:
        assert found[f"conclave_member_value_usd member={member}"] == float(board[member].value_usd)
        assert found[f"conclave_member_return member={member}"] == float(board[member].return_ratio)


async def test_a_run_that_two_follow_is_counted_once(caller: Caller, app: App) -> None:
    wanted = arena.request(preset="quick")
    await asyncio.gather(arena.finished(app, wanted), arena.finished(app, wanted))
    assert (await samples(caller))["conclave_runs_started_total preset=quick"] == 1


async def test_without_a_database_metrics_say_so_and_the_rest(
    caller: Caller, app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken() -> None:
        raise StoreError("postgresql://user@db cannot be reached")

    monkeypatch.setattr(app._store.database, "ping", broken)
    found = await samples(caller)
    assert found["conclave_store_up"] == 0
    assert found["conclave_platform_connected platform=telegram"] == 1


async def test_what_is_due_late_and_delivered_is_measured(starting: Starting, post_clock: PostClock) -> None:
    process = await starting(**http_settings())
    await process.subscribes("weekly review daily 16:00")
    post_clock.advance(121)
    async with calling(process.app) as caller:
        found = await samples(caller)
        assert (found["conclave_queue_depth"], found["conclave_queue_late"]) == (1, 1)
        assert found["conclave_queue_lag_seconds"] == 121
        await process.works()
        found = await samples(caller)
    assert (found["conclave_queue_depth"], found["conclave_queue_late"]) == (0, 0)
    assert found["conclave_deliveries_total late=true platform=telegram"] == 1


async def test_once_closed_nothing_more_is_counted(app: App) -> None:
    async with calling(app) as caller:
        api = caller.api
    await arena.finished(app, arena.request(preset="quick"))
    assert b'conclave_runs_started_total{preset="quick"} 0.0\n' in api.metrics.text()


async def test_what_a_platform_does_not_take_is_measured_by_kind(starting: Starting) -> None:
    process = await starting(**http_settings())
    await process.subscribes("weekly review daily 16:00")
    process.door.trouble = trouble(Flooded(2.0), ChatGone("the chat is closed"))
    async with calling(process.app) as caller:
        await process.works()
        found = await samples(caller)
    assert found["conclave_delivery_failures_total kind=flooded platform=telegram"] == 1
    assert found["conclave_delivery_failures_total kind=gone platform=telegram"] == 1
    assert found["conclave_deliveries_total late=false platform=telegram"] == 0
