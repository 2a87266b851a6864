"""Moments that people type."""

from datetime import datetime

from core.market.calendar import MarketCalendar, moment_from


def ready() -> bool:
    """Say whether a moment is read at once; if not, the first one loads the exchange's calendar."""
    return MarketCalendar().exchange.loaded


def as_of_from(text: str) -> datetime:
    """Return the moment, in UTC, that `text` means; a bare date means after that session's close.

    Raises:
        Refused: the text is no moment; the sentence shows how to write one.
    """
    return moment_from(text, MarketCalendar())
