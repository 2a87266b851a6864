"""Texts and numbers out of an answer whose fields may be of any type."""

from collections.abc import Mapping
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from core.domain.values import plain

_LARGEST = 10**18
_STEP = Decimal("0.000001")
_READ_SIGNS = 20_000
"""So much of a text is read at all: the rest would be cut away, after much work."""

Fields = Mapping[str, Any]


def fields(value: object) -> Fields:
    """Return the fields of an object; none if `value` is anything else."""
    return value if isinstance(value, dict) else {}


def text(value: object) -> str:
    """Return a text, or an empty one if `value` is anything else."""
    return value[:_READ_SIGNS] if isinstance(value, str) else ""


def number(value: object) -> Decimal | None:
    """Return a number, also of `{"raw": 1.5, "fmt": "1.50"}`; None for none, NaN, or one beyond 10^18.

    It has at most six places and no zeros behind them, so that equal numbers have equal texts.
    """
    if isinstance(value, dict):
        value = value.get("raw")
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    # Whole numbers may be too long for a float, and NaN is in no order.
    if not -_LARGEST <= value <= _LARGEST:
        return None
    return Decimal(plain(Decimal(str(value)).quantize(_STEP, ROUND_HALF_EVEN))) or Decimal(0)
