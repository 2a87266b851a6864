"""Keeping under Slack's rates before Slack has to say so."""

from bot.door import EditsScarce, Flooded
from core.clock import Clock

# chat.update is Tier 3: about 50 a minute for the whole workspace. A burst of 8 and 42 a minute make 50.
BURST = 8.0
PER_SECOND = 42 / 60
KEPT_FOR_FINALS = 3.0
POST_SPACING_S = 1.05
MAX_WAIT_S = 10.0
MAX_CHANNELS = 1_000


class UpdateBudget:
    """The edits that all live messages of a workspace share.

    A live edit that finds the budget low is refused at once, so that the caller may skip it; the end of a
    run has a part of the budget for itself and waits for its turn if even that is used up.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._tokens = BURST
        self._at = clock.monotonic()
        self._closed_until = 0.0

    def _refill(self) -> float:
        now = self._clock.monotonic()
        self._tokens = min(BURST, self._tokens + (now - self._at) * PER_SECOND)
        self._at = now
        return now

    def live(self) -> None:
        """Take one edit of a message that goes on.

        Raises:
            EditsScarce: the budget is low; it says in how many seconds a live edit may go again.
            Flooded: Slack has asked to wait.
        """
        now = self._refill()
        if now < self._closed_until:
            raise Flooded(self._closed_until - now)
        missing = 1.0 + KEPT_FOR_FINALS - self._tokens
        if missing > 0:
            raise EditsScarce(missing / PER_SECOND)
        self._tokens -= 1.0

    async def final(self) -> None:
        """Take one edit that must go out, in the order of asking, waiting where needed.

        Raises:
            Flooded: its turn comes only in more than 10 seconds; ask again then.
        """
        now = self._refill()
        wait = max((1.0 - self._tokens) / PER_SECOND, self._closed_until - now)
        if wait > MAX_WAIT_S:
            raise Flooded(wait)
        # Taken before the wait, so that whoever asks next waits behind this one.
        self._tokens -= 1.0
        if wait > 0:
            await self._clock.sleep(wait)

    def close_for(self, seconds: float) -> None:
        """Slack has asked to wait: send nothing for that long."""
        self._closed_until = max(self._closed_until, self._clock.monotonic() + seconds)


class PostSpacing:
    """At most one new message a second in each channel."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._free_at: dict[str, float] = {}

    async def turn(self, channel: str) -> None:
        """Wait until a message may go to this channel.

        Raises:
            Flooded: more than 10 seconds of messages wait there already.
        """
        now = self._clock.monotonic()
        free = self._free_at.pop(channel, now)
        wait = max(free - now, 0.0)
        too_long = wait > MAX_WAIT_S
        self._free_at[channel] = free if too_long else max(free, now) + POST_SPACING_S
        while len(self._free_at) > MAX_CHANNELS:
            self._free_at.pop(next(iter(self._free_at)))
        if too_long:
            raise Flooded(wait)
        if wait > 0:
            await self._clock.sleep(wait)
