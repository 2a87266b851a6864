"""Calibrated confidence, and how calibration is measured."""

import random
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import isotonic_regression

from core.consensus.calibration import (
    MIN_WORTH,
    STATED_BALLOTS,
    Curve,
    brier,
    calibration_error,
    curve,
    isotonic,
    reliability,
)
from core.consensus.settled import Judged
from core.domain.ballot import Action
from core.domain.outcomes import Outcome
from tests.judges import outcome

ratios = st.decimals(0, 1, places=4)
pieces = st.lists(st.builds(Judged, ratios, st.booleans(), st.floats(0.01, 1)), min_size=1, max_size=80)


def said(confidence: str, right: int, of: int) -> list[Judged]:
    return [Judged(Decimal(confidence), place < right, 1.0) for place in range(of)]


def fitted(past: list[Judged]) -> Curve:
    found = curve(past)
    assert found is not None
    return found


def settled(confidence: str, right: int, of: int, **changes: object) -> list[Outcome]:
    return [
        outcome(run_id=f"r{place}", right=place < right, confidence=confidence, **changes)
        for place in range(of)
    ]


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0.01, 50)), min_size=1, max_size=60))
def test_the_regression_is_the_reference_library_s(pairs: list[tuple[float, float]]) -> None:
    values, weights = [value for value, _ in pairs], [weight for _, weight in pairs]
    assert isotonic(values, weights) == pytest.approx(
        isotonic_regression(values, weights=weights).x.tolist(), abs=1e-9
    )


@given(pieces, ratios, ratios)
def test_a_calibrated_confidence_is_a_fraction_and_never_falls_while_the_stated_one_rises(
    past: list[Judged], one: Decimal, other: Decimal
) -> None:
    found = curve(past)
    if found is not None:
        low, high = found.at(min(one, other)), found.at(max(one, other))
        assert 0 <= low <= high <= 1


@given(pieces, st.randoms(use_true_random=False))
def test_the_order_of_ballots_does_not_matter(past: list[Judged], dice: random.Random) -> None:
    shuffled = list(past)
    dice.shuffle(shuffled)
    assert curve(shuffled) == curve(past)


def test_too_little_evidence_gives_no_calibrated_confidence() -> None:
    assert curve([]) is None
    assert curve(said("0.9", 4, int(MIN_WORTH) - 1)) is None
    assert curve(said("0.9", 4, int(MIN_WORTH))) is not None


def test_a_small_sample_stays_near_the_stated_confidence_and_a_large_one_at_what_was_right() -> None:
    few, many = fitted(said("0.9", 10, 20)), fitted(said("0.9", 5000, 10_000))
    share = 20 / (20 + STATED_BALLOTS)
    assert few.at(Decimal("0.9")) == pytest.approx(Decimal(str(share * 0.5 + (1 - share) * 0.9)))
    assert many.at(Decimal("0.9")) == pytest.approx(Decimal("0.5"), abs=Decimal("0.001"))


def test_confidences_between_and_outside_those_that_were_seen_are_read_off_the_line() -> None:
    line = Curve(((0.6, 0.5), (0.8, 0.7)), worth=1e12)
    assert [line.at(Decimal(stated)) for stated in ("0.1", "0.6", "0.7", "0.8", "1")] == [
        Decimal(right) for right in ("0.5", "0.5", "0.6", "0.7", "0.7")
    ]


def test_a_member_that_is_more_often_right_when_it_says_less_is_read_as_flat() -> None:
    flat = fitted(said("0.6", 80, 100) + said("0.9", 40, 100))
    assert [right for _, right in flat.points] == pytest.approx([0.6, 0.6])


def test_brier_and_calibration_error_of_a_case_worked_by_hand() -> None:
    outcomes = settled("0.9", 1, 2) + settled("0.6", 3, 4)
    assert brier(outcomes) == pytest.approx(
        (Decimal("0.01") + Decimal("0.81") + 3 * Decimal("0.16") + Decimal("0.36")) / 6
    )
    # Two ballots are 0.4 off, four are 0.15 off.
    assert calibration_error(outcomes) == (2 * Decimal("0.4") + 4 * Decimal("0.15")) / 6


def test_a_member_that_always_says_half_has_a_brier_score_of_a_quarter() -> None:
    assert brier(settled("0.5", 3, 7)) == Decimal("0.25")


def test_a_member_that_is_right_as_often_as_it_says_has_no_calibration_error() -> None:
    assert calibration_error(settled("0.8", 8, 10) + settled("0.35", 7, 20)) == 0


def test_ballots_without_a_direction_are_in_no_figure() -> None:
    holds = settled("0.9", 2, 2, action=Action.HOLD)
    assert brier(holds) is None
    assert calibration_error(holds) is None
    assert brier(holds + settled("0.9", 1, 1)) == Decimal("0.01")
    assert sum(each.count for each in reliability(holds)) == 0


def test_the_diagram_has_ten_bins_that_are_closed_above() -> None:
    cast = [settled(stated, 1, 1)[0] for stated in ("0", "0.1", "0.1001", "0.7", "0.7001", "1")]
    bins = reliability(cast)
    assert [each.count for each in bins] == [2, 1, 0, 0, 0, 0, 1, 1, 0, 1]
    assert (bins[0].low, bins[9].high) == (0, 1)
    assert all(above.low == below.high for below, above in pairwise(bins))
    assert bins[2].mean_confidence is None
    assert bins[2].right_fraction is None


def test_a_bin_tells_what_was_said_what_was_right_and_what_it_is_worth_now() -> None:
    outcomes = settled("0.85", 30, 60)
    (full,) = [each for each in reliability(outcomes, fitted(said("0.85", 30, 60))) if each.count]
    assert (full.mean_confidence, full.right_fraction) == (Decimal("0.85"), Decimal("0.5"))
    assert full.calibrated == Decimal("0.5875")
    assert reliability(outcomes)[8].calibrated is None


@given(st.lists(st.tuples(ratios, st.booleans()), min_size=1, max_size=50))
def test_the_calibration_error_is_what_the_diagram_shows(cast: list[tuple[Decimal, bool]]) -> None:
    outcomes = [outcome(confidence=stated, right=right) for stated, right in cast]
    shown = sum(
        each.count * abs(each.mean_confidence - each.right_fraction)
        for each in reliability(outcomes)
        if each.mean_confidence is not None and each.right_fraction is not None
    ) / len(cast)
    found = calibration_error(outcomes)
    assert found is not None
    assert abs(found - shown) <= Decimal("0.0001")
