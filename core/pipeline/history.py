"""Prices of several sessions at once, for the books to be carried through them.

Raw bars and corporate actions of each ticker from the vendor that its books trade with. A ticker whose vendor
failed is in `failed`, and is not the same as one that did not trade.
"""

import asyncio
import logging
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from operator import attrgetter
from typing import NamedTuple, overload

from core.domain.actions import ActionKind, CorporateAction
from core.domain.bars import Bar
from core.domain.errors import NoPrices, VendorFailure
from core.market.calendar import MarketCalendar, Sessions
from core.market.chain import PriceChain

_ASKED_AT_ONCE = 8
_LIMIT_S = 60.0
_APART = timedelta(days=2)
"""More than a session's moments in UTC are ever apart from its day."""

_date_of = attrgetter("date")

log = logging.getLogger(__name__)


class Moved(NamedTuple):
    """A bar with the moments (UTC) at which its open and its close were made."""

    ticker: str
    bar: Bar
    opens: datetime
    closes: datetime


class Acted(NamedTuple):
    """A split or dividend with the moment (UTC) from which it is in force: the open of its ex-date."""

    opens: datetime
    action: CorporateAction


class Moves(Sequence[Moved]):
    """The bars of one ticker as moves, oldest first. Each is made when it is looked at: few ever are."""

    def __init__(self, ticker: str, bars: Sequence[Bar], sessions: Sessions) -> None:
        self._ticker = ticker
        self._bars = bars
        self._sessions = sessions

    def __len__(self) -> int:
        return len(self._bars)

    @overload
    def __getitem__(self, place: int) -> Moved: ...
    @overload
    def __getitem__(self, place: slice) -> "Moves": ...
    def __getitem__(self, place: int | slice) -> "Moved | Moves":
        if isinstance(place, slice):
            return Moves(self._ticker, self._bars[place], self._sessions)
        bar = self._bars[place]
        return Moved(self._ticker, bar, self._sessions.opening(bar.date), self._sessions.closing(bar.date))

    @property
    def newest(self) -> date:
        """The date of the last bar; there must be one."""
        return self._bars[-1].date

    def since(self, day: date) -> "Moves":
        """Return the moves of `day` and later."""
        return self[bisect_left(self._bars, day, key=_date_of) :]

    def until(self, day: date) -> "Moves":
        """Return the moves up to and with those of `day`."""
        return self[: bisect_right(self._bars, day, key=_date_of)]


@dataclass
class History:
    """What happened to some tickers from `start` to `end`, as far as it was had; oldest bar first.

    Of a bar whose session had not closed at the moment of asking only the open counts: whatever reads more of
    a bar names the moment up to which it may look.
    """

    start: date
    end: date
    calendar: MarketCalendar
    bars: dict[str, Moves] = field(default_factory=dict)
    actions: dict[str, tuple[CorporateAction, ...]] = field(default_factory=dict)
    sources: dict[str, str] = field(default_factory=dict)
    failed: set[str] = field(default_factory=set)

    def openings(self, after: datetime, until: datetime) -> Iterator[Moved]:
        """Yield the bars that opened later than `after` and up to `until`."""
        return (move for move in self._around(after, until) if after < move.opens <= until)

    def closings(self, after: datetime, until: datetime) -> Iterator[Moved]:
        """Yield the bars that closed later than `after` and up to `until`."""
        return (move for move in self._around(after, until) if after < move.closes <= until)

    def _around(self, after: datetime, until: datetime) -> Iterator[Moved]:
        first, last = after.date() - _APART, until.date() + _APART
        return (move for moves in self.bars.values() for move in moves.since(first).until(last))

    def in_force(self, until: datetime) -> Iterator[Acted]:
        """Yield every known action that is in force at `until`; of one day a split before a dividend."""
        for ticker, actions in self.actions.items():
            if not actions:
                continue
            sessions = self.sessions(ticker)
            for action in actions:
                if (opens := sessions.opening(action.ex_date)) <= until:
                    yield Acted(opens, action)

    def acted(self, ticker: str, after: date, until: date) -> tuple[CorporateAction, ...]:
        """Return the actions of a ticker with an ex-date later than `after` and up to `until`."""
        return tuple(act for act in self.actions.get(ticker, ()) if after < act.ex_date <= until)

    def first_after(self, ticker: str, session: date) -> Moved | None:
        """Return the first bar of a ticker later than `session`."""
        return next(iter(self._of(ticker).since(session + timedelta(days=1))), None)

    def first_open(self, ticker: str, at: datetime) -> Moved | None:
        """Return the first bar of a ticker that opened at or after `at`."""
        later = self._of(ticker).since(at.date() - _APART)
        return next((move for move in later if move.opens >= at), None)

    def last_closed(self, ticker: str, at: datetime) -> Moved | None:
        """Return the newest bar of a ticker that had closed at `at`."""
        earlier = self._of(ticker).until(at.date() + _APART)
        return next((move for move in reversed(earlier) if move.closes <= at), None)

    def _of(self, ticker: str) -> Moves:
        return self.bars.get(ticker) or Moves(ticker, (), self.sessions(ticker))

    def one_share(self, ticker: str, after: date, until: date) -> tuple[Decimal, Decimal]:
        """Return what one share has become by the actions later than `after` and up to `until`.

        These are the shares, and the USD that they were paid on the way.
        """
        shares, cash = Decimal(1), Decimal(0)
        for action in self.acted(ticker, after, until):
            if action.kind is ActionKind.SPLIT:
                shares *= action.value
            else:
                cash += shares * action.value
        return shares, cash

    def sessions(self, ticker: str) -> Sessions:
        """Return the sessions in which a ticker trades."""
        return self.calendar.of(ticker)


async def fetch(
    prices: PriceChain,
    calendar: MarketCalendar,
    sources: Mapping[str, str],
    start: date,
    end: date,
    now: datetime,
) -> History:
    """Return bars and actions of each ticker of `sources` (ticker to vendor), as known at `now`."""
    found = History(start, end, calendar, sources=dict(sources))
    gate = asyncio.Semaphore(_ASKED_AT_ONCE)

    async def ask(ticker: str, source: str) -> None:
        async with gate:
            try:
                bars = await prices.raw_bars(ticker, start, end, source, now)
                actions = await prices.actions(ticker, start, end, source)
            except (VendorFailure, NoPrices) as failure:
                log.warning("the books wait for prices of %s: %s", ticker, failure)
                found.failed.add(ticker)
                return
        found.bars[ticker] = Moves(ticker, bars, calendar.of(ticker))
        found.actions[ticker] = actions

    try:
        async with asyncio.timeout(_LIMIT_S):
            await asyncio.gather(*(ask(ticker, source) for ticker, source in sorted(sources.items())))
    except TimeoutError:
        late = set(sources) - set(found.bars)
        log.warning("the books wait: no prices of %d tickers within %g s", len(late), _LIMIT_S)
        found.failed |= late
    return found
