"""How far a member decides by what the evidence says, and not by the order in which it says it."""

from collections import Counter

from pydantic import AwareDatetime

from core.domain.ballot import Action
from core.domain.stage import Preset
from core.domain.usage import NOTHING_SPENT, Spend
from core.domain.values import Frozen

LEAST_CAST = 2
"""With fewer ballots nothing can be said."""


class Stability(Frozen):
    """What one member decided on the same evidence, each time with its sections in another order.

    `actions` are in the order of asking, None where it cast no ballot. `seed` gives the orders again, and
    `at` is when it was asked. No order, fill or ballot of the arena comes of it. `silent_at` is when it was
    asked last, if that was later and it cast no ballot at all then.
    """

    member: str
    ticker: str
    as_of: AwareDatetime
    at: AwareDatetime
    preset: Preset
    seed: int
    evidence_sha256: str
    actions: tuple[Action | None, ...]
    spend: Spend = NOTHING_SPENT
    silent_at: AwareDatetime | None = None

    @property
    def counts(self) -> tuple[tuple[Action, int], ...]:
        """Each action with how often it was decided, the most frequent first."""
        counted = Counter(action for action in self.actions if action is not None)
        return tuple(sorted(counted.items(), key=lambda one: (-one[1], one[0])))

    @property
    def same(self) -> int:
        """How often the most frequent action was decided; 0 where no ballot was cast at all."""
        return self.counts[0][1] if self.counts else 0

    @property
    def is_stable(self) -> bool:
        """Say whether the member decided the same with each ballot, and cast two at least."""
        return self.same == self.cast >= LEAST_CAST

    @property
    def cast(self) -> int:
        """How many ballots it cast; what kept it from one, such as an outage, is no change of its mind."""
        return sum(count for _, count in self.counts)
