"""From what a clock on the wall shows to the moment that is meant: no time is skipped, none comes twice."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from core.domain.subscription import ChatTerms

MINUTE = timedelta(minutes=1)
_DAY = timedelta(days=1)


def moment_of(day: date, at: time, zone: ZoneInfo) -> datetime:
    """Return the moment, in UTC, at which the wall clock of `zone` first shows `at` on `day`.

    A time that the clocks skip means the moment at which they skip it. A later time of the wall never means
    an earlier moment.
    """
    meant = datetime.combine(day, at, zone)
    moment = meant.astimezone(UTC)
    if moment.astimezone(zone).replace(tzinfo=None) == meant.replace(tzinfo=None):
        return moment
    return _jump(meant.replace(fold=1).astimezone(UTC), moment, zone)


def _jump(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """Return the first whole minute since `before` at which the zone's offset is another."""
    offset = before.astimezone(zone).utcoffset()
    while after - before > MINUTE:
        middle = before + (after - before) // MINUTE // 2 * MINUTE
        if middle.astimezone(zone).utcoffset() == offset:
            before = middle
        else:
            after = middle
    return after


def quiet_end(terms: ChatTerms, zone: str, at: datetime) -> datetime:
    """Return `at`, or the end of the chat's quiet hours, in UTC, if `at` falls into them.

    `zone` is the arena's. Quiet hours go over midnight where they end at an earlier time than they begin at;
    ones that end when they begin are none.
    """
    begins, ends = terms.quiet_from, terms.quiet_until
    if begins is None or ends is None or to_minute(begins) == to_minute(ends):
        return at
    there = ZoneInfo(terms.zone or zone)
    today = at.astimezone(there).date()
    for day in (today - _DAY, today):
        last = day + _DAY if ends < begins else day
        end = moment_of(last, to_minute(ends), there)
        if moment_of(day, to_minute(begins), there) <= at < end:
            return end
    return at


def to_minute(at: time) -> time:
    """Return a time of the wall clock without seconds: all that is planned is planned to the minute."""
    return time(at.hour, at.minute)
