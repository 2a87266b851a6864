"""How Alpha Vantage writes what is not a price: figures as text, "None" and "-" for what it does not know."""

from datetime import date
from decimal import Decimal
from typing import Annotated

from pydantic import BeforeValidator, Field

from core.market.vendor_edge import no_flag

_NOTHING = frozenset({"", "-", "none", "null", "n/a", "nan"})
_LONGEST_NUMBER = 60
_LONGEST_TEXT = 4_000
"""Longer texts are cut before anything looks at each of their signs."""
_CURRENCY_SIGNS = 3


def _or_none(value: object) -> object:
    if isinstance(value, str) and value.strip().lower() in _NOTHING:
        return None
    return value


def _text(value: object) -> object:
    return _or_none(value[:_LONGEST_TEXT] if isinstance(value, str) else value)


def _number(value: object) -> object:
    if isinstance(value, str) and len(value) > _LONGEST_NUMBER:
        raise ValueError("must be a number")
    return _or_none(no_flag(value))


def _day(value: object) -> object:
    if value is not None and not isinstance(value, str):
        raise ValueError("must be a date")
    return _or_none(value)


def _currency(value: object) -> object:
    known = isinstance(value, str) and len(value) == _CURRENCY_SIGNS and value.isascii() and value.isalpha()
    return str(value).upper() if known else ""


OptionalNumber = Annotated[
    Annotated[Decimal, Field(allow_inf_nan=False, ge=-(10**18), le=10**18)] | None, BeforeValidator(_number)
]
OptionalText = Annotated[Annotated[str, Field(strict=True)] | None, BeforeValidator(_text)]
Day = Annotated[date, BeforeValidator(_day), Field(ge=date(1900, 1, 1), le=date(2200, 1, 1))]
OptionalDay = Annotated[Day | None, BeforeValidator(_day)]
CurrencyOrNothing = Annotated[str, BeforeValidator(_currency)]
"""A code of three letters, or empty where it is none: a figure without a unit is still a figure."""
