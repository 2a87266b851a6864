"""What the committee makes of a verdict, and the crowd of votes."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.config.settings import Consensus, Trading
from core.consensus.tally import tally
from core.domain.ballot import Abstention, AbstentionKind, Action, Ballot, MemberResult, Rating, RiskLevel
from core.domain.verdict import Dissent, Verdict, WeightUsed
from core.domain.vote import Vote, count_votes
from core.ledger.sizing import Situation, wish
from core.pipeline.followers import UNSTATED_CONFIDENCE, committee_result, crowd_result

NOON = datetime(2025, 10, 30, 16, tzinfo=UTC)
RATIOS = st.decimals(0, 1, places=4)


def ballot(member: str, rating: Rating, **more: object) -> Ballot:
    facts: dict[str, object] = {
        "member": member,
        "action": rating.action,
        "rating": rating,
        "confidence": "0.8",
        "risk_level": RiskLevel.HIGH,
        "reasoning": "because",
    }
    return Ballot.model_validate(facts | more)


def equal(ballots: Sequence[Ballot]) -> dict[str, Decimal]:
    return {cast.member: Decimal(1) for cast in ballots}


def used(weights: Mapping[str, Decimal]) -> dict[str, WeightUsed]:
    return {name: WeightUsed(member=name, configured=each, weight=each) for name, each in weights.items()}


def followed(ballots: Sequence[Ballot], weights: dict[str, Decimal] | None = None) -> MemberResult:
    weights = weights or equal(ballots)
    return committee_result("committee", tally(ballots, [], used(weights), Consensus()), ballots, weights)


def cast(result: MemberResult) -> Ballot:
    assert isinstance(result, Ballot)
    return result


def vote(person: int, action: Action, confidence: str | None = None) -> Vote:
    return Vote(person=f"telegram:{person}", action=action, confidence=confidence, chat="telegram:1", at=NOON)


@st.composite
def elections(draw: st.DrawFn) -> tuple[list[Ballot], dict[str, Decimal]]:
    names = draw(st.lists(st.text("abcdefgh", min_size=1, max_size=4), max_size=8, unique=True))
    ballots = [
        ballot(
            name,
            draw(st.sampled_from(list(Rating))),
            confidence=draw(RATIOS),
            target_weight=draw(st.none() | RATIOS),
        )
        for name in names
    ]
    return ballots, {name: draw(RATIOS) for name in names}


votes_cast = st.lists(
    st.builds(vote, st.integers(1, 10**6), st.sampled_from(list(Action)), st.none() | RATIOS.map(str)),
    max_size=12,
    unique_by=lambda each: each.person,
)


def test_the_committee_decides_as_the_verdict_and_with_its_levels() -> None:
    ballots = [
        ballot("a", Rating.BUY, target_weight="0.2", stop_loss="90", take_profit="130", confidence="0.9"),
        ballot("b", Rating.OVERWEIGHT, target_weight="0.1", stop_loss="80", take_profit="120"),
        ballot("c", Rating.BUY, confidence="0.7"),
        ballot("d", Rating.SELL, confidence="0.6", target_weight="0"),
    ]
    verdict = tally(ballots, [], used(equal(ballots)), Consensus())
    made = cast(committee_result("committee", verdict, ballots, equal(ballots)))
    assert made == Ballot(
        member="committee",
        action=Action.BUY,
        rating=Rating.BUY,
        confidence=Decimal("0.75"),
        target_weight=Decimal("0.1"),
        stop_loss=Decimal(80),
        take_profit=Decimal(120),
        risk_level=RiskLevel.HIGH,
        reasoning="Follows the verdict of the method weighted: BUY, agreement 75%, weighted confidence 75%.",
        key_points=("d SELL: because",),
    )


def test_weights_decide_which_rating_and_target_are_in_the_middle() -> None:
    ballots = [
        ballot("a", Rating.BUY, target_weight="0.2"),
        ballot("b", Rating.OVERWEIGHT, target_weight="0.1"),
        ballot("c", Rating.OVERWEIGHT, target_weight="0.15"),
    ]
    light = cast(followed(ballots))
    assert (light.rating, light.target_weight) == (Rating.OVERWEIGHT, Decimal("0.15"))
    heavy = cast(followed(ballots, equal(ballots) | {"a": Decimal(1), "b": Decimal(0), "c": Decimal("0.9")}))
    assert (heavy.rating, heavy.target_weight) == (Rating.BUY, Decimal("0.2"))


def test_of_two_ratings_in_the_middle_the_committee_takes_the_milder() -> None:
    bought = [ballot("a", Rating.BUY), ballot("b", Rating.OVERWEIGHT)]
    assert cast(followed(bought)).rating is Rating.OVERWEIGHT
    sold = [ballot("a", Rating.SELL), ballot("b", Rating.UNDERWEIGHT)]
    assert cast(followed(sold)).rating is Rating.UNDERWEIGHT


def test_without_a_stated_target_the_rating_sizes_the_committees_order() -> None:
    made = cast(followed([ballot("a", Rating.BUY), ballot("b", Rating.BUY)]))
    assert made.target_weight is None
    asked = wish(made, None, Situation(Decimal(10_000), Decimal(100)), Trading())
    assert asked is not None
    assert asked.shares == 25


def test_after_a_tie_the_committee_holds_and_tells_the_rule() -> None:
    made = cast(followed([ballot("a", Rating.BUY), ballot("b", Rating.SELL)]))
    assert (made.action, made.rating, made.target_weight) == (Action.HOLD, Rating.HOLD, None)
    assert made.reasoning.endswith("; tie: BUY and SELL have the same weight, and a tie is HOLD.")


def test_dissent_stands_in_the_committees_key_points() -> None:
    ballots = [ballot("a", Rating.BUY), ballot("b", Rating.BUY), ballot("c", Rating.SELL)]
    dissent = Dissent(member="c", action=Action.SELL, reason="The multiple is stretched.")
    verdict = tally(ballots, [], used(equal(ballots)), Consensus()).model_copy(update={"dissent": (dissent,)})
    made = cast(committee_result("committee", verdict, ballots, equal(ballots)))
    assert made.key_points == ("c SELL: The multiple is stretched.",)


def test_without_a_verdict_the_committee_abstains_with_its_reason() -> None:
    assert followed([ballot("a", Rating.BUY)]) == Abstention(
        member="committee",
        kind=AbstentionKind.NO_VERDICT,
        reason="no verdict: only 1 cast, and 2 ballots are needed",
    )


@given(elections())
def test_whatever_is_voted_the_committee_agrees_with_the_verdict(
    election: tuple[list[Ballot], dict[str, Decimal]],
) -> None:
    ballots, weights = election
    verdict: Verdict = tally(ballots, [], used(weights), Consensus())
    made = committee_result("committee", verdict, ballots, weights)
    assert committee_result("committee", verdict, ballots[::-1], weights) == made
    if verdict.decision is None:
        assert isinstance(made, Abstention)
        return
    assert cast(made).action is verdict.decision
    assert cast(made).rating.action is verdict.decision
    assert cast(made).confidence == verdict.weighted_confidence
    stated = [
        b.target_weight for b in ballots if b.action is verdict.decision and b.target_weight is not None
    ]
    assert cast(made).target_weight in (stated or [None])


def test_the_crowd_does_what_most_people_voted_as_confident_as_those_were_who_said_so() -> None:
    votes = [
        vote(1, Action.BUY, "0.7"),
        vote(2, Action.BUY, "0.8"),
        vote(3, Action.BUY),
        vote(4, Action.SELL, "1"),
    ]
    assert crowd_result("crowd", votes) == Ballot(
        member="crowd",
        action=Action.BUY,
        rating=Rating.BUY,
        confidence=Decimal("0.75"),
        risk_level=RiskLevel.MEDIUM,
        reasoning="Votes: 3 BUY, 1 SELL.",
    )


def test_nobody_voted_is_an_abstention_and_no_hold() -> None:
    assert crowd_result("crowd", []) == Abstention(
        member="crowd", kind=AbstentionKind.NO_VOTES, reason="nobody voted"
    )


@pytest.mark.parametrize(
    ("actions", "reasoning"),
    [
        ((Action.BUY, Action.SELL), "Votes: 1 BUY, 1 SELL; a tie is HOLD."),
        ((Action.BUY, Action.HOLD), "Votes: 1 BUY, 1 HOLD; a tie is HOLD."),
        (
            (Action.BUY, Action.SELL, Action.HOLD, Action.SELL, Action.BUY),
            "Votes: 2 BUY, 1 HOLD, 2 SELL; a tie is HOLD.",
        ),
    ],
)
def test_a_tie_is_hold_and_says_so(actions: tuple[Action, ...], reasoning: str) -> None:
    made = cast(crowd_result("crowd", [vote(number, action) for number, action in enumerate(actions)]))
    assert (made.action, made.rating, made.reasoning) == (Action.HOLD, Rating.HOLD, reasoning)
    assert made.confidence == UNSTATED_CONFIDENCE


@given(votes_cast, st.randoms(use_true_random=False))
def test_the_order_of_the_votes_does_not_matter(votes: list[Vote], shuffling: object) -> None:
    shuffled = list(votes)
    shuffling.shuffle(shuffled)  # type: ignore[attr-defined]
    assert crowd_result("crowd", shuffled) == crowd_result("crowd", votes)


@given(votes_cast.filter(bool))
def test_the_crowd_takes_an_action_only_with_more_votes_than_any_other(votes: list[Vote]) -> None:
    made = cast(crowd_result("crowd", votes))
    counts = count_votes(votes)
    assert sum(counts.values()) == len(votes)
    others = max(count for action, count in counts.items() if action is not made.action)
    if made.action is not Action.HOLD:
        assert counts[made.action] > others
    elif counts[Action.HOLD] <= others:
        assert "a tie is HOLD" in made.reasoning
    assert 0 <= made.confidence <= 1
