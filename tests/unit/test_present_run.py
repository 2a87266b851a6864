"""A run that goes on: what its events make of the card, in whatever order they come."""

from collections.abc import Iterable
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from bot.buttons import CastVote, decode
from bot.cards import ProgressCard, ProgressLine
from bot.present.run import RunProgress
from core.domain.ballot import Action, MemberResult
from core.domain.events import (
    MemberFinished,
    RunEnded,
    RunEvent,
    RunStarted,
    StageFinished,
    StageStarted,
    VotesCounted,
)
from core.domain.run import RunState
from core.domain.stage import Stage
from tests import arena_facts
from tests.arena_facts import RUN_ID

ZONE = ZoneInfo("America/New_York")
CLAUDE = "claude-sonnet-4.5"
BEGUN = RunStarted(record=arena_facts.running())
EVENTS = arena_facts.events()


def after(events: Iterable[RunEvent]) -> RunProgress:
    progress = RunProgress("NVDA", ZONE)
    for event in events:
        progress = progress.apply(event)
    return progress


def card_after(*events: RunEvent) -> ProgressCard:
    return after(events).card()


def line(card: ProgressCard, member: str = CLAUDE) -> ProgressLine:
    return next(line for line in card.lines if line.member == member)


def started(stage: Stage, round_: int = 1) -> StageStarted:
    return StageStarted(run_id=RUN_ID, member=CLAUDE, stage=stage, round=round_)


def finished(stage: Stage, done: int, round_: int = 1) -> StageFinished:
    return StageFinished(run_id=RUN_ID, member=CLAUDE, stage=stage, round=round_, done=done, total=12)


def test_before_the_first_event_the_card_says_what_is_being_done() -> None:
    assert card_after() == ProgressCard(
        title="Asking the committee about NVDA", subtitle="Getting prices …", lines=()
    )
    assert after([]).run_id is None


def test_a_started_run_has_one_waiting_line_a_member() -> None:
    card = card_after(BEGUN)
    assert (card.title, card.subtitle) == (
        "Asking 5 members about NVDA",
        "standard · as of 2025-10-29 16:00 EDT",
    )
    assert [line.member for line in card.lines] == [seat.member for seat in arena_facts.seats()]
    assert {(line.state, line.detail, line.action) for line in card.lines} == {("waiting", "waiting", None)}
    assert after([BEGUN]).run_id == RUN_ID


def test_a_line_names_the_stage_at_work_and_how_many_are_done() -> None:
    told = [BEGUN, started(Stage.MARKET)]
    assert line(card_after(*told)).detail == "market"
    told += [finished(Stage.MARKET, 1)]
    assert line(card_after(*told)).detail == "thinking · 2 of 12"
    told += [started(Stage.RISK_AGGRESSIVE), started(Stage.RISK_NEUTRAL)]
    assert line(card_after(*told)).detail == "risk aggressive · 2 of 12"
    told += [finished(Stage.RISK_AGGRESSIVE, 2)]
    assert line(card_after(*told)).detail == "risk neutral · 3 of 12"
    assert line(card_after(*told)).state == "working"
    assert line(card_after(*told), "gpt-5").state == "waiting"


def test_a_later_round_of_a_debate_is_named() -> None:
    assert line(card_after(BEGUN, started(Stage.BULL, 2))).detail == "bull, round 2"


def test_a_finished_round_leaves_the_other_round_at_work() -> None:
    card = card_after(
        BEGUN, started(Stage.BULL, 1), started(Stage.BULL, 2), finished(Stage.BULL, 1, round_=1)
    )
    assert line(card).detail == "bull, round 2 · 2 of 12"


def test_after_the_last_stage_the_count_stays_within_the_total() -> None:
    assert line(card_after(BEGUN, finished(Stage.DECISION, 12))).detail == "thinking · 12 of 12"


def test_a_ballot_ends_a_line_with_action_and_confidence_and_an_abstention_with_its_reason() -> None:
    card = card_after(
        BEGUN, *(MemberFinished(run_id=RUN_ID, result=result) for result in arena_facts.RESULTS)
    )
    assert line(card) == ProgressLine(member=CLAUDE, state="done", detail="BUY 72 %", action=Action.BUY)
    assert line(card, "grok-4") == ProgressLine(
        member="grok-4", state="failed", detail="abstained: no answer within 120 s at the stage research"
    )


def test_a_stage_that_is_told_late_does_not_reopen_a_finished_line() -> None:
    done = MemberFinished(run_id=RUN_ID, result=arena_facts.RESULTS[0])
    card = card_after(BEGUN, done, started(Stage.BEAR), finished(Stage.BEAR, 6))
    assert line(card).detail == "BUY 72 %"


def test_a_second_result_of_a_member_changes_nothing() -> None:
    first, other = arena_facts.RESULTS[0], arena_facts.RESULTS[0].model_copy(update={"reasoning": "Other."})
    results = (MemberFinished(run_id=RUN_ID, result=result) for result in (first, other))
    assert after([BEGUN, *results]).members[0].result == first


def test_a_count_that_is_told_late_does_not_go_back() -> None:
    card = card_after(BEGUN, finished(Stage.BEAR, 6), finished(Stage.BULL, 5))
    assert line(card).detail == "thinking · 7 of 12"


def test_news_of_a_member_without_a_seat_is_overlooked() -> None:
    stranger = StageStarted(run_id=RUN_ID, member="llama", stage=Stage.BEAR)
    assert card_after(BEGUN, stranger) == card_after(BEGUN)


def test_a_resumed_run_says_so_and_shows_what_was_done_before() -> None:
    part = arena_facts.seats([*arena_facts.RESULTS[:2], None, None, None])
    card = card_after(RunStarted(record=arena_facts.running(seats=part), resumed=True))
    assert card.subtitle == "standard · as of 2025-10-29 16:00 EDT · resumed"
    assert [line.state for line in card.lines] == ["done", "done", "waiting", "waiting", "waiting"]


def test_a_run_that_starts_over_for_a_follower_shows_the_newest_beginning() -> None:
    card = card_after(BEGUN, started(Stage.BEAR), RunStarted(record=BEGUN.record, resumed=True))
    assert card.subtitle.endswith("resumed")
    assert line(card).state == "waiting"


def test_the_end_settles_every_line_that_the_events_left_open() -> None:
    progress = after([BEGUN, RunEnded(record=arena_facts.record())])
    assert [member.result for member in progress.members] == list(arena_facts.RESULTS)
    assert progress.record is not None
    assert progress.record.state is RunState.FINISHED


def test_what_must_be_said_of_the_prices_stands_from_the_start() -> None:
    assert (
        card_after(RunStarted(record=arena_facts.running(caveat="Sample prices."))).caveat == "Sample prices."
    )


def with_crowd(crowd: MemberResult | None = None) -> RunStarted:
    seats = arena_facts.followed([None] * 5, None, crowd)
    return RunStarted(record=arena_facts.running(seats=seats))


def votes(**counts: int) -> VotesCounted:
    return VotesCounted(run_id=RUN_ID, counts={action: counts.get(action.lower(), 0) for action in Action})


def test_followers_are_no_members_that_are_waited_for() -> None:
    card = card_after(with_crowd())
    assert card.title == "Asking 5 members about NVDA"
    assert [line.member for line in card.lines] == [seat.member for seat in arena_facts.seats()]
    end = RunEnded(record=arena_facts.record(seats=arena_facts.followed()))
    assert len(after([with_crowd(), end]).members) == 5


def test_while_a_run_goes_on_its_card_has_buttons_to_vote_and_tells_how_the_votes_stand() -> None:
    card = card_after(with_crowd())
    assert card.votes == "no votes yet"
    assert [button.label for button in card.buttons] == ["Buy", "Hold", "Sell"]
    assert [decode(button.data) for button in card.buttons] == [
        CastVote(RUN_ID, action) for action in (Action.BUY, Action.HOLD, Action.SELL)
    ]
    assert card_after(with_crowd(), votes(sell=1)).votes == "1 SELL"
    assert card_after(with_crowd(), votes(sell=1), votes(sell=1, buy=3)).votes == "3 BUY, 1 SELL"


def test_where_nobody_can_vote_the_card_has_neither_votes_nor_buttons() -> None:
    for begun in (BEGUN, with_crowd(arena_facts.CROWD_BALLOT)):
        card = card_after(begun, votes(buy=1))
        assert (card.votes, card.buttons) == (None, ())


@given(st.permutations(EVENTS[1:-1]))
def test_whatever_the_order_between_start_and_end_the_end_is_the_same(middle: list[RunEvent]) -> None:
    assert after([EVENTS[0], *middle, EVENTS[-1]]).card().lines == after(EVENTS).card().lines


@given(st.lists(st.sampled_from(EVENTS), max_size=40))
def test_whatever_a_started_run_tells_every_member_keeps_its_one_line(events: list[RunEvent]) -> None:
    card = card_after(EVENTS[0], *events)
    assert [line.member for line in card.lines] == [seat.member for seat in arena_facts.seats()]
    assert all(line.detail for line in card.lines)


def test_applying_an_event_leaves_the_state_before_it_as_it_was() -> None:
    before = after([BEGUN])
    drawn = before.card()
    before.apply(started(Stage.BEAR))
    assert before.card() == drawn
