"""What vendors of evidence beside prices must do.

Empty or None means: the vendor knows the instrument and has nothing, or does not know it. Anything else that
keeps it from answering raises a `core.domain.errors.VendorFailure`, without any key in its words. A vendor
does not cut at `as_of`, and does not remember, wait or try again: the gathering does, for all vendors alike.
A vendor may do several of these. One that asks for an answer in parts may answer `Partly` where some fail.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

from core.domain.errors import VendorFailure
from core.domain.evidence_items import Filing, Identity, MacroReading, Mood, NewsItem, Snapshot

T = TypeVar("T")


class Missing(NamedTuple):
    """A part that could not be had, named as in "without GDP", and why."""

    part: str
    failure: VendorFailure


@dataclass(frozen=True)
class Partly(Generic[T]):
    """An answer that lacks parts: what was said all the same, and what is missing.

    It is used as any other, but kept for a short time only, and what is missing is named beside it.
    """

    said: tuple[T, ...]
    missing: tuple[Missing, ...]


def without(answer: Any) -> tuple[Any, tuple[Missing, ...]]:
    """Return what an answer says, and what it lacks."""
    return (answer.said, answer.missing) if isinstance(answer, Partly) else (answer, ())


class EvidenceVendor(Protocol):
    """What all of them have."""

    name: str

    async def close(self) -> None:
        """Release connections."""
        ...


class IdentityVendor(EvidenceVendor, Protocol):
    """Tells what an instrument is."""

    async def identity(self, ticker: str) -> Identity | None:
        """Return what the instrument is, or None for one that the vendor does not know."""
        ...


class NewsVendor(EvidenceVendor, Protocol):
    """A source of news."""

    async def news(
        self, ticker: str, since: datetime, until: datetime
    ) -> tuple[NewsItem, ...] | Partly[NewsItem]:
        """Return news about the instrument, and of the market where the vendor has it, in any order.

        The times help a vendor that can ask by time; items from outside may be among the answer.
        """
        ...


class FundamentalsVendor(EvidenceVendor, Protocol):
    """A source of statements."""

    async def filings(self, ticker: str) -> tuple[Filing, ...]:
        """Return the statements of all periods that the vendor has, in any order, without a `lag_days`."""
        ...

    async def snapshot(self, ticker: str) -> Snapshot | None:
        """Return the ratios of this moment, or None where the vendor has none. Not asked for the past."""
        ...


class SentimentVendor(EvidenceVendor, Protocol):
    """A source of moods."""

    async def moods(self, ticker: str, since: datetime, until: datetime) -> tuple[Mood, ...]:
        """Return posts or scores about the instrument, in any order; times as for news."""
        ...


class MacroVendor(EvidenceVendor, Protocol):
    """A source of figures of the economy."""

    async def readings(self, until: date) -> tuple[MacroReading, ...] | Partly[MacroReading]:
        """Return, of each configured series, the readings that were released up to `until`, as then known."""
        ...
