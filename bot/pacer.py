"""When the next message or edit may go to a chat: one pacer a chat, shared by all that is shown there.

Telegram counts every message and edit in a group together, whichever run or answer they belong to, so
several runs in one chat take turns. What goes on waits for the chat's pace and leaves a part of the chat's
minute untouched; answers and ends of runs take that part, and go before any edit of what goes on.
"""

from math import inf

from bot.door import Door
from bot.request import Address
from core.clock import Clock

SPACING_S = 1.0
"""Between two calls of any kind in one chat, where its pace is not even shorter."""
KEPT_FOR_ENDS = 3.0
"""Calls that edits of what goes on leave to answers and ends."""
HAIR_S = 1e-6
"""What rounding may leave of a wait; a clock that has come a long way cannot even count it."""
FORGET_AFTER_S = 120.0
MANY_CHATS = 500


class Pacer:
    """The turns of one chat.

    `pace_s` lies at least between an edit of what goes on and whatever went before it. `per_minute` is the
    most that may go in any 60 seconds: a third of it at once, and the rest spread over the minute.
    """

    def __init__(self, clock: Clock, pace_s: float, per_minute: int | None = None) -> None:
        self._clock = clock
        self._pace_s = pace_s
        self._spacing_s = min(pace_s, SPACING_S)
        self._burst = per_minute / 3 if per_minute else inf
        self._per_second = (per_minute - self._burst) / 60 if per_minute else inf
        self._kept = min(KEPT_FOR_ENDS, self._burst / 2)
        self._left = self._burst
        self._counted_at = clock.monotonic()
        self._last = -inf
        self._closed_until = -inf
        self._live_from = -inf
        self._line: list[object] = []
        self._live_line: list[object] = []

    async def turn(self, *, live: bool = False, within_s: float = inf) -> bool:
        """Wait for a turn and take it, in the order of asking; whoever has it calls the platform at once.

        `live` is for an edit that the next one makes worthless. Returns False, without a turn, as soon as it
        is known to come only in more than `within_s` seconds.
        """
        ticket, line = object(), self._live_line if live else self._line
        until = self._clock.monotonic() + within_s
        line.append(ticket)
        try:
            while (wait := self._wait_s(line.index(ticket), live=live)) > HAIR_S:
                if self._clock.monotonic() + wait > until:
                    return False
                # Who is ahead may leave the line, so that the turn comes earlier.
                await self._clock.sleep(min(wait, self._pace_s) if line[0] is not ticket else wait)
            self._last = self._clock.monotonic()
            self._left = self._tokens(self._last) - 1.0
            return True
        finally:
            line.remove(ticket)

    def _wait_s(self, ahead: int, *, live: bool) -> float:
        """Seconds until the turn of whoever has so many `ahead` in its line, as things stand."""
        now = self._clock.monotonic()
        calls = 1 + ahead
        free = max(self._closed_until, self._last + calls * self._spacing_s)
        if live:
            calls += len(self._line)
            free = max(free, self._live_from, self._last + (1 + ahead) * self._pace_s)
        if calls > 1:
            free = max(free, now + self._spacing_s)
        missing = calls - self._tokens(now) + (self._kept if live else 0.0)
        return max(free - now, missing / self._per_second if missing > 0 else 0.0)

    def _tokens(self, now: float) -> float:
        if self._left < self._burst:
            self._left = min(self._burst, self._left + (now - self._counted_at) * self._per_second)
        self._counted_at = now
        return self._left

    def count(self) -> None:
        """Count a call that asked for no turn: what goes on makes room for it, answers and ends do not."""
        now = self._clock.monotonic()
        left = self._tokens(now)
        self._left = min(left, max(left - 1.0, self._kept))
        # Never further than two paces from the last turn, or quick presses would stop what goes on.
        self._live_from = max(self._live_from, min(now, self._last + self._pace_s) + self._pace_s)

    def close_for(self, seconds: float, *, live_only: bool = False) -> None:
        """Let nothing go to this chat for so long, or nothing but answers and ends."""
        until = self._clock.monotonic() + seconds
        if live_only:
            self._live_from = max(self._live_from, until)
        else:
            self._closed_until = max(self._closed_until, until)

    @property
    def closed(self) -> bool:
        """Whether the platform has asked us to wait, and that time is not over."""
        return self._closed_until > self._clock.monotonic()

    @property
    def idle(self) -> bool:
        """Whether forgetting this pacer changes nothing."""
        quiet = self._clock.monotonic() - self._last >= FORGET_AFTER_S
        return quiet and not (self._line or self._live_line or self.closed)


class Pacers:
    """The pacers of all chats of all platforms. Chats in which nothing happens are forgotten."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._chats: dict[str, Pacer] = {}

    def __len__(self) -> int:
        return len(self._chats)

    def at(self, door: Door, address: Address) -> Pacer:
        """Return the pacer of a chat, whichever of its topics or threads `address` names.

        Ask again for each turn rather than keep it: an idle one is forgotten.
        """
        found = self._chats.get(address.chat_id)
        if found is None:
            if len(self._chats) >= MANY_CHATS:
                self._chats = {chat: pacer for chat, pacer in self._chats.items() if not pacer.idle}
            found = Pacer(self._clock, door.pace(address), door.per_minute(address))
            self._chats[address.chat_id] = found
        return found
