"""Daily values and closes as arrays: made once, so that figures over any period are cheap."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from core.domain.scores import DailyValue

SESSIONS_A_YEAR = 252
ROUNDING_NOISE = 1e-12
"""A deviation of daily returns up to this is that of floats, not of money: a cent in ten billion USD."""
FEWEST_FOR_A_DEVIATION = 2
Floats = NDArray[np.float64]
Days = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Curve:
    """A member's daily values after a starting point, from which its returns are measured.

    `base_usd` is the value at that point and `base_session` its session, None for the starting capital: day 0
    of every season is before its first session. `base_tokens_usd` is what tokens had cost before the first of
    `values`, and `skipped` the number of sessions between the base and the first of `values`. The arrays go
    with `values`: ordinals of dates, and USD, where an unknown value is "not a number".
    """

    base_usd: Decimal
    base_session: date | None
    base_tokens_usd: Decimal
    skipped: int
    values: Sequence[DailyValue]
    days: Days
    value: Floats
    gross: Floats
    traded: Floats

    @classmethod
    def of(cls, values: Sequence[DailyValue], initial_cash_usd: Decimal) -> "Curve":
        """Return the curve of a whole season, whose first point is the starting capital.

        Raises:
            ValueError: the starting capital is not above 0, an amount is no number, or the sessions are not
                in order, each once.
        """
        if not initial_cash_usd.is_finite() or initial_cash_usd <= 0:
            raise ValueError(f"the starting capital must be above 0, not {initial_cash_usd}")
        days = np.array([daily.session.toordinal() for daily in values], dtype=np.int64)
        if np.any(np.diff(days) <= 0):
            raise ValueError("daily values must be in order of their sessions, each session once")
        known = [daily.value_usd for daily in values if daily.value_usd is not None]
        unknown = float("nan")
        value = [unknown if daily.value_usd is None else float(daily.value_usd) for daily in values]
        gross = np.array([float(daily.long_usd + daily.short_usd) for daily in values], dtype=np.float64)
        traded = np.array([float(daily.traded_usd) for daily in values], dtype=np.float64)
        amounts = (gross, traded, np.array(known, dtype=np.float64))
        if not all(np.isfinite(array).all() for array in amounts) or not all(
            daily.token_cost_usd.is_finite() for daily in values
        ):
            raise ValueError("a daily value holds an amount that is no number")
        return cls(
            base_usd=initial_cash_usd,
            base_session=None,
            base_tokens_usd=Decimal(0),
            skipped=0,
            values=values,
            days=days,
            value=np.array(value, dtype=np.float64),
            gross=gross,
            traded=traded,
        )

    def grown(self, values: Sequence[DailyValue]) -> "Curve":
        """Return this curve with later values behind it, the same as `of` makes from all of them.

        Raises:
            ValueError: as in `of`, or the first of `values` is not later than the last one here.
        """
        more = Curve.of(values, Decimal(1))
        if self.days.size and more.days.size and more.days[0] <= self.days[-1]:
            raise ValueError("daily values must be in order of their sessions, each session once")
        return replace(
            self,
            values=[*self.values, *values],
            days=np.concatenate((self.days, more.days)),
            value=np.concatenate((self.value, more.value)),
            gross=np.concatenate((self.gross, more.gross)),
            traded=np.concatenate((self.traded, more.traded)),
        )

    def until(self, last: date) -> "Curve":
        """Return the part up to and including the session `last`, measured from the same point."""
        end = int(np.searchsorted(self.days, last.toordinal(), side="right"))
        if end == len(self.days):
            return self
        return replace(
            self,
            values=self.values[:end],
            days=self.days[:end],
            value=self.value[:end],
            gross=self.gross[:end],
            traded=self.traded[:end],
        )

    def since(self, first: date) -> "Curve":
        """Return the part from the session `first` on, measured from the last known value before it.

        Before any known value, that is the starting capital.
        """
        start = int(np.searchsorted(self.days, first.toordinal()))
        if start == 0:
            return self
        known = np.flatnonzero(np.isfinite(self.value[:start]))
        base_usd, base_session, skipped = self.base_usd, self.base_session, self.skipped + start
        if known.size:
            last = int(known[-1])
            base_usd = self.values[last].value_usd or Decimal(0)
            base_session, skipped = self.values[last].session, start - 1 - last
        return Curve(
            base_usd=base_usd,
            base_session=base_session,
            base_tokens_usd=self.values[start - 1].token_cost_usd,
            skipped=skipped,
            values=self.values[start:],
            days=self.days[start:],
            value=self.value[start:],
            gross=self.gross[start:],
            traded=self.traded[start:],
        )

    @property
    def sessions(self) -> int:
        """How many sessions passed between the base and the last daily value, unpriced ones included."""
        return self.skipped + len(self.values)

    @property
    def last_usd(self) -> Decimal | None:
        """The value at the last session, None when there is none or it could not be priced."""
        return self.values[-1].value_usd if self.values else None

    @cached_property
    def priced(self) -> NDArray[np.bool_]:
        """Which of the daily values are known."""
        return np.isfinite(self.value)

    @cached_property
    def points(self) -> Floats:
        """The base and after it every known value."""
        return np.concatenate(([float(self.base_usd)], self.value[self.priced]))

    @cached_property
    def returns(self) -> Floats:
        """The returns from each known value to the next, the first one from the base.

        A return that spans sessions without a value counts as one: what happened there is not lost, and the
        returns still compound to the total. See `changes` for the one case in which there is none.
        """
        return changes(self.points)


@dataclass(frozen=True, eq=False)
class Closes:
    """A benchmark's closes in order of their sessions, adjusted so that dividends and splits are in them."""

    days: Days
    price: Floats

    @classmethod
    def of(cls, closes: Mapping[date, Decimal]) -> "Closes":
        """Return the closes in order.

        Raises:
            ValueError: a close is not above 0.
        """
        for session, close in closes.items():
            if not close.is_finite() or close <= 0:
                raise ValueError(
                    f"the benchmark's close of {session.isoformat()} must be above 0, not {close}"
                )
        ordered = sorted(closes)
        return cls(
            days=np.array([session.toordinal() for session in ordered], dtype=np.int64),
            price=np.array([float(closes[session]) for session in ordered], dtype=np.float64),
        )


def changes(points: Floats) -> Floats:
    """Return the return from each point to the next, V[t] / V[t-1] - 1.

    None is made from a point that is not above 0: what was lost cannot grow.
    """
    before = points[:-1]
    usable = before > 0
    return np.asarray(np.diff(points)[usable] / before[usable], dtype=np.float64)
