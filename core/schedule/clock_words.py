"""Times of day and time zones as people write them."""

import difflib
import re
from datetime import time
from functools import cache
from zoneinfo import available_timezones

from core.domain.errors import Refused

_CLOCK = re.compile(r"(\d{1,2})(?::(\d\d))?(am|pm)?", re.ASCII)
_NOT_MEANT = {"localtime", "Factory", "posixrules"}
"""Entries of the zone database that name no zone, or one that differs from machine to machine."""
_MOST_SHOWN = 30
_NOON = 12
_HOURS, _MINUTES = 24, 60


def shown(text: str) -> str:
    """Return what a person typed, fit to be repeated in one sentence: printable and short."""
    line = "".join(sign if sign.isprintable() else " " for sign in text).strip()
    return line if len(line) <= _MOST_SHOWN else f"{line[: _MOST_SHOWN - 1]}…"


def read_clock(text: str) -> time:
    """Return the time of day that `text` names: 16:30, 9:05, 10am, 4:30pm, in any case.

    Raises:
        Refused: it is none, as 25:00, 13pm, or a bare number.
    """
    found = _CLOCK.fullmatch(text.strip().lower())
    if found and (found[2] or found[3]):
        hour, minute, half = int(found[1]), int(found[2] or 0), found[3]
        if half and 1 <= hour <= _NOON:
            hour = hour % _NOON + (_NOON if half == "pm" else 0)
        elif half:
            hour = _HOURS
        if hour < _HOURS and minute < _MINUTES:
            return time(hour, minute)
    raise Refused(f"“{shown(text)}” is no time of day: write it like 16:30 or 4:30pm.")


def zone_named(text: str) -> str | None:
    """Return the time zone of that name in any case, as the database spells it; None if there is none."""
    return _zones().get(text.lower())


def read_zone(text: str) -> str:
    """Return the time zone that `text` names in any case, as the zone database spells it.

    Raises:
        Refused: there is none of that name.
    """
    zone = zone_named(text.strip())
    if zone is None:
        near = difflib.get_close_matches(text.strip().lower(), _zones(), n=1, cutoff=0.75)
        hint = f"Did you mean {_zones()[near[0]]}?" if near else "Write one like America/New_York or UTC."
        raise Refused(f"I don't know the time zone “{shown(text)}”. {hint}")
    return zone


@cache
def _zones() -> dict[str, str]:
    """Return all zones by their name in lower case."""
    return {name.lower(): name for name in sorted(available_timezones() - _NOT_MEANT)}
