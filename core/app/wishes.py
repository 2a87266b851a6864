"""What people type about subscriptions, read."""

from collections.abc import Sequence

from core.domain.subscription import Wanted
from core.schedule.reading import read_wanted


def wanted_from(words: Sequence[str]) -> Wanted:
    """Return what a person wants to receive and when, by the words of one line.

    Raises:
        Refused: the words say no such thing; the sentence says what to write instead.
    """
    return read_wanted(words)
