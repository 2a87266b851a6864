"""What an audit of the books looks at, row by row as it lies there, and what it finds."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any, NamedTuple

from core.domain.actions import ActionKind
from core.domain.values import Frozen


class Rule(StrEnum):
    """What the books must obey, by the names that documents use."""

    GUARD = "guard"
    READABLE = "readable"
    ACCOUNT = "account"
    DEPOSIT = "deposit"
    CASH = "cash"
    OVERDRAWN = "overdrawn"
    SHORT = "short"
    TOTALS = "totals"
    HOLDING = "holding"
    CLOSED_TRADE = "closed trade"
    MOVEMENT = "movement"
    FILL = "fill"
    ORDER = "order"
    BALLOT = "ballot"
    IMPORT = "import"
    SEAT = "seat"
    RUN = "run"
    ACTION = "corporate action"
    SESSION = "session"
    DAILY_VALUE = "daily value"
    MARK = "mark"
    RESET = "reset"


class Finding(Frozen):
    """One thing in the books that is not as it must be: where, what it is, what it should be, what it is."""

    rule: Rule
    where: str
    what: str
    expected: str
    found: str

    @property
    def sentence(self) -> str:
        """The finding as a person reads it."""
        return f"{self.where}: {self.what} should be {self.expected}, and is {self.found}."


class Extent(NamedTuple):
    """How much there is to audit."""

    seasons: int
    members: int
    fills: int


class Pair(NamedTuple):
    """Two rows that belong together and do not agree; `other` is None where the second one is missing.

    `own` and `other` name the same facts. `other_is` says what the second row is to the first.
    """

    rule: Rule
    where: str
    other_is: str
    own: Mapping[str, Any]
    other: Mapping[str, Any] | None


class FillRow(NamedTuple):
    """A fill, and what is kept as closed by it. Here and below, times are microseconds since 1970."""

    id: str
    ticker: str
    side: str
    shares: Decimal
    price: Decimal
    amount_usd: Decimal
    fee_usd: Decimal
    at: int
    pnl_usd: Decimal | None
    cost_usd: Decimal | None


class SplitRow(NamedTuple):
    """What a split did to a holding."""

    ticker: str
    ex_date: date
    ratio: Decimal
    shares_before: Decimal
    shares_after: Decimal
    at: int


class MoveRow(NamedTuple):
    """Cash that moved without a fill, the deposit apart. A reset is of no ticker and no session."""

    kind: str
    ticker: str | None
    session: date | None
    amount_usd: Decimal
    at: int


class ResetRow(NamedTuple):
    """A portfolio that began again, and the sum of all cash movements booked up to then, in USD."""

    at: int
    cash_usd: Decimal


class ActionRow(NamedTuple):
    """A split or dividend that was applied to a season's books."""

    ticker: str
    kind: ActionKind
    ex_date: date
    value: Decimal
    at: int


class HoldingRow(NamedTuple):
    """A holding as it is kept: shares, and the average cost with all its digits."""

    shares: Decimal
    average: Decimal


class TotalsRow(NamedTuple):
    """An account's running totals as they are kept."""

    deposits_usd: Decimal
    cash_usd: Decimal
    fills: int
    closed: int
    wins: int
    gains_usd: Decimal
    losses_usd: Decimal
    best_usd: Decimal | None
    worst_usd: Decimal | None
    last_at: int | None


class BookRows(NamedTuple):
    """What is kept of one member's books in one season, its fills apart. `cash_usd` sums all movements."""

    season: str
    member: str
    opened: bool
    deposits: tuple[Decimal, ...]
    cash_usd: Decimal
    totals: TotalsRow | None
    holdings: Mapping[str, HoldingRow]
    splits: tuple[SplitRow, ...]
    moves: tuple[MoveRow, ...]
    resets: tuple[ResetRow, ...] = ()


class OrderRow(NamedTuple):
    """An order that a ballot made."""

    id: str
    run_id: str
    side: str


class SessionRow(NamedTuple):
    """A session that a season's books went through."""

    season: str
    session: date
    closed_at: int


class ValueRow(NamedTuple):
    """What a member's books were worth at a session's close; `passed`: the season went through it."""

    season: str
    member: str
    session: date
    value_usd: Decimal | None
    cash_usd: Decimal
    long_usd: Decimal
    short_usd: Decimal
    passed: bool


class SumsRow(NamedTuple):
    """The kept totals of an account beside the same figures summed up by the database."""

    season: str
    member: str
    kept: Mapping[str, Any]
    summed: Mapping[str, Any]
