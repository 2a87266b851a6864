"""All that a person is shown of a season at once: standings, curves, calibration, runs and trades."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from pydantic import AwareDatetime, Field

from core.domain.actions import CorporateAction
from core.domain.books import Fill
from core.domain.calibration import Calibration
from core.domain.run import RunRecord
from core.domain.scores import DailyValue, Metric, Scorecard
from core.domain.season import Season
from core.domain.stage import ModelChat
from core.domain.values import Frozen

Day = tuple[date, Decimal | None]


class Minimums(NamedTuple):
    """The samples below which a figure is not shown: daily returns, closed trades, settled ballots."""

    days: int
    trades: int
    settled: int


class Curve(NamedTuple):
    """One member's books day by day, oldest first, over the period of the report."""

    member: str
    kind: str
    values: tuple[DailyValue, ...]

    @property
    def days(self) -> tuple[Day, ...]:
        """The value of each session in USD, None where a holding could not be priced."""
        return tuple((day.session, day.value_usd) for day in self.values)


class Place(NamedTuple):
    """Where a member stands: whoever has the same shares a rank, 0 is without one; `medal` may be empty."""

    rank: int
    medal: str = ""


class Aside(NamedTuple):
    """What must be known to read a member's figures: when it left, or began again, and from what (USD)."""

    member: str
    left_on: date | None
    reset_on: date | None
    reset_was_usd: Decimal | None


class SeasonReport(Frozen):
    """A season, or the part of it from `first` to `last` (sessions; None while there are none).

    `scorecards` are in order of rank by `ranked_by`, `places` says which rank that is (without it the order
    alone counts), and `curves` may be in any order. `committee_beats` and `crowd_beats` are how many of the
    `models` those two have left behind by return, None where that is not known. `benchmark_curve` is what
    `initial_cash_usd` would be worth in `benchmark` (a ticker), empty where it has no prices. `runs`, `fills`
    and `corporate_actions` are oldest first; `asides` are of members that left or began again, and no
    curve goes further back than that; `chats` may be left out, to be asked for run by run. `caveat` is a
    sentence that must stand wherever a person sees these figures.
    """

    season: Season
    made_at: AwareDatetime
    first: date | None
    last: date | None
    initial_cash_usd: Decimal
    benchmark: str
    caveat: str | None = None
    minimums: Minimums
    ranked_by: Metric = Metric.VALUE
    scorecards: tuple[Scorecard, ...]
    places: dict[str, Place] = Field(default_factory=dict)
    models: int = 0
    committee_beats: int | None = None
    crowd_beats: int | None = None
    curves: tuple[Curve, ...] = ()
    benchmark_curve: tuple[tuple[date, Decimal], ...] = ()
    calibrations: tuple[Calibration, ...] = ()
    runs: tuple[RunRecord, ...] = ()
    chats: tuple[ModelChat, ...] = ()
    fills: tuple[Fill, ...] = ()
    corporate_actions: tuple[CorporateAction, ...] = ()
    asides: tuple[Aside, ...] = ()

    def ranking(self) -> tuple[tuple[Place, Scorecard], ...]:
        """Return every scorecard with its place, in order."""
        cards = enumerate(self.scorecards, 1)
        return tuple((self.places.get(card.member, Place(number)), card) for number, card in cards)


def underwater(days: Iterable[Day]) -> tuple[tuple[date, float | None], ...]:
    """Return how far each day's value lies under the highest one so far, as a fraction: 0 or below.

    This is the drawdown of every day; the maximum drawdown is its lowest point. None where there is no value,
    or no peak above 0 to measure against. (Magdon-Ismail and Atiya, "Maximum drawdown", Risk 17(10), 2004.)
    """
    drawn, peak = [], Decimal(0)
    for day, value in days:
        peak = max(peak, value or peak)
        under = float(value / peak - 1) if value is not None and peak > 0 else None
        drawn.append((day, under))
    return tuple(drawn)
