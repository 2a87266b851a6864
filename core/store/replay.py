"""What follows from a member's fills, one after another. Pure.

Average-cost method: a buy averages into the cost of the holding, a sell leaves the average as it is, and
a holding that is sold out forgets it. Fees are no part of the cost. The average is carried with sixty
digits and rounded once, when it is read.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import NamedTuple

from core.domain.books import Portfolio, Position, Side
from core.domain.errors import StoreError
from core.domain.values import PRICE_STEP

_DIGITS = Context(prec=60, rounding=ROUND_HALF_EVEN)
_NOISE = Decimal("1e-20")
"""Differences in USD below this come from rounding an average, not from a trade."""


class Booked(NamedTuple):
    """What a fill did to a holding and to cash: shares, USD a share, USD."""

    ticker: str
    side: Side
    shares: Decimal
    price: Decimal
    amount_usd: Decimal
    fee_usd: Decimal
    filled_at: datetime


@dataclass
class _Holding:
    shares: Decimal = Decimal(0)
    average: Decimal = Decimal(0)


@dataclass
class Trades:
    """How a member's trading stands after the fills added so far, in the order in which they happened."""

    trades: int = 0
    closed_trades: int = 0
    wins: int = 0
    _held: dict[str, _Holding] = field(default_factory=dict)

    def add(self, fill: Booked) -> None:
        """Count one more fill."""
        holding = self._held.setdefault(fill.ticker, _Holding())
        self.trades += 1
        value = _DIGITS.multiply(fill.shares, fill.price)
        cost = _DIGITS.multiply(fill.shares, holding.average)
        if fill.side is Side.SELL:
            self.closed_trades += 1
            self.wins += value - fill.fee_usd - cost > _NOISE
            holding.shares -= fill.shares
            if holding.shares == 0:
                del self._held[fill.ticker]
            return
        shares = holding.shares + fill.shares
        before = _DIGITS.multiply(holding.shares, holding.average)
        holding.average = _DIGITS.divide(_DIGITS.add(before, value), shares)
        holding.shares = shares

    def positions(self) -> tuple[Position, ...]:
        """Return the holdings by ticker, their average cost rounded to six places."""
        return tuple(
            Position(
                ticker=ticker,
                shares=holding.shares,
                average_cost=holding.average.quantize(PRICE_STEP, context=_DIGITS),
            )
            for ticker, holding in sorted(self._held.items())
        )


def replay(fills: Iterable[Booked]) -> Trades:
    """Return how a member's trading stands after these fills, which are in the order of time."""
    tally = Trades()
    for fill in fills:
        tally.add(fill)
    return tally


def check_never_negative(member: str, cash_usd: Decimal, fills: Iterable[Booked]) -> None:
    """Check that neither cash nor a holding is below zero at any moment.

    `cash_usd` is the deposit; `fills` are in the order of time.

    Raises:
        StoreError: one would be, and which.
    """
    shares: dict[str, Decimal] = {}
    for fill in fills:
        cash_usd += fill.amount_usd - fill.fee_usd
        change = fill.shares if fill.side is Side.BUY else -fill.shares
        shares[fill.ticker] = shares.get(fill.ticker, Decimal(0)) + change
        if cash_usd < 0:
            raise StoreError(f"This fill is refused: the cash of {member} would be {cash_usd} USD.")
        if shares[fill.ticker] < 0:
            raise StoreError(
                f"This fill is refused: {member} would hold {shares[fill.ticker]} {fill.ticker}."
            )


def in_order(fills: Iterable[Booked]) -> list[Booked]:
    """Return fills by time; of those at the same moment the one that came first stays first."""
    return sorted(fills, key=lambda fill: fill.filled_at)


def usable_at(member: str, cash_usd: Decimal, fills: Sequence[Booked], at: datetime) -> Portfolio:
    """Return what a fill at `at` can use without making cash or a holding negative then or later.

    `cash_usd` is the deposit; `fills` are in the order of time.
    """
    before = [fill for fill in fills if fill.filled_at <= at]
    positions = replay(before).positions()
    shares = {position.ticker: position.shares for position in positions}
    usable = dict(shares)
    cash_usd += sum((fill.amount_usd - fill.fee_usd for fill in before), Decimal(0))
    least = cash_usd
    for fill in fills[len(before) :]:
        cash_usd += fill.amount_usd - fill.fee_usd
        least = min(least, cash_usd)
        change = fill.shares if fill.side is Side.BUY else -fill.shares
        shares[fill.ticker] = shares.get(fill.ticker, Decimal(0)) + change
        usable[fill.ticker] = min(usable.get(fill.ticker, Decimal(0)), shares[fill.ticker])
    left = tuple(
        position.model_copy(update={"shares": usable[position.ticker]})
        for position in positions
        if usable[position.ticker] > 0
    )
    return Portfolio(member=member, cash_usd=least, positions=left)
