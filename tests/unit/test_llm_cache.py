"""An answer is used again while it is fresh: for the same member, question and evidence alone."""

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from core.clock import ManualClock
from core.config.cache import KIND_OF, Cache, TimeToLive
from core.config.members import MemberSettings
from core.config.settings import Settings
from core.domain.errors import BudgetExceeded, ModelFailure, StoreError
from core.domain.stage import Stage
from core.domain.usage import NOTHING_SPENT, ServedBy, Spend
from core.llm.answer_schema import answer_schema
from core.llm.cache import AnswerCache, CachedModel, KeptAnswer, SharedAnswers
from core.llm.port import Answer, Ask, Message
from core.llm.scripted import Script, ScriptedModel
from core.llm.structured import Structured, ask_structured
from tests.store_values import START

GOOD = '{"said": "It rises."}'
PACK = "a" * 64
MEMBER = MemberSettings(name="claude", route=("one:maker/model-1", "two:other-2"), temperature=0.5)
SPENT = Spend(prompt_tokens=10, completion_tokens=5, cost_usd=Decimal("0.01"), calls=1)


class Said(BaseModel):
    said: str


class InMemory:
    """Keeps answers as a store would, and can be out of reach."""

    def __init__(self) -> None:
        self.rows: dict[str, KeptAnswer] = {}
        self.failing = False

    async def find(self, key: str, now: Any) -> Mapping[str, Any] | None:
        if self.failing:
            raise StoreError("It is away.")
        row = self.rows.get(key)
        return row.answer if row and row.expires > now else None

    async def keep(self, kept: KeptAnswer) -> None:
        if self.failing:
            raise StoreError("It is away.")
        self.rows[kept.key] = kept


def said(text: str = GOOD, provider: str = "one", model: str = "maker/model-1-20260101") -> Answer:
    return Answer(
        text=text, served_by=ServedBy(provider=provider, model=model, key="main"), spend=SPENT, latency_ms=900
    )


class Desk:
    """One cache, and members that ask through it."""

    def __init__(self, rules: Cache | None = None, answers: AnswerCache | None = None) -> None:
        self.clock = ManualClock(START)
        self.kept = InMemory()
        self.shared = SharedAnswers(rules or Cache(), answers or self.kept, self.clock)
        self.hits: list[tuple[Ask, Answer]] = []

    def model(
        self, script: Script, member: MemberSettings = MEMBER, pack: str = PACK
    ) -> tuple[ScriptedModel, CachedModel]:
        below = ScriptedModel(script)
        return below, CachedModel(below, self.shared, member, pack, hit=lambda *told: self.hits.append(told))


async def put(
    model: CachedModel, question: str = "Buy?", stage: str = Stage.MARKET, most: int = 50
) -> Structured[Said]:
    asked = (Message(role="user", content=question),)
    answered = await ask_structured(
        model, asked, Said, schema=answer_schema(Said), max_output_tokens=most, stage=stage
    )
    await model._shared.written()
    return answered


async def test_a_fresh_answer_is_given_again_at_no_cost_and_says_so() -> None:
    desk = Desk()
    below, model = desk.model([said()])
    first, again = await put(model), await put(model)
    assert (first.from_cache, first.spend) == (False, SPENT)
    assert (again.from_cache, again.spend, again.latency_ms) == (True, NOTHING_SPENT, 0)
    assert (again.value, again.text, again.served_by) == (first.value, first.text, first.served_by)
    assert len(below.history) == 1
    assert [(ask.stage, answer.from_cache) for ask, answer in desk.hits] == [("market", True)]


@pytest.mark.parametrize("stage", Stage)
async def test_each_stage_keeps_its_answers_as_long_as_its_kind_says(stage: Stage) -> None:
    rules = Cache(ttl_s=TimeToLive(market=40, news=30, technical=20, risk=10))
    desk = Desk(rules)
    below, model = desk.model(lambda _: said())
    await put(model, stage=stage)
    seconds = getattr(rules.ttl_s, KIND_OF[stage])
    desk.clock.advance(seconds - 0.001)
    assert (await put(model, stage=stage)).from_cache
    desk.clock.advance(0.001)
    assert not (await put(model, stage=stage)).from_cache
    assert len(below.history) == 2


@pytest.mark.parametrize(
    "rules", [Cache(enabled=False), Cache(ttl_s=TimeToLive(market=0))], ids=["off", "no time to live"]
)
async def test_what_is_not_to_be_kept_is_asked_each_time(rules: Cache) -> None:
    desk = Desk(rules)
    below, model = desk.model(lambda _: said())
    await asyncio.gather(put(model), put(model))
    assert len(below.history) == 2
    assert not desk.kept.rows


async def test_a_question_outside_of_the_pipeline_is_asked_each_time() -> None:
    below, model = Desk().model(lambda _: said())
    for _ in range(2):
        assert not (await put(model, stage="")).from_cache
    assert len(below.history) == 2


CHANGES = {
    "another member": {"name": "gpt"},
    "another route": {"route": ("one:maker/model-1",)},
    "another route of its stage": {"stages": {"analysts": ("one:maker/model-1",)}},
    "another temperature": {"temperature": 0.6},
}


@pytest.mark.parametrize("changes", CHANGES.values(), ids=CHANGES)
async def test_whoever_is_another_is_asked(changes: dict[str, Any]) -> None:
    desk = Desk()
    _, model = desk.model([said()])
    await put(model)
    below, other = desk.model([said()], MEMBER.model_copy(update=changes))
    assert not (await put(other)).from_cache
    assert len(below.history) == 1


@pytest.mark.parametrize(
    "changes",
    [{"question": "Sell?"}, {"stage": Stage.FUNDAMENTALS}, {"most": 51}],
    ids=["words", "stage", "length"],
)
async def test_another_question_is_asked(changes: dict[str, Any]) -> None:
    below, model = Desk().model(lambda _: said())
    await put(model)
    assert not (await put(model, **changes)).from_cache
    assert len(below.history) == 2


packs = st.text("0123456789abcdef", min_size=64, max_size=64)
strange = st.text(st.characters(), max_size=20) | st.sampled_from(
    ["\ud800", "\0", "'; DROP TABLE--", "\u2028"]
)


@given(st.lists(st.tuples(packs, strange, st.sampled_from(["claude", "gpt"])), min_size=2, max_size=12))
async def test_no_answer_ever_crosses_to_other_evidence_or_another_member(
    asked: list[tuple[str, str, str]],
) -> None:
    desk = Desk()
    for pack, question, name in asked * 2:
        origin = f"{name} {pack} {question!r}"
        member = MEMBER.model_copy(update={"name": name})
        _, model = desk.model([said(Said(said=origin).model_dump_json())], member, pack)
        assert (await put(model, question)).value.said == origin
    assert len(desk.kept.rows) == len(set(asked))


@given(strange)
async def test_whatever_a_model_wrote_comes_back_as_it_was(words: str) -> None:
    desk = Desk()
    text = f"Well {words} then {GOOD}" if "{" not in words and "}" not in words else GOOD
    _, model = desk.model([said(text)])
    first, again = await put(model), await put(model)
    assert again.from_cache
    assert again.text == first.text == text


async def test_who_asks_the_same_at_the_same_time_waits_for_one_answer() -> None:
    desk, gate = Desk(), asyncio.Event()

    async def slowly(_: Ask) -> Answer:
        await gate.wait()
        return said()

    below, model = desk.model(slowly)
    tasks = [asyncio.create_task(put(model)) for _ in range(5)]
    await asyncio.sleep(0)
    gate.set()
    got = await asyncio.gather(*tasks)
    assert len(below.history) == 1
    assert sorted(one.from_cache for one in got) == [False, True, True, True, True]
    assert sum((one.spend for one in got), NOTHING_SPENT) == SPENT
    assert not desk.shared.flights


async def test_when_the_one_who_asks_leaves_another_asks_in_its_place() -> None:
    desk, gate = Desk(), asyncio.Event()

    async def slowly(_: Ask) -> Answer:
        await gate.wait()
        return said()

    below, model = desk.model(slowly)
    first, second, third = (asyncio.create_task(put(model)) for _ in range(3))
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.sleep(0)
    gate.set()
    assert [one.from_cache for one in await asyncio.gather(second, third)] == [False, True]
    assert first.cancelled()
    assert len(below.history) == 2
    assert not desk.shared.flights


async def test_who_leaves_while_waiting_takes_the_answer_from_nobody() -> None:
    desk, gate = Desk(), asyncio.Event()

    async def slowly(_: Ask) -> Answer:
        await gate.wait()
        return said()

    below, model = desk.model(slowly)
    first, second = (asyncio.create_task(put(model)) for _ in range(2))
    await asyncio.sleep(0)
    second.cancel()
    await asyncio.sleep(0)
    gate.set()
    assert not (await first).from_cache
    assert len(below.history) == 1


async def test_the_failure_of_one_is_not_that_of_those_who_wait() -> None:
    desk, gate = Desk(), asyncio.Event()

    async def once_poor(_: Ask) -> Answer | ModelFailure:
        await gate.wait()
        poor = len(below.history) == 1
        return BudgetExceeded("the limit of this chat", Decimal(1)) if poor else said()

    below, model = desk.model(once_poor)
    first, second = (asyncio.create_task(put(model)) for _ in range(2))
    await asyncio.sleep(0)
    gate.set()
    with pytest.raises(BudgetExceeded):
        await first
    assert not (await second).from_cache
    assert not desk.shared.flights


async def test_an_answer_that_cannot_be_read_is_not_kept_and_its_repair_is() -> None:
    desk = Desk()
    below, model = desk.model([said("no idea"), said(), said()])
    mended = await put(model)
    assert (mended.from_cache, mended.spend.calls) == (False, 2)
    assert len(desk.kept.rows) == 1
    again = await put(model)
    assert not again.from_cache
    assert len(below.history) == 3


@pytest.mark.parametrize(
    "other",
    [said(provider="two", model="other-2"), said(model="stranger")],
    ids=["another provider", "another family"],
)
async def test_the_answer_of_a_fallback_is_used_once(other: Answer) -> None:
    desk = Desk()
    below, model = desk.model([other, said()])
    assert (await put(model)).served_by == other.served_by
    assert (await put(model)).served_by == said().served_by
    assert len(below.history) == 2


async def test_a_store_out_of_reach_costs_the_hit_and_not_the_answer(
    caplog: pytest.LogCaptureFixture,
) -> None:
    desk = Desk()
    desk.kept.failing = True
    below, model = desk.model(lambda _: said())
    for _ in range(2):
        assert (await put(model)).value.said == "It rises."
    assert len(below.history) == 2
    assert "It is away." in caplog.text


async def test_no_answer_waits_for_a_slow_store_and_it_is_known_before_that_has_it() -> None:
    gate = asyncio.Event()

    class Slow(InMemory):
        async def keep(self, kept: KeptAnswer) -> None:
            await gate.wait()
            await super().keep(kept)

    slow = Slow()
    desk = Desk(answers=slow)
    below, model = desk.model(lambda _: said())
    ask = Ask(
        messages=(Message(role="user", content="Buy?"),),
        answer=answer_schema(Said),
        answer_type=Said,
        max_output_tokens=50,
        stage=Stage.MARKET,
    )
    first, again = await model.ask(ask), await model.ask(ask)
    assert (first.from_cache, again.from_cache, slow.rows) == (False, True, {})
    gate.set()
    await desk.shared.close()
    assert len(slow.rows) == len(below.history) == 1


async def test_a_damaged_entry_is_as_good_as_none() -> None:
    desk = Desk()
    below, model = desk.model(lambda _: said())
    await put(model)
    (row,) = desk.kept.rows.values()
    desk.kept.rows[row.key] = row._replace(answer={"text": 7})
    assert not (await put(model)).from_cache
    assert len(below.history) == 2


def test_the_cache_is_on_where_nothing_is_configured() -> None:
    assert Settings().cache == Cache(enabled=True)


def test_every_stage_has_a_kind_and_a_time_to_live() -> None:
    assert {stage.value for stage in Stage} == {str(stage) for stage in KIND_OF}
    assert [Cache().seconds_for(stage) for stage in ("market", "news", "bull", "decision", "")] == [
        300,
        600,
        60,
        30,
        0,
    ]
    assert timedelta(seconds=Cache().ttl_s.news) == timedelta(minutes=10)
