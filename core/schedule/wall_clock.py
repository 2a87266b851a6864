"""From what a clock on the wall shows to the moment that is meant: no time is skipped, none comes twice."""

from collections.abc import Iterator
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
    return next((end for begin, end in _quiet(terms, zone, at, at) if begin <= at < end), at)


def awake(terms: ChatTerms, zone: str, since: datetime, until: datetime) -> timedelta:
    """Return how much of the time from `since` to `until` lay outside the chat's quiet hours.

    `zone` is the arena's.
    """
    quiet = [min(end, until) - max(begin, since) for begin, end in _quiet(terms, zone, since, until)]
    return until - since - sum((length for length in quiet if length > timedelta()), timedelta())


def _quiet(
    terms: ChatTerms, zone: str, since: datetime, until: datetime
) -> Iterator[tuple[datetime, datetime]]:
    """Tell the begin and end of the quiet hours that may touch the time from `since` to `until`, in UTC."""
    begins, ends = terms.quiet_from, terms.quiet_until
    if begins is None or ends is None or to_minute(begins) == to_minute(ends):
        return
    there = ZoneInfo(terms.zone or zone)
    day, newest = since.astimezone(there).date() - _DAY, until.astimezone(there).date()
    while day <= newest:
        last = day + _DAY if ends < begins else day
        yield moment_of(day, to_minute(begins), there), moment_of(last, to_minute(ends), there)
        day += _DAY


def to_minute(at: time) -> time:
    """Return a time of the wall clock without seconds: all that is planned is planned to the minute."""
    return time(at.hour, at.minute)
