"""The store as the rest of the program sees it."""

from core.clock import Clock
from core.store.alert_rows import Alerts
from core.store.answer_rows import Answers
from core.store.ask_rows import Asks
from core.store.audit_rows import Audits
from core.store.book_rows import Books
from core.store.budget_rows import Budgets
from core.store.call_rows import Calls
from core.store.call_sums import CallSums
from core.store.chat_rows import Chats
from core.store.claim_rows import Claims
from core.store.database import Database
from core.store.deed_rows import Deeds
from core.store.export_rows import Exports
from core.store.home_rows import Homes
from core.store.known_chat_rows import KnownChats
from core.store.listed_rows import ListedModels
from core.store.live_season_rows import LiveSeasons
from core.store.member_changes import MemberChanges
from core.store.member_rows import Members
from core.store.memory_rows import Memories
from core.store.model_answer_rows import ModelAnswers
from core.store.outcome_rows import Outcomes
from core.store.past_rows import Past
from core.store.people_rows import People
from core.store.place_rows import Places
from core.store.provider_rows import ProviderStates
from core.store.reflection_rows import Reflections
from core.store.run_history import RunHistory
from core.store.run_rows import Runs
from core.store.score_rows import Scores
from core.store.season_rows import Seasons
from core.store.shared_rows import SharedPages
from core.store.sighting_rows import Sightings
from core.store.slack_rows import SlackWorkspaces
from core.store.slot_rows import Slots
from core.store.stability_rows import Stabilities
from core.store.stage_rows import Stages
from core.store.subscription_rows import Subscriptions
from core.store.vendor_answer_rows import VendorAnswers
from core.store.vote_rows import Votes
from core.store.watch_rows import Watched


class Store:
    """All that Conclave keeps, one attribute for each kind of thing. Made by `open`; close it when done."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.members = Members(database)
        self.runs = Runs(database)
        self.history = RunHistory(database)
        self.past = Past(database)
        self.stages = Stages(database)
        self.calls = Calls(database)
        self.providers = ProviderStates(database)
        self.call_sums = CallSums(database)
        self.sightings = Sightings(database)
        self.listed = ListedModels(database)
        self.budgets = Budgets(database, self.calls.log)
        self.asks = Asks(database)
        self.books = Books(database)
        self.member_changes = MemberChanges(database, self.books)
        self.seasons = Seasons(database)
        self.live = LiveSeasons(database)
        self.outcomes = Outcomes(database)
        self.reflections = Reflections(database)
        self.memories = Memories(database)
        self.answers = Answers(database)
        self.model_answers = ModelAnswers(database)
        self.vendor_answers = VendorAnswers(database)
        self.stabilities = Stabilities(database)
        self.scores = Scores(database)
        self.chats = Chats(database)
        self.homes = Homes(database)
        self.shared = SharedPages(database)
        self.claims = Claims(database)
        self.people = People(database)
        self.places = Places(database)
        self.deeds = Deeds(database)
        self.known_chats = KnownChats(database)
        self.votes = Votes(database)
        self.subscriptions = Subscriptions(database)
        self.slots = Slots(database)
        self.watched = Watched(database)
        self.alerts = Alerts(database)
        self.audits = Audits(database)
        self.exports = Exports(database)
        self.workspaces = SlackWorkspaces(database)

    @classmethod
    async def open(cls, url: str, clock: Clock) -> "Store":
        """Open the database, and bring its schema up to date first if it is behind.

        Raises:
            DatabaseTooNew: a newer Conclave has changed the schema.
            StoreError: the database cannot be opened.
        """
        return cls(await Database.open(url, clock))

    async def close(self) -> None:
        """Write what waits to be written, and release every connection."""
        try:
            await self.stages.close()
            await self.calls.log.close()
        finally:
            await self.database.close()
