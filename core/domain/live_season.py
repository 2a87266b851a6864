"""Live seasons: when they begin and end, and the table that is left of one for ever."""

from datetime import date
from decimal import Decimal

from pydantic import AwareDatetime

from core.domain.ballot import Action
from core.domain.season import Season
from core.domain.values import Frozen

SEASON_ENDED = "the season has ended"
"""Why an order is cancelled that still waits when a season is frozen."""


class LiveSeason(Frozen):
    """One live season of the arena. At most one is open at any time.

    `begins_at` is the moment from which it trades. `first_day` is None for a season that nobody has started:
    it began with its first run. It ends with the close of the last session on or before `last_day`, or by
    hand where that is None. `ended_at` is None until it is frozen; from then on nothing in it changes.
    """

    season: Season
    begins_at: AwareDatetime
    first_day: date | None = None
    last_day: date | None = None
    ended_at: AwareDatetime | None = None

    @property
    def ended(self) -> bool:
        """Whether it is frozen."""
        return self.ended_at is not None


class FinalLine(Frozen):
    """How one member ended. Money is in USD; ratios are fractions, `max_drawdown` 0 or above.

    `rank` is by value and 0 where a holding had no price; `value_usd` and `return_ratio` are then None.
    `reset_on` is the day on which its portfolio began again, and `reset_was_usd` what it was worth before.
    """

    rank: int
    medal: str
    member: str
    kind: str
    value_usd: Decimal | None
    return_ratio: Decimal | None
    max_drawdown: float | None
    trades: int
    token_cost_usd: Decimal
    reset_on: date | None = None
    reset_was_usd: Decimal | None = None


class Call(Frozen):
    """A ballot and what its direction has earned in five sessions, as a fraction."""

    member: str
    ticker: str
    action: Action
    session: date
    earned: Decimal


class FinalTable(Frozen):
    """What is kept of a season that has ended, as facts, so that it reads the same however scores change.

    `first` and `last` are the sessions that its books went through, None where there was none. `lines` are in
    order of rank. `best` and `worst` are the calls that earned and lost most in five sessions. `runs` counts
    those that finished, and `cost_usd` what all model calls have cost. `caveat` must stand wherever a person
    sees it.
    """

    season: Season
    first: date | None
    last: date | None
    ended_at: AwareDatetime
    initial_cash_usd: Decimal
    benchmark: str
    benchmark_return: float | None
    lines: tuple[FinalLine, ...]
    best: Call | None = None
    worst: Call | None = None
    runs: int = 0
    cost_usd: Decimal = Decimal(0)
    caveat: str | None = None

    @property
    def winner(self) -> FinalLine | None:
        """The first of the table, or None where nobody has a rank."""
        return next((line for line in self.lines if line.rank == 1), None)


class SeasonStarted(Frozen):
    """A live season that was started, and the table of the one that ended for it, if one did."""

    live: LiveSeason
    before: FinalTable | None = None


class SeasonStatus(Frozen):
    """Where the live season stands, and all that have ended before, the newest first.

    `live` is None before the first run. Of its `days`, the sessions from the first to the last day, `day` are
    over or on; both are None where there is no such day. `leader` and `leader_return` are who is first now.
    """

    live: LiveSeason | None
    day: int | None = None
    days: int | None = None
    leader: str | None = None
    leader_return: Decimal | None = None
    past: tuple[FinalTable, ...] = ()

    @property
    def is_open(self) -> bool:
        """Whether there is a season that somebody could freeze."""
        return self.live is not None and not self.live.ended

    @property
    def days_left(self) -> int | None:
        """How many sessions are still to come, None where nobody has said when it ends."""
        return None if self.days is None else max(self.days - (self.day or 0), 0)


class SeasonLine(Frozen):
    """One season in a list. `kind` is live, sample, replay or import, `first` its first day (UTC).

    `last` is the day on which it ends or has ended, None where that is open; `winner` is that of a live one.
    """

    season: Season
    kind: str
    ended: bool
    first: date
    last: date | None = None
    winner: str | None = None
    winner_return: Decimal | None = None
