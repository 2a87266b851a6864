"""Ballots and weights for tests of counting."""

from collections.abc import Mapping
from decimal import Decimal

from hypothesis import strategies as st

from core.domain.ballot import Ballot, Rating, RiskLevel
from core.domain.verdict import WeightUsed

RATINGS = st.sampled_from(list(Rating))
RATIOS = st.decimals(0, 1, places=4)

Election = tuple[list[Ballot], dict[str, WeightUsed]]


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


def used(member: str, weight: Decimal | str = "1", **more: object) -> WeightUsed:
    return WeightUsed.model_validate({"member": member, "configured": weight, "weight": weight, **more})


def equal(*ballots: Ballot) -> dict[str, WeightUsed]:
    return weighing({cast.member: "1" for cast in ballots})


def weighing(weights: Mapping[str, Decimal | str]) -> dict[str, WeightUsed]:
    return {member: used(member, weight) for member, weight in weights.items()}


@st.composite
def elections(draw: st.DrawFn, *, least: int = 0) -> Election:
    """Some ballots, and a weight for each, which may be none."""
    names = draw(
        st.lists(st.text("abcdefgh", min_size=1, max_size=4), min_size=least, max_size=8, unique=True)
    )
    ballots = [ballot(name, draw(RATINGS), str(draw(RATIOS))) for name in names]
    return ballots, weighing({name: draw(RATIOS) for name in names})
