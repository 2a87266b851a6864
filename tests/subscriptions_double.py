"""Subscriptions kept in memory, in place of the store's, with all that it promises of them."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from types import SimpleNamespace
from typing import cast

from core.app.subscriptions import Subscriptions
from core.app.watchlists import Watchlists
from core.clock import Clock
from core.config import Settings
from core.domain.errors import Refused
from core.domain.listed import ListedModel
from core.domain.member import Member
from core.domain.stage import Preset
from core.domain.subscription import (
    ChatTerms,
    Origin,
    Planned,
    Slot,
    Subscription,
    SubscriptionState,
    Topic,
    Wanted,
)
from core.domain.usage import Spend
from core.market.calendar import MarketCalendar
from core.store.due_changes import Replan
from core.store.store import Store
from core.store.watch_rows import Planning


class RowsDouble:
    """What `store.subscriptions` and `store.history` are asked by chats."""

    def __init__(self) -> None:
        self.kept: dict[int, Subscription] = {}
        self.due: dict[int, Slot] = {}
        self.by_chat: dict[str, ChatTerms] = {}
        self.costs: dict[str, list[Spend]] = {}
        self.ran: tuple[str, ...] = ()

    async def add(
        self,
        platform: str,
        chat: str,
        thread: str | None,
        wanted: Wanted,
        created_by: str,
        at: datetime,
        first: Planned | None,
        *,
        limit: int,
    ) -> Subscription:
        there = [one for one, _ in await self.of_chat(platform, chat)]
        same = next((one for one in there if (one.thread, one.wanted) == (thread, wanted)), None)
        if same:
            raise Refused(f"This chat has that already: it is subscription {same.number}.")
        if len(there) >= limit:
            raise Refused(f"This chat has {limit} subscriptions, and {limit} is the most that it may have.")
        made = Subscription(
            number=len(self.kept) + 1,
            platform=platform,
            chat=chat,
            thread=thread,
            wanted=wanted,
            created_by=created_by,
            created_at=at,
        )
        self.kept[made.number] = made
        self._plan(made.number, first)
        return made

    async def get(self, number: int) -> Subscription | None:
        return self.kept.get(number)

    async def origin(self, platform: str, chat: str, number: int) -> Origin | None:
        there = [one for one, _ in await self.of_chat(platform, chat) if one.number == number]
        return Origin(there[0].thread, there[0].created_by) if there else None

    async def of_chat(self, platform: str, chat: str) -> tuple[tuple[Subscription, Slot | None], ...]:
        return tuple(
            (one, self.due.get(one.number))
            for one in self.kept.values()
            if (one.platform, one.chat) == (platform, chat) and one.state is not SubscriptionState.DELETED
        )

    async def active(
        self, topic: Topic | None = None, platform: str | None = None, chat: str | None = None
    ) -> tuple[tuple[Subscription, ChatTerms], ...]:
        del topic, platform, chat
        active = [one for one in self.kept.values() if one.state is SubscriptionState.ACTIVE]
        return tuple([(one, await self.terms(one.chat_id)) for one in active])

    async def change(self, number: int, wanted: Wanted, first: Planned | None) -> bool:
        self.kept[number] = self.kept[number].model_copy(update={"wanted": wanted})
        self._plan(number, first)
        return True

    async def pause(self, number: int, reason: str | None) -> bool:
        return self._set(number, SubscriptionState.PAUSED, reason)

    async def resume(self, number: int, first: Planned | None) -> bool:
        done = self._set(number, SubscriptionState.ACTIVE, None)
        self._plan(number, first)
        return done

    async def delete_of(self, platform: str, chat: str) -> tuple[int, ...]:
        here = [found.number for found, _ in await self.of_chat(platform, chat)]
        return tuple([number for number in here if await self.delete(number)])

    async def delete(self, number: int) -> bool:
        return self._set(number, SubscriptionState.DELETED, None)

    async def terms(self, chat_id: str) -> ChatTerms:
        return self.by_chat.get(chat_id, ChatTerms())

    async def set_terms(
        self,
        chat_id: str,
        terms: ChatTerms,
        at: datetime,
        replan: Replan,
        *,
        before: ChatTerms | None = None,
    ) -> bool:
        del at
        if before is not None and before != self.by_chat.get(chat_id, ChatTerms()):
            return False
        self.by_chat[chat_id] = terms
        for number, one in self.kept.items():
            if one.chat_id == chat_id and one.state is SubscriptionState.ACTIVE:
                self._plan(number, replan(one, self.due.get(number)))
        return True

    async def spent(self, preset: Preset, limit: int) -> Mapping[str, Sequence[Spend]]:
        del preset, limit
        return self.costs

    async def tickers(self, limit: int) -> tuple[str, ...]:
        return self.ran[:limit]

    def _set(self, number: int, state: SubscriptionState, reason: str | None) -> bool:
        self.kept[number] = self.kept[number].model_copy(update={"state": state, "reason": reason})
        if state is not SubscriptionState.ACTIVE:
            self.due.pop(number, None)
        return True

    def _plan(self, number: int, planned: Planned | None) -> None:
        self.due.pop(number, None)
        if planned is not None:
            self.due[number] = Slot(subscription=number, **planned.model_dump())


class WatchedDouble:
    """What `store.watched` is asked, over the rows of `RowsDouble`."""

    def __init__(self, rows: RowsDouble) -> None:
        self._rows = rows
        self.lists: dict[str, tuple[str, ...]] = {}

    async def of_chat(self, chat_id: str) -> tuple[str, ...]:
        return self.lists.get(chat_id, ())

    async def change(
        self,
        chat_id: str,
        *,
        add: Sequence[str] = (),
        remove: Collection[str] = (),
        by: str,
        at: datetime,
        limit: int,
        planning: Planning,
    ) -> tuple[tuple[str, ...], tuple[str, ...]]:
        del by, at
        before = self.lists.get(chat_id, ())
        after = tuple(dict.fromkeys([one for one in before if one not in remove] + list(add)))
        if len(after) > limit:
            raise Refused(f"A watchlist has {limit} tickers at most.")
        self.lists[chat_id] = after
        replan = planning(after, await self._rows.terms(chat_id))
        for number, one in self._rows.kept.items():
            active = one.chat_id == chat_id and one.state is SubscriptionState.ACTIVE
            if active and one.wanted.on_watchlist:
                self._rows._plan(number, replan(one, self._rows.due.get(number)))
        return before, after


class NobodyRemoved:
    """The members of a store in which nobody was removed."""

    async def all(self) -> tuple[Member, ...]:
        return ()


class NothingListed:
    """No provider has told the prices of its models."""

    async def all(self) -> dict[tuple[str, str], ListedModel]:
        return {}


def store_of(rows: RowsDouble) -> Store:
    """A store of these rows alone."""
    kept = SimpleNamespace(
        subscriptions=rows,
        history=rows,
        watched=WatchedDouble(rows),
        members=NobodyRemoved(),
        listed=NothingListed(),
    )
    return cast("Store", kept)


def subscriptions_of(rows: RowsDouble, settings: Settings, clock: Clock) -> Subscriptions:
    """The real use cases over rows in memory."""
    return Subscriptions(store_of(rows), settings, MarketCalendar(), clock)


def watchlists_of(rows: RowsDouble, settings: Settings, clock: Clock) -> tuple[Subscriptions, Watchlists]:
    """The real use cases of subscriptions and of watchlists, over the same rows in memory."""
    store, calendar = store_of(rows), MarketCalendar()
    subscriptions = Subscriptions(store, settings, calendar, clock)
    return subscriptions, Watchlists(store, settings, calendar, clock, subscriptions)
