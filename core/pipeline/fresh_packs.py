"""Evidence of the present that runs on the same ticker share for a moment, so that they share answers too."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from datetime import timedelta
from weakref import WeakValueDictionary

from core.clock import Clock
from core.domain.errors import ConclaveError
from core.domain.evidence import Evidence
from core.market.calendar import MarketCalendar

MOST = 64
"""So many tickers' packs are kept, the least lately used dropped first."""


class _Turn:
    """Those who want a pack at the same time; `failure` is why the first of them has got none."""

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.failure: ConclaveError | None = None


class FreshPacks:
    """The newest pack of each ticker until it is `seconds` old; 0 shares none. Of one process.

    Only a pack of the present is shared, not one of an archive, and never across the open or the close of
    its exchange. Who asks while one is being frozen waits for it, and hears of its failure too, so that a
    vendor that hangs holds all of them up once and not one after the other. Whoever freezes it may be
    stopped: then the next one freezes it.
    """

    def __init__(self, seconds: int, calendar: MarketCalendar, clock: Clock) -> None:
        self._life = timedelta(seconds=seconds)
        self._calendar = calendar
        self._clock = clock
        self._packs: OrderedDict[str, Evidence] = OrderedDict()
        self._turns: WeakValueDictionary[str, _Turn] = WeakValueDictionary()

    async def get(self, ticker: str, freeze: Callable[[], Awaitable[Evidence]]) -> tuple[Evidence, bool]:
        """Return a pack about the present, and whether another run had it frozen before.

        Raises:
            ConclaveError: as `freeze`, which this one or the one that was waited for has called.
        """
        turn = self._turns.setdefault(ticker, _Turn())
        async with turn.lock:
            if turn.failure is not None:
                raise turn.failure
            try:
                return await self._known_or_new(ticker, freeze)
            except ConclaveError as failure:
                turn.failure = failure
                del self._turns[ticker]  # whoever asks from now on tries anew
                raise

    async def _known_or_new(
        self, ticker: str, freeze: Callable[[], Awaitable[Evidence]]
    ) -> tuple[Evidence, bool]:
        known = self._packs.pop(ticker, None)
        shared = known is not None and self._is_fresh(known)
        pack = known if known is not None and shared else await freeze()
        if shared or self._is_fresh(pack):
            self._packs[ticker] = pack
        if len(self._packs) > MOST:
            self._packs.popitem(last=False)
        return pack, shared

    def _is_fresh(self, pack: Evidence) -> bool:
        now = self._clock.now()
        # A pack of later than now is from before the clock was set back.
        if not timedelta(0) <= now - pack.as_of < self._life:
            return False
        return self._calendar.of(pack.ticker).is_open(now) == pack.quote.session_open
