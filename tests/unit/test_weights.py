"""Weights learned from settled ballots: from the past only, and by one stated rule."""

import math
import random
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.config.settings import Consensus
from core.consensus.settled import judged
from core.consensus.weights import (
    FLOOR,
    FULL_SKILL,
    PRIOR_BALLOTS,
    learned,
    weight_from,
    weights_for,
    weights_from,
)
from core.domain.ballot import Action
from core.domain.outcomes import Outcome
from tests.judges import ballot_of, outcome

DOCS = Path(__file__).parents[2] / "docs" / "weights.md"
LEARNED = Consensus(weights="learned")
LATER = outcome(week=5000).settled_at

weights = st.decimals(0, 1, places=4)


@st.composite
def pasts(draw: st.DrawFn) -> list[Outcome]:
    """Ballots of three members on two tickers, some of them overlapping or without a direction."""
    cast = draw(
        st.lists(
            st.tuples(
                st.integers(0, 60),
                st.sampled_from(("alpha", "beta", "gamma")),
                st.sampled_from(("NVDA", "AAPL")),
                st.sampled_from(Action),
                st.booleans(),
                st.sampled_from(("0.55", "0.70", "0.95")),
                st.sampled_from((1, 5)),
            ),
            max_size=60,
        )
    )
    return [
        outcome(
            week=week,
            run_id=f"r{place}",
            member=member,
            ticker=ticker,
            action=action,
            right=right,
            confidence=confidence,
            horizon=horizon,
        )
        for place, (week, member, ticker, action, right, confidence, horizon) in enumerate(cast)
    ]


CONFIGURED = {"alpha": Decimal(1), "beta": Decimal("0.4"), "gamma": Decimal(0), "delta": Decimal("0.123456")}


@given(pasts(), st.integers(0, 70))
def test_what_is_settled_later_changes_nothing(past: list[Outcome], week: int) -> None:
    as_of = outcome(week=week).settled_at
    before = [each for each in past if each.settled_at <= as_of]
    assert learned(past, CONFIGURED, as_of) == learned(before, CONFIGURED, as_of)
    ballots = [ballot_of(outcome(member=member)) for member in CONFIGURED]
    seen = weights_for(ballots, past, CONFIGURED, as_of, LEARNED)
    assert seen == weights_for(ballots, before, CONFIGURED, as_of, LEARNED)


@given(pasts(), st.randoms(use_true_random=False))
def test_the_order_of_outcomes_and_ballots_does_not_matter(past: list[Outcome], dice: random.Random) -> None:
    ballots = [ballot_of(outcome(member=member)) for member in CONFIGURED]
    shuffled, other = list(past), list(ballots)
    dice.shuffle(shuffled)
    dice.shuffle(other)
    assert learned(shuffled, CONFIGURED, LATER) == learned(past, CONFIGURED, LATER)
    assert weights_for(other, shuffled, CONFIGURED, LATER, LEARNED) == weights_for(
        ballots, past, CONFIGURED, LATER, LEARNED
    )


@given(weights, st.floats(0.001, 300), st.floats(0, 1))
def test_a_weight_stays_between_its_floor_and_one(configured: Decimal, worth: float, share: float) -> None:
    weight = weight_from(configured, worth, worth * share)
    assert 0 <= weight <= 1
    assert weight >= (FLOOR * configured).quantize(Decimal("0.0001"))
    assert weight == weight.quantize(Decimal("0.0001"))


@given(weights, st.floats(1, 300), st.floats(0, 1), st.floats(0, 1))
def test_more_right_ballots_never_make_a_weight_smaller(
    configured: Decimal, worth: float, one: float, other: float
) -> None:
    low, high = sorted((one, other))
    assert weight_from(configured, worth, worth * low) <= weight_from(configured, worth, worth * high)


def test_without_settled_ballots_a_member_has_exactly_its_configured_weight() -> None:
    found = learned([outcome(member="somebody else")], CONFIGURED, LATER)
    assert {member: used.weight for member, used in found.items()} == CONFIGURED
    assert {used.sample for used in found.values()} == {0}


def test_a_member_that_only_holds_keeps_its_configured_weight() -> None:
    holds = [outcome(week=week, action=Action.HOLD) for week in range(40)]
    assert learned(holds, {"alpha": Decimal("0.7")}, LATER)["alpha"].weight == Decimal("0.7")


def test_the_weight_is_the_log_odds_of_the_posterior_mean() -> None:
    past = [outcome(week=0, run_id=f"r{n}", ticker=f"T{n}", right=n < 13) for n in range(25)]
    used = learned(past, {"alpha": Decimal("0.5")}, LATER)["alpha"]
    unit = math.log(FULL_SKILL / (1 - FULL_SKILL))
    believed = 1 / (1 + math.exp(-0.5 * unit))
    right = (PRIOR_BALLOTS * believed + 13) / (PRIOR_BALLOTS + 25)
    assert float(used.weight) == pytest.approx(math.log(right / (1 - right)) / unit, abs=5e-5)
    assert (used.sample, used.effective, used.configured) == (25, 25, Decimal("0.5"))


def test_a_few_ballots_move_a_weight_less_than_many_of_the_same_quality() -> None:
    few, many = weight_from(Decimal(1), 6, 3), weight_from(Decimal(1), 100, 50)
    assert Decimal("0.8") < few < 1
    assert many < Decimal("0.3")


def test_one_right_in_sixty_of_a_hundred_keeps_the_full_weight_and_a_coin_falls_to_the_floor_in_the_end() -> (
    None
):
    assert weight_from(Decimal(1), 10_000, 6_000) == 1
    assert weight_from(Decimal(1), 10_000, 5_000) == FLOOR
    assert weight_from(Decimal(1), 10_000, 4_000) == FLOOR


@pytest.mark.parametrize("share", ["0.7", "0.6", "0.55", "0.5", "0.4"])
def test_the_documents_show_what_the_rule_gives(share: str) -> None:
    right = Decimal(share)
    cells = [f"{weight_from(Decimal(1), worth, worth * float(right)):.2f}" for worth in (10, 40, 144)]
    assert f"| {right * 100:.0f} % | {' | '.join(cells)} |" in DOCS.read_text(encoding="utf-8")


def test_a_configured_weight_of_nothing_is_an_order_and_stays() -> None:
    past = [outcome(week=week) for week in range(50)]
    assert learned(past, {"alpha": Decimal(0)}, LATER)["alpha"].weight == 0


def test_a_run_of_right_sells_earns_as_much_as_one_of_right_buys() -> None:
    buys = [outcome(week=week) for week in range(30)]
    sells = [outcome(week=week, action=Action.SELL, member="beta") for week in range(30)]
    found = learned(buys + sells, {"alpha": Decimal("0.5"), "beta": Decimal("0.5")}, LATER)
    assert found["alpha"].weight == found["beta"].weight == 1


def test_with_configured_weights_ballots_count_as_they_always_did() -> None:
    past = [outcome(week=week, right=False) for week in range(50)]
    ballots = [ballot_of(outcome(member=member)) for member in ("beta", "alpha")]
    used = weights_for(ballots, past, CONFIGURED, LATER, Consensus())
    assert [(each.member, each.weight, each.sample, each.calibrated) for each in used] == [
        ("alpha", Decimal(1), 0, None),
        ("beta", Decimal("0.4"), 0, None),
    ]


def test_with_learned_weights_a_ballot_counts_with_its_weight_its_sample_and_its_calibrated_confidence() -> (
    None
):
    past = [outcome(week=week, right=week % 2 == 0, confidence="0.90") for week in range(60)]
    (used,) = weights_for(
        [ballot_of(outcome(confidence="0.90"))], past, {"alpha": Decimal(1)}, LATER, LEARNED
    )
    assert used.sample == 60
    assert 40 < used.effective < 60
    assert used.weight < Decimal("0.5")
    assert used.calibrated is not None
    assert Decimal("0.5") < used.calibrated < Decimal("0.65")


@given(pasts())
def test_runs_of_one_moment_may_share_what_was_found(past: list[Outcome]) -> None:
    ballots = [ballot_of(outcome(member=member)) for member in CONFIGURED]
    found = judged(past, LATER)
    assert weights_from(ballots, found, CONFIGURED, LEARNED) == weights_for(
        ballots, past, CONFIGURED, LATER, LEARNED
    )


def test_the_confidence_of_a_hold_cannot_be_checked_and_is_not_calibrated() -> None:
    past = [outcome(week=week) for week in range(60)]
    held = ballot_of(outcome(action=Action.HOLD))
    (used,) = weights_for([held], past, {"alpha": Decimal(1)}, LATER, LEARNED)
    assert used.calibrated is None
    assert used.sample == 60


def test_a_member_that_casts_no_ballot_has_no_line() -> None:
    past = [outcome(week=week) for week in range(20)]
    assert weights_for([], past, CONFIGURED, LATER, LEARNED) == ()


def test_yesterday_s_ballot_is_not_settled_today() -> None:
    past = [outcome(week=week) for week in range(20)]
    now = past[-1].settled_at - timedelta(days=1)
    assert learned(past, {"alpha": Decimal("0.5")}, now)["alpha"].sample == 19
