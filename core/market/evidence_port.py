"""What vendors of evidence beside prices must do.

Empty or None means: the vendor knows the instrument and has nothing, or does not know it. Anything else that
keeps it from answering raises a `core.domain.errors.VendorFailure`, without any key in its words. A vendor
does not cut at `as_of`, and does not remember, wait or try again: the gathering does, for all vendors alike.
A vendor may do several of these.
"""

from datetime import date, datetime
from typing import Protocol

from core.domain.evidence_items import Filing, Identity, MacroReading, Mood, NewsItem, Snapshot


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

    async def news(self, ticker: str, since: datetime, until: datetime) -> tuple[NewsItem, ...]:
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

    async def readings(self, until: date) -> tuple[MacroReading, ...]:
        """Return, of each configured series, the readings that were released up to `until`, as then known."""
        ...
