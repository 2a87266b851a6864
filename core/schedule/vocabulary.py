"""The words of a wish in one line, which `reading` takes and `wording` gives."""

import re
from typing import NamedTuple

from core.domain.stage import Preset
from core.domain.subscription import EVERY_DAY, WEEKDAYS, Topic

AFTER = 15
"""Minutes that a bare `after open` or `after close` means: vendors need some to have the prices."""
BEFORE = 30
"""Minutes that a bare `before open` or `before close` means: time to read, and to act on it."""
MOST_MINUTES = 720
MOST_TICKERS = 5

WEEKENDS = (6, 7)
DAY_NAMES = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_SHORT = {
    "mon": 1, "tue": 2, "tues": 2, "wed": 3, "weds": 3, "thu": 4, "thur": 4, "thurs": 4,
    "fri": 5, "sat": 6, "sun": 7,
}  # fmt: skip
_ONE_DAY = {name: number for number, name in enumerate(DAY_NAMES, 1)} | _SHORT
_DAYS = {
    **{word: (number,) for name, number in _ONE_DAY.items() for word in (name, f"{name}s")},
    **dict.fromkeys(("daily", "everyday", "day", "days"), EVERY_DAY),
    **dict.fromkeys(("weekday", "weekdays"), WEEKDAYS),
    **dict.fromkeys(("weekend", "weekends"), WEEKENDS),
}
_RANGE = re.compile(r"([a-z]+)-([a-z]+)", re.ASCII)

TOPICS = {topic.value: topic for topic in Topic} | {
    "verdict": Topic.VERDICTS,
    "digests": Topic.DIGEST,
    "reviews": Topic.REVIEW,
    "cost": Topic.COSTS,
    "alert": Topic.ALERTS,
}
EXAMPLES = {
    Topic.VERDICTS: "/subscribe verdicts NVDA,AAPL weekdays 16:30",
    Topic.LEADERBOARD: "/subscribe leaderboard fridays 17:00",
    Topic.DIGEST: "/subscribe digest daily after close",
    Topic.REVIEW: "/subscribe weekly review saturdays 10:00",
    Topic.COSTS: "/subscribe costs weekdays 18:00",
    Topic.ALERTS: "/subscribe alerts on",
}
WATCHLIST = "watchlist"
PRESETS = tuple(preset.value for preset in Preset)
FILLERS = frozenset({"at", "the", "on", "every", "and", "for", "market", "markets", "market's", "session"})
EDGES = {
    **dict.fromkeys(("open", "opens", "opening"), "open"),
    **dict.fromkeys(("close", "closes", "closing"), "close"),
}
SIDES = {"before": -1, "after": 1}
UNITS = {
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), 1),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), 60),
}
HALVES = {"am": 0, "pm": 12}
CRON = "cron"
WEEKLY = "weekly"
UNIVERSAL = frozenset({"utc", "gmt"})
_FIXED = frozenset({*_DAYS, *PRESETS, *FILLERS, *EDGES, *SIDES, *UNIVERSAL, WATCHLIST, WEEKLY, "preset"})
UNMISTAKABLE = tuple(
    sorted({*DAY_NAMES, *PRESETS, WATCHLIST, "daily", "weekdays", "weekends", "before", "after"})
)
"""Words of which a misspelt one is no ticker."""
_SHORTEST_UNMISTAKABLE = 5
_AMOUNT = re.compile(r"(\d{1,4})([a-z]*)", re.ASCII)


class Amount(NamedTuple):
    """A whole number and what stood at its end, as in `30min` or `10am`, or nothing."""

    number: int
    unit: str


def amount_in(word: str) -> Amount | None:
    """Return the number of a word of lower case that is one, alone or with a unit."""
    found = _AMOUNT.fullmatch(word)
    if found is None or found[2] not in {"", *UNITS, *HALVES}:
        return None
    return Amount(int(found[1]), found[2])


def days_in(word: str) -> tuple[int, ...]:
    """Return the ISO weekdays that a word of lower case names, such as `mon`, `weekdays` or `fri-mon`."""
    if found := _RANGE.fullmatch(word):
        first, last = (_ONE_DAY.get(name.removesuffix("s"), _ONE_DAY.get(name)) for name in found.groups())
        if first and last:
            return tuple((first + number - 1) % 7 + 1 for number in range((last - first) % 7 + 1))
    return _DAYS.get(word, ())


def is_of_time(word: str) -> bool:
    """Say whether a word, in any case, belongs to a time and so is no ticker."""
    word = word.lower()
    return bool(word in _FIXED or ":" in word or "/" in word or amount_in(word) or days_in(word))


def is_mistakable(word: str) -> bool:
    """Say whether a word of a time is as short as tickers are, such as ON or SUN."""
    return word.isalpha() and len(word) < _SHORTEST_UNMISTAKABLE
