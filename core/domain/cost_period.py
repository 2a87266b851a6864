"""The time that costs are asked about: today, so many days with today, or all of it."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from core.domain.errors import Refused
from core.domain.period import ALL, days_of

TODAY = "today"
USUAL = "7d"


def begins(period: str, now: datetime, zone: ZoneInfo) -> datetime | None:
    """Return when a period begins, in UTC: at a midnight of `zone`; None for all of it.

    `today` is the calendar day of `now`, and `7d` that day and the six before it.

    Raises:
        Refused: it is neither `today`, `all` nor a number of days.
    """
    if period == ALL:
        return None
    try:
        days = 1 if period == TODAY else days_of(period) or 1
    except Refused as error:
        raise Refused(str(error).replace("write all,", "write today, all,")) from None
    day = now.astimezone(zone).date() - timedelta(days=days - 1)
    return datetime.combine(day, time(), zone).astimezone(UTC)
