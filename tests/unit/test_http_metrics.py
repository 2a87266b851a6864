"""What is counted for Prometheus, and that names from outside cannot make the number of series grow."""

from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import REGISTRY
from prometheus_client.parser import text_string_to_metric_families

from bot.http.metrics import Metrics
from core.domain.asking import Asked, Routed
from core.domain.ballot import Abstention, AbstentionKind, Action, Ballot, Rating, RiskLevel
from core.domain.books import Standing
from core.domain.calls import Call, Caller, CallOutcome
from core.domain.events import MemberFinished, RunEnded, RunStarted, StageFinished
from core.domain.measures import Measures, Relay
from core.domain.stage import Stage
from core.domain.usage import Spend
from tests import arena, arena_facts

AT = arena_facts.STARTED
SPEND = Spend(
    prompt_tokens=900,
    completion_tokens=100,
    cost_usd=Decimal("0.0125"),
    cached_tokens=300,
    reasoning_tokens=40,
)


@pytest.fixture
def metrics(tmp_path: Path) -> Metrics:
    return Metrics(arena.settings("http://127.0.0.1:9", tmp_path))


def values(metrics: Metrics) -> dict[str, float]:
    """Every sample by its name and labels, as Prometheus reads them."""
    found = {}
    for family in text_string_to_metric_families(metrics.text().decode()):
        for sample in family.samples:
            labels = ",".join(f"{name}={value}" for name, value in sorted(sample.labels.items()))
            found[f"{sample.name}{{{labels}}}"] = sample.value
    return found


def call(**more: Any) -> Call:
    base = {
        "id": "c1",
        "at": AT,
        "caller": Caller(member="claude"),
        "stage": "bull",
        "provider": "loopback",
        "model": "claude/claude-1",
        "outcome": CallOutcome.ANSWERED,
        "spend": SPEND,
        "latency_ms": 1500,
    }
    return Call.model_validate(base | more)


def ballot(member: str = "claude", confidence: str = "0.8") -> Ballot:
    return Ballot(
        member=member,
        action=Action.BUY,
        rating=Rating.BUY,
        confidence=Decimal(confidence),
        risk_level=RiskLevel.LOW,
        reasoning="because",
        spend=SPEND,
        latency_ms=7000,
    )


def test_it_hears_all_that_core_tells(metrics: Metrics) -> None:
    heard: Measures = metrics
    relay = Relay()
    relay.add(heard)
    relay.transacted("read", 0.02)
    relay.remove(heard)
    relay.transacted("read", 0.02)
    assert values(metrics)["conclave_database_seconds_count{kind=read}"] == 1


def test_who_measures_badly_disturbs_nobody(metrics: Metrics, caplog: pytest.LogCaptureFixture) -> None:
    class Broken(Relay):
        def retried(self, provider: str, model: str) -> None:
            raise ZeroDivisionError

    relay = Relay()
    relay.add(Broken())
    relay.add(metrics)
    relay.retried("loopback", "claude/claude-1")
    assert values(metrics)["conclave_retries_total{model=claude/claude-1,provider=loopback}"] == 1
    assert "a measure failed" in caplog.text


def test_runs_are_counted_by_verdict_and_members_by_decision(metrics: Metrics) -> None:
    record = arena_facts.record()
    metrics.told(RunStarted(record=record))
    metrics.told(RunStarted(record=record, resumed=True))
    metrics.told(StageFinished(run_id="x", member="claude", stage=Stage.BULL, done=1, total=12))
    metrics.told(MemberFinished(run_id="x", result=ballot()))
    silent = Abstention(
        member="gpt5", kind=AbstentionKind.TIMEOUT, reason="no answer in time", latency_ms=9000
    )
    metrics.told(MemberFinished(run_id="x", result=silent))
    metrics.told(RunEnded(record=record))
    found = values(metrics)
    assert found["conclave_runs_started_total{preset=standard}"] == 1
    assert found["conclave_runs_finished_total{decision=BUY}"] == 1
    assert found["conclave_run_seconds_sum{preset=standard}"] == pytest.approx(7.34)
    assert found["conclave_member_decisions_total{action=BUY,member=claude}"] == 1
    assert found["conclave_member_decisions_total{action=abstained,member=gpt5}"] == 1
    assert found["conclave_member_abstentions_total{kind=timeout,member=gpt5}"] == 1
    assert found["conclave_member_confidence_bucket{le=0.7,member=claude}"] == 0
    assert found["conclave_member_confidence_bucket{le=0.8,member=claude}"] == 1
    assert found["conclave_member_tokens_total{member=claude}"] == 1000
    assert found["conclave_member_cost_usd_total{member=claude}"] == 0.0125
    assert found["conclave_member_seconds_sum{member=claude}"] == 7


def test_calls_are_counted_by_provider_model_and_stage(metrics: Metrics) -> None:
    metrics.called(call())
    metrics.called(call(id="c2", outcome=CallOutcome.RATE_LIMITED, spend=Spend(), latency_ms=20))
    metrics.called(call(id="c3", from_cache=True))
    found, where = values(metrics), "model=claude/claude-1"
    assert found[f"conclave_calls_total{{{where},outcome=answered,provider=loopback}}"] == 1
    assert found[f"conclave_calls_total{{{where},outcome=rate_limited,provider=loopback}}"] == 1
    assert found[f"conclave_call_seconds_count{{{where},provider=loopback,stage=bull}}"] == 1
    assert found[f"conclave_call_seconds_sum{{{where},provider=loopback,stage=bull}}"] == 1.5
    for kind, tokens in (("prompt", 900), ("completion", 100), ("cached", 300), ("reasoning", 40)):
        assert found[f"conclave_call_tokens_total{{kind={kind},{where},provider=loopback}}"] == tokens
    assert found[f"conclave_call_cost_usd_total{{{where},provider=loopback}}"] == 0.0125


def asked(model: str, rule: str, *, disagreed: bool = False) -> Asked:
    return Asked(
        id="a",
        ticker="NVDA",
        as_of=AT,
        asked_at=AT,
        evidence_sha256="ab" * 32,
        source="sample",
        routed=Routed(rule=rule, reason="because", member=model, route=("loopback:claude/claude-1",)),
        result=ballot(confidence="0.4"),
        disagreed=disagreed,
    )


def test_the_choice_of_the_routing_is_counted(metrics: Metrics) -> None:
    metrics.asked(asked("claude", "default"))
    metrics.asked(asked("claude", "default", disagreed=True))
    metrics.asked(asked("", "model_preference"))
    found = values(metrics)
    assert found["conclave_routed_total{model=claude,rule=default}"] == 2
    assert found["conclave_routed_total{model=loopback:claude/claude-1,rule=model_preference}"] == 1
    assert found["conclave_routed_confidence_sum{model=claude}"] == pytest.approx(0.8)
    assert found["conclave_routed_disagreed_total{}"] == 1


def test_keys_breakers_cache_and_deliveries_are_counted(metrics: Metrics) -> None:
    metrics.cooled("loopback", "main", 30)
    metrics.broke("loopback", "claude/claude-1", "open")
    metrics.broke("loopback", "claude/claude-1", "half_open")
    metrics.looked_up("bull", hit=True)
    metrics.looked_up("", hit=False)
    metrics.delivered("telegram", late=True)
    metrics.undelivered("slack", "flooded")
    metrics.answered("/decide", "POST", 200, 0.5)
    found = values(metrics)
    assert found["conclave_key_cooldowns_total{key=other,provider=loopback}"] == 1
    assert found["conclave_key_cooldown_seconds_total{key=other,provider=loopback}"] == 30
    assert found["conclave_breaker_state{model=claude/claude-1,provider=loopback}"] == 1
    assert found["conclave_cache_lookups_total{result=hit,stage=bull}"] == 1
    assert found["conclave_cache_lookups_total{result=miss,stage=none}"] == 1
    assert found["conclave_deliveries_total{late=true,platform=telegram}"] == 1
    assert found["conclave_delivery_failures_total{kind=flooded,platform=slack}"] == 1
    assert found["conclave_http_requests_total{method=POST,path=/decide,status=200}"] == 1


def test_all_that_the_configuration_names_has_a_series_of_its_own(tmp_path: Path) -> None:
    members = [
        {"name": "claude", "route": ["loopback:a/one"], "stages": {"decision": ["loopback:b/two"]}},
    ]
    more = {
        "members": members,
        "routing": {"models": [{"name": "quick", "route": ["loopback:c/three"]}]},
        "providers": [
            {"name": "loopback", "base_url": "http://127.0.0.1:9/v1", "models": [{"id": "d/four"}]}
        ],
    }
    metrics = Metrics(arena.settings("http://127.0.0.1:9", tmp_path, **more))
    for model in ("a/one", "b/two", "c/three", "d/four", "e/five"):
        metrics.called(call(model=model))
    found = values(metrics)
    for model in ("a/one", "b/two", "c/three", "d/four", "other"):
        assert found[f"conclave_calls_total{{model={model},outcome=answered,provider=loopback}}"] == 1


def test_names_that_nobody_configured_are_one_series(metrics: Metrics) -> None:
    def strange(number: int) -> None:
        name = f"strange-{number}"
        metrics.called(call(provider=name, model=name, stage=name))
        metrics.told(MemberFinished(run_id="x", result=ballot(name)))
        metrics.asked(asked(name, name))
        metrics.retried(name, name)
        metrics.cooled(name, name, 1)
        metrics.broke(name, name, name)
        metrics.looked_up(name, hit=True)
        metrics.delivered(name, late=False)
        metrics.undelivered(name, name)

    for number in range(60):
        strange(number)
    before = len(values(metrics))
    for number in range(60, 1000):
        strange(number)
    found = values(metrics)
    assert len(found) == before
    assert found["conclave_calls_total{model=other,outcome=answered,provider=other}"] == 1000


def test_each_registry_is_its_own_and_none_is_global(tmp_path: Path) -> None:
    before = {family.name for family in REGISTRY.collect()}
    one, two = (Metrics(arena.settings("http://127.0.0.1:9", tmp_path)) for _ in range(2))
    one.retried("loopback", "claude/claude-1")
    assert values(one)["conclave_retries_total{model=claude/claude-1,provider=loopback}"] == 1
    assert values(two)["conclave_retries_total{model=claude/claude-1,provider=loopback}"] == 0
    assert {family.name for family in REGISTRY.collect()} == before


def test_no_series_says_when_it_was_created(metrics: Metrics) -> None:
    metrics.retried("loopback", "claude/claude-1")
    assert "_created" not in metrics.text().decode()


def test_a_clock_that_went_back_is_no_negative_time(metrics: Metrics) -> None:
    record = arena_facts.record()
    metrics.told(RunEnded(record=record.model_copy(update={"finished_at": AT - timedelta(seconds=5)})))
    metrics.transacted("read", -0.5)
    found = values(metrics)
    assert found["conclave_run_seconds_sum{preset=standard}"] == 0
    assert found["conclave_database_seconds_sum{kind=read}"] == 0


def standing(member: str, value: str | None) -> Standing:
    return Standing(
        rank=1 if value else 0,
        medal="",
        member=member,
        kind="llm",
        value_usd=Decimal(value) if value else None,
        pnl_usd=None,
        return_ratio=Decimal("-0.25") if value else None,
        trades=0,
        win_rate=None,
        closed_trades=0,
        cash_usd=Decimal(0),
        token_cost_usd=Decimal(0),
    )


def test_a_portfolio_without_a_price_has_no_value_and_not_an_old_one(metrics: Metrics) -> None:
    metrics.ranked([standing("claude", "7500.00"), standing("somebody", "1.00")])
    found = values(metrics)
    assert found["conclave_member_value_usd{member=claude}"] == 7500
    assert found["conclave_member_return{member=claude}"] == -0.25
    assert not [name for name in found if "value_usd{member=other" in name]
    metrics.ranked([standing("claude", None)])
    assert not [name for name in values(metrics) if name.startswith("conclave_member_value_usd")]


def test_what_can_be_counted_is_there_as_zero_before_it_happens(tmp_path: Path) -> None:
    """Else Prometheus would not see the first of it, and of runs there are few."""
    keys = [{"name": "main", "secret": "env:LOOPBACK_KEY"}]
    provider = {"name": "loopback", "base_url": "http://127.0.0.1:9", "keys": keys}
    routing = {"models": [{"name": "fast", "member": "claude"}]}
    before = values(
        Metrics(arena.settings("http://127.0.0.1:9", tmp_path, providers=[provider], routing=routing))
    )
    for name in (
        "conclave_runs_started_total{preset=quick}",
        "conclave_runs_finished_total{decision=none}",
        "conclave_run_seconds_count{preset=quick}",
        "conclave_member_decisions_total{action=abstained,member=claude}",
        "conclave_member_seconds_count{member=claude}",
        "conclave_routed_total{model=claude,rule=simple_task}",
        "conclave_routed_confidence_count{model=claude}",
        "conclave_member_abstentions_total{kind=timeout,member=claude}",
        "conclave_member_cost_usd_total{member=committee}",
        "conclave_calls_total{model=claude/claude-1,outcome=no_credit,provider=loopback}",
        "conclave_retries_total{model=claude/claude-1,provider=loopback}",
        "conclave_cache_lookups_total{result=hit,stage=decision}",
        "conclave_key_cooldowns_total{key=main,provider=loopback}",
        "conclave_key_cooldown_seconds_total{key=main,provider=loopback}",
        "conclave_deliveries_total{late=true,platform=slack}",
        "conclave_delivery_failures_total{kind=flooded,platform=telegram}",
    ):
        assert before[name] == 0, name
    assert len(before) < 1000
