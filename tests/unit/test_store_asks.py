"""Questions to one model as the store keeps them."""

import asyncio
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from core.domain.asking import Asked, AskRequest, Task
from core.domain.errors import StoreError
from core.domain.quota import Allowance, Quota, QuotaSpent
from core.domain.routing import AskRecord, Situation
from core.store.ask_rows import Begun
from core.store.store import Store
from tests import ask_facts
from tests.packs import evidence

pytest_plugins = ("tests.storage",)

NOON = datetime(2026, 11, 24, 17, tzinfo=UTC)
PACK = evidence()


def begun(question: str, **more: Any) -> Begun:
    request = AskRequest(
        ticker="NVDA", requested_by="telegram:1", requested_in="telegram:-5", task=more.pop("task", None)
    )
    given: dict[str, Any] = {"candidate": "claude", "member": "claude", "at": NOON} | more
    return Begun(id=question, ticker="NVDA", evidence_sha256=PACK.sha256, request=request, **given)


def record(question: str, **more: Any) -> AskRecord:
    asked: Asked = ask_facts.asked(id=question, evidence_sha256=PACK.sha256, **more)
    return AskRecord(
        request=AskRequest(ticker="NVDA"),
        asked=asked,
        stages=ask_facts.RECORD.stages,
        situation=Situation(ticker="NVDA", volume_ratio=Decimal("2.1")),
        candidate="claude",
    )


async def test_an_answer_is_kept_whole_and_the_first_one_stands(store: Store) -> None:
    await store.runs.save_evidence(PACK)
    await store.asks.begin(begun("q1"))
    assert await store.asks.record("q1") is None
    await store.asks.finish(record("q1"), answered=True)
    await store.asks.finish(record("q1", latency_ms=1), answered=False)
    assert await store.asks.record("q1") == record("q1")
    assert await store.asks.record("q2") is None


async def test_a_question_needs_its_evidence_and_an_id_of_its_own(store: Store) -> None:
    with pytest.raises(StoreError):
        await store.asks.begin(begun("q1"))
    await store.runs.save_evidence(PACK)
    await store.asks.begin(begun("q1"))
    with pytest.raises(StoreError):
        await store.asks.begin(begun("q1"))


async def test_figures_are_those_of_a_task_and_means_those_of_answers(store: Store) -> None:
    await store.runs.save_evidence(PACK)
    for number, (task, answered, latency) in enumerate(
        [(Task.SIMPLE, True, 1000), (Task.SIMPLE, True, 2000), (Task.SIMPLE, False, 90_000), (None, True, 7)]
    ):
        await store.asks.begin(begun(f"q{number}", task=task))
        await store.asks.finish(record(f"q{number}", latency_ms=latency), answered=answered)
    await store.asks.begin(begun("interrupted", task=Task.SIMPLE))
    simple = (await store.asks.figures(Task.SIMPLE))["claude"]
    assert (simple.asked, simple.answered) == (3, 2)
    assert (simple.latency_ms, simple.cost_usd) == (Decimal(1500), Decimal("0.0042"))
    assert (await store.asks.figures(None))["claude"].latency_ms == 7
    assert await store.asks.figures(Task.COMPLEX) == {}


async def test_trials_are_those_of_a_test_in_the_order_in_which_they_were_asked(store: Store) -> None:
    await store.runs.save_evidence(PACK)
    for number, (test, arm) in enumerate([("t", "a"), ("t", "b"), ("other", "a"), (None, None)]):
        await store.asks.begin(begun(f"q{number}", test=test, arm=arm, at=NOON + timedelta(seconds=number)))
        await store.asks.finish(record(f"q{number}"), answered=True)
    assert [trial.arm for trial in await store.asks.trials("t")] == ["a", "b"]


async def test_a_question_without_an_answer_counts_with_what_it_will_presumably_cost(store: Store) -> None:
    await store.runs.save_evidence(PACK)
    await store.asks.begin(begun("q1"))
    await store.asks.begin(begun("q2"))
    await store.asks.finish(record("q2"), answered=True)
    shares = {("quick", "claude"): Decimal("0.01")}
    quota = Quota(usd=Decimal(1))
    allowance = Allowance("telegram:1", "telegram:-5", quota, quota, NOON, "00:00", shares=shares)
    mine, here = await store.asks.used_of(allowance)
    assert mine.usd == here.usd == Decimal("0.0142")


async def test_of_many_at_the_same_time_as_many_begin_as_the_quota_allows(store: Store) -> None:
    await store.runs.save_evidence(PACK)
    allowance = Allowance("telegram:1", "telegram:-5", Quota(runs=3), Quota(), NOON, "00:00")
    results = await asyncio.gather(
        *(store.asks.begin(begun(f"q{number}"), allowance) for number in range(8)), return_exceptions=True
    )
    assert [type(one) for one in results].count(QuotaSpent) == 5
    assert (await store.asks.used_of(allowance))[0].runs == 3
    with pytest.raises(QuotaSpent, match="your 3 runs of today are used up"):
        await store.asks.check_room(allowance)
