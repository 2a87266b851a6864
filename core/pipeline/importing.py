"""A log of trades made elsewhere becomes a member's books: every row at its session's price, or none at all.

The log goes through the same sessions, splits, dividends and closes as everybody's books. It is worked out
whole before anything is written, and then written in one transaction.
"""

import asyncio
from collections.abc import Sequence
from datetime import date, datetime

from core.clock import Clock
from core.config import Settings
from core.config.field_types import NAME, NAME_IN_WORDS
from core.domain.errors import Refused
from core.domain.ids import new_id
from core.domain.member import FOLLOWERS, Member
from core.domain.season import Season
from core.domain.trade_log import Imported, LogPrice, TradeLog, refusal
from core.market.calendar import MarketCalendar, Session
from core.market.chain import PriceChain
from core.pipeline.bookkeeping import Bookkeeper
from core.pipeline.history import History
from core.pipeline.log_prices import PricedLog, check_sources, history_of
from core.pipeline.log_walk import LogWalk, actions_of
from core.pipeline.walking import benchmark_passed
from core.store.imported_account import ImportedAccount
from core.store.locked_books import LockedBooks
from core.store.locked_imports import ImportFacts
from core.store.locked_sessions import Passed
from core.store.store import Store


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
        self, log: TradeLog, name: str, wanted: Season | None, price: LogPrice, *, costs: bool
    ) -> Imported:
        """Book a whole log into new books of the member called `name`, or nothing of it.

        They are those of season `wanted`, or else the live ones, or those of the sample where all prices are
        the sample's. With `costs` the configured slippage and fee are added to each trade. A season that
        others are in is carried to the end of the log first, as any run would do.

        Raises:
            Refused: a row cannot be booked (by its line), nobody can have this name, the member has books in
                the season already, the log does not lie within the season, or prices are missing.
        """
        member = member_named(name, await self._store.members.all())
        only_sample = set(self._settings.market.prices) == {"sample"}
        season, kind = await self._season(wanted, only_sample=only_sample)
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
        priced = await asyncio.to_thread(
            PricedLog, log, history, price, self._settings.trading if costs else None, now
        )
        check_sources(history, priced.tickers, live=kind == "live", sample=kind == "sample")
        sessions = await asyncio.to_thread(self._sessions, priced, now)
        _check_within(facts, log, season, sessions[-1].day)
        await asyncio.to_thread(self._try, priced, sessions, season, member, facts)
        if not facts.is_new:
            await self._keeper.advance(season, sessions[-1].closes)
        async with self._store.books.locked(season) as books:
            return await self._book(books, priced, sessions, member, price, now, kind=kind)

    async def _season(self, wanted: Season | None, *, only_sample: bool) -> tuple[Season, str]:
        """Return the season that is meant and its kind, which is that of an import where it is new."""
        current = await self._store.live.current()
        live = current.season if current else Season.LIVE
        season = wanted or (Season.SAMPLE if only_sample else live)
        if season.is_of_a_rerun:
            raise Refused(f"The name {season} is that of a run which asks again; name another season.")
        if season == Season.SAMPLE:
            return season, "sample"
        known = await self._store.live.get(season)
        if known is None and season != live:
            if season == Season.LIVE:
                raise Refused(f"There is no season live any more to begin; the live season is {live}.")
            return season, "import"
        if known and known.ended:
            raise Refused(
                f"The season {season} has ended, and its books are closed; "
                "import the log into a season of its own with --season."
            )
        return season, "live"

    async def _facts(self, season: Season, member: str, log: TradeLog) -> ImportFacts:
        async with self._store.books.locked(season) as books:
            facts = await books.imports.facts(member, log, {trade.ticker for trade in log.trades})
        _check_new(facts, log, member, season)
        return facts

    def _sessions(self, priced: PricedLog, now: datetime) -> tuple[Session, ...]:
        """Return the sessions from the log's first day to its end.

        A pair that trades at the weekend is in the books of the session after it.
        """
        log, exchange = priced.log, self._calendar.exchange
        newest = exchange.last_closed(now)
        end = exchange.back(min(log.last, newest.day))
        late = priced.trades[-1] if priced.trades else None
        while late and end.closes < priced.moment(late):
            end = exchange.after(end.day)
        if late and end.closes > now:
            why = f"the books can go to the close of {newest.day} by now, and this trade is later"
            raise refusal(log.file_name, late.line, why)
        sessions = exchange.between(log.first, end.day)
        if not sessions:
            raise Refused(f"No session from {log.first} to {log.last} has closed yet. Nothing was imported.")
        return sessions

    def _try(
        self,
        priced: PricedLog,
        sessions: Sequence[Session],
        season: Season,
        member: str,
        facts: ImportFacts,
    ) -> None:
        """Work everything out without writing, so that a log that cannot be booked changes nothing."""
        if facts.last and facts.last.session > sessions[-1].day:
            sessions = self._calendar.exchange.between(priced.log.first, facts.last.session)
        actions, _ = actions_of(priced, sessions[-1].closes, facts.actions)
        account = self._account(season, member, priced, sessions[0])
        for _ in LogWalk(account, priced, actions, sessions, self._settings.trading).steps():
            account.take()

    def _account(self, season: Season, member: str, priced: PricedLog, first: Session) -> ImportedAccount:
        opened = min([first.opens, *(priced.moment(trade) for trade in priced.trades[:1])])
        return ImportedAccount(season, member, new_id(12), self._settings.arena.initial_cash, opened)

    async def _book(
        self,
        books: LockedBooks,
        priced: PricedLog,
        sessions: Sequence[Session],
        member: str,
        price: LogPrice,
        now: datetime,
        *,
        kind: str,
    ) -> Imported:
        log, season, benchmark = priced.log, books.season, self._settings.arena.benchmark
        facts = await books.imports.facts(member, log, priced.tickers)
        _check_new(facts, log, member, season)
        account = self._account(season, member, priced, sessions[0])
        if not facts.is_new:
            _check_carried(facts, season, sessions[-1].day)
            # Of a session that has passed only the day and the close matter.
            sessions = [Session(each.session, each.closed_at, each.closed_at) for each in facts.passed]
        await books.imports.begin(account, log, price, kind=kind, benchmark=benchmark, at=now)
        if kind == "live":
            await books.live.check_open()
        if facts.is_new:
            await books.imports.add_sessions(_passed(priced.history, sessions, benchmark))
        actions, new = actions_of(priced, sessions[-1].closes, facts.actions)
        await books.imports.add_actions(new)
        for _ in LogWalk(account, priced, actions, sessions, self._settings.trading).steps():
            await books.imports.write(account.take())
        await books.imports.finish(account)
        return _imported(priced, account, sessions)


def member_named(text: str, members: Sequence[Member]) -> str:
    """Return the name of the member that `text` names, whatever its capitals, or `text` for a new one.

    Raises:
        Refused: nobody can have this name, or the books of this member follow from what others decide.
    """
    known = {member.name.lower(): member for member in members}.get(text.lower())
    if text.lower() in FOLLOWERS or (known and known.kind.follows):
        raise Refused(f"The books of {text.lower()} follow from what others decide; choose another name.")
    if not NAME.fullmatch(text):
        shown = "".join(sign for sign in text if sign.isprintable())[:24]
        raise Refused(f"“{shown}” cannot be a member's name: it has {NAME_IN_WORDS}.")
    return known.name if known else text


def _check_new(facts: ImportFacts, log: TradeLog, member: str, season: Season) -> None:
    if facts.same_file:
        raise Refused(f"{log.file_name} is in the books of {member} in season {season} already.")
    if facts.has_books:
        raise Refused(
            f"{member} has books in season {season} already; "
            "import the log into a season of its own with --season."
        )


def _check_within(facts: ImportFacts, log: TradeLog, season: Season, end: date) -> None:
    """Check that a log, which goes to `end`, lies within the season, as far as that is known."""
    elsewhere = "import it into a season of its own with --season"
    if facts.begins and log.first < facts.begins:
        raise Refused(
            f"Season {season} begins on {facts.begins}, and {log.file_name} on {log.first}; {elsewhere}."
        )
    if facts.kind == "replay" and (facts.last is None or end > facts.last.session):
        come = f"has come to {facts.last.session}" if facts.last else "has no session yet"
        raise Refused(f"The replay {season} {come}, and {log.file_name} goes to {end}; {elsewhere}.")


def _check_carried(facts: ImportFacts, season: Season, end: date) -> None:
    if facts.last is None or facts.last.session < end:
        raise Refused(
            f"The books of season {season} wait for prices before {end}; try again later, "
            "or import the log into a season of its own with --season."
        )


def _passed(history: History, sessions: Sequence[Session], benchmark: str) -> list[Passed]:
    passed: list[Passed] = []
    known: Passed | None = None
    for session in sessions:
        passed.append(benchmark_passed(history, session, known, benchmark))
        known = passed[-1] if passed[-1].benchmark else known
    return passed


def _imported(priced: PricedLog, account: ImportedAccount, sessions: Sequence[Session]) -> Imported:
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
