"""One member's way through a run."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

from core.clock import SystemClock
from core.domain.ballot import Abstention, AbstentionKind, Ballot
from core.domain.errors import BadAnswer, BudgetExceeded, ModelFailure, ModelServerFailed, NoBasis
from core.domain.stage import Preset, Stage, StageRecord, Step
from core.domain.usage import Spend
from core.pipeline.author import Draft, View
from core.pipeline.member_run import MemberRun
from core.pipeline.presets import steps
from tests import packs
from tests.loopback.patience import PATIENCE_S
from tests.unit.test_answers import GOOD

ONE_CALL = Spend(prompt_tokens=100, completion_tokens=10, cost_usd=Decimal("0.001"), calls=1)


class Writer:
    """Writes every stage; `failing` raises at a stage, `slow` waits there for ever."""

    def __init__(self, failing: dict[Stage, BaseException] | None = None, slow: Stage | None = None) -> None:
        self.failing = failing or {}
        self.slow = slow
        self.asked: list[Step] = []
        self.at_once = 0
        self.most_at_once = 0

    async def write(self, step: Step, view: View) -> Draft:
        self.asked.append(step)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await asyncio.sleep(0)
            if step.stage is self.slow:
                await asyncio.Event().wait()
            if step.stage in self.failing:
                raise self.failing[step.stage]
        finally:
            self.at_once -= 1
        answer: dict[str, Any] = dict(GOOD) if step.stage is Stage.DECISION else {"argument": "x"}
        return Draft(prompt="p", output="o", answer=answer, spend=ONE_CALL)


class Shelf:
    def __init__(self) -> None:
        self.kept: list[StageRecord] = []
        self.told: list[tuple[Step, bool]] = []
        self.eleven = asyncio.Event()

    async def keep(self, record: StageRecord) -> None:
        self.kept.append(record)
        if len(self.kept) == 11:
            self.eleven.set()

    def tell(self, step: Step, record: StageRecord | None) -> None:
        self.told.append((step, record is not None))


def member_run(
    writer: Writer,
    shelf: Shelf,
    *,
    done: tuple[StageRecord, ...] = (),
    stage_timeout_s: float = 5.0,
    give_way: Callable[[], Awaitable[None]] | None = None,
) -> MemberRun:
    return MemberRun(
        "run00001",
        "claude",
        writer,
        replace(packs.view(), done=done),
        steps(Preset.STANDARD),
        clock=SystemClock(),
        stage_timeout_s=stage_timeout_s,
        keep=shelf.keep,
        tell=shelf.tell,
        give_way=give_way,
    )


async def test_each_step_gives_way_before_it_starts_and_never_with_an_answer_in_its_hands() -> None:
    writer, shelf, said = Writer(), Shelf(), list[str]()

    async def give_way() -> None:
        await asyncio.sleep(0)
        said.append(f"{len(writer.asked)} asked, {len(shelf.kept)} kept")

    await member_run(writer, shelf, give_way=give_way).result(PATIENCE_S)
    assert len(said) == 12
    assert (said[0], said[-1]) == ("0 asked, 0 kept", "11 asked, 11 kept")


async def test_all_twelve_stages_are_kept_and_end_in_a_ballot() -> None:
    writer, shelf = Writer(), Shelf()
    result = await member_run(writer, shelf).result(10)
    assert isinstance(result, Ballot)
    assert result.confidence == Decimal("0.72")
    assert result.spend == Spend(
        prompt_tokens=1200, completion_tokens=120, cost_usd=Decimal("0.012"), calls=12
    )
    assert len(shelf.kept) == 12
    assert [step for step, kept in shelf.told if kept] == [record.step for record in shelf.kept]


async def test_what_does_not_depend_on_each_other_runs_at_once() -> None:
    writer = Writer()
    await member_run(writer, Shelf()).result(10)
    assert writer.most_at_once == 4


async def test_finished_stages_are_not_asked_again() -> None:
    shelf = Shelf()
    await member_run(Writer({Stage.TRADER: ModelServerFailed("down")}), shelf).result(10)
    kept = tuple(shelf.kept)
    writer, rest = Writer(), Shelf()
    result = await member_run(writer, rest, done=kept).result(10)
    assert isinstance(result, Ballot)
    assert {step.stage for step in writer.asked} == {
        Stage.TRADER,
        Stage.RISK_AGGRESSIVE,
        Stage.RISK_NEUTRAL,
        Stage.RISK_CONSERVATIVE,
        Stage.DECISION,
    }
    assert result.spend.calls == 12


async def test_a_failed_stage_is_an_abstention_that_names_stage_and_reason_and_counts_its_cost() -> None:
    failure = BadAnswer("the answer was empty", spent=ONE_CALL)
    result = await member_run(Writer({Stage.BULL: failure}), Shelf()).result(10)
    assert isinstance(result, Abstention)
    assert result.kind is AbstentionKind.BAD_ANSWER
    assert result.reason == "bull: the answer was empty"
    assert result.spend.calls >= 5


async def test_each_failure_has_its_kind() -> None:
    cases: list[tuple[BaseException, AbstentionKind]] = [
        (ModelServerFailed("down"), AbstentionKind.FAILED),
        (BudgetExceeded("a day", Decimal(5)), AbstentionKind.BUDGET),
        (ModelFailure("odd"), AbstentionKind.FAILED),
        (NoBasis("too few sessions"), AbstentionKind.NO_DATA),
    ]
    for failure, kind in cases:
        result = await member_run(Writer({Stage.NEWS: failure}), Shelf()).result(10)
        assert isinstance(result, Abstention)
        assert result.kind is kind


async def test_a_stage_without_an_answer_times_out_alone() -> None:
    result = await member_run(Writer(slow=Stage.BEAR), Shelf(), stage_timeout_s=0.02).result(10)
    assert isinstance(result, Abstention)
    assert result.kind is AbstentionKind.TIMEOUT
    assert result.reason == "bear: no answer within 0.02 s"


async def test_the_deadline_of_the_run_turns_a_late_member_into_an_abstention() -> None:
    shelf = Shelf()
    result = await member_run(Writer(slow=Stage.DECISION), shelf).result(0.1)
    assert isinstance(result, Abstention)
    assert result.kind is AbstentionKind.TIMEOUT
    assert "still missing: decision" in result.reason
    assert len(shelf.kept) == 11


async def test_cancellation_is_not_swallowed_and_keeps_what_is_done() -> None:
    shelf = Shelf()
    task = asyncio.create_task(member_run(Writer(slow=Stage.DECISION), shelf).result(10))
    await asyncio.wait_for(shelf.eleven.wait(), PATIENCE_S)
    task.cancel()
    (outcome,) = await asyncio.gather(task, return_exceptions=True)
    assert isinstance(outcome, asyncio.CancelledError)
    assert len(shelf.kept) == 11
