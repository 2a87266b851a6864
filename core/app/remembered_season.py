"""What is remembered of one season, and how it is brought up to date.

All of it follows from the database, and is thrown away where that says something new: figures when anything
was booked, and luck, ballots and token costs, which take longer, when a session has passed.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, TypeVar

from core.clock import Clock
from core.config.settings import Scores
from core.domain.books import Account
from core.domain.scores import BallotTotals, Luck, Scorecard, TradeTotals
from core.domain.season import Season
from core.store.score_rows import Days, Watermark
from core.store.store import Store

if TYPE_CHECKING:
    from core.app.season_record import SeasonRecord, Window

_PARTS_KEPT = 12
_LATEST_END = timedelta(minutes=10)
"""A run that finished longer ago than this has been stored, or never will be."""
_ADD_UP_EVERY = timedelta(hours=1)
_ONE_DAY = timedelta(days=1)
_K = TypeVar("_K")
_V = TypeVar("_V")


class _Few(OrderedDict[_K, _V]):
    """The few answers that were asked for last."""

    async def of(self, key: _K, make: Callable[[], Awaitable[_V]]) -> _V:
        """Return what is remembered for `key`, or make it."""
        if key not in self:
            self[key] = await make()
        self.move_to_end(key)
        while len(self) > _PARTS_KEPT:
            self.popitem(last=False)
        return self[key]


class RememberedSeason:
    """One season. Whoever asks anything of it holds `turn`, and has called `read` first."""

    def __init__(self, season: Season, store: Store, rules: Scores, clock: Clock) -> None:
        self.turn = asyncio.Lock()
        self.accounts: tuple[Account, ...] = ()
        self.benchmark = ""
        self._season = season
        self._store = store
        self._rules = rules
        self._clock = clock
        self._mark: Watermark | None = None
        self._record: SeasonRecord | None = None
        self._cards: _Few[tuple[Window, str], dict[str, Scorecard]] = _Few()
        self._trades: _Few[tuple[Window, bool], dict[str, TradeTotals]] = _Few()
        self._lucks: _Few[Window, dict[str, Luck | None]] = _Few()
        self._ballots: _Few[tuple[date | None, datetime | None], dict[str, BallotTotals]] = _Few()
        self._final_until: datetime | None = None
        self._final: dict[str, Decimal] = {}
        self._costs_at_end: dict[str, Decimal] | None = None

    async def read(self) -> "SeasonRecord":
        """Bring everything up to what the database says now, and return the record of the sessions."""
        scores, known, record = self._store.scores, self._mark, self._record
        mark = await scores.watermark(self._season)
        if record is not None and mark == known:
            return record
        # Until all is read nothing is known, so that who is cancelled in between leaves no half behind.
        self._mark = None
        self._cards.clear()
        self._trades.clear()
        same_sessions = record is not None and known is not None and mark.scored == known.scored
        if record is not None and (known is None or _changes_the_past(known, mark)):
            record = None
        days = Days() if same_sessions else await scores.days(self._season, _newest(record))
        if record is not None and len(record.closes) + len(days.closes) < mark.sessions:
            record, days = None, await scores.days(self._season)
        # After the days, so that whoever has a value has an account here.
        self.accounts = await self._store.books.accounts(self._season)
        self.benchmark = self.benchmark or await scores.benchmark(self._season)
        if not same_sessions:
            self._lucks.clear()
            self._ballots.clear()
        self._record = record = await asyncio.to_thread(_grown, record, self.accounts, days)
        self._mark = mark
        return record

    async def cards(
        self,
        record: "SeasonRecord",
        window: "Window",
        trades: Mapping[str, TradeTotals],
        ballots: Mapping[str, BallotTotals],
        *,
        of: str,
    ) -> dict[str, Scorecard]:
        """Return every member's figures over a part of the season, with these totals of it.

        `of` says what the totals are; the figures are remembered under that name.
        """

        async def make() -> dict[str, Scorecard]:
            parts = (self._season, self.accounts, window, trades, ballots, self._rules)
            return await asyncio.to_thread(record.scorecards, *parts)

        return await self._cards.of((window, of), make)

    async def lucks(self, record: "SeasonRecord", window: "Window") -> dict[str, Luck | None]:
        """Say of every member whether it can be told from the benchmark; trades are not counted in it."""

        async def make() -> dict[str, Luck | None]:
            return await asyncio.to_thread(record.lucks, self.accounts, window, self._rules)

        found = await self._lucks.of(window, make)
        return {account.member: found.get(account.member) for account in self.accounts}

    async def trades(self, window: "Window") -> dict[str, TradeTotals]:
        """Return every member's trades in a part of the season.

        Those of the whole season are as new as the books, and may be later than the last close.
        """
        if window.first is None:
            return {account.member: account.totals for account in self.accounts}

        async def make() -> dict[str, TradeTotals]:
            found = await self._store.scores.trade_totals(self._season, window.first, window.last)
            return {account.member: found.get(account.member, TradeTotals()) for account in self.accounts}

        return await self._trades.of((window, False), make)

    async def trades_until(self, window: "Window", *, extremes: bool) -> dict[str, TradeTotals]:
        """Return the trades in a part that ends before the newest session.

        Those of a whole season are what is left without the later ones, so that nobody adds up a million;
        only with `extremes` are the best and the worst trade always known.
        """
        if window.first is not None:
            return await self.trades(window)

        async def make() -> dict[str, TradeTotals]:
            scores, nothing = self._store.scores, TradeTotals()
            later = await scores.trade_totals(self._season, window.last + _ONE_DAY)
            left = {
                account.member: account.totals.without(later.get(account.member, nothing))
                for account in self.accounts
            }
            if extremes and any(
                one.closed and None in {one.best_usd, one.worst_usd} for one in left.values()
            ):
                found = await scores.trade_totals(self._season, None, window.last)
                return {member: found.get(member, nothing) for member in left}
            return left

        return await self._trades.of((window, extremes), make)

    async def ballots(self, window: "Window", until: datetime | None = None) -> dict[str, BallotTotals]:
        """Return every member's settled ballots in a part of the season, by now or by `until` (UTC)."""

        async def make() -> dict[str, BallotTotals]:
            return await self._store.scores.ballot_totals(self._season, window.first, until)

        return await self._ballots.of((window.first, until), make)

    async def token_costs(self) -> dict[str, Decimal]:
        """Return what each member's model calls have cost in the season so far, in USD.

        Runs that finished long ago are added up once: a season may have a million seats. Of a live season
        that has ended it is what its final table says, whatever a run that went on then has cost since.
        """
        if self._costs_at_end is None and (final := await self._store.live.final(self._season)):
            self._costs_at_end = {line.member: line.token_cost_usd for line in final.lines}
        if self._costs_at_end is not None:
            return self._costs_at_end
        scores, until = self._store.scores, self._clock.now() - _LATEST_END
        if self._final_until is None or until > self._final_until + _ADD_UP_EVERY:
            more = await scores.final_costs(self._season, until, self._final_until)
            self._final, self._final_until = _added(self._final, more), until
        runs = _added(self._final, await scores.other_costs(self._season, self._final_until))
        return _added(runs, await self._store.reflections.costs(self._season))


def _changes_the_past(known: Watermark, mark: Watermark) -> bool:
    """Say whether anything has come since that changes the curves of sessions which had passed."""
    return (mark.imports, mark.resets) != (known.imports, known.resets)


def _newest(record: "SeasonRecord | None") -> date | None:
    return record.closes[-1].session if record and record.closes else None


def _grown(record: "SeasonRecord | None", accounts: tuple[Account, ...], days: Days) -> "SeasonRecord":
    """Put sessions behind those of a record; the first time, this loads numpy."""
    from core.app.season_record import SeasonRecord

    return (record or SeasonRecord()).grown(accounts, days)


def _added(one: Mapping[str, Decimal], other: Mapping[str, Decimal]) -> dict[str, Decimal]:
    nothing, members = Decimal(0), one.keys() | other.keys()
    return {member: one.get(member, nothing) + other.get(member, nothing) for member in members}
