"""What follows from the entries of a member's ledger, one after another. Pure.

Average-cost method: what makes a holding larger averages into its cost, what makes it smaller leaves the
average as it is, and a holding that is gone forgets it. Fees are no part of the cost. A short position is
held at the average price at which it was sold. A fill that turns a holding around closes all of it and opens
the other side with the rest. The average is carried with sixty digits and rounded once, when it is read.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import NamedTuple, TypeVar

from core.domain.books import Portfolio, Position, Side
from core.domain.errors import StoreError
from core.domain.values import PRICE_STEP

_DIGITS = Context(prec=60, rounding=ROUND_HALF_EVEN)
_BOOKED = Decimal("1e-8")
_NOTHING = Decimal(0)


class Booked(NamedTuple):
    """What a fill did to a holding and to cash: shares, USD a share, USD."""

    ticker: str
    side: Side
    shares: Decimal
    price: Decimal
    amount_usd: Decimal
    fee_usd: Decimal
    filled_at: datetime


class Split(NamedTuple):
    """What a split did to a holding: `ratio` new shares for each old one, and the shares held afterwards."""

    ticker: str
    ratio: Decimal
    shares_after: Decimal
    at: datetime


class CashMove(NamedTuple):
    """Cash that moved without a fill, in USD: a dividend, interest, a borrow fee."""

    amount_usd: Decimal
    at: datetime


Entry = Booked | Split | CashMove
_E = TypeVar("_E", bound=Entry)


class Held(NamedTuple):
    """A holding: shares (below zero when short) and the average cost with all its digits."""

    shares: Decimal
    average: Decimal


class Closed(NamedTuple):
    """What the closing part of a fill has earned after its fee, and the cost of what was closed, in USD."""

    pnl_usd: Decimal
    cost_usd: Decimal

    @property
    def won(self) -> bool:
        """Say whether it has a profit. A rounded average makes none: costs are booked to 10^-8."""
        return self.pnl_usd > 0


def after_fill(held: Held | None, fill: Booked) -> tuple[Held | None, Closed | None]:
    """Return the holding after a fill, and what the fill closed."""
    before = held or Held(_NOTHING, _NOTHING)
    change = fill.shares if fill.side is Side.BUY else -fill.shares
    after = before.shares + change
    if before.shares == 0 or (before.shares > 0) == (change > 0):
        whole = _DIGITS.add(
            _DIGITS.multiply(abs(before.shares), before.average), _DIGITS.multiply(fill.shares, fill.price)
        )
        return Held(after, _DIGITS.divide(whole, abs(after))), None
    closed = _closed(before, fill, min(fill.shares, abs(before.shares)))
    if after == 0:
        return None, closed
    turned = (after > 0) != (before.shares > 0)
    return Held(after, fill.price if turned else before.average), closed


def _closed(held: Held, fill: Booked, shares: Decimal) -> Closed:
    amount, fee = (_part(whole, shares, fill.shares) for whole in (fill.amount_usd, fill.fee_usd))
    cost = _DIGITS.multiply(shares, held.average).quantize(_BOOKED, context=_DIGITS)
    pnl = amount - fee - cost if held.shares > 0 else cost + amount - fee
    return Closed(pnl, cost)


def _part(whole: Decimal, shares: Decimal, of: Decimal) -> Decimal:
    return _DIGITS.divide(_DIGITS.multiply(whole, shares), of).quantize(_BOOKED, context=_DIGITS)


def after_split(held: Held, ratio: Decimal, shares_after: Decimal) -> Held | None:
    """Return the holding after a split; what it has cost stays the same, but for a fraction paid out."""
    return Held(shares_after, _DIGITS.divide(held.average, ratio)) if shares_after else None


@dataclass
class Trades:
    """How a member's trading stands after the entries so far, in the order in which they happened."""

    trades: int = 0
    closed_trades: int = 0
    wins: int = 0
    closings: list[Closed] = field(default_factory=list)
    held: dict[str, Held] = field(default_factory=dict)

    def add(self, entry: Entry) -> None:
        """Count one more entry."""
        if isinstance(entry, CashMove):
            return
        before = self.held.pop(entry.ticker, None)
        if isinstance(entry, Split):
            after = after_split(before, entry.ratio, entry.shares_after) if before else None
        else:
            self.trades += 1
            after, closed = after_fill(before, entry)
            if closed:
                self.closed_trades += 1
                self.wins += closed.won
                self.closings.append(closed)
        if after:
            self.held[entry.ticker] = after

    def positions(self) -> tuple[Position, ...]:
        """Return the holdings by ticker, their average cost rounded to six places."""
        return tuple(position_of(ticker, held) for ticker, held in sorted(self.held.items()))


def position_of(
    ticker: str, held: Held, stop_loss: Decimal | None = None, take_profit: Decimal | None = None
) -> Position:
    """Return a holding as people read it: its average cost rounded to six places."""
    return Position(
        ticker=ticker,
        shares=held.shares,
        average_cost=held.average.quantize(PRICE_STEP, context=_DIGITS),
        stop_loss=stop_loss,
        take_profit=take_profit,
    )


def replay(entries: Iterable[Entry]) -> Trades:
    """Return how a member's trading stands after these entries, which are in the order of time."""
    tally = Trades()
    for entry in entries:
        tally.add(entry)
    return tally


def cash_change(entry: Entry) -> Decimal:
    """Return what an entry did to cash, in USD."""
    if isinstance(entry, Booked):
        return entry.amount_usd - entry.fee_usd
    return entry.amount_usd if isinstance(entry, CashMove) else _NOTHING


def check_never_negative(
    member: str, cash_usd: Decimal, entries: Iterable[Entry], *, shorts: bool = False
) -> None:
    """Check that neither cash nor (without `shorts`) a holding is below zero after any fill.

    `cash_usd` is the deposit; `entries` are in the order of time.

    Raises:
        StoreError: one would be, and which.
    """
    shares: dict[str, Decimal] = {}
    for entry in entries:
        cash_usd += cash_change(entry)
        if isinstance(entry, Split):
            shares[entry.ticker] = entry.shares_after
        elif isinstance(entry, Booked):
            shares[entry.ticker] = shares.get(entry.ticker, _NOTHING) + _signed(entry)
            check_balances(member, cash_usd, entry, shares[entry.ticker], shorts=shorts)


def check_balances(member: str, cash_usd: Decimal, fill: Booked, shares: Decimal, *, shorts: bool) -> None:
    """Check what a fill leaves: `cash_usd` of cash, and `shares` of its ticker.

    A fill that brings cash in is never refused for the cash it leaves: borrow fees and dividends owed may
    have used up more than there was. Nor is a buy for the shares: it makes a short position smaller.

    Raises:
        StoreError: cash would be negative, or (without `shorts`) the shares.
    """
    if cash_usd < 0 and cash_change(fill) < 0:
        raise StoreError(f"This fill is refused: the cash of {member} would be {cash_usd} USD.")
    if shares < 0 and fill.side is Side.SELL and not shorts:
        raise StoreError(f"This fill is refused: {member} would hold {shares} {fill.ticker}.")


def _signed(fill: Booked) -> Decimal:
    return fill.shares if fill.side is Side.BUY else -fill.shares


def _when(entry: Entry) -> tuple[datetime, int]:
    # Splits and dividends are in force from the open, so they come before fills at the same moment.
    return (entry.filled_at, 1) if isinstance(entry, Booked) else (entry.at, 0)


def in_order(entries: Iterable[_E]) -> list[_E]:
    """Return entries by time; of fills at the same moment the one that came first stays first."""
    return sorted(entries, key=_when)


def usable_at(member: str, cash_usd: Decimal, entries: Sequence[Entry], at: datetime) -> Portfolio:
    """Return what a fill at `at` can use without making cash or a holding negative then or later.

    `cash_usd` is the deposit; `entries` are in the order of time.
    """
    count = sum(1 for entry in entries if _when(entry)[0] <= at)
    before, later = entries[:count], entries[count:]
    positions = replay(before).positions()
    shares = {position.ticker: position.shares for position in positions}
    usable = dict(shares)
    cash_usd += sum((cash_change(entry) for entry in before), _NOTHING)
    least = cash_usd
    for entry in later:
        cash_usd += cash_change(entry)
        least = min(least, cash_usd)
        if isinstance(entry, Booked):
            shares[entry.ticker] = shares.get(entry.ticker, _NOTHING) + _signed(entry)
            usable[entry.ticker] = min(usable.get(entry.ticker, _NOTHING), shares[entry.ticker])
    left = tuple(
        position.model_copy(update={"shares": usable[position.ticker]})
        for position in positions
        if usable[position.ticker] != 0
    )
    return Portfolio(member=member, cash_usd=least, positions=left)
