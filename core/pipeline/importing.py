"""A log of trades made elsewhere becomes a member's books: every row at its session's price, or none at all.

The log goes through the same sessions, splits, dividends and closes as everybody's books. It is worked out
whole before anything is written, and then written in one transaction.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from core.clock import Clock
from core.config import Settings
from core.domain.errors import Refused
from core.domain.ids import new_id
from core.domain.season import Season
from core.domain.trade_log import Imported, LoggedFill, LogPrice, TradeLog, refusal
from core.market.calendar import MarketCalendar, Session
from core.market.chain import PriceChain
from core.pipeline.bookkeeping import Bookkeeper
from core.pipeline.history import History
from core.pipeline.log_prices import LogPricer, check_source, history_of
from core.pipeline.log_walk import LogWalk, actions_of
from core.pipeline.walking import benchmark_passed
from core.store.imported_account import ImportedAccount
from core.store.locked_books import LockedBooks
from core.store.locked_imports import DatedAction, ImportFacts
from core.store.locked_sessions import Passed
from core.store.store import Store

_KINDS = {Season.LIVE: "live", Season.SAMPLE: "sample"}


@dataclass(frozen=True)
class _Priced:
    """A log with its prices: its fills in order of time, and the sessions that they lie in."""

    log: TradeLog
    history: History
    fills: Sequence[LoggedFill]
    outside: Sequence[int]
    sessions: Sequence[Session]

    @property
    def tickers(self) -> set[str]:
        return {trade.ticker for trade in self.log.trades}


class Importer:
    """Books logs of trades. `keeper` carries the books of seasons that others are in as well."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        prices: PriceChain,
        calendar: MarketCalendar,
        keeper: Bookkeeper,
        clock: Clock,
    ) -> None:
        self._settings = settings
        self._store = store
        self._prices = prices
        self._calendar = calendar
        self._keeper = keeper
        self._clock = clock

    async def run(
        self, log: TradeLog, member: str, season: Season, price: LogPrice, *, costs: bool
    ) -> Imported:
        """Book a whole log into new books of `member` in `season`, or nothing of it.

        With `costs` the configured slippage and fee are added to each trade. A season that others are in is
        carried to the end of the log first, as any run would do.

        Raises:
            Refused: a row cannot be booked (by its line), the member has books in the season already, the log
                does not lie within the season, or prices are missing.
        """
        now = self._clock.now()
        facts = await self._facts(season, member, log)
        state = await self._store.seasons.state(season)
        history = await history_of(
            log,
            self._settings.arena.benchmark if facts.is_new else None,
            self._prices,
            self._calendar,
            state.sources if state else {},
            now,
        )
        priced = await asyncio.to_thread(self._price, log, history, price, now, costs=costs)
        check_source(history, priced.tickers, live=season == Season.LIVE, sample=season == Season.SAMPLE)
        self._check_season(season, facts, priced)
        await asyncio.to_thread(self._try, priced, season, member, facts)
        if not facts.is_new:
            await self._keeper.advance(season, priced.sessions[-1].closes)
        async with self._store.books.locked(season) as books:
            return await self._book(books, priced, member, price, now)

    async def _facts(self, season: Season, member: str, log: TradeLog) -> ImportFacts:
        async with self._store.books.locked(season) as books:
            facts = await books.imports.facts(member, log, {trade.ticker for trade in log.trades})
        _check_new(facts, log, member, season)
        return facts

    def _price(
        self, log: TradeLog, history: History, price: LogPrice, now: datetime, *, costs: bool
    ) -> _Priced:
        """Price every row, and find the sessions from the log's first day to its end."""
        pricer = LogPricer(log, history, price, self._settings.trading if costs else None, now)
        fills = pricer.fills()
        exchange = self._calendar.exchange
        newest = exchange.last_closed(now)
        end = exchange.back(min(log.last, newest.day))
        late = fills[-1] if fills else None
        while late and end.closes < late.at:
            # A pair that trades at the weekend is in the books of the session after it.
            end = exchange.after(end.day)
        if late and end.closes > now:
            why = f"the books can go to the close of {newest.day} by now, and this trade is later"
            raise refusal(log.file_name, late.line, why)
        sessions = exchange.between(log.first, end.day)
        if not sessions:
            raise Refused(f"No session from {log.first} to {log.last} has closed yet. Nothing was imported.")
        return _Priced(log, history, fills, tuple(pricer.outside), sessions)

    def _check_season(self, season: Season, facts: ImportFacts, priced: _Priced) -> None:
        """Check that the log lies within the season, as far as it is known."""
        log, end = priced.log, priced.sessions[-1]
        if facts.begins and log.first < facts.begins:
            raise Refused(
                f"Season {season} begins on {facts.begins}, and {log.file_name} on {log.first}; "
                "import it into a season of its own with --season."
            )
        if facts.kind == "replay" and (facts.last is None or end.day > facts.last.session):
            come = f"has come to {facts.last.session}" if facts.last else "has no session yet"
            raise Refused(
                f"The replay {season} {come}, and {log.file_name} goes to {end.day}; "
                "import it into a season of its own with --season."
            )

    def _try(self, priced: _Priced, season: Season, member: str, facts: ImportFacts) -> None:
        """Work everything out without writing, so that a log that cannot be booked changes nothing."""
        sessions = priced.sessions
        if facts.last and facts.last.session > sessions[-1].day:
            sessions = self._calendar.exchange.between(priced.log.first, facts.last.session)
        actions = actions_of(priced.history, priced.tickers, sessions[-1].closes, facts.actions)
        account = self._account(season, member, priced)
        for _ in self._walk(account, priced, sessions, actions).steps():
            account.take()

    def _account(self, season: Season, member: str, priced: _Priced) -> ImportedAccount:
        opened = min([priced.sessions[0].opens, *(fill.at for fill in priced.fills[:1])])
        return ImportedAccount(season, member, new_id(12), self._settings.arena.initial_cash, opened)

    def _walk(
        self,
        account: ImportedAccount,
        priced: _Priced,
        sessions: Sequence[Session],
        actions: Sequence[DatedAction],
    ) -> LogWalk:
        name, terms = priced.log.file_name, self._settings.trading
        return LogWalk(account, name, priced.fills, actions, sessions, priced.history, terms)

    async def _book(
        self, books: LockedBooks, priced: _Priced, member: str, price: LogPrice, now: datetime
    ) -> Imported:
        log, season, history = priced.log, books.season, priced.history
        facts = await books.imports.facts(member, log, priced.tickers)
        _check_new(facts, log, member, season)
        sessions, end = priced.sessions, priced.sessions[-1]
        if not facts.is_new:
            if facts.last is None or facts.last.session < end.day:
                raise Refused(
                    f"The books of season {season} wait for prices before {end.day}; try again later, "
                    "or import the log into a season of its own with --season."
                )
            sessions = [Session(each.session, each.closed_at, each.closed_at) for each in facts.passed]
        account, benchmark = self._account(season, member, priced), self._settings.arena.benchmark
        kind = _KINDS.get(season, "import")
        await books.imports.begin(account, log, price, kind=kind, benchmark=benchmark, at=now)
        if facts.is_new:
            await books.imports.add_sessions(_passed(history, sessions, benchmark))
        actions = actions_of(history, priced.tickers, sessions[-1].closes, facts.actions)
        await books.imports.add_actions(actions)
        for _ in self._walk(account, priced, sessions, actions).steps():
            await books.imports.write(account.take())
        await books.imports.finish(account)
        return _imported(priced, account, sessions)


def _check_new(facts: ImportFacts, log: TradeLog, member: str, season: Season) -> None:
    if facts.same_file:
        raise Refused(f"{log.file_name} is in the books of {member} in season {season} already.")
    if facts.has_books:
        raise Refused(
            f"{member} has books in season {season} already; "
            "import the log into a season of its own with --season."
        )


def _passed(history: History, sessions: Sequence[Session], benchmark: str) -> list[Passed]:
    passed: list[Passed] = []
    for session in sessions:
        before = passed[-1] if passed else None
        passed.append(benchmark_passed(history, session, before, benchmark))
    return passed


def _imported(priced: _Priced, account: ImportedAccount, sessions: Sequence[Session]) -> Imported:
    return Imported(
        season=account.season,
        member=account.member,
        rows=priced.log.rows,
        trades=len(priced.log.trades),
        without_trade=priced.log.without_trade,
        outside_range=len(priced.outside),
        first_outside=min(priced.outside, default=None),
        sessions=len(sessions),
        first=sessions[0].day,
        last=sessions[-1].day,
        value_usd=account.value.value_usd if account.value else None,
    )
