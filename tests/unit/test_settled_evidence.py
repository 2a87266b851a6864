"""Which settled ballots count, and how much each is worth."""

import math
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.consensus.settled import FORGOTTEN, HALF_LIFE, Span, judged, uniqueness, worth_of
from core.domain.ballot import Action
from core.domain.outcomes import Outcome
from tests.judges import outcome

LATER = outcome(week=5000).settled_at
DAY = timedelta(days=1)

spans = st.lists(
    st.tuples(st.integers(0, 60), st.integers(1, 12)).map(lambda pair: (pair[0], sum(pair))), max_size=40
)


def daily(day: int, **changes: object) -> Outcome:
    """A ballot of the day-th day on, open for a week."""
    first = date(2024, 1, 8) + day * DAY
    settled = outcome().settled_at + day * DAY
    facts = {"entry_session": first, "exit_session": first + 4 * DAY, "settled_at": settled}
    return outcome(run_id=f"d{day}", **(facts | changes))


def worth(*outcomes: Outcome, member: str = "alpha") -> float:
    return worth_of(judged(outcomes, LATER).get(member, ()))


def shares_by_day(of: list[Span]) -> list[float]:
    """The same, day by day."""
    covering = [sum(first <= day < end for first, end in of) for day in range(80)]
    return [sum(1 / covering[day] for day in range(*span)) / (span[1] - span[0]) for span in of]


@given(spans)
def test_a_window_is_worth_the_mean_share_of_its_days(of: list[Span]) -> None:
    assert uniqueness(of) == pytest.approx(shares_by_day(of), abs=1e-12)


@given(spans)
def test_windows_of_one_length_are_together_worth_the_days_that_they_cover(of: list[Span]) -> None:
    same = [(first, first + 7) for first, _ in of]
    covered = {day for first, end in same for day in range(first, end)}
    assert math.fsum(uniqueness(same)) == pytest.approx(len(covered) / 7)


def test_ballots_that_do_not_overlap_are_whole_ones() -> None:
    assert judged([outcome()], LATER)["alpha"][0].worth == 1
    assert worth(daily(0), daily(7)) == pytest.approx(1 + 0.5 ** (1 / HALF_LIFE))


def test_the_same_ballot_cast_ten_times_is_worth_one() -> None:
    assert worth(*(outcome(run_id=f"r{n}") for n in range(10))) == pytest.approx(1)


def test_a_ballot_every_day_is_worth_hardly_more_than_one_every_week() -> None:
    every_day = worth(*(daily(day) for day in range(50)))
    assert every_day == pytest.approx(worth(*(daily(day) for day in range(0, 50, 5))), rel=0.1)


def test_overlap_is_only_within_a_ticker_and_a_member() -> None:
    assert worth(outcome(), outcome(ticker="AAPL")) == pytest.approx(2)
    assert worth(outcome(), outcome(member="beta")) == pytest.approx(1)


def test_evidence_is_worth_half_after_its_half_life_and_nothing_in_the_end() -> None:
    weeks = int(HALF_LIFE) * (FORGOTTEN + 5)
    found = judged([outcome(week=week) for week in range(weeks)], LATER)["alpha"]
    newest_first = sorted((each.worth for each in found), reverse=True)
    assert newest_first[0] == 1
    assert newest_first[int(HALF_LIFE)] == pytest.approx(0.5)
    assert len(found) == int(HALF_LIFE) * FORGOTTEN + 1
    assert min(newest_first) > 0


def test_a_pause_makes_nobody_forget() -> None:
    with_pause = [outcome(week=0), outcome(week=1), outcome(week=400)]
    without = [outcome(week=0), outcome(week=1), outcome(week=2)]
    assert worth(*with_pause) == worth(*without)


def test_a_hold_and_another_horizon_are_no_evidence() -> None:
    assert judged([outcome(action=Action.HOLD), outcome(horizon=20)], LATER) == {}


def test_a_sell_is_right_when_the_price_fell() -> None:
    found = judged([outcome(action=Action.SELL, return_ratio="-0.01")], LATER)["alpha"]
    assert found[0].right
    assert not judged([outcome(action=Action.SELL, return_ratio="0.01")], LATER)["alpha"][0].right


def test_what_is_settled_at_the_very_moment_is_known_and_a_moment_later_not() -> None:
    one = outcome()
    assert worth_of(judged([one], one.settled_at)["alpha"]) == 1
    assert judged([one], one.settled_at - timedelta(microseconds=1)) == {}
