"""Amounts as documents write them."""

from decimal import Decimal


def plain_money(value: Decimal | None) -> str | None:
    """Return a decimal as a plain string with at least two places, never in exponent form."""
    if value is None:
        return None
    whole, _, places = f"{value.normalize():f}".partition(".")
    return f"{whole}.{places.ljust(2, '0')}"
