"""A log of trades that were made elsewhere, as it is read from a file."""

from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from core.domain.books import Side
from core.domain.season import Season
from core.domain.values import Frozen, Price


class LogPrice(StrEnum):
    """At which price logged trades are booked: the session's open or close, or the log's own column."""

    OPEN = "open"
    CLOSE = "close"
    COLUMN = "column"


class LoggedTrade(Frozen):
    """One row that trades. `line` is its line in the file, `price` (USD a share) what the log has, if any."""

    line: int
    day: date
    ticker: str
    side: Side
    shares: Annotated[Decimal, Field(gt=0)]
    price: Price | None = None


class TradeLog(Frozen):
    """A whole log: its trades in order, its last day, and how many rows it has that trade nothing.

    `sha256` is that of the file, by which the same log is not imported twice.
    """

    file_name: str
    sha256: str
    trades: tuple[LoggedTrade, ...]
    first: date
    last: date
    rows: int
    without_trade: int


class Imported(Frozen):
    """What an import has done: rows, trades, sessions of daily values, and the member's value at the end."""

    season: Season
    member: str
    rows: int
    trades: int
    without_trade: int
    sessions: int
    first: date
    last: date
    value_usd: Decimal | None
