"""Counting ballots."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.config.settings import Consensus
from core.consensus.median import weighted_median
from core.consensus.tally import tally
from core.domain.ballot import Action, Ballot, Rating, RiskLevel

RATINGS = st.sampled_from(list(Rating))
RATIOS = st.decimals(0, 1, places=4)


def ballot(member: str, rating: Rating, confidence: str = "0.8", **more: object) -> Ballot:
    return Ballot.model_validate(
        {
            "member": member,
            "action": rating.action,
            "rating": rating,
            "confidence": confidence,
            "risk_level": RiskLevel.MEDIUM,
            "reasoning": "because",
            **more,
        }
    )


def equal(*ballots: Ballot) -> dict[str, Decimal]:
    return {cast.member: Decimal(1) for cast in ballots}


@st.composite
def elections(draw: st.DrawFn) -> tuple[list[Ballot], dict[str, Decimal]]:
    names = draw(st.lists(st.text("abcdefgh", min_size=1, max_size=4), max_size=8, unique=True))
    ballots = [ballot(name, draw(RATINGS), str(draw(RATIOS))) for name in names]
    return ballots, {name: draw(RATIOS) for name in names}


def test_the_action_with_the_largest_share_of_weight_wins() -> None:
    cast = [ballot("a", Rating.BUY), ballot("b", Rating.OVERWEIGHT), ballot("c", Rating.SELL)]
    weights = {"a": Decimal("0.3"), "b": Decimal("0.3"), "c": Decimal("0.9")}
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
    verdict = tally(cast, [], {"a": Decimal(0), "b": Decimal(0)}, Consensus())
    assert verdict.decision is None
    assert verdict.rule is not None
    assert "no weight" in verdict.rule


def test_a_confidence_below_the_minimum_becomes_hold_and_says_so() -> None:
    cast = [ballot("a", Rating.BUY, "0.4"), ballot("b", Rating.BUY, "0.5")]
    verdict = tally(cast, [], equal(*cast), Consensus(min_confidence=Decimal("0.6")))
    assert verdict.decision is Action.HOLD
    assert verdict.rule is not None
    assert "BUY becomes HOLD" in verdict.rule


def test_plain_confidence_ignores_weights_and_weighted_confidence_uses_them() -> None:
    cast = [ballot("a", Rating.BUY, "0.9"), ballot("b", Rating.BUY, "0.5")]
    verdict = tally(cast, [], {"a": Decimal("0.25"), "b": Decimal("0.75")}, Consensus())
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


@given(elections(), st.randoms(use_true_random=False), st.sampled_from(["weighted", "majority"]))
def test_the_order_of_ballots_does_not_matter(
    election: tuple[list[Ballot], dict[str, Decimal]], random: object, method: str
) -> None:
    ballots, weights = election
    rules = Consensus.model_validate({"method": method, "min_members": 1})
    shuffled = list(ballots)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert tally(ballots, [], weights, rules) == tally(shuffled, [], weights, rules)


@given(elections())
def test_shares_sum_to_one_whenever_weight_was_cast(
    election: tuple[list[Ballot], dict[str, Decimal]],
) -> None:
    ballots, weights = election
    verdict = tally(ballots, [], weights, Consensus(min_members=1))
    expected = 1 if sum(weights.values()) > 0 else 0
    assert sum(verdict.weighted_votes.values()) == expected
    assert sum(verdict.votes.values()) == len(ballots)


@given(elections(), st.lists(st.text("xyz", min_size=1, max_size=3), unique=True))
def test_an_abstention_changes_nothing_but_the_count(
    election: tuple[list[Ballot], dict[str, Decimal]], absent: list[str]
) -> None:
    ballots, weights = election
    rules = Consensus(min_members=1)
    without = tally(ballots, [], weights, rules)
    with_them = tally(ballots, absent, weights, rules)
    assert with_them.model_copy(update={"abstained": ()}) == without
    assert with_them.abstained == tuple(sorted(absent))


@given(elections())
def test_the_winner_has_the_largest_share(election: tuple[list[Ballot], dict[str, Decimal]]) -> None:
    ballots, weights = election
    verdict = tally(ballots, [], weights, Consensus(min_members=1))
    if verdict.decision and not verdict.rule:
        assert verdict.weighted_votes[verdict.decision] == max(verdict.weighted_votes.values())


@given(st.lists(st.tuples(st.decimals(1, 100, places=2), RATIOS), min_size=1))
def test_the_weighted_median_is_one_of_the_values(pairs: list[tuple[Decimal, Decimal]]) -> None:
    assert weighted_median(pairs) in [value for value, _ in pairs]
