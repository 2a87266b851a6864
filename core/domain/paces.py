"""How many requests and tokens of a key may go out in a minute, and when the turn of the next one comes.

Each call books the earliest moment that keeps both limits, after all that booked before it. A moment is in
seconds of any clock, the same one for all that share a key.
"""

from dataclasses import dataclass
from math import floor
from typing import NamedTuple

from core.domain.calls import Call

WINDOW_S = 60.0
LONGEST_WAIT_S = 120.0
"""A call whose turn would come later than that is refused."""


class Pace(NamedTuple):
    """A key's `rpm` requests and `tpm` tokens in any 60 seconds; None is no limit."""

    provider: str
    key: str
    rpm: int | None = None
    tpm: int | None = None

    @property
    def owner(self) -> tuple[str, str]:
        """Whose pace it is: a provider and a key of it."""
        return self.provider, self.key

    def counted(self, tokens: int) -> int:
        """Return as how many tokens a call counts: one larger than the limit goes alone in its minute."""
        return tokens if self.tpm is None else min(tokens, self.tpm)


class Booked(NamedTuple):
    """What goes out at a moment: requests, and the tokens that they may use."""

    at: float
    requests: int
    tokens: int


class Turn(NamedTuple):
    """When a call may go out, `wait_s` seconds from now, and the tokens that are booked for it."""

    provider: str
    key: str
    at: float
    tokens: int
    wait_s: float = 0.0


class TooLong(NamedTuple):
    """The turn would come only in `wait_s` seconds, so nothing is booked."""

    wait_s: float


@dataclass
class Minute:
    """What is booked of one key, the earliest first, as seen at the moment `now`.

    `whole_s`: what goes out within one second is counted together. Then nobody knows when in that second it
    was, so it counts for a second longer, and for one more because a call goes out a little after its turn.
    """

    now: float
    booked: list[Booked]
    whole_s: bool = False

    def has_room(self, pace: Pace, tokens: int) -> bool:
        """Say whether a call that may use so many tokens could go out at once."""
        return self._earliest(pace, tokens) <= self.now

    def book(self, pace: Pace, tokens: int) -> Turn | TooLong:
        """Book the earliest turn, unless it is too far away."""
        at = self._earliest(pace, tokens)
        wait_s = at - self.now
        if wait_s > LONGEST_WAIT_S:
            return TooLong(wait_s)
        booked = Booked(float(floor(at)) if self.whole_s else at, 1, pace.counted(tokens))
        if self.whole_s and self.booked and self.booked[-1].at == booked.at:
            last = self.booked.pop()
            self.booked.append(Booked(last.at, last.requests + 1, last.tokens + booked.tokens))
        else:
            self.booked.append(booked)
        return Turn(pace.provider, pace.key, booked.at, booked.tokens, wait_s)

    def _earliest(self, pace: Pace, tokens: int) -> float:
        window_s = WINDOW_S + 2 if self.whole_s else WINDOW_S
        start = max(self.now, self.booked[-1].at) if self.booked else self.now
        all_requests, all_tokens = 1, pace.counted(tokens)
        for earlier in reversed(self.booked):
            if earlier.at <= start - window_s:
                break
            all_requests += earlier.requests
            all_tokens += earlier.tokens
            if _is_more(all_requests, pace.rpm) or _is_more(all_tokens, pace.tpm):
                return max(start, earlier.at + window_s)
        return start


def _is_more(count: int, most: int | None) -> bool:
    return most is not None and count > most


def really_used(turn: Turn, call: Call | None) -> Booked:
    """Return what a call that has ended has used of its turn; None was never sent, and has used nothing.

    Where nobody has told its tokens, all that were booked count.
    """
    if call is None or not call.spend.calls:
        return Booked(turn.at, 0, 0)
    told = call.spend.tokens if not call.spend.estimated_calls else 0
    return Booked(turn.at, call.spend.calls, min(turn.tokens, told) if told else turn.tokens)
