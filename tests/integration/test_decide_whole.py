"""`POST /decide` through all of it: door, routing, a model over a socket, store and metrics."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from core.app.app import App
from core.domain.costs import CostGroup
from tests import arena
from tests.arena import Opening
from tests.http_scene import Caller, calling, http_settings
from tests.loopback.model_replies import out_of_credit, rate_limited, server_error, with_cost
from tests.loopback.model_server import ModelServer

pytest_plugins = ["tests.arena_fixtures"]

SEED = {
    "context": {"price": 45000, "volume": 1000000},
    "bot_id": "momentum_bot",
    "symbol": "BTCUSDT",
    "risk_limits": {"max_position_pct": 0.02},
}
TIERS = {"claude": "premium", "gpt5": "advanced", "gemini": "specialised", "deepseek": "fast", "qwen": "fast"}


def market(folder: Path) -> dict[str, Any]:
    """Sixty quiet days of a coin up to yesterday, as files."""
    days = folder / "prices"
    days.mkdir(exist_ok=True)
    today = datetime.now(UTC).date()
    rows = "".join(
        f"{today - timedelta(days=back)},45000,45200,44800,{45000 + back % 2},1000000\n"
        for back in range(60, 0, -1)
    )
    (days / "BTC-USD.csv").write_text(f"date,open,high,low,close,volume\n{rows}", encoding="utf-8")
    return {"prices": ["csv", "sample"], "csv": {"dir": str(days)}}


def sections(models: ModelServer, folder: Path, **more: Any) -> dict[str, Any]:
    key = {"name": "main", "secret": "env:KEY"}
    members = [
        {"name": name, "route": [f"loopback:{name}/{name}-1"], "tier": TIERS[name]} for name in arena.FIVE
    ]
    return {
        "market": market(folder),
        "members": members,
        "providers": [{"name": "loopback", "base_url": models.base_url, "keys": [key]}],
        "environ": {"KEY": "sk-key"},
        **http_settings(),
        **more,
    }


async def metrics(caller: Caller) -> dict[str, float]:
    text = (await caller.gets("/metrics")).text
    return {
        f"{sample.name}{sorted(sample.labels.values())}": sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


async def costs(app: App, group: CostGroup) -> dict[str, Decimal]:
    assert await app._store.calls.log.flush()
    return {line.name: line.spend.cost_usd for line in (await app.costs(group, "today")).lines}


async def test_the_request_of_a_trading_bot_is_answered_counted_kept_and_paid(
    models: ModelServer, opening: Opening, tmp_path: Path
) -> None:
    models.always("gpt5/gpt5-1", with_cost(0.006))
    app = await opening(models.base_url, tmp_path, **sections(models, tmp_path))
    async with calling(app) as caller:
        told = await caller.posts("/decide", SEED, X_Request_Id="r-1")
        assert told.status == 200, told.text
        answer, counted = told.document, await metrics(caller)
    assert (answer["request_id"], answer["bot_id"]) == ("r-1", "momentum_bot")
    assert (answer["symbol"], answer["ticker"]) == ("BTCUSDT", "BTC-USD")
    assert (answer["decision"], answer["confidence"]) == ("BUY", 0.8)
    assert answer["target_weight"] == 0.02
    assert (answer["model"], answer["rule"]) == ("gpt5", "otherwise")
    assert answer["served_by"] == "loopback:gpt5/gpt5-1"
    assert answer["cost_usd"] == "0.006"
    assert "price: 45000\nvolume: 1000000" in models.requests[0].messages[-1]["content"]

    kept = await app.asked(answer["id"])
    assert (kept.request.requested_by, kept.request.requested_in) == ("http:local", "http")
    assert await costs(app, CostGroup.MODEL) == {"gpt5/gpt5-1": Decimal("0.006")}
    assert await costs(app, CostGroup.CHAT) == {"http": Decimal("0.006")}
    assert await costs(app, CostGroup.PURPOSE) == {"ask": Decimal("0.006")}
    total = (await app.costs(CostGroup.STAGE, "today")).total
    assert (total.ballots, total.usd_per_ballot) == (1, Decimal("0.006"))

    assert counted["conclave_routed_total['gpt5', 'otherwise']"] == 1
    assert counted["conclave_routed_confidence_count['gpt5']"] == 1
    assert counted["conclave_calls_total['answered', 'gpt5/gpt5-1', 'loopback']"] == 1
    assert counted["conclave_call_seconds_count['decision', 'gpt5/gpt5-1', 'loopback']"] == 1
    assert counted["conclave_call_cost_usd_total['gpt5/gpt5-1', 'loopback']"] == pytest.approx(0.006)
    assert counted["conclave_breaker_state['gpt5/gpt5-1', 'loopback']"] == 0


async def test_a_preferred_model_answers_and_quotas_hold_for_programs(
    models: ModelServer, opening: Opening, tmp_path: Path
) -> None:
    more = sections(models, tmp_path, access={"runs_per_person_daily": 2})
    app = await opening(models.base_url, tmp_path, **more)
    async with calling(app) as caller:
        told = await caller.posts("/decide", SEED | {"model_preference": "qwen"})
        assert (told.document["model"], told.document["decision"]) == ("qwen", "SELL")
        told = await caller.posts("/decide", SEED | {"model_preference": "cluade"})
        assert told.problem == (404, "No model is called “cluade”. Did you mean claude?")
        told = await caller.posts(
            "/decide", {"context": {"price": 45000}, "bot_id": "t", "symbol": "BTCUSDT"}
        )
        assert told.status == 200
        status, sentence = (await caller.posts("/decide", SEED)).problem
        assert status == 403
        assert "2 runs of today are used up" in sentence
        told = await caller.posts("/decide", SEED | {"symbol": "ZZZZUSDT"})
        assert told.problem[0] in {403, 422}


async def test_what_goes_wrong_on_the_way_is_counted_and_a_route_that_is_down_is_left_out_beforehand(
    models: ModelServer, opening: Opening, tmp_path: Path
) -> None:
    models.always("gpt5/gpt5-1", server_error())
    models.say_next("claude/claude-1", rate_limited(retry_after="1"))
    app = await opening(
        models.base_url,
        tmp_path,
        **sections(
            models,
            tmp_path,
            pipeline={"max_retries": 1},
            health={"failures": 2, "failing_s": 0.0, "open_s": 60.0},
        ),
    )
    async with calling(app) as caller:
        first = (await caller.posts("/decide", SEED | {"model_preference": "gpt5"})).document
        assert first["model"] == "gpt5"
        counted = await metrics(caller)
        assert counted["conclave_retries_total['gpt5/gpt5-1', 'loopback']"] == 1
        assert counted["conclave_breaker_state['gpt5/gpt5-1', 'loopback']"] == 2
        sent = len(models.requests)
        second = (await caller.posts("/decide", SEED | {"task": "complex"})).document
        assert second["model"] == "claude"
        third = (await caller.posts("/decide", SEED | {"task": "analysis"})).document
        assert third["model"] == "gemini"  # balanced would be gpt5, which is known to be down
        assert "gpt5/gpt5-1" not in [one.model for one in models.requests[sent:]]
        counted = await metrics(caller)
        assert counted["conclave_key_cooldowns_total['loopback', 'main']"] == 1
        assert counted["conclave_key_cooldown_seconds_total['loopback', 'main']"] == pytest.approx(1, abs=0.1)


async def test_where_all_that_can_be_asked_is_down_the_answer_says_what_is_wrong_there(
    models: ModelServer, opening: Opening, tmp_path: Path
) -> None:
    for name in arena.FIVE:
        models.always(f"{name}/{name}-1", out_of_credit())
    app = await opening(models.base_url, tmp_path, **sections(models, tmp_path))
    async with calling(app) as caller:
        for name in arena.FIVE:
            await caller.posts("/decide", SEED | {"model_preference": name})
        told = (await caller.posts("/decide", SEED)).document
    assert told["decision"] is None
    assert "credit" in told["abstained"]
    assert told["rule"] == "otherwise"


async def test_looks_into_the_cache_are_counted_as_hits_and_misses(
    models: ModelServer, opening: Opening, tmp_path: Path
) -> None:
    hold = arena.opinion("claude", action="HOLD", rating="Hold", recommendation="Hold", target_weight=None)
    models.opine("claude/claude-1", hold)
    one = [{"name": "claude", "route": ["loopback:claude/claude-1"]}]
    more = sections(models, tmp_path, members=one, cache={"enabled": True}, consensus={"min_members": 1})
    app = await opening(models.base_url, tmp_path, **more)
    async with calling(app) as caller:
        for _ in range(2):
            await arena.finished(app, arena.request(preset="quick", as_of="2012-06-01T20:00:00+00:00"))
        counted = await metrics(caller)
    assert counted["conclave_cache_lookups_total['decision', 'miss']"] == 1
    assert counted["conclave_cache_lookups_total['decision', 'hit']"] == 1
    assert counted["conclave_calls_total['answered', 'claude/claude-1', 'loopback']"] == 1
