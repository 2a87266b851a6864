"""A log of trades that were made elsewhere: as it is read from a file, and as it is booked."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from core.domain.books import Side
from core.domain.errors import Refused
from core.domain.season import Season
from core.domain.values import Frozen


class LogPrice(StrEnum):
    """At which price logged trades are booked: the session's open or close, or the log's own column."""

    OPEN = "open"
    CLOSE = "close"
    COLUMN = "column"


class LoggedTrade(NamedTuple):
    """One row that trades. `line` is where it begins in the file, `price` (USD a share) what it has, if any.

    A named tuple and no model: a log may have a million of them.
    """

    line: int
    day: date
    ticker: str
    side: Side
    shares: Decimal
    price: Decimal | None = None


@dataclass(frozen=True)
class TradeLog:
    """A whole log: its trades in order, its first and last day, and how many rows it has that trade nothing.

    `sha256` is that of the file, by which the same log is known again.
    """

    file_name: str
    sha256: str
    trades: tuple[LoggedTrade, ...]
    first: date
    last: date
    rows: int
    without_trade: int


class LoggedFill(NamedTuple):
    """A row as it is booked: at which moment (UTC) of which session, and at which price (USD a share).

    `reference` is the price before slippage, `amount_usd` the change of cash without the fee.
    """

    line: int
    at: datetime
    session: date
    ticker: str
    side: Side
    shares: Decimal
    reference: Decimal
    price: Decimal
    amount_usd: Decimal
    fee_usd: Decimal


class Imported(Frozen):
    """What an import has done: rows, trades, sessions of daily values, and the member's value at the last.

    `outside_range` counts trades whose own price is outside what was traded at that day; the first is in line
    `first_outside`.
    """

    season: Season
    member: str
    rows: int
    trades: int
    without_trade: int
    outside_range: int
    first_outside: int | None
    sessions: int
    first: date
    last: date
    value_usd: Decimal | None


def refusal(file_name: str, line: int, why: str) -> Refused:
    """Return the refusal of a log because of one of its lines; `why` is a sentence without its full stop."""
    return Refused(f"{file_name} line {line}: {why}. Nothing was imported.")
