"""The list of use cases."""

import re
from collections.abc import AsyncIterator
from decimal import Decimal

from core.app.agenda import Agenda
from core.app.askwork import Askwork
from core.app.bookwork import Bookwork
from core.app.chartwork import Chartwork
from core.app.chatwork import Chatwork
from core.app.claims import Claims
from core.app.costwork import Costwork
from core.app.digests import Digests
from core.app.digestwork import Digestwork
from core.app.estimates import Estimates
from core.app.evidencework import Evidencework
from core.app.known_chats import KnownChats
from core.app.listing import Listing
from core.app.live_seasons import LiveSeasons
from core.app.lookback import Lookback
from core.app.membership import Membership, told_of
from core.app.meterwork import Meterwork
from core.app.naming import Naming, voter
from core.app.people import People
from core.app.polls import Polls
from core.app.pricework import Pricework
from core.app.questions import Questions
from core.app.recount import recount
from core.app.replays import Replays
from core.app.rerunwork import Rerunwork
from core.app.resets import Resets
from core.app.runs import Runs
from core.app.scheduled_runs import ScheduledRuns
from core.app.scoreboard import STALE_AFTER, Scoreboard, caveat_of
from core.app.season_reports import SeasonReports
from core.app.seasonwork import Seasonwork
from core.app.stabilitywork import Stabilitywork
from core.app.stopwork import Stopwork
from core.app.subscriptions import Subscriptions
from core.app.timework import Timework
from core.app.watch import Watch
from core.app.watchlists import Watchlists
from core.clock import Clock
from core.config import Settings
from core.consensus.track import calibration_of
from core.domain.ballot import Action
from core.domain.books import Leaderboard, Statement
from core.domain.calibration import Calibration
from core.domain.errors import NoPrices, NotFound, Refused
from core.domain.events import RunEvent
from core.domain.ids import ALPHABET
from core.domain.instrument import parse_ticker
from core.domain.measures import Relay
from core.domain.member import Member
from core.domain.period import ALL
from core.domain.run import RunRecord, RunRequest, RunState
from core.domain.scores import Metric
from core.domain.season import Season
from core.domain.stage import ModelChat
from core.domain.values import to_ratio
from core.domain.verdict import Verdict
from core.domain.vote import VoteTaken
from core.ledger.valuation import equity, holdings
from core.llm.gateway import Gateway
from core.market.chain import PriceChain
from core.market.gathering import Gatherer
from core.market.yahoo_search import YahooSearch
from core.pipeline.committee import Committee
from core.pipeline.importing import Importer
from core.pipeline.reflecting import Reflecting
from core.store.place_rows import Places
from core.store.store import Store

_RUN_ID = re.compile(f"[{ALPHABET}]{{8}}")
_LAST_FILLS = 10


class App(
    Naming,
    Askwork,
    Bookwork,
    Chartwork,
    Chatwork,
    Costwork,
    Digestwork,
    Evidencework,
    Lookback,
    Meterwork,
    Pricework,
    Rerunwork,
    Seasonwork,
    Stabilitywork,
    Stopwork,
    Timework,
):
    """One arena, open for use. Made by `core.app.assemble.open_app`; close it when done."""

    def __init__(
        self,
        settings: Settings,
        clock: Clock,
        *,
        store: Store,
        prices: PriceChain,
        gatherer: Gatherer,
        committee: Committee,
        gateway: Gateway,
        runs: Runs,
        live: LiveSeasons,
        questions: Questions,
        replays: Replays,
        importer: Importer,
        polls: Polls,
        scoreboard: Scoreboard,
        reports: SeasonReports,
        digests: Digests,
        subscriptions: Subscriptions,
        watchlists: Watchlists,
        known_chats: KnownChats,
        agenda: Agenda,
        watch: Watch,
        estimates: Estimates,
        resets: Resets,
        people: People,
        places: Places,
        reflecting: Reflecting,
        measures: Relay,
        search: YahooSearch | None = None,
    ) -> None:
        self.settings = settings
        self.clock = clock
        self._store = store
        self._prices = prices
        self._gatherer = gatherer
        self._committee = committee
        self.courtesy = gateway.courtesy
        self._gateway = gateway
        self._estimates = estimates
        self._runs = runs
        self._questions = questions
        self._live = live
        self._replays = replays
        self._importer = importer
        self._polls = polls
        self._scoreboard = scoreboard
        self._reports = reports
        self._digests = digests
        self.subscriptions = subscriptions
        self.watchlists = watchlists
        self.known_chats = known_chats
        self.agenda = agenda
        self.claims = Claims(store, clock)
        self.membership = Membership(settings, store, clock)
        self.people = people
        self.places = places
        self._watch = watch
        self.resets = resets
        self._reflecting = reflecting
        self.measures = measures
        self.listing = Listing(settings, store, gateway, clock)
        self._search = search
        self._scheduled = ScheduledRuns(settings, store, gateway, clock, estimates, self.run)

    async def run(self, request: RunRequest) -> AsyncIterator[RunEvent]:
        """Start a run, or join the one in flight for the same request, and tell its events from the start.

        Leaving the iterator early does not stop the run: `cancel` does. The stream always ends with
        RunEnded unless the run could not start or was interrupted.

        Raises:
            Refused: a broken ticker, an unknown member, a live season that has ended or not begun, or the
                budget of the day has less left than it would cost.
            NoPrices: no vendor had usable prices; an UnknownTicker names what may have been meant.
        """
        ticker = parse_ticker(request.ticker)
        chosen = await self._chosen(request.members)
        names = tuple(member.name for member in chosen if not member.kind.follows) if request.members else ()
        request = request.model_copy(update={"ticker": ticker, "members": names})
        if request.once and (known := await self._store.runs.run_of_once(request.once)):
            async for event in self.watch(known):
                yield event
            return
        await self.freeze_if_due()
        if not any(key.startswith(f"{request.key}|") for key in self._runs.by_key):  # joining costs nothing
            request = await self._afforded(request)
        try:
            async for event in self._runs.start(request, chosen).events():
                yield event
        except NoPrices as error:
            better = await self._nearest(ticker, error)
            if better is error:
                raise
            raise better from error

    async def _chosen(self, names: tuple[str, ...]) -> tuple[Member, ...]:
        """Return the members to hear, in their order, and after them those that follow every run."""
        members = await self._store.members.all()
        enabled = [member for member in members if member.enabled and not member.kind.follows]
        followers = [member for member in members if member.enabled and member.kind.follows]
        if not names:
            if not enabled:
                raise Refused("No member is enabled. Enable one under [[members]] in the configuration.")
            return (*enabled, *followers)
        wanted = {voter(members, name).name for name in names}
        chosen = [member for member in enabled if member.name in wanted]
        if len(chosen) < len(wanted):
            off = min(wanted - {member.name for member in chosen})
            raise Refused(f"{off} is not enabled, or was removed. /models lists who takes part.")
        return (*chosen, *followers)

    async def vote(
        self, reference: str, action: Action, confidence: Decimal | None, *, person: str, chat: str
    ) -> VoteTaken:
        """Take a person's vote in a run that goes on, in place of an earlier one of the same person.

        `reference` is a run's id, or a ticker: then it is that ticker's newest run, one that was asked for in
        `chat` first. `confidence` is from 0 to 1; `person` and `chat` are platform ids.

        Raises:
            BadTicker: the reference is neither a run's id nor a ticker.
            Refused: no such run goes on, it takes no votes, or the market has opened since its evidence.
        """
        return await self._polls.vote(reference, action, confidence, person=person, chat=chat)

    async def watch(self, run_id: str) -> AsyncIterator[RunEvent]:
        """Tell the events of a run from its start; a finished one just ends.

        A run of another process is followed, and taken over when that process dies.

        Raises:
            NotFound: there is no such run.
        """
        record = await self.run_record(run_id)
        async for event in self._runs.watch(record).events():
            yield event

    async def resume(self, run_id: str) -> AsyncIterator[RunEvent]:
        """Continue an interrupted or cancelled run at its first missing stage, and tell its events.

        Raises:
            NotFound: there is no such run.
            Refused: the run is over, or another process is working on it.
        """
        async for event in (await self._runs.resume(run_id)).events():
            yield event

    async def resume_interrupted(self) -> tuple[str, ...]:
        """Continue every interrupted run in the background and return their ids."""
        resumed = []
        for run_id in await self._store.runs.interrupted(self.clock.now()):
            try:
                await self._runs.resume(run_id)
            except Refused:
                continue  # another process was quicker
            resumed.append(run_id)
        return tuple(resumed)

    async def cancel(self, run_id: str) -> bool:
        """Stop a run of this process, keeping what is done; False when it does not run here."""
        return await self._runs.cancel(run_id)

    async def recount(
        self, reference: str, method: str, threshold: Decimal | None = None
    ) -> tuple[RunRecord, Verdict]:
        """Return a run (`reference` as in `record`) and what `method` would decide of it; nothing changes.

        Raises:
            NotFound: there is no such run.
            Refused: the run still goes on, or there is no such method or threshold.
        """
        record = await self.record(reference)
        return record, recount(record, method, threshold, self.settings.consensus)

    async def model_chat(self, reference: str, member: str) -> ModelChat:
        """Return one member's complete record of a run (`reference` as in `record`).

        Raises:
            NotFound: no such run, or the member had no seat in it.
        """
        record = await self.record(reference)
        name = (await self.member(member)).name
        seat = next((seat for seat in record.seats if seat.member == name), None)
        if seat is None:
            seated = ", ".join(seat.member for seat in record.voters)
            raise NotFound(f"{name} took no part in run {record.run_id} of {record.ticker}: {seated}.")
        stages = await self._store.stages.of_run(record.run_id, name)
        return ModelChat(
            run_id=record.run_id,
            ticker=record.ticker,
            as_of=record.as_of,
            member=name,
            stages=stages,
            result=seat.result,
            reflection=await self._store.reflections.of(record.run_id, name),
        )

    async def leaderboard(
        self,
        season: Season | None = None,
        *,
        period: str = ALL,
        by: Metric = Metric.VALUE,
        net_of_tokens: bool = False,
    ) -> Leaderboard:
        """Return the ranking of the live season, or of the sample one if only that has books, or of `season`.

        `period` is `all` or so many calendar days back from the newest session, such as `7d`. Value, profit
        and return are those at the latest marks, all else is as of the last close.

        Raises:
            NotFound: there is no such season.
            Refused: it is no period, or token cost cannot be taken from the metric.
        """
        return await self._scoreboard.leaderboard(season, period, by, net_of_tokens=net_of_tokens)

    async def portfolio(
        self, member: str, season: Season | None = None, *, last: int = _LAST_FILLS
    ) -> Statement:
        """Return one member's books in a season, or in that of `leaderboard` (`member` as in `member`).

        Of fills, and of what else happened, there are the `last` ones, newest first.

        Raises:
            NotFound: no such member or season.
        """
        found = await self.member(member)
        season = await self._scoreboard.current(season)
        books = self._store.books
        portfolio = await books.portfolio(season, found.name)
        marks = await books.marks(season)
        newest = max((mark.at for mark in marks.values()), default=None)
        valued = holdings(portfolio, marks, (newest - STALE_AFTER).date() if newest else None)
        value = equity(portfolio, valued)
        initial = self.settings.arena.initial_cash
        accounts = await books.accounts(season)
        deposits = next((a.deposits_usd for a in accounts if a.member == found.name), None)
        if deposits is None:
            portfolio, value = portfolio.model_copy(update={"cash_usd": initial}), initial
        start = deposits or initial
        return Statement(
            season=season,
            member=found.name,
            kind=found.kind,
            initial_cash_usd=start,
            cash_usd=portfolio.cash_usd,
            holdings=valued,
            value_usd=value,
            pnl_usd=None if value is None else value - start,
            return_ratio=None if value is None else to_ratio((value - start) / start),
            pending=await books.pending(season, found.name),
            fills=await books.fills(season, found.name, last),
            history=await books.happenings(season, found.name, last),
            caveat=caveat_of(season, marks),
        ).model_copy(update=told_of([found], accounts, self.settings).get(found.name, {}))

    async def _season(self) -> Season:
        return await self._scoreboard.current()

    async def seasons(self) -> tuple[Season, ...]:
        """Return every season that has books, the oldest first."""
        return await self._store.seasons.names()

    async def calibration(self, member: str, season: Season | None = None) -> Calibration:
        """Return how far one member is to be trusted, by its settled ballots in a season as in `portfolio`.

        Raises:
            NotFound: no such member or season.
        """
        found = await self.member(member)
        season, now = await self._scoreboard.current(season), self.clock.now()
        return calibration_of(
            season,
            found.name,
            await self._store.outcomes.of_member(season, found.name, now),
            found.weight,
            now,
            minimum=self.settings.scores.min_settled,
            in_use=self.settings.consensus.weights == "learned",
            caveat=caveat_of(season, await self._store.books.marks(season)),
        )

    async def running(self, run_id: str) -> bool:
        """Say whether a run is not over yet, here or elsewhere."""
        record = await self._store.runs.record(run_id)
        return record is not None and record.state is RunState.RUNNING

    async def prepare(self) -> None:
        """Load the model client off the event loop; the heavier calendar waits for the first run."""
        await self._gateway.prepare()

    async def close(self) -> None:
        """Stop what runs (it stays resumable), and release every connection."""
        await self._runs.close()
        await self._gateway.close()
        await self._prices.close()
        await self._gatherer.close()
        if self._search is not None:
            self._search.close()
        await self._store.close()
