"""An arena in memory that plays back runs which a test has prepared, in place of the real one."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import datetime
from decimal import Decimal

from core.app.app import App
from core.app.pricework import RunPrice
from core.clock import ManualClock
from core.config import Settings
from core.courtesy import Courtesy
from core.domain.alert import Alert
from core.domain.ballot import Action
from core.domain.books import Leaderboard, Statement
from core.domain.calibration import Calibration
from core.domain.costs import CostScope
from core.domain.errors import NotFound
from core.domain.events import RunEvent
from core.domain.evidence import Evidence
from core.domain.measures import Relay
from core.domain.member import Member
from core.domain.run import RunRecord, RunRequest, RunState
from core.domain.scores import Metric
from core.domain.season import Season
from core.domain.stability import Stability
from core.domain.stage import ModelChat
from core.domain.subscription import Due
from core.domain.vote import Vote, VoteTaken, count_votes
from tests import arena_facts, claim_facts, standings_facts
from tests.chats_double import ChatsDouble
from tests.people_double import PeopleDouble, people_of
from tests.places_double import PlacesDouble
from tests.subscriptions_double import RowsDouble, watchlists_of


class NothingDue:
    """An agenda on which nothing ever comes due."""

    async def prepare(self) -> None:
        pass

    async def tidy(self) -> None:
        pass

    async def claim(self, platforms: Sequence[str], limit: int) -> tuple[Due, ...]:
        return ()

    async def give_back(self) -> None:
        pass


class ArenaDouble(App):
    """Plays `script` events for every run; `before[n]` is awaited before the nth event of each."""

    def __init__(self, settings: Settings | None = None, now: datetime = arena_facts.FINISHED) -> None:
        self.settings = settings or Settings()
        self.clock = ManualClock(now)
        self.script: list[RunEvent] = arena_facts.events()
        self.gates: dict[int, asyncio.Event] = {}
        self.failure: Exception | None = None
        self.failure_at = 0
        self.requests: list[RunRequest] = []
        self.price = RunPrice(0, 0, Decimal(0))
        self.watched: list[str] = []
        self.resumed: list[str] = []
        self.cancelled: list[str] = []
        self.pack = claim_facts.pack()
        self.records: dict[str, RunRecord] = {arena_facts.RUN_ID: arena_facts.record()}
        self.chats: dict[str, ModelChat] = {"claude-sonnet-4.5": arena_facts.chat()}
        self.ranked: list[tuple[Season | None, str, Metric, bool]] = []
        self.board: Leaderboard = standings_facts.LEADERBOARD
        self.statement: Statement = standings_facts.STATEMENT
        self.claimed: set[tuple[str, str]] = set()
        self.greeted: set[str] = set()
        self.cards: dict[int, tuple[str, str, str, str | None, str]] = {}
        self.done_cards: list[int] = []
        self.interrupted: tuple[str, ...] = ()
        self.closed = False
        self.busy: Exception | None = None
        self.measures = Relay()
        self.courtesy = Courtesy()
        self.votes: dict[str, Vote] = {}
        self.going_on: tuple[str, ...] = ()
        self.known_chats = ChatsDouble()  # type: ignore[assignment]
        self.agenda = NothingDue()  # type: ignore[assignment]
        self.rows = RowsDouble()
        self.subscriptions, self.watchlists = watchlists_of(self.rows, self.settings, self.clock)
        self.people_rows = PeopleDouble()
        self.places = PlacesDouble(self)  # type: ignore[assignment]
        self.configure(self.settings)

    def configure(self, settings: Settings) -> None:
        """Have other settings from now on, for people as well."""
        self.settings = settings
        self.people = people_of(self.people_rows, settings, self.clock)

    async def _play(self, ticker: str) -> AsyncIterator[RunEvent]:
        script = [self._about(event, ticker) for event in self.script]
        for number, event in enumerate(script):
            if gate := self.gates.get(number):
                await gate.wait()
            if self.failure and number == self.failure_at:
                raise self.failure
            yield event
            await asyncio.sleep(0)
        if self.failure and self.failure_at >= len(script):
            raise self.failure

    def _about(self, event: RunEvent, ticker: str) -> RunEvent:
        """The same event for another ticker, so that several runs can be told apart."""
        if ticker == "NVDA":
            return event
        run_id = ticker.lower()
        changes: dict[str, object] = {}
        if hasattr(event, "record"):
            changes["record"] = event.record.model_copy(update={"ticker": ticker, "run_id": run_id})
        if hasattr(event, "run_id"):
            changes["run_id"] = run_id
        return event.model_copy(update=changes)

    def run(self, request: RunRequest) -> AsyncIterator[RunEvent]:
        self.requests.append(request)
        return self._play(request.ticker)

    async def price_of_run(self, record: RunRecord) -> RunPrice:
        return self.price

    def watch(self, run_id: str) -> AsyncIterator[RunEvent]:
        self.watched.append(run_id)
        return self._play("NVDA")

    def resume(self, run_id: str) -> AsyncIterator[RunEvent]:
        self.resumed.append(run_id)
        return self._play("NVDA")

    async def resume_interrupted(self) -> tuple[str, ...]:
        return self.interrupted

    async def cancel(self, run_id: str) -> bool:
        self.cancelled.append(run_id)
        return True

    async def record(self, reference: str) -> RunRecord:
        if self.busy:
            raise self.busy
        for found in self.records.values():
            by_ticker = found.ticker == reference.upper() and found.state is RunState.FINISHED
            if found.run_id == reference or by_ticker:
                return found
        raise NotFound(f"There is no run {reference}.")

    async def vote(
        self, reference: str, action: Action, confidence: Decimal | None, *, person: str, chat: str
    ) -> VoteTaken:
        record = await self.record(reference)
        before = self.votes.get(person)
        vote = Vote(person=person, action=action, confidence=confidence, chat=chat, at=self.clock.now())
        self.votes[person] = vote
        counts = count_votes(self.votes.values())
        return VoteTaken(run_id=record.run_id, ticker=record.ticker, vote=vote, before=before, counts=counts)

    async def run_record(self, run_id: str) -> RunRecord:
        if run_id not in self.records:
            raise NotFound("This run is too old to open. Send /run NVDA for a new one.")
        return await self.record(run_id)

    async def prices_of(self, records: Iterable[RunRecord]) -> dict[str, Decimal]:
        if self.busy:
            raise self.busy
        return {record.run_id: Decimal("207.04") for record in records}

    async def model_chat(self, reference: str, member: str) -> ModelChat:
        await self.record(reference)
        if member not in self.chats:
            raise NotFound(f"{member} had no seat in run {reference}.")
        return self.chats[member]

    async def member(self, text: str) -> Member:
        found = [member for member in arena_facts.MEMBERS if text.lower() in member.name]
        if len(found) == 1:
            return found[0]
        raise NotFound(f"No model is called {text}.")

    async def member_numbered(self, number: int) -> Member:
        for member in arena_facts.MEMBERS:
            if member.number == number:
                return member
        raise NotFound("There is no such model any more.")

    async def members(self) -> tuple[Member, ...]:
        return arena_facts.MEMBERS

    async def evidence_of(self, record: RunRecord) -> Evidence:
        return self.pack

    async def stabilities(self) -> dict[str, Stability]:
        return {}

    async def leaderboard(
        self,
        season: Season | None = None,
        *,
        period: str = "all",
        by: Metric = Metric.VALUE,
        net_of_tokens: bool = False,
    ) -> Leaderboard:
        self.ranked.append((season, period, by, net_of_tokens))
        return self.board

    async def portfolio(self, member: str, season: Season | None = None, *, last: int = 10) -> Statement:
        del season, last
        await self.member(member)
        return self.statement

    async def calibration(self, member: str) -> Calibration:
        await self.member(member)
        return standings_facts.CALIBRATION

    async def running_tickers(self) -> tuple[str, ...]:
        return self.going_on

    async def claim_delivery(self, platform: str, delivery: str) -> bool:
        new = (platform, delivery) not in self.claimed
        self.claimed.add((platform, delivery))
        return new

    async def release_delivery(self, platform: str, delivery: str) -> None:
        self.claimed.discard((platform, delivery))

    async def greet_once(self, place: str) -> bool:
        new = place not in self.greeted
        self.greeted.add(place)
        return new

    async def remember_card(
        self, run_id: str, platform: str, chat: str, thread: str | None, message: str
    ) -> int:
        number = len(self.cards) + 1
        self.cards[number] = (platform, run_id, chat, thread, message)
        return number

    async def card_done(self, card: int) -> None:
        self.done_cards.append(card)

    async def open_cards(self, platform: str) -> tuple[tuple[int, str, str, str | None, str], ...]:
        return tuple(
            (number, *card[1:])
            for number, card in self.cards.items()
            if card[0] == platform and number not in self.done_cards
        )

    async def refresh_lists(self) -> int:
        return 0

    async def keep_books(self) -> None:
        pass

    async def reflect(self) -> int:
        return 0

    async def look_out(self) -> tuple[Alert, ...]:
        return ()

    async def costs_scope(self, chat: str, person: str | None) -> CostScope:
        return CostScope(chats=(chat,), person=person)

    async def close(self) -> None:
        self.closed = True


def names(members: Sequence[Member] = arena_facts.MEMBERS) -> list[str]:
    return [member.name for member in members]
