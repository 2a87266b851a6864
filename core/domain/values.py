"""The base of every value, and the few number types that all of them share."""

import json
from collections.abc import Mapping
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from functools import cached_property
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field

CENT = Decimal("0.01")
PRICE_STEP = Decimal("0.000001")
SHARE_STEP = Decimal("0.000001")
RATIO_STEP = Decimal("0.0001")


def canonical_json(fields: Any) -> str:
    """Return JSON with sorted keys and no spaces: equal fields give equal text."""
    return json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


class Frozen(BaseModel):
    """A value: immutable, with no unknown fields. What follows from its fields may be kept with it."""

    model_config = ConfigDict(frozen=True, extra="forbid", ignored_types=(cached_property,))

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """Return a copy with other fields: nothing that followed from the old ones goes with it."""
        copied = super().model_copy(update=update, deep=deep)
        fields = type(self).model_fields
        if len(copied.__dict__) > len(fields):
            for name in copied.__dict__.keys() - fields.keys():
                del copied.__dict__[name]
        return copied


class Written(Frozen):
    """A value that is written again and again: its JSON is made once and kept with it."""

    @cached_property
    def json_text(self) -> str:
        """All fields as JSON, from which the value can be read back."""
        return self.model_dump_json()


Ratio = Annotated[Decimal, Field(ge=0, le=1, allow_inf_nan=False)]
"""A fraction from 0 to 1."""

TargetWeight = Annotated[Decimal, Field(ge=-1, le=1, allow_inf_nan=False)]
"""A fraction of equity to hold; below zero for a short position."""

Price = Annotated[Decimal, Field(gt=0, allow_inf_nan=False)]
"""USD a share, more than zero."""


def to_cents(amount: Decimal) -> Decimal:
    """Round a USD amount to whole cents, half away from zero, as brokers book it."""
    return amount.quantize(CENT, ROUND_HALF_UP)


def to_price(value: Decimal | float | str) -> Decimal:
    """Round a price in USD a share to six places; a float passes through its shortest text.

    Raises:
        decimal.InvalidOperation: `value` is no number.
    """
    return Decimal(str(value)).quantize(PRICE_STEP, ROUND_HALF_EVEN)


def to_shares(value: Decimal, *, fractional: bool) -> Decimal:
    """Cut a number of shares down to six places, or to whole shares, never up."""
    return value.quantize(SHARE_STEP if fractional else Decimal(1), ROUND_DOWN)


def to_ratio(value: Decimal) -> Decimal:
    """Round a fraction to four places."""
    return value.quantize(RATIO_STEP, ROUND_HALF_EVEN)


def plain(value: Decimal) -> str:
    """Return a number for a sentence: its digits without trailing zeros, never in exponent form."""
    return f"{value.normalize():f}"


def usd(amount: Decimal) -> str:
    """Return an amount of USD for a sentence, in dollars and cents, for instance -$1,250.00."""
    return f"{'-' if amount < 0 else ''}${abs(amount):,.2f}"
