"""The simulated broker: an order and a market price become a fill, or a reason why not. Paper only."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from core.config.settings import Trading
from core.domain.books import CLOSING, Clamp, Fill, Order, Portfolio, Side
from core.domain.values import SHARE_STEP, plain, to_cents, to_shares, usd
from core.ledger.costs import fee, fill_price


@dataclass(frozen=True)
class NotFilled:
    """The order cannot be filled at all, and why."""

    reason: str


def fill(
    order: Order,
    portfolio: Portfolio,
    market_price: Decimal,
    rules: Trading,
    *,
    fill_id: str,
    session: date,
    at: datetime,
) -> Fill | NotFilled:
    """Fill `order` against `portfolio` at `market_price` (USD a share, before slippage).

    Shares are clamped to what the cash pays for, fee included, or (unless short positions are allowed) to
    what is held. What closes a position closes what is left of it, and never turns it around. `session` is
    the exchange's day and `at` the moment (UTC) of the price.
    """
    price = fill_price(market_price, order.side, rules)
    shares, clamps = _held_to(order, portfolio, rules)
    if shares <= 0:
        closing = "close" if order.cause in CLOSING else "sell"
        return NotFilled(f"nothing of {order.ticker} was left to {closing}")
    if order.side is Side.BUY and shares > (most := _affordable(portfolio.cash_usd, price, rules)):
        note = f"cash of {usd(portfolio.cash_usd)} pays for {plain(most)} of {plain(shares)} shares"
        shares, clamps = most, (*clamps, Clamp(rule="cash", note=note))
    notional = to_cents(price * shares)
    # What is worth less than half a cent is not given away, but it can always be closed.
    if shares == 0 or (notional == 0 and order.side is Side.BUY and _held(order, portfolio) >= 0):
        return NotFilled(f"the cash of {usd(portfolio.cash_usd)} pays for nothing at {usd(price)} a share")
    return Fill(
        id=fill_id,
        order_id=order.id,
        season=order.season,
        run_id=order.run_id,
        member=order.member,
        ticker=order.ticker,
        side=order.side,
        shares=shares,
        price=price,
        amount_usd=-notional if order.side is Side.BUY else notional,
        fee_usd=fee(notional, rules),
        session=session,
        filled_at=at,
        clamps=clamps,
    )


def _held_to(order: Order, portfolio: Portfolio, rules: Trading) -> tuple[Decimal, tuple[Clamp, ...]]:
    """Return how much of an order the holding allows: all that adds to it, and of the rest what there is."""
    held = _held(order, portfolio)
    if order.cause not in CLOSING and (order.side is Side.BUY or rules.allow_short):
        return order.shares, ()
    most = max(held if order.side is Side.SELL else -held, Decimal(0))
    if order.shares <= most:
        return order.shares, ()
    return most, (Clamp(rule="shares", note=f"{plain(most)} of {plain(order.shares)} shares are held"),)


def _held(order: Order, portfolio: Portfolio) -> Decimal:
    position = portfolio.position(order.ticker)
    return position.shares if position else Decimal(0)


def _affordable(cash: Decimal, price: Decimal, rules: Trading) -> Decimal:
    """Return the most shares that `cash` pays for, fee included, after rounding to cents."""
    step = SHARE_STEP if rules.fractional else Decimal(1)
    rate = 1 + rules.fee_bps / 10_000
    shares = to_shares(max(cash, Decimal(0)) / (price * rate), fractional=rules.fractional)
    while shares > 0 and to_cents(price * shares) + fee(to_cents(price * shares), rules) > cash:
        # Rounding to cents can cost one cent more than the division foresaw; step back by a cent's worth.
        shares = max(
            Decimal(0), shares - max(step, to_shares(Decimal("0.01") / price, fractional=rules.fractional))
        )
    return shares
