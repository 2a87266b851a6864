"""Which keys can be used now: what each was refused for, until when, and how much it has to do."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from core.clock import Clock
from core.domain.provider_health import KeyCondition, KeyState
from core.llm.key_marks import is_marked, mark_of
from core.llm.notes import Notes

LONGEST_BACKOFF_S = 60.0
LONGEST_REST_S = 86_400.0
SHORTEST_SHARED_S = 1.0
FORBIDDEN_S = 3600.0
_ALMOST = timedelta(milliseconds=1)
_OUT = {KeyCondition.NO_CREDIT, KeyCondition.REFUSED}


def _nobody(provider: str, key: str, seconds: float) -> None:
    """Tell nobody of a key that is left alone."""


@dataclass(slots=True, eq=False)
class Standing:
    """How much a key of this process has to do, and how often in a row it was told to slow down."""

    under_way: int = 0
    calls: int = 0
    day: date | None = None
    turn: int = 0
    in_a_row: int = 0
    spent: str = ""
    spent_on: date | None = None


@dataclass(frozen=True, slots=True)
class Opened:
    """A key with its secret, as one provider takes it."""

    provider: str
    name: str
    shown: str
    secret: str


class Keyring:
    """All keys of one process. `first_rest_s` is how long a key rests that is told to, without how long.

    `cooled` hears of each key that is left alone, and for how many seconds more than it was already.
    """

    def __init__(
        self,
        notes: Notes,
        clock: Clock,
        first_rest_s: float,
        *,
        cooled: Callable[[str, str, float], None] = _nobody,
    ) -> None:
        self.notes = notes
        self._clock = clock
        self._first_rest_s = first_rest_s
        self._cooled = cooled
        self._standings: dict[tuple[str, str], Standing] = {}
        self._turns = 0

    def standing(self, provider: str, name: str) -> Standing:
        """Return how much a key has to do."""
        return self._standings.setdefault((provider, name), Standing())

    def in_the_way(self, key: Opened, model: str) -> KeyState | None:
        """Return why a key cannot be used for a model now, or None.

        A note on a secret that has changed since counts no more.
        """
        for place in ("", model):
            note = self.notes.keys.get((key.provider, key.name, place))
            if note is None or note.condition is KeyCondition.USABLE:
                continue
            over = note.until is not None and note.until <= self._clock.now() + _ALMOST
            if not over and is_marked(note.mark, key.secret):
                return note
        return None

    def today(self) -> date:
        """Return the day in UTC, by which the calls of a key are counted."""
        return self._clock.now().date()

    def used_today(self, provider: str, name: str) -> int:
        """Return how many calls a key has served since midnight UTC, by all processes as far as is known."""
        standing, today = self.standing(provider, name), self._clock.now().date()
        own = standing.calls if standing.day == today else 0
        return max(own, self.notes.used.get((provider, name), 0))

    def begin(self, key: Opened) -> None:
        """Count a call that begins."""
        standing, today = self.standing(key.provider, key.name), self._clock.now().date()
        if standing.day != today:
            standing.day, standing.calls = today, self.notes.used.get((key.provider, key.name), 0)
        self._turns += 1
        standing.turn = self._turns
        standing.calls += 1
        standing.under_way += 1

    def end(self, key: Opened) -> None:
        """Count a call that has ended, however."""
        self.standing(key.provider, key.name).under_way -= 1

    def answered(self, key: Opened, model: str) -> None:
        """Lift whatever stood against a key that has just served a model."""
        self.standing(key.provider, key.name).in_a_row = 0
        for place in ("", model):
            note = self.notes.keys.get((key.provider, key.name, place))
            if note is not None and note.condition in _OUT:
                self._note(key, KeyCondition.USABLE, model=place)

    def found_good(self, key: Opened) -> None:
        """Lift whatever stands against a key that an operator has checked."""
        for provider, name, model in list(self.notes.keys):
            note = self.notes.keys[provider, name, model]
            if (provider, name) == (key.provider, key.name) and note.condition in _OUT:
                self._note(key, KeyCondition.USABLE, model=model)

    def slow_down(self, key: Opened, reason: str, retry_after_s: float | None) -> None:
        """Let a key rest: as long as the provider says, or else twice as long as the last time in a row."""
        standing, now = self.standing(key.provider, key.name), self._clock.now()
        known = self.notes.keys.get((key.provider, key.name, ""))
        resting = known is not None and known.condition is KeyCondition.RESTING
        until = known.until if known and resting and known.until and known.until > now else None
        if until is None:
            # Of calls that were under way together each is told so, but the key is told it once.
            standing.in_a_row += 1
        if retry_after_s is None:
            doubled = self._first_rest_s * 2.0 ** min(standing.in_a_row - 1, 20)
            rest_s = min(doubled, LONGEST_BACKOFF_S)
        else:
            rest_s = min(retry_after_s, LONGEST_REST_S)
        wanted = now + timedelta(seconds=rest_s)
        if until is None or wanted > until:
            self._note(key, KeyCondition.RESTING, reason, until=wanted, shared=rest_s >= SHORTEST_SHARED_S)

    def out_of_credit(self, key: Opened, model: str, reason: str, retry_after_s: float | None) -> None:
        """Take a key out for a model until its limit is renewed: as the provider says, or at midnight UTC.

        What is left may be too little for one model and enough for a cheaper or a free one.
        """
        now = self._clock.now()
        midnight = (now + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
        until = midnight if not retry_after_s else now + timedelta(seconds=min(retry_after_s, LONGEST_REST_S))
        self._note(key, KeyCondition.NO_CREDIT, reason, model=model, until=until)

    def refuse(self, key: Opened, reason: str) -> None:
        """Take a key out until its secret changes or somebody has checked it."""
        self._note(key, KeyCondition.REFUSED, reason)

    def forbid(self, key: Opened, model: str, reason: str) -> None:
        """Take a key out for one model, for an hour: a provider may forbid one and serve the others."""
        until = self._clock.now() + timedelta(seconds=FORBIDDEN_S)
        self._note(key, KeyCondition.REFUSED, reason, model=model, until=until)

    def spent(self, key: Opened, reason: str) -> None:
        """Remember for whoever looks that a key had no room for a call today."""
        standing = self.standing(key.provider, key.name)
        standing.spent, standing.spent_on = reason, self._clock.now().date()

    def _note(
        self,
        key: Opened,
        condition: KeyCondition,
        reason: str = "",
        *,
        model: str = "",
        until: datetime | None = None,
        shared: bool = True,
    ) -> None:
        now = self._clock.now()
        known = self.notes.keys.get((key.provider, key.name, model))
        same = known is not None and known.condition is condition and is_marked(known.mark, key.secret)
        # A key that is still without credit the next day is no new event.
        since = known.since if known is not None and same and condition in _OUT else now
        state = KeyState(
            provider=key.provider,
            key=key.name,
            model=model,
            condition=condition,
            since=since,
            until=until,
            reason=reason,
            mark=mark_of(key.secret),
            at=now,
        )
        if until is not None and until > now:
            before = known.until if known is not None and same and known.until else now
            self._cooled(key.provider, key.name, (until - max(before, now)).total_seconds())
        if shared:
            self.notes.put_key(state)
        else:
            self.notes.keys[key.provider, key.name, model] = state
