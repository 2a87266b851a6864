"""What systemd is told: that the service is ready, that it still keeps up, and that it stops."""

import logging
import os
import socket
from collections.abc import Mapping

from core.clock import Clock

_log = logging.getLogger(__name__)


class Supervision:
    """Tells systemd, where it started this process and asks to be told; does nothing elsewhere.

    The words go as datagrams to the socket `$NOTIFY_SOCKET`, and `$WATCHDOG_USEC` says within which time
    systemd wants to hear that the process lives (sd_notify(3)).
    """

    def __init__(self, clock: Clock, environ: Mapping[str, str] | None = None) -> None:
        environ = os.environ if environ is None else environ
        self._clock = clock
        self._place = environ.get("NOTIFY_SOCKET", "")
        self._every_s = _half_of(environ) if self._place else None

    async def keep_telling(self) -> None:
        """Say that the service is ready, and from then on that it lives, twice in the time that is wanted.

        That comes from the event loop, so one that hangs is not alive.
        """
        self._tell("READY=1")
        while self._every_s is not None:
            self._tell("WATCHDOG=1")
            await self._clock.sleep(self._every_s)

    def stopping(self) -> None:
        """Say that the service ends by itself."""
        self._tell("STOPPING=1")

    def _tell(self, words: str) -> None:
        if not self._place.startswith(("/", "@")):
            return
        # A name that begins with @ is none of the file system; the kernel writes its first sign as zero.
        place = "\0" + self._place[1:] if self._place.startswith("@") else self._place
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
                line.setblocking(False)
                line.sendto(words.encode(), place)
        except OSError as error:
            _log.warning("systemd could not be told %s: %s", words, error.strerror)


def _half_of(environ: Mapping[str, str]) -> float | None:
    """Return half of the time within which systemd wants to hear, in seconds; None where it does not."""
    wanted, process = environ.get("WATCHDOG_USEC", ""), environ.get("WATCHDOG_PID", "")
    if process and process != str(os.getpid()):
        return None  # it is for another process
    microseconds = int(wanted) if wanted.isdecimal() else 0
    return microseconds / 2_000_000 if microseconds > 0 else None
