"""Gathers from the store what digests and reviews are made of."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from core.app.scoreboard import STALE_AFTER, Scoreboard, caveat_of
from core.clock import Clock
from core.config import Settings
from core.consensus.track import calibration_of
from core.domain.actions import CorporateAction
from core.domain.bars import Mark, Quote
from core.domain.books import Account
from core.domain.calibration import Calibration
from core.domain.digest import Digest, Review, VerdictSoFar
from core.domain.errors import NotFound
from core.domain.member import FOLLOWERS, MemberKind
from core.domain.outcomes import Outcome
from core.domain.run import RunRecord
from core.domain.season import Season
from core.ledger.places import ranks
from core.ledger.valuation import worth
from core.market.calendar import MarketCalendar
from core.schedule import digest, review
from core.store.book_rows import Snapshot
from core.store.store import Store

_CALLS = 3
_MOMENT = timedelta(microseconds=1)


class Digests:
    """Makes digests and reviews. Any number of tasks may ask at the same time."""

    def __init__(
        self,
        store: Store,
        scoreboard: Scoreboard,
        settings: Settings,
        calendar: MarketCalendar,
        clock: Clock,
    ) -> None:
        self._store = store
        self._scoreboard = scoreboard
        self._settings = settings
        self._calendar = calendar
        self._clock = clock

    async def digest(
        self, season: Season | None = None, since: datetime | None = None, until: datetime | None = None
    ) -> Digest:
        """Return what has happened in a season after `since`, up to and with `until`.

        Without them it is the current season, up to now, with the last whole session. On the sample's prices
        time stands still, so there the trades are those of the runs that ended in the time.

        Raises:
            NotFound: there is no such season.
        """
        season = await self._scoreboard.current(season)
        until = until or self._clock.now()
        if since is None:
            # In a thread, because the first question loads the calendar.
            since = await asyncio.to_thread(digest.begins, self._calendar.exchange, until)
        seasons, books = self._store.seasons, self._store.books
        records = await seasons.ended(season, since, until)
        filled = await seasons.filled(season, since, until)
        start = since
        if season == Season.SAMPLE:
            filled = await seasons.filled_of(season, [record.run_id for record in records])
            start = min([since, *(fill.filled_at - _MOMENT for fill, _ in filled)])
        before, after = await books.snapshot(season, start), await books.snapshot(season, until)
        seen = await self._seen(records)
        accounts = await books.accounts(season)
        actions = await seasons.actions(season)
        marks = _fresh(after.marks, until, season)
        watched = {record.ticker for record in records} | _held(before) | _held(after)
        starts = _starts(_fresh(before.marks, start, season), records, seen, watched)
        return Digest(
            season=season,
            since=since,
            until=until,
            verdicts=await self._so_far(records, seen, marks, actions),
            earnings=digest.earnings(
                _kinds(accounts),
                await self._values_before(before, season, start, until),
                _values(after, until, season),
            ),
            disagreement=digest.biggest_disagreement(records),
            trades=digest.trades(filled),
            waiting=tuple(order for orders in after.pending.values() for order in orders),
            movers=digest.movers(
                starts,
                {ticker: mark for ticker, mark in marks.items() if ticker in watched},
                {
                    ticker: await self._between(actions, ticker, mark.at, until)
                    for ticker, mark in starts.items()
                },
            ),
            actions=await self._in_force(actions, watched, start, until),
            spend=digest.spent(records),
            runs=len(records),
            broken=digest.broken(records),
            undecided=digest.undecided(records),
            abstentions=digest.abstentions(records),
            caveat=_caveat(season, after.marks, records),
        )

    async def _so_far(
        self,
        records: Sequence[RunRecord],
        seen: Mapping[str, Quote],
        marks: Mapping[str, Mark],
        actions: Sequence[CorporateAction],
    ) -> tuple[VerdictSoFar, ...]:
        """Return what has become of each verdict since its committee saw the price."""
        found = []
        for record in records:
            mark, quote = marks.get(record.ticker), seen.get(record.run_id)
            between = await self._between(
                actions, record.ticker, quote.at if quote else None, mark.at if mark else None
            )
            found.append(digest.verdict_so_far(record, quote, mark, between))
        return tuple(one for one in found if one)

    async def review(
        self, season: Season | None = None, since: datetime | None = None, until: datetime | None = None
    ) -> Review:
        """Return what the time after `since`, up to and with `until`, has told about a season's members.

        Without them it is the current season, up to now, from a week before.

        Raises:
            NotFound: there is no such season.
        """
        season = await self._scoreboard.current(season)
        until = until or self._clock.now()
        since = since or until - review.REVIEWED
        books = self._store.books
        outcomes = await self._store.outcomes.of_season(season, until)
        lately = review.settled_between(outcomes, since, until)
        before, after = await books.snapshot(season, since), await books.snapshot(season, until)
        kinds = {member.name: member.kind for member in await self._store.members.all()}
        calls = review.calls(lately, kinds)
        best, worst = review.best_and_worst((one for one in calls if one.kind not in FOLLOWERS), _CALLS)
        values = _values(after, until, season)
        earlier = await self._values_before(before, season, since, until)
        least = self._settings.scores.min_settled
        return Review(
            season=season,
            since=since,
            until=until,
            judged=review.judged(
                kinds,
                await asyncio.to_thread(_calibrations, season, outcomes, until, least),
                await asyncio.to_thread(_calibrations, season, lately, until, 1),
            ),
            ranks=review.rank_changes(
                _kinds(await books.accounts(season)),
                earlier,
                values,
                # Before its first price a season has no order that anybody could have moved from.
                ranks(earlier) if before.marks else None,
                ranks(values),
            ),
            best=best,
            worst=worst,
            followers=tuple(one for one in calls if one.kind in FOLLOWERS),
            settled=len(calls),
            minimum=least,
            caveat=caveat_of(season, after.marks),
        )

    async def _values_before(
        self, books: Snapshot, season: Season, since: datetime, until: datetime
    ) -> dict[str, Decimal | None]:
        """Return what each member's books were worth at `since`, from which its earnings until `until` count.

        Whoever began again in between is measured from there: a reset earns and loses nothing.
        """
        values = _values(books, since, season)
        again = await self._store.books.resets(season, until)
        lately = [account for account in await self._store.books.accounts(season) if account.member in again]
        return values | {
            account.member: account.deposits_usd for account in lately if again[account.member].at > since
        }

    async def prices_of(self, records: Iterable[RunRecord]) -> dict[str, Decimal]:
        """Return the price that each run's committee saw, in USD a share, by run id, where it is known."""
        return {run_id: quote.price for run_id, quote in (await self._seen(records)).items()}

    async def _seen(self, records: Iterable[RunRecord]) -> dict[str, Quote]:
        """Return the quote in each run's evidence; a pack that is gone leaves its run out."""
        found = {}
        for record in records:
            try:
                found[record.run_id] = (await self._store.runs.evidence(record.evidence_sha256)).quote
            except NotFound:
                continue
        return found

    async def _between(
        self,
        actions: Sequence[CorporateAction],
        ticker: str,
        since: datetime | None,
        until: datetime | None,
    ) -> tuple[CorporateAction, ...]:
        """Return the actions of a ticker that came into force after `since`, up to and with `until`."""
        theirs = [action for action in actions if action.ticker == ticker]
        if since is None or until is None or not theirs:
            return ()
        opening = self._calendar.of(ticker).opening
        opens = await asyncio.to_thread(lambda: [opening(action.ex_date) for action in theirs])
        return tuple(action for action, at in zip(theirs, opens, strict=True) if since < at <= until)

    async def _in_force(
        self, actions: Sequence[CorporateAction], tickers: Iterable[str], since: datetime, until: datetime
    ) -> tuple[CorporateAction, ...]:
        found = [
            action for ticker in tickers for action in await self._between(actions, ticker, since, until)
        ]
        return tuple(sorted(found, key=lambda one: (one.ex_date, one.ticker, one.kind)))


def _calibrations(
    season: Season, outcomes: Sequence[Outcome], at: datetime, minimum: int
) -> dict[str, Calibration]:
    """Return everybody's record as a judge; their configured weights are nobody's concern here."""
    theirs: dict[str, list[Outcome]] = {}
    for one in outcomes:
        theirs.setdefault(one.member, []).append(one)
    nothing = Decimal(0)
    return {
        member: calibration_of(season, member, found, nothing, at, minimum=minimum)
        for member, found in theirs.items()
    }


def _kinds(accounts: Iterable[Account]) -> dict[str, MemberKind]:
    return {account.member: MemberKind(account.kind) for account in accounts}


def _held(books: Snapshot) -> set[str]:
    return {held.ticker for portfolio in books.portfolios.values() for held in portfolio.positions}


def _fresh(marks: Mapping[str, Mark], at: datetime, season: Season) -> dict[str, Mark]:
    """Return the marks that are not too old at a moment; those of the sample never are."""
    if season == Season.SAMPLE:
        return dict(marks)
    return {ticker: mark for ticker, mark in marks.items() if mark.at >= at - STALE_AFTER}


def _values(books: Snapshot, at: datetime, season: Season) -> dict[str, Decimal | None]:
    """Return what each member's books are worth in USD, None where a holding has no usable price."""
    marks = _fresh(books.marks, at, season)
    return {member: worth(portfolio, marks).value_usd for member, portfolio in books.portfolios.items()}


def _starts(
    marks: Mapping[str, Mark], records: Iterable[RunRecord], seen: Mapping[str, Quote], tickers: Iterable[str]
) -> dict[str, Mark]:
    """Return from which price on each ticker is watched: its mark, or else what the first run saw."""
    found = {ticker: marks[ticker] for ticker in tickers if ticker in marks}
    for record in records:
        quote = seen.get(record.run_id)
        if quote is not None and record.ticker not in found:
            found[record.ticker] = Mark(
                ticker=record.ticker, price=quote.price, at=quote.at, source=record.source
            )
    return found


def _caveat(season: Season, marks: Mapping[str, Mark], records: Iterable[RunRecord]) -> str | None:
    """Return what must be said of the prices, by the books or else by one of the runs."""
    said = caveat_of(season, marks)
    return said or next((record.caveat for record in records if record.caveat), None)
