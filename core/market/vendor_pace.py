"""How fast a vendor may be asked, and when it is to be left alone."""

from collections import deque
from typing import NamedTuple

from core.clock import Clock
from core.domain.errors import VendorRateLimited

COOL_DOWN_S = 60.0
"""For so long a vendor is left alone that has asked us to slow down, in seconds."""


class Rate(NamedTuple):
    """At most `asks` in any `seconds`."""

    asks: int
    seconds: float


class VendorPace:
    """One vendor's rate, shared by all who ask it in this process.

    Each books the earliest start that keeps the rate, after all that have booked before.
    """

    def __init__(self, vendor: str, rate: Rate, clock: Clock) -> None:
        self._vendor = vendor
        self._rate = rate
        self._clock = clock
        self._booked: deque[float] = deque(maxlen=rate.asks)
        self._alone: tuple[float, str] | None = None

    async def admit(self, most_wait_s: float) -> None:
        """Wait for this question's turn, at most `most_wait_s` seconds.

        Raises:
            VendorRateLimited: at once, when the turn comes later, or the vendor is to be left alone.
        """
        self._check_alone()
        now = self._clock.monotonic()
        start = now
        if len(self._booked) == self._rate.asks:
            start = max(now, self._booked[0] + self._rate.seconds)
        if start - now > most_wait_s:
            raise VendorRateLimited(self._vendor, "no questions are left for now")
        self._booked.append(start)
        if start > now:
            await self._clock.sleep(start - now)
            # Another question may have been told meanwhile to slow down.
            self._check_alone()

    def cool_down(self, reason: str) -> None:
        """Leave the vendor alone from now on, for `COOL_DOWN_S`; who asks meanwhile is told the reason."""
        self._alone = self._clock.monotonic() + COOL_DOWN_S, reason

    def _check_alone(self) -> None:
        if self._alone is not None and self._clock.monotonic() < self._alone[0]:
            raise VendorRateLimited(self._vendor, self._alone[1])
