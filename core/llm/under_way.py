"""Since when a request has been under way, for whoever must tell a provider that hangs from our own waits.

Before a request goes out it may wait for money, for the pace of its key and for a place. A deadline that ends
such a wait says nothing of the provider.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar


class UnderWay:
    """The request of one call; `since` is the monotonic time at which it went out, None while none is out.

    One that was cancelled stays as it was, so that whoever cancelled it sees how long it had.
    """

    def __init__(self) -> None:
        self.since: float | None = None


_watched: ContextVar[UnderWay | None] = ContextVar("under_way", default=None)


@contextmanager
def watching() -> Iterator[UnderWay]:
    """Watch the requests that are sent inside this block."""
    request = UnderWay()
    token = _watched.set(request)
    try:
        yield request
    finally:
        _watched.reset(token)


def goes_out(at: float) -> None:
    """Say that a request goes out now."""
    if (request := _watched.get()) is not None:
        request.since = at


def is_back() -> None:
    """Say that it was answered, or has failed."""
    if (request := _watched.get()) is not None:
        request.since = None
