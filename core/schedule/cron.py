"""Cron expressions of five fields, with the meaning that cron(5) gives them.

The scheduler's library counts weekdays from Monday, wants day and weekday both to fit, and steps in its own
way over hours that clocks skip or repeat. So expressions are read here, as days and times of a wall clock.
"""

import re
from calendar import monthrange
from collections.abc import Iterable
from datetime import date, time
from functools import lru_cache
from typing import NamedTuple

from core.domain.errors import Refused

EXAMPLE = "cron 30 16 * * 1-5"
FIELDS = 5
_LONGEST = 100
_LEAP_YEAR = 2024
_SUNDAY = 7
_PART = re.compile(r"(?:\*|(\w+)(?:-(\w+))?)(?:/(\d{1,2}))?", re.ASCII)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")


class Cron(NamedTuple):
    """On which days, and at which times of these, sorted.

    `either` says that day of the month and weekday were both given: then one of them suffices.
    """

    times: tuple[time, ...]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    either: bool

    def on(self, day: date) -> bool:
        """Say whether the expression has times on `day`."""
        if day.month not in self.months:
            return False
        by_date, by_weekday = day.day in self.days, day.isoweekday() in self.weekdays
        return by_date or by_weekday if self.either else by_date and by_weekday


class _Field(NamedTuple):
    name: str
    lowest: int
    highest: int
    names: tuple[str, ...] = ()


_MINUTE, _HOUR = _Field("minute", 0, 59), _Field("hour", 0, 23)
_DATE, _MONTH = _Field("day of the month", 1, 31), _Field("month", 1, 12, _MONTHS)
_WEEKDAY = _Field("weekday", 0, _SUNDAY, _WEEKDAYS)


@lru_cache(maxsize=1024)
def parse_cron(expression: str) -> Cron:
    """Return what the five fields mean: minute, hour, day of the month, month, weekday.

    Each is `*`, a number, a range `1-5`, any of these with a step `*/15`, or a list of such with commas;
    months and weekdays also have names. Sunday is 0 or 7. As in cron(5), a day of the month and a weekday
    that are both given, by something that does not begin with `*`, mean days that fit either.

    Raises:
        Refused: it has not five fields, one of them cannot be read, or no year has such a day.
    """
    fields = expression.lower().split()
    if len(expression) > _LONGEST:
        raise Refused(f"That cron expression is longer than {_LONGEST} signs; write one like {EXAMPLE}.")
    if len(fields) != FIELDS:
        raise Refused(
            f"A cron expression has five fields (minute, hour, day, month, weekday), not {len(fields)}: "
            f"write for instance {EXAMPLE}."
        )
    minutes, hours = _numbers(fields[0], _MINUTE), _numbers(fields[1], _HOUR)
    days, months = _numbers(fields[2], _DATE), _numbers(fields[3], _MONTH)
    # ISO counts Sunday as 7.
    weekdays = frozenset(number or _SUNDAY for number in _numbers(fields[4], _WEEKDAY))
    either = not fields[2].startswith("*") and not fields[4].startswith("*")
    if not either and not _exists(days, months):
        raise Refused(f"No year has the day of “{expression}”: write for instance {EXAMPLE}.")
    times = tuple(time(hour, minute) for hour in sorted(hours) for minute in sorted(minutes))
    return Cron(times, days, months, weekdays, either)


def _exists(days: Iterable[int], months: Iterable[int]) -> bool:
    """Say whether one of the months ever has one of the days."""
    return min(days) <= max(monthrange(_LEAP_YEAR, month)[1] for month in months)


def _numbers(text: str, field: _Field) -> frozenset[int]:
    return frozenset(number for part in text.split(",") for number in _part(part, field))


def _part(text: str, field: _Field) -> range:
    found = _PART.fullmatch(text)
    if found is None:
        raise _unreadable(text, field)
    first, last, step = found.groups()
    lowest, highest = field.lowest, field.highest
    if first is not None:
        lowest = _number(first, field)
        if last is not None:
            highest = _number(last, field)
        elif step is None:
            highest = lowest
    if field is _WEEKDAY and last is not None and highest == 0 < lowest:
        highest = _SUNDAY  # sat-sun
    if lowest > highest or (step is not None and not int(step)):
        raise _unreadable(text, field)
    return range(lowest, highest + 1, int(step or 1))


def _number(text: str, field: _Field) -> int:
    if text in field.names:
        # Names of months count from one, those of weekdays from zero.
        return field.names.index(text) + field.lowest
    if text.isdecimal() and field.lowest <= int(text) <= field.highest:
        return int(text)
    raise _unreadable(text, field)


def _unreadable(text: str, field: _Field) -> Refused:
    shown = "".join(sign for sign in text if sign.isprintable())[:20]
    return Refused(
        f"“{shown}” is no {field.name} of a cron expression ({field.lowest} to {field.highest}): "
        f"write for instance {EXAMPLE}."
    )
