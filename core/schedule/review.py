"""The review as facts: how far members are to be trusted, how they moved, what they got right. Pure."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal

from core.domain.ballot import Action
from core.domain.calibration import Calibration
from core.domain.digest import Judged, Manner, RankChange, SettledCall
from core.domain.member import MemberKind
from core.domain.outcomes import Outcome
from core.domain.values import to_ratio

REVIEWED = timedelta(days=7)
"""The time that a review is about, unless said otherwise."""
FITTING_WITHIN = Decimal("0.05")
"""The mean distance between stated and true up to which a confidence is called fitting."""


def settled_between(outcomes: Iterable[Outcome], since: datetime, until: datetime) -> tuple[Outcome, ...]:
    """Return what was settled after `since`, up to and with `until`."""
    return tuple(one for one in outcomes if since < one.settled_at <= until)


def manner(found: Calibration) -> Manner | None:
    """Say how a member's confidence relates to how often it was right, None below the minimum sample.

    It is fitting where the expected calibration error is small. Else it is over or under where the mean of
    what was said lies that far above or below the share of right ballots, and mixed where errors of both
    kinds cancel out.
    """
    error, filled = found.ece.value, [one for one in found.bins if one.count]
    count = sum(one.count for one in filled)
    if error is None or not count:
        return None
    if Decimal(repr(float(error))) <= FITTING_WITHIN:
        return Manner.FITTING
    nothing = Decimal(0)
    said = sum(((one.mean_confidence or nothing) * one.count for one in filled), nothing) / count
    right = sum(((one.right_fraction or nothing) * one.count for one in filled), nothing) / count
    if abs(said - right) <= FITTING_WITHIN:
        return Manner.MIXED
    return Manner.OVER if said > right else Manner.UNDER


def judged(
    kinds: Mapping[str, MemberKind], season: Mapping[str, Calibration], lately: Mapping[str, Calibration]
) -> tuple[Judged, ...]:
    """Return whoever has a settled ballot with a direction: models first, else in the order of `kinds`."""
    found = [
        Judged(
            member=member,
            kind=kind,
            season=season[member],
            lately=lately.get(member),
            manner=manner(season[member]),
        )
        for member, kind in kinds.items()
        if member in season and any(rate.sample for rate in season[member].hit_rates.values())
    ]
    return tuple(sorted(found, key=lambda one: one.kind is not MemberKind.LLM))


def rank_changes(
    kinds: Mapping[str, MemberKind],
    before: Mapping[str, Decimal | None],
    after: Mapping[str, Decimal | None],
    ranks_before: Mapping[str, int] | None,
    ranks_after: Mapping[str, int],
) -> tuple[RankChange, ...]:
    """Return who stands where by value in USD, in order; without `ranks_before` nobody has moved."""
    found = []
    for member, kind in kinds.items():
        start, end = before.get(member), after.get(member)
        found.append(
            RankChange(
                member=member,
                kind=kind,
                rank=ranks_after.get(member, 0),
                rank_before=None if ranks_before is None else ranks_before.get(member, 0),
                value_usd=end,
                change_ratio=to_ratio((end - start) / start) if start and end is not None else None,
            )
        )
    return tuple(sorted(found, key=lambda one: (one.rank == 0, one.rank, one.member)))


def calls(outcomes: Iterable[Outcome], kinds: Mapping[str, MemberKind]) -> tuple[SettledCall, ...]:
    """Return each ballot with a direction once, at the longest horizon given, the best first."""
    longest: dict[tuple[str, str], Outcome] = {}
    for one in outcomes:
        key = one.run_id, one.member
        if one.action is not Action.HOLD and (key not in longest or one.horizon > longest[key].horizon):
            longest[key] = one
    found = [
        SettledCall(
            run_id=one.run_id,
            member=one.member,
            kind=kinds.get(one.member, MemberKind.LLM),
            ticker=one.ticker,
            action=one.action,
            confidence=one.confidence,
            horizon=one.horizon,
            earned=to_ratio(one.earned),
        )
        for one in longest.values()
    ]
    return tuple(sorted(found, key=lambda one: (-one.earned, -one.confidence, one.member, one.run_id)))


def best_and_worst(
    found: Iterable[SettledCall], most: int
) -> tuple[tuple[SettledCall, ...], tuple[SettledCall, ...]]:
    """Return the `most` calls that earned most, and those that lost most, of calls the best first."""
    known = tuple(found)
    gained = [one for one in known if one.earned > 0]
    lost = [one for one in reversed(known) if one.earned < 0]
    return tuple(gained[:most]), tuple(lost[:most])
