"""What calls have cost so far, for whoever may be cut off before it gets their answer or their failure.

An answer and a failure say what they have cost. A deadline says nothing: it ends a repair, a retry or the
next hop of a route, and what the attempts before it have cost would be lost with them.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from core.domain.usage import NOTHING_SPENT, Spend


class Paid:
    """Counts calls. `spend` is what all of them have cost that came back, usable or not."""

    def __init__(self) -> None:
        self.spend = NOTHING_SPENT


_counts: ContextVar[Paid | None] = ContextVar("paid", default=None)


@contextmanager
def counting() -> Iterator[Paid]:
    """Count what the calls made inside this block cost, in this task and in those that it starts."""
    paid = Paid()
    token = _counts.set(paid)
    try:
        yield paid
    finally:
        _counts.reset(token)


def count(spend: Spend) -> None:
    """Add what one call has cost to the count of the block that it is made in, if there is one."""
    paid = _counts.get()
    if paid is not None:
        paid.spend += spend
