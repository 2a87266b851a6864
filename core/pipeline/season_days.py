"""The days of a live season: when it trades, when it is over, and what is said outside of them."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from core.domain.errors import Refused
from core.domain.live_season import SEASON_ENDED, LiveSeason
from core.market.calendar import MarketCalendar

NEXT = "Start another with conclave season start NAME, or /season start NAME."


def last_close(live: LiveSeason, calendar: MarketCalendar) -> datetime | None:
    """Return the close (UTC) of the last session on or before a season's last day, None without one."""
    return None if live.last_day is None else calendar.exchange.back(live.last_day).closes


def check_trading(live: LiveSeason | None, calendar: MarketCalendar, now: datetime, zone: ZoneInfo) -> None:
    """Check that a live season trades at `now`; without one, the first is about to begin.

    Raises:
        Refused: it has ended or has not begun.
    """
    if live is None:
        return
    end = live.ended_at or last_close(live, calendar)
    if live.ended or (end is not None and end <= now):
        told = f" on {end.astimezone(zone).date()}" if end else ""
        raise Refused(
            f"The season {live.season} ended{told}; nothing is asked or traded until the next one. {NEXT}"
        )
    # One that nobody started trades since its first run, even where another clock is a little ahead.
    if live.first_day is not None and now < live.begins_at:
        raise Refused(
            f"The season {live.season} begins on {live.first_day}; nothing is asked or traded until then."
        )


def hindsight(live: LiveSeason | None, next_open: datetime) -> str | None:
    """Return why a ballot that would fill at `next_open` does not trade in these books, or None."""
    if live is None:
        return None
    if live.ended:
        return SEASON_ENDED
    if live.first_day is not None and next_open <= live.begins_at:
        return f"books only go forward: the season began on {live.first_day}"
    return None


def days_of(
    live: LiveSeason, calendar: MarketCalendar, now: datetime, zone: ZoneInfo
) -> tuple[int, int | None]:
    """Return how many sessions of a season have closed or are on at `now`, and how many it has in all."""
    first = live.first_day or live.begins_at.astimezone(zone).date()
    today = now.astimezone(zone).date()
    until = min(today, live.last_day) if live.last_day else today
    if live.ended_at is not None:
        until = min(until, live.ended_at.astimezone(zone).date())
    gone = _count(calendar, first, until)
    return gone, _count(calendar, first, live.last_day) if live.last_day else None


def _count(calendar: MarketCalendar, first: date, last: date) -> int:
    return len(calendar.exchange.between(first, last)) if first <= last else 0
