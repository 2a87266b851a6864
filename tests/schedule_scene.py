"""Slots of a wish as a person writes it, for tests of the schedule."""

from collections.abc import Sequence
from datetime import UTC, datetime

from core.domain.subscription import ChatTerms, Planned
from core.market.calendar import MarketCalendar
from core.schedule.reading import read_wanted
from core.schedule.slots import upcoming

CALENDAR = MarketCalendar()
ZONE = "America/New_York"
FAR = datetime(2200, 1, 1, tzinfo=UTC)
NO_TERMS = ChatTerms()


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def planned(
    line: str,
    after: str,
    count: int = 1,
    *,
    terms: ChatTerms = NO_TERMS,
    zone: str = ZONE,
    watchlist: Sequence[str] = (),
) -> list[Planned]:
    """The first `count` slots of the wish in `line` that come later than `after`."""
    wanted = read_wanted(line.split())
    return list(upcoming(wanted, terms, CALENDAR, zone, watchlist, utc(after), FAR, count))


def keys(line: str, after: str, count: int = 1, *, zone: str = ZONE) -> list[str]:
    """As `planned`, only when they are meant."""
    return [slot.key for slot in planned(line, after, count, zone=zone)]


def about(line: str, after: str, count: int = 1) -> list[tuple[str, tuple[str, ...]]]:
    """As `planned`, only when they are meant and the tickers that they are about."""
    return [(slot.key, slot.tickers) for slot in planned(line, after, count)]
