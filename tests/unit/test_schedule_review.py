"""The review's facts: how far members are to be trusted, how they moved, what they got right."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import count

import pytest

from core.consensus.track import calibration_of
from core.domain.ballot import Action
from core.domain.digest import Manner
from core.domain.member import MemberKind
from core.domain.outcomes import Outcome
from core.domain.season import Season
from core.schedule import review

SETTLED = datetime(2025, 10, 29, 20, 0, tzinfo=UTC)
_NUMBERS = count(1)


def outcome(
    earned: str,
    *,
    confidence: str = "0.7",
    member: str = "claude",
    action: Action = Action.BUY,
    horizon: int = 5,
    run_id: str | None = None,
    settled_at: datetime = SETTLED,
) -> Outcome:
    sign = -1 if action is Action.SELL else 1
    return Outcome(
        season=Season.LIVE,
        run_id=run_id or f"run{next(_NUMBERS):05}",
        member=member,
        ticker="NVDA",
        horizon=horizon,
        action=action,
        confidence=Decimal(confidence),
        decided_at=SETTLED - timedelta(days=9),
        entry_session=date(2025, 10, 21),
        exit_session=date(2025, 10, 28),
        entry_price=Decimal(100),
        exit_price=Decimal(101),
        return_ratio=sign * Decimal(earned),
        settled_at=settled_at,
    )


def manner_of(outcomes: list[Outcome], minimum: int = 4) -> Manner | None:
    found = calibration_of(Season.LIVE, "claude", outcomes, Decimal(1), SETTLED, minimum=minimum)
    return review.manner(found)


RIGHT, WRONG = "0.01", "-0.01"


@pytest.mark.parametrize(
    ("ballots", "manner"),
    [
        ([("0.9", WRONG)] * 3 + [("0.9", RIGHT)], Manner.OVER),
        ([("0.3", RIGHT)] * 3 + [("0.3", WRONG)], Manner.UNDER),
        ([("0.75", RIGHT)] * 3 + [("0.75", WRONG)], Manner.FITTING),
        # Too sure above and too shy below: the means agree and hide it.
        ([("0.9", WRONG)] * 2 + [("0.1", RIGHT)] * 2, Manner.MIXED),
        ([("0.9", WRONG)] * 3, None),
        ([], None),
    ],
)
def test_confidence_is_called_what_it_was(ballots: list[tuple[str, str]], manner: Manner | None) -> None:
    assert manner_of([outcome(earned, confidence=said) for said, earned in ballots]) is manner


def test_the_edges_of_the_time_belong_to_one_review_each() -> None:
    week = timedelta(days=7)
    at = [outcome(RIGHT, settled_at=moment) for moment in (SETTLED - week, SETTLED, SETTLED + week)]
    assert review.settled_between(at, SETTLED - week, SETTLED) == (at[1],)
    assert review.settled_between(at, SETTLED, SETTLED + week) == (at[2],)


def test_a_ballot_is_one_call_at_its_longest_horizon_and_hold_is_none() -> None:
    kinds = {"claude": MemberKind.LLM, "committee": MemberKind.COMMITTEE}
    found = review.calls(
        [
            outcome("0.02", horizon=1, run_id="run00001"),
            outcome("-0.05", horizon=5, run_id="run00001"),
            outcome("0.03", action=Action.SELL, run_id="run00002", member="committee"),
            outcome("0.09", action=Action.HOLD, run_id="run00003"),
        ],
        kinds,
    )
    assert [(one.member, one.kind, one.horizon, one.earned) for one in found] == [
        ("committee", MemberKind.COMMITTEE, 5, Decimal("0.03")),
        ("claude", MemberKind.LLM, 5, Decimal("-0.05")),
    ]


def test_no_gain_is_among_the_worst_calls_and_no_loss_among_the_best() -> None:
    kinds = {"claude": MemberKind.LLM}
    earned = ("0.04", "0.03", "0.02", "0.01", "0", "-0.01", "-0.02")
    found = review.calls([outcome(one) for one in earned], kinds)
    best, worst = review.best_and_worst(found, 3)
    assert [one.earned for one in best] == [Decimal("0.04"), Decimal("0.03"), Decimal("0.02")]
    assert [one.earned for one in worst] == [Decimal("-0.02"), Decimal("-0.01")]


def test_members_without_a_settled_direction_are_not_judged_and_models_come_first() -> None:
    outcomes = {
        "trend": [outcome(RIGHT, member="trend")],
        "claude": [outcome(RIGHT)],
        "shy": [outcome(RIGHT, member="shy", action=Action.HOLD)],
    }
    found = {
        name: calibration_of(Season.LIVE, name, theirs, Decimal(1), SETTLED, minimum=1)
        for name, theirs in outcomes.items()
    }
    kinds = {
        "trend": MemberKind.BASELINE,
        "claude": MemberKind.LLM,
        "shy": MemberKind.LLM,
        "new": MemberKind.LLM,
    }
    assert [one.member for one in review.judged(kinds, found, {})] == ["claude", "trend"]
    assert review.judged(kinds, found, {})[0].lately is None


def test_ranks_move_only_where_there_was_an_order_before() -> None:
    kinds = dict.fromkeys(("a", "b", "c"), MemberKind.LLM)
    before = {"a": Decimal(100), "b": Decimal(200), "c": Decimal(50)}
    after = {"a": Decimal(300), "b": Decimal(100), "c": None}
    found = review.rank_changes(kinds, before, after, {"b": 1, "a": 2, "c": 3}, {"a": 1, "b": 2, "c": 0})
    assert [(one.member, one.rank, one.rank_before, one.change_ratio) for one in found] == [
        ("a", 1, 2, Decimal(2)),
        ("b", 2, 1, Decimal("-0.5")),
        ("c", 0, 3, None),
    ]
    first = review.rank_changes(kinds, before, after, None, {"a": 1, "b": 2, "c": 0})
    assert [one.rank_before for one in first] == [None, None, None]
