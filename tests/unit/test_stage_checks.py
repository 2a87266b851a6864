"""Marks on the stages that models write, and where people read them."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from bot.present.reasoning import pages
from core.clock import SystemClock
from core.domain.ballot import Action
from core.domain.memory import Memory, PastDecision
from core.domain.stage import ModelChat, Preset, Stage, StageRecord, Step
from core.domain.usage import ServedBy
from core.pipeline import stage_checks
from core.pipeline.author import Draft, View
from core.pipeline.facts import Facts
from core.pipeline.member_run import MemberRun
from core.pipeline.presets import steps
from core.pipeline.stage_checks import UNANSWERED, StageChecks
from tests import packs
from tests.claim_facts import pack
from tests.unit.test_answers import GOOD

MODEL = ServedBy(provider="p", model="claude-1")


class Saying:
    """Writes the decision with these fields."""

    def __init__(
        self, output: str, *, by: ServedBy | None = MODEL, points: tuple[str, ...] = (), **more: Any
    ):
        answer = {**GOOD, "answer_to_objection": "Growth pays for the price.", **more}
        self.draft = Draft(prompt="p", output=output, answer=answer, key_points=points, served_by=by)

    async def write(self, step: Step, view: View) -> Draft:
        return self.draft


async def written(author: Saying, give_way: Callable[[], Awaitable[None]] | None = None) -> StageRecord:
    kept: list[StageRecord] = []

    async def keep(record: StageRecord) -> None:
        kept.append(record)

    evidence = pack()
    run = MemberRun(
        "run00001",
        "claude",
        author,
        replace(packs.view(evidence), facts=Facts(evidence)),
        steps(Preset.QUICK),
        clock=SystemClock(),
        stage_timeout_s=5,
        keep=keep,
        tell=lambda step, record: None,
        give_way=give_way,
    )
    await run.result(5)
    return kept[0]


async def at_once() -> None:
    """Give way to nobody."""


async def test_the_figures_of_the_evidence_are_sorted_before_a_model_is_asked() -> None:
    sorted_: list[bool] = []

    class Looking(Saying):
        async def write(self, step: Step, view: View) -> Draft:
            sorted_.append(view.facts in stage_checks._OF_RUNS)
            return await super().write(step, view)

    await written(Looking("Buy."), at_once)
    assert sorted_ == [True]


async def test_a_check_that_cannot_be_prepared_stops_no_run(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise KeyError("figures")

    monkeypatch.setattr(stage_checks, "Claims", broken)
    record = await written(Saying("The RSI is at 45."), at_once)
    assert record.output == "The RSI is at 45."
    assert caplog.text.count("could not be prepared") == 1


def test_what_cannot_be_prepared_is_told_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(stage_checks, "Claims", None)
    evidence = pack()
    checks = StageChecks(replace(packs.view(evidence), facts=Facts(evidence)))
    for _ in range(3):
        checks.prepare()
    assert caplog.text.count("could not be prepared") == 1


async def test_a_figure_that_the_evidence_contradicts_is_marked_on_the_stage() -> None:
    record = await written(Saying("The price is 181.30.", points=("RSI at 45.",)))
    assert record.marks == ("cites 181.30; evidence says 199.80", "cites 45; evidence says 71.24")


async def test_a_right_stage_has_no_mark() -> None:
    record = await written(Saying("The price is 199.80, stop loss 190.5, take profit 240."))
    assert record.marks == ()


async def test_what_a_rule_computes_is_not_checked() -> None:
    assert (await written(Saying("The price is 181.30.", by=None))).marks == ()


@pytest.mark.parametrize("missing", ["", None])
async def test_a_decision_that_answers_no_objection_is_marked(missing: str | None) -> None:
    assert (await written(Saying("Buy.", answer_to_objection=missing))).marks == (UNANSWERED,)


@pytest.mark.parametrize("level", ["NaN", "Infinity", None, [1], {"a": 1}, "x", "1e999999"])
def test_odd_levels_in_an_answer_break_nothing(level: object) -> None:
    said = Saying("The price is 181.30.", take_profit=level)
    evidence = pack()
    checks = StageChecks(replace(packs.view(evidence), facts=Facts(evidence)))
    assert checks.marks(Stage.DECISION, said.draft, ()) == ("cites 181.30; evidence says 199.80",)


async def test_marks_are_read_on_the_first_page_of_their_stage_only() -> None:
    record = await written(Saying("The price is 181.30. " + "All is well. " * 60))
    chat = ModelChat(
        run_id="r", ticker="NVDA", as_of=pack().as_of, member="claude", stages=(record,), result=None
    )
    book = pages(chat, 300)
    assert book[0].checks == ("Check: cites 181.30; evidence says 199.80.",)
    assert all(page.checks == () for page in book[1:])
    assert all(len(page.body) + sum(map(len, page.checks)) <= 300 for page in book)
    assert len(book) > 1


MEMORY = Memory(
    decisions=(
        PastDecision(
            decided_at=pack().as_of,
            action=Action.BUY,
            confidence=Decimal("0.8"),
            return_ratio=Decimal("0.0423"),
            earned=Decimal("0.0423"),
            alpha=Decimal("0.0317"),
            reflection="The price went from 171.40 to 178.65.",
        ),
    )
)
REMEMBERS = (
    "After my last BUY the 5-session return was 4.23 %.",
    "The price was 171.40 at my last BUY.",
    "The 20-day return is 3.17%.",
)


@pytest.mark.parametrize("sentence", REMEMBERS)
def test_a_figure_of_the_members_own_memory_is_known_where_it_decides(sentence: str) -> None:
    view = replace(packs.view(pack()), facts=Facts(pack()))
    draft = Saying(sentence).draft
    remembering = StageChecks(replace(view, memory=MEMORY))
    assert remembering.marks(Stage.DECISION, draft, ()) == ()
    assert remembering.marks(Stage.TRADER, draft, ()) == StageChecks(view).marks(Stage.TRADER, draft, ())


def test_a_figure_that_only_another_member_remembers_is_marked() -> None:
    view = replace(packs.view(pack()), facts=Facts(pack()))
    draft = Saying("The 20-day return is 3.17%.").draft
    forgetful = StageChecks(replace(view, memory=Memory())).marks(Stage.DECISION, draft, ())
    assert [mark.split(";")[0] for mark in forgetful] == ["cites 3.17%"]
    assert StageChecks(view).marks(Stage.DECISION, draft, ()) == forgetful


def test_a_figure_that_neither_the_evidence_nor_the_memory_has_is_still_marked() -> None:
    view = replace(packs.view(pack()), facts=Facts(pack()), memory=MEMORY)
    marks = StageChecks(view).marks(Stage.DECISION, Saying("The price is 181.30.").draft, ())
    assert marks == ("cites 181.30; evidence says 199.80",)
