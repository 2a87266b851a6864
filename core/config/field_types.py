"""What values of the configuration look like; each refuses with what would be right instead."""

import re
from decimal import Decimal
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field

from core.domain.errors import BadTicker
from core.domain.instrument import parse_ticker


def _like(pattern: str, allowed: str) -> AfterValidator:
    """Accept only texts that match all of `pattern`; `allowed` says in words what that is."""

    def check(value: str) -> str:
        if not re.fullmatch(pattern, value, re.ASCII):
            raise ValueError(f"must be {allowed}")
        return value

    return AfterValidator(check)


def _ticker(value: str) -> str:
    try:
        return parse_ticker(value)
    except BadTicker:
        raise ValueError("must be a ticker such as NVDA, BRK-B or BTC-USD") from None


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("must be a time zone such as America/New_York or UTC") from None
    return value


_ADDRESS = r"https?://[^\s/?#@]+[^\s]*"
_ADDRESS_IN_WORDS = "an address that starts with http:// or https://, without a password in it"

Seconds = Annotated[float, Field(gt=0, le=86_400)]
Usd = Annotated[Decimal, Field(gt=0, max_digits=18, decimal_places=8, allow_inf_nan=False)]
UsdPerMtok = Annotated[Decimal, Field(ge=0, le=1_000_000, allow_inf_nan=False)]
BasisPoints = Annotated[Decimal, Field(ge=0, le=1000, allow_inf_nan=False)]
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}", re.ASCII)
"""What names of members, providers and keys look like."""
NAME_IN_WORDS = "1 to 40 letters, digits, dots, dashes or underscores, with a letter or digit first"
Name = Annotated[str, _like(NAME.pattern, NAME_IN_WORDS)]
Ticker = Annotated[str, AfterValidator(_ticker)]
Zone = Annotated[str, AfterValidator(_zone)]
Text = Annotated[str, _like(r"(?s).*\S.*", "a text that is not empty")]
HttpAddress = Annotated[str, _like(_ADDRESS, _ADDRESS_IN_WORDS)]
HttpAddressOrNone = Annotated[str, _like(f"(?:{_ADDRESS})?", f'{_ADDRESS_IN_WORDS}, or ""')]
DatabaseAddress = Annotated[
    str,
    _like(
        r"(?:sqlite\+aiosqlite:///|postgresql\+asyncpg://).+",
        "an address that starts with sqlite+aiosqlite:/// or postgresql+asyncpg://",
    ),
]
ChatId = Annotated[
    str, _like(r"telegram:-?[0-9]+|slack:[A-Z0-9]+", "an id such as telegram:1001 or slack:U0ALICE")
]
TickerFile = Annotated[
    str, _like(r"[^/\\]*\{ticker\}[^/\\]*", "a file name with {ticker} in it and no folder")
]
