"""Weights of one request: how much the ballots of some members count in a run that asks for it."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from core.domain.errors import Refused
from core.domain.member import Member
from core.domain.run import Seat
from core.domain.values import plain


def check_weights(weights: Mapping[str, Decimal], members: Sequence[Member]) -> None:
    """Refuse weights of members that are not heard in a run, or under which no ballot would count.

    Raises:
        Refused: the sentence says which.
    """
    heard = {member.name: member for member in members if not member.kind.follows}
    if strangers := sorted(set(weights) - set(heard)):
        told = ", ".join(heard)
        raise Refused(f"{strangers[0]} takes no part in this run, so it has no weight in it: {told} do.")
    if weights and not any(weights.get(name, member.weight) for name, member in heard.items()):
        raise Refused("With these weights no ballot would count; give one member more than 0.")


def weighed(seats: Sequence[Seat], weights: Mapping[str, Decimal]) -> tuple[Seat, ...]:
    """Return the seats, those of named members with their weight in this run."""
    return tuple(
        seat.model_copy(update={"weight": weights[seat.member]}) if seat.member in weights else seat
        for seat in seats
    )


def said(weights: Mapping[str, Decimal]) -> str | None:
    """Say in a sentence that a run has weights of its own, or None where it has none."""
    if not weights:
        return None
    each = ", ".join(f"{name} {plain(weight)}" for name, weight in weights.items())
    return f"Counted with weights of this request: {each}."
