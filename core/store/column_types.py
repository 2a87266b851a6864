"""Column types that hold the same exact value on SQLite and on PostgreSQL."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Context, Decimal, Inexact, InvalidOperation, Overflow
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import BigInteger, Dialect, Text
from sqlalchemy.types import TypeDecorator

from core.domain.errors import StoreError
from core.domain.values import Written

MONEY_PLACES = 8
COST_PLACES = 12
_ALWAYS_SHOWN = 2
_LARGEST = 2**63 - 1
_EXACTLY = Context(prec=60, traps=[Inexact, InvalidOperation, Overflow])
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Exact(TypeDecorator[Decimal]):
    """A Decimal as a whole number of 10^-`places` in 64 bits, so that SUM is exact on every database.

    With eight places it holds up to 92 billion either side of zero. Comes back with two places at least.
    A value that has more places, or is too large, is refused with a StoreError and never rounded.
    """

    impl = BigInteger
    cache_ok = True

    def __init__(self, places: int = MONEY_PLACES) -> None:
        super().__init__()
        self.places = places

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> int | None:
        """Return the whole number that stands for `value`."""
        return None if value is None else to_whole(value, self.places)

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:
        """Return the Decimal that a stored or summed whole number stands for."""
        return None if value is None else from_whole(int(value), self.places)


def to_whole(value: Decimal, places: int = MONEY_PLACES) -> int:
    """Return how many 10^-`places` are in `value`.

    Raises:
        StoreError: it is no whole number of them, is not finite, or does not fit into 64 bits.
    """
    try:
        whole = int(_EXACTLY.scaleb(value, places).to_integral_exact(context=_EXACTLY))
    except (Inexact, InvalidOperation, Overflow, ValueError, OverflowError):
        raise StoreError(f"The amount {value} cannot be stored with {places} decimal places.") from None
    if abs(whole) > _LARGEST:
        raise StoreError(f"The amount {value} is too large to be stored.")
    return whole


def from_whole(whole: int, places: int = MONEY_PLACES) -> Decimal:
    """Return `whole` times 10^-`places`, without trailing zeros beyond the second place."""
    kept = places
    while kept > _ALWAYS_SHOWN and whole % 10 == 0:
        whole //= 10
        kept -= 1
    return _EXACTLY.scaleb(Decimal(whole), -kept)


def as_stored(value: Decimal, places: int = MONEY_PLACES) -> Decimal:
    """Return `value` with the digits with which it comes back from an `Exact` column.

    Raises:
        StoreError: as `to_whole`.
    """
    return from_whole(to_whole(value, places), places)


class Moment(TypeDecorator[datetime]):
    """An aware datetime as whole microseconds since 1970, read back in UTC.

    A datetime without an offset is refused with a StoreError.
    """

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        """Return the microseconds from the start of 1970 in UTC."""
        return None if value is None else to_microseconds(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """Return the moment, in UTC."""
        return None if value is None else from_microseconds(int(value))


def to_microseconds(value: datetime) -> int:
    """Return the microseconds from the start of 1970 in UTC.

    Raises:
        StoreError: the time has no offset.
    """
    try:
        return (value - _EPOCH) // _MICROSECOND
    except TypeError:
        raise StoreError(f"The time {value} has no offset from UTC and cannot be stored.") from None


def from_microseconds(count: int) -> datetime:
    """Return the moment so many microseconds after the start of 1970, in UTC.

    Raises:
        OverflowError: there is no such day.
    """
    return _EPOCH + count * _MICROSECOND


class Words(TypeDecorator[str]):
    """Text from anywhere. PostgreSQL takes no NUL and UTF-8 no half characters: both become U+FFFD."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Return the text as every database can hold it."""
        return None if value is None else to_words(value)


def to_words(value: str) -> str:
    """Return the text with U+FFFD in place of every NUL and half character."""
    if not value.isascii():
        value = "".join("\ufffd" if "\ud800" <= sign <= "\udfff" else sign for sign in value)
    return value.replace("\0", "\ufffd")


class AsJson(TypeDecorator[Any]):
    """A frozen value, or tuple of them, as JSON text; read back through the type's own validation."""

    impl = Text
    cache_ok = True

    def __init__(self, kind: Any) -> None:
        super().__init__()
        self.kind = kind
        self._adapter: TypeAdapter[Any] = TypeAdapter(kind)

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        """Return the value as JSON."""
        if isinstance(value, Written):
            return value.json_text
        return None if value is None else self._adapter.dump_json(value).decode()

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        """Return the value that the JSON stands for."""
        return None if value is None else self._adapter.validate_json(value)


class FreeJson(TypeDecorator[Any]):
    """Whatever a model answered, as JSON in ASCII: NUL and half characters survive as escapes."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        """Return the value as JSON; what JSON does not know becomes text."""
        return None if value is None else json.dumps(value, default=str)

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        """Return what the JSON says."""
        return None if value is None else json.loads(value)


class PlainDecimal(TypeDecorator[Decimal]):
    """A Decimal as its own digits, for fractions that are only read and never summed in SQL."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> str | None:
        """Return the digits."""
        return None if value is None else str(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:
        """Return the number that the digits say."""
        return None if value is None else Decimal(value)
