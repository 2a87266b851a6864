"""Field types for what models write: clear variants are normalised, everything else is refused.

"72%" is 0.72, "$1,234.50" is a price and "N/A" is none, because nothing else can be meant. A bare 72 as a
confidence, a comma for a decimal point, a range or a negative price is refused, and the member is asked once
to mend it: nothing is guessed.
"""

import re
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BeforeValidator, StringConstraints, WithJsonSchema

_PLAIN = re.compile(r"[+-]?\d{1,18}(\.\d{1,18})?([eE][+-]?\d{1,2})?", re.ASCII)
_GROUPED = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d{1,18})?", re.ASCII)
_LEAST_PRICE, _MOST_PRICE = Decimal("0.000001"), Decimal(10) ** 9
_NUMBER_OR_NULL = [{"type": "number"}, {"type": "null"}]
_ABSENT = {"", "-", "--", "n/a", "na", "none", "null", "nil", "tbd", "unknown", "not applicable"}


def _number(value: object, what: str) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        raise ValueError(f"{what} must be a number")  # noqa: TRY004 - Pydantic reports only ValueError
    text = str(value).strip().removeprefix("$").strip()
    if not _PLAIN.fullmatch(text) and not _GROUPED.fullmatch(text):
        raise ValueError(f"{what} must be one plain number, such as 182.5")
    return Decimal(text.replace(",", ""))


def _fraction(value: Any, least: int = 0) -> Decimal:
    if isinstance(value, str) and value.strip().endswith("%"):
        number = _number(value.strip().removesuffix("%"), "a percentage") / 100
    else:
        number = _number(value, "a fraction")
    if not least <= number <= 1:
        raise ValueError(f"must be a fraction from {least} to 1, for instance 0.72")
    return number.quantize(Decimal("0.0001"))


def _absent(value: object) -> bool:
    return value is None or (isinstance(value, str) and value.strip().lower() in _ABSENT)


def _optional_weight(value: Any) -> Decimal | None:
    return None if _absent(value) else _fraction(value, least=-1)


def _optional_price(value: Any) -> Decimal | None:
    if _absent(value):
        return None
    number = _number(value, "a price")
    if not _LEAST_PRICE <= number < _MOST_PRICE:
        raise ValueError("a price must be more than 0, or null when there is none")
    return number.quantize(_LEAST_PRICE)


def _text_or_none(value: Any) -> Any:
    """Return no text for what says that there is none."""
    return "" if _absent(value) else value


def _word(value: Any) -> Any:
    return value.strip().lower() if isinstance(value, str) else value


def _tier(value: Any) -> Any:
    return value.strip().capitalize() if isinstance(value, str) else value


def _upper(value: Any) -> Any:
    return value.strip().upper() if isinstance(value, str) else value


Confidence = Annotated[
    Decimal, BeforeValidator(_fraction), WithJsonSchema({"type": "number", "description": "fraction 0..1"})
]
OptionalTargetWeight = Annotated[
    Decimal | None,
    BeforeValidator(_optional_weight),
    WithJsonSchema({"anyOf": _NUMBER_OR_NULL, "description": "fraction -1..1 of equity, below 0 is short"}),
]
OptionalPrice = Annotated[
    Decimal | None,
    BeforeValidator(_optional_price),
    WithJsonSchema({"anyOf": _NUMBER_OR_NULL, "description": "USD a share"}),
]

OptionalProse = Annotated[
    str,
    StringConstraints(strip_whitespace=True),
    BeforeValidator(_text_or_none),
]

lower_case = BeforeValidator(_word)
upper_case = BeforeValidator(_upper)
capitalised = BeforeValidator(_tier)
