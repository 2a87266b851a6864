"""How figures and times are written for members: always the same, whatever they come from."""

from datetime import UTC, datetime
from decimal import Decimal

_LARGE = ((Decimal(10) ** 12, "trillion"), (Decimal(10) ** 9, "billion"), (Decimal(10) ** 6, "million"))
_DIGITS = 4
_MOST_DECIMALS = 12


def price(value: Decimal) -> str:
    """Return a price with two to six decimals, for instance 207.04 or 0.000123."""
    text = f"{value.normalize():f}"
    whole, _, decimals = text.partition(".")
    return f"{whole}.{decimals.ljust(2, '0')}"


def quantity(value: Decimal) -> str:
    """Return a number of shares without trailing zeros."""
    return f"{value.normalize():f}"


def usd(value: Decimal) -> str:
    """Return an amount of USD in dollars and cents."""
    return f"${value:,.2f}"


def figure(value: Decimal) -> str:
    """Return a figure of a statement: 46.743 billion, 1250.5, 0.1234 or 0.00001235.

    From a million on it is in millions, billions or trillions with up to three decimals; below it has up to
    four decimals, and a fraction below 0.1 has four digits within twelve decimals.
    """
    for size, word in _LARGE:
        if abs(value) >= size:
            return f"{_rounded(value / size, 3)} {word}"
    small = value and abs(value) < Decimal("0.1")
    decimals = _DIGITS - 1 - value.adjusted() if small else _DIGITS
    return _rounded(value, min(decimals, _MOST_DECIMALS))


def _rounded(value: Decimal, decimals: int) -> str:
    rounded = value.quantize(Decimal(1).scaleb(-decimals))
    return f"{rounded.normalize():f}" if rounded else "0"


def moment(at: datetime | None) -> str:
    """Return a time as date and minutes in UTC, or "undated"."""
    return "undated" if at is None else f"{at.astimezone(UTC):%Y-%m-%d %H:%M}"
