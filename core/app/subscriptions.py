"""The use cases of chats that want to hear something by themselves: who gets what, when, and on which terms.

A subscription belongs to the chat in which it was made: whatever names it by its number must name that chat
too, or there is no such subscription.
"""

import asyncio
from collections.abc import Sequence

from core.app.estimates import Estimates
from core.clock import Clock
from core.config import Settings
from core.domain.errors import NotFound, Refused, StoreError
from core.domain.subscribed import Listed, Subscribed, TermsShown
from core.domain.subscription import (
    ChatTerms,
    Origin,
    Planned,
    Slot,
    Subscription,
    SubscriptionState,
    Wanted,
)
from core.market.calendar import MarketCalendar
from core.schedule.slots import next_slot
from core.schedule.wall_clock import quiet_end
from core.schedule.wording import in_words, line_of
from core.store.due_changes import Replan
from core.store.store import Store

SUGGESTED = 5
"""As many tickers as one subscription takes."""


class Subscriptions:
    """All subscriptions of the arena, as chats make, see, change and end them."""

    def __init__(self, store: Store, settings: Settings, calendar: MarketCalendar, clock: Clock) -> None:
        self._store = store
        self._settings = settings
        self._calendar = calendar
        self._clock = clock
        self._estimates = Estimates(store, settings, calendar)

    async def subscribe(
        self, platform: str, chat: str, thread: str | None, *, person: str, wanted: Wanted
    ) -> Subscribed:
        """Keep a wish of a chat, with its first time. `person` is a platform id, for who may end it.

        Raises:
            Refused: the chat has as many as it may have, or this one already; or there is no time for it.
        """
        terms = await self._store.subscriptions.terms(f"{platform}:{chat}")
        first = await self._first(wanted, terms, await self.watchlist(f"{platform}:{chat}"))
        made = await self._store.subscriptions.add(
            platform,
            chat,
            thread,
            wanted,
            person,
            self._clock.now(),
            first,
            limit=self._settings.schedule.max_per_chat,
        )
        return await self._told(made, terms)

    async def resubscribe(self, platform: str, chat: str, number: int, wanted: Wanted) -> Subscribed:
        """Put another wish in the place of a subscription's; a paused one stays paused.

        Raises:
            NotFound: the chat has no such subscription.
            Refused: as in `subscribe`.
        """
        found = await self.get(platform, chat, number)
        terms = await self._store.subscriptions.terms(found.chat_id)
        first = await self._first(wanted, terms, await self.watchlist(found.chat_id))
        active = found.state is SubscriptionState.ACTIVE
        if not await self._store.subscriptions.change(number, wanted, first if active else None):
            raise _missing(number)
        return await self._told(found.model_copy(update={"wanted": wanted}), terms)

    async def get(self, platform: str, chat: str, number: int) -> Subscription:
        """Return one subscription of a chat.

        Raises:
            NotFound: there is none with this number, it is deleted, or it is another chat's.
        """
        found = await self._store.subscriptions.get(number)
        if (
            found is None
            or (found.platform, found.chat) != (platform, chat)
            or found.state is SubscriptionState.DELETED
        ):
            raise _missing(number)
        return found

    async def origin(self, platform: str, chat: str, number: int) -> Origin:
        """Return where a subscription posts and who made it, even where the rest of it is damaged.

        Raises:
            NotFound: the chat has no such subscription.
        """
        found = await self._store.subscriptions.origin(platform, chat, number)
        if found is None:
            raise _missing(number)
        return found

    async def of_chat(self, platform: str, chat: str) -> tuple[Listed, ...]:
        """Return what a chat is subscribed to, in order of the numbers."""
        rows = await self._store.subscriptions.of_chat(platform, chat)
        terms = await self._store.subscriptions.terms(f"{platform}:{chat}")
        return tuple(self._listed(subscription, terms, slot) for subscription, slot in rows)

    async def everywhere(self) -> tuple[Listed, ...]:
        """Return what is active in all chats of the arena, in order of the numbers, without next times."""
        rows = await self._store.subscriptions.active()
        return tuple(self._listed(subscription, terms, None) for subscription, terms in rows)

    async def pause(self, platform: str, chat: str, number: int) -> bool:
        """Let nothing come due until `resume`; False where it was paused already.

        Raises:
            NotFound: the chat has no such subscription.
        """
        found = await self.get(platform, chat, number)
        if found.state is SubscriptionState.PAUSED:
            return False
        return await self._store.subscriptions.pause(number, None)

    async def resume(self, platform: str, chat: str, number: int) -> bool:
        """Let a paused one come due again, from now on; False where it was not paused.

        Raises:
            NotFound: the chat has no such subscription.
            Refused: there is no time for it any more.
        """
        found = await self.get(platform, chat, number)
        if found.state is SubscriptionState.ACTIVE:
            return False
        terms = await self._store.subscriptions.terms(found.chat_id)
        first = await self._first(found.wanted, terms, await self.watchlist(found.chat_id))
        return await self._store.subscriptions.resume(number, first)

    async def unsubscribe(self, platform: str, chat: str, number: int) -> Listed:
        """End a subscription for good, and return what it was.

        Raises:
            NotFound: the chat has no such subscription.
            Refused: what was stored of it cannot be told, for it was damaged; it has ended all the same.
        """
        try:
            found = await self.get(platform, chat, number)
        except StoreError:
            if await self._store.subscriptions.delete_of(platform, chat, number):
                raise Refused(f"Subscription {number} was damaged and is deleted now.") from None
            raise
        if not await self._store.subscriptions.delete(number):
            raise _missing(number)
        return self._listed(found, await self._store.subscriptions.terms(found.chat_id), None)

    async def unsubscribe_all(self, platform: str, chat: str) -> int:
        """End all subscriptions of a chat, and return how many there were."""
        return len(await self._store.subscriptions.delete_of(platform, chat))

    async def tickers(self, chat_id: str | None = None) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return the watchlist, and the tickers that were run last, the newest first, as suggestions.

        The watchlist is that of a chat such as `telegram:-100123`, or without one the arena's.
        """
        watchlist = await self.watchlist(chat_id) if chat_id else self._settings.arena.watchlist
        return watchlist, await self._store.history.tickers(SUGGESTED)

    async def watchlist(self, chat_id: str) -> tuple[str, ...]:
        """Return what `watchlist` means in a chat: its own, or if it has none, the arena's."""
        return await self._store.watched.of_chat(chat_id) or self._settings.arena.watchlist

    async def terms(self, platform: str, chat: str) -> TermsShown:
        """Return the terms of a chat; those of one that has set none are the defaults."""
        return self._shown(await self._store.subscriptions.terms(f"{platform}:{chat}"))

    async def set_terms(
        self, platform: str, chat: str, terms: ChatTerms, *, before: ChatTerms | None = None
    ) -> TermsShown:
        """Set the terms of a chat, and plan the next times of its subscriptions anew, all at once.

        What quiet hours hold back at this moment is not lost: the new ones release it, or hold it longer.
        `before` are the terms from which these were made.

        Raises:
            Refused: somebody else has changed them since.
        """
        rows = await self._store.subscriptions.active(platform=platform, chat=chat)
        tickers = {ticker for found, _ in rows for ticker in found.wanted.tickers}
        watchlist = await self.watchlist(f"{platform}:{chat}")
        await self._calendar.load(tickers.union(watchlist))
        replan = self.planning(watchlist, terms)
        chat_id, now = f"{platform}:{chat}", self._clock.now()
        if not await self._store.subscriptions.set_terms(chat_id, terms, now, replan, before=before):
            raise Refused("Somebody else has just changed these settings, so nothing was changed. Try again.")
        return self._shown(terms)

    def planning(self, watchlist: Sequence[str], terms: ChatTerms) -> Replan:
        """Return what plans a subscription of a chat with this watchlist and these terms anew.

        Load the calendars of the watchlist first.
        """
        meant = tuple(watchlist) or self._settings.arena.watchlist

        def replan(found: Subscription, slot: Slot | None) -> Planned | None:
            return self._next(found.wanted, terms, meant, slot)

        return replan

    def _shown(self, terms: ChatTerms) -> TermsShown:
        preset = terms.preset or self._settings.pipeline.preset
        return TermsShown(terms=terms, zone=self._zone(terms), preset=preset, now=self._clock.now())

    def _zone(self, terms: ChatTerms) -> str:
        return terms.zone or self._settings.arena.timezone

    async def _first(self, wanted: Wanted, terms: ChatTerms, watchlist: Sequence[str]) -> Planned | None:
        """Return the first time of a wish.

        Raises:
            Refused: it would never come, or it is about a watchlist that is empty.
        """
        if wanted.on_watchlist and not watchlist:
            raise Refused(
                "This chat has no watchlist. Begin one with /watch add NVDA, or name tickers: "
                "/subscribe verdicts NVDA,AAPL weekdays 16:30."
            )
        # In a thread, because the first question loads the exchange's calendar.
        first = await asyncio.to_thread(self._next, wanted, terms, watchlist)
        if first is None and wanted.when is not None:
            raise Refused(
                f"There is no time to come at which “{line_of(wanted)}” would be due. Choose another time."
            )
        return first

    def _next(
        self, wanted: Wanted, terms: ChatTerms, watchlist: Sequence[str], held: Slot | None = None
    ) -> Planned | None:
        """Return the next time of a wish, or the one that was `held` back until now, on these terms."""
        arena, now = self._settings.arena, self._clock.now()
        if held is not None and held.at <= now:
            quiet_until = quiet_end(terms, arena.timezone, now)
            # One that nobody has taken up in time stays as late as it is.
            due_at = quiet_until if quiet_until > now else min(held.due_at, now)
            return Planned(key=held.key, at=held.at, due_at=due_at, tickers=held.tickers)
        if wanted.when is None:
            return None
        return next_slot(wanted, terms, self._calendar, arena.timezone, watchlist, now)

    async def _told(self, made: Subscription, terms: ChatTerms) -> Subscribed:
        rows = await self._store.subscriptions.of_chat(made.platform, made.chat)
        slot = next((slot for found, slot in rows if found.number == made.number), None)
        return Subscribed(
            listed=self._listed(made, terms, slot),
            estimate=await self._estimates.of(
                made.wanted, terms, self._clock.now(), await self.watchlist(made.chat_id)
            ),
        )

    def _listed(self, found: Subscription, terms: ChatTerms, slot: Slot | None) -> Listed:
        zone, when = self._zone(terms), found.wanted.when
        return Listed(
            subscription=found,
            line=line_of(found.wanted),
            when=None if when is None else in_words(when, zone),
            zone=zone,
            slot=slot,
        )


def _missing(number: int) -> NotFound:
    return NotFound(f"This chat has no subscription {number}. /subscriptions lists those that it has.")
