"""How a member has done: its value day by day, its closed trades, and every figure made from them."""

from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, NamedTuple

from pydantic import Field

from core.domain.season import Season
from core.domain.values import Frozen


class DailyValue(NamedTuple):
    """A member's books at the close of one session, in USD.

    `value_usd` is cash plus holdings, None when a holding could not be priced. `long_usd` and `short_usd`
    are the market values of the holdings, both at least 0. `traded_usd` is what was bought and sold in
    the session, `token_cost_usd` what the member's model calls have cost up to its close. A named tuple and
    no model: a season has a hundred thousand of them.
    """

    session: date
    value_usd: Decimal | None
    cash_usd: Decimal
    long_usd: Decimal
    short_usd: Decimal
    traded_usd: Decimal
    token_cost_usd: Decimal


class ClosedTrade(NamedTuple):
    """A fill that made a holding smaller, measured against its average cost.

    `pnl_usd` is after the closing fill's fee; `return_ratio` is that as a fraction of the cost of what was
    closed.
    """

    ticker: str
    session: date
    pnl_usd: Decimal
    return_ratio: Decimal


class TradeTotals(NamedTuple):
    """A member's fills and closed trades over some time, summed up, so that a million need no list.

    `closed` counts closed trades, `wins` those with a profit. `gains_usd` is the sum of the profits and
    `losses_usd` that of the losses, both at least 0; a trade that ends even is in neither. `best_usd` and
    `worst_usd` are the largest and smallest profit of one trade, None before the first.
    """

    fills: int = 0
    closed: int = 0
    wins: int = 0
    gains_usd: Decimal = Decimal(0)
    losses_usd: Decimal = Decimal(0)
    best_usd: Decimal | None = None
    worst_usd: Decimal | None = None

    def with_closed(self, pnl_usd: Decimal) -> "TradeTotals":
        """Return these totals with one more closed trade of that profit or loss; its fill is not counted."""
        return self.joined(
            TradeTotals(
                closed=1,
                wins=int(pnl_usd > 0),
                gains_usd=max(pnl_usd, Decimal(0)),
                losses_usd=max(-pnl_usd, Decimal(0)),
                best_usd=pnl_usd,
                worst_usd=pnl_usd,
            )
        )

    def joined(self, later: "TradeTotals") -> "TradeTotals":
        """Return the totals of both together."""
        best = [usd for usd in (self.best_usd, later.best_usd) if usd is not None]
        worst = [usd for usd in (self.worst_usd, later.worst_usd) if usd is not None]
        return TradeTotals(
            fills=self.fills + later.fills,
            closed=self.closed + later.closed,
            wins=self.wins + later.wins,
            gains_usd=self.gains_usd + later.gains_usd,
            losses_usd=self.losses_usd + later.losses_usd,
            best_usd=max(best, default=None),
            worst_usd=min(worst, default=None),
        )

    def without(self, later: "TradeTotals") -> "TradeTotals":
        """Return the totals before those of `later`, which are the newest part of these.

        A best or worst trade that is among the later ones leaves that of the rest unknown: it is None.
        """
        return TradeTotals(
            fills=self.fills - later.fills,
            closed=self.closed - later.closed,
            wins=self.wins - later.wins,
            gains_usd=self.gains_usd - later.gains_usd,
            losses_usd=self.losses_usd - later.losses_usd,
            best_usd=None if self.best_usd == later.best_usd else self.best_usd,
            worst_usd=None if self.worst_usd == later.worst_usd else self.worst_usd,
        )


class Hits(NamedTuple):
    """Settled ballots that named a direction (BUY or SELL), and how many of them were right."""

    settled: int = 0
    right: int = 0

    def joined(self, later: "Hits") -> "Hits":
        """Return both together."""
        return Hits(self.settled + later.settled, self.right + later.right)


class BallotTotals(NamedTuple):
    """A member's hits at each horizon of `core.domain.outcomes.HORIZONS`."""

    after_1: Hits = Hits()
    after_5: Hits = Hits()
    after_20: Hits = Hits()

    def joined(self, later: "BallotTotals") -> "BallotTotals":
        """Return the totals of both together."""
        return BallotTotals(*(mine.joined(theirs) for mine, theirs in zip(self, later, strict=True)))


class Metric(StrEnum):
    """The figures of a leaderboard, by the names that commands and documents use."""

    VALUE = "value"
    PNL = "pnl"
    RETURN = "return"
    ANNUAL_RETURN = "annual_return"
    VOLATILITY = "volatility"
    SHARPE = "sharpe"
    SORTINO = "sortino"
    MAX_DRAWDOWN = "max_drawdown"
    CALMAR = "calmar"
    EXPOSURE = "exposure"
    TURNOVER = "turnover"
    TRADES = "trades"
    WIN_RATE = "win_rate"
    DAY_WIN_RATE = "day_win_rate"
    PROFIT_FACTOR = "profit_factor"
    BEST_TRADE = "best_trade"
    WORST_TRADE = "worst_trade"
    ALPHA = "alpha"
    BETA = "beta"
    INFORMATION_RATIO = "information_ratio"
    HIT_RATE_1 = "hit_rate_1"
    HIT_RATE_5 = "hit_rate_5"
    HIT_RATE_20 = "hit_rate_20"
    TOKEN_COST = "token_cost"  # noqa: S105 - tokens of a model, no password
    RETURN_AFTER_TOKENS = "return_after_tokens"
    USD_PER_RIGHT = "usd_per_right"

    @property
    def lower_is_better(self) -> bool:
        """Say whether the smallest figure stands first on a leaderboard."""
        return self in {Metric.VOLATILITY, Metric.MAX_DRAWDOWN, Metric.TOKEN_COST, Metric.USD_PER_RIGHT}


class Figure(Frozen):
    """One metric: its value, or None below the minimum sample, and how many observations it is made of.

    Money (`value`, `pnl`, `best_trade`, `worst_trade`, `token_cost`, `usd_per_right`) is a Decimal in USD,
    all else a float; ratios are fractions. Never infinite and never "not a number".
    """

    value: (
        Annotated[Decimal, Field(allow_inf_nan=False)] | Annotated[float, Field(allow_inf_nan=False)] | None
    )
    sample: int


class Drawdown(Frozen):
    """The deepest fall from a peak: a fraction of the peak, and when. `recovered` is None while it lasts."""

    depth: float
    peak: date
    trough: date
    recovered: date | None = None


class Luck(Frozen):
    """Whether a member can be told from the benchmark yet.

    `difference` is the mean of the daily differences of returns times 252, `low` and `high` its bootstrap
    interval at `level`. `told_apart` is whether that interval leaves out 0.
    """

    difference: float
    low: float
    high: float
    level: float
    sessions: int
    trades: int

    @property
    def told_apart(self) -> bool:
        """Say whether the difference is more than chance would explain at `level`."""
        return self.low > 0 or self.high < 0


class Scorecard(Frozen):
    """All figures of one member over one period. `first` and `last` are its first and last daily values.

    `luck` is None without a benchmark or below the minimum sample.
    """

    season: Season
    member: str
    kind: str
    first: date | None
    last: date | None
    figures: dict[Metric, Figure]
    drawdown: Drawdown | None = None
    luck: Luck | None = None
