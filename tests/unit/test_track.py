"""One member's record as a judge, made from outcomes."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from core.consensus.track import calibration_of
from core.domain.ballot import Action
from core.domain.calibration import Calibration
from core.domain.outcomes import HORIZONS, Outcome
from core.domain.season import Season
from tests.judges import outcome

LATER = outcome(week=5000).settled_at
HALF_RIGHT = [outcome(week=week, right=week % 2 == 0, confidence="0.85") for week in range(40)]


def record(outcomes: list[Outcome], **changes: object) -> Calibration:
    facts: dict[str, Any] = {"as_of": LATER, "minimum": 10} | changes
    return calibration_of(Season.LIVE, "alpha", outcomes, Decimal(1), **facts)


def test_a_record_counts_what_is_settled_at_its_horizon_and_names_what_it_left_out() -> None:
    holds = [outcome(week=week, run_id=f"h{week}", action=Action.HOLD) for week in range(3)]
    others = [outcome(member="beta"), outcome(season=Season.SAMPLE), outcome(horizon=20)]
    found = record(HALF_RIGHT + holds + others)
    assert (found.settled, found.holds, found.horizon) == (40, 3, 5)
    assert found.newest == HALF_RIGHT[-1].settled_at
    assert sum(each.count for each in found.bins) == 40
    assert found.brier.value == pytest.approx(0.5 * 0.15**2 + 0.5 * 0.85**2)
    assert found.ece.value == pytest.approx(0.35)
    assert found.brier.sample == found.ece.sample == 40


def test_hit_rates_are_told_at_every_horizon() -> None:
    found = record(HALF_RIGHT + [outcome(week=week, horizon=1) for week in range(12)])
    assert set(found.hit_rates) == set(HORIZONS)
    assert [(found.hit_rates[at].value, found.hit_rates[at].sample) for at in HORIZONS] == [
        (1.0, 12),
        (0.5, 40),
        (None, 0),
    ]


def test_below_the_minimum_sample_there_is_a_sample_and_no_figure() -> None:
    found = record(HALF_RIGHT[:9])
    assert found.brier.value is found.ece.value is found.hit_rates[5].value is None
    assert found.brier.sample == found.ece.sample == found.hit_rates[5].sample == 9
    assert record(HALF_RIGHT[:9], minimum=9).brier.value is not None


def test_the_learned_weight_and_what_confidence_is_worth_stand_beside_what_was_configured_and_said() -> None:
    found = record(HALF_RIGHT, in_use=True)
    assert found.configured == 1
    assert found.weight is not None
    assert found.weight.weight < Decimal("0.6")
    assert found.weight.sample == 40
    assert found.in_use
    calibrated = found.bins[8].calibrated
    assert calibrated is not None
    assert Decimal("0.5") < calibrated < Decimal("0.75")


def test_what_is_learned_does_not_change_with_the_horizon_that_is_shown() -> None:
    at_once = [outcome(week=week, horizon=1, confidence="0.85") for week in range(40)]
    found = record(HALF_RIGHT + at_once, horizon=1)
    assert found.hit_rates[1].value == 1
    assert found.weight == record(HALF_RIGHT).weight
    assert found.bins[8].calibrated == record(HALF_RIGHT).bins[8].calibrated


def test_what_is_settled_later_is_not_in_the_record() -> None:
    as_of = HALF_RIGHT[19].settled_at
    assert record(HALF_RIGHT, as_of=as_of) == record(HALF_RIGHT[:20], as_of=as_of)
    earlier = record(HALF_RIGHT, as_of=HALF_RIGHT[0].settled_at - timedelta(seconds=1))
    assert (earlier.settled, earlier.weight, earlier.newest) == (0, None, None)
