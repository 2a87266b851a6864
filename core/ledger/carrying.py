"""What holding costs and earns from one close to the next, and when a short position must go.

Interest and borrow fees are simple, on actual days over 365 (ISDA's Act/365 Fixed), rounded to cents. They
are booked at a close for the nights until the next one, on what is held then.
"""

from collections.abc import Iterable
from decimal import Decimal

from core.config.settings import Trading
from core.domain.values import to_cents

_YEAR = Decimal(365)


def interest(cash_usd: Decimal, short_value_usd: Decimal, days: int, rules: Trading) -> Decimal:
    """Return what cash earns in `days` calendar days, in whole cents.

    Cash that is owed for short positions (their market value) earns nothing, and neither does debt.
    """
    free = max(cash_usd - short_value_usd, Decimal(0))
    return to_cents(free * rules.cash_interest * days / _YEAR)


def borrow_fee(short_value_usd: Decimal, days: int, rules: Trading) -> Decimal:
    """Return the fee for borrowing `short_value_usd` of shares for `days` calendar days, in whole cents."""
    return to_cents(short_value_usd * rules.borrow_fee * days / _YEAR)


def margin_called(equity_usd: Decimal, short_values_usd: Iterable[Decimal], rules: Trading) -> bool:
    """Say whether equity is below the maintenance margin of all short positions together.

    The margin is a fraction of their market value (FINRA Rule 4210 asks for 30 %).
    """
    short = sum(short_values_usd, Decimal(0))
    return short > 0 and equity_usd < rules.maintenance_margin * short
