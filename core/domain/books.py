"""Orders, fills, cash movements and what follows from them."""

from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import cached_property

from pydantic import AwareDatetime, Field

from core.domain.bars import Mark
from core.domain.period import ALL
from core.domain.scores import Figure, Luck, Metric, TradeTotals
from core.domain.season import Season
from core.domain.values import Frozen, Price


class Side(StrEnum):
    """The direction of an order or fill."""

    BUY = "buy"
    SELL = "sell"


class OrderState(StrEnum):
    """Where an order stands: `pending` waits for the next open; the others are final."""

    PENDING = "pending"
    FILLED = "filled"
    CANCELLED = "cancelled"


class OrderCause(StrEnum):
    """What made an order: a ballot, a level that a ballot had set, a margin call, an import, or a reset."""

    BALLOT = "ballot"
    STOP = "stop"
    TAKE_PROFIT = "take_profit"
    MARGIN_CALL = "margin_call"
    IMPORT = "import"
    RESET = "reset"


CLOSING = frozenset({OrderCause.STOP, OrderCause.TAKE_PROFIT, OrderCause.MARGIN_CALL, OrderCause.RESET})
"""The causes that close a position."""


class Clamp(Frozen):
    """A hard rule changed what a ballot wished; `rule` is its short name, `note` the sentence for people."""

    rule: str
    note: str


class Order(Frozen):
    """A wish of one member; every BUY or SELL ballot leaves exactly one.

    `run_id` is the run of the ballot, also of the one that set the level or opened the position which another
    `cause` is about; None only for imported trades, which have an `import_id`.
    `shares` is more than 0, or 0 for an order cancelled at once; `reason` says why it was cancelled.
    `reference_price` is the evidence's price in USD a share; `created_at` the moment that was decided on.
    It fills at the open of the first session after `decided_session`, the last that had opened then, and
    `stop_loss` and `take_profit` (USD a share) then guard the holding.
    """

    id: str
    season: Season
    run_id: str | None
    member: str
    ticker: str
    side: Side
    shares: Decimal
    reference_price: Price
    decided_session: date
    created_at: AwareDatetime
    state: OrderState
    reason: str | None = None
    clamps: tuple[Clamp, ...] = ()
    cause: OrderCause = OrderCause.BALLOT
    stop_loss: Price | None = None
    take_profit: Price | None = None
    import_id: str | None = None


class Fill(Frozen):
    """A fact: shares changed hands at a price. `price` is after slippage; `fee_usd` is in whole cents.

    `amount_usd` is the change of cash without the fee: negative for a buy, positive for a sell.
    """

    id: str
    order_id: str
    season: Season
    run_id: str | None
    member: str
    ticker: str
    side: Side
    shares: Decimal
    price: Price
    amount_usd: Decimal
    fee_usd: Decimal
    session: date
    filled_at: AwareDatetime
    clamps: tuple[Clamp, ...] = ()


class MovementKind(StrEnum):
    """Why cash moved. A reset brings the cash of a portfolio without holdings to what was deposited."""

    DEPOSIT = "deposit"
    TRADE = "trade"
    FEE = "fee"
    DIVIDEND = "dividend"
    CASH_IN_LIEU = "cash_in_lieu"
    INTEREST = "interest"
    BORROW = "borrow"
    RESET = "reset"


class Position(Frozen):
    """A holding: shares and their average cost in USD a share, fees not included.

    Shares below zero are a short position, whose average cost is the average price they were sold at.
    `stop_loss` and `take_profit` are the levels in USD a share that close it, if any.
    """

    ticker: str
    shares: Decimal
    average_cost: Decimal
    stop_loss: Price | None = None
    take_profit: Price | None = None


class Portfolio(Frozen):
    """A member's cash and holdings, derived from its ledger.

    Cash is never negative, and neither are shares unless short positions are allowed.
    """

    member: str
    cash_usd: Decimal
    positions: tuple[Position, ...] = ()

    def position(self, ticker: str) -> Position | None:
        """Return the holding in `ticker`, or None."""
        return self._by_ticker.get(ticker)

    @cached_property
    def _by_ticker(self) -> dict[str, Position]:
        return {held.ticker: held for held in self.positions}


class HappeningKind(StrEnum):
    """What changed a member's books beside the fills that its ballots asked for."""

    SPLIT = "split"
    DIVIDEND = "dividend"
    CASH_IN_LIEU = "cash_in_lieu"
    INTEREST = "interest"
    BORROW = "borrow"
    STOP = "stop"
    TAKE_PROFIT = "take_profit"
    MARGIN_CALL = "margin_call"
    RESET = "reset"


class Happening(Frozen):
    """One line of a member's history that no ballot asked for.

    `session` is the day, `at` the moment that it counts from. `amount_usd` is the cash that moved, below zero
    when it was paid; of interest and of borrow fees it is the sum so far, and the day that of the last one.
    A split has its `ratio` (new shares for an old one) and the shares before and after; what closed a holding
    has `side` and `shares`, and a `reason` where it could not. A reset without a ticker is that of the cash.
    """

    kind: HappeningKind
    session: date
    at: AwareDatetime
    ticker: str | None = None
    amount_usd: Decimal | None = None
    ratio: Decimal | None = None
    shares_before: Decimal | None = None
    shares: Decimal | None = None
    side: Side | None = None
    reason: str | None = None


class Reset(Frozen):
    """When a portfolio began again (UTC), and what it was worth before, in USD."""

    at: AwareDatetime
    was_usd: Decimal


class Account(Frozen):
    """A member's books summed up. `trades` counts fills; `closed_trades` sells, `wins` those above cost.

    A sell wins when its price a share after the fee is above the average cost at that time. Gains, losses
    and the best and worst trade are those of `core.domain.scores.TradeTotals`. `reset` is the last one.
    """

    season: Season
    member: str
    kind: str
    deposits_usd: Decimal
    portfolio: Portfolio
    trades: int
    closed_trades: int
    wins: int
    gains_usd: Decimal = Decimal(0)
    losses_usd: Decimal = Decimal(0)
    best_usd: Decimal | None = None
    worst_usd: Decimal | None = None
    reset: Reset | None = None

    @property
    def totals(self) -> TradeTotals:
        """All fills and closed trades summed up."""
        return TradeTotals(
            fills=self.trades,
            closed=self.closed_trades,
            wins=self.wins,
            gains_usd=self.gains_usd,
            losses_usd=self.losses_usd,
            best_usd=self.best_usd,
            worst_usd=self.worst_usd,
        )


class Standing(Frozen):
    """One line of the leaderboard.

    `value_usd` and what follows from it are None when a holding has no usable price; `unpriced` then names
    each such ticker. `win_rate` is None below the minimum of closed trades. `return_ratio` is a fraction and
    may be negative. Profit, return, trades, win rate and token cost are those of the board's period.

    `figures` are those at the last close. `score` is what the member is ranked by: its figure of the board's
    metric; but value, profit and return at the latest marks, and after token cost where the board says so.
    `rank` is 0 without a score. `rank_before` is the rank by the same metric one session earlier, None where
    there was none. `luck` says whether it can be told from the benchmark, None below the minimum sample.
    `left_on` is the day (in the arena's time zone) on which the member was removed, None where it takes part.
    `reset_on` is the day on which its portfolio began again, and `reset_was_usd` what it was worth before.
    """

    rank: int
    medal: str
    member: str
    kind: str
    value_usd: Decimal | None
    pnl_usd: Decimal | None
    return_ratio: Decimal | None
    trades: int
    win_rate: Decimal | None
    closed_trades: int
    cash_usd: Decimal
    token_cost_usd: Decimal
    unpriced: tuple[str, ...] = ()
    figures: dict[Metric, Figure] = Field(default_factory=dict)
    score: Figure | None = None
    rank_before: int | None = None
    luck: Luck | None = None
    left_on: date | None = None
    reset_on: date | None = None
    reset_was_usd: Decimal | None = None


class Holding(Frozen):
    """A position with its value in USD.

    Without a usable price `value_usd` is None and `unpriced` says why.
    """

    position: Position
    mark: Mark | None = None
    value_usd: Decimal | None = None
    unpriced: str | None = None


class Statement(Frozen):
    """One member's books for a person: cash, holdings, orders that wait, and the last fills, newest first.

    `history` is what else has happened lately, newest first. `value_usd` and what follows from it are None
    when a holding has no usable price. `left_on` and what is said of a reset are as in `Standing`.
    """

    season: Season
    member: str
    kind: str
    initial_cash_usd: Decimal
    cash_usd: Decimal
    holdings: tuple[Holding, ...] = ()
    value_usd: Decimal | None
    pnl_usd: Decimal | None
    return_ratio: Decimal | None
    pending: tuple[Order, ...] = ()
    fills: tuple[Fill, ...] = ()
    history: tuple[Happening, ...] = ()
    caveat: str | None = None
    left_on: date | None = None
    reset_on: date | None = None
    reset_was_usd: Decimal | None = None


class Leaderboard(Frozen):
    """The members of a season in order of a metric, and the oldest and newest price used.

    `period` is `all` or a number of calendar days such as `7d`; `first` and `last` are its sessions, None
    before the first close. `benchmark_return` is what the benchmark has done in it, dividends included.

    `models` is how many language models have a return in the period, and `median_return` their median;
    `committee_beats` and `crowd_beats` are how many of them those two members have left behind, None where
    there is no such return. These returns are after token cost where the board is.
    """

    season: Season
    initial_cash_usd: Decimal
    standings: tuple[Standing, ...]
    marks_from: date | None = None
    marks_to: date | None = None
    caveat: str | None = None
    by: Metric = Metric.VALUE
    period: str = ALL
    net_of_tokens: bool = False
    first: date | None = None
    last: date | None = None
    benchmark: str = ""
    benchmark_return: float | None = None
    models: int = 0
    median_return: Decimal | None = None
    committee_beats: int | None = None
    crowd_beats: int | None = None
