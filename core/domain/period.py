"""Periods of a ranking: the whole season, or so many calendar days back from its newest session."""

import re

from core.domain.errors import Refused

ALL = "all"
LONGEST_DAYS = 3650
_DAYS = re.compile(r"(\d{1,9})d", re.ASCII)


def days_of(period: str) -> int | None:
    """Return how many calendar days a period goes back from the newest session, or None for all of it.

    The newest session is the first of these days, so `7d` after a Friday's close begins with Monday and is
    measured from the close of the Friday before.

    Raises:
        Refused: it is neither `all` nor a number of days such as `7d`, from `1d` to `3650d`.
    """
    if period == ALL:
        return None
    match = _DAYS.fullmatch(period)
    days = int(match[1]) if match else 0
    if not 1 <= days <= LONGEST_DAYS:
        shown = "".join(sign if sign.isprintable() else " " for sign in period)[:30]
        raise Refused(f"“{shown}” is not a period: write all, or days such as 7d, up to {LONGEST_DAYS}d.")
    return days
