"""The use cases of chats as places: open or shut to us, gone to another id, and back again."""

import logging

from core.app.subscriptions import Subscriptions
from core.clock import Clock
from core.config import Settings
from core.domain.chat import ChatOpened, ChatShut, ChatState, KnownChat
from core.domain.errors import Refused
from core.store.store import Store

_log = logging.getLogger(__name__)


class KnownChats:
    """What is known of every chat. All may be told twice, by several processes, and in any order."""

    def __init__(self, store: Store, settings: Settings, subscriptions: Subscriptions, clock: Clock) -> None:
        self._store = store
        self._access = settings.access
        self._subscriptions = subscriptions
        self._clock = clock
        self._warned_of: set[str] = set()

    async def get(self, chat_id: str) -> KnownChat | None:
        """Return what is known of a chat, such as `telegram:-100123`; None where nothing is."""
        return await self._store.known_chats.get(chat_id)

    async def earlier(self, chat_id: str) -> tuple[str, ...]:
        """Return the ids that a chat had before it became this one; a role under those counts for it."""
        return await self._store.known_chats.earlier(chat_id)

    async def shut(self) -> tuple[KnownChat, ...]:
        """Return the chats in which nothing may be posted, the last one that was shut first."""
        return await self._store.known_chats.shut()

    async def described(self, chat_id: str, kind: str, title: str) -> None:
        """Note what a chat is and how it is called; an empty text changes nothing."""
        await self._store.known_chats.describe(chat_id, kind, title, self._clock.now())

    async def was_shut(self, chat_id: str, state: ChatState, reason: str) -> ChatShut:
        """Note that a chat takes no messages, and let its subscriptions rest until `was_opened`."""
        return await self._store.known_chats.shut_down(chat_id, state, reason, self._clock.now())

    async def was_opened(self, chat_id: str) -> ChatOpened:
        """Note that a chat takes messages; what rested because it was shut goes on from now on.

        What somebody paused by hand, or what rests for another reason, stays as it is.
        """
        known = await self.get(chat_id)
        if known is None or not known.state.shut:
            return ChatOpened(known.state if known else None, ())
        resumed = await self._resume(chat_id, known.reason)
        if not await self._store.known_chats.open_up(chat_id, self._clock.now()):
            return ChatOpened(ChatState.OPEN, ())  # another process was quicker
        return ChatOpened(known.state, resumed)

    async def _resume(self, chat_id: str, reason: str | None) -> tuple[int, ...]:
        """Let go on in a chat what rests for this reason."""
        platform, _, chat = chat_id.partition(":")
        numbers = []
        for one in await self._subscriptions.of_chat(platform, chat):
            if reason is None or one.subscription.reason != reason:
                continue
            number = one.subscription.number
            try:
                # Whoever was interrupted here is continued at the next try: the chat still counts as shut.
                await self._subscriptions.resume(platform, chat, number)
            except Refused as error:
                _log.info("subscription %d stays paused: %s", number, error)
            else:
                numbers.append(number)
        return tuple(numbers)

    async def was_moved(self, old: str, new: str) -> bool:
        """Give all that the chat `old` has to the chat `new`, which it has become; True the first time.

        Whoever has a role by the old id in the configuration keeps it; one line in the log says what to
        change there.
        """
        before = await self.get(old)
        if not await self._store.known_chats.move(old, new, self._clock.now()):
            return False
        if before is not None and before.state.shut:
            # A group that moves may first tell that we have left it.
            await self._resume(new, before.reason)
        _log.info("%s has become %s; all that it had goes on there.", old, new)
        self._warn(old, new)
        return True

    async def warn_of_old_ids(self) -> None:
        """Write one line in the log for each chat that the configuration names by an id of the past."""
        for old, new in await self._store.known_chats.moved():
            self._warn(old, new)

    def _warn(self, old: str, new: str) -> None:
        if old not in self._warned_of and any(entry.id == old for entry in self._access.chats):
            self._warned_of.add(old)  # a group may move while those of the past are looked through
            _log.warning(
                "[[access.chats]] names %s, which has become %s. Its role still holds; put the new id there.",
                old,
                new,
            )
