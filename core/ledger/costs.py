"""What a trade costs beyond its price."""

from decimal import Decimal

from core.config.settings import Trading
from core.domain.books import Side
from core.domain.values import to_cents, to_price

_BPS = Decimal(10_000)


def fill_price(market_price: Decimal, side: Side, rules: Trading) -> Decimal:
    """Return the price after slippage, USD a share: a buyer pays more, a seller gets less."""
    slip = rules.slippage_bps / _BPS
    return to_price(market_price * (1 + slip if side is Side.BUY else 1 - slip))


def fee(notional_usd: Decimal, rules: Trading) -> Decimal:
    """Return the fee in whole cents for a trade of `notional_usd`."""
    return to_cents(notional_usd * rules.fee_bps / _BPS)
