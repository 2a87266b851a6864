"""Competitors of the arena."""

from collections.abc import Mapping
from enum import StrEnum

from pydantic import AwareDatetime, Field

from core.domain.stage import route_at
from core.domain.values import Frozen, Ratio


class MemberKind(StrEnum):
    """What stands behind a member."""

    LLM = "llm"
    BASELINE = "baseline"
    COMMITTEE = "committee"
    CROWD = "crowd"
    IMPORTED = "imported"

    @property
    def follows(self) -> bool:
        """Say whether such a member follows what others decide, and has no ballot in the tally itself."""
        return self in FOLLOWERS


FOLLOWERS = frozenset({MemberKind.COMMITTEE, MemberKind.CROWD})
"""The kinds that follow. Each has one member, whose name is the kind's."""


REMOVED = "the member was removed"
"""Why an order is cancelled of a member that takes no part any more."""


class Member(Frozen):
    """A competitor as the store knows it. `number` is its short id in buttons; it never changes.

    `route` is what it asks, and `stages` has the routes of stages, or groups of them, that others write.

    `enabled` says whether it takes part in runs. `removed_at` is when an admin has removed it, and then it is
    not enabled, whatever the configuration says.
    """

    number: int
    name: str
    kind: MemberKind
    weight: Ratio
    route: tuple[str, ...] = ()
    stages: Mapping[str, tuple[str, ...]] = Field(default_factory=dict)
    enabled: bool = True
    removed_at: AwareDatetime | None = None

    def route_of(self, stage: str) -> tuple[str, ...]:
        """Return the route by which a stage is asked; empty for a member without a model."""
        return route_at(self.route, self.stages, stage)
