"""Stored whole numbers as an audit reads them: quickly, and never taking one kind of value for another."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, type_coerce

from core.domain.audit import TotalsRow
from core.store.column_types import MONEY_PLACES

_UNIT = Decimal(1).scaleb(-MONEY_PLACES)


def raw(column: ColumnElement[Any]) -> ColumnElement[int]:
    """Return a column as the whole number that is stored."""
    return type_coerce(column, BigInteger)


def whole(value: Any) -> int:
    """Return a stored or summed whole number.

    Raises:
        ValueError: it is something else.
    """
    if type(value) is int:
        return value
    if isinstance(value, Decimal) and value == value.to_integral_value():
        return int(value)  # PostgreSQL sums whole numbers into a numeric
    raise ValueError(f"{str(value)[:40]!r} is no whole number")


def usd(value: Any) -> Decimal:
    """Return the USD or shares that a stored whole number stands for."""
    return whole(value) * _UNIT


def usd_or_none(value: Any) -> Decimal | None:
    """Return what a stored whole number stands for, if there is one."""
    return None if value is None else usd(value)


def totals_of(row: Sequence[Any]) -> TotalsRow:
    """Return an account's totals from the whole numbers of its row."""
    deposits, cash, filled, closed, wins, gains, losses, best, worst, last = row
    return TotalsRow(
        *(usd(deposits), usd(cash), whole(filled), whole(closed), whole(wins), usd(gains), usd(losses)),
        *(usd_or_none(best), usd_or_none(worst), None if last is None else whole(last)),
    )
