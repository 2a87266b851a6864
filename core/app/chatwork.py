"""The use cases of chats: what has arrived, which messages are open, and what a chat is subscribed to."""

from abc import ABC
from functools import cached_property

from core.app.homes import Homes
from core.app.people import People
from core.app.sharing import Sharing
from core.app.subscriptions import Subscriptions
from core.app.workspaces import Workspaces
from core.clock import Clock
from core.store.store import Store


class Chatwork(ABC):
    """A part of `App`. `subscriptions` are the use cases about what chats receive by themselves.

    `people` are those about roles, invitations, quotas and the audit trail.
    """

    clock: Clock
    people: People
    subscriptions: Subscriptions
    _store: Store

    @cached_property
    def homes(self) -> Homes:
        """The use cases of people's own pages: who has one, what it tells, and which run a message shows."""
        return Homes(self._store, self.clock)

    @cached_property
    def sharing(self) -> Sharing:
        """The use cases of sharing pages of reasoning with a chat."""
        return Sharing(self._store, self.clock)

    @cached_property
    def workspaces(self) -> Workspaces:
        """Return the use cases of the workspaces that installed the app."""
        return Workspaces(self._store, self.clock)

    async def claim_delivery(self, platform: str, delivery: str) -> bool:
        """Say True exactly once for each platform update, whatever process or restart asks."""
        return await self._store.chats.claim_delivery(platform, delivery, self.clock.now())

    async def release_delivery(self, platform: str, delivery: str) -> None:
        """Forget an update that was claimed and of which nothing came, so that it can be claimed again."""
        await self._store.chats.release_delivery(platform, delivery)

    async def greet_once(self, place: str) -> bool:
        """Say True the first time that a stranger (person and chat) turns up, False ever after."""
        return await self._store.chats.greet_once(place, self.clock.now())

    async def remember_card(
        self, run_id: str, platform: str, chat: str, thread: str | None, message: str
    ) -> int:
        """Keep where a run's live message is, so that a restart can finish it; return the card's number."""
        return await self._store.chats.remember_card(
            run_id, platform, chat, thread, message, self.clock.now()
        )

    async def thread_of(self, run_id: str, platform: str, chat: str) -> str | None:
        """Return the thread of a chat in which a run was shown first; None outside of threads, or nowhere."""
        return await self._store.chats.thread_of(run_id, platform, chat)

    async def card_done(self, card: int) -> None:
        """Note that the final card was delivered (or can never be)."""
        await self._store.chats.card_done(card, self.clock.now())

    async def open_cards(self, platform: str) -> tuple[tuple[int, str, str, str | None, str], ...]:
        """Return cards without a delivered end: number, run id, chat, thread, message."""
        return await self._store.chats.open_cards(platform)
