"""What a vendor has said about a range of days, kept for a while so that one run does not ask twice."""

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from datetime import date, datetime, timedelta
from typing import Generic, NamedTuple, TypeVar

from core.clock import Clock

T = TypeVar("T")


class _Kept(NamedTuple, Generic[T]):
    start: date
    end: date
    until: datetime
    said: tuple[T, ...]


class RangeMemory(Generic[T]):
    """Answers by name and range, each kept for `ttl`, the least lately used dropped above `most` names.

    Failures are not kept.
    """

    def __init__(self, clock: Clock, ttl: timedelta = timedelta(hours=1), most: int = 256) -> None:
        self._clock = clock
        self._ttl = ttl
        self._most = most
        self._kept: OrderedDict[tuple[str, str], _Kept[T]] = OrderedDict()

    async def recall(
        self,
        source: str,
        name: str,
        start: date,
        end: date,
        ask: Callable[[date, date], Awaitable[Sequence[T]]],
    ) -> tuple[T, ...]:
        """Return what is known of at least `start` to `end`, asking for the wider range if it is not.

        The answer may reach beyond the range: whoever uses it cuts.
        """
        now = self._clock.now()
        key = (source, name)
        kept = self._kept.get(key)
        if kept and kept.until > now:
            if kept.start <= start and end <= kept.end:
                self._kept.move_to_end(key)
                return kept.said
            start, end = min(start, kept.start), max(end, kept.end)
        # Up to tomorrow, so that a replay that goes forward day by day asks once.
        end = max(end, now.date() + timedelta(days=1))
        said = tuple(await ask(start, end))
        self._kept[key] = _Kept(start, end, now + self._ttl, said)
        self._kept.move_to_end(key)
        while len(self._kept) > self._most:
            self._kept.popitem(last=False)
        return said
