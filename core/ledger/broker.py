"""The simulated broker: an order and a market price become a fill, or a reason why not. Paper only."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from core.config.settings import Trading
from core.domain.books import Clamp, Fill, Order, Portfolio, Side
from core.domain.values import SHARE_STEP, to_cents, to_shares
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
    what is held. `session` is the exchange's day and `at` the moment (UTC) of the price.
    """
    price = fill_price(market_price, order.side, rules)
    clamps: tuple[Clamp, ...] = ()
    if order.side is Side.BUY:
        shares = min(order.shares, _affordable(portfolio.cash_usd, price, rules))
        if shares < order.shares:
            note = f"cash of ${portfolio.cash_usd:,.2f} pays for {shares} of {order.shares} shares"
            clamps = (Clamp(rule="cash", note=note),)
    else:
        position = portfolio.position(order.ticker)
        held = max(position.shares, Decimal(0)) if position else Decimal(0)
        shares = order.shares if rules.allow_short else min(order.shares, held)
        if shares < order.shares:
            clamps = (Clamp(rule="shares", note=f"{held} of {order.shares} shares are held"),)
    notional = to_cents(price * shares)
    if notional <= 0:
        lacking = "cash" if order.side is Side.BUY else "shares"
        return NotFilled(
            f"not enough {lacking} at the open" if lacking == "cash" else "no shares left to sell"
        )
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


def _affordable(cash: Decimal, price: Decimal, rules: Trading) -> Decimal:
    """Return the most shares that `cash` pays for, fee included, after rounding to cents."""
    step = SHARE_STEP if rules.fractional else Decimal(1)
    rate = 1 + rules.fee_bps / 10_000
    shares = to_shares(cash / (price * rate), fractional=rules.fractional)
    while shares > 0 and to_cents(price * shares) + fee(to_cents(price * shares), rules) > cash:
        # Rounding to cents can cost one cent more than the division foresaw; step back by a cent's worth.
        shares = max(
            Decimal(0), shares - max(step, to_shares(Decimal("0.01") / price, fractional=rules.fractional))
        )
    return shares
