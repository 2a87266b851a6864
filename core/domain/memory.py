"""What a member remembers: its own decisions, what became of them, and what it has learned from them."""

from decimal import Decimal

from pydantic import AwareDatetime

from core.domain.ballot import Action
from core.domain.season import Season
from core.domain.usage import NOTHING_SPENT, ServedBy, Spend
from core.domain.values import Frozen, Ratio

REFLECTED_AT = 5
"""Sessions after which a member looks back at its ballot, and whose outcome it remembers."""


class Reflection(Frozen):
    """What a member wrote about one of its ballots once that was settled at `REFLECTED_AT` sessions.

    `return_ratio` is the instrument's return over the sessions, `alpha` what it was beyond the benchmark's in
    the ballot's direction, None without a benchmark. `settled_at` is the moment from which the outcome is
    known, and nothing from after it was shown to the member; `written_at` is when it answered (both UTC).
    `lesson` is the last sentence of `text`. `spend` has all tries, those that failed too.
    """

    season: Season
    run_id: str
    member: str
    ticker: str
    decided_at: AwareDatetime
    settled_at: AwareDatetime
    action: Action
    confidence: Ratio
    return_ratio: Decimal
    alpha: Decimal | None
    text: str
    lesson: str
    served_by: ServedBy | None = None
    spend: Spend = NOTHING_SPENT
    written_at: AwareDatetime


class PastDecision(Frozen):
    """A ballot on the same ticker, with its outcome and the reflection on it where they are known.

    `earned` is the return in the ballot's direction.
    """

    decided_at: AwareDatetime
    action: Action
    confidence: Ratio
    return_ratio: Decimal | None = None
    earned: Decimal | None = None
    alpha: Decimal | None = None
    reflection: str | None = None


class Lesson(Frozen):
    """What a member has learned from a ballot on another ticker."""

    ticker: str
    decided_at: AwareDatetime
    action: Action
    alpha: Decimal | None
    text: str


class Memory(Frozen):
    """What one member remembers when it decides on a ticker; both lists have the newest first."""

    decisions: tuple[PastDecision, ...] = ()
    lessons: tuple[Lesson, ...] = ()
