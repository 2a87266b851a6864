"""Who stands where: ranks, and medals for the first three."""

from collections.abc import Collection, Iterable, Mapping
from decimal import Decimal

from core.domain.books import Standing

MEDALS = {1: "🥇", 2: "🥈", 3: "🥉"}
Score = Decimal | float | None


def ranks(scores: Mapping[str, Score], *, lower_is_better: bool = False) -> dict[str, int]:
    """Return each member's rank, 1 for the best; equal scores share one, and without a score it is 0."""
    known = sorted((score for score in scores.values() if score is not None), reverse=not lower_is_better)
    first = {score: place for place, score in reversed(list(enumerate(known, 1)))}
    return {member: 0 if score is None else first[score] for member, score in scores.items()}


def in_order(
    standings: Iterable[Standing],
    scores: Mapping[str, Score],
    traded: Collection[str],
    *,
    lower_is_better: bool = False,
) -> tuple[Standing, ...]:
    """Return the standings with rank and medal in order of rank: names break ties in the order only.

    Who has no score comes last. Medals go to members that have traded: who never did has won nothing.
    """
    place = ranks(scores, lower_is_better=lower_is_better)
    found = [
        one.model_copy(
            update={
                "rank": place[one.member],
                "medal": MEDALS.get(place[one.member], "") if one.member in traded else "",
            }
        )
        for one in standings
    ]
    return tuple(sorted(found, key=lambda one: (one.rank == 0, one.rank, one.member)))
