"""The part of a wish that says when, read word by word."""

import difflib
from collections import deque
from collections.abc import Callable
from datetime import time
from typing import Literal, NamedTuple, cast

from core.domain.errors import Refused
from core.domain.stage import Preset
from core.domain.subscription import EVERY_DAY, AtCron, AtSession, AtTime, Topic
from core.schedule import vocabulary
from core.schedule.clock_words import read_clock, read_zone, shown, zone_named
from core.schedule.cron import EXAMPLE, FIELDS, parse_cron
from core.schedule.vocabulary import (
    AFTER,
    BEFORE,
    CRON,
    EDGES,
    EXAMPLES,
    FILLERS,
    HALVES,
    MOST_MINUTES,
    PRESETS,
    SIDES,
    UNITS,
    WEEKLY,
)

_DEFAULT_DAYS = {Topic.LEADERBOARD: (5,), Topic.REVIEW: (6,)}


class _Session(NamedTuple):
    edge: str
    minutes: int


_AFTER_CLOSE = _Session("close", AFTER)
_DEFAULT_TIME: dict[Topic, time | _Session] = {
    Topic.DIGEST: _AFTER_CLOSE,
    Topic.LEADERBOARD: _AFTER_CLOSE,
    Topic.REVIEW: time(10),
    Topic.COSTS: time(18),
}


class Phrase:
    """What has been read so far of the time of one topic; all of its parts may come in any order."""

    def __init__(self, topic: Topic) -> None:
        self._topic = topic
        self._example = EXAMPLES[topic]
        self._days: set[int] = set()
        self._time: time | _Session | AtCron | None = None
        self._zone: str | None = None
        self._weekly = False
        self.preset: Preset | None = None

    def read(self, pieces: deque[str]) -> None:
        """Take all words, with what stands between commas one by one.

        Raises:
            Refused: one of them has no meaning here, or contradicts another.
        """
        readers: tuple[Callable[[str, deque[str]], bool], ...] = (
            self._filler, self._day, self._cron, self._edge,
            self._amount, self._clock, self._preset, self._place,
        )  # fmt: skip
        while pieces:
            word = pieces.popleft()
            if "," in word:
                pieces.extendleft(reversed(word.split(",")))
            elif word and not any(reader(word.lower(), pieces) for reader in readers):
                raise self._not_understood(word)

    def when(self) -> AtTime | AtSession | AtCron:
        """Return the time that was read, completed by what the topic has by itself.

        Raises:
            Refused: it lacks what the topic does not have by itself, or its parts do not fit each other.
        """
        found = self._time or _DEFAULT_TIME.get(self._topic)
        if found is None:
            raise Refused(f"When? Add days and a time, for instance {self._example}.")
        if isinstance(found, AtCron):
            if self._days:
                raise Refused(f"A cron expression names its days itself, as in {EXAMPLE} for weekdays.")
            return found.model_copy(update={"zone": self._zone})
        if self._weekly and not self._days and self._topic not in _DEFAULT_DAYS:
            raise Refused(
                f"Weekly on which day? Write for instance /subscribe {self._topic} … fridays 17:00."
            )
        days = tuple(sorted(self._days)) or _DEFAULT_DAYS.get(self._topic, EVERY_DAY)
        if isinstance(found, time):
            return AtTime(days=days, at=found, zone=self._zone)
        if self._zone:
            raise Refused(
                "The open and the close have no time zone of your choice: write a time of day for "
                f"{self._zone}, as in /subscribe {self._topic} … 17:00 {self._zone}."
            )
        edge = cast("Literal['open', 'close']", found.edge)
        return AtSession(edge=edge, minutes=found.minutes, days=days)

    def _filler(self, word: str, _: deque[str]) -> bool:
        self._weekly = self._weekly or word == WEEKLY
        return word in FILLERS or word == WEEKLY

    def _day(self, word: str, _: deque[str]) -> bool:
        days = vocabulary.days_in(word)
        self._days.update(days)
        return bool(days)

    def _cron(self, word: str, pieces: deque[str]) -> bool:
        if word != CRON:
            return False
        fields = [pieces.popleft().lower() for _ in range(min(FIELDS, len(pieces)))]
        expression = " ".join(fields)
        parse_cron(expression)
        self._take(AtCron(expression=expression))
        return True

    def _edge(self, word: str, pieces: deque[str]) -> bool:
        """Read `before the open`, `after close`, or the bare `open` of `at the open`."""
        if word in SIDES:
            self._take(_Session(self._edge_after(word, pieces), AFTER if SIDES[word] > 0 else -BEFORE))
        elif word in EDGES:
            self._take(_Session(EDGES[word], 0))
        return word in SIDES or word in EDGES

    def _amount(self, word: str, pieces: deque[str]) -> bool:
        """Read `30 minutes before the close`, `1h after open`, or the `10 am` of a clock."""
        amount = vocabulary.amount_in(word)
        if amount is None:
            return False
        unit = amount.unit
        if not unit and pieces and pieces[0].lower() in {*UNITS, *HALVES}:
            unit = pieces.popleft().lower()
        if unit not in UNITS:
            self._take(read_clock(f"{amount.number}{unit}"))
            return True
        minutes = amount.number * UNITS[unit]
        side = pieces.popleft().lower() if pieces else ""
        if side not in SIDES:
            raise Refused(
                f"{amount.number} {unit} before or after what? "
                f"Write for instance /subscribe {self._topic} … 30 minutes before the close."
            )
        if minutes > MOST_MINUTES:
            raise Refused(
                f"{amount.number} {unit} is too far from a session, by more than 12 hours: {self._example}."
            )
        self._take(_Session(self._edge_after(side, pieces), minutes * SIDES[side]))
        return True

    def _edge_after(self, side: str, pieces: deque[str]) -> str:
        while pieces and pieces[0].lower() in FILLERS:
            pieces.popleft()
        if not pieces or pieces[0].lower() not in EDGES:
            raise Refused(f"{side.title()} what? Write {side} open or {side} close, as in {self._example}.")
        return EDGES[pieces.popleft().lower()]

    def _clock(self, word: str, pieces: deque[str]) -> bool:
        """Read any word with a colon as a time of day, so that a wrong one is told as such."""
        if ":" not in word:
            return False
        if pieces and pieces[0].lower() in HALVES:
            word += pieces.popleft().lower()
        self._take(read_clock(word))
        return True

    def _preset(self, word: str, pieces: deque[str]) -> bool:
        named = word == "preset"
        if named:
            word = pieces.popleft().lower() if pieces else ""
        elif word not in PRESETS:
            return False
        if self._topic is not Topic.VERDICTS:
            raise Refused(
                f"Only verdicts take a preset, for {self._topic} runs no committee: {self._example}."
            )
        if word not in PRESETS:
            raise self._no_preset(word)
        if self.preset not in (None, Preset(word)):
            raise Refused(f"Choose one preset, {self.preset} or {word}, as in {self._example} {word}.")
        self.preset = Preset(word)
        return True

    def _place(self, word: str, _: deque[str]) -> bool:
        zone = read_zone(word) if "/" in word else zone_named(word)
        if zone and self._zone not in (None, zone):
            raise Refused(f"Choose one time zone, {self._zone} or {zone}, as in 17:00 {zone}.")
        self._zone = zone or self._zone
        return zone is not None

    def _take(self, found: time | _Session | AtCron) -> None:
        if self._time is not None:
            raise Refused(f"A subscription has one time; for another, subscribe again: {self._example}.")
        self._time = found

    def _no_preset(self, word: str) -> Refused:
        return Refused(
            f"“{shown(word)}” is not a preset: choose {', '.join(PRESETS)}, as in {self._example} quick."
        )

    def _not_understood(self, word: str) -> Refused:
        """Say which of the things that could stand here a word comes near to."""
        verdicts = self._topic is Topic.VERDICTS
        known = [known for known in vocabulary.UNMISTAKABLE if verdicts or known not in PRESETS]
        near = difflib.get_close_matches(word.lower(), known, n=1, cutoff=0.7)
        if near:
            return Refused(
                f"I don't understand “{shown(word)}”. Did you mean {near[0]}, as in {self._example}?"
            )
        if not verdicts:
            return Refused(
                f"I don't understand “{shown(word)}” as a time: write for instance {self._example}."
            )
        if self._time is not None:
            return Refused(
                f"“{shown(word)}” is neither a preset ({', '.join(PRESETS)}) nor a time zone "
                f"such as Europe/London; tickers come before the time, as in {self._example}."
            )
        return Refused(
            f"I don't understand “{shown(word)}”: tickers come first, then the time: {self._example}."
        )
