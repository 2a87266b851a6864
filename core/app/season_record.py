"""A season up to its newest session as arrays, and what members have scored in any part of it.

This module needs numpy, which takes long to load: import it where it is used, off the event loop.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import NamedTuple

from core.config.settings import Scores
from core.domain.books import Account
from core.domain.scores import BallotTotals, DailyValue, Luck, Scorecard, TradeTotals
from core.domain.season import Season
from core.ledger.scores.against_benchmark import growth
from core.ledger.scores.curve import Closes, Curve
from core.ledger.scores.luck import luck
from core.ledger.scores.scorecard import scorecard
from core.store.score_rows import Close, Days


class Window(NamedTuple):
    """A part of a season: from `first` on (None: from its beginning) up to and with the session `last`."""

    first: date | None
    last: date


@dataclass(frozen=True)
class SeasonRecord:
    """All sessions of a season, and the daily values and curve of each member."""

    closes: tuple[Close, ...] = ()
    curves: Mapping[str, Curve] = field(default_factory=dict)
    benchmark: Closes | None = None

    def grown(self, accounts: Sequence[Account], more: Days) -> "SeasonRecord":
        """Return the record with later sessions; it is the same as a record made of all of them at once."""
        closes = self.closes + more.closes
        curves = {}
        for account in accounts:
            curve, values = self.curves.get(account.member), more.values.get(account.member, [])
            curves[account.member] = _curve(account, curve, values)
        levels = {close.session: close.level for close in closes if close.level is not None}
        benchmark = Closes.of(levels) if levels else None
        return replace(self, closes=closes, curves=curves, benchmark=benchmark)

    def window(self, days: int | None, last: date | None = None) -> Window:
        """Return the part of so many calendar days up to the session `last`, or up to the newest one.

        Without a number of days, or where they reach back to the first session, it is all of the season.
        """
        if last is None:
            last = self.closes[-1].session if self.closes else date.min
        first = None if days is None or not self.closes else last - timedelta(days=days - 1)
        whole = first is None or first <= self.closes[0].session
        return Window(None if whole else first, last)

    def first_of(self, window: Window) -> date | None:
        """Return the first session of a part."""
        sessions = (close.session for close in self.closes)
        return next((day for day in sessions if window.first is None or day >= window.first), None)

    def part(self, member: str, window: Window) -> Curve:
        """Return a member's curve over a part, measured from the last known value before."""
        curve = self.curves[member].until(window.last)
        return curve if window.first is None else curve.since(window.first)

    def scorecards(
        self,
        season: Season,
        accounts: Sequence[Account],
        window: Window,
        trades: Mapping[str, TradeTotals],
        ballots: Mapping[str, BallotTotals],
        rules: Scores,
    ) -> dict[str, Scorecard]:
        """Return every member's figures over a part, of which `trades` and `ballots` are."""
        return {
            account.member: scorecard(
                season,
                account.member,
                account.kind,
                self.curves[account.member].until(window.last),
                trades.get(account.member, TradeTotals()),
                ballots.get(account.member, BallotTotals()),
                self.benchmark,
                rules,
                first=window.first,
            )
            for account in accounts
        }

    def lucks(self, accounts: Sequence[Account], window: Window, rules: Scores) -> dict[str, Luck | None]:
        """Say of every member whether it can be told from the benchmark; the trades are not counted yet."""
        return {
            account.member: luck(
                account.member,
                self.curves[account.member].until(window.last),
                TradeTotals(),
                self.benchmark,
                rules,
                first=window.first,
            )
            for account in accounts
        }

    def benchmark_return(self, window: Window) -> float | None:
        """Return what the benchmark has made over a part, dividends included."""
        first = self.first_of(window)
        return growth(self.benchmark, first, window.last) if self.benchmark and first else None


def _curve(account: Account, curve: Curve | None, values: Sequence[DailyValue]) -> Curve:
    if curve is None:
        return Curve.of(values, account.deposits_usd)
    return curve.grown(values) if values else curve
