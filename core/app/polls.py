"""The votes of people in runs that go on."""

import asyncio
from datetime import datetime
from decimal import Decimal

from core.app.naming import running_tickers
from core.clock import Clock
from core.domain.ballot import Action
from core.domain.errors import Refused, Unknown
from core.domain.instrument import parse_ticker
from core.domain.member import MemberKind
from core.domain.near import did_you_mean, near
from core.domain.run import RunRecord, RunState
from core.domain.season import Season
from core.domain.vote import Vote, VoteTaken, count_votes
from core.market.calendar import MarketCalendar
from core.store.store import Store


class Polls:
    """Takes votes, one a person and run. What is voted becomes the ballot of the member `crowd`."""

    def __init__(self, store: Store, calendar: MarketCalendar, clock: Clock) -> None:
        self._store = store
        self._calendar = calendar
        self._clock = clock

    async def vote(
        self, reference: str, action: Action, confidence: Decimal | None, *, person: str, chat: str
    ) -> VoteTaken:
        """Take a vote as `App.vote` promises it."""
        record = await self._run(reference, chat)
        over = Refused(
            f"The run of {record.ticker} has ended, and its votes are counted. "
            f"Start another with /run {record.ticker}."
        )
        if record.state is not RunState.RUNNING:
            raise over
        if record.follower(MemberKind.CROWD) is None:
            raise Refused(f"This run of {record.ticker} takes no votes: the crowd has no seat in it.")
        await self._check_foresight(record)
        votes = self._store.votes
        before = next((vote for vote in await votes.of_run(record.run_id) if vote.person == person), None)
        at = self._clock.now()
        if not await votes.cast(record.run_id, person, action, confidence, chat, at):
            raise over
        return VoteTaken(
            run_id=record.run_id,
            ticker=record.ticker,
            vote=Vote(person=person, action=action, confidence=confidence, chat=chat, at=at),
            before=before,
            counts=count_votes(await votes.of_run(record.run_id)),
        )

    async def _run(self, reference: str, chat: str) -> RunRecord:
        ticker, wanted = parse_ticker(reference), reference.strip().lower()
        by_id = await self._store.runs.record(wanted)
        if by_id is not None:
            return by_id
        run_id = await self._store.votes.run_of(ticker, chat)
        record = await self._store.runs.record(run_id) if run_id else None
        if record is None:
            none = f"No run of {ticker} is going on; votes count while one does."
            meant = near(ticker, await running_tickers(self._store))
            if not meant:
                raise Refused(f"{none} Start one with /run {ticker}.")
            raise Unknown(
                f"{none} {did_you_mean(meant)}", wrong=reference, near=tuple((one, one) for one in meant)
            )
        return record

    async def _check_foresight(self, record: RunRecord) -> None:
        """Refuse a vote by people who could know the price at which its order fills.

        Prices of the sample are all of the past, and its books mix with no others.
        """
        if record.season == Season.SAMPLE:
            return
        # In a thread, because the first question loads the calendar.
        opens = await asyncio.to_thread(self._next_open, record.ticker, record.as_of)
        if opens <= self._clock.now():
            raise Refused(
                f"The market has opened since the evidence of this run of {record.ticker} "
                f"({record.as_of:%Y-%m-%d %H:%M} UTC), so a vote would be hindsight and does not count."
            )

    def _next_open(self, ticker: str, at: datetime) -> datetime:
        """Return when the first session after `at` opens (UTC)."""
        sessions = self._calendar.of(ticker)
        found = sessions.after(sessions.last_closed(at).day)
        while found.opens <= at:
            found = sessions.after(found.day)
        return found.opens
