"""What people type about subscriptions and the terms of their chat, read."""

import difflib
from collections.abc import Sequence
from datetime import time
from functools import cache
from zoneinfo import available_timezones

from core.domain.errors import Refused
from core.domain.subscription import Wanted
from core.schedule.clock_words import read_clock, read_zone, zone_named
from core.schedule.reading import read_wanted


def wanted_from(words: Sequence[str]) -> Wanted:
    """Return what a person wants to receive and when, by the words of one line.

    Raises:
        Refused: the words say no such thing; the sentence says what to write instead.
    """
    return read_wanted(words)


def clock_from(text: str) -> time:
    """Return the time of day that `text` names.

    Raises:
        Refused: it names none.
    """
    return read_clock(text)


def zone_from(text: str) -> str:
    """Return the time zone that a person means, in any case; its city alone is enough.

    Raises:
        Refused: there is none; the sentence names the nearest one, or how they are written.
    """
    wanted = "_".join(text.lower().split())
    if not wanted:
        raise Refused("Which time zone? Write for instance /settings timezone Europe/London.")
    if zone := zone_named(wanted) or _cities().get(wanted):
        return zone
    near = difflib.get_close_matches(wanted, _cities(), n=1, cutoff=0.75)
    if near:
        raise Refused(f"I don't know that time zone. Did you mean {_cities()[near[0]]}?")
    return read_zone(text)


@cache
def _cities() -> dict[str, str]:
    """Return zones by the city in their name, in lower case; of several the first by name."""
    named = [name for name in sorted(available_timezones(), reverse=True) if "/" in name]
    return {name.rpartition("/")[2].lower(): name for name in named if not name.startswith("Etc/")}
