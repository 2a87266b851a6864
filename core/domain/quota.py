"""How many runs a person or a chat may start in a day, and what they may cost: pure counting."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from core.domain.errors import NotAllowed
from core.domain.values import usd

NOTHING = Decimal(0)
SCARCE = Decimal("0.2")
"""What is left is said unasked from this share of a quota on."""


class QuotaSpent(NotAllowed):
    """A person's or a chat's quota of the day has no room for the run; nothing was started."""


class Quota(NamedTuple):
    """The most runs of a day and the most USD that they may cost; None is no limit."""

    runs: int | None = None
    usd: Decimal | None = None

    @property
    def is_set(self) -> bool:
        """Say whether there is any limit."""
        return self.runs is not None or self.usd is not None


class Used(NamedTuple):
    """What a day's runs have used: their number, and USD with what those that go on may still cost."""

    runs: int = 0
    usd: Decimal = NOTHING


class Left(NamedTuple):
    """What is left of one quota today. `whose` is "your" or "this chat's"."""

    whose: str
    quota: Quota
    used: Used

    @property
    def runs(self) -> int | None:
        """How many runs are left, None without a limit."""
        return None if self.quota.runs is None else max(self.quota.runs - self.used.runs, 0)

    @property
    def usd(self) -> Decimal | None:
        """How many USD are left, None without a limit."""
        return None if self.quota.usd is None else max(self.quota.usd - self.used.usd, NOTHING)


class Allowance(NamedTuple):
    """What a run must fit into: the quotas of its person and chat, from `since` on until `resets_at`.

    `shares` is what each member's part in a run of each preset is expected to cost in USD, as far as that is
    known; `cost` is that of the run to come, None where it is not known. `resets` is when a new day begins,
    in words.
    """

    person: str
    chat: str
    of_person: Quota
    of_chat: Quota
    since: datetime
    resets: str
    cost: Decimal | None = None
    shares: Mapping[tuple[str, str], Decimal] = {}

    def check(self, by_person: Used, in_chat: Used) -> None:
        """Let a run pass that still fits in.

        Raises:
            QuotaSpent: it does not; the sentence says what is used up and when it begins anew.
        """
        for whose, quota, used in (
            ("your", self.of_person, by_person),
            ("this chat's", self.of_chat, in_chat),
        ):
            self._check_one(whose, quota, used)

    def _check_one(self, whose: str, quota: Quota, used: Used) -> None:
        if quota.runs is not None and used.runs >= quota.runs:
            runs = "run" if quota.runs == 1 else "runs"
            raise QuotaSpent(
                f"Not started: {whose} {quota.runs} {runs} of today are used up. "
                f"The count begins anew at {self.resets}."
            )
        if quota.usd is None:
            return
        if used.usd >= quota.usd:
            raise QuotaSpent(
                f"Not started: {whose} {usd(quota.usd)} of today are used up. "
                f"The count begins anew at {self.resets}."
            )
        if self.cost is not None and used.usd + self.cost > quota.usd:
            left = usd(quota.usd - used.usd)
            raise QuotaSpent(
                f"Not started: it would cost about {usd(self.cost)}, and of {whose} {usd(quota.usd)} of "
                f"today {left} is left. The count begins anew at {self.resets}."
            )
