"""Field types for what models write: clear variants are normalised, everything else is refused.

"72%" is 0.72 and "N/A" is no price, because nothing else can be meant. A bare 72 as a confidence, a range as
a price or a negative price is refused, and the member is asked once to mend it: nothing is guessed.
"""

from decimal import Decimal, InvalidOperation
from typing import Annotated, Any

from pydantic import BeforeValidator, WithJsonSchema

_NUMBER_OR_NULL = [{"type": "number"}, {"type": "null"}]
_ABSENT = {"", "-", "--", "n/a", "na", "none", "null", "nil", "tbd", "unknown", "not applicable"}


def _number(value: object, what: str) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        raise ValueError(f"{what} must be a number")  # noqa: TRY004 - Pydantic reports only ValueError
    text = str(value).strip().replace(",", "").removeprefix("$").strip()
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise ValueError(f"{what} must be one plain number") from None
    if not number.is_finite():
        raise ValueError(f"{what} must be a finite number")
    return number


def _fraction(value: Any) -> Decimal:
    if isinstance(value, str) and value.strip().endswith("%"):
        number = _number(value.strip().removesuffix("%"), "a percentage") / 100
    else:
        number = _number(value, "a fraction")
    if not 0 <= number <= 1:
        raise ValueError("must be a fraction from 0 to 1, for instance 0.72")
    return number.quantize(Decimal("0.0001"))


def _absent(value: object) -> bool:
    return value is None or (isinstance(value, str) and value.strip().lower() in _ABSENT)


def _optional_fraction(value: Any) -> Decimal | None:
    return None if _absent(value) else _fraction(value)


def _optional_price(value: Any) -> Decimal | None:
    if _absent(value):
        return None
    number = _number(value, "a price")
    if not 0 < number < 10**9:
        raise ValueError("a price must be more than 0, or null when there is none")
    return number.quantize(Decimal("0.000001"))


def _word(value: Any) -> Any:
    return value.strip().lower() if isinstance(value, str) else value


def _tier(value: Any) -> Any:
    return value.strip().capitalize() if isinstance(value, str) else value


def _upper(value: Any) -> Any:
    return value.strip().upper() if isinstance(value, str) else value


Confidence = Annotated[
    Decimal, BeforeValidator(_fraction), WithJsonSchema({"type": "number", "description": "fraction 0..1"})
]
OptionalFraction = Annotated[
    Decimal | None,
    BeforeValidator(_optional_fraction),
    WithJsonSchema({"anyOf": _NUMBER_OR_NULL, "description": "fraction 0..1"}),
]
OptionalPrice = Annotated[
    Decimal | None,
    BeforeValidator(_optional_price),
    WithJsonSchema({"anyOf": _NUMBER_OR_NULL, "description": "USD a share"}),
]

lower_case = BeforeValidator(_word)
upper_case = BeforeValidator(_upper)
capitalised = BeforeValidator(_tier)
