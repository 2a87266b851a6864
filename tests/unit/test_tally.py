"""Counting ballots."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.config.settings import METHOD_NAMES, Consensus
from core.consensus.median import weighted_median
from core.consensus.tally import tally
from core.domain.ballot import Action, Rating
from core.domain.verdict import Dissent
from tests.ballots import RATIOS, Election, ballot, elections, equal, used, weighing

METHODS = st.sampled_from(METHOD_NAMES)


def rules(method: str, **more: object) -> Consensus:
    return Consensus.model_validate({"method": method, "min_members": 1, **more})


def test_the_action_with_the_largest_share_of_weight_wins() -> None:
    cast = [ballot("a", Rating.BUY), ballot("b", Rating.OVERWEIGHT), ballot("c", Rating.SELL)]
    weights = weighing({"a": "0.3", "b": "0.3", "c": "0.9"})
    assert tally(cast, [], weights, Consensus(method="weighted")).decision is Action.SELL
    assert tally(cast, [], weights, Consensus(method="majority")).decision is Action.BUY


def test_agreement_counts_heads_and_high_consensus_starts_at_seventy_percent() -> None:
    three_of_four = [ballot(name, Rating.BUY) for name in "abc"] + [ballot("d", Rating.HOLD)]
    verdict = tally(three_of_four, [], equal(*three_of_four), Consensus())
    assert verdict.agreement == Decimal("0.75")
    assert verdict.high_consensus
    assert verdict.outliers == ("d",)
    two_of_three = three_of_four[1:]
    verdict = tally(two_of_three, [], equal(*two_of_three), Consensus())
    assert verdict.agreement == Decimal("0.6667")
    assert not verdict.high_consensus


@pytest.mark.parametrize("method", ["weighted", "majority"])
def test_a_tie_for_the_first_place_is_hold_and_says_tie(method: str) -> None:
    cast = [ballot("a", Rating.BUY), ballot("b", Rating.SELL)]
    verdict = tally(cast, [], equal(*cast), Consensus.model_validate({"method": method}))
    assert verdict.decision is Action.HOLD
    assert verdict.rule is not None
    assert verdict.rule.startswith("tie: BUY and SELL")
    assert verdict.outliers == ("a", "b")
    assert not verdict.high_consensus


def test_too_few_ballots_are_no_verdict_and_no_exception() -> None:
    nobody = tally([], ["a", "b"], {}, Consensus())
    assert nobody.decision is None
    assert nobody.rule is not None
    assert "no ballot" in nobody.rule
    lone = ballot("a", Rating.BUY)
    assert tally([lone], [], equal(lone), Consensus()).decision is None
    assert tally([lone], [], equal(lone), Consensus(min_members=1)).decision is Action.BUY


def test_ballots_without_any_weight_are_no_verdict() -> None:
    cast = [ballot("a", Rating.BUY), ballot("b", Rating.BUY)]
    verdict = tally(cast, [], weighing({"a": "0", "b": "0"}), Consensus())
    assert verdict.decision is None
    assert verdict.rule is not None
    assert "no weight" in verdict.rule


def test_a_confidence_below_the_minimum_becomes_hold_and_says_so() -> None:
    cast = [ballot("a", Rating.BUY, "0.4"), ballot("b", Rating.BUY, "0.5")]
    verdict = tally(cast, [], equal(*cast), Consensus(min_confidence=Decimal("0.6")))
    assert verdict.decision is Action.HOLD
    assert verdict.rule is not None
    assert "BUY becomes HOLD" in verdict.rule


def test_a_confidence_that_just_misses_is_not_shown_as_the_minimum() -> None:
    cast = [ballot("a", Rating.BUY, "0.6"), ballot("b", Rating.BUY, "0.5999")]
    weights = weighing({"a": "0", "b": "1"})
    verdict = tally(cast, [], weights, Consensus(min_confidence=Decimal("0.6")))
    assert verdict.rule == "weighted confidence 59.99% is below the minimum of 60%: BUY becomes HOLD"


@pytest.mark.parametrize("method", METHOD_NAMES)
def test_quorum_and_minimal_confidence_hold_in_every_method(method: str) -> None:
    cast = [ballot(name, Rating.BUY, "0.9") for name in "abc"]
    counted = tally(cast, [], equal(*cast), rules(method, min_members=3, min_confidence="0.9"))
    assert counted.decision is Action.BUY
    unsure = tally(cast, [], equal(*cast), rules(method, min_confidence="0.9001"))
    assert unsure.decision is Action.HOLD
    assert unsure.rule == "weighted confidence 90% is below the minimum of 90.01%: BUY becomes HOLD"
    few = tally(cast, ["d"], equal(*cast), rules(method, min_members=4))
    assert few.decision is None
    assert few.rule == "no verdict: only 3 cast, and 4 ballots are needed"
    assert few.dissent == ()


def test_the_calibrated_confidence_is_counted_and_the_ballot_keeps_the_stated_one() -> None:
    cast = [ballot("a", Rating.BUY, "0.9"), ballot("b", Rating.BUY, "0.5")]
    weights = {"a": used("a", "0.5", sample=40, calibrated="0.6"), "b": used("b", "0.5")}
    verdict = tally(cast, [], weights, Consensus())
    assert verdict.weighted_confidence == verdict.average_confidence == Decimal("0.55")
    assert verdict.weights == (weights["a"], weights["b"])
    executed = tally(cast, [], weights, rules("threshold_execute", threshold="0.56"))
    assert executed.decision is Action.HOLD
    assert executed.rule == "the weighted score of BUY is 55%, below the threshold of 56%: HOLD"


def test_every_outlier_has_its_reason_and_every_ballot_its_weight_in_the_verdict() -> None:
    cast = [
        ballot("c", Rating.SELL, key_points=("", "Margins shrink.", "Debt.")),
        ballot("a", Rating.BUY),
        ballot("b", Rating.HOLD, reasoning="Wait. And see."),
        ballot("d", Rating.BUY),
    ]
    verdict = tally(cast, ["e"], equal(*cast) | {"e": used("e")}, Consensus())
    assert verdict.outliers == ("b", "c")
    assert verdict.dissent == (
        Dissent(member="b", action=Action.HOLD, reason="Wait."),
        Dissent(member="c", action=Action.SELL, reason="Margins shrink."),
    )
    assert [one.member for one in verdict.weights] == ["a", "b", "c", "d"]


def test_a_verdict_says_which_threshold_was_asked_for() -> None:
    cast = [ballot("a", Rating.BUY), ballot("b", Rating.BUY)]
    found = {
        method: tally(cast, [], equal(*cast), rules(method, threshold=threshold)).threshold
        for method, threshold in [("majority", "0.6"), ("supermajority", None), ("conviction", "0.6")]
    }
    assert found == {"majority": None, "supermajority": Decimal("0.6667"), "conviction": Decimal("0.6")}


def test_a_number_of_absurd_smallness_is_counted_as_nothing_and_at_once() -> None:
    cast = [ballot("a", Rating.BUY, "1e-999999"), ballot("b", Rating.SELL)]
    weights = {"a": used("a"), "b": used("b", "1e-999999")}
    assert tally(cast, [], weights, rules("conviction")).decision is Action.HOLD
    nothing = {name: used(name, "1e-999999") for name in "ab"}
    verdict = tally(cast, [], nothing, rules("median_rating"))
    assert verdict.rule == "no verdict: the members that cast ballots have no weight"


def test_plain_confidence_ignores_weights_and_weighted_confidence_uses_them() -> None:
    cast = [ballot("a", Rating.BUY, "0.9"), ballot("b", Rating.BUY, "0.5")]
    verdict = tally(cast, [], weighing({"a": "0.25", "b": "0.75"}), Consensus())
    assert verdict.average_confidence == Decimal("0.7")
    assert verdict.weighted_confidence == Decimal("0.6")


def test_stop_and_target_come_from_those_who_agree() -> None:
    cast = [
        ballot("a", Rating.BUY, stop_loss=90, take_profit=120),
        ballot("b", Rating.BUY, stop_loss=80),
        ballot("c", Rating.SELL, stop_loss=130),
    ]
    verdict = tally(cast, [], equal(*cast), Consensus())
    assert verdict.stop_loss == 80
    assert verdict.take_profit == 120


@given(elections(), METHODS)
def test_shares_sum_to_one_whenever_weight_was_cast(election: Election, method: str) -> None:
    ballots, weights = election
    verdict = tally(ballots, [], weights, rules(method))
    expected = 1 if any(one.weight for one in weights.values()) else 0
    assert sum(verdict.weighted_votes.values()) == expected
    assert sum(verdict.votes.values()) == len(ballots)


@given(elections(least=2), METHODS)
def test_dissent_and_agreement_are_two_sides_of_the_same_count(election: Election, method: str) -> None:
    ballots, weights = election
    verdict = tally(ballots, [], weights, rules(method))
    assert [one.member for one in verdict.dissent] == list(verdict.outliers)
    if verdict.decision:
        for_it = sum(cast.action is verdict.decision for cast in ballots)
        assert len(verdict.dissent) == len(ballots) - for_it
        assert verdict.agreement == round(Decimal(for_it) / len(ballots), 4)


@given(st.lists(st.tuples(st.decimals(1, 100, places=2), RATIOS), min_size=1))
def test_the_weighted_median_is_one_of_the_values(pairs: list[tuple[Decimal, Decimal]]) -> None:
    assert weighted_median(pairs) in [value for value, _ in pairs]
