"""The same evidence asked twice, on a card; and what a check of prompts says."""

from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from rich.console import Console

from bot.present.rerun import rebuilt_lines, rerun_card, rerun_plan_sentence
from bot.rerun_documents import rerun_document
from bot.terminal_rerun import rerun
from core.domain.ballot import Abstention, AbstentionKind, Action, Ballot, Rating
from core.domain.rebuilt import Mismatch, RebuiltMember, RebuiltRun
from core.domain.rerun import Rerun, RerunPlan
from core.domain.run import RunRecord, RunRequest, Seat
from core.domain.stage import Preset, Stage
from tests import arena_facts
from tests.hostile_text import FRAGMENTS

ZONE = ZoneInfo("America/New_York")
ORIGINAL = arena_facts.record()


def seat(name: str, result: Ballot | Abstention | None = None) -> Seat:
    """The seat of the original, with another result where one is given."""
    before = next(one for one in ORIGINAL.seats if one.member == name)
    return before if result is None else before.model_copy(update={"result": result})


def sells(name: str) -> Ballot:
    before = seat(name).result
    assert isinstance(before, Ballot)
    return before.model_copy(update={"action": Action.SELL, "rating": Rating.UNDERWEIGHT})


def again(*seats: Seat, **changes: object) -> RunRecord:
    fields = {"run_id": "r9k2m4xq", "rerun_of": ORIGINAL.run_id, "preset": Preset.QUICK, "seats": seats}
    return ORIGINAL.model_copy(update=fields | changes)


LATE = Abstention(member="gpt-5", kind=AbstentionKind.TIMEOUT, reason="no answer within 120 s")
FOUND = Rerun(
    original=ORIGINAL,
    again=again(seat("claude-sonnet-4.5", sells("claude-sonnet-4.5")), seat("gpt-5", LATE), seat("momentum")),
)


def drawn(found: Rerun, width: int) -> str:
    console = Console(width=width, force_terminal=False)
    with console.capture() as captured:
        console.print(rerun(rerun_card(found, ZONE), width))
    return captured.get()


def test_who_flipped_who_abstains_and_who_was_not_asked_is_told_in_sentences() -> None:
    assert rerun_card(FOUND, ZONE).facts == (
        "The verdict is the same: BUY.",
        "1 of 2 members with a ballot in both flipped: claude-sonnet-4.5 (BUY to SELL).",
        "gpt-5 abstained: no answer within 120 s.",
        "Not asked now: gemini-2.5-pro, grok-4.",
    )


def test_runs_that_agree_say_so_and_a_verdict_that_is_gone_is_named() -> None:
    same = Rerun(original=ORIGINAL, again=again(*ORIGINAL.seats, verdict=None))
    facts = rerun_card(same, ZONE).facts
    assert facts[:2] == (
        "The verdict was BUY, and now is none.",
        "Nobody flipped of 4 members with a ballot in both.",
    )


@pytest.mark.parametrize("width", [100, 76, 60, 40, 24])
def test_it_is_drawn_within_any_width(width: int) -> None:
    lines = drawn(FOUND, width).splitlines()
    assert max(map(len, lines)) <= width
    text = " ".join(" ".join(line.strip("│╭╮╰╯─ ") for line in lines).split())
    for words in ("4f7k2m9q", "r9k2m4xq", "▲ BUY 72 %", "▼ SELL 72 %", "nothing traded"):
        assert words in text


def test_with_room_then_and_now_stand_beside_each_other() -> None:
    lines = [line.strip("│ ") for line in drawn(FOUND, 60).splitlines()]
    assert any(line.split() == ["Preset", "standard", "quick"] for line in lines)
    assert any(line.startswith("claude-sonnet-4.5  ▲ BUY 72 %   ▼ SELL 72 %") for line in lines)


@pytest.mark.parametrize("text", FRAGMENTS)
def test_what_an_endpoint_says_commands_no_terminal(text: str) -> None:
    hostile = LATE.model_copy(update={"reason": text})
    found = Rerun(original=ORIGINAL, again=again(seat("gpt-5", hostile)))
    told = drawn(found, 80)
    assert not any(sign in told for sign in "\x1b\x07\u202e\u200b")


def test_the_document_has_both_runs_and_each_member() -> None:
    document = rerun_document(FOUND, arena_facts.FINISHED)
    assert (document["flipped"], document["same_verdict"]) == (["claude-sonnet-4.5"], True)
    assert document["original"]["run_id"] == document["rerun"]["rerun_of"] == ORIGINAL.run_id
    by_name = {one["member"]: one for one in document["members"]}
    assert by_name["gpt-5"]["now"]["reason"] == "no answer within 120 s"
    assert by_name["gemini-2.5-pro"]["now"] is None
    assert by_name["claude-sonnet-4.5"]["now"]["rating"] == "Underweight"


def test_before_anybody_is_asked_it_says_whom_and_what_it_costs() -> None:
    request = RunRequest(ticker="NVDA", preset=Preset.QUICK, members=("claude-sonnet-4.5",))
    plan = RerunPlan(original=ORIGINAL, request=request, left_out=("gpt-5",), usd=Decimal("0.0123"))
    assert rerun_plan_sentence(plan) == (
        "Asking 1 member about the evidence of run 4f7k2m9q on NVDA, quick: about $0.012. "
        "No longer taking part, and not asked: gpt-5."
    )
    unknown = plan.model_copy(update={"usd": None, "left_out": ()})
    assert rerun_plan_sentence(unknown).endswith("quick: nobody knows what it costs.")


def rebuilt(*mismatches: Mismatch, terms_kept: bool = True, roles_changed: bool | None = False) -> RebuiltRun:
    wrong = sum(one.what == "prompt" for one in mismatches)
    return RebuiltRun(
        run_id="4f7k2m9q",
        ticker="NVDA",
        as_of=arena_facts.AS_OF,
        evidence_sha256=arena_facts.SHA,
        terms_kept=terms_kept,
        roles_changed=roles_changed,
        members=(RebuiltMember(member="claude", prompts=12, same=12 - wrong, mismatches=mismatches),),
    )


PROMPT = Mismatch(stage=Stage.BULL, round=2, what="prompt", at=4812)


def test_a_check_says_where_the_first_sign_differs_and_why_that_may_be() -> None:
    clean = list(rebuilt_lines(rebuilt(), ZONE))
    assert clean[0].endswith("evidence 3f2a9c01d4e8: 12 of 12 prompts are the same.")
    assert clean[1:] == [
        "- claude: 12 of 12 prompts the same",
        "",
        "Every prompt follows from the record, byte for byte.",
    ]
    lines = list(rebuilt_lines(rebuilt(PROMPT), ZONE))
    differs = "the prompt of bull, round 2 differs from sign 4,812 on"
    assert lines[1] == f"- claude: 11 of 12 prompts the same; {differs}"
    assert lines[-1].startswith("The record was changed after the run")
    assert "role texts have changed" in list(rebuilt_lines(rebuilt(PROMPT, roles_changed=True), ZONE))[-1]
    old = rebuilt(PROMPT, terms_kept=False, roles_changed=None)
    assert "from before its settings were kept" in list(rebuilt_lines(old, ZONE))[-1]


def test_many_differences_of_a_member_are_counted() -> None:
    texts = [Mismatch(stage=Stage.NEWS, round=number, what="text", at=1) for number in range(1, 8)]
    ballot = Mismatch(stage=Stage.DECISION, round=1, what="ballot")
    line = list(rebuilt_lines(rebuilt(ballot, *texts), ZONE))[1]
    assert line.startswith("- claude: 12 of 12 prompts the same; the ballot is not that of its decision; ")
    assert line.endswith("; and 3 more")
