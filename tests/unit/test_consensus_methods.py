"""The six methods: what each decides, where its threshold lies, and what holds in all of them."""

from decimal import Decimal
from fractions import Fraction
from random import Random

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from core.config.settings import METHOD_NAMES, THRESHOLDS, Consensus
from core.consensus.methods import BY_BALLOTS, METHODS
from core.consensus.tally import tally
from core.domain.ballot import Action, Rating
from core.domain.verdict import Verdict, WeightUsed
from tests.ballots import RATIOS, Election, ballot, elections, equal, weighing

ALL = st.sampled_from(METHOD_NAMES)
THRESHOLD = st.none() | RATIOS
BUY, OVER, HOLD, UNDER, SELL = Rating
MIRROR = dict(zip(Rating, reversed(Rating), strict=True))
MIRRORED = {Action.BUY: Action.SELL, Action.SELL: Action.BUY, Action.HOLD: Action.HOLD, None: None}


def rules(method: str, threshold: object = None) -> Consensus:
    return Consensus.model_validate({"method": method, "threshold": threshold, "min_members": 1})


def count(
    method: str, *cast: tuple[Rating, str] | tuple[Rating, str, str], threshold: object = None
) -> tuple[Action | None, str | None]:
    """Count ballots of (rating, confidence, weight); a weight that is left out is 1."""
    ballots = [ballot(f"m{place}", rating, sure) for place, (rating, sure, *_) in enumerate(cast)]
    weights = weighing({f"m{place}": (one[2] if len(one) == 3 else "1") for place, one in enumerate(cast)})
    verdict = tally(ballots, [], weights, rules(method, threshold))
    return verdict.decision, verdict.rule


def counted(election: Election, method: str, threshold: object = None) -> Verdict:
    ballots, weights = election
    return tally(ballots, [], weights, rules(method, threshold))


def test_the_table_has_every_method_that_can_be_configured() -> None:
    assert set(METHODS) == set(METHOD_NAMES)
    assert set(THRESHOLDS) | BY_BALLOTS <= set(METHOD_NAMES)


def test_majority_counts_ballots_and_asks_for_no_weight() -> None:
    assert count("majority", (BUY, "0.1", "0"), (OVER, "0.1", "0"), (SELL, "1", "1")) == (Action.BUY, None)


def test_majority_and_hold_tie_at_hold() -> None:
    tie = "tie: BUY and HOLD have the same ballots, and a tie is HOLD"
    assert count("majority", (BUY, "1"), (HOLD, "1")) == (Action.HOLD, tie)


def test_weighted_takes_the_heaviest_whatever_the_confidence() -> None:
    assert count("weighted", (BUY, "0.1", "0.9"), (SELL, "1", "0.4"), (SELL, "1", "0.4")) == (
        Action.BUY,
        None,
    )
    tie = "tie: BUY and SELL have the same weight, and a tie is HOLD"
    assert count("weighted", (BUY, "1", "0.8"), (SELL, "1", "0.4"), (SELL, "1", "0.4")) == (Action.HOLD, tie)


def test_two_of_three_ballots_are_exactly_the_two_thirds_of_a_supermajority() -> None:
    two_of_three = (BUY, "0.6", "0.1"), (OVER, "0.6", "0.1"), (SELL, "0.9", "1")
    assert count("supermajority", *two_of_three) == (Action.BUY, None)
    assert count("supermajority", *two_of_three, threshold="0.6666") == (Action.BUY, None)
    why = "2 of 3 ballots (66.66%) are for BUY, 66.67% needed: HOLD"
    assert count("supermajority", *two_of_three, threshold="0.6667") == (Action.HOLD, why)


def test_three_of_five_are_no_supermajority_and_the_rule_says_so() -> None:
    cast = *[(SELL, "0.9")] * 3, *[(BUY, "0.9")] * 2
    why = "3 of 5 ballots (60%) are for SELL, 66.67% needed: HOLD"
    assert count("supermajority", *cast) == (Action.HOLD, why)
    assert count("supermajority", *cast, threshold="0.6") == (Action.SELL, None)


def test_a_supermajority_of_hold_needs_no_rule_and_a_tie_says_tie() -> None:
    assert count("supermajority", (HOLD, "1"), (HOLD, "1"), (BUY, "1"), (SELL, "1")) == (Action.HOLD, None)
    tie = "tie: BUY and SELL have the same ballots, and a tie is HOLD"
    assert count("supermajority", (BUY, "1"), (SELL, "1"), threshold="0.5") == (Action.HOLD, tie)


def test_a_weighted_score_of_three_quarters_executes_and_a_hair_less_holds() -> None:
    met = (BUY, "0.75", "0.5"), (OVER, "0.75", "0.5")
    assert count("threshold_execute", *met) == (Action.BUY, None)
    missed = (BUY, "0.75", "0.5"), (OVER, "0.7499", "0.5")
    why = "the weighted score of BUY is 74.99%, below the threshold of 75%: HOLD"
    assert count("threshold_execute", *missed) == (Action.HOLD, why)


def test_the_weight_of_hold_and_of_the_other_side_lowers_the_score() -> None:
    # The fifth seed's weights: 0.3 + 0.25 + 0.2 of 1 with certainty are exactly 0.75.
    sure = (SELL, "1", "0.3"), (UNDER, "1", "0.25"), (SELL, "1", "0.2")
    assert count("threshold_execute", *sure, (HOLD, "1", "0.15"), (BUY, "1", "0.1")) == (Action.SELL, None)
    less = (SELL, "1", "0.3"), (UNDER, "1", "0.25"), (SELL, "0.9", "0.2")
    why = "the weighted score of SELL is 73%, below the threshold of 75%: HOLD"
    assert count("threshold_execute", *less, (HOLD, "1", "0.15"), (BUY, "1", "0.1")) == (Action.HOLD, why)


def test_equal_scores_are_a_tie_and_hold_alone_needs_no_rule() -> None:
    tie = "tie: BUY and SELL have the same weighted score, and a tie is HOLD"
    assert count("threshold_execute", (BUY, "0.8", "0.5"), (SELL, "0.5", "0.8")) == (Action.HOLD, tie)
    assert count("threshold_execute", (HOLD, "0.9"), (HOLD, "0.9")) == (Action.HOLD, None)


def test_a_low_threshold_that_overrules_the_weight_says_so() -> None:
    why = "the weighted score of BUY is 40%, at least the threshold of 40%: BUY"
    cast = (BUY, "1", "0.4"), (SELL, "0.5", "0.6")
    assert count("threshold_execute", *cast, threshold="0.4") == (Action.BUY, why)


@pytest.mark.parametrize("method", ["threshold_execute", "conviction"])
def test_without_any_confidence_a_side_does_not_win_even_at_a_threshold_of_nothing(method: str) -> None:
    why = "neither BUY nor SELL has any confidence: HOLD"
    assert count(method, (BUY, "0"), (BUY, "0"), threshold="0") == (Action.HOLD, why)


def test_conviction_has_three_equal_bands_with_buy_and_sell_at_their_edges() -> None:
    third = (BUY, "1"), (HOLD, "0.9"), (HOLD, "0.2")
    assert count("conviction", *third)[0] is Action.BUY
    assert count("conviction", (SELL, "1"), *third[1:])[0] is Action.SELL
    below = (BUY, "0.9999"), (HOLD, "0.9"), (BUY, "0")
    why = "the mean conviction is 33.33% for BUY, below the threshold of 33.33%: HOLD"
    assert count("conviction", *below) == (Action.HOLD, why)


def test_conviction_lets_few_sure_members_outweigh_many_unsure_ones() -> None:
    why = "the mean conviction is 36% for BUY, at least the threshold of 33.33%: BUY"
    sure, unsure = [(BUY, "1")] * 2, [(SELL, "0.1"), (SELL, "0.1"), (UNDER, "0")]
    assert count("conviction", *sure, *unsure) == (Action.BUY, why)
    assert count("weighted", *sure, *unsure) == (Action.SELL, None)


def test_conviction_inside_its_band_says_how_strong_it_was() -> None:
    why = "the mean conviction is 10% for SELL, below the threshold of 33.33%: HOLD"
    assert count("conviction", (SELL, "0.6"), (SELL, "0.4"), (BUY, "0.7")) == (Action.HOLD, why)
    assert count("conviction", (SELL, "0.6"), (SELL, "0.4"), (BUY, "0.7"), threshold="0.1") == (
        Action.SELL,
        None,
    )


def test_equal_convictions_are_a_tie_even_at_a_threshold_of_nothing() -> None:
    tie = "tie: BUY and SELL have the same conviction, and a tie is HOLD"
    cast = (BUY, "0.8", "0.5"), (SELL, "0.5", "0.8")
    assert count("conviction", *cast, threshold="0") == (Action.HOLD, tie)


@given(elections(least=1))
def test_the_median_is_a_side_only_with_more_than_half_of_the_weight(election: Election) -> None:
    verdict = counted(election, "median_rating")
    assume(verdict.decision is not None)
    total = sum(one.weight for one in election[1].values())
    for side in (Action.BUY, Action.SELL):
        weight = sum(election[1][cast.member].weight for cast in election[0] if cast.action is side)
        assert (verdict.decision is side) is (weight > total / 2)


def test_the_median_rating_is_that_in_the_middle_of_the_weight() -> None:
    assert count("median_rating", (BUY, "1"), (OVER, "1"), (SELL, "1")) == (Action.BUY, None)
    assert count("median_rating", (SELL, "1", "0.6"), (BUY, "1", "0.5")) == (Action.SELL, None)
    why = "the weighted median of the ratings is Hold: HOLD"
    cast = (BUY, "1"), (OVER, "1"), (HOLD, "1"), (UNDER, "1"), (SELL, "1")
    assert count("median_rating", *cast) == (Action.HOLD, why)


def test_two_middles_of_one_action_agree_and_of_two_are_a_tie() -> None:
    assert count("median_rating", (BUY, "1"), (OVER, "1")) == (Action.BUY, None)
    cast = (SELL, "1", "0.5"), (UNDER, "1", "0.1"), (HOLD, "1", "0.4")
    assert count("median_rating", *cast) == (Action.SELL, None)
    tie = "tie: half of the weight rates Overweight or better and half Sell or worse, and a tie is HOLD"
    assert count("median_rating", (OVER, "1"), (SELL, "1")) == (Action.HOLD, tie)


@pytest.mark.parametrize("method", [name for name in METHOD_NAMES if name not in BY_BALLOTS])
def test_ballots_without_weight_are_no_verdict_where_weight_is_counted(method: str) -> None:
    found = count(method, (BUY, "1", "0"), (BUY, "1", "0"))
    assert found == (None, "no verdict: the members that cast ballots have no weight")


@given(elections(), ALL, THRESHOLD, st.randoms(use_true_random=False))
def test_the_order_of_ballots_does_not_matter(
    election: Election, method: str, threshold: Decimal | None, random: Random
) -> None:
    shuffled = list(election[0])
    random.shuffle(shuffled)
    assert counted(election, method, threshold) == counted((shuffled, election[1]), method, threshold)


@given(elections(), ALL, THRESHOLD, st.sampled_from(["0.5", "0.2", "0.125", "0.07"]))
def test_all_weights_times_the_same_number_change_nothing(
    election: Election, method: str, threshold: Decimal | None, factor: str
) -> None:
    ballots, weights = election
    scaled = weighing({name: one.weight * Decimal(factor) for name, one in weights.items()})
    before, after = (counted((ballots, some), method, threshold) for some in (weights, scaled))
    assert before.model_copy(update={"weights": ()}) == after.model_copy(update={"weights": ()})


@given(elections(), ALL, THRESHOLD, st.lists(st.text("xyz", min_size=1, max_size=3), unique=True))
def test_an_abstention_adds_nothing_but_its_name(
    election: Election, method: str, threshold: Decimal | None, absent: list[str]
) -> None:
    ballots, weights = election
    without = counted(election, method, threshold)
    idle = {name: WeightUsed(member=name, configured=Decimal(1), weight=Decimal(1)) for name in absent}
    with_them = tally(ballots, absent, weights | idle, rules(method, threshold))
    assert with_them.model_copy(update={"abstained": ()}) == without
    assert with_them.abstained == tuple(sorted(absent))


@given(st.lists(st.tuples(st.sampled_from([BUY, OVER]), RATIOS), min_size=1, max_size=8), ALL, THRESHOLD)
def test_unanimity_wins_unless_a_threshold_of_confidence_is_missed(
    cast: list[tuple[Rating, Decimal]], method: str, threshold: Decimal | None
) -> None:
    ballots = [ballot(f"m{place}", rating, str(sure)) for place, (rating, sure) in enumerate(cast)]
    verdict = tally(ballots, [], equal(*ballots), rules(method, threshold))
    needed = Fraction(0)
    if method in {"threshold_execute", "conviction"}:
        needed = THRESHOLDS[method] if threshold is None else Fraction(threshold)
    mean = Fraction(sum(sure for _, sure in cast)) / len(cast)
    reached = mean >= needed and (mean > 0 or method not in THRESHOLDS or method == "supermajority")
    assert verdict.decision is (Action.BUY if reached else Action.HOLD)
    assert (verdict.rule is None) is reached


@given(st.lists(RATIOS, min_size=1, max_size=8), ALL, THRESHOLD)
def test_unanimous_hold_is_hold_by_no_special_rule(
    sure: list[Decimal], method: str, threshold: Decimal | None
) -> None:
    ballots = [ballot(f"m{place}", HOLD, str(value)) for place, value in enumerate(sure)]
    verdict = tally(ballots, [], equal(*ballots), rules(method, threshold))
    assert (verdict.decision, verdict.rule, verdict.outliers) == (Action.HOLD, None, ())


@given(elections(least=1), ALL, THRESHOLD)
def test_no_method_leans_to_either_side(election: Election, method: str, threshold: Decimal | None) -> None:
    ballots, weights = election
    other = [ballot(cast.member, MIRROR[cast.rating], str(cast.confidence)) for cast in ballots]
    mirrored = counted((other, weights), method, threshold)
    assert mirrored.decision is MIRRORED[counted(election, method, threshold).decision]


@given(elections(least=1), ALL, THRESHOLD)
def test_a_decision_without_a_rule_is_that_of_the_plain_count(
    election: Election, method: str, threshold: Decimal | None
) -> None:
    verdict = counted(election, method, threshold)
    assume(verdict.decision is not None and verdict.rule is None)
    shares = {action: Decimal(0) for action in Action}
    for cast in election[0]:
        shares[cast.action] += 1 if method in BY_BALLOTS else election[1][cast.member].weight
    assert [action for action in Action if shares[action] == max(shares.values())] == [verdict.decision]


@given(elections(least=1), st.sampled_from(sorted(THRESHOLDS)), RATIOS, RATIOS)
def test_a_higher_threshold_never_makes_a_trade_of_a_hold(
    election: Election, method: str, one: Decimal, other: Decimal
) -> None:
    low, high = (counted(election, method, threshold).decision for threshold in sorted([one, other]))
    assert high in {low, Action.HOLD}
